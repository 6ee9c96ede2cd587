"""What the file dialogs know of folders: what stands in one, and which paths are meant.

Names come from other people and from other systems: too long, not UTF-8, links in a circle, gone
since they were listed. None of that ends a listing; such entries are left out.
"""

import os
import stat
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from qm_tui.errors import Refused, reason
from qm_tui.paths import short
from qm_tui.text import visible
from qm_tui.transfer.reading.open_file import SUFFIX

PARENT: Final = ".."

_PAUSE_EVERY: Final = 1000
_PAUSE: Final = 0.0005
"""Seconds; without them a long listing in a thread keeps the screen waiting."""

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


class Entry(NamedTuple):
    """A folder or a .csv file.

    Attributes:
        path: where it is; that of the folder above ends in `..`.
        is_folder: whether it is a folder, and not a file.
        size: the bytes of the file.
        modified: when it was last changed, in seconds since 1970.
    """

    path: Path
    is_folder: bool
    size: int
    modified: float

    @property
    def name(self) -> str:
        """The name, as the system has it: not fit to be shown."""
        return self.path.name

    @property
    def is_parent(self) -> bool:
        """Whether it is the folder above."""
        return self.path.name == PARENT


def listing(folder: Path, hidden: bool, by_name: bool) -> list[Entry]:
    """What a dialog shows of a folder.

    Args:
        folder: the folder, absolute.
        hidden: whether names that begin with a dot are shown too.
        by_name: whether the files are sorted by name, and not by their time, newest first.

    Returns:
        The folder above, unless there is none; the folders by name; the .csv files.

    Raises:
        Refused: the folder cannot be read.
    """
    folders: list[Entry] = []
    files: list[Entry] = []
    try:
        with os.scandir(folder) as found:
            for at, one in enumerate(found, start=1):
                if not at % _PAUSE_EVERY:
                    time.sleep(_PAUSE)
                if one.name.startswith(".") and not hidden:
                    continue
                entry = _entry(folder, one)
                if entry is not None:
                    (folders if entry.is_folder else files).append(entry)
    except (OSError, ValueError) as error:
        raise _unreadable(folder, error) from error
    folders.sort(key=_by_name)
    files.sort(key=_by_name if by_name else _newest_first)
    above = [] if folder.parent == folder else [Entry(folder / PARENT, True, 0, 0.0)]
    return above + folders + files


def _entry(folder: Path, found: "os.DirEntry[str]") -> Entry | None:
    """The entry, if it is a folder or a .csv file that is there."""
    try:
        is_folder = found.is_dir()
        if not is_folder and not found.name.lower().endswith(SUFFIX):
            return None
        status = found.stat()
    except (OSError, ValueError):
        return None
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return None
    return Entry(folder / found.name, is_folder, status.st_size, status.st_mtime)


def _by_name(entry: Entry) -> tuple[str, str]:
    return entry.name.casefold(), entry.name


def _newest_first(entry: Entry) -> tuple[float, str]:
    return -entry.modified, entry.name


def _unreadable(folder: Path, error: OSError | ValueError) -> Refused:
    shown = visible(short(folder))
    if isinstance(error, FileNotFoundError):
        return Refused(f"The folder {shown} does not exist.")
    if isinstance(error, NotADirectoryError):
        return Refused(f"{shown} is not a folder.")
    why = reason(error) if isinstance(error, OSError) else "no folder has such a name"
    return Refused(f"The folder {shown} cannot be read: {why}.")


def date_text(modified: float, now: datetime) -> str:
    """When a file was changed, in few characters: `today 09:12`, `16 Nov`, `16 Nov 2025`."""
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


def typed_path(text: str, base: Path) -> Path:
    """The path that a text means: absolute, from `~`, or else from the folder `base`.

    Never raises, and does not look whether there is such a file.
    """
    expanded = text
    if text.startswith("~"):
        try:
            expanded = os.path.expanduser(text)  # noqa: PTH111 - Path's raises for `~nobody`
        except (ValueError, KeyError):
            expanded = text
    return base / expanded


def is_folder(path: Path) -> bool:
    """Whether a path leads to a folder; False too where the system does not let us look."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def completed(text: str, base: Path) -> str | None:
    """The text, continued as far as the folders and .csv files allow only one continuation.

    A folder that is the only one gets a `/` at its end. Names that cannot be shown as they are
    are left out: they are chosen in the list.

    Args:
        text: what was typed: a path from `~`, an absolute one, or one from `base`.
        base: the folder that a relative path counts from.

    Returns:
        The longer text, or None where nothing can be added. Never raises.
    """
    before, slash, start = text.rpartition("/")
    if (not slash and start == "~") or start == PARENT:
        return text + "/"
    folder = typed_path(before + slash, base)
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
    at = next((at for at, one in enumerate(first) if last[at] != one), len(first))
    return first[:at]


def _matches(folder: Path, start: str) -> Iterator[tuple[str, bool]]:
    """The names in a folder that begin so, and whether each is a folder's."""
    with os.scandir(folder) as found:
        for at, one in enumerate(found, start=1):
            if not at % _PAUSE_EVERY:
                time.sleep(_PAUSE)
            name = one.name
            if not name.startswith(start) or name.startswith(".") > start.startswith("."):
                continue
            if visible(name) != name:
                continue
            entry = _entry(folder, one)
            if entry is not None:
                yield name, entry.is_folder
