"""Live updates: changes by other admins are on the screen within half a second.

The store is polled several times a second, which takes two system calls. Only if it has changed, a
worker reads it and builds the users table. New warnings and notices of the store are shown, too.
"""

import time
from dataclasses import replace
from functools import partial
from typing import Final

from textual.message import Message
from textual.screen import Screen

from qm_tui.crash import sentence_of
from qm_tui.progress import STEP, Phase
from qm_tui.store.errors import StoreError
from qm_tui.store.state import State
from qm_tui.tui.work.job import View, Wanted
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of

_POLL_EVERY: Final = 0.3
"""Seconds."""

_REST: Final = 0.0005
"""Seconds of sleep for other threads."""


class NewsRead(Message):
    """The store was polled.

    Args:
        before: the users table before that.
        view: the new users table; None if nothing has changed.
        sentence: the error if the store could not be read; otherwise empty.

    Attributes:
        is_fault: whether the error was unexpected.
    """

    def __init__(self, before: View, view: View | None, sentence: str = "") -> None:
        super().__init__()
        self.before, self.view, self.sentence = before, view, sentence
        self.is_fault = False


class LiveView:
    """Follows the changes by other admins.

    Args:
        page: the page that receives `NewsRead` and passes it to `take`.
        session: the state that the pages share.
    """

    def __init__(self, page: Screen[None], session: Session) -> None:
        self._page = page
        self._session = session
        self._is_reading = False
        self._last_error = ""
        self._notices: list[str] = []

    def start(self) -> None:
        """Start polling."""
        self._notices = list(self._session.store.notices)
        self._timer = self._page.set_interval(_POLL_EVERY, self._poll)

    def _poll(self) -> None:
        session, view = self._session, self._session.view
        if view is None or session.is_busy or self._is_reading:
            return
        self._show_notices()
        # a job that changed nothing may have read changes by other admins
        if (
            session.store.has_external_changes()
            or session.store.state.version != view.state.version
        ):
            self._is_reading = True
            work = partial(self._read, view)
            # without a description Textual would make one from the whole view
            self._page.run_worker(work, thread=True, group="news", description="read changes")

    def _show_notices(self) -> None:
        """Show the store's warning and its new notices."""
        session = self._session
        session.warn(session.store.warning)
        before, self._notices = self._notices, list(session.store.notices)
        new = [notice for notice in self._notices if notice not in before]
        if new:
            session.say(" ".join(new))

    def _read(self, before: View) -> None:
        news = NewsRead(before, None)
        try:
            news.view = _view_of_news(self._session, before)
        except StoreError as error:
            news.sentence = str(error)
        except Exception as error:
            news.sentence, news.is_fault = sentence_of(error), True
        self._page.post_message(news)

    def take(self, news: NewsRead) -> None:
        """Show the changes, unless a job has outdated them in the meantime."""
        self._is_reading = False
        if news.is_fault:
            self._timer.stop()  # it would fail and be logged at every poll
        if news.sentence:
            if news.sentence != self._last_error:
                self._last_error = news.sentence
                self._session.say(news.sentence)
            return
        self._last_error = ""
        session = self._session
        if news.view is not None and not session.is_busy and session.view is news.before:
            session.show(news.view)


def _view_of_news(session: Session, view: View) -> View | None:
    """Return the users table after changes by other admins; None if there are none."""
    store, before = session.store, view.state
    is_followed = store.state.version == before.version
    update = store.refresh(_sleep)
    after = store.state
    if after.version == before.version:
        return None
    if update is not None and is_followed and update.state.version == after.version:
        fresh = update.added | update.changed
        if view.wanted == session.wanted == Wanted() and not update.added and not update.deleted:
            return replace(view, state=after, cursor_row=None, fresh=fresh)
    else:
        fresh = _difference(before, after)
    made = view_of(session.listing, after, session.wanted)
    if made.is_lifted:  # the filter being typed may be invalid yet; that of the view is valid
        made = view_of(session.listing, after, view.wanted)
    return replace(made, signs=view.signs, fresh=fresh)


def _sleep(_phase: Phase, _done: int, _total: int) -> None:
    time.sleep(_REST)


def _difference(before: State, after: State) -> frozenset[str]:
    """Return the User IDs of the users that were added or changed."""
    user_ids = set()
    old = before.users
    for count, (user_id, user) in enumerate(after.users.items()):
        stored = old.get(user_id)
        if stored is not user and stored != user:
            user_ids.add(user_id)
        if not count % STEP:
            time.sleep(_REST)
    return frozenset(user_ids)
