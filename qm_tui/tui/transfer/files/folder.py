"""List folders, and resolve and complete typed paths, for the file dialogs.

File names are untrusted: they may be too long, not UTF-8, links in a loop, or deleted after they
were listed. Such entries are skipped; they do not fail the listing.
"""

import os
import stat
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from qm_tui.errors import UserError, os_error_text
from qm_tui.paths import abbreviate_home
from qm_tui.progress import YieldControl, yield_control
from qm_tui.text import sanitize
from qm_tui.transfer.reading.source import SUFFIX

PARENT: Final = ".."

_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)


class DirectoryEntry(NamedTuple):
    """A folder or a .csv file.

    Attributes:
        path: the path; that of the parent folder ends in `..`.
        is_folder: whether it is a folder.
        size: the size of the file in bytes.
        modified: the time of the last change, in seconds since 1970.
    """

    path: Path
    is_folder: bool
    size: int
    modified: float

    @property
    def name(self) -> str:
        """The file name, not sanitized."""
        return self.path.name

    @property
    def is_parent(self) -> bool:
        """Whether it is the parent folder."""
        return self.path.name == PARENT


def list_directory(
    folder: Path, hidden: bool, by_name: bool, rest: YieldControl
) -> list[DirectoryEntry]:
    """List the folders and .csv files of a folder.

    Args:
        folder: the absolute path of the folder.
        hidden: whether to include names that begin with a dot.
        by_name: whether to sort files by name; otherwise newest first.
        rest: lets other threads run.

    Returns:
        The parent folder, if there is one; the folders by name; the .csv files.

    Raises:
        UserError: the folder cannot be read.
    """
    folders: list[DirectoryEntry] = []
    files: list[DirectoryEntry] = []
    try:
        with os.scandir(folder) as scan:
            for dir_entry in scan:
                rest()
                if dir_entry.name.startswith(".") and not hidden:
                    continue
                entry = _entry(folder, dir_entry)
                if entry is not None:
                    (folders if entry.is_folder else files).append(entry)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    folders.sort(key=_by_name)
    files.sort(key=_by_name if by_name else _newest_first)
    parent = [] if folder.parent == folder else [DirectoryEntry(folder / PARENT, True, 0, 0.0)]
    return parent + folders + files


def _entry(folder: Path, dir_entry: "os.DirEntry[str]") -> DirectoryEntry | None:
    """Return the entry if it is a folder or an existing .csv file."""
    try:
        is_folder = dir_entry.is_dir()
        if not is_folder and not dir_entry.name.lower().endswith(SUFFIX):
            return None
        status = dir_entry.stat()
    except (OSError, ValueError):
        return None
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return None
    return DirectoryEntry(folder / dir_entry.name, is_folder, status.st_size, status.st_mtime)


def _by_name(entry: DirectoryEntry) -> tuple[str, str]:
    return entry.name.casefold(), entry.name


def _newest_first(entry: DirectoryEntry) -> tuple[float, str]:
    return -entry.modified, entry.name


def _unreadable(folder: Path, error: OSError | ValueError) -> UserError:
    shown = sanitize(abbreviate_home(folder))
    if isinstance(error, FileNotFoundError):
        return UserError(f"Folder {shown} does not exist.")
    if isinstance(error, NotADirectoryError):
        return UserError(f"{shown} is not a folder.")
    cause = os_error_text(error) if isinstance(error, OSError) else "Invalid folder name"
    return UserError(f"Cannot read folder {shown}: {cause}.")


def date_text(modified: float, now: datetime) -> str:
    """Format a file's date: `today 09:12`, `yesterday 17:40`, `16 Nov`, `16 Nov 2025`."""
    try:
        when = datetime.fromtimestamp(modified)
    except (OSError, OverflowError, ValueError):
        return ""
    if when.date() == now.date():
        return f"today {when:%H:%M}"
    if when.date() == now.date() - timedelta(days=1):
        return f"yesterday {when:%H:%M}"
    day = f"{when.day} {_MONTHS[when.month - 1]}"
    return day if when.year == now.year else f"{day} {when.year}"


def resolve_typed_path(text: str, base: Path) -> Path:
    """Return the path for a text: absolute, starting with `~`, or relative to `base`.

    Never raises, and does not check that the file exists.
    """
    expanded = text
    if text.startswith("~"):
        try:
            expanded = os.path.expanduser(text)  # noqa: PTH111 - Path's raises for `~nobody`
        except (ValueError, KeyError):
            expanded = text
    return base / expanded


def is_folder(path: Path) -> bool:
    """Whether a path is that of a folder; False if it cannot be accessed."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def exists(path: Path) -> bool:
    """Whether a path is that of a file or folder; False if it cannot be accessed."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def complete_path(text: str, base: Path) -> str | None:
    """Complete a typed path as far as the names of folders and .csv files allow.

    A single matching folder gets a trailing `/`. Names that sanitizing would change are skipped:
    they can be selected from the list.

    Args:
        text: the typed path: absolute, starting with `~`, or relative to `base`.
        base: the folder that relative paths start from.

    Returns:
        The completed text, or None if nothing can be added. Never raises.
    """
    before, slash, start = text.rpartition("/")
    if (not slash and start == "~") or start == PARENT:
        return text + "/"
    folder = resolve_typed_path(before + slash, base)
    try:
        matches = list(_matches(folder, start))
    except (OSError, ValueError):
        return None
    if not matches:
        return None
    common = _common_start([name for name, _ in matches])
    if len(matches) == 1 and matches[0][1]:
        common += "/"
    return before + slash + common if len(common) > len(start) else None


def _common_start(names: list[str]) -> str:
    first, last = min(names), max(names)
    length = next((i for i, letter in enumerate(first) if last[i] != letter), len(first))
    return first[:length]


def _matches(folder: Path, start: str) -> Iterator[tuple[str, bool]]:
    """Yield the names in a folder that start with `start`, and whether each is a folder."""
    rest = yield_control()
    with os.scandir(folder) as scan:
        for dir_entry in scan:
            rest()
            name = dir_entry.name
            if not name.startswith(start) or name.startswith(".") > start.startswith("."):
                continue
            if sanitize(name) != name:
                continue
            entry = _entry(folder, dir_entry)
            if entry is not None:
                yield name, entry.is_folder
