"""Where things are on this machine: the store, the settings, the log."""

import os
from pathlib import Path

import platformdirs

from qm_tui.errors import Refused, reason
from qm_tui.text import visible

APP = "qm-tui"
STORE_VARIABLE = "QM_TUI_STORE"


def store_path(given: Path | None = None) -> Path:
    """The store's file: the one given, else that of `QM_TUI_STORE`, else the default place.

    Raises:
        Refused: it counts from a folder that is not there.
    """
    from_environment = os.environ.get(STORE_VARIABLE)
    if given is None and from_environment:
        given = Path(from_environment)
    if given is None:
        return Path(platformdirs.user_data_dir(APP)) / "users.json"
    try:
        return given.expanduser().absolute()
    except RuntimeError as error:
        msg = f"{visible(str(given))} begins with the home folder of nobody."
        raise Refused(msg) from error
    except OSError as error:
        msg = f"{visible(str(given))} counts from a folder that is gone: {reason(error)}."
        raise Refused(msg) from error


def expanded(path: Path) -> Path:
    """The path with `~` at its start made the home folder, where there is such a home."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path  # a file whose name begins so


def folder_to_begin_in() -> Path:
    """The folder in which the program was started, or the home folder where that one is gone."""
    try:
        return Path.cwd()
    except OSError:
        return expanded(Path("~"))


def settings_folder() -> Path:
    """The folder of the admin's own settings."""
    return Path(platformdirs.user_config_dir(APP))


def mappings_folder() -> Path:
    """The folder of the admin's own column mappings."""
    return settings_folder() / "mappings"


def log_path() -> Path:
    """The file into which an unexpected error is written."""
    return Path(platformdirs.user_log_dir(APP)) / "qm-tui.log"


def short(path: Path) -> str:
    """The path as an admin would write it: with `~` for the home folder."""
    try:
        inside = path.relative_to(Path.home())
    except (ValueError, RuntimeError):
        return str(path)
    return str(Path("~") / inside) if str(inside) != "." else "~"
