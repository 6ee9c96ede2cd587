"""The list of records of a preview, or of users that are not in the file."""

from bisect import bisect_left
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from rich.segment import Segment
from textual import work
from textual.message import Message
from textual.strip import Strip

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback
from qm_tui.store.interface import UserStore
from qm_tui.store.state import NO_USERS, UserCount
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.transfer.planning.plan import MAX_LISTED, RecordOutcome, RecordOutcomes, Result
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.transfer.preview.view_model import Preview, RecordFilter
from qm_tui.tui.user.details_screen import DetailsScreen
from qm_tui.tui.widgets.markable_list import IN_RANGE, MarkableList, RangeEnd
from qm_tui.tui.work.background import run_with_progress
from qm_tui.tui.work.marks import Marks
from qm_tui.tui.work.threads import when_answered
from qm_tui.tui.work.user_rows import UserRows
from qm_tui.users.fields import FIELDS, User
from qm_tui.users.query.query import ALL

_LINE: Final = 6
_RESULT: Final = 9
_NARROW, _WIDE = 18, 26
_WIDE_FROM: Final = 100
_NOT_NAMED: Final = "absent"
_VALUE: Final = 60
_MARK: Final = "✓"
_SHOW_ALL: Final = "Press <preview.all> to show all records."
_EMPTY: Final = {
    RecordFilter.ALL: "The file has no records.",
    RecordFilter.ADDED: f"No records will be added. {_SHOW_ALL}",
    RecordFilter.CHANGED: f"No records will be changed. {_SHOW_ALL}",
    RecordFilter.UNCHANGED: f"No records are unchanged. {_SHOW_ALL}",
    RecordFilter.REJECTED: f"No records are rejected. {_SHOW_ALL}",
    RecordFilter.WARNINGS: f"No records have warnings. {_SHOW_ALL}",
    RecordFilter.NOT_IN_FILE: f"All users are in the file. {_SHOW_ALL}",
}
_NONE_LISTED: Final = f"None of the first {MAX_LISTED:,} records. The others are not listed."
_CORRECT: Final = "<preview.correct> correct"
_REPORT_AND_KEYS: Final = ("<preview.save_report> save report", "<screen.keys> keys")
_MARK_HINT: Final = "<list.mark> mark"
_HINTS: Final = ("Enter details", _MARK_HINT, _CORRECT, *_REPORT_AND_KEYS)
_HINTS_OF_USERS: Final = (
    *("Enter details", _MARK_HINT, "<list.mark_all> mark all"),
    *_REPORT_AND_KEYS,
)
_HINTS_OF_RANGE: Final = ("<list.mark_range> mark to here", "Esc cancel")
_HINTS_ELSEWHERE: Final = ("↓ go to records", _CORRECT, *_REPORT_AND_KEYS)


class RecordList(MarkableList):
    """The records that match a filter.

    Args:
        marks: the marked users; updated by its owner.
    """

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 1
    footer_has_hints: ClassVar[bool] = True

    class MarkRequested(Message):
        """The admin wants to mark or unmark users.

        Args:
            user_ids: the users in the store; None for all that are not in the file.
        """

        def __init__(self, user_ids: Sequence[str] | None) -> None:
            super().__init__()
            self.user_ids = user_ids

    class MarkRangeRequested(Message):
        """The admin wants to mark the users from one row to another.

        Args:
            start: one end of the range.
            end: the other end.
            user_ids: the users in the store; None if they are some that are not in the file.
        """

        def __init__(self, start: RangeEnd, end: RangeEnd, user_ids: Sequence[str] | None) -> None:
            super().__init__()
            self.start, self.end, self.user_ids = start, end, user_ids

    def __init__(self, marks: Marks) -> None:
        super().__init__(id="records")
        self._marks = marks
        self._preview: Preview | None = None
        self._filter = RecordFilter.ALL
        self._rows: Sequence[int] = ()
        self.absent: UserRows | None = None
        """The users that are not in the file, if they are shown."""

    @property
    def row_count(self) -> int:
        """The number of records or users that match the filter."""
        return len(self._rows)

    @property
    def outcomes(self) -> Sequence[RecordOutcome]:
        """The results of the records shown, built on access."""
        if self._preview is None or self._filter is RecordFilter.NOT_IN_FILE:
            return ()
        return _ShownOutcomes(self._preview.outcomes, self._rows)

    @property
    def number(self) -> int | None:
        """The number of the current record; None if there is none."""
        if not self._rows or self._filter is RecordFilter.NOT_IN_FILE:
            return None
        return self._rows[self.cursor_row] + 1

    def show(self, preview: Preview | None, record_filter: RecordFilter) -> None:
        """Show the records of a filter. The cursor stays on its record if that is shown."""
        self.drop_range()
        filter_before = self._filter
        current = self._rows[self.cursor_row] if self._rows else 0
        self._preview, self._filter = preview, record_filter
        self._rows = preview.rows[record_filter] if preview is not None else ()
        self.absent = None
        if preview is not None and record_filter is RecordFilter.NOT_IN_FILE:
            self.absent = _absent_users(preview, self._marks)
        same_list = (filter_before is RecordFilter.NOT_IN_FILE) == (
            record_filter is RecordFilter.NOT_IN_FILE
        )
        self.rows_changed(nearest_index(current, self._rows) if same_list else 0)
        self._load_users()

    def move_cursor_to(self, number: int) -> None:
        """Move the cursor to a record, or to the next one shown."""
        self.rows_changed(nearest_index(number - 1, self._rows))

    def user_of(self, row: int) -> User | None:
        """Return the stored user of a row, if there is one."""
        if self._preview is None:
            return None
        if self.absent is not None:
            return self.absent.user(row)
        return self._preview.outcomes.stored[self._rows[row]]

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Load the users that become visible."""
        super().watch_scroll_y(old_value, new_value)
        self._load_users()

    def _load_users(self) -> None:
        """Load users that are not in the file, and which users of records are marked."""
        if self._preview is None or not self.is_attached:
            return
        if self.absent is not None:
            self.absent.want(self.rows_in_sight, self, self.refresh)
        elif self._marks.selection.steps:
            users = filter(None, map(self.user_of, self.rows_in_sight))
            state, user_ids = self._preview.prepared.state, [user.user_id for user in users]
            learn = partial(self._marks.learn, state, user_ids)
            when_answered(self, state, learn, lambda _: self.refresh(), "known marks")

    def details(self, row: int, store: UserStore) -> DetailsScreen | None:
        """Return the details of a user that is not in the file, if such users are shown."""
        return None if self.absent is None else DetailsScreen(self.absent.copy(), row, store)

    def action_mark(self) -> None:
        """Mark or unmark the stored user of the current record."""
        end = self.marked_end if self.row_count else None
        if end is not None:
            self.post_message(self.MarkRequested([end.user_id] if end.user_id else []))

    @work(exclusive=True, group="marks", description="find users")
    async def action_mark_all(self) -> None:
        """Mark or unmark the stored users of all records shown."""
        if self.absent is not None:
            self.post_message(self.MarkRequested(None))
        elif self._preview is not None and self.row_count:
            user_ids = partial(_user_ids, self._preview, self._filter, range(self.row_count))
            self.post_message(self.MarkRequested(await run_with_progress(user_ids)))

    @property
    def marked_end(self) -> RangeEnd | None:
        """The current row as an end of a range; None if its user is not loaded yet."""
        user = self.user_of(self.cursor_row) if self.row_count else None
        if user is None and self.absent is not None:
            return None
        return RangeEnd(self.cursor_row, "" if user is None else user.user_id)

    @work(exclusive=True, group="marks", description="find users")
    async def mark_range(self, start: RangeEnd, end: RangeEnd) -> None:
        """Mark the stored users of the records from one row to another."""
        user_ids = None
        if self.absent is None and self._preview is not None:
            first, last = sorted((start.row, end.row))
            found = partial(_user_ids, self._preview, self._filter, range(first, last + 1))
            user_ids = await run_with_progress(found)
        self.post_message(self.MarkRangeRequested(start, end, user_ids))

    def header_text(self, width: int) -> list[Segment]:
        """Return the header."""
        style = self.get_component_rich_style("virtual-rows--header")
        user = f"{'User':<{_user_width(width)}}"
        text = f"  {'Line':>{_LINE}}  {'Result':<{_RESULT}} {user} Problem or change"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return the line, result and user of a record, and its first problem or change."""
        user = self.user_of(row)
        cursor = ">" if row == self.cursor_row else " "
        mark = IN_RANGE if self.is_in_range(row) else " "
        if user is not None and user.user_id in self._marks:
            mark = _MARK
        if self._preview is None or self.absent is not None:
            if user is None:
                return pad_or_truncate(cursor, width)
            line, result, name, details = "", _NOT_NAMED, _name(user), _identity_text(user)
        else:
            outcome = self._preview.outcomes[self._rows[row]]
            line, result, name = f"{outcome.line:,}", str(outcome.result), outcome.user_label
            details = outcome_text(outcome, with_change=self._filter is RecordFilter.CHANGED)
        text = f"{cursor}{mark}{line:>{_LINE}}  {result:<{_RESULT}} "
        return pad_or_truncate(
            f"{text}{pad_or_truncate(sanitize(name, _VALUE), _user_width(width))} {details}", width
        )

    def row_tone(self, row: int) -> tuple[str, slice]:
        """Return the color of the result."""
        if self._preview is None or self._filter is RecordFilter.NOT_IN_FILE:
            return super().row_tone(row)
        result = self._preview.outcomes[self._rows[row]].result
        start = 2 + _LINE + 2
        return "" if result is Result.UNCHANGED else result, slice(start, start + _RESULT)

    def render_line(self, y: int) -> Strip:
        if y != self.header_height + 1 or self._preview is None or self._rows:
            return super().render_line(y)
        is_empty = not self._preview.counts[self._filter]
        text = with_keys(_EMPTY[self._filter]) if is_empty else _NONE_LISTED
        width = self.size.width
        return Strip([Segment(pad_or_truncate(f"  {text}", width), self.rich_style)], width)

    def footer_text(self, width: int, line: int) -> str:
        """Return the key hints, and the position of the cursor."""
        place = f"{self.cursor_row + 1:,} of {self.row_count:,}" if self.row_count else "none"
        room = max(0, width - len(place) - 2)
        is_of_users = self._filter is RecordFilter.NOT_IN_FILE
        hints: tuple[str, ...] = _HINTS_OF_USERS if is_of_users else _HINTS
        if not self.has_focus:
            hints = _HINTS_ELSEWHERE
        elif self.range_start is not None:
            hints = _HINTS_OF_RANGE
        if self._preview is None or not self._preview.plan.rejected:
            hints = tuple(hint for hint in hints if hint != _CORRECT)
        text = _joined([with_keys(hint) for hint in hints], room)
        indent = " " if len(text) < room else ""
        return pad_or_truncate(f"{pad_or_truncate(indent + text, room)} {place} ", width)


def _absent_users(preview: Preview, marks: Marks) -> UserRows:
    """Return the users of the store that are not in the file.

    Args:
        preview: the preview.
        marks: the marked users.
    """
    plan, state = preview.plan, preview.prepared.state
    query, count = plan.not_in_file or ALL, UserCount(plan.not_in_file_count)
    return UserRows(state, query, count, NO_USERS, marks)


def _user_ids(
    preview: Preview, record_filter: RecordFilter, rows: range, progress: ProgressCallback
) -> Sequence[str]:
    user_ids: list[str] = []
    for start in range(rows.start, rows.stop, CHUNK_SIZE):
        stop = min(start + CHUNK_SIZE, rows.stop)
        user_ids += preview.user_ids(record_filter, start, stop)
        progress(Phase.CHECKING, start - rows.start, len(rows))
    return user_ids


class _ShownOutcomes(Sequence[RecordOutcome]):
    """The results of the records that match a filter."""

    def __init__(self, outcomes: RecordOutcomes, rows: Sequence[int]) -> None:
        self._outcomes, self._rows = outcomes, rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> RecordOutcome:  # type: ignore[override]
        return self._outcomes[self._rows[row]]


class Numbers(Sequence[int]):
    """The numbers of the records at the given indexes, in ascending order."""

    def __init__(self, rows: Sequence[int]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> int:  # type: ignore[override]
        return self._rows[index] + 1

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and self._is_at(
            number, nearest_index(number - 1, self._rows)
        )

    def _is_at(self, number: int, index: int) -> bool:
        return bool(self._rows) and self._rows[index] == number - 1

    def index(self, number: int, *_range: int) -> int:
        """Return the index of a number.

        Raises:
            ValueError: the number is not in the sequence.
        """
        index = nearest_index(number - 1, self._rows)
        if not self._is_at(number, index):
            raise ValueError(number)
        return index


def nearest_index(at: int, rows: Sequence[int]) -> int:
    """Return the index of a number in an ascending sequence, or of the next greater number.

    If all numbers are smaller, return the last index.
    """
    return max(0, min(bisect_left(rows, at), len(rows) - 1))


def _joined(hints: Sequence[str], room: int) -> str:
    """Return the key hints that fit; the last one, which lists all keys, is dropped last."""
    shown = list(hints)
    while len(text := "  ".join(shown)) > room and len(shown) > 1:
        del shown[-2]
    return text


def _user_width(width: int) -> int:
    return _WIDE if width >= _WIDE_FROM else _NARROW


def outcome_text(outcome: RecordOutcome, *, with_change: bool = False) -> str:
    """Return the first problem of a record, or its first change, sanitized.

    Args:
        outcome: the result of the record.
        with_change: whether to prefer a change to a problem.
    """
    if outcome.issues and not (with_change and outcome.result is Result.CHANGED):
        more = len(outcome.issues) - 1
        return sanitize(outcome.issues[0].message, 300) + (f" (+{more})" if more else "")
    user, stored = outcome.user, outcome.stored
    if outcome.result is Result.CHANGED and user is not None and stored is not None:
        return _change(stored, user)
    return _identity_text(user) if outcome.result is Result.ADDED else ""


def _change(before: User, after: User) -> str:
    changes = [field for field in FIELDS if before[field.index] != after[field.index]]
    if not changes:
        return ""
    first, more = changes[0], len(changes) - 1
    if first.is_secret:
        change = "changed"
    else:
        old, new = (sanitize(user[first.index], _VALUE) or "(empty)" for user in (before, after))
        change = f"{old} → {new}"
    return f"{first.name}: {change}" + (f" (+{more})" if more else "")


def _name(user: User | None) -> str:
    return f"{user.first_name} {user.last_name}".strip() if user is not None else ""


def _identity_text(user: User | None) -> str:
    """Return the values that identify a user, apart from the name."""
    if user is None:
        return ""
    values = (user.user_name, user.extension, user.department)
    return sanitize("  ".join(filter(None, values)), 200)
