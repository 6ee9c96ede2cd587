"""The editing of a mapping: what the keys of its list open."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from textual.screen import Screen

from qm_tui.errors import UserError
from qm_tui.paths import mappings_folder
from qm_tui.text import listed
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.mapping.mapping_file import InvalidMapping
from qm_tui.transfer.mapping.saved_mappings import free_name, is_name_taken
from qm_tui.transfer.reading.mapped.templates import MODIFIERS
from qm_tui.tui.transfer.preview.mapping.draft import MappingDraft, read_values
from qm_tui.tui.transfer.preview.mapping.field_picker import FieldPicker
from qm_tui.tui.transfer.preview.mapping.value_dialog import ValueDialog
from qm_tui.tui.transfer.preview.mapping.values_dialog import ValuesDialog
from qm_tui.tui.widgets.dialog import ShowsMessage
from qm_tui.tui.work.flow import start_flow
from qm_tui.tui.work.threads import run_in_thread
from qm_tui.users.fields import Field, Kind
from qm_tui.users.issues import truncate

Result = TypeVar("Result")

_MAX_NAMED: Final = 8
_MAX_NAME: Final = 20
_NO_FIELD: Final = "Map the column to a field first."
_SECRET: Final = "Values of secrets are not shown, and cannot be set here."  # noqa: S105


class MappingEditor:
    """Opens the dialogs that edit a mapping.

    Args:
        screen: the dialog of the mapping.
        prepared: the import.
        draft: the mapping.
        changed: called after a change, with the field whose value for new users was set, if any.
    """

    def __init__(
        self,
        screen: Screen[Any],
        prepared: PreparedImport,
        draft: MappingDraft,
        changed: Callable[[Field | None], None],
    ) -> None:
        self._screen, self._prepared, self._draft = screen, prepared, draft
        self._changed = changed
        self._header = prepared.file_report.columns.header

    def free_name(self, name: str) -> str:
        """Return a name that no saved mapping for files with other columns has."""
        return free_name(mappings_folder(), name, self._header)

    def is_name_taken(self, name: str) -> bool:
        """Whether a saved mapping for files with other columns has this name."""
        return is_name_taken(mappings_folder(), name, self._header)

    def pick_field(self, column: int) -> None:
        """Pick the field of a column."""
        start_flow(self._screen, partial(self._pick_field, column))

    async def _pick_field(self, column: int) -> None:
        draft = self._draft
        picker = FieldPicker(draft.names[column], draft.fields[column], draft.holders)
        picked = await self._show(picker)
        if picked is not None:
            draft.map_column(column, picked.field)
            self._changed(None)

    def add_value(self) -> None:
        """Pick a field, and enter its value for new users."""
        start_flow(self._screen, self._add_value)

    async def _add_value(self) -> None:
        draft = self._draft
        free = next(iter(draft.missing), None)
        picked = await self._show(FieldPicker("", free, draft.holders, for_new_users=True))
        if picked is not None and picked.field is not None:
            await self._enter_value(picked.field)

    def enter_value(self, field: Field) -> None:
        """Enter the default or the template of a field."""
        start_flow(self._screen, partial(self._enter_value, field))

    async def _enter_value(self, field: Field) -> None:
        draft = self._draft
        dialog = ValueDialog(
            f"{field.name} of new users",
            field,
            draft.given.get(field, ""),
            _help(field, draft.names),
            partial(MappingDraft([], [], None).give, field),
            self._prepared.state,
        )
        text = await self._show(dialog)
        if text is not None:
            draft.give(field, text)
            self._changed(field if text else None)

    def edit_values(self, column: int, field: Field | None) -> str:
        """Set values for those of a column; return why that is not possible, if it is not."""
        if field is None:
            return _NO_FIELD
        if field.is_secret or field.kind is Kind.ID:
            return _SECRET
        start_flow(self._screen, partial(self._edit_values, self._draft.names[column], field))
        return ""

    async def _edit_values(self, column: str, field: Field) -> None:
        draft, prepared, screen = self._draft, self._prepared, self._screen
        mapping, request = draft.mapping(""), prepared.request
        try:
            found = await run_in_thread(lambda rest: read_values(request, mapping, field, rest))
        except UserError as error:
            if isinstance(screen, ShowsMessage):
                screen.show_message(str(error))
            return
        before = draft.values.get(field, {})
        values = await self._show(ValuesDialog(column, field, found, before, prepared.state))
        if values is not None:
            draft.set_values(field, values)
            self._changed(None)

    async def _show(self, dialog: Screen[Result]) -> Result | None:
        """Show a dialog, and return its result; None if the mapping was closed."""
        result = await self._screen.app.push_screen_wait(dialog)
        return result if self._screen.is_attached else None

    def match_by(self, field: Field | None) -> str:
        """Match users by a field, or no longer; return why that is not possible, if it is not."""
        if field is None:
            return _NO_FIELD
        try:
            self._draft.match_by(field)
        except InvalidMapping as error:
            return f"{error}."
        self._changed(None)
        return ""


def _help(field: Field, names: Sequence[str]) -> str:
    """Return what can be entered as the value of new users."""
    names = [truncate(name, _MAX_NAME) for name in names[:_MAX_NAMED]]
    columns = listed([f"{{{name}}}" for name in names], "or")
    return (
        f"{field.meaning} Only new users get it, if the file has no value. Enter a value, or use "
        f"columns: {columns}. Modifiers: {', '.join(MODIFIERS)}, for example "
        f"{{{names[0]}|first|lower}}."
    )
