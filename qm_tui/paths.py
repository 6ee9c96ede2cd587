"""Paths of the store, the settings and the log."""

import os
import re
from pathlib import Path
from typing import Final

import platformdirs

from qm_tui.errors import UserError, os_error_text
from qm_tui.text import sanitize

APP = "qm-tui"
STORE_VARIABLE = "QM_TUI_STORE"

_URL: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_MISTYPED_URL: Final = re.compile(r"postgres(?:ql)?:", re.IGNORECASE)


def store_location(given: str | None = None) -> str:
    """Return the location of the store: as given, from `QM_TUI_STORE`, or the default.

    Returns:
        An absolute path, or a URL as it is given.

    Raises:
        UserError: it starts with the home folder of an unknown user, or it is relative and the
            current folder does not exist; or it is a URL with a mistake.
    """
    location = given or os.environ.get(STORE_VARIABLE)
    if not location:
        return str(Path(platformdirs.user_data_dir(APP)) / "users.json")
    if _MISTYPED_URL.match(location) and not is_url(
        location
    ):  # not shown: it may contain a password
        raise UserError(
            "The location of the store is not valid. Use postgresql://HOST/DATABASE for a "
            "PostgreSQL database, or put ./ before the path of a file."
        )
    return location if is_url(location) else str(absolute_path(Path(location)))


def is_url(text: str) -> bool:
    """Whether a location begins as a URL of any kind, and is not a path."""
    return _URL.match(text) is not None


def is_server_location(text: str) -> bool:
    """Whether the location of a store is the URL of a database on a PostgreSQL server."""
    return text.lower().startswith(("postgresql://", "postgres://"))


def absolute_path(given: Path) -> Path:
    """Return the absolute path, with a leading `~` or `~user` expanded.

    Raises:
        UserError: it starts with the home folder of an unknown user, or it is relative and the
            current folder does not exist.
    """
    try:
        return given.expanduser().absolute()
    except RuntimeError as error:
        msg = f"{sanitize(str(given))} starts with an unknown user name. Enter another path."
        raise UserError(msg) from error
    except OSError as error:
        msg = (
            f"Cannot open the current folder: {os_error_text(error)}. "
            f"Enter an absolute path instead of {sanitize(str(given))}."
        )
        raise UserError(msg) from error


def expand_home(path: Path) -> Path:
    """Return the path with a leading `~` or `~user` expanded; unchanged if the user is unknown."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path  # the file name starts with a tilde


def initial_folder() -> Path:
    """Return the current folder, or the home folder if the current folder does not exist."""
    try:
        return Path.cwd()
    except OSError:
        return expand_home(Path("~"))


def settings_folder() -> Path:
    """Return the folder of the admin's settings."""
    return Path(platformdirs.user_config_dir(APP))


def mappings_folder() -> Path:
    """Return the folder of the admin's column mappings."""
    return settings_folder() / "mappings"


def log_path() -> Path:
    """Return the path of the diagnostic log."""
    return Path(platformdirs.user_log_dir(APP)) / "qm-tui.log"


def abbreviate_home(path: Path) -> str:
    """Return the path with `~` for the home folder."""
    try:
        inside = path.relative_to(Path.home())
    except (ValueError, RuntimeError):
        return str(path)
    return str(Path("~") / inside) if str(inside) != "." else "~"
