"""The dialog Save As: where the users are exported to, and what is written."""

from functools import partial
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Label, Static

from qm_tui.errors import Refused
from qm_tui.paths import short
from qm_tui.transfer.exporting.export import place_for
from qm_tui.transfer.options.export_options import USUAL, ExportChoices
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.export_options_dialog import ExportOptions, Scope, Who
from qm_tui.tui.transfer.files.file_dialog import FileDialog, Verdict
from qm_tui.tui.transfer.files.file_list import FileList
from qm_tui.tui.transfer.files.folder import is_folder
from qm_tui.tui.widgets.message_box import Question

_ALL: Final = Scope(USUAL)
"""All users, with the usual choices."""


class SaveChoice(NamedTuple):
    """Where to save, and what.

    Attributes:
        path: the file; its name ends in .csv.
        overwrite: whether a file that stands there may be replaced: somebody was asked.
        choices: what is written, and how.
        who: which users are written.
    """

    path: Path
    overwrite: bool
    choices: ExportChoices = USUAL
    who: Who = Who.ALL


class SaveDialog(FileDialog[SaveChoice]):
    """Gives the place of a file to be written, or None.

    Args:
        start: the folder shown first; where it cannot be read, the home folder, and then `/`.
        name: the file name that is proposed.
        scope: what was chosen the last time, and the users that there are to choose from.
    """

    DIALOG_TITLE: ClassVar[str] = "Save As"
    FIELD: ClassVar[str] = "File Name"
    VERB: ClassVar[str] = "Save"

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "options", "Options")]

    def __init__(self, start: Path, name: str, scope: Scope = _ALL) -> None:
        super().__init__(start)
        self._file_name = name
        self._scope = scope

    def compose_below(self) -> ComposeResult:
        """What is chosen, and the button that opens the choices."""
        with Horizontal(id="export-choices"):
            yield Label(safe("Choices"), classes="file-label")
            yield Static(id="export-summary")
            yield Button(safe("[Options]"), id="options", compact=True)

    def on_mount(self) -> None:
        """The name that is proposed stands in the field."""
        super().on_mount()
        self.put(self._file_name)
        self._show_scope()

    def _show_scope(self) -> None:
        self.query_one("#export-summary", Static).update(safe(self._scope.summary))

    def action_options(self) -> None:
        """Choose what is written, and how."""
        self.app.push_screen(ExportOptions(self._scope), self._chosen)

    @on(Button.Pressed, "#options")
    def _options_pressed(self) -> None:
        self.action_options()

    def _chosen(self, scope: Scope | None) -> None:
        if scope is not None:
            self._scope = scope
            self._show_scope()

    def meant(self, text: str) -> Path:
        """The file in the folder shown whose name the dialog put there, or the path typed."""
        return super().meant(text) if self.is_typed else self.files.folder / self._file_name

    def judge(self, path: Path, is_folder_meant: bool) -> Verdict:
        """A folder, or a place where a file can be written. Runs in a thread.

        Raises:
            Refused: nothing can be saved there.
        """
        if is_folder(path):
            return Verdict(path, is_folder=True)
        if is_folder_meant:
            msg = f"The folder {short(path)} does not exist: make it first, or choose another."
            raise Refused(msg)
        place = place_for(path)
        return Verdict(place.path, taken_words=place.taken_words if place.is_taken else "")

    def accept(self, verdict: Verdict) -> None:
        """Close with the place; where a file stands there, ask first."""
        if not verdict.taken_words:
            self._save(verdict.path, overwrite=False)
            return
        self.app.push_screen(
            Question(f"{verdict.taken_words}. Overwrite it?", yes="Overwrite"),
            partial(self._answered, verdict.path),
        )

    def _answered(self, path: Path, may_overwrite: bool | None) -> None:
        if may_overwrite:
            self._save(path, overwrite=True)
        else:
            self.field.focus()

    def _save(self, path: Path, *, overwrite: bool) -> None:
        self.close(SaveChoice(path, overwrite, self._scope.choices, self._scope.who))

    def enter(self, folder: Path) -> None:
        """Show the folder; what stood in the field for it gives way to the file name."""
        super().enter(folder)
        self.put(self._file_name)

    @on(FileList.RowHighlighted)
    def _highlighted(self) -> None:
        if self.focused is self.files:
            self.hush()

    @on(FileList.RowSelected)
    def _selected(self) -> None:
        entry = self.files.cursor_entry
        if entry is not None:
            self._file_name = entry.name
            self.put(entry.name)
            self.field.focus()
