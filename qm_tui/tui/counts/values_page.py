"""The pages Profiles, Departments and Locations: the values in use, and their rename."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from textwrap import wrap
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.widget import Widget

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.counts.page import CountingPage
from qm_tui.tui.counts.rename_flow import rename
from qm_tui.tui.frame.actions_bar import ActionButton
from qm_tui.tui.frame.page import COMMON, UNDO
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.widgets.count_table import INITIAL_POSITION, MAX_SHOWN, NumberColumn, NumberList
from qm_tui.tui.widgets.key_hint import FieldLine
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import Field
from qm_tui.users.query.counts import FieldValues, ValueCount, count_field_values
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterField


class ValueList(NumberList[ValueCount]):
    """Values, a row each, most frequent first."""

    footer_height: ClassVar[int] = 2
    columns: ClassVar[Sequence[NumberColumn]] = (
        NumberColumn("Users", 9),
        NumberColumn("Inactive", 8),
    )
    bar: ClassVar[int] = 6

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Show users", tooltip="Show users with this value")
    ]

    def __init__(self) -> None:
        super().__init__(id="values")
        self._by: FilterField | None = None

    def show(self, values: FieldValues, total: int, cursor_value: str | None) -> None:
        """Show the values of a field.

        Args:
            values: the values.
            total: the number of users.
            cursor_value: the value to move the cursor to; without it, the cursor stays.
        """
        before = self.position if values.by == self._by else INITIAL_POSITION
        self._by = values.by
        self.set_items(values.counts, total)
        self.replace_rows(before, values.rows, cursor_value)

    def value_of(self, item: ValueCount) -> str:
        """Return the value."""
        return item.value

    def numbers_of(self, item: ValueCount) -> Sequence[int]:
        """Return the number of its users, and how many of them are inactive."""
        return item.number, item.inactive

    def footer_text(self, width: int, line: int) -> str:
        """Return the filter term for the current value, which may be longer than its row."""
        item = self.cursor_item
        text = f"Filter  {sanitize(item.term, MAX_SHOWN)}" if item else ""
        lines = wrap(text, max(8, width - 3), max_lines=self.footer_height, placeholder=" …")
        return pad_or_truncate(f"  {lines[line]}" if line < len(lines) else "", width)


class ValuesPage(CountingPage[Sequence[FieldValues]]):
    """The values of one of several fields.

    Args:
        session: the state that the pages share.
    """

    BY: ClassVar[tuple[FilterField, ...]]
    """The fields."""

    ACTION_BUTTONS: ClassVar[tuple[ActionButton, ...]] = (
        ActionButton("[Enter Show users]", "show", "show_users"),
        ActionButton("[<counts.rename> Rename]", "rename", "rename"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("counts.rename", "rename", hint="Rename"),
        bind("counts.previous", "turn(-1)"),
        bind("counts.next", "turn(1)"),
        UNDO,
        *COMMON,
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._field_index = self._total = 0
        self._values: Sequence[FieldValues] = ()
        self._wanted_value: dict[int, str | None] = {}

    @property
    def _list(self) -> ValueList:
        return self.query_one(ValueList)

    def compose_counts(self) -> Iterator[Widget]:
        """Yield the tabs of the fields, if there are several, and the values of one."""
        if len(self.BY) > 1:
            yield FieldLine([_field(by).short for by in self.BY], self._turn_to)
        yield ValueList()

    def on_mount(self) -> None:
        self._show_field()

    def focus_list(self) -> None:
        """Focus the list."""
        self._list.focus()

    # Counting

    def count_users(self, state: State, yield_control: YieldControl) -> Sequence[FieldValues]:
        """Count the values of all fields. Runs in a thread."""
        groups = [state.groups((_field(by).key, "is_active"), rest=yield_control) for by in self.BY]
        return [
            count_field_values(counted, by, yield_control)
            for counted, by in zip(groups, self.BY, strict=True)
        ]

    def show_counts(self, counts: Sequence[FieldValues], total: int) -> None:
        """Show the values of the current field; the cursor stays on its value."""
        self._values, self._total = counts, total
        self._show_values()

    def _show_values(self) -> None:
        cursor_value = self._wanted_value.pop(self._field_index, None)
        self._list.show(self._values[self._field_index], self._total, cursor_value)

    # Fields

    def action_turn(self, by: int) -> None:
        """Show the values of the next or the previous field."""
        self._turn_to((self._field_index + by) % len(self.BY))

    def _turn_to(self, index: int) -> None:
        if index == self._field_index:
            return
        self._wanted_value.setdefault(self._field_index, self._list.position.value)
        self._field_index = index
        self._show_field()
        if self._values:
            self._show_values()

    def _show_field(self) -> None:
        self.show_title(_field(self.BY[self._field_index]).name)
        for line in self.query(FieldLine):
            line.show(self._field_index)

    # Actions on a value

    @on(ValueList.RowSelected)
    def action_show_users(self) -> None:
        """Show the users with the current value."""
        count = self._list.cursor_item
        if count is not None:
            self.show_users(count.term, count.number)

    @flow
    async def action_rename(self) -> None:
        """Rename the current value for all users who have it."""
        count, index = self._list.cursor_item, self._field_index
        if count is None or not self.session.may_change:
            return
        new = await rename(self, self.session, self._values[index], count.value)
        if new is not None:
            self._wanted_value[index] = (
                new  # the cursor moves to it when the values are counted again
            )

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Disable actions that are unavailable now."""
        if action == "turn":
            return len(self.BY) > 1
        if action in ("show_users", "rename"):
            with suppress(NoMatches):
                if self._list.cursor_item is None:
                    return None
            return action == "show_users" or self.session.may_change or None
        return super().check_action(action, parameters)


class ProfilesPage(ValuesPage):
    """Administration > Profiles."""

    PAGE: ClassVar[str] = "profiles"
    BY: ClassVar[tuple[FilterField, ...]] = (
        FILTER_FIELDS["recording-profile"],
        FILTER_FIELDS["security-profile"],
    )


class DepartmentsPage(ValuesPage):
    """Administration > Departments."""

    PAGE: ClassVar[str] = "departments"
    BY: ClassVar[tuple[FilterField, ...]] = (FILTER_FIELDS["department"],)


class LocationsPage(ValuesPage):
    """Administration > Locations."""

    PAGE: ClassVar[str] = "locations"
    BY: ClassVar[tuple[FilterField, ...]] = (FILTER_FIELDS["location"],)


def _field(by: FilterField) -> Field:
    assert by.field is not None  # noqa: S101 - all of these filter names are fields
    return by.field
