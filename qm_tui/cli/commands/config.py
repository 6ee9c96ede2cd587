"""`qm-tui config`: show and check the settings of the admin."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final

import typer

from qm_tui.config.settings import (
    KEYS_TABLE,
    STORE_TABLE,
    Settings,
    load_settings,
    settings_path,
)
from qm_tui.output import print_line
from qm_tui.text import json_text, sanitize
from qm_tui.tui.keys.actions import ACTIONS
from qm_tui.tui.keys.checks import checked_keys
from qm_tui.tui.keys.keymap import default_setting

_HOW_TO_SET_KEYS: Final = (
    "To give an action other keys, remove the # before it, and enter keys separated by commas."
)


class Action(StrEnum):
    """What to do with the settings."""

    SHOW = "show"
    CHECK = "check"


def config(
    action: Annotated[
        Action,
        typer.Argument(metavar="ACTION", help="Action: show or check.", show_default=False),
    ],
) -> None:
    """Show or check the settings.

    show prints all settings as they are in use, with their defaults, and all actions of the
    terminal UI with their keys. check says whether the file is valid.
    """
    settings = load_settings()
    if action is Action.SHOW:  # even if keys are invalid: the error refers to the list of actions
        for line in _lines(settings):
            print_line(line)
    checked_keys(settings.keys)
    if action is Action.CHECK:
        is_file = settings_path().exists()
        state = "is valid." if is_file else "does not exist. All settings are defaults."
        print_line(f"{_shown_path()} {state}")


def _shown_path() -> str:
    return sanitize(str(settings_path()))


def _lines(settings: Settings) -> Iterator[str]:
    """Yield the settings as in the file. Actions with their default keys are comments."""
    missing = "" if settings_path().exists() else " (does not exist)"
    yield f"# {_shown_path()}{missing}"
    yield ""
    yield f"[{STORE_TABLE}]"
    defaults = Settings().of_store
    for name, value in settings.of_store.items():
        yield f"{_setting(name, value)}  # default: {json_text(defaults[name])}"
    yield ""
    yield f"[{KEYS_TABLE}]"
    yield f"# {_HOW_TO_SET_KEYS}"
    for name, action in ACTIONS.items():
        default = default_setting(name)
        if name in settings.keys:
            own = _setting(name, settings.keys[name])
            yield f"{own}  # {action.words}; default: {json_text(default)}"
        else:
            yield f"# {_setting(name, default)}  # {action.words}"


def _setting(name: str, value: float | str) -> str:
    return f"{name} = {json_text(value)}"
