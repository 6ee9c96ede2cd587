"""The dialog Open: which file is imported."""

from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Label, Static
from textual.worker import get_current_worker

from qm_tui.paths import short
from qm_tui.transfer.reading.head import first_lines
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.files.file_dialog import FileDialog, Verdict
from qm_tui.tui.transfer.files.file_list import FileList
from qm_tui.tui.transfer.files.folder import Entry, is_folder, typed_path
from qm_tui.tui.transfer.files.path_input import PathInput

_PEEK_DELAY: Final = 0.15
"""Seconds that the cursor rests on a file before the file is looked into."""


class OpenDialog(FileDialog[Path]):
    """Gives the path of a .csv file that can be read, or None.

    The field holds the path of the entry under the cursor until somebody types: Enter and the
    button open what the field shows.
    """

    DIALOG_TITLE: ClassVar[str] = "Open"
    FIELD: ClassVar[str] = "Path"
    VERB: ClassVar[str] = "Open"

    class _Peeked(Message):
        def __init__(self, path: Path, lines: list[str]) -> None:
            super().__init__()
            self.path = path
            self.lines = lines

    class _FolderTyped(Message):
        def __init__(self, text: str, folder: Path) -> None:
            super().__init__()
            self.text = text
            self.folder = folder

    def __init__(self, start: Path) -> None:
        super().__init__(start)
        self._path = self._base = start.absolute()
        self._entered: Path | None = None
        self._was_shown = False
        self._peek_timer: Timer | None = None

    def compose_below(self) -> ComposeResult:
        """The first lines of the file under the cursor."""
        with Horizontal(id="peek"):
            yield Label(safe("First lines"), classes="file-label")
            yield Static(id="lines")

    def base(self) -> Path:
        """The folder shown when the typing began: what is typed may show others meanwhile."""
        return self._base

    def meant(self, text: str) -> Path:
        """The path that the dialog put into the field, or the one typed there."""
        return super().meant(text) if self.is_typed else self._path

    def judge(self, path: Path, is_folder_meant: bool) -> Verdict:
        """A folder, or a file that can be imported. Runs in a thread.

        Raises:
            Refused: it is neither.
        """
        if is_folder(path):
            return Verdict(path, is_folder=True)
        with UsersFile(path):
            return Verdict(path)

    def accept(self, verdict: Verdict) -> None:
        """Close with the file."""
        self.close(verdict.path)

    def enter(self, folder: Path) -> None:
        """Show the folder, and its newest file in the field."""
        self._entered = folder
        self._was_shown = folder == self.files.folder and not self.is_typed
        super().enter(folder)

    def folder_shown(self) -> None:
        """Show the newest file in the field, unless somebody is typing there."""
        entered, self._entered = self._entered, None
        entry = self.files.cursor_entry
        is_list_focused = self.focused is self.files and entry is not None
        if not is_list_focused and (entered or not self.is_typed):
            if entry is None or entry.is_folder:
                self._put_folder(self.files.folder)
            else:
                self._put_entry(entry)
        self._peek_soon(entry)
        if entered and self._was_shown and not self.files.holds_files:
            self.say(
                f"{short(self.files.folder)} holds no .csv file: choose another folder in the "
                "list, or type a path."
            )

    def _put_entry(self, entry: Entry) -> None:
        if entry.is_parent:
            self._put_folder(self.files.folder.parent)
        elif entry.is_folder:
            self._put_folder(entry.path)
        else:
            self._put_path(short(entry.path), entry.path)

    def _put_folder(self, folder: Path) -> None:
        shown = short(folder)
        self._put_path(shown if shown.endswith("/") else shown + "/", folder)

    def _put_path(self, text: str, path: Path) -> None:
        self.put(text)
        self._path, self._base = path, self.files.folder

    @on(FileList.RowHighlighted)
    def _highlighted(self) -> None:
        entry = self.files.cursor_entry
        if entry is not None and self.focused is self.files:
            self._put_entry(entry)
            self._peek_soon(entry)

    @on(FileList.RowSelected)
    def _selected(self) -> None:
        entry = self.files.cursor_entry
        if entry is None:
            return
        says_otherwise = self.is_typed
        self._put_entry(entry)
        if says_otherwise:
            # the field showed another path: first let it be seen which one is meant
            self.hush()
            self._peek_soon(entry)
        else:
            self.submit()

    @on(PathInput.Changed)
    def _folder_typed(self) -> None:
        text = self.field.value
        if not self.is_typed:
            return
        if text.endswith("/"):
            self._look_for_folder(text, self._base)
        else:
            self._follow(typed_path(text.strip(), self._base))

    def _follow(self, path: Path) -> None:
        """Let the cursor stand on the entry that is typed, or on the first that begins so.

        First lines are shown only of one that is typed whole.
        """
        found = None
        if path.parent == self.files.folder and path.name:
            begins = [
                row
                for row, entry in enumerate(self.files.entries)
                if entry.name.startswith(path.name)
            ]
            whole = [row for row in begins if self.files.entries[row].name == path.name]
            if begins:
                self.files.cursor_row = (whole or begins)[0]
            found = self.files.entries[whole[0]] if whole else None
        self._peek_soon(found)

    @work(thread=True, exclusive=True, group="typing")
    def _look_for_folder(self, text: str, base: Path) -> None:
        worker = get_current_worker()
        folder = typed_path(text.strip(), base)
        if is_folder(folder) and not worker.is_cancelled:
            self.post_message(self._FolderTyped(text, folder))

    @on(_FolderTyped)
    def _show_typed_folder(self, event: _FolderTyped) -> None:
        if self.field.value == event.text and self.is_typed:
            self.files.show_folder(event.folder)

    def _peek_soon(self, entry: Entry | None) -> None:
        """Look into a file when the cursor has come to rest on it."""
        if self._peek_timer is not None:
            self._peek_timer.stop()
        self._show_lines([])
        if entry is not None and not entry.is_folder:
            path = entry.path
            self._peek_timer = self.set_timer(_PEEK_DELAY, lambda: self._peek(path))

    @work(thread=True, exclusive=True, group="peek")
    def _peek(self, path: Path) -> None:
        worker = get_current_worker()
        lines = first_lines(path)
        if not worker.is_cancelled:
            self.post_message(self._Peeked(path, lines))

    @on(_Peeked)
    def _peeked(self, event: _Peeked) -> None:
        entry = self.files.cursor_entry
        if entry is not None and entry.path == event.path:
            self._show_lines(event.lines)

    def _show_lines(self, lines: list[str]) -> None:
        shown = self.query_one("#lines", Static)
        shown.set_class(len(lines) == 1, "-sentence")
        shown.update(Content("\n").join([safe(line) for line in lines]))
