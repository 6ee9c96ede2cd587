"""The dialog to select the field for a column, with a filter."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, NamedTuple

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.reading.samples import fold_header
from qm_tui.tui.text.safe_content import key_hints
from qm_tui.tui.widgets.list_dialog import ListDialog
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.fields import FIELDS, Field, Kind

IGNORED: Final = "(ignored)"
"""Shown for a column that is not mapped to a field."""

_NAME, _REQUIRED = 29, 10
_NO_MATCH: Final = "no field matches  Backspace delete  Esc cancel"
_MAX_FILTER: Final = 40
_FOR_NEW_USERS: Final = "Value for new users in field"


_WITH_IGNORED: Final = (None, *FIELDS)
_SETTABLE: Final = tuple(
    field for field in FIELDS if not field.is_secret and field.kind is not Kind.ID
)
"""The fields that a mapping can give a value."""


class FieldSelected(NamedTuple):
    """The result of the dialog.

    Attributes:
        field: the field; None to ignore the column.
    """

    field: Field | None


class FieldList(VirtualList):
    """The fields whose names match the filter, and an entry to ignore the column.

    Args:
        holders: by field, the name of the column that is mapped to it.
        field: the current field.
        offered: the fields, and None for the entry to ignore the column.
    """

    footer_height: ClassVar[int] = 1

    def __init__(
        self,
        holders: Mapping[Field, str],
        field: Field | None,
        offered: Sequence[Field | None] = _WITH_IGNORED,
    ) -> None:
        super().__init__(id="fields")
        self._holders = holders
        self._all = self.fields = tuple(offered)
        self._begin = self._all.index(field) if field in self._all else 0
        # set before mounting, so that keys in the same burst move from there
        self.set_reactive(VirtualList.cursor_row, self._begin)

    @property
    def row_count(self) -> int:
        """The number of fields that match."""
        return len(self.fields)

    @property
    def cursor_field(self) -> FieldSelected | None:
        """The current entry; None if there is no match."""
        return FieldSelected(self.fields[self.cursor_row]) if self.fields else None

    def narrow(self, typed: str) -> None:
        """Show the fields whose names contain the text; those that start with it come first."""
        folded = fold_header(typed)
        if not folded:
            self.fields = self._all
            self.rows_changed(self._begin)
            return
        matches = [field for field in self._all if folded in fold_header(_name(field))]
        matches.sort(key=lambda field: not fold_header(_name(field)).startswith(folded))
        self.fields = tuple(matches)
        self.rows_changed(0)

    def row_text(self, row: int, width: int) -> str:
        """Return the field, whether it is required, and the column mapped to it."""
        field = self.fields[row]
        cursor = ">" if row == self.cursor_row else " "
        if field is None:
            return pad_or_truncate(f"{cursor} {IGNORED}", width)
        required = "required" if field.required else ""
        column = self._holders.get(field)
        mapped = f"mapped to {sanitize(column, 60)}" if column is not None else ""
        return pad_or_truncate(
            f"{cursor} {field.name:<{_NAME}} {required:<{_REQUIRED}} {mapped}", width
        )

    def footer_text(self, width: int, line: int) -> str:
        """Return the help for the current field."""
        if not self.fields:
            return pad_or_truncate("  No fields match the filter.", width)
        field = self.fields[self.cursor_row]
        return pad_or_truncate(f"  {field.meaning if field else 'The column is ignored.'}", width)


class FieldPicker(ListDialog[FieldSelected]):
    """Asks for the field of a column. The result is None if the dialog is canceled.

    Args:
        column: the name of the column.
        field: the field that it is mapped to.
        holders: by field, the name of the column that is mapped to it.
        for_new_users: whether it asks for the field of a value for new users instead.
    """

    FRAME: ClassVar[str] = "field-picker"
    INPUT: ClassVar[str] = "field-filter"

    def __init__(
        self,
        column: str,
        field: Field | None,
        holders: Mapping[Field, str],
        *,
        for_new_users: bool = False,
    ) -> None:
        self._rows = FieldList(holders, field, _SETTABLE if for_new_users else _WITH_IGNORED)
        title = _FOR_NEW_USERS if for_new_users else f'Map column "{column}" to'
        super().__init__(self._rows, title, "Field", _MAX_FILTER)

    def narrow(self, typed: str) -> None:
        """Show the fields whose names contain the text."""
        self._rows.narrow(typed)
        hints = self.HINTS if self._rows.row_count else _NO_MATCH
        self.query_one(f"#{self.FRAME}").border_subtitle = key_hints(hints)

    def select(self) -> None:
        """Select the current field."""
        picked = self._rows.cursor_field
        if picked is not None:
            self.dismiss(picked)


def _name(field: Field | None) -> str:
    return field.name if field else IGNORED
