"""The base of the dialogs Open and Save As: a path field, a file list, a message, two buttons.

Folders are read and paths are checked in threads, so a slow file system does not block the UI.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Label, Static

from qm_tui.errors import UserError
from qm_tui.paths import abbreviate_home, initial_folder
from qm_tui.progress import YieldControl
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_path
from qm_tui.tui.transfer.files.file_list import FileList, reading_text
from qm_tui.tui.transfer.files.folder import resolve_typed_path
from qm_tui.tui.transfer.files.path_input import PathInput
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.work.key_queue import KeyRefused
from qm_tui.tui.work.threads import run_in_thread

Result = TypeVar("Result")


class PathCheck(NamedTuple):
    """The result of checking a path.

    Attributes:
        path: the path.
        is_folder: whether it is a folder to show; otherwise it is the result of the dialog.
        exists_text: says that the file already exists, without a full stop; empty if it does not.
    """

    path: Path
    is_folder: bool = False
    exists_text: str = ""


class FileDialog(Dialog[Result | None], Generic[Result]):
    """Asks for a file. The result is None if the dialog is canceled.

    Args:
        start: the folder shown first; if it cannot be read, the home folder, then `/`.
    """

    DIALOG_TITLE: ClassVar[str]
    FIELD: ClassVar[str]
    """The label of the field."""
    FIELD_REQUIRED: ClassVar[str]
    """The error message if the field is empty."""
    VERB: ClassVar[str]
    """The label of the button."""

    BINDINGS: ClassVar[list[BindingType]] = [bind("dialog.close", "cancel", "Cancel")]

    def __init__(self, start: Path) -> None:
        super().__init__(classes="file-dialog")
        self._start, self._started_in = start, initial_folder()
        self.files = FileList(id="files")
        self.field = PathInput(self.base, id="path")
        self.field_was_set = ""
        """The text that the dialog put into the field; it differs from the field's text once the
        admin types."""
        self._is_accept_due = self._is_checking = False
        self._is_closed = False

    def compose(self) -> ComposeResult:
        with dialog_frame(title=self.DIALOG_TITLE, hints="Tab complete  ↓ list  Esc cancel"):
            with Horizontal(classes="file-line"):
                yield Label(safe(self.FIELD), classes="file-label")
                yield self.field
            with Horizontal(classes="file-line"):
                yield Label(safe("Folder"), classes="file-label")
                yield Static(id="folder")
            yield self.files
            with Horizontal(classes="file-line"):
                yield Static(id="shown")
                yield KeyHint("<files.sort> sort", self.files.action_sort)
                yield KeyHint("<files.hidden> hidden", self.files.action_hidden)
                yield KeyHint("<files.home> home", self.files.action_home)
            yield from self.compose_below()
            yield Static(id="sentence")
            yield button_row(accept=f"[{self.VERB}]", cancel="[Cancel]")

    def compose_below(self) -> ComposeResult:
        """Yield the widgets shown below the list."""
        yield from ()

    def on_mount(self) -> None:
        home = resolve_typed_path("~", Path("/"))
        self.files.show_folder(self._start.absolute(), home, Path("/"))
        self.field.focus()

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until a path is checked, completed, or the list is read."""
        is_for_list = self.focused is not self.field or key in ("enter", "down")
        is_reading = is_for_list and self.files.is_reading
        is_waiting = self._is_checking or self.field.is_completing or is_reading
        return is_waiting and key != "escape"

    # For subclasses to override

    def base(self) -> Path:
        """Return the folder that relative paths start from."""
        return self.files.folder

    def resolve(self, text: str) -> Sequence[Path]:
        """Return the paths that the text in the field may mean, the most likely first.

        A relative path starts from the folder shown, or from where the program was started.
        """
        bases = (self.base(), self._started_in)
        return [resolve_typed_path(text.strip(), base) for base in bases]

    def can_be_meant(self, path: Path) -> bool:
        """Whether a path that was typed exists, or can be created. Runs in a thread."""
        raise NotImplementedError

    def check_path(self, path: Path, is_folder_expected: bool) -> PathCheck:
        """Check a path. Runs in a thread.

        Raises:
            UserError: the dialog cannot use the path.
        """
        raise NotImplementedError

    def accept(self, check: PathCheck) -> None:
        """Accept a file that passed the check."""
        raise NotImplementedError

    def enter(self, folder: Path) -> None:
        """Show a folder."""
        self.files.show_folder(folder)

    def folder_shown(self) -> None:
        """Called when the list shows another folder, or the same one again."""

    # Shared by both dialogs

    @property
    def is_typed(self) -> bool:
        """Whether the field holds text that the admin typed."""
        return self.field.value != self.field_was_set

    def set_field(self, text: str) -> None:
        """Set the text of the field."""
        self.clear_message()
        self.field.show(text)
        self.field_was_set = self.field.value

    def show_message(self, message: str) -> None:
        """Show an error message."""
        self.query_one("#sentence", Static).update(safe(message))
        self.add_class("-refused")

    def clear_message(self) -> None:
        """Hide the error message."""
        self.remove_class("-refused")

    def close(self, result: Result | None) -> None:
        """Close the dialog, once."""
        if not self._is_closed:
            self._is_closed = True
            self.dismiss(result)

    def action_cancel(self) -> None:
        """Close the dialog without a result."""
        self.close(None)

    def submit(self) -> None:
        """Check the path in the field; if a folder is being read, wait until that is done."""
        if self.files.is_reading:
            self._is_accept_due = True
            return
        text = self.field.value
        if not text.strip():
            self.post_message(KeyRefused())
            self.show_message(self.FIELD_REQUIRED)
            return
        self._is_checking = True
        self._check_path(self.resolve(text), text.rstrip().endswith("/"))

    @work(exclusive=True, group="judging")
    async def _check_path(self, paths: Sequence[Path], is_folder_expected: bool) -> None:
        def check_first(_rest: YieldControl) -> PathCheck:
            path = next(filter(self.can_be_meant, paths), paths[0])
            _require_possible_name(path)
            return self.check_path(path, is_folder_expected)

        try:
            check = await run_in_thread(check_first)
        except UserError as error:
            self._is_checking = False
            self.post_message(KeyRefused())
            self.show_message(str(error))
            return
        self._is_checking = False
        if check.is_folder:
            self.clear_message()
            self.enter(check.path)
        else:
            self.accept(check)

    @on(FileList.ReadingStarted)
    def _reading_started(self, event: FileList.ReadingStarted) -> None:
        # on a fast disk, reading is done before this message arrives
        if self.files.is_reading:
            self.query_one("#shown", Static).update(safe(reading_text(event.folder)))

    @on(FileList.FolderRead)
    def _folder_read(self, event: FileList.FolderRead) -> None:
        self._show_folder()
        if event.is_shown:
            self.folder_shown()
        is_due, self._is_accept_due = self._is_accept_due, False
        if event.message:
            if event.is_shown:
                self.show_message(
                    f"{event.message} Showing {abbreviate_home(self.files.folder)} instead."
                )
            else:
                self.show_message(f"{event.message} Select another folder, or enter a path.")
        elif is_due:
            self.submit()

    def _show_folder(self) -> None:
        label = self.query_one("#folder", Static)
        label.update(safe_path(self.files.folder, max(20, label.size.width)))
        if not self.files.is_reading:
            self.query_one("#shown", Static).update(safe(self.files.status_text))

    def on_resize(self) -> None:
        self.call_after_refresh(self._show_folder)

    @on(PathInput.Changed)
    def _changed(self) -> None:
        if self.is_typed:
            self.clear_message()

    @on(PathInput.Submitted)
    def _submitted(self) -> None:
        self.submit()

    @on(PathInput.ListRequested)
    def _list_requested(self) -> None:
        self.files.focus()

    @on(Button.Pressed, "#accept")
    def _accept_pressed(self) -> None:
        self.submit()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.close(None)


def _require_possible_name(path: Path) -> None:
    """Check that the path can be the path of a file.

    Raises:
        UserError: it cannot.
    """
    try:
        os.lstat(path)
    except ValueError as error:
        msg = "Invalid file name. Enter another name."
        raise UserError(msg) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            msg = "File name too long (maximum 255 bytes). Enter a shorter name."
            raise UserError(msg) from error
