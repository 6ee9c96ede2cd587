"""The query of the users table: users found by filter and sorted, in the background."""

from collections.abc import Collection, Container, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from textual.message import Message

from qm_tui.progress import YieldControl, no_rest, yield_control
from qm_tui.store.interface import UserStore
from qm_tui.store.state import FIRST, Place, Side, State, UserCount, Window
from qm_tui.tui.work.job import UserListView, ViewQuery
from qm_tui.tui.work.marks import MarkChanges, Marks, selected_among
from qm_tui.tui.work.user_rows import LOADED
from qm_tui.users.fields import FIELDS, Field
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.query.counts import values_by_count
from qm_tui.users.query.filter_fields import FilterKind
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.query import Query, Selection, all_except, these

FIRST_COUNT: Final = 10_001
"""The number to which a server counts users before it shows the first of them."""


class QuerySuperseded(Exception):
    """There is a newer query."""


class UserQueries:
    """The queries of the users table, and the values in use for completion.

    Args:
        store: the store.
        marks: the marked users, for filters that use them.

    Attributes:
        in_use: the prepared values in use, to find new ones; empty until they are prepared.
    """

    def __init__(self, store: UserStore, marks: Marks) -> None:
        self.store, self.marks = store, marks
        self.in_use = ValuesInUse()
        self._number = self._prepared = 0
        self._values: Mapping[str, Sequence[str]] = {}

    def begin(self) -> None:
        """Note that a new query starts: what is being prepared can wait until it has ended."""
        self._number += 1

    def _rest(self) -> YieldControl:
        number = self._number

        def check() -> None:
            if number != self._number:
                raise QuerySuperseded

        return yield_control(check)

    def parse(self, query: ViewQuery, marked: Selection | None = None) -> Query:
        """Return a query that the store can be asked.

        Args:
            query: the query.
            marked: the marked users; if not given, those that are marked now.

        Raises:
            FilterSyntaxError: the filter is invalid.
        """
        terms = parse_filter(query.filter, is_typing=True)
        marked = self.marks.selection if marked is None else marked
        return Query(terms, query.sort, marked, day=date.today()).relevant

    def prepare(self, state: State) -> None:
        """Prepare what the first query needs, and the values in use. For worker threads.

        If a query is started in the meantime, it prepares them when it has found its users.
        """
        if state.version == self._prepared:
            return
        try:
            state.prepare(self._rest())
        except QuerySuperseded:
            return
        rest = yield_control()
        self._values = {
            field.key: [
                value for value, _ in values_by_count(state.groups((field.key,), rest=rest), rest)
            ]
            for field in FIELDS
            if field.repeats
        }
        self.in_use = ValuesInUse(self._values)
        self._prepared = state.version

    def values_of(self, field: Field) -> Sequence[str]:
        """Return the prepared values of a field that several users have, most frequent first."""
        return self._values.get(field.key, ())


def depends_on_marks(filter_text: str) -> bool:
    """Whether the result of a filter depends on the marks."""
    try:
        terms = parse_filter(filter_text, is_typing=True)
    except FilterSyntaxError:
        return False
    return any(term.name is not None and term.name.kind is FilterKind.MARKED for term in terms)


def make_view(
    queries: UserQueries,
    state: State,
    query: ViewQuery,
    changed: Collection[str] = (),
    added: Container[str] = (),
    *,
    lifts: bool = False,
    known: UserCount | None = None,
) -> UserListView:
    """Return the users table for a state. For worker threads.

    A filter that needs details that are no longer available is cleared.

    Args:
        queries: the queries of the table.
        state: the state.
        query: the query.
        changed: the User IDs of the users that a job changed or added; they get a sign, and the
            cursor moves to the first of them.
        added: the User IDs of the users that it added.
        lifts: whether to clear a filter that would hide one of them.
        known: how many users the query found in an earlier state; a server need not count again.
    """
    rest = yield_control()
    unfiltered = replace(query, filter="")
    mark_changes = queries.marks.changes(queries.store, state, rest)
    marked = mark_changes.applied_to(queries.marks.selection)
    try:
        searched = queries.parse(query, marked)
        count, is_counted = _first_count(state, searched, rest, known)
        is_lifted = False
    except FilterSyntaxError:
        searched = queries.parse(unfiltered)
        count, is_counted = _first_count(state, searched, rest)
        is_lifted = True
    signs = {user_id: "+" if user_id in added else "~" for user_id in changed}
    of_changed = these(signs)
    if lifts and searched.terms:
        shown = state.count(searched.among(of_changed), rest)
        if shown.number < len(signs):
            searched = queries.parse(unfiltered)
            count, is_counted = _first_count(state, searched, rest)
            is_lifted = True
    cursor_id, place = None, FIRST
    if signs:
        first = state.window(searched.among(of_changed), FIRST, 1, rest).users
        if first:
            cursor_id = first[0].user_id
            place = Place(Side.AROUND, (cursor_id,))
    window = load_window(queries.marks, state, searched, place, rest)
    return UserListView(
        state,
        searched,
        count,
        window,
        signs,
        cursor_id,
        query=unfiltered if is_lifted else query,
        is_lifted=is_lifted,
        mark_changes=mark_changes,
        is_counted=is_counted,
    )


def _first_count(
    state: State, query: Query, rest: YieldControl, known: UserCount | None = None
) -> tuple[UserCount, bool]:
    """Return how many users to show first, and whether that is their exact number."""
    if state.is_at_hand:
        return state.count(query, rest), True
    if not query.terms and query.within is None:
        return UserCount(state.total), True
    if known is not None and state.count(query, rest, enough=1).number:
        return known, False
    count = state.count(query, rest, enough=FIRST_COUNT)
    return count, count.is_exact


def count_exactly(view: UserListView, rest: YieldControl) -> UserCount:
    """Return the exact count of users in the table; the last count if its filter is invalid now."""
    try:
        return view.state.count(view.searched, rest)
    except FilterSyntaxError:
        return view.count  # the next live update clears the filter


def load_window(
    marks: Marks, state: State, query: Query, place: Place, rest: YieldControl
) -> Window:
    """Return the first users that the table loads, and learn which are marked."""
    window = state.window(query, place, LOADED, rest)
    marks.learn(state, [user.user_id for user in window.users], rest)
    return window


class MarksCounted(Message):
    """The marked users were counted, and those that are not shown.

    Args:
        number: the number of the comparison.
        changes: what must change so that the same users are marked, without deleted ones.
        marked: how many they are.
        hidden: how many of them are not shown.
    """

    def __init__(self, number: int, changes: MarkChanges, marked: int, hidden: int) -> None:
        super().__init__()
        self.number, self.changes, self.marked, self.hidden = number, changes, marked, hidden


def count_marks(
    number: int, view: UserListView, queries: UserQueries, rest: YieldControl = no_rest
) -> MarksCounted:
    """Count the marked users. For worker threads.

    Args:
        number: the number of the count.
        view: the users table.
        queries: the queries of the table, with the marks.
        rest: called about every millisecond.
    """
    state, selection = view.state, queries.marks.selection
    changes = queries.marks.changes(queries.store, state, rest)
    named = changes.applied_to(selection).exceptions
    changes = changes._replace(deleted=named - selected_among(state, all_except(()), named, rest))
    selection = changes.applied_to(selection)
    marked = state.count(Query(within=selection), rest).number
    shown = state.count(view.searched.among(selection), rest).number
    return MarksCounted(number, changes, marked, marked - shown)


class QueryFinished(Message):
    """The users of a query were found.

    Args:
        view: the users table.
    """

    def __init__(self, view: UserListView) -> None:
        super().__init__()
        self.view = view


class QueryFailed(Message):
    """The users of a query were not found: the filter is invalid, or the store cannot be read.

    Args:
        query: the query.
        message: the error.
        is_valid: whether the filter is valid: the server cannot be reached at the moment.
    """

    def __init__(self, query: ViewQuery, message: str, *, is_valid: bool = False) -> None:
        super().__init__()
        self.query, self.message, self.is_valid = query, message, is_valid


def run_query(
    queries: UserQueries,
    view: UserListView,
    query: ViewQuery,
    cursor_id: str | None,
    rest: YieldControl,
) -> UserListView:
    """Return the first users of a query. For worker threads.

    Args:
        queries: the queries of the table.
        view: the current users table.
        query: the query.
        cursor_id: the user that the cursor stays on, if it is still shown.
        rest: called about every millisecond.

    Raises:
        FilterSyntaxError: the filter is invalid, or needs details that are no longer available.
        StoreError: the server cannot be reached, or cannot answer.
    """
    state, searched = view.state, queries.parse(query)
    count, is_counted = _first_count(state, searched, rest)
    place = FIRST if cursor_id is None else Place(Side.AROUND, (cursor_id,))
    window = load_window(queries.marks, state, searched, place, rest)
    symbols = view.change_symbols
    return UserListView(
        *(state, searched, count, window, symbols, window.user_id),
        query=query,
        is_counted=is_counted,
    )
