"""`qm-tui config`: show and check the settings of the admin."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

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
from qm_tui.tui.keys.checks import checked_keys
from qm_tui.tui.keys.keymap import default_setting


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

    show prints all settings as they are in use, with their defaults. check says whether the file
    is valid.
    """
    settings = load_settings()
    keys = checked_keys(settings.keys)
    if action is Action.SHOW:
        for line in _lines(settings, keys):
            print_line(line)
    elif settings_path().exists():
        print_line(f"{_shown_path()} is valid.")
    else:
        print_line(f"{_shown_path()} does not exist. All settings are defaults.")


def _shown_path() -> str:
    return sanitize(str(settings_path()))


def _lines(settings: Settings, keys: dict[str, tuple[str, ...]]) -> Iterator[str]:
    """Yield the settings as in the file."""
    missing = "" if settings_path().exists() else " (does not exist)"
    yield f"# {_shown_path()}{missing}"
    yield ""
    yield f"[{STORE_TABLE}]"
    defaults = Settings().of_store
    for name, value in settings.of_store.items():
        yield _line(name, value, defaults[name])
    yield ""
    yield f"[{KEYS_TABLE}]"
    for name in keys:
        yield _line(name, settings.keys[name], default_setting(name))
    if not keys:
        yield "# all keys are the defaults"


def _line(name: str, value: float | str, default: float | str) -> str:
    return f"{name} = {json_text(value)}  # default: {json_text(default)}"
