"""Where things are on this machine: the store, the settings, the log."""

import os
from pathlib import Path

import platformdirs

APP = "qm-tui"
STORE_VARIABLE = "QM_TUI_STORE"


def store_path(given: Path | None = None) -> Path:
    """The store's file: the one given, else that of `QM_TUI_STORE`, else the default place."""
    if given is not None:
        return given.expanduser().absolute()
    from_environment = os.environ.get(STORE_VARIABLE)
    if from_environment:
        return Path(from_environment).expanduser().absolute()
    return Path(platformdirs.user_data_dir(APP)) / "users.json"


def settings_folder() -> Path:
    """The folder of the admin's own settings."""
    return Path(platformdirs.user_config_dir(APP))


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
