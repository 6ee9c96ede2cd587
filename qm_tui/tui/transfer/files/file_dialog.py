"""What the dialogs Open and Save As share: a field for a path, a list, a sentence, two buttons.

Nothing here waits for a file system: folders are read and paths are judged in threads.
"""

import errno
import os
from pathlib import Path
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Label, Static
from textual.worker import get_current_worker

from qm_tui.errors import Refused
from qm_tui.paths import short
from qm_tui.tui.text.safe_content import safe, safe_path
from qm_tui.tui.transfer.files.file_list import FileList, reading_text
from qm_tui.tui.transfer.files.folder import typed_path
from qm_tui.tui.transfer.files.path_input import PathInput
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.key_hint import KeyHint

Chosen = TypeVar("Chosen")


class Verdict(NamedTuple):
    """What a path that was given turned out to be.

    Attributes:
        path: the path.
        is_folder: whether it is a folder, to be shown; else it is what the dialog is for.
        taken_words: what stands there, as the begin of a sentence; empty where nothing does.
    """

    path: Path
    is_folder: bool = False
    taken_words: str = ""


class FileDialog(Dialog[Chosen | None], Generic[Chosen]):
    """A file is chosen, or nothing: Esc gives None.

    Args:
        start: the folder shown first; where it cannot be read, the home folder, and then `/`.
    """

    DIALOG_TITLE: ClassVar[str]
    FIELD: ClassVar[str]
    """The words before the field."""
    VERB: ClassVar[str]
    """The word on the button."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "cancel", "Cancel")]

    class _Judged(Message):
        def __init__(self, verdict: Verdict | None, sentence: str) -> None:
            super().__init__()
            self.verdict = verdict
            self.sentence = sentence

    def __init__(self, start: Path) -> None:
        super().__init__(classes="file-dialog")
        self._start = start
        self.files = FileList(id="files")
        self.field = PathInput(self.base, id="path")
        self.was_put = ""
        """The text that the dialog put into the field; the field holds another once it is
        typed in."""
        self._is_accept_due = False
        self._is_closed = False

    def compose(self) -> ComposeResult:
        """The field, the folder, the list, what its keys do, what is said, the buttons."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = safe(self.DIALOG_TITLE)
            dialog.border_subtitle = safe("Tab completes  ↓ list  Esc cancel")
            with Horizontal(classes="file-line"):
                yield Label(safe(self.FIELD), classes="file-label")
                yield self.field
            with Horizontal(classes="file-line"):
                yield Label(safe("Folder"), classes="file-label")
                yield Static(id="folder")
            yield self.files
            with Horizontal(classes="file-line"):
                yield Static(id="shown")
                yield KeyHint("s sort", self.files.action_sort)
                yield KeyHint(". hidden", self.files.action_hidden)
                yield KeyHint("~ home", self.files.action_home)
            yield from self.compose_below()
            yield Static(id="sentence")
            with Horizontal(classes="file-line file-buttons"):
                yield Button(safe(f"[{self.VERB}]"), id="accept", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def compose_below(self) -> ComposeResult:
        """What stands under the list while there is no sentence to be said."""
        yield from ()

    def on_mount(self) -> None:
        """Read the folder, with the field ready to be typed in."""
        home = typed_path("~", Path("/"))
        self.files.show_folder(self._start.absolute(), home, Path("/"))
        self.field.focus()

    # What a dialog says for itself

    def base(self) -> Path:
        """The folder that a relative path counts from."""
        return self.files.folder

    def meant(self, text: str) -> Path:
        """The path that the text in the field means."""
        return typed_path(text.strip(), self.base())

    def judge(self, path: Path, is_folder_meant: bool) -> Verdict:
        """Find out what a path is. Runs in a thread.

        Raises:
            Refused: it is nothing that this dialog can use.
        """
        raise NotImplementedError

    def accept(self, verdict: Verdict) -> None:
        """A file was given, and it will do."""
        raise NotImplementedError

    def enter(self, folder: Path) -> None:
        """A folder was given."""
        self.files.show_folder(folder)

    def folder_shown(self) -> None:
        """The list shows another folder, or the same one again."""

    # What both do

    @property
    def is_typed(self) -> bool:
        """Whether the field holds what somebody typed."""
        return self.field.value != self.was_put

    def put(self, text: str) -> None:
        """Put a text into the field."""
        self.hush()
        self.field.show(text)
        self.was_put = self.field.value

    def say(self, sentence: str) -> None:
        """Say why something cannot be done."""
        self.query_one("#sentence", Static).update(safe(sentence))
        self.add_class("-refused")

    def hush(self) -> None:
        """What was said is no longer of interest."""
        self.remove_class("-refused")

    def close(self, result: Chosen | None) -> None:
        """Close the dialog, once."""
        if not self._is_closed:
            self._is_closed = True
            self.dismiss(result)

    def action_cancel(self) -> None:
        """Close it, and nothing was chosen."""
        self.close(None)

    def submit(self) -> None:
        """Do what the field says; while a folder is being read, as soon as it was."""
        if self.files.is_reading:
            self._is_accept_due = True
            return
        text = self.field.value
        if not text.strip():
            self.say(f"{self.FIELD} is empty: type one, or choose a file in the list.")
            return
        self._judge(self.meant(text), text.rstrip().endswith("/"))

    @work(thread=True, exclusive=True, group="judging")
    def _judge(self, path: Path, is_folder_meant: bool) -> None:
        worker = get_current_worker()
        verdict, sentence = None, ""
        try:
            _require_possible_name(path)
            verdict = self.judge(path, is_folder_meant)
        except Refused as refused:
            sentence = str(refused)
        if not worker.is_cancelled:
            self.post_message(self._Judged(verdict, sentence))

    @on(_Judged)
    def _judged(self, event: _Judged) -> None:
        if event.verdict is None:
            self.say(event.sentence)
        elif event.verdict.is_folder:
            self.hush()
            self.enter(event.verdict.path)
        else:
            self.accept(event.verdict)

    @on(FileList.ReadingStarted)
    def _reading_started(self, event: FileList.ReadingStarted) -> None:
        # a quick disk is done before this message comes
        if self.files.is_reading:
            self.query_one("#shown", Static).update(safe(reading_text(event.folder)))

    @on(FileList.FolderRead)
    def _folder_read(self, event: FileList.FolderRead) -> None:
        self._show_where()
        if event.is_shown:
            self.folder_shown()
        is_due, self._is_accept_due = self._is_accept_due, False
        if event.sentence:
            instead = f" {short(self.files.folder)} is shown instead." if event.is_shown else ""
            self.say(event.sentence + instead)
        elif is_due:
            self.submit()

    def _show_where(self) -> None:
        place = self.query_one("#folder", Static)
        place.update(safe_path(self.files.folder, max(20, place.size.width)))
        if not self.files.is_reading:
            self.query_one("#shown", Static).update(safe(self.files.status_text))

    def on_resize(self) -> None:
        """Show more or less of the folder's path."""
        self.call_after_refresh(self._show_where)

    @on(PathInput.Changed)
    def _changed(self) -> None:
        if self.is_typed:
            self.hush()

    @on(PathInput.Submitted)
    def _submitted(self) -> None:
        self.submit()

    @on(PathInput.ListWanted)
    def _list_wanted(self) -> None:
        self.files.focus()

    @on(Button.Pressed, "#accept")
    def _accept_pressed(self) -> None:
        self.submit()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.close(None)


def _require_possible_name(path: Path) -> None:
    """See that the system can have a file of such a name.

    Raises:
        Refused: it cannot.
    """
    try:
        os.lstat(path)
    except ValueError as error:
        msg = "No file can have such a name."
        raise Refused(msg) from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            msg = "This name is too long: the system takes at most 255 bytes for a file's name."
            raise Refused(msg) from error
