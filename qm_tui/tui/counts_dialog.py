"""The dialog Counts: how many of the users that are shown have which value of a field."""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, Final, cast

from rich.segment import Segment
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Static
from textual.worker import get_current_worker

from qm_tui.text import counted, fitted, visible
from qm_tui.tui.content import safe
from qm_tui.tui.file_dialog import KeyHint
from qm_tui.tui.keys import KeysScreen, keys_that_work
from qm_tui.tui.virtual_rows import VirtualRows
from qm_tui.users.fields import Kind, User
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.counting import COUNTED_BY, Count, counts_of
from qm_tui.users.query.language import LONGEST
from qm_tui.users.query.names import Name

_NUMBER, _SHARE = 9, 7
_BAR: Final = "■"
_LEAST_SHARE: Final = 0.001
_SHOWN: Final = 300
"""Characters of a value that are looked at for a line."""

_SEVERAL: Final = "A user with several licenses is counted with each of them."
_REST: Final = 0.0005
_WORK: Final = 0.002
"""Seconds of work after which it rests, so that no key waits for it."""

_NOBODY: Final = "No users are shown: there is nothing to count."
_TOO_LONG: Final = f"This value is too long for a filter of {LONGEST:,} characters."


_TURN: Final[list[BindingType]] = [
    Binding("left,h", "screen.turn(-1)", "Field before"),
    Binding("right,l", "screen.turn(1)", "Field after"),
]


class CountList(VirtualRows):
    """Values, a line each, with how many users have them.

    Args:
        total: how many users were counted.
    """

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 2

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Add it to the filter"),
        *_TURN,
    ]

    def __init__(self, total: int) -> None:
        super().__init__(id="count-list")
        self._total = total
        self._title = self._note = ""
        self._counts: Sequence[Count] | None = None

    @property
    def row_count(self) -> int:
        """How many values there are, as far as they are counted."""
        return len(self._counts or ())

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
        self._title, self._counts, self._note = title, counts, note
        self.rows_changed()

    def header_text(self, width: int) -> list[Segment]:
        """What is counted, and the names of the columns."""
        how_many = "counting …" if self._counts is None else counted(self.row_count, "value")
        name = fitted(f"{self._title}: {how_many}", _value_width(width))
        text = f"  {name} {'Users':>{_NUMBER}} {'Share':>{_SHARE}}"
        style = self.get_component_rich_style("virtual-rows--header")
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The value, how many users have it, which share that is, and that as a bar."""
        assert self._counts is not None  # noqa: S101 - else there is no row
        one = self._counts[row]
        sign = ">" if row == self.cursor_row else " "
        value = fitted(visible(one.value, _SHOWN), _value_width(width))
        bar = _BAR * max(1, round(_bar_width(width) * one.number / self._counts[0].number))
        share = _share(one.number, self._total)
        return fitted(f"{sign} {value} {one.number:>{_NUMBER},} {share:>{_SHARE}} {bar}", width)

    def footer_text(self, width: int, line: int) -> str:
        """What must be known about them, and what Enter adds to the filter."""
        term = f"Filter  {visible(self.term, _SHOWN)}" if self.term else ""
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


class _Overtaken(Exception):
    """Other counts are wanted."""


class CountsDialog(ModalScreen[str | None]):
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
            with Horizontal(id="counts-fields"):
                for place, one in enumerate(COUNTED_BY):
                    yield KeyHint(f" {_short(one)} ", partial(self._choose, place))
            yield self._list
            yield Static(id="counts-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Add to the filter]"), id="use", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The list has the focus, the first field is counted."""
        self._list.focus()
        self._choose(0)

    # Choosing the field

    def action_turn(self, by: int) -> None:
        """Count by the next field, or by the one before."""
        self._choose((self._place + by) % len(COUNTED_BY))

    def _choose(self, place: int) -> None:
        self._place = place
        for at, (hint, one) in enumerate(zip(self.query(KeyHint), COUNTED_BY, strict=True)):
            is_chosen = at == place
            hint.set_class(is_chosen, "-chosen")
            hint.update(safe(f"[{_short(one)}]" if is_chosen else f" {_short(one)} "))
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

    @work(thread=True, exit_on_error=False, exclusive=True, group="counting", description="count")
    def _count(self, by: Name) -> None:
        worker, rested = get_current_worker(), time.monotonic()

        def rest() -> None:
            nonlocal rested
            if worker.is_cancelled:
                raise _Overtaken
            if time.monotonic() - rested >= _WORK:
                time.sleep(_REST)
                rested = time.monotonic()

        users = self._users
        try:
            counts = counts_of((users[user_id] for user_id in self._user_ids), by, rest)
        except _Overtaken:
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
            self._say(_TOO_LONG)
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


def _share(number: int, total: int) -> str:
    share = number / total
    return f"{share:.1%}" if share >= _LEAST_SHARE else "<0.1%"


def _bar_width(width: int) -> int:
    return width // 4


def _value_width(width: int) -> int:
    return max(1, width - _NUMBER - _SHARE - _bar_width(width) - 5)
