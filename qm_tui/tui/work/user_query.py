"""The query of the users table: users found by filter and sorted, in the background."""

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock

from textual.message import Message

from qm_tui.crash import log_and_describe
from qm_tui.progress import in_chunks, yield_control
from qm_tui.store.changes.activity_index import ActivityIndex
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.tui.work.job import UserListView, ViewQuery
from qm_tui.users.fields import Field, User
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.query.filter_fields import FilterKind
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.search import Query, QueryExecutor


class QuerySuperseded(Exception):
    """There is a newer query."""


class UserQueryRunner:
    """Finds the users of a query. It is used by several threads.

    Args:
        store: the store, for filters by date of change and by import.
        marks: the User IDs of the marked users; the caller keeps it up to date.

    Attributes:
        in_use: the prepared values in use, to find new ones; empty until they are prepared.
    """

    def __init__(self, store: UserStore, marks: Collection[str]) -> None:
        self._executor = QueryExecutor(yield_control(self._check))
        self._activity = ActivityIndex(store, lambda: marks)
        self._lock = Lock()
        self._query_number = 0
        self._running_number: int | None = None
        self._values: Mapping[str, Sequence[str]] = {}
        self.in_use = ValuesInUse()
        self._prepared: Mapping[str, User] | None = None

    def begin_query(self) -> int:
        """Start a new query, and return its number. Older ones raise `QuerySuperseded`."""
        self._query_number += 1
        return self._query_number

    def user_ids(
        self, users: Mapping[str, User], query: ViewQuery, number: int | None = None
    ) -> Sequence[str]:
        """Return the User IDs of the users of a query, in order. For worker threads.

        Args:
            users: the users of a state.
            query: the query.
            number: the number of the query, if a newer one cancels it.

        Raises:
            FilterSyntaxError: the filter is invalid, or needs details that are no longer available.
            QuerySuperseded: there is a newer query.
        """
        if not query.filter and not query.sort:
            return list(users)
        parsed_query = Query(parse_filter(query.filter, is_typing=True), query.sort)
        with self._lock:
            self._running_number = number
            return self._executor.execute(users, parsed_query, self._activity)

    def prepare(self, users: Mapping[str, User]) -> None:
        """Prepare what the first query needs. For worker threads.

        Raises:
            QuerySuperseded: a query was started in the meantime; what is prepared is kept.
        """
        with self._lock:
            if users is self._prepared:
                return
            self._running_number = self._query_number
            self._executor.prepare(users)
            self._values = self._executor.common_values()
            self.in_use = ValuesInUse(self._values)
            self._prepared = users

    def values_of(self, field: Field) -> Sequence[str]:
        """Return the prepared values of a field that several users have, most frequent first."""
        return self._values.get(field.key, ())

    def _check(self) -> None:
        if self._running_number is not None and self._running_number != self._query_number:
            raise QuerySuperseded


def depends_on_marks(filter_text: str) -> bool:
    """Whether the result of a filter depends on the marks."""
    try:
        terms = parse_filter(filter_text, is_typing=True)
    except FilterSyntaxError:
        return False
    return any(term.name is not None and term.name.kind is FilterKind.MARKED for term in terms)


def make_view(
    runner: UserQueryRunner,
    state: State,
    query: ViewQuery,
    changed: Iterable[str] = (),
    added: Container[str] = (),
    *,
    lifts: bool = False,
) -> UserListView:
    """Return the users table for a state. For worker threads.

    A filter that needs details that are no longer available is cleared.

    Args:
        runner: finds the users.
        state: the state.
        query: the query.
        changed: the User IDs of the users that a job changed or added; they get a sign, and the
            cursor moves to the first of them.
        added: the User IDs of the users that it added.
        lifts: whether to clear a filter that would hide one of them.
    """
    unfiltered = replace(query, filter="")
    try:
        user_ids = runner.user_ids(state.users, query)
        is_lifted = False
    except FilterSyntaxError:
        user_ids = runner.user_ids(state.users, unfiltered)
        is_lifted = True
    signs = {user_id: "+" if user_id in added else "~" for user_id in changed}
    if lifts and query.filter and not signs.keys() <= set(user_ids):
        user_ids = runner.user_ids(state.users, unfiltered)
        is_lifted = True
    first = None
    if signs:
        first = next((row for row, user_id in enumerate(user_ids) if user_id in signs), None)
    shown = unfiltered if is_lifted else query
    return UserListView(state, user_ids, signs, first, query=shown, is_lifted=is_lifted)


class MarksCompared(Message):
    """The marks were compared with the shown users.

    Args:
        number: the number of the comparison.
        deleted: the User IDs of marked users that have been deleted.
        hidden: the number of marked users that are not shown.
    """

    def __init__(self, number: int, deleted: Collection[str], hidden: int) -> None:
        super().__init__()
        self.number, self.deleted, self.hidden = number, deleted, hidden


def compare_marks(number: int, view: UserListView, marked: Sequence[str]) -> MarksCompared:
    """Compare marks with the shown users. For worker threads.

    Args:
        number: the number of the comparison.
        view: the users table.
        marked: the User IDs of the marked users.
    """
    rest = yield_control()
    existing: set[str] = set()
    for chunk in in_chunks(marked, rest):
        existing |= view.state.users.keys() & chunk
    shown = 0
    for chunk in in_chunks(view.user_ids, rest):
        shown += sum(user_id in existing for user_id in chunk)
    return MarksCompared(number, set(marked) - existing, len(existing) - shown)


class QueryFinished(Message):
    """The users of a query were found.

    Args:
        view: the users table.
    """

    def __init__(self, view: UserListView) -> None:
        super().__init__()
        self.view = view


class QueryFailed(Message):
    """The filter is invalid, or needs details that are no longer available.

    Args:
        query: the query.
        message: the error.
    """

    def __init__(self, query: ViewQuery, message: str) -> None:
        super().__init__()
        self.query, self.message = query, message


def run_query(
    runner: UserQueryRunner,
    view: UserListView,
    query: ViewQuery,
    number: int,
    cursor_id: str | None,
    post_message: Callable[[Message], object],
) -> None:
    """Find the users of a query, and send the result. For worker threads.

    Args:
        runner: finds the users.
        view: the current users table.
        query: the query.
        number: the number of the query.
        cursor_id: the user that the cursor stays on, if it is still shown.
        post_message: called with `QueryFinished` or `QueryFailed`; not called if there is a newer
            query.
    """
    try:
        user_ids = runner.user_ids(view.state.users, query, number)
    except QuerySuperseded:
        return
    except FilterSyntaxError as issue:
        post_message(QueryFailed(query, issue.message))
        return
    except Exception as error:
        post_message(QueryFailed(query, log_and_describe(error)))
        return
    try:
        row = user_ids.index(cursor_id) if cursor_id is not None else 0
    except ValueError:
        row = 0
    post_message(
        QueryFinished(UserListView(view.state, user_ids, view.change_symbols, row, query=query))
    )
