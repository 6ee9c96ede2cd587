"""The editing of a mapping: what the keys of its list open."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from qm_tui.errors import UserError
from qm_tui.text import listed
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.mapping.mapping_file import InvalidMapping
from qm_tui.transfer.reading.mapped.templates import MODIFIERS
from qm_tui.tui.transfer.preview.mapping.draft import MappingDraft, read_values
from qm_tui.tui.transfer.preview.mapping.field_picker import FieldPicker, FieldSelected
from qm_tui.tui.transfer.preview.mapping.value_dialog import ValueDialog
from qm_tui.tui.transfer.preview.mapping.values_dialog import ValuesDialog
from qm_tui.tui.widgets.dialog import ShowsMessage
from qm_tui.tui.work.threads import run_in_thread, start_worker
from qm_tui.users.fields import Field, Kind

_MAX_NAMED: Final = 8
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

    def pick_field(self, column: int) -> None:
        """Pick the field of a column."""
        draft = self._draft

        def take(picked: FieldSelected | None) -> None:
            if picked is not None:
                draft.map_column(column, picked.field)
                self._changed(None)

        picker = FieldPicker(draft.names[column], draft.fields[column], draft.holders)
        self._screen.app.push_screen(picker, take)

    def add_value(self) -> None:
        """Pick a field, and enter its value for new users."""
        draft = self._draft

        def take(picked: FieldSelected | None) -> None:
            if picked is not None and picked.field is not None:
                self.enter_value(picked.field)

        free = next(iter(draft.missing), None)
        picker = FieldPicker("", free, draft.holders, for_new_users=True)
        self._screen.app.push_screen(picker, take)

    def enter_value(self, field: Field) -> None:
        """Enter the default or the template of a field."""
        draft = self._draft

        def take(text: str | None) -> None:
            if text is not None:
                draft.give(field, text)
                self._changed(field if text else None)

        dialog = ValueDialog(
            f"{field.name} of new users",
            field,
            draft.given.get(field, ""),
            _help(field, draft.names),
            partial(MappingDraft([], [], None).give, field),
            self._prepared.state,
        )
        self._screen.app.push_screen(dialog, take)

    def edit_values(self, column: int, field: Field | None) -> str:
        """Set values for those of a column; return why that is not possible, if it is not."""
        if field is None:
            return _NO_FIELD
        if field.is_secret or field.kind is Kind.ID:
            return _SECRET
        work = partial(self._edit_values, self._draft.names[column], field)
        start_worker(self._screen, work, "values of the column", exclusive=True)
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

        def take(values: Mapping[str, str] | None) -> None:
            if values is not None:
                draft.set_values(field, values)
                self._changed(None)

        if screen.is_active:
            before = draft.values.get(field, {})
            dialog = ValuesDialog(column, field, found, before, prepared.state)
            screen.app.push_screen(dialog, take)

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
    columns = listed([f"{{{name}}}" for name in names[:_MAX_NAMED]], "or")
    return (
        f"{field.meaning} Only new users get it, if the file has no value. Enter a value, or use "
        f"columns: {columns}. Modifiers: {', '.join(MODIFIERS)}, for example "
        f"{{{names[0]}|first|lower}}."
    )
