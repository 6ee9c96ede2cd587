"""The base class of pages: header line, navigation pane, contents, Actions bar, key hints."""

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

from qm_tui.paths import abbreviate_home
from qm_tui.tui.frame.actions_bar import ActionButton, ActionsBar
from qm_tui.tui.frame.key_help import COMMAND_PALETTE, is_unavailable
from qm_tui.tui.frame.key_hints_bar import KeyHints
from qm_tui.tui.frame.navigation import PAGES, HeaderLine, NavigationPane, PageSelected
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.widgets.too_small import is_too_small
from qm_tui.tui.work.flow import flow, wait_until_on_top
from qm_tui.tui.work.job import Job, JobEnded, JobProgressed, Operation, UserListView
from qm_tui.tui.work.session import Session

_CHANGE: Final = ("import", "undo")
"""The actions that change the store."""

_NO_USER: Final = "No users are shown or marked."

_MIN_WIDTH_FOR_NAVIGATION: Final = 80
"""The width of the terminal from which the navigation pane is shown by default."""

UNDO: Final = bind("changes.undo", "undo", hint="Undo")

COMMON: Final[list[BindingType]] = [
    Binding("escape", "cancel", "Cancel the running operation", show=False),
    *(
        bind(f"page.{key}", f"show_page('{key}')", f"Go to {page.label}", show=False)
        for key, page in PAGES.items()
    ),
    bind("page.navigation", "toggle_navigation", hint="Navigation"),
    bind("screen.palette", "app.command_palette", hint=COMMAND_PALETTE),
    bind("screen.keys", "app.show_keys", hint="Keys"),
    bind("page.quit", "app.quit"),
]
"""The bindings of every page, after its own."""


def _shown(location: str) -> str:
    """Return the location of a store, with `~` for the home folder if it is a path."""
    path = Path(location)
    return abbreviate_home(path) if path.is_absolute() else location


class Page(ReliableTimers, Screen[None]):
    """A page of the program.

    Args:
        session: the state that the pages share.
    """

    AUTO_FOCUS = "VirtualList"  # each later change of the focus draws the whole screen again
    PAGE: ClassVar[str]
    """The key of the page in `PAGES`."""
    ACTION_BUTTONS: ClassVar[tuple[ActionButton, ...]]
    """The buttons of the Actions bar."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session

    @property
    def is_busy(self) -> bool:
        """Whether a job is running."""
        return self.session.is_busy

    @property
    def actions(self) -> ActionsBar:
        """The Actions bar."""
        return self.query_one(ActionsBar)

    def compose(self) -> ComposeResult:
        yield HeaderLine(_shown(self.session.store.location), self.session.login)
        with Horizontal(id="body"):
            yield NavigationPane(self.PAGE, self.session)
            with Vertical(id="page"):
                with Horizontal(id="title"):
                    yield Static(safe(PAGES[self.PAGE].label), id="page-name")
                    yield Static(id="count")
                    yield Static(id="marked")
                yield from self.compose_page()
        yield ActionsBar(*self.ACTION_BUTTONS)
        yield KeyHints()

    def compose_page(self) -> Iterator[Widget]:
        """Yield the contents of the page."""
        raise NotImplementedError

    def on_mount(self) -> None:
        self.session.subscribe(self)

    def show_title(self, part: str) -> None:
        """Show the name of the page, and which part of its data it shows."""
        title = f"{PAGES[self.PAGE].label}   {part}"
        self.query_one("#page-name", Static).update(safe(title), layout=False)

    def on_screen_resume(self) -> None:
        """Show the navigation pane as on the previous page, with the cursor on this page."""
        with suppress(NoMatches):  # a page that is shown for the first time is not composed yet
            self._show_navigation()
            self.query_one(NavigationPane).show_current()

    def focus_list(self) -> None:
        """Focus the list of the page."""
        raise NotImplementedError

    # The shared state

    def show_job(self) -> None:
        """Show the state of the store, and enable the available actions."""
        bar = self.actions
        possible = {action for action in bar.actions if self._can(action)}
        bar.show_available_actions(possible, can_cancel=self.is_busy)
        header = self.query_one(HeaderLine)
        header.show_read_only(bool(self.session.read_only_reason))
        header.show_warning(self.session.warning)
        self.refresh_bindings()

    def _can(self, action: str) -> bool:
        _, name, parameters = parse(action)
        return bool(self.check_action(name, parameters))

    def show_status(self) -> None:
        """Show the message of the session."""
        self.actions.show_status(self.session.status_text)

    def show_progress(self, event: JobProgressed) -> None:
        """Show the progress of the job."""
        self.actions.show_progress(event)

    def show_view(self, view: UserListView) -> None:
        """Show a new users table."""
        counts = {"users": view.state.total, "activity": view.state.number}
        self.query_one(NavigationPane).show_counts(counts)
        self.show_job()

    def show_marks(self) -> None:
        """Show the number of marked users."""
        marked, text = self.query_one("#marked", Static), self.session.marks.text
        marked.update(safe(text))
        marked.display = bool(text)

    # Jobs

    def begin_job(self) -> Job:
        """Start a job that reports its progress to this page."""
        return self.session.begin_job(Job(self.post_message))

    @on(JobProgressed)
    def _progressed(self, event: JobProgressed) -> None:
        self.session.report_progress(event)

    @on(JobEnded)
    def _job_ended(self, event: JobEnded) -> None:
        self.session.end_job("" if event.is_error else event.message)
        if event.is_error:
            self._show_error(event.message, event.depth)

    @work
    async def _show_error(self, message: str, depth: int) -> None:
        """Show an error, once the dialogs that were opened in the meantime are closed."""
        await wait_until_on_top(self.app, depth)
        self.app.push_screen(MessageDialog(message))

    @work
    async def action_cancel(self) -> None:
        """Ask whether to cancel the running job."""
        if self.session.job is not None and self.session.cancel_dialog is None:
            operation = self.session.job.operation
            await self._ask_to_cancel(operation, operation.cancel_question)

    async def ask_to_cancel(self) -> bool:
        """Ask whether to cancel the running job and quit; return whether it was canceled."""
        if self.session.job is None:
            return True
        operation = self.session.job.operation
        return await self._ask_to_cancel(operation, operation.quit_question)

    async def _ask_to_cancel(self, operation: Operation, text: str) -> bool:
        session, job = self.session, self.session.job
        session.cancel_dialog = ConfirmQuestion(
            text, yes=operation.cancel_caption, no=operation.continue_caption
        )
        answer = await self.app.push_screen_wait(session.cancel_dialog)
        session.cancel_dialog = None
        if answer and job is session.job and job is not None:
            session.set_status("Canceling…")
            job.cancel()
        return bool(answer)

    # Undo

    @flow
    async def action_undo(self) -> None:
        """Undo a transaction, after a confirmation."""
        from qm_tui.tui.changes.undo import undo_transaction

        number = self.transaction_to_undo()
        if number is not None:
            await undo_transaction(self, self.session, number)

    def transaction_to_undo(self) -> int | None:
        """Return the number of the transaction to undo: 0 for the last; None for none."""
        return 0

    # Actions

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Disable actions that are unavailable now."""
        if action in _CHANGE:
            return self.session.may_change or None
        if action == "export":
            return (self.session.view is not None and not self.is_busy) or None
        if action == "cancel":
            return self.is_busy
        return True

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the users are loaded, or until a short job has ended."""
        is_soon_available = self.session.view is None or self.session.job_is_new
        return is_soon_available and is_unavailable(self, key)

    def explain_key(self, key: str) -> bool:
        """Show why a key is unavailable now; return whether it is."""
        if not is_unavailable(self, key):
            return False
        self.session.set_status(self.session.obstacle or _NO_USER)
        return True

    def action_show_page(self, page: str) -> None:
        """Go to a page."""
        self.post_message(PageSelected(page))

    def action_toggle_navigation(self) -> None:
        """Hide or show the navigation pane on all pages."""
        self.session.navigation = not self.query_one(NavigationPane).display
        self._show_navigation()

    def _show_navigation(self) -> None:
        """Show the navigation pane if the admin wants it, or by default if there is room."""
        pane, is_wanted = self.query_one(NavigationPane), self.session.navigation
        had_focus = pane.has_focus
        pane.display = (
            self.app.size.width >= _MIN_WIDTH_FOR_NAVIGATION if is_wanted is None else is_wanted
        )
        if had_focus and not pane.display:
            self.focus_list()

    def on_resize(self) -> None:
        """Show or hide the navigation pane, unless the terminal is too small."""
        if not is_too_small(self.size):
            self._show_navigation()
