"""The names of keys: as Textual has them, and as they are on a keyboard."""

from typing import Final

from textual.keys import (
    KEY_DISPLAY_ALIASES,
    Keys,
    _character_to_key,  # until there is a public function that names keys as terminals send them
    format_key,
)

_NAMES: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "backspace": "Backspace",
    "space": "Space",
    "delete": "Del",
    "insert": "Ins",
    **{f"f{number}": f"F{number}" for number in range(1, 25)},
}
"""Names of keys that are not characters."""

_SENT_AS_OTHERS: Final = ("ctrl+h", "ctrl+i", "ctrl+j", "ctrl+m", "ctrl-at", "return")
"""Keys that terminals send as other keys, for example Ctrl+I as Tab."""

_KNOWN: Final = frozenset(
    key.value
    for key in Keys
    if not key.value.startswith("<")
    and key.value not in _SENT_AS_OTHERS
    and "@" not in key.value
    and not key.value.rpartition("+")[2].isdigit()  # few terminals send digits with Ctrl
)


def key_name(key: str) -> str:
    """Return the name of a key as on a keyboard."""
    *modifiers, last = key.split("+")
    character = _character_of(last)
    name = _NAMES.get(last) or (character.upper() if modifiers else character) or last
    return "+".join([*map(str.capitalize, modifiers), name])


def _character_of(key: str) -> str:
    """Return the character that a key types; empty if it types none."""
    character = "" if key in KEY_DISPLAY_ALIASES.keys() - {"minus"} else format_key(key)
    return character if len(character) == 1 and character.isprintable() else ""


def is_character(key: str) -> bool:
    """Return whether a key types a character."""
    return key == "space" or bool(_character_of(key))


def parse_key(text: str) -> str | None:
    """Return Textual's name of a key; None if there is no such key, or few terminals send it.

    Args:
        text: a character, or the name of a key as Textual or a keyboard has it: `f5`, `PgUp`,
            `Ctrl+G`.
    """
    text = text.strip()
    name = _BY_NAME.get(text.casefold()) or (text if len(text) == 1 else text.casefold())
    character = _character_of(name)
    if character:
        return _character_to_key(character)
    return name if name in _KNOWN else None


_BY_NAME: Final = {name.casefold(): key for key, name in _NAMES.items()}
