"""The records of a preview, and the users whom its file does not name: a line each."""

from collections.abc import Collection, Sequence
from itertools import islice
from typing import ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message

from qm_tui.text import fitted, visible
from qm_tui.transfer.planning.plan import Outcome, Outcomes, Result
from qm_tui.tui.transfer.preview.view_model import Filter, Preview
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.fields import FIELDS, User

_LINE: Final = 6
_RESULT: Final = 9
_NARROW, _WIDE = 18, 26
_WIDE_FROM: Final = 100
_NOT_NAMED: Final = "not named"
_VALUE: Final = 60
_MARK: Final = "✓"
_HINT: Final = "  Enter opens  Space marks  c corrects  w saves this  ? keys"
_HINT_OF_USERS: Final = "  Space marks  * marks all  w saves this  ? keys"
_HINT_ELSEWHERE: Final = "  ↓ leads here  c corrects  w saves this  ? keys"


class RecordList(VirtualRows):
    """The records that a filter shows.

    Args:
        marks: the User IDs of the users who are marked; kept up to date by their owner.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark the user"),
        Binding("asterisk", "mark_all", "Mark all shown, or none"),
    ]

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 1

    class MarkWanted(Message):
        """The mark of a user is to be set or taken away."""

        def __init__(self, user_id: str) -> None:
            super().__init__()
            self.user_id = user_id

    class AllMarksWanted(Message):
        """All users shown are to be marked, or none of them."""

    def __init__(self, marks: Collection[str]) -> None:
        super().__init__(id="records")
        self._marks = marks
        self._preview: Preview | None = None
        self._filter = Filter.ALL
        self._rows: Sequence[int] = ()

    @property
    def row_count(self) -> int:
        """How many records, or users, the filter shows."""
        return len(self._rows)

    @property
    def outcomes(self) -> Sequence[Outcome]:
        """What becomes of each record that is shown; made when asked for."""
        if self._preview is None or self._filter is Filter.NOT_IN_FILE:
            return ()
        return _Shown(self._preview.outcomes, self._rows)

    @property
    def number(self) -> int | None:
        """The number of the record under the cursor, if there is one."""
        if not self._rows or self._filter is Filter.NOT_IN_FILE:
            return None
        return self._rows[self.cursor_row] + 1

    def show(self, preview: Preview | None, wanted: Filter) -> None:
        """Show the records of a filter. The cursor stays on its record where that is shown."""
        before = self._preview, self._filter, self._rows
        was_at = self._rows[self.cursor_row] if self._rows else 0
        self._preview, self._filter = preview, wanted
        self._rows = preview.rows[wanted] if preview is not None else ()
        same_list = (before[1] is Filter.NOT_IN_FILE) == (wanted is Filter.NOT_IN_FILE)
        self.rows_changed(place_of(was_at, self._rows) if same_list else 0)

    def point_at(self, number: int) -> None:
        """Let the cursor stand on a record, or on the next one that is shown."""
        self.rows_changed(place_of(number - 1, self._rows))

    def user_of(self, row: int) -> User | None:
        """The stored user of a row, if it is about one."""
        if self._preview is None:
            return None
        at, prepared = self._rows[row], self._preview.prepared
        if self._filter is Filter.NOT_IN_FILE:
            return prepared.state.users[prepared.plan.not_in_file[at]]
        return self._preview.outcomes.stored[at]

    def action_mark(self) -> None:
        """Mark the stored user of the record under the cursor, or take the mark away."""
        user = self.user_of(self.cursor_row) if self.row_count else None
        if user is not None:
            self.post_message(self.MarkWanted(user.user_id))

    def action_mark_all(self) -> None:
        """Mark the users of all records shown, or none of them."""
        if self.row_count:
            self.post_message(self.AllMarksWanted())

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        user = f"{'User':<{_user_width(width)}}"
        text = f"  {'Line':>{_LINE}}  {'Result':<{_RESULT}} {user} Problem or change"
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The line, what becomes of the record, who it is about, and why or how."""
        user = self.user_of(row)
        cursor = ">" if row == self.cursor_row else " "
        mark = _MARK if user is not None and user.user_id in self._marks else " "
        if self._preview is None or (self._filter is Filter.NOT_IN_FILE and user is not None):
            line, result, who, said = "", _NOT_NAMED, _name(user), _about(user)
        else:
            outcome = self._preview.outcomes[self._rows[row]]
            line, result, who = f"{outcome.line:,}", str(outcome.result), outcome.who
            said = said_of(outcome, wants_change=self._filter is Filter.CHANGED)
        text = f"{cursor}{mark}{line:>{_LINE}}  {result:<{_RESULT}} "
        return fitted(f"{text}{fitted(visible(who, _VALUE), _user_width(width))} {said}", width)

    def footer_text(self, width: int, line: int) -> str:
        """What the keys do here, and which row of how many is under the cursor."""
        where = f"{self.cursor_row + 1:,} of {self.row_count:,}" if self.row_count else "none"
        room = max(0, width - len(where) - 1)
        hint = _HINT_OF_USERS if self._filter is Filter.NOT_IN_FILE else _HINT
        hint = hint if self.has_focus else _HINT_ELSEWHERE
        return fitted(f"{fitted(hint, room)}{where} ", width)


class _Shown(Sequence[Outcome]):
    """The outcomes of the rows that a filter shows."""

    def __init__(self, outcomes: Outcomes, rows: Sequence[int]) -> None:
        self._outcomes, self._rows = outcomes, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> Outcome:  # type: ignore[override]
        return self._outcomes[self._rows[row]]


class Numbers(Sequence[int]):
    """The numbers of the records that stand at some places, in ascending order."""

    def __init__(self, rows: Sequence[int]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, at: int) -> int:  # type: ignore[override]
        return self._rows[at] + 1

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._is_at(number, place_of(number - 1, self._rows))

    def _is_at(self, number: int, at: int) -> bool:
        return bool(self._rows) and self._rows[at] == number - 1

    def index(self, number: int, *_range: int) -> int:
        """The place of a number.

        Raises:
            ValueError: it is none of them.
        """
        at = place_of(number - 1, self._rows)
        if not self._is_at(number, at):
            raise ValueError(number)
        return at


def place_of(at: int, rows: Sequence[int]) -> int:
    """Where a number stands among ascending ones, or the next greater one; the last at most."""
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < at:
            low = middle + 1
        else:
            high = middle
    return max(0, min(low, len(rows) - 1))


def _user_width(width: int) -> int:
    return _WIDE if width >= _WIDE_FROM else _NARROW


def said_of(outcome: Outcome, *, wants_change: bool = False) -> str:
    """What is wrong with a record, or what it changes: visible text.

    Args:
        outcome: what becomes of it.
        wants_change: whether what it changes is of more interest than a warning.
    """
    if outcome.faults and not (wants_change and outcome.result is Result.CHANGED):
        more = len(outcome.faults) - 1
        return visible(outcome.faults[0].message, 300) + (f" (+{more})" if more else "")
    user, stored = outcome.user, outcome.stored
    if outcome.result is Result.CHANGED and user is not None and stored is not None:
        return _change(stored, user)
    return _about(user) if outcome.result is Result.ADDED else ""


def _change(before: User, after: User) -> str:
    changes = [field for field in FIELDS if before[field.index] != after[field.index]]
    if not changes:
        return ""
    first, more = changes[0], len(changes) - 1
    if first.is_secret:
        said = "changed"
    else:
        old, new = (visible(one[first.index], _VALUE) or "(empty)" for one in (before, after))
        said = f"{old} → {new}"
    return f"{first.name}: {said}" + (f" (+{more})" if more else "")


def _name(user: User | None) -> str:
    return f"{user.first_name} {user.last_name}".strip() if user is not None else ""


def _about(user: User | None) -> str:
    """By what an admin knows a user beside the name."""
    if user is None:
        return ""
    said = (user.user_name, user.extension, user.department)
    return visible("  ".join(filter(None, said)), 200)


def users_shown(preview: Preview, wanted: Filter, start: int, stop: int) -> Sequence[str]:
    """The User IDs of the stored users of some of the rows that a filter shows."""
    if wanted is Filter.NOT_IN_FILE:
        return preview.plan.not_in_file[start:stop]
    stored = preview.outcomes.stored
    users = (stored[at] for at in islice(preview.rows[wanted], start, stop))
    return [user.user_id for user in users if user is not None]
