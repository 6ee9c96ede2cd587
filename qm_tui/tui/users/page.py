"""The Users page: opens the store, shows live updates, starts imports and exports."""

from functools import partial
from typing import ClassVar, Final

from textual import on, work
from textual.binding import BindingType

from qm_tui.errors import UserError
from qm_tui.paths import initial_folder
from qm_tui.progress import Cancelled
from qm_tui.store.state import FIRST, State, UserCount, Window
from qm_tui.tui.frame.actions_bar import ActionButton
from qm_tui.tui.frame.navigation import preload_modules
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.users.selection_page import UsersSelection
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.job import FirstUsersLoaded, Job, StoreFailed, StoreOpened, ViewQuery
from qm_tui.tui.work.live_updates import LiveView
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import when_answered
from qm_tui.tui.work.user_rows import LOADED, UserRows
from qm_tui.users.query.query import ALL

_PRELOAD_DELAY: Final = 0.5
"""Seconds after the store is open before modules are imported; the first filter goes first."""

_GROWS_EVERY: Final = 0.5
"""Seconds between two updates of the table while the store is opened."""

_PROGRESS_EVERY: Final = 0.25
"""Seconds between two reports of its progress; each is 200 bytes on a slow line."""


class UsersPage(UsersSelection):
    """Administration > Users.

    Args:
        session: the state that the pages share. This page loads its store.
    """

    PAGE: ClassVar[str] = "users"
    ACTION_BUTTONS: ClassVar[tuple[ActionButton, ...]] = (
        ActionButton("[<users.import> Import]", "import", "import"),
        ActionButton("[<users.export> Export]", "export", "export"),
        ActionButton("[<user.edit> Edit]", "edit", "act('edit')"),
        ActionButton("[<user.add> Add]", "add", "act('add')"),
        ActionButton("[<user.set_field> Set field]", "set-field", "act('change')"),
        ActionButton("[<user.delete> Delete]", "delete", "act('delete')"),
        ActionButton("[<user.password> Password]", "password", "act('password')"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("users.import", "import", hint="Import", show=False),
        bind("users.export", "export", hint="Export", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._has_loaded = False
        self._growing: UserRows | None = None
        self._folder = initial_folder()
        self._live_view = LiveView(self, session)

    def on_mount(self) -> None:
        self.session.set_status("Opening the store…")
        self._growth = self.set_interval(_GROWS_EVERY, self._grow)
        self._open(self.session.begin_job(Job(self.post_message, interval=_PROGRESS_EVERY)))

    # Opening the store

    @work(thread=True)
    def _open(self, job: Job) -> None:
        try:
            self.store.load(job.report_progress, self._has_grown)
            view = self.session.view_after()
        except UserError as error:
            self.post_message(StoreFailed(str(error)))
        except Cancelled:
            self.app.call_from_thread(self.app.exit)
        else:
            self.post_message(StoreOpened(view))

    def _has_grown(self, state: State) -> None:
        """Show the first users immediately. Runs in the worker."""
        if state.total and not self._has_loaded:
            self._has_loaded = True
            self.post_message(FirstUsersLoaded(state))

    @on(FirstUsersLoaded)
    def _first_users_loaded(self, event: FirstUsersLoaded) -> None:
        state = event.state

        def take(window: Window) -> None:
            if self.session.view is None:
                self._growing = UserRows(state, ALL, UserCount(0), window, self.session.marks)
                self._grow()

        when_answered(self, state, partial(state.window, ALL, FIRST, LOADED), take, "first users")

    @on(StoreFailed)
    def _store_failed(self, event: StoreFailed) -> None:
        self.session.end_job("")
        self.app.exit(event.message, return_code=2)

    def _grow(self) -> None:
        """Show the users read so far, unless the view filters or sorts them."""
        if self.session.query != ViewQuery() or self._growing is None:
            return
        self._growing.grow()
        if self.table.rows is self._growing:
            self.table.rows_added()
        else:
            self.table.show(self._growing)

    @on(StoreOpened)
    def _opened(self, event: StoreOpened) -> None:
        self._growth.stop()
        self._grow()
        self.session.end_job("")
        self.session.show_view(event.view)
        self._growing = None
        self.session.set_status(self.session.read_only_reason)
        if self.store.notices:
            notices = MessageDialog(*self.store.notices)
            self.app.push_screen(notices, lambda _: self.store.acknowledge_notices())
        self._live_view.start()
        self.view_shown.prepare()
        self.set_timer(_PRELOAD_DELAY, self._preload_modules)

    @work(thread=True, description="import modules of the dialogs")
    def _preload_modules(self) -> None:
        preload_modules()

    # Import

    @flow
    async def action_import(self) -> None:
        """Open a file, preview it, and import it."""
        from qm_tui.tui.transfer.import_flow import import_file

        if self.session.may_change:
            self._folder = await import_file(self, self.session, self._folder)
            self.view_shown.prepare()

    # Export

    @flow
    async def action_export(self) -> None:
        """Export users to a file."""
        from qm_tui.tui.transfer.export_flow import export_file

        if not self.is_busy:
            await export_file(self, self.session)
