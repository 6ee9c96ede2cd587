"""The dialog with the number of shown users per value of a field."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Static
from textual.worker import get_current_worker

from qm_tui.text import fitted, visible
from qm_tui.tui.frame.key_help import KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.count_table import SHOWN, TOO_LONG, NumberColumn, NumberList
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.tab_row import FieldLine
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.tui.work.yielding import Overtaken, rests_of
from qm_tui.users.fields import Kind, User
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.counts import COUNTED_BY, Count, counts_of
from qm_tui.users.query.filter_fields import Name
from qm_tui.users.query.filter_parser import LONGEST

_SEVERAL: Final = "Users with several licenses are counted once per license."
_NOBODY: Final = "No users to count."

_TURN: Final[list[BindingType]] = [
    Binding("left,h", "screen.turn(-1)", "Previous field"),
    Binding("right,l", "screen.turn(1)", "Next field"),
]


class CountList(NumberList):
    """A list of values with the number of users that have them.

    Args:
        total: the number of counted users.
    """

    footer_height: ClassVar[int] = 2
    columns: ClassVar[Sequence[NumberColumn]] = (NumberColumn("Users", 9),)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Add to filter"),
        *_TURN,
    ]

    def __init__(self, total: int) -> None:
        super().__init__(id="count-list")
        self.total = total
        self._title = self._note = ""
        self._counts: Sequence[Count] = ()

    @property
    def row_count(self) -> int:
        """The number of values counted so far."""
        return len(self._counts)

    @property
    def term(self) -> str:
        """The filter term of the current row, or an empty string if there are no rows."""
        return self._counts[self.cursor_row].term if self._counts else ""

    def show(self, title: str, counts: Sequence[Count] | None, note: str = "") -> None:
        """Show the counts of a field.

        Args:
            title: the name of the field.
            counts: the values, most frequent first; None while they are being counted.
            note: a note about the counts.
        """
        self._title, self._counts, self._note = title, counts or (), note
        self.is_counting = counts is None
        self.most = self._counts[0].number if self._counts else 0
        self.rows_changed()

    @property
    def heading(self) -> str:
        """The name of the field and the number of values."""
        return f"{self._title}: {super().heading}"

    def name_of(self, row: int) -> str:
        """Return the value of a row."""
        return self._counts[row].value

    def numbers_of(self, row: int) -> Sequence[int]:
        """Return the number of users of a row."""
        return (self._counts[row].number,)

    def footer_text(self, width: int, line: int) -> str:
        """Return the note in the first line, the current filter term in the second."""
        term = f"Filter  {visible(self.term, SHOWN)}" if self.term else ""
        return fitted(f"  {(self._note, term)[line]}", width)


class CountsMade(Message):
    """Users were counted by a field.

    Args:
        by: the field.
        counts: the values with their numbers of users.
    """

    def __init__(self, by: Name, counts: Sequence[Count]) -> None:
        super().__init__()
        self.by, self.counts = by, counts


class CountsDialog(Dialog[str | None]):
    """Counts users by field. The result is a filter term, or None.

    Args:
        user_ids: the User IDs of the users to count.
        users: the users by User ID.
        what: the description of these users for the title, such as "312 users shown".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *_TURN,
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q,F", "cancel", "Close"),
    ]

    def __init__(self, user_ids: Sequence[str], users: Mapping[str, User], what: str) -> None:
        super().__init__()
        self._user_ids, self._users, self._what = user_ids, users, what
        self._list = CountList(len(user_ids))
        self._place = 0
        self._made: dict[str, Sequence[Count]] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="counts-dialog") as dialog:
            dialog.border_title = safe(f"Count by field: {self._what}")
            dialog.border_subtitle = safe("← → field  Enter add to filter  ? keys  Esc close")
            yield FieldLine([_short(name) for name in COUNTED_BY], self._choose)
            yield self._list
            yield Static(id="counts-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Add to filter]"), id="use", compact=True)
                yield Button(safe("[Close]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self._list.focus()
        self._show(COUNTED_BY[0], None)
        self.call_after_refresh(self._choose_first)  # draw the dialog first, then count

    # Choosing the field

    def action_turn(self, by: int) -> None:
        """Count by the next or previous field."""
        self._choose((self._place + by) % len(COUNTED_BY))

    def _choose_first(self) -> None:
        if not self._made:
            self._choose(self._place)

    def _choose(self, place: int) -> None:
        self._place = place
        self.query_one(FieldLine).show(place)
        by = COUNTED_BY[place]
        made = self._made.get(by.name)
        self._show(by, made)
        if made is None:
            self._count(by)

    def _show(self, by: Name, counts: Sequence[Count] | None) -> None:
        if by.field is None:
            self._list.show(COLUMN[by.name].name, counts, _SEVERAL)
        else:
            self._list.show(by.field.name, counts)
        self._say("" if self._user_ids else _NOBODY)

    def _say(self, sentence: str) -> None:
        self.query_one("#counts-said", Static).update(safe(sentence))

    @on(VirtualRows.RowHighlighted)
    def _highlighted(self, event: VirtualRows.RowHighlighted) -> None:
        if not isinstance(event, VirtualRows.RowSelected):
            self._say("")

    # Counting

    @work(thread=True, exclusive=True, group="counting", description="count")
    def _count(self, by: Name) -> None:
        users, rest = self._users, rests_of(get_current_worker())
        try:
            counts = counts_of((users[user_id] for user_id in self._user_ids), by, rest)
        except Overtaken:
            return
        self.post_message(CountsMade(by, counts))

    @on(CountsMade)
    def _counted(self, event: CountsMade) -> None:
        self._made[event.by.name] = event.counts
        if event.by is COUNTED_BY[self._place]:
            self._show(event.by, event.counts)

    # Closing

    @on(Button.Pressed, "#use")
    @on(VirtualRows.RowSelected)
    def _use(self) -> None:
        term = self._list.term
        if len(term) > LONGEST:
            self._say(TOO_LONG)
        elif term:
            self.dismiss(term)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Close the dialog. The filter does not change."""
        self.dismiss(None)

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))


def _short(by: Name) -> str:
    """Return a short name for the row of fields."""
    if by.field is None:
        return COLUMN[by.name].name
    return by.name.capitalize() if by.field.kind is Kind.FLAG else by.field.short
