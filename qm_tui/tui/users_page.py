"""The Users page: the list, Import and Export."""

import time
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.progress import STEP, Cancelled
from qm_tui.refusal import Refused
from qm_tui.remembered import remember, remembered
from qm_tui.text import counted
from qm_tui.transfer.exporting import export_users
from qm_tui.tui.actions_bar import Offer
from qm_tui.tui.content import safe, safe_lines
from qm_tui.tui.import_flow import import_file
from qm_tui.tui.jobs import (
    ExportFinished,
    Job,
    MarksGone,
    StoreOpened,
    StoreUnusable,
    View,
    ended_by,
    view_of,
)
from qm_tui.tui.live_view import LiveView, NewsRead
from qm_tui.tui.page import COMMON, Page
from qm_tui.tui.question import Message
from qm_tui.tui.save_dialog import SaveChoice, SaveDialog
from qm_tui.tui.session import Session
from qm_tui.tui.users_table import LEGEND, UsersDataTable
from qm_tui.users.fields import User

_GROWS_EVERY: Final = 0.1
"""Seconds between two looks at how many users are read while the store is opened."""

_REST: Final = 0.0005

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


class UsersPage(Page):
    """Administration > Users.

    Args:
        session: what it shares with the other pages. The store is loaded by this one.
    """

    PAGE: ClassVar[str] = "users"
    OFFERS: ClassVar[tuple[Offer, ...]] = (
        Offer("[i Import]", "import", "import"),
        Offer("[x Export]", "export", "export"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import", "Import"),
        Binding("x", "export", "Export"),
        *COMMON,
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._store = session.store
        self._found: SimpleQueue[Sequence[User]] = SimpleQueue()
        self._growing: list[str] = []
        self._growing_users: dict[str, User] = {}
        self._folder = Path.cwd()
        self._live = LiveView(self, session)

    @property
    def _table(self) -> UsersDataTable:
        return self.query_one(UsersDataTable)

    def compose_page(self) -> Iterator[Widget]:
        """The table, what is said where there are no users, and what the letters mean."""
        yield UsersDataTable(self.session.marks, id="users")
        yield Static(safe_lines(_NO_USERS), id="no-users")
        yield Static(safe(LEGEND), id="legend")

    def on_mount(self) -> None:
        """Start to read the store. Its first users are on the screen before its last are read."""
        super().on_mount()
        self.query_one("#no-users").display = False
        self._table.focus()
        self.session.say("Opening the store …")
        self._growth = self.set_interval(_GROWS_EVERY, self._grow)
        self._open(self.begin())

    def focus_list(self) -> None:
        """Give the focus to the table."""
        self._table.focus()

    # Opening the store

    @work(thread=True, exit_on_error=False)
    def _open(self, job: Job) -> None:
        try:
            self._store.load(job.tick, self._found.put)
            view = view_of(self._store.state)
        except Refused as refused:
            self.post_message(StoreUnusable(str(refused)))
        except Cancelled:
            self.app.call_from_thread(self.app.exit)
        else:
            self.post_message(StoreOpened(view))

    @on(StoreUnusable)
    def _unusable(self, event: StoreUnusable) -> None:
        self.session.end("")
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
        self.session.end("")
        self.session.show(event.view)
        self._growing, self._growing_users = [], {}
        self.session.say(self.session.looking_only)
        if self._store.notices:
            self.app.push_screen(Message(*self._store.notices))
        self._live.start()

    @on(NewsRead)
    def _news_read(self, event: NewsRead) -> None:
        self._live.take(event)

    def show_view(self, view: View) -> None:
        """Show other users."""
        super().show_view(view)
        table, users = self._table, view.state.users
        table.mark_fresh(view.fresh)
        if view.cursor_row is None:
            table.follow(view.user_ids, users, view.signs)
        else:
            table.show(view.user_ids, users, view.signs, view.cursor_row)
        count = len(view.user_ids)
        self.show_marks()
        if self.session.marks:
            self._find_gone(view, tuple(self.session.marks))
        self.query_one("#no-users").display = not count
        was_empty = not table.display
        table.display = bool(count)
        if count and was_empty:
            table.focus()  # without users it could not hold the focus

    # Import

    @work
    async def action_import(self) -> None:
        """Ask for a file, show what it would do, and import it."""
        if self.session.may_change:
            self._folder = await import_file(self, self.session, self._folder)

    # Marks

    def show_marks(self) -> None:
        """Show who is marked, and how many that are."""
        self._table.refresh()
        view, marked = self.session.view, len(self.session.marks)
        users = counted(len(view.user_ids), "user") if view is not None else ""
        said = f"{users}   {marked:,} marked" if marked else users
        self.query_one("#count", Static).update(safe(said))

    @on(UsersDataTable.MarksWanted)
    def _marks_wanted(self, event: UsersDataTable.MarksWanted) -> None:
        self.session.mark(event.user_ids)

    @work(thread=True, exclusive=True, group="marks", exit_on_error=False, description="find marks")
    def _find_gone(self, view: View, marked: Sequence[str]) -> None:
        users, gone = view.state.users, []
        for done, user_id in enumerate(marked):
            if not done % STEP:
                time.sleep(_REST)
            if user_id not in users:
                gone.append(user_id)
        if gone:
            self.post_message(MarksGone(gone))

    @on(MarksGone)
    def _marks_gone(self, event: MarksGone) -> None:
        self.session.forget_marks(event.user_ids)

    # Export

    @work
    async def action_export(self) -> None:
        """Ask for a name and what is to be written, and export all users or the marked ones."""
        name = f"users-{date.today().isoformat()}.csv"
        dialog = SaveDialog(
            self._folder, name, remembered().export_choices, len(self.session.marks)
        )
        choice = await self.app.push_screen_wait(dialog)
        if choice is None or self.is_busy:
            return
        self._folder = choice.path.parent
        marks = frozenset(self.session.marks) if choice.only_marked else None
        self._export(choice, marks, self.begin())

    @work(thread=True, exit_on_error=False)
    def _export(self, choice: SaveChoice, marks: frozenset[str] | None, job: Job) -> None:
        try:
            remember(export_choices=choice.choices)
            users = list(self._store.state.users.values())
            if marks is not None:
                users = [user for user in users if user.user_id in marks]
            exported = export_users(
                users,
                choice.path,
                job.tick,
                overwrite=choice.overwrite,
                choices=choice.choices,
            )
        except Exception as error:
            self.post_message(ended_by(error, "Export cancelled. Nothing was written."))
        else:
            self.post_message(ExportFinished(exported))

    @on(ExportFinished)
    def _exported(self, event: ExportFinished) -> None:
        self.session.end("Export complete")
        self.app.push_screen(Message(*event.exported.sentences))
