"""Which users the table shows: what the admin asks for, found in the background."""

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
_WORK: Final = 0.004
"""Seconds of work after which it rests, so that no key waits for it."""


class Overtaken(Exception):
    """Something else is asked for by now."""


class Listing:
    """Finds the users who are asked for. It is used by several threads.

    Args:
        store: the store, asked for what was changed when.
        marks: the User IDs of the users who are marked; kept up to date by their owner.
    """

    def __init__(self, store: UserStore, marks: Collection[str]) -> None:
        self._finder = Finder(self._rest)
        self._happened = ActivityIndex(store, lambda: marks)
        self._lock = Lock()
        self._asked = 0
        self._answering: int | None = None
        self._rested = 0.0
        self._values: Mapping[str, Sequence[str]] = {}
        self._prepared: Mapping[str, User] | None = None

    def ask(self) -> int:
        """Something else is asked for from now on; the number of that question."""
        self._asked += 1
        return self._asked

    def user_ids(
        self, users: Mapping[str, User], wanted: Wanted, question: int | None = None
    ) -> Sequence[str]:
        """The User IDs of the users who are wanted, in order. For worker threads.

        Args:
            users: a state's users.
            wanted: what is asked for.
            question: the number of the question, if it need not be answered once there is a newer.

        Raises:
            FilterFault: the filter makes no sense, or asks for what is no longer known.
            Overtaken: there is a newer question.
        """
        if not wanted.filter and not wanted.sort:
            return list(users)
        query = Query(parsed(wanted.filter, is_typing=True), wanted.sort)
        with self._lock:
            self._answering = question
            return self._finder.found(users, query, self._happened)

    def prepare(self, users: Mapping[str, User]) -> None:
        """Make ready what the first question needs. For worker threads.

        Raises:
            Overtaken: a question was asked meanwhile; what is ready by then is kept.
        """
        with self._lock:
            if users is self._prepared:
                return
            self._answering = self._asked
            self._finder.prepare(users)
            self._values = self._finder.common_values()
            self._prepared = users

    def values_of(self, field: Field) -> Sequence[str]:
        """The values of a field that users share, those of many users first, as far as known."""
        return self._values.get(field.key, ())

    def _rest(self) -> None:
        if self._answering is not None and self._answering != self._asked:
            raise Overtaken
        now = time.monotonic()
        if now - self._rested >= _WORK:
            time.sleep(_REST)
            self._rested = time.monotonic()


def asks_for_marks(filter_text: str) -> bool:
    """Whether it depends on the marks which users a filter shows."""
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
    """What the table shows of a state. For worker threads.

    A filter that asks for what is no longer known is lifted.

    Args:
        listing: finds the users.
        state: the state.
        wanted: which users are asked for.
        changed: the User IDs of those whom a job changed or added; they are signed, and the cursor
            comes to stand on the first of them.
        added: the User IDs of those whom it added.
        lifts: whether a filter is lifted that would hide one of them.
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
    first = next((row for row, one in enumerate(user_ids) if one in signs), None) if signs else None
    shown = unfiltered if is_lifted else wanted
    return View(state, user_ids, signs, first, wanted=shown, is_lifted=is_lifted)


class Listed(Message):
    """The users who are wanted were found.

    Args:
        view: what the table shows then.
    """

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class NotListed(Message):
    """The filter makes no sense, or asks for what is no longer known.

    Args:
        wanted: what was asked for.
        sentence: why not.
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
    """Find the users who are wanted, and tell of it. For worker threads.

    Args:
        listing: finds them.
        view: what is shown before.
        wanted: what is asked for.
        question: the number of the question.
        cursor_id: the user on whom the cursor stays, if it is still shown.
        tell: given `Listed` or `NotListed`; nothing where it was overtaken.
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
