"""The live view: what others commit is on the screen within half a second.

Twice a second and more the store is asked whether anything is new, which takes two questions to
the system. Only then a worker reads it, and makes what the users table shows. What the store has to
say of itself meanwhile is shown too.
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

_LOOK_EVERY: Final = 0.3
_REST: Final = 0.0005


class NewsRead(Message):
    """The store was asked what is new.

    Args:
        before: what the users table showed then.
        view: what it shows now; None where nothing is new.
        sentence: why the store could not be read; empty where it could.

    Attributes:
        is_fault: whether that was this program's own fault.
    """

    def __init__(self, before: View, view: View | None, sentence: str = "") -> None:
        super().__init__()
        self.before, self.view, self.sentence = before, view, sentence
        self.is_fault = False


class LiveView:
    """Follows what others commit.

    Args:
        page: the page that is told, by `NewsRead`, and hands it to `take`.
        session: what the pages share.
    """

    def __init__(self, page: Screen[None], session: Session) -> None:
        self._page = page
        self._session = session
        self._is_reading = False
        self._refused = ""
        self._notices: list[str] = []

    def start(self) -> None:
        """Begin to follow."""
        self._notices = list(self._session.store.notices)
        self._timer = self._page.set_interval(_LOOK_EVERY, self._look)

    def _look(self) -> None:
        session, view = self._session, self._session.view
        if view is None or session.is_busy or self._is_reading:
            return
        self._tell()
        # a job that came to nothing may have read what others wrote
        if (
            session.store.has_external_changes()
            or session.store.state.version != view.state.version
        ):
            self._is_reading = True
            work = partial(self._read, view)
            # without a description Textual would make one of all that the view holds
            self._page.run_worker(work, thread=True, group="news", description="news")

    def _tell(self) -> None:
        """Show what is wrong with the store now, and say what was found out about it."""
        session = self._session
        session.warn(session.store.warning)
        before, self._notices = self._notices, list(session.store.notices)
        found = [one for one in self._notices if one not in before]
        if found:
            session.say(" ".join(found))

    def _read(self, before: View) -> None:
        news = NewsRead(before, None)
        try:
            news.view = _view_of_news(self._session, before)
        except StoreError as refused:
            news.sentence = str(refused)
        except Exception as error:
            news.sentence, news.is_fault = sentence_of(error), True
        self._page.post_message(news)

    def take(self, news: NewsRead) -> None:
        """Show what is new, unless a job has meanwhile made that old: it is looked at again."""
        self._is_reading = False
        if news.is_fault:
            self._timer.stop()  # else it would fail and be logged at every look
        if news.sentence:
            if news.sentence != self._refused:
                self._refused = news.sentence
                self._session.say(news.sentence)
            return
        self._refused = ""
        session = self._session
        if news.view is not None and not session.is_busy and session.view is news.before:
            session.show(news.view)


def _view_of_news(session: Session, view: View) -> View | None:
    """What the users table shows after others' commits; None where nothing is new."""
    store, before = session.store, view.state
    is_followed = store.state.version == before.version
    update = store.refresh(_rest)
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
    if made.is_lifted:  # what is being typed may make no sense yet; what is shown made sense
        made = view_of(session.listing, after, view.wanted)
    return replace(made, signs=view.signs, fresh=fresh)


def _rest(_phase: Phase, _done: int, _total: int) -> None:
    time.sleep(_REST)


def _difference(before: State, after: State) -> frozenset[str]:
    """The User IDs of those who are new or not as they were."""
    found = set()
    old = before.users
    for count, (user_id, user) in enumerate(after.users.items()):
        stored = old.get(user_id)
        if stored is not user and stored != user:
            found.add(user_id)
        if not count % STEP:
            time.sleep(_REST)
    return frozenset(found)
