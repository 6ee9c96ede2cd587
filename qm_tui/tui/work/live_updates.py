"""Live updates: changes by other admins are on the screen within half a second.

On a server, counts take longer: they follow within some seconds.

The store is polled several times a second, which takes two system calls. Only if it has changed, a
worker reads it and builds the users table. New warnings and notices of the store are shown, too.
"""

from dataclasses import replace
from functools import partial
from typing import Final

from textual.screen import Screen

from qm_tui.crash import log_and_describe
from qm_tui.progress import YieldControl
from qm_tui.store.errors import StoreDisconnected, StoreError
from qm_tui.tui.work.job import UserListView
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import run_in_thread
from qm_tui.tui.work.user_query import make_view

_POLL_EVERY: Final = 0.3
"""Seconds."""


class LiveView:
    """Follows the changes by other admins.

    Args:
        page: the page that polls; its workers read the changes.
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
        if view is None or session.is_busy:
            return
        self._show_notices()
        # a job that changed nothing may have read changes by other admins
        if not self._is_reading and (
            session.store.has_external_changes()
            or session.store.state.version != view.state.version
            or self._is_disconnected
        ):
            self._is_reading = True
            # without a description Textual would make one from the whole view
            self._page.run_worker(self._read(view), group="news", description="read changes")

    @property
    def _is_disconnected(self) -> bool:
        """Whether the store warns that it cannot reach its server; reading connects again."""
        store = self._session.store
        return bool(store.warning) and not store.state.is_at_hand

    def _show_notices(self) -> None:
        """Show the store's warning and its new notices."""
        session = self._session
        session.check_store(error_shown=bool(self._last_error))
        before, self._notices = self._notices, list(session.store.notices)
        new = [notice for notice in self._notices if notice not in before]
        if new:
            session.set_status(" ".join(new))

    async def _read(self, before: UserListView) -> None:
        """Read the changes and show them, unless a job has outdated them in the meantime."""
        session, view, error_text = self._session, None, ""
        try:
            view = await run_in_thread(partial(_view_of_changes, session, before))
        except StoreDisconnected:
            pass  # the header and the Actions bar show what the store says about it
        except StoreError as error:
            error_text = str(error)
        except Exception as error:
            error_text = log_and_describe(error)
            self._timer.stop()  # it would fail and be logged at every poll
        self._is_reading = False
        is_over = self._last_error and session.status_text == self._last_error
        if error_text != self._last_error and (error_text or is_over):
            session.set_status(error_text)
        self._last_error = error_text
        if view is not None and not session.is_busy and session.view is before:
            session.show_view(view)


def _view_of_changes(
    session: Session, view: UserListView, rest: YieldControl
) -> UserListView | None:
    """Return the users table after changes by other admins; None if there are none."""
    store, before = session.store, view.state
    store.refresh(lambda _phase, _done, _total: rest())
    after = store.state
    if after.version == before.version:
        return None
    changes = store.changes_since(before, rest)
    fresh = changes.added | changes.changed
    known = view.count if view.query == session.query else None
    made = make_view(session.queries, after, session.query, known=known)
    if made.is_lifted:  # the filter being typed may be invalid yet; that of the view is valid
        made = make_view(session.queries, after, view.query)
    return replace(made, change_symbols=view.change_symbols, externally_changed=fresh)
