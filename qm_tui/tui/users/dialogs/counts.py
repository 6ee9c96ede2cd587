"""The dialog with the number of shown users per value of a field."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.keys.keymap import bind, is_move
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.count_table import MAX_SHOWN, TOO_LONG, NumberList
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.key_hint import FieldLine
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.threads import ask_until_answered
from qm_tui.users.fields import Kind
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.counts import COUNTABLE_FIELDS, Count, count_by, keys_to_count
from qm_tui.users.query.filter_fields import FilterField
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH
from qm_tui.users.query.query import Query

_SEVERAL: Final = "Users with several licenses are counted once per license."
_NO_USERS: Final = "No users to count."

_FIELD_BINDINGS: Final[list[BindingType]] = [
    bind("counts.previous", "screen.turn(-1)"),
    bind("counts.next", "screen.turn(1)"),
]


class CountList(NumberList[Count]):
    """A list of values with the number of users that have them.

    Args:
        total: the number of counted users.
    """

    footer_height: ClassVar[int] = 2

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Add to filter"),
        *_FIELD_BINDINGS,
    ]

    def __init__(self, total: int) -> None:
        super().__init__(id="count-list")
        self._users = total
        self._title = self._note = ""

    @property
    def term(self) -> str:
        """The filter term of the current row, or an empty string if there are no rows."""
        return self.cursor_item.term if self.cursor_item is not None else ""

    def show(self, title: str, counts: Sequence[Count] | None, note: str = "") -> None:
        """Show the counts of a field.

        Args:
            title: the name of the field.
            counts: the values, most frequent first; None while they are being counted.
            note: a note about the counts.
        """
        self._title, self._note = title, note
        self.set_items(counts or (), self._users)
        self.is_counting = counts is None
        self.rows_changed()

    @property
    def heading(self) -> str:
        """The name of the field and the number of values."""
        return f"{self._title}: {super().heading}"

    def value_of(self, item: Count) -> str:
        """Return the value."""
        return item.value

    def numbers_of(self, item: Count) -> Sequence[int]:
        """Return the number of its users."""
        return (item.number,)

    def footer_text(self, width: int, line: int) -> str:
        """Return the note in the first line, the current filter term in the second."""
        term = f"Filter  {sanitize(self.term, MAX_SHOWN)}" if self.term else ""
        return pad_or_truncate(f"  {(self._note, term)[line]}", width)


class CountsDialog(Dialog[str | None]):
    """Counts users by field. The result is a filter term, or None.

    Args:
        state: the state of the store.
        query: finds the users to count.
        number: how many they are.
        noun: the description of these users for the title, such as "312 users shown".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *_FIELD_BINDINGS,
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "cancel"),
        bind("users.counts", "cancel", "Close"),
    ]

    def __init__(self, state: State, query: Query, number: int, noun: str) -> None:
        super().__init__()
        self._state, self._query, self._number, self._noun = state, query, number, noun
        self._list = CountList(number)
        self._index = 0
        self._cache: dict[str, Sequence[Count]] = {}

    def compose(self) -> ComposeResult:
        with dialog_frame(
            "counts-dialog",
            f"Count by field: {self._noun}",
            "← → field  Enter add to filter  <screen.keys> keys  Esc close",
        ):
            yield FieldLine([_short(name) for name in COUNTABLE_FIELDS], self._select)
            yield self._list
            yield Static(id="counts-said")
            yield button_row(use="[Add to filter]", cancel="[Close]")

    def on_mount(self) -> None:
        self._list.focus()
        self._show(COUNTABLE_FIELDS[0], None)
        self.call_after_refresh(self._select_first)  # draw the dialog first, then count

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the users are counted."""
        return self._list.is_counting and (key == "enter" or is_move(key))

    # Choosing the field

    def action_turn(self, by: int) -> None:
        """Count by the next or previous field."""
        self._select((self._index + by) % len(COUNTABLE_FIELDS))

    def _select_first(self) -> None:
        if not self._cache:
            self._select(self._index)

    def _select(self, index: int) -> None:
        self._index = index
        self.query_one(FieldLine).show(index)
        by = COUNTABLE_FIELDS[index]
        made = self._cache.get(by.name)
        self._show(by, made)
        if made is None:
            self._count(by)

    def _show(self, by: FilterField, counts: Sequence[Count] | None) -> None:
        if by.field is None:
            self._list.show(COLUMN[by.name].name, counts, _SEVERAL)
        else:
            self._list.show(by.field.name, counts)
        self.show_message("" if self._number else _NO_USERS)

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        for line in self.query("#counts-said").results(Static):  # none after closing
            line.update(safe(message))

    @on(VirtualList.RowHighlighted)
    def _highlighted(self, event: VirtualList.RowHighlighted) -> None:
        if not isinstance(event, VirtualList.RowSelected):
            self.show_message("")

    # Counting

    @work(exclusive=True, group="counting", description="count")
    async def _count(self, by: FilterField) -> None:
        counts = await ask_until_answered(partial(self._counts_by, by))
        self._cache[by.name] = counts
        self._show(by, counts)

    def _counts_by(self, by: FilterField, rest: YieldControl) -> Sequence[Count]:
        groups = self._state.groups(keys_to_count(by), replace(self._query, sort=()), rest)
        return count_by(groups, by, rest)

    # Closing

    @on(Button.Pressed, "#use")
    @on(VirtualList.RowSelected)
    def _use(self) -> None:
        term = self._list.term
        if len(term) > MAX_FILTER_LENGTH:
            self.show_message(TOO_LONG)
        elif term:
            self.dismiss(term)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog. The filter does not change."""
        self.dismiss(None)


def _short(by: FilterField) -> str:
    """Return a short name for the row of fields."""
    if by.field is None:
        return COLUMN[by.name].name
    return by.name.capitalize() if by.field.kind is Kind.FLAG else by.field.short
