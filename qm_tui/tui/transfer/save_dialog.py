"""The dialog Save As: the file to export to, and the export options."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Label, Static

from qm_tui.errors import UserError
from qm_tui.paths import abbreviate_home
from qm_tui.transfer.exporting.export import resolve_target
from qm_tui.transfer.options.export_options import DEFAULT_EXPORT_OPTIONS, ExportOptions
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.export_options_dialog import ExportGroup, ExportOptionsDialog, ExportScope
from qm_tui.tui.transfer.files.file_dialog import FileDialog, PathCheck
from qm_tui.tui.transfer.files.file_list import FileList
from qm_tui.tui.transfer.files.folder import is_folder
from qm_tui.tui.widgets.message_box import ConfirmQuestion

_ALL: Final = ExportScope(DEFAULT_EXPORT_OPTIONS)
"""All users, with the default options."""


class SaveRequest(NamedTuple):
    """The result of the dialog: the file, the options and the users.

    Attributes:
        path: the file; its name ends in .csv.
        overwrite: whether the admin allowed an existing file to be replaced.
        options: the export options.
        group: the users to export.
    """

    path: Path
    overwrite: bool
    options: ExportOptions = DEFAULT_EXPORT_OPTIONS
    group: ExportGroup = ExportGroup.ALL


class SaveDialog(FileDialog[SaveRequest]):
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

    BINDINGS: ClassVar[list[BindingType]] = [bind("files.options", "options")]

    def __init__(self, start: Path, name: str, scope: ExportScope = _ALL) -> None:
        super().__init__(start)
        self._file_name = name
        self._scope = scope

    def compose_below(self) -> ComposeResult:
        with Horizontal(id="export-choices"):
            yield Label(safe("Options"), classes="file-label")
            yield Static(id="export-summary")
            yield Button(safe("[Options]"), id="options", compact=True)

    def on_mount(self) -> None:
        self.set_field(self._file_name)
        self._show_scope()

    def _show_scope(self) -> None:
        self.query_one("#export-summary", Static).update(safe(self._scope.summary))

    def action_options(self) -> None:
        """Show the export options."""
        self.app.push_screen(ExportOptionsDialog(self._scope), self._scope_selected)

    @on(Button.Pressed, "#options")
    def _options_pressed(self) -> None:
        self.action_options()

    def _scope_selected(self, scope: ExportScope | None) -> None:
        if scope is not None:
            self._scope = scope
            self._show_scope()

    def resolve(self, text: str) -> Sequence[Path]:
        """Return what the typed path may mean, or the proposed file in the folder shown."""
        return super().resolve(text) if self.is_typed else [self.files.folder / self._file_name]

    def can_be_meant(self, path: Path) -> bool:
        """Whether the folder of the path exists."""
        return is_folder(path.parent)

    def check_path(self, path: Path, is_folder_expected: bool) -> PathCheck:
        """Check that the path is a folder, or a file that can be written. Runs in a thread.

        Raises:
            UserError: the file cannot be written.
        """
        if is_folder(path):
            return PathCheck(path, is_folder=True)
        if is_folder_expected:
            msg = (
                f"Folder {abbreviate_home(path)} does not exist. Create it first, or choose "
                "another folder."
            )
            raise UserError(msg)
        place = resolve_target(path)
        return PathCheck(place.path, exists_text=place.exists_text if place.exists else "")

    def accept(self, check: PathCheck) -> None:
        """Close the dialog; ask first if the file already exists."""
        if not check.exists_text:
            self._save(check.path, overwrite=False)
            return
        self.app.push_screen(
            ConfirmQuestion(f"{check.exists_text}. Overwrite it?", yes="Overwrite"),
            partial(self._answered, check.path),
        )

    def _answered(self, path: Path, may_overwrite: bool | None) -> None:
        if may_overwrite:
            self._save(path, overwrite=True)
        else:
            self.field.focus()

    def _save(self, path: Path, *, overwrite: bool) -> None:
        self.close(SaveRequest(path, overwrite, self._scope.options, self._scope.group))

    def enter(self, folder: Path) -> None:
        """Show the folder, and the file name in the field."""
        super().enter(folder)
        self.set_field(self._file_name)

    @on(FileList.RowHighlighted)
    def _highlighted(self) -> None:
        if self.focused is self.files:
            self.clear_message()

    @on(FileList.RowSelected)
    def _selected(self) -> None:
        entry = self.files.cursor_entry
        if entry is not None:
            self._file_name = entry.name
            self.set_field(entry.name)
            self.field.focus()
