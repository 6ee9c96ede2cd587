"""The list in the file dialogs: the folders and .csv files of one folder."""

import os
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Final

from rich.segment import Segment
from textual import on, work
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip
from textual.worker import get_current_worker

from qm_tui.errors import Refused
from qm_tui.paths import short
from qm_tui.text import fitted, size_text, visible
from qm_tui.tui.transfer.files.folder import Entry, date_text, listing
from qm_tui.tui.widgets.virtual_list import VirtualRows

_SIZE_WIDTH: Final = 8
_DATE_WIDTH: Final = 15
_LONGEST_NAME: Final = 300


class FileList(VirtualRows):
    """A folder's folders and .csv files.

    It reads in a thread and shows what it read when it is there; a folder that cannot be read
    leaves it where it was. Enter on a file posts `RowSelected`; on a folder it goes into it.

    Attributes:
        folder: the folder shown.
        entries: what is shown of it.
        shows_hidden: whether names that begin with a dot are shown.
        is_by_name: whether the files are sorted by name, and not newest first.
        is_reading: whether another folder, or this one again, is being read.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "Newest first, or by name", show=False),
        Binding(".", "hidden", "Hidden files", show=False),
        Binding("~", "home", "Home folder", show=False),
        Binding("backspace", "parent", "Folder above", show=False),
    ]

    class ReadingStarted(Message):
        """A folder is being read."""

        def __init__(self, folder: Path) -> None:
            super().__init__()
            self.folder = folder

    class FolderRead(Message):
        """Reading came to its end.

        Attributes:
            is_shown: whether there is something new to see; False where the list stayed as it was.
            sentence: why the folder asked for cannot be read; empty where it was read.
        """

        def __init__(self, is_shown: bool, sentence: str) -> None:
            super().__init__()
            self.is_shown = is_shown
            self.sentence = sentence

    class _ThreadDone(Message):
        """The thread is done; `folder` is None where none of the folders could be read."""

        def __init__(
            self, number: int, folder: Path | None, entries: list[Entry], sentence: str
        ) -> None:
            super().__init__()
            self.number = number
            self.folder = folder
            self.entries = entries
            self.sentence = sentence

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.folder = Path("/")
        self.entries: list[Entry] = []
        self.shows_hidden = False
        self.is_by_name = False
        self.is_reading = False
        self._readings = 0
        self._asked: tuple[Path, ...] = (self.folder,)
        self._wanted: Path | None = None
        self._now = datetime.now()

    @property
    def row_count(self) -> int:
        """How many entries are shown."""
        return len(self.entries)

    @property
    def cursor_entry(self) -> Entry | None:
        """The entry under the cursor."""
        return self.entries[self.cursor_row] if self.entries else None

    @property
    def holds_files(self) -> bool:
        """Whether there is a .csv file among what is shown."""
        return any(not entry.is_folder for entry in self.entries)

    def show_folder(self, *folders: Path, cursor: Path | None = None) -> None:
        """Show the first of these folders that can be read.

        Args:
            folders: the folder, and those to fall back on.
            cursor: the entry that the cursor is to stand on, if it is shown; else it stands on
                the newest file.
        """
        self._readings += 1
        self._asked, self._wanted = folders, cursor
        self.is_reading = True
        self.refresh()
        self.post_message(self.ReadingStarted(folders[0]))
        self._read([_plain(folder) for folder in folders], self._readings)

    @work(thread=True, exclusive=True, group="listing")
    def _read(self, folders: list[Path], number: int) -> None:
        worker = get_current_worker()
        sentence = ""
        for folder in folders:
            try:
                entries = listing(folder, self.shows_hidden, self.is_by_name)
            except Refused as refused:
                sentence = sentence or str(refused)
                continue
            if not worker.is_cancelled:
                self.post_message(self._ThreadDone(number, folder, entries, sentence))
            return
        if not worker.is_cancelled:
            self.post_message(self._ThreadDone(number, None, [], sentence))

    @on(_ThreadDone)
    def _show(self, event: _ThreadDone) -> None:
        event.stop()
        if event.number != self._readings:
            return
        self.is_reading = False
        if event.folder is not None:
            self.folder, self.entries = event.folder, event.entries
            self._now = datetime.now()
            self.rows_changed(self._row_for_cursor())
        self.refresh()
        self.post_message(self.FolderRead(event.folder is not None, event.sentence))

    def _row_for_cursor(self) -> int:
        """The entry asked for, else the newest file, else the first folder."""
        newest = 1
        for row, entry in enumerate(self.entries):
            if entry.path == self._wanted:
                return row
            best = self.entries[newest] if newest < len(self.entries) else entry
            if not entry.is_folder and (best.is_folder or entry.modified > best.modified):
                newest = row
        return newest

    def row_text(self, row: int, width: int) -> str:
        """One entry: name, size, date."""
        entry = self.entries[row]
        cursor = ">" if row == self.cursor_row else " "
        size = date = ""
        if not entry.is_parent:
            size = "folder" if entry.is_folder else size_text(entry.size)
        if not entry.is_folder:
            date = date_text(entry.modified, self._now)
        name_width = max(1, width - _SIZE_WIDTH - _DATE_WIDTH - 6)
        name = fitted(visible(entry.name, _LONGEST_NAME), name_width)
        return fitted(f"{cursor} {name}  {size:>{_SIZE_WIDTH}}  {date}", width)

    def render_line(self, y: int) -> Strip:
        """One line, as Textual asks for it."""
        if y == 0 and self.is_reading and not self.entries:
            width = self.size.width
            return Strip([Segment(fitted("  Reading …", width), self.rich_style)], width)
        return super().render_line(y)

    def action_select(self) -> None:
        """Go into the folder under the cursor, or open the file."""
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
        """Go to the folder above, with the cursor on the one left."""
        self.show_folder(self.folder.parent, cursor=self.folder)

    def action_home(self) -> None:
        """Go to the home folder."""
        self.show_folder(Path(os.path.expanduser("~")))  # noqa: PTH111 - never raises

    def action_sort(self) -> None:
        """Sort the files the other way."""
        self.is_by_name = not self.is_by_name
        self._show_again()

    def action_hidden(self) -> None:
        """Show what begins with a dot, or no longer."""
        self.shows_hidden = not self.shows_hidden
        self._show_again()

    def _show_again(self) -> None:
        entry = self.cursor_entry
        folders = self._asked if self.is_reading else (self.folder,)
        self.show_folder(*folders, cursor=entry.path if entry else None)

    @property
    def status_text(self) -> str:
        """What is shown, in words."""
        shown = sum(not entry.is_parent for entry in self.entries)
        order = "by name" if self.is_by_name else "newest first"
        return f"{shown:,} shown: folders and .csv, {order}"


def reading_text(folder: Path) -> str:
    """That a folder is being read, in words."""
    return f"Reading {short(folder)} …"


def _plain(folder: Path) -> Path:
    """The folder without `..` in it, as the system would find it."""
    try:
        return Path(os.path.realpath(folder)) if ".." in folder.parts else folder
    except (OSError, ValueError):
        return folder
