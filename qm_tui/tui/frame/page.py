"""What every page is: header line, navigation pane, its own middle, Actions bar, keys."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from textual import on, work
from textual.actions import parse
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.paths import short
from qm_tui.tui.frame.actions_bar import ActionsBar, Offer
from qm_tui.tui.frame.key_hints_bar import KeyLine
from qm_tui.tui.frame.navigation import PAGES, HeaderLine, NavigationPane, PageChosen
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.widgets.too_small import is_too_small
from qm_tui.tui.work.job import Job, JobEnded, Progressed, View
from qm_tui.tui.work.session import Session

_CHANGE: Final = ("import", "undo")
"""The actions that change the store."""


_ROOM_FOR_NAVIGATION: Final = 80
"""Columns of the terminal from which the navigation pane is shown unless it is not wanted."""

UNDO: Final = Binding("u", "undo", "Undo", tooltip="Take back the last change")

COMMON: Final[list[BindingType]] = [
    Binding("escape", "cancel", "Cancel the running job", show=False),
    *(
        Binding(str(number), f"show_page('{page}')", f"Page {name}", show=False)
        for number, (page, name) in enumerate(PAGES.items(), start=1)
    ),
    Binding("n", "toggle_navigation", "Navigation", tooltip="Show or hide the navigation pane"),
    Binding("colon", "app.command_palette", "All actions"),
    Binding("question_mark", "app.show_keys", "Keys"),
    Binding("q", "app.quit", "Quit"),
]
"""The keys of every page, which its own come before."""


def _shown(location: str) -> str:
    """Where a store is, with `~` for the home folder if it is the path of a file."""
    path = Path(location)
    return short(path) if path.is_absolute() else location


class Page(Screen[None]):
    """A page of the program.

    Args:
        session: what it shares with the other pages.
    """

    PAGE: ClassVar[str]
    """Its key in `PAGES`."""
    OFFERS: ClassVar[tuple[Offer, ...]]
    """The buttons of its Actions bar."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    @property
    def is_busy(self) -> bool:
        """Whether a job is at work."""
        return self.session.is_busy

    @property
    def actions(self) -> ActionsBar:
        """Its Actions bar."""
        return self.query_one(ActionsBar)

    def compose(self) -> ComposeResult:
        """Header, navigation pane, what the page itself shows, Actions bar, keys."""
        yield HeaderLine(_shown(self.session.store.location), self.session.login)
        with Horizontal(id="body"):
            yield NavigationPane(self.PAGE)
            with Vertical(id="page"):
                with Horizontal(id="title"):
                    yield Static(safe(PAGES[self.PAGE]), id="page-name")
                    yield Static(id="count")
                yield from self.compose_page()
        yield ActionsBar(*self.OFFERS)
        yield KeyLine()

    def compose_page(self) -> Iterator[Widget]:
        """What the page itself shows."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Show how things stand."""
        self.session.join(self)

    def on_screen_resume(self) -> None:
        """The pane is as on the page before, its cursor on the page that is shown."""
        with suppress(NoMatches):  # shown for the first time, it is not composed yet
            self._show_navigation()
            self.query_one(NavigationPane).point()

    def focus_list(self) -> None:
        """Give the focus to the list of the page."""
        raise NotImplementedError

    # What is shared

    def show_work(self) -> None:
        """A job began or ended: show how the store is, and offer what can be done now."""
        bar = self.actions
        possible = {one for one in bar.actions if self._can(one)}
        bar.offer(possible, can_cancel=self.is_busy)
        header = self.query_one(HeaderLine)
        header.show_looking_only(bool(self.session.looking_only))
        header.show_warning(self.session.warning)
        self.refresh_bindings()

    def _can(self, action: str) -> bool:
        _, name, parameters = parse(action)
        return bool(self.check_action(name, parameters))

    def show_said(self) -> None:
        """Say what is to be said."""
        self.actions.say(self.session.said)

    def show_progress(self, event: Progressed) -> None:
        """Say how far the job is."""
        self.actions.show_progress(event)

    def show_view(self, view: View) -> None:
        """The store holds something else."""
        counts = {"users": len(view.state.users), "activity": view.state.number}
        self.query_one(NavigationPane).show_counts(counts)
        self.show_work()

    def show_marks(self) -> None:
        """Other users are marked."""
        self.actions.show_marks(self.session.marks_words)

    # Jobs

    def begin(self) -> Job:
        """Begin a job that tells this page how far it is."""
        return self.session.begin(Job(self.post_message))

    @on(Progressed)
    def _progressed(self, event: Progressed) -> None:
        self.session.progressed(event)

    @on(JobEnded)
    def _job_ended(self, event: JobEnded) -> None:
        self.session.end("" if event.is_fault else event.sentence)
        if event.is_fault:
            self.app.push_screen(Message(event.sentence))

    @work
    async def action_cancel(self) -> None:
        """Ask whether to cancel the running job."""
        if self.is_busy and self.session.asking is None:
            await self.ask_to_stop("Cancel it? The store stays as it was.")

    async def ask_to_stop(self, text: str) -> bool:
        """Ask whether to stop the running job, and stop it; whether it was stopped."""
        session, job = self.session, self.session.job
        session.asking = Question(text, yes="Cancel it", no="Continue")
        answer = await self.app.push_screen_wait(session.asking)
        session.asking = None
        if answer and job is session.job and job is not None:
            session.say("Cancelling …")
            job.cancel()
        return bool(answer)

    # Undo

    @work
    async def action_undo(self) -> None:
        """Take back a transaction, after a question."""
        from qm_tui.tui.changes.undo import take_back

        number = self.transaction_to_undo()
        if number is not None:
            await take_back(self, self.session, number)

    def transaction_to_undo(self) -> int | None:
        """The number of the transaction that Undo is about: 0 for the last; None for nothing."""
        return 0

    # The page

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Grey out what cannot be done now."""
        if action in _CHANGE:
            return self.session.may_change or None
        if action == "export":
            return (self.session.view is not None and not self.is_busy) or None
        if action == "cancel":
            return self.is_busy
        return True

    def action_show_page(self, page: str) -> None:
        """Go to a page."""
        self.post_message(PageChosen(page))

    def action_toggle_navigation(self) -> None:
        """Hide the navigation pane, or show it again; on all pages."""
        self.session.navigation = not self.query_one(NavigationPane).display
        self._show_navigation()

    def _show_navigation(self) -> None:
        """Show the navigation pane where it is wanted, or where there is room for it."""
        pane, wanted = self.query_one(NavigationPane), self.session.navigation
        had_focus = pane.has_focus
        pane.display = self.app.size.width >= _ROOM_FOR_NAVIGATION if wanted is None else wanted
        if had_focus and not pane.display:
            self.focus_list()

    def on_resize(self) -> None:
        """Use the room; below the sentence that there is too little of it, all stays."""
        if not is_too_small(self.size):
            self._show_navigation()
