"""The list in the file dialogs: the folders and .csv files of a folder."""

import os
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar, Final

from rich.segment import Segment
from textual import work
from textual.binding import BindingType
from textual.message import Message
from textual.strip import Strip

from qm_tui.errors import UserError
from qm_tui.paths import abbreviate_home
from qm_tui.text import pad_or_truncate, pluralize, sanitize, size_text
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.transfer.files.folder import DirectoryEntry, date_text, list_directory
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.threads import run_in_thread

_SIZE_WIDTH: Final = 8
_DATE_WIDTH: Final = 15
_LONGEST_NAME: Final = 300


class FileList(VirtualList):
    """The folders and .csv files of a folder.

    Folders are read in a thread. If a folder cannot be read, the list stays as it is. Enter on a
    file posts `RowSelected`; Enter on a folder opens the folder.

    Attributes:
        folder: the folder shown.
        entries: the entries shown.
        shows_hidden: whether names that begin with a dot are shown.
        is_by_name: whether files are sorted by name; otherwise newest first.
        is_reading: whether a folder is being read.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("files.sort", "sort", show=False),
        bind("files.hidden", "hidden", show=False),
        bind("files.home", "home", show=False),
        bind("files.parent", "parent", show=False),
    ]

    class ReadingStarted(Message):
        """Reading a folder has started."""

        def __init__(self, folder: Path) -> None:
            super().__init__()
            self.folder = folder

    class FolderRead(Message):
        """Reading a folder has ended.

        Attributes:
            is_shown: whether a folder was read; False if the list did not change.
            message: why the requested folder cannot be read; empty if it was read.
        """

        def __init__(self, is_shown: bool, message: str) -> None:
            super().__init__()
            self.is_shown = is_shown
            self.message = message

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.folder = Path("/")
        self.entries: list[DirectoryEntry] = []
        self.shows_hidden = False
        self.is_by_name = False
        self.is_reading = False
        self._requested_folders: tuple[Path, ...] = (self.folder,)
        self._requested_cursor: Path | None = None
        self._now = datetime.now()

    @property
    def row_count(self) -> int:
        """How many entries are shown."""
        return len(self.entries)

    @property
    def cursor_entry(self) -> DirectoryEntry | None:
        """The current entry."""
        return self.entries[self.cursor_row] if self.entries else None

    @property
    def holds_files(self) -> bool:
        """Whether a .csv file is shown."""
        return any(not entry.is_folder for entry in self.entries)

    def show_folder(self, *folders: Path, cursor: Path | None = None) -> None:
        """Show the first of these folders that can be read.

        Args:
            folders: the folder, followed by fallbacks.
            cursor: the entry to move the cursor to; if it is not shown, the newest file.
        """
        self._requested_folders, self._requested_cursor = folders, cursor
        self.is_reading = True
        self.refresh()
        self.post_message(self.ReadingStarted(folders[0]))
        self._read([_plain(folder) for folder in folders])

    @work(exclusive=True, group="listing")
    async def _read(self, folders: list[Path]) -> None:
        """Read folders until one of them can be read, and show it."""
        message, is_read = "", False
        for folder in folders:
            read = partial(list_directory, folder, self.shows_hidden, self.is_by_name)
            try:
                self.entries = await run_in_thread(read)
            except UserError as error:
                message = message or str(error)
                continue
            self.folder, is_read = folder, True
            break
        self.is_reading = False
        if is_read:
            self._now = datetime.now()
            self.rows_changed(self._row_for_cursor())
        self.refresh()
        self.post_message(self.FolderRead(is_read, message))

    def _row_for_cursor(self) -> int:
        """Return the row of the requested entry, else the newest file, else the first folder."""
        newest = 1
        for row, entry in enumerate(self.entries):
            if entry.path == self._requested_cursor:
                return row
            best = self.entries[newest] if newest < len(self.entries) else entry
            if not entry.is_folder and (best.is_folder or entry.modified > best.modified):
                newest = row
        return newest

    def row_text(self, row: int, width: int) -> str:
        """Return an entry's name, size and date."""
        entry = self.entries[row]
        cursor = ">" if row == self.cursor_row else " "
        size = date = ""
        if not entry.is_parent:
            size = "folder" if entry.is_folder else size_text(entry.size)
        if not entry.is_folder:
            date = date_text(entry.modified, self._now)
        name_width = max(1, width - _SIZE_WIDTH - _DATE_WIDTH - 6)
        name = pad_or_truncate(sanitize(entry.name, _LONGEST_NAME), name_width)
        return pad_or_truncate(f"{cursor} {name}  {size:>{_SIZE_WIDTH}}  {date}", width)

    def render_line(self, y: int) -> Strip:
        if y == 0 and self.is_reading and not self.entries:
            width = self.size.width
            return Strip([Segment(pad_or_truncate("  Reading…", width), self.rich_style)], width)
        return super().render_line(y)

    def action_select(self) -> None:
        """Open the current entry."""
        entry = self.cursor_entry
        if entry is None:
            return
        if entry.is_parent:
            self.action_parent()
        elif entry.is_folder:
            self.show_folder(entry.path)
        else:
            super().action_select()

    def action_parent(self) -> None:
        """Go to the parent folder, with the cursor on the current folder."""
        self.show_folder(self.folder.parent, cursor=self.folder)

    def action_home(self) -> None:
        """Go to the home folder."""
        self.show_folder(Path(os.path.expanduser("~")))  # noqa: PTH111 - never raises

    def action_sort(self) -> None:
        """Sort by name or by date."""
        self.is_by_name = not self.is_by_name
        self._show_again()

    def action_hidden(self) -> None:
        """Show or hide hidden files."""
        self.shows_hidden = not self.shows_hidden
        self._show_again()

    def _show_again(self) -> None:
        entry = self.cursor_entry
        folders = self._requested_folders if self.is_reading else (self.folder,)
        self.show_folder(*folders, cursor=entry.path if entry else None)

    @property
    def status_text(self) -> str:
        """The number of entries and their order, for example `2 folders, 1 .csv file, by name`."""
        entries = [entry for entry in self.entries if not entry.is_parent]
        folders = sum(entry.is_folder for entry in entries)
        files = len(entries) - folders
        parts = [
            pluralize(folders, "folder") if folders else "",
            pluralize(files, ".csv file") if files else "",
            "by name" if self.is_by_name else "newest first",
        ]
        return ", ".join(filter(None, parts)) if entries else "No folders or .csv files"


def reading_text(folder: Path) -> str:
    """Return the status text while a folder is being read."""
    return f"Reading {abbreviate_home(folder)}…"


def _plain(folder: Path) -> Path:
    """Return the folder with `..` and symbolic links resolved, if its path contains `..`."""
    try:
        return Path(os.path.realpath(folder)) if ".." in folder.parts else folder
    except (OSError, ValueError):
        return folder
