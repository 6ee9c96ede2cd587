"""The query of the users table: users found by filter and sorted, in the background."""

import time
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import replace
from threading import Lock
from typing import Final

from textual.message import Message

from qm_tui.crash import sentence_of
from qm_tui.store.changes.activity_index import ActivityIndex
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.tui.work.job import View, Wanted
from qm_tui.users.fields import Field, User
from qm_tui.users.query.filter_fields import Asks
from qm_tui.users.query.filter_parser import FilterFault, parsed
from qm_tui.users.query.search import Finder, Query

_REST: Final = 0.0005
"""Seconds of sleep, so that no key waits."""

_WORK: Final = 0.004
"""Seconds of work between two sleeps."""


class Overtaken(Exception):
    """There is a newer query."""


class Listing:
    """Finds the users of a query. It is used by several threads.

    Args:
        store: the store, for filters by date of change and by import.
        marks: the User IDs of the marked users; the caller keeps it up to date.
    """

    def __init__(self, store: UserStore, marks: Collection[str]) -> None:
        self._finder = Finder(self._yield)
        self._happened = ActivityIndex(store, lambda: marks)
        self._lock = Lock()
        self._asked = 0
        self._answering: int | None = None
        self._slept = 0.0
        self._values: Mapping[str, Sequence[str]] = {}
        self._prepared: Mapping[str, User] | None = None

    def ask(self) -> int:
        """Start a new query, and return its number. Older ones raise `Overtaken`."""
        self._asked += 1
        return self._asked

    def user_ids(
        self, users: Mapping[str, User], wanted: Wanted, question: int | None = None
    ) -> Sequence[str]:
        """Return the User IDs of the users of a query, in order. For worker threads.

        Args:
            users: the users of a state.
            wanted: the query.
            question: the number of the query, if a newer one cancels it.

        Raises:
            FilterFault: the filter is invalid, or needs details that are no longer available.
            Overtaken: there is a newer query.
        """
        if not wanted.filter and not wanted.sort:
            return list(users)
        query = Query(parsed(wanted.filter, is_typing=True), wanted.sort)
        with self._lock:
            self._answering = question
            return self._finder.found(users, query, self._happened)

    def prepare(self, users: Mapping[str, User]) -> None:
        """Prepare what the first query needs. For worker threads.

        Raises:
            Overtaken: a query was started in the meantime; what is prepared is kept.
        """
        with self._lock:
            if users is self._prepared:
                return
            self._answering = self._asked
            self._finder.prepare(users)
            self._values = self._finder.common_values()
            self._prepared = users

    def values_of(self, field: Field) -> Sequence[str]:
        """Return the prepared values of a field that several users have, most frequent first."""
        return self._values.get(field.key, ())

    def _yield(self) -> None:
        if self._answering is not None and self._answering != self._asked:
            raise Overtaken
        now = time.monotonic()
        if now - self._slept >= _WORK:
            time.sleep(_REST)
            self._slept = time.monotonic()


def asks_for_marks(filter_text: str) -> bool:
    """Whether the result of a filter depends on the marks."""
    try:
        terms = parsed(filter_text, is_typing=True)
    except FilterFault:
        return False
    return any(term.name is not None and term.name.asks is Asks.MARKED for term in terms)


def view_of(
    listing: Listing,
    state: State,
    wanted: Wanted,
    changed: Iterable[str] = (),
    added: Container[str] = (),
    *,
    lifts: bool = False,
) -> View:
    """Return the users table for a state. For worker threads.

    A filter that needs details that are no longer available is cleared.

    Args:
        listing: finds the users.
        state: the state.
        wanted: the query.
        changed: the User IDs of the users that a job changed or added; they get a sign, and the
            cursor moves to the first of them.
        added: the User IDs of the users that it added.
        lifts: whether to clear a filter that would hide one of them.
    """
    unfiltered = replace(wanted, filter="")
    try:
        user_ids = listing.user_ids(state.users, wanted)
        is_lifted = False
    except FilterFault:
        user_ids = listing.user_ids(state.users, unfiltered)
        is_lifted = True
    signs = {user_id: "+" if user_id in added else "~" for user_id in changed}
    if lifts and wanted.filter and not signs.keys() <= set(user_ids):
        user_ids = listing.user_ids(state.users, unfiltered)
        is_lifted = True
    first = None
    if signs:
        first = next((row for row, user_id in enumerate(user_ids) if user_id in signs), None)
    shown = unfiltered if is_lifted else wanted
    return View(state, user_ids, signs, first, wanted=shown, is_lifted=is_lifted)


class Listed(Message):
    """The users of a query were found.

    Args:
        view: the users table.
    """

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class NotListed(Message):
    """The filter is invalid, or needs details that are no longer available.

    Args:
        wanted: the query.
        sentence: the error.
    """

    def __init__(self, wanted: Wanted, sentence: str) -> None:
        super().__init__()
        self.wanted, self.sentence = wanted, sentence


def find(
    listing: Listing,
    view: View,
    wanted: Wanted,
    question: int,
    cursor_id: str | None,
    tell: Callable[[Message], object],
) -> None:
    """Find the users of a query, and send the result. For worker threads.

    Args:
        listing: finds the users.
        view: the current users table.
        wanted: the query.
        question: the number of the query.
        cursor_id: the user that the cursor stays on, if it is still shown.
        tell: called with `Listed` or `NotListed`; not called if there is a newer query.
    """
    try:
        user_ids = listing.user_ids(view.state.users, wanted, question)
    except Overtaken:
        return
    except FilterFault as fault:
        tell(NotListed(wanted, fault.sentence))
        return
    except Exception as error:
        tell(NotListed(wanted, sentence_of(error)))
        return
    try:
        row = user_ids.index(cursor_id) if cursor_id is not None else 0
    except ValueError:
        row = 0
    tell(Listed(View(view.state, user_ids, view.signs, row, wanted=wanted)))
