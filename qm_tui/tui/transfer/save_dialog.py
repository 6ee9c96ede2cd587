"""The dialog Save As: the file to export to, and the export options."""

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
"""All users, with the default options."""


class SaveChoice(NamedTuple):
    """The result of the dialog: the file, the options and the users.

    Attributes:
        path: the file; its name ends in .csv.
        overwrite: whether the admin allowed an existing file to be replaced.
        choices: the export options.
        who: the users to export.
    """

    path: Path
    overwrite: bool
    choices: ExportChoices = USUAL
    who: Who = Who.ALL


class SaveDialog(FileDialog[SaveChoice]):
    """Asks for the file to export to. The result is None if the dialog is canceled.

    Args:
        start: the folder shown first; if it cannot be read, the home folder, then `/`.
        name: the proposed file name.
        scope: the saved options, and the groups of users to choose from.
    """

    DIALOG_TITLE: ClassVar[str] = "Save As"
    FIELD: ClassVar[str] = "File Name"
    FIELD_REQUIRED: ClassVar[str] = (
        "File Name is required. Enter a name, or select a file from the list."
    )
    VERB: ClassVar[str] = "Save"

    BINDINGS: ClassVar[list[BindingType]] = [Binding("o", "options", "Options")]

    def __init__(self, start: Path, name: str, scope: Scope = _ALL) -> None:
        super().__init__(start)
        self._file_name = name
        self._scope = scope

    def compose_below(self) -> ComposeResult:
        with Horizontal(id="export-choices"):
            yield Label(safe("Options"), classes="file-label")
            yield Static(id="export-summary")
            yield Button(safe("[Options]"), id="options", compact=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.put(self._file_name)
        self._show_scope()

    def _show_scope(self) -> None:
        self.query_one("#export-summary", Static).update(safe(self._scope.summary))

    def action_options(self) -> None:
        """Show the export options."""
        self.app.push_screen(ExportOptions(self._scope), self._chosen)

    @on(Button.Pressed, "#options")
    def _options_pressed(self) -> None:
        self.action_options()

    def _chosen(self, scope: Scope | None) -> None:
        if scope is not None:
            self._scope = scope
            self._show_scope()

    def meant(self, text: str) -> Path:
        """Return the typed path, or the proposed file in the folder shown."""
        return super().meant(text) if self.is_typed else self.files.folder / self._file_name

    def judge(self, path: Path, is_folder_meant: bool) -> Verdict:
        """Check that the path is a folder, or a file that can be written. Runs in a thread.

        Raises:
            Refused: the file cannot be written.
        """
        if is_folder(path):
            return Verdict(path, is_folder=True)
        if is_folder_meant:
            msg = f"Folder {short(path)} does not exist. Create it first, or choose another folder."
            raise Refused(msg)
        place = place_for(path)
        return Verdict(place.path, taken_words=place.taken_words if place.is_taken else "")

    def accept(self, verdict: Verdict) -> None:
        """Close the dialog; ask first if the file already exists."""
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
        """Show the folder, and the file name in the field."""
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
