"""What the pages of counts share: they count in the background, and follow the store."""

from collections.abc import Iterator
from typing import Final, Generic, TypeVar, cast

from textual import on, work
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static
from textual.worker import get_current_worker

from qm_tui.store.state import State
from qm_tui.text import counted
from qm_tui.tui.frame.navigation import FilterWanted
from qm_tui.tui.frame.page import Page
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.count_table import TOO_LONG
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.yielding import Overtaken, rests_of
from qm_tui.users.query.filter_parser import LONGEST
from qm_tui.users.query.sorting import Rest

Counts = TypeVar("Counts")

_NOBODY: Final = "There are no such users."


class Counted(Message):
    """The users of a state were counted.

    Args:
        state: the state.
        counts: what the page made of it.
    """

    def __init__(self, state: State, counts: object) -> None:
        super().__init__()
        self.state, self.counts = state, counts


class CountingPage(Page, Generic[Counts]):
    """A page of counts. While it is shown, they are those of the store as it is.

    Args:
        session: what it shares with the other pages.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._counted = 0  # the version of the state that was counted, or is being counted

    def counts_of(self, state: State, rest: Rest) -> Counts:
        """Count the users of a state. Runs in a thread.

        Args:
            state: the state.
            rest: to be called each millisecond or so; it may raise `Overtaken`.
        """
        raise NotImplementedError

    def show_counts(self, counts: Counts, total: int) -> None:
        """Show what was counted.

        Args:
            counts: that.
            total: how many users there are.
        """
        raise NotImplementedError

    def compose_counts(self) -> Iterator[Widget]:
        """The lists."""
        raise NotImplementedError

    def compose_page(self) -> Iterator[Widget]:
        """The lists, and what is said where there are no users."""
        yield from self.compose_counts()
        yield Static(safe("There are no users in this store yet."), id="no-counts")

    def on_mount(self) -> None:
        """What there is, is not known yet."""
        self.query_one("#no-counts").display = False
        self.focus_list()

    # Following

    def show_view(self, view: View) -> None:
        """The store holds something else: there may be other counts."""
        super().show_view(view)
        self._follow(view)

    def on_screen_resume(self) -> None:
        """The store may hold something else than when the page was left."""
        if self.session.view is not None and self.is_mounted:
            self._follow(self.session.view)

    def _follow(self, view: View) -> None:
        """Count, if that was not done; a page that nobody sees waits until it is shown."""
        if not self.is_active:
            self._counted = 0
        elif view.state.version != self._counted:
            self._counted = view.state.version
            self._count(view.state)

    @work(thread=True, exclusive=True, group="counting", description="count")
    def _count(self, state: State) -> None:
        try:
            counts = self.counts_of(state, rests_of(get_current_worker()))
        except Overtaken:
            return
        self.post_message(Counted(state, counts))

    @on(Counted)
    def _show_counted(self, event: Counted) -> None:
        if event.state.version != self._counted:
            return  # others are being made
        total = len(event.state.users)
        self.query_one("#count", Static).update(safe(counted(total, "user")))
        self.query_one("#no-counts").display = not total
        self.show_counts(cast("Counts", event.counts), total)
        self.show_work()  # there is something to show, or there no longer is

    # Going to the users

    def show_users(self, term: str, number: int) -> None:
        """Go to the Users page, and show there whom a filter finds.

        Args:
            term: the filter.
            number: how many users those are.
        """
        if not number:
            self.session.say(_NOBODY)
        elif len(term) > LONGEST:
            self.session.say(TOO_LONG)
        else:
            self.post_message(FilterWanted(term))

    def action_back(self) -> None:
        """Ask whether to cancel the running job; without one, go back to the users."""
        if self.is_busy:
            self.action_cancel()
        else:
            self.action_show_page("users")
