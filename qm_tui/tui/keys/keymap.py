"""The keys of each action: the default ones, or those that are set."""

import re
from collections.abc import Mapping
from typing import Final

from textual.binding import Binding

from qm_tui.transfer.options.choice import Option
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.tui.keys.actions import ACTIONS, FIXED
from qm_tui.tui.keys.names import key_name

_PLACEHOLDER: Final = re.compile(r"<([a-z_]+\.[a-z_]+)>")

LIST_MOVES: Final = (
    ("list.up", "move", -1),
    ("list.down", "move", 1),
    ("list.page_up", "move_page", -1),
    ("list.page_down", "move_page", 1),
    ("list.half_page_up", "move_half_page", -1),
    ("list.half_page_down", "move_half_page", 1),
    ("list.first", "move_to_end", -1),
    ("list.last", "move_to_end", 1),
)
"""The actions that move the cursor, each with its function and the direction."""

_set: dict[str, tuple[str, ...]] = {}
"""The keys that are set, by ID. They are those of the keyboard, so a process has them once."""


def use_keys(keys: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Use other keys than the default ones from now on, for texts and for `keys_of`.

    Args:
        keys: the keys that are set, by the ID of their action, as `checked_keys` returns them.

    Returns:
        The keymap for Textual.
    """
    _set.clear()
    for name, own in keys.items():
        _set[name] = own
    return {name: ",".join(keys_of(name)) for name in keys}


def keys_of(name: str) -> tuple[str, ...]:
    """Return the keys of an action, as Textual names them, by its ID."""
    return with_fixed(name, _set[name]) if name in _set else default_keys(name)


def default_keys(name: str) -> tuple[str, ...]:
    """Return the default keys of an action, by its ID."""
    return tuple(ACTIONS[name].keys.split(","))


def with_fixed(name: str, keys: tuple[str, ...]) -> tuple[str, ...]:
    """Return the keys that an action has if it is given some.

    Its fixed ones come first, unless they are among the given keys.
    """
    return (*(key for key in default_keys(name) if key in FIXED and key not in keys), *keys)


def is_key_of(key: str, *names: str) -> bool:
    """Return whether a key is one of some actions, by their IDs."""
    return any(key in keys_of(name) for name in names)


def is_move(key: str) -> bool:
    """Return whether a key moves the cursor of a list."""
    return any(is_key_of(key, name) for name, *_ in LIST_MOVES)


def first_key(name: str) -> str:
    """Return the name of the first key of an action, as on a keyboard."""
    return key_name(keys_of(name)[0])


def option_key(option: Option[ImportOptions]) -> str:
    """Return the key that changes an option in the preview: its own, or that of all options."""
    return first_key(f"preview.{option.key}" if option.letter else "preview.options")


def default_setting(name: str) -> str:
    """Return the default keys of an action as they can be written in the settings."""
    return ",".join(map(key_name, default_keys(name)))


def all_keys(name: str) -> str:
    """Return the names of all keys of an action, separated by blanks."""
    return " ".join(map(key_name, keys_of(name)))


def with_keys(text: str) -> str:
    """Return a text with the first key of an action in place of each `<ID>`.

    Args:
        text: the text, for example `Press <changes.undo> to undo.`, without user data.
    """
    return _PLACEHOLDER.sub(lambda found: first_key(found[1]), text)


def bind(
    name: str,
    action: str,
    words: str = "",
    *,
    hint: str = "",
    show: bool = True,
    priority: bool = False,
) -> Binding:
    """Return the binding of an action of `ACTIONS`.

    Args:
        name: its ID.
        action: Textual's name of the action.
        words: what it does here. Default: as in `ACTIONS`.
        hint: the same in short, for the key hints.
        show: whether it has a key hint.
        priority: whether its keys go to it before the focused widget has them.
    """
    keys, usual = ACTIONS[name]
    words = words or usual
    tooltip = words if hint else ""
    return Binding(keys, action, hint or words, show, priority=priority, tooltip=tooltip, id=name)
