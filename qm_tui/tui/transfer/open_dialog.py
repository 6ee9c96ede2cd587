"""The dialog Open: the file to import."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Label, Static

from qm_tui.paths import abbreviate_home
from qm_tui.transfer.reading.head import peek_lines
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.files.file_dialog import FileDialog, PathCheck
from qm_tui.tui.transfer.files.file_list import FileList
from qm_tui.tui.transfer.files.folder import (
    DirectoryEntry,
    exists,
    is_folder,
    resolve_typed_path,
)
from qm_tui.tui.transfer.files.path_input import PathInput
from qm_tui.tui.work.threads import DEBOUNCE, run_in_thread

_PEEK_DELAY: Final = 0.15
"""Seconds that the cursor must stay on a file before its first lines are read."""


class OpenDialog(FileDialog[Path]):
    """Asks for a .csv file that can be imported. The result is None if the dialog is canceled.

    The field shows the path of the current entry until the admin types. Enter and the button
    open the path in the field.
    """

    DIALOG_TITLE: ClassVar[str] = "Open"
    FIELD: ClassVar[str] = "Path"
    FIELD_REQUIRED: ClassVar[str] = (
        "Path is required. Enter a path, or select a file from the list."
    )
    VERB: ClassVar[str] = "Open"

    def __init__(self, start: Path) -> None:
        super().__init__(start)
        self._path = self._base = start.absolute()
        self._entered: Path | None = None
        self._was_shown = False
        self._peek_timer: Timer | None = None
        self._typing_timer: Timer | None = None

    def compose_below(self) -> ComposeResult:
        with Horizontal(id="peek"):
            yield Label(safe("First lines"), classes="file-label")
            yield Static(id="lines")

    def base(self) -> Path:
        """Return the folder shown when typing began; typing may show other folders."""
        return self._base

    def resolve(self, text: str) -> Sequence[Path]:
        """Return what the typed path may mean, or the path of the current entry."""
        return super().resolve(text) if self.is_typed else [self._path]

    def can_be_meant(self, path: Path) -> bool:
        """Whether the path exists."""
        return exists(path)

    def check_path(self, path: Path, is_folder_expected: bool) -> PathCheck:
        """Check that the path is a folder, or a file that can be imported. Runs in a thread.

        Raises:
            UserError: the file cannot be imported.
        """
        if is_folder(path):
            return PathCheck(path, is_folder=True)
        with UsersFile(path):
            return PathCheck(path)

    def accept(self, check: PathCheck) -> None:
        """Close the dialog with the file."""
        self.close(check.path)

    def enter(self, folder: Path) -> None:
        """Show the folder, and the path of its newest file in the field."""
        self._entered = folder
        self._was_shown = folder == self.files.folder and not self.is_typed
        super().enter(folder)

    def folder_shown(self) -> None:
        """Show the path of the newest file in the field, unless the admin is typing there."""
        entered, self._entered = self._entered, None
        entry = self.files.cursor_entry
        is_list_focused = self.focused is self.files and entry is not None
        if not is_list_focused and (entered or not self.is_typed):
            if entry is None or entry.is_folder:
                self._set_folder(self.files.folder)
            else:
                self._set_entry(entry)
        if self.is_typed:
            self._follow(resolve_typed_path(self.field.value.strip(), self._base))
        else:
            self._peek_soon(entry)
        if entered and self._was_shown and not self.files.holds_files:
            self.show_message(
                f"No .csv files in {abbreviate_home(self.files.folder)}. "
                "Select another folder, or enter a path."
            )

    def _set_entry(self, entry: DirectoryEntry) -> None:
        if entry.is_parent:
            self._set_folder(self.files.folder.parent)
        elif entry.is_folder:
            self._set_folder(entry.path)
        else:
            self._set_path(abbreviate_home(entry.path), entry.path)

    def _set_folder(self, folder: Path) -> None:
        shown = abbreviate_home(folder)
        self._set_path(shown if shown.endswith("/") else shown + "/", folder)

    def _set_path(self, text: str, path: Path) -> None:
        self.set_field(text)
        self._path, self._base = path, self.files.folder

    @on(FileList.RowHighlighted)
    def _highlighted(self) -> None:
        entry = self.files.cursor_entry
        if entry is not None and self.focused is self.files:
            self._set_entry(entry)
            self._peek_soon(entry)

    @on(FileList.RowSelected)
    def _selected(self) -> None:
        entry = self.files.cursor_entry
        if entry is None:
            return
        was_typed = self.is_typed
        self._set_entry(entry)
        if was_typed:
            # the field showed another path: show the new one before opening it
            self.clear_message()
            self._peek_soon(entry)
        else:
            self.submit()

    @on(PathInput.Changed)
    def _folder_typed(self) -> None:
        text = self.field.value
        if not self.is_typed:
            return
        if self._typing_timer is not None:
            self._typing_timer.stop()
        if text.endswith("/"):
            self._find_folder(text, super().resolve(text))
            return
        path = resolve_typed_path(text.strip(), self._base)
        if path.parent == self.files.folder:
            self._follow(path)
        else:
            folders = [path.parent for path in super().resolve(text)]
            self._typing_timer = self.set_timer(DEBOUNCE, lambda: self._find_folder(text, folders))

    def _follow(self, path: Path) -> None:
        """Move the cursor to the typed entry, or to the first whose name starts with it.

        First lines are shown only if the whole name is typed.
        """
        entry = None
        if path.parent == self.files.folder and path.name:
            matches = [
                row
                for row, entry in enumerate(self.files.entries)
                if entry.name.startswith(path.name)
            ]
            exact = [row for row in matches if self.files.entries[row].name == path.name]
            if matches:
                self.files.cursor_row = (exact or matches)[0]
            entry = self.files.entries[exact[0]] if exact else None
        self._peek_soon(entry)

    @work(exclusive=True, group="typing")
    async def _find_folder(self, text: str, folders: Sequence[Path]) -> None:
        """Show the first of these folders that exists, if the text is still in the field."""
        folder = await run_in_thread(lambda _rest: next(filter(is_folder, folders), None))
        if folder is not None and self.field.value == text and self.is_typed:
            self.files.show_folder(folder)

    def _peek_soon(self, entry: DirectoryEntry | None) -> None:
        """Read the first lines of a file once the cursor has stayed on it."""
        if self._peek_timer is not None:
            self._peek_timer.stop()
        self._show_lines([])
        if entry is not None and not entry.is_folder:
            path = entry.path
            self._peek_timer = self.set_timer(_PEEK_DELAY, lambda: self._peek(path))

    @work(exclusive=True, group="peek")
    async def _peek(self, path: Path) -> None:
        """Show the first lines of a file, if the cursor is still on it."""
        lines = await run_in_thread(lambda _rest: peek_lines(path))
        entry = self.files.cursor_entry
        if entry is not None and entry.path == path:
            self._show_lines(lines)

    def _show_lines(self, lines: list[str]) -> None:
        preview = self.query_one("#lines", Static)
        preview.set_class(len(lines) == 1, "-sentence")
        preview.update(Content("\n").join([safe(line) for line in lines]))
