"""The Users page: the list, Import and Export."""

from collections.abc import Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Footer, Static, Tree

from qm_tui.crash import sentence_of
from qm_tui.places import short
from qm_tui.progress import Cancelled
from qm_tui.refusal import Refused
from qm_tui.store.interface import UserStore
from qm_tui.text import counted
from qm_tui.transfer.exporting import export_users
from qm_tui.transfer.importing import Report, import_users
from qm_tui.tui.actions_bar import ActionsBar
from qm_tui.tui.chrome import HeaderLine, NavigationPane
from qm_tui.tui.content import safe, safe_lines
from qm_tui.tui.import_report import ImportReport, has_something_to_say
from qm_tui.tui.jobs import (
    ExportFinished,
    ImportFinished,
    Job,
    JobEnded,
    Progressed,
    StoreOpened,
    StoreRefused,
    View,
    view_of,
)
from qm_tui.tui.keys import KeysScreen, keys_that_work
from qm_tui.tui.open_dialog import OpenDialog
from qm_tui.tui.question import Message, Question
from qm_tui.tui.save_dialog import SaveChoice, SaveDialog
from qm_tui.tui.users_table import LEGEND, UsersDataTable
from qm_tui.users.fields import User

_GROWS_EVERY: Final = 0.1
"""Seconds between two looks at how many users are read while the store is opened."""

_NO_USERS: Final = (
    "There are no users in this store yet.",
    "",
    "Press i to import them from a .csv file.",
    "",
    "To try it out, take sample_data/users.csv from the source",
    "of qm-tui. To write a file of your own, start with the",
    "header that this makes:",
    "qm-tui export --template users.csv",
)


class UsersPage(Screen[None]):
    """Administration > Users.

    Args:
        store: the users; it is loaded by the page.
        login: who is logged in.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import", "Import"),
        Binding("x", "export", "Export"),
        Binding("escape", "cancel", "Cancel the running job", show=False),
        Binding("1", "show_users", "Users", show=False),
        Binding("n", "toggle_navigation", "Navigation"),
        Binding("question_mark,f1", "show_keys", "Keys", key_display="?"),
        Binding("q", "app.quit", "Quit"),
    ]

    def __init__(self, store: UserStore, login: str) -> None:
        super().__init__()
        self._store = store
        self._login = login
        self._job: Job | None = None
        self._asking: Question | None = None
        self._found: SimpleQueue[Sequence[User]] = SimpleQueue()
        self._growing: list[str] = []
        self._growing_users: dict[str, User] = {}
        self._folder = Path.cwd()

    @property
    def is_busy(self) -> bool:
        """Whether an import or an export runs."""
        return self._job is not None

    @property
    def _table(self) -> UsersDataTable:
        return self.query_one(UsersDataTable)

    @property
    def _actions(self) -> ActionsBar:
        return self.query_one(ActionsBar)

    def compose(self) -> ComposeResult:
        """Header, navigation pane, table, Actions bar, keys."""
        yield HeaderLine(short(Path(self._store.location)), self._login)
        with Horizontal(id="body"):
            yield NavigationPane()
            with Vertical(id="page"):
                with Horizontal(id="title"):
                    yield Static(safe("Users"), id="page-name")
                    yield Static(id="count")
                yield UsersDataTable(id="users")
                yield Static(safe_lines(_NO_USERS), id="no-users")
                yield Static(safe(LEGEND), id="legend")
        yield ActionsBar()
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Start to read the store. Its first users are on the screen before its last are read."""
        self.query_one("#no-users").display = False
        self._actions.watch_is_busy(False)
        self._table.focus()
        self._actions.show_result("Opening the store …")
        self._growth = self.set_interval(_GROWS_EVERY, self._grow)
        self._begin()
        self._open()

    def _begin(self) -> Job:
        self._job = Job(self.post_message)
        self._actions.is_busy = True
        self.refresh_bindings()
        return self._job

    def _end(self, text: str) -> None:
        """The job is over: say so, and take back a question that it made needless."""
        self._job = None
        self._actions.is_busy = False
        self.refresh_bindings()
        self._actions.show_result(text)
        if self._asking is not None and self._asking.is_current:
            self._asking.dismiss(False)
            self.app.push_screen(Message(f"It ended before you answered. {text}"))

    # Opening the store

    @work(thread=True, exit_on_error=False)
    def _open(self) -> None:
        job = self._job
        try:
            if job:
                self._store.load(job.tick, self._found.put)
            view = view_of(self._store.state)
        except Refused as refused:
            self.post_message(StoreRefused(str(refused)))
        except Cancelled:
            self.app.call_from_thread(self.app.exit)
        else:
            self.post_message(StoreOpened(view))

    @on(StoreRefused)
    def _refused(self, event: StoreRefused) -> None:
        self._end("")
        self.app.exit(event.sentence, return_code=2)

    def _grow(self) -> None:
        """Show the users read so far."""
        shown = len(self._growing)
        while not self._found.empty():
            self._growing_users.update((user.user_id, user) for user in self._found.get())
        self._growing += islice(self._growing_users, shown, None)
        if shown:
            self._table.rows_added()
        elif self._growing:
            self._table.show(self._growing, self._growing_users)

    @on(StoreOpened)
    def _opened(self, event: StoreOpened) -> None:
        self._growth.stop()
        self._growing, self._growing_users = [], {}
        cursor_row = self._table.cursor_row
        self._end("")
        self._show(View(event.view.state, event.view.user_ids, {}, cursor_row))

    def _show(self, view: View) -> None:
        self._table.show(view.user_ids, view.state.users, view.signs, view.cursor_row)
        count = len(view.user_ids)
        self.query_one(NavigationPane).show_count(count)
        self.query_one("#count", Static).update(safe(counted(count, "user")))
        self.query_one("#no-users").display = not count
        was_empty = not self._table.display
        self._table.display = bool(count)
        if count and was_empty:
            self._table.focus()  # without users it could not hold the focus

    # Import

    @work
    async def action_import(self) -> None:
        """Ask for a file, and import it."""
        path = await self.app.push_screen_wait(OpenDialog(self._folder))
        if path is None or self.is_busy:
            return
        self._folder = path.parent
        self._import(path, self._begin())

    @work(thread=True, exit_on_error=False)
    def _import(self, path: Path, job: Job) -> None:
        try:
            report = import_users(path, self._store, tick=job.tick)
            view = view_of(self._store.state, report)
        except Exception as error:
            self.post_message(_ended(error, "Import cancelled. Nothing was changed."))
        else:
            self.post_message(ImportFinished(path.name, report, view))

    @on(ImportFinished)
    def _imported(self, event: ImportFinished) -> None:
        self._show(event.view)
        self._end(summary(event.report))
        if has_something_to_say(event.report):
            self.app.push_screen(ImportReport(event.name, event.report))

    # Export

    @work
    async def action_export(self) -> None:
        """Ask for a name, and export all users."""
        name = f"users-{date.today().isoformat()}.csv"
        choice = await self.app.push_screen_wait(SaveDialog(self._folder, name))
        if choice is None or self.is_busy:
            return
        self._folder = choice.path.parent
        self._export(choice, self._begin())

    @work(thread=True, exit_on_error=False)
    def _export(self, choice: SaveChoice, job: Job) -> None:
        try:
            users = list(self._store.state.users.values())
            path = export_users(users, choice.path, job.tick, overwrite=choice.overwrite)
        except Exception as error:
            self.post_message(_ended(error, "Export cancelled. Nothing was written."))
        else:
            written = f"{counted(len(users), 'user')} written to {short(path)}"
            self.post_message(ExportFinished(f"Export complete. {written}"))

    @on(ExportFinished)
    def _exported(self, event: ExportFinished) -> None:
        self._end("Export complete")
        self.app.push_screen(Message(event.sentence))

    # All jobs

    @on(Progressed)
    def _progressed(self, event: Progressed) -> None:
        if self._job is not None and not self._job.is_cancelled:
            self._actions.show_progress(event.phase, event.done, event.total)

    @on(JobEnded)
    def _job_ended(self, event: JobEnded) -> None:
        self._end("" if event.is_fault else event.sentence)
        if event.is_fault:
            self.app.push_screen(Message(event.sentence))

    @work
    async def action_cancel(self) -> None:
        """Ask whether to cancel the running job."""
        if self._job is None or self._asking is not None:
            return
        await self.ask_to_stop("Cancel it? The store stays as it was.")

    async def ask_to_stop(self, text: str) -> bool:
        """Ask whether to stop the running job, and stop it; whether it was stopped."""
        job = self._job
        self._asking = Question(text, yes="Cancel it", no="Continue")
        answer = await self.app.push_screen_wait(self._asking)
        self._asking = None
        if answer and job is self._job and job is not None:
            self._actions.show_result("Cancelling …")
            job.cancel()
        return bool(answer)

    def stop(self) -> None:
        """Stop the running job, if any, at its next tick."""
        if self._job is not None:
            self._job.cancel()

    # The page

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Grey out what cannot be done now."""
        if action in ("import", "export"):
            return None if self.is_busy else True
        if action == "cancel":
            return self.is_busy
        return True

    @on(Tree.NodeSelected, "#navigation")
    def action_show_users(self) -> None:
        """Go to the list."""
        self._table.focus()

    def action_toggle_navigation(self) -> None:
        """Hide the navigation pane, or show it again."""
        pane = self.query_one(NavigationPane)
        pane.display = not pane.display
        if not pane.display:
            self._table.focus()

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(self)))


def summary(report: Report) -> str:
    """What an import did, in the Actions bar's words."""
    plan = report.plan
    rejected = f", {plan.rejected:,} rejected" if plan.rejected else ""
    if not plan.changes and not plan.rejected:
        return f"Imported {plan.imported:,} of {counted(plan.records, 'record')}, all unchanged"
    return f"Imported {plan.imported:,} of {counted(plan.records, 'record')}{rejected}"


def _ended(error: Exception, when_cancelled: str) -> JobEnded:
    if isinstance(error, Cancelled):
        return JobEnded(when_cancelled, is_fault=False)
    if isinstance(error, Refused):
        return JobEnded(str(error), is_fault=True)
    return JobEnded(sentence_of(error), is_fault=True)
