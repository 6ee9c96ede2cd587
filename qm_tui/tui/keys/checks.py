"""The check of the keys that an admin sets."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Final

from textual.binding import Binding
from textual.widgets import Input, TextArea

from qm_tui.config.settings import KEYS_TABLE, invalid_setting
from qm_tui.errors import UserError
from qm_tui.text import listed, most_similar, sanitize
from qm_tui.tui.keys.actions import ACTIONS, EVERYWHERE, FIXED, TOGETHER, WHILE_TYPING
from qm_tui.tui.keys.keymap import default_keys, with_fixed
from qm_tui.tui.keys.names import is_character, key_name, parse_key

_MAX_SHOWN: Final = 60
_LIST_ACTIONS: Final = "To list all actions, run qm-tui config show."
_LEAST_SIMILARITY: Final = 0.5
"""Of an action that is suggested for an unknown one: many have only half of its name."""


def checked_keys(texts: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the keys of each action that is in the settings.

    Args:
        texts: its keys as in the settings, by the ID of the action.

    Raises:
        UserError: an action or a key is unknown, or a key cannot be used for its action.
    """
    keys = {name: _parsed(name, text) for name, text in texts.items()}
    of_all = {
        name: with_fixed(name, keys[name]) if name in keys else default_keys(name)
        for name in ACTIONS
    }
    for name, other in combinations(of_all, 2):
        if not _are_together(name, other):
            continue
        usual = {*default_keys(name)} & {*default_keys(other)}  # the nearer one has it
        for key in of_all[name]:
            if key in of_all[other] and key not in usual:
                raise _conflict(key, name, other)
    return keys


def _parsed(name: str, text: str) -> tuple[str, ...]:
    """Return the keys of an action."""
    if name not in ACTIONS:
        near = most_similar(name, ACTIONS, _LEAST_SIMILARITY)
        fix = f"Did you mean {near}? " if near else ""
        shown = sanitize(name, _MAX_SHOWN)
        raise _invalid(f"unknown action {shown}", f"{fix}{_LIST_ACTIONS}")
    return tuple(dict.fromkeys(_parsed_key(name, key) for key in text.split(",")))


def _parsed_key(name: str, text: str) -> str:
    shown, key = sanitize(text.strip(), _MAX_SHOWN), parse_key(text)
    if not shown:
        raise _invalid(f"{name} has no key", "Enter a key (comma for ,), or remove the line.")
    if key is None:
        raise _invalid(
            f"{name}: not every terminal sends the key {shown}",
            "Use a character, or a name as in f5, ctrl+g, pgup, space or comma.",
        )
    if key in FIXED and key not in default_keys(name):
        fixed = listed([key_name(one) for one in FIXED])
        raise _invalid(
            f"{name}: {key_name(key)} cannot be set", f"Choose a key other than {fixed}."
        )
    if _place(name) in WHILE_TYPING and key not in default_keys(name) and _edits_text(key):
        raise _invalid(
            f"{name}: {key_name(key)} is needed in text fields",
            "Choose a function key, or Ctrl and a letter that edits no text.",
        )
    return key


def _place(name: str) -> str:
    return name.partition(".")[0]


def _are_together(name: str, other: str) -> bool:
    """Return whether two actions can be active at the same time."""
    return any(is_in(name, together) and is_in(other, together) for together in TOGETHER)


def is_in(name: str, together: Collection[str]) -> bool:
    """Return whether an action is one of those of an entry of `TOGETHER`."""
    return name in together or _place(name) in together or _place(name) in EVERYWHERE


def _edits_text(key: str) -> bool:
    return is_character(key) or key in {*_keys_of_inputs()}


def _keys_of_inputs() -> Iterator[str]:
    for kind in (Input, TextArea):
        for binding in Binding.make_bindings(kind.BINDINGS):
            yield binding.key


def _conflict(key: str, name: str, other: str) -> UserError:
    first, second = (f"{one} ({ACTIONS[one].words})" for one in (name, other))
    return _invalid(
        f"{key_name(key)} would be the key of {first} and of {second}",
        "Give one of them another key.",
    )


def _invalid(reason: str, fix: str) -> UserError:
    return invalid_setting(f"[{KEYS_TABLE}] {reason}", fix)
