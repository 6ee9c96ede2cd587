"""The dialog Counts: how many of the users that are shown have which value of a field."""

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

_SEVERAL: Final = "A user with several licenses is counted with each of them."
_NOBODY: Final = "No users are shown: there is nothing to count."

_TURN: Final[list[BindingType]] = [
    Binding("left,h", "screen.turn(-1)", "Field before"),
    Binding("right,l", "screen.turn(1)", "Field after"),
]


class CountList(NumberList):
    """Values, a line each, with how many users have them.

    Args:
        total: how many users were counted.
    """

    footer_height: ClassVar[int] = 2
    columns: ClassVar[Sequence[NumberColumn]] = (NumberColumn("Users", 9),)

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Add it to the filter"),
        *_TURN,
    ]

    def __init__(self, total: int) -> None:
        super().__init__(id="count-list")
        self.total = total
        self._title = self._note = ""
        self._counts: Sequence[Count] = ()

    @property
    def row_count(self) -> int:
        """How many values there are, as far as they are counted."""
        return len(self._counts)

    @property
    def term(self) -> str:
        """The filter of the line under the cursor; empty where there is none."""
        return self._counts[self.cursor_row].term if self._counts else ""

    def show(self, title: str, counts: Sequence[Count] | None, note: str = "") -> None:
        """Show how many users have which value.

        Args:
            title: what they are counted by.
            counts: the values, those of most users first; None while they are being counted.
            note: what must be known about them.
        """
        self._title, self._counts, self._note = title, counts or (), note
        self.is_counting = counts is None
        self.most = self._counts[0].number if self._counts else 0
        self.rows_changed()

    @property
    def heading(self) -> str:
        """What they are counted by, and how many values there are."""
        return f"{self._title}: {super().heading}"

    def name_of(self, row: int) -> str:
        """The value."""
        return self._counts[row].value

    def numbers_of(self, row: int) -> Sequence[int]:
        """How many users have it."""
        return (self._counts[row].number,)

    def footer_text(self, width: int, line: int) -> str:
        """What must be known about them, and what Enter adds to the filter."""
        term = f"Filter  {visible(self.term, SHOWN)}" if self.term else ""
        return fitted(f"  {(self._note, term)[line]}", width)


class CountsMade(Message):
    """Users were counted.

    Args:
        by: what they were counted by.
        counts: how many have which value.
    """

    def __init__(self, by: Name, counts: Sequence[Count]) -> None:
        super().__init__()
        self.by, self.counts = by, counts


class CountsDialog(Dialog[str | None]):
    """Counts users by one field after the other. It gives the filter of a line, or None.

    Args:
        user_ids: the User IDs of those who are counted.
        users: the users by User ID.
        what: who is counted, in words: "312 users shown".
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *_TURN,
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q,F", "cancel", "Back"),
    ]

    def __init__(self, user_ids: Sequence[str], users: Mapping[str, User], what: str) -> None:
        super().__init__()
        self._user_ids, self._users, self._what = user_ids, users, what
        self._list = CountList(len(user_ids))
        self._place = 0
        self._made: dict[str, Sequence[Count]] = {}

    def compose(self) -> ComposeResult:
        """The fields, the counts by the one that is chosen, the buttons."""
        with Vertical(classes="dialog", id="counts-dialog") as dialog:
            dialog.border_title = safe(f"Counts: {self._what}")
            dialog.border_subtitle = safe("← → field  Enter add to the filter  ? keys  Esc back")
            yield FieldLine([_short(one) for one in COUNTED_BY], self._choose)
            yield self._list
            yield Static(id="counts-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Add to the filter]"), id="use", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The list has the focus; the first field is counted once the dialog is drawn."""
        self._list.focus()
        self._show(COUNTED_BY[0], None)
        self.call_after_refresh(self._choose_first)

    # Choosing the field

    def action_turn(self, by: int) -> None:
        """Count by the next field, or by the one before."""
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
        """Close it, and the filter stays as it is."""
        self.dismiss(None)

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))


def _short(by: Name) -> str:
    """The name of what is counted by, in a line with the others."""
    if by.field is None:
        return COLUMN[by.name].name
    return by.name.capitalize() if by.field.kind is Kind.FLAG else by.field.short
