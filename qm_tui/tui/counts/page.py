"""The base class of the pages with counts: they count in the background, and stay up to date."""

from collections.abc import Iterator
from functools import partial
from typing import Final, Generic, TypeVar

from textual.widget import Widget
from textual.widgets import Static

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.tui.frame.key_help import is_unavailable
from qm_tui.tui.frame.navigation import FilterRequested
from qm_tui.tui.frame.page import Page
from qm_tui.tui.keys.keymap import is_move
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.count_table import TOO_LONG
from qm_tui.tui.work.job import UserListView
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import BackgroundCounter, ask_until_answered
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH

Counts = TypeVar("Counts")

_NO_MATCH: Final = "No matching users."
_NO_USERS: Final = "No users yet."


class CountingPage(Page, Generic[Counts]):
    """A page with counts, which are up to date while it is shown.

    Args:
        session: the state that the pages share.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._counted_version = 0  # the version of the state that was or is being counted
        self._shown_version: int | None = None
        self._counter = BackgroundCounter(self, self._count, "counting")

    @property
    def is_up_to_date(self) -> bool:
        """Whether the counts shown are those of the current state of the store."""
        view = self.session.view
        return view is not None and view.state.version == self._shown_version

    def count_users(self, state: State, yield_control: YieldControl) -> Counts:
        """Count the users of a state. Runs in a thread.

        Args:
            state: the state.
            yield_control: to be called about every millisecond; it may raise an exception.
        """
        raise NotImplementedError

    def show_counts(self, counts: Counts, total: int) -> None:
        """Show counts.

        Args:
            counts: the counts.
            total: the number of users.
        """
        raise NotImplementedError

    def compose_counts(self) -> Iterator[Widget]:
        """Yield the lists."""
        raise NotImplementedError

    def compose_page(self) -> Iterator[Widget]:
        """Yield the lists, and the message for a store without users."""
        yield from self.compose_counts()
        yield Static(safe(_NO_USERS), id="no-counts")

    def on_mount(self) -> None:
        self.query_one("#no-counts").display = False
        self.focus_list()

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the users have been counted for the first time."""
        is_for_list = key == "enter" or is_move(key) or is_unavailable(self, key)
        return (self._shown_version is None and is_for_list) or super().must_wait(key)

    # Live updates

    def show_view(self, view: UserListView) -> None:
        """Count again if the store has changed."""
        super().show_view(view)
        self._follow(view)

    def on_screen_resume(self) -> None:
        """Count again if the store has changed since the page was left."""
        if self.session.view is not None and self.is_mounted:
            self._follow(self.session.view)

    def _follow(self, view: UserListView) -> None:
        """Count a new state; a hidden page waits until it is shown."""
        if not self.is_active:
            self._counted_version = 0
        elif view.state.version != self._counted_version:
            self._counted_version = view.state.version
            self._counter.begin(now=view.state.is_at_hand)

    async def _count(self) -> None:
        view = self.session.view
        if view is None:
            return
        state = view.state
        counts = await ask_until_answered(partial(self.count_users, state))
        self._shown_version, total = state.version, state.total
        self.query_one("#count", Static).update(safe(pluralize(total, "user")))
        self.query_one("#no-counts").display = not total
        self.show_counts(counts, total)
        self.show_job()  # actions may have become available or unavailable

    # The users of a number

    def show_users(self, term: str, number: int) -> None:
        """Show users on the Users page.

        Args:
            term: the filter that finds them.
            number: their number.
        """
        if not number:
            self.session.set_status(_NO_MATCH)
        elif len(term) > MAX_FILTER_LENGTH:
            self.session.set_status(TOO_LONG)
        else:
            self.post_message(FilterRequested(term))

    def action_back(self) -> None:
        """Ask whether to cancel the running operation; without one, go to the Users page."""
        if self.is_busy:
            self.action_cancel()
        else:
            self.action_show_page("users")
