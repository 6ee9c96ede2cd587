"""The Users page: opens the store, shows live updates, starts imports and exports."""

from collections.abc import Sequence
from itertools import islice
from queue import SimpleQueue
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType

from qm_tui.errors import Refused
from qm_tui.paths import folder_to_begin_in
from qm_tui.progress import Cancelled
from qm_tui.tui.frame.actions_bar import Offer
from qm_tui.tui.users.list_page import UsersList
from qm_tui.tui.widgets.message_box import Message
from qm_tui.tui.work.job import FirstFound, Job, StoreOpened, StoreUnusable, Wanted
from qm_tui.tui.work.live_updates import LiveView, NewsRead
from qm_tui.tui.work.preload import import_later
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of
from qm_tui.users.fields import User

_LATER: Final = 0.5
"""Seconds after the store is open before modules are imported; the first filter goes first."""

_GROWS_EVERY: Final = 0.3
"""Seconds between two updates of the table while the store is opened."""


class UsersPage(UsersList):
    """Administration > Users.

    Args:
        session: the state that the pages share. This page loads its store.
    """

    PAGE: ClassVar[str] = "users"
    OFFERS: ClassVar[tuple[Offer, ...]] = (
        Offer("[i Import]", "import", "import"),
        Offer("[x Export]", "export", "export"),
        Offer("[e Edit]", "edit", "act('edit')"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "import", "Import", show=False, tooltip="Import users from a .csv file"),
        Binding("x", "export", "Export", show=False, tooltip="Export users to a .csv file"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._found: SimpleQueue[Sequence[User]] = SimpleQueue()
        self._has_found = False
        self._growing: list[str] = []
        self._growing_users: dict[str, User] = {}
        self._folder = folder_to_begin_in()
        self._live = LiveView(self, session)

    def on_mount(self) -> None:
        super().on_mount()
        self.session.say("Opening the store…")
        self._growth = self.set_interval(_GROWS_EVERY, self._grow)
        self._open(self.begin())

    # Opening the store

    @work(thread=True)
    def _open(self, job: Job) -> None:
        try:
            self.store.load(job.tick, self._take_found)
            view = view_of(self.session.listing, self.store.state, self.session.wanted)
        except Refused as error:
            self.post_message(StoreUnusable(str(error)))
        except Cancelled:
            self.app.call_from_thread(self.app.exit)
        else:
            self.post_message(StoreOpened(view))

    def _take_found(self, users: Sequence[User]) -> None:
        """Queue users that were read, and show the first immediately. Runs in the worker."""
        self._found.put(users)
        if users and not self._has_found:
            self._has_found = True
            self.post_message(FirstFound())

    @on(FirstFound)
    def _first_found(self) -> None:
        self._grow()

    @on(StoreUnusable)
    def _unusable(self, event: StoreUnusable) -> None:
        self.session.end("")
        self.app.exit(event.sentence, return_code=2)

    def _grow(self) -> None:
        """Show the users read so far, unless the view filters or sorts them."""
        if self.session.wanted != Wanted():
            return
        shown = len(self._growing)
        while not self._found.empty():
            self._growing_users.update((user.user_id, user) for user in self._found.get())
        self._growing += islice(self._growing_users, shown, None)
        if shown:
            self.table.rows_added()
        elif self._growing:
            self.table.show(self._growing, self._growing_users)

    @on(StoreOpened)
    def _opened(self, event: StoreOpened) -> None:
        self._growth.stop()
        self.session.end("")
        self.session.show(event.view)
        self._growing, self._growing_users = [], {}
        self.session.say(self.session.looking_only)
        if self.store.notices:
            notices = Message(*self.store.notices)
            self.app.push_screen(notices, lambda _: self.store.acknowledge_notices())
        self._live.start()
        self.view_shown.prepare()
        self.set_timer(_LATER, self._import_later)

    @work(thread=True, description="import modules of the dialogs")
    def _import_later(self) -> None:
        import_later()

    @on(NewsRead)
    def _news_read(self, event: NewsRead) -> None:
        self._live.take(event)

    # Import

    @work
    async def action_import(self) -> None:
        """Open a file, preview it, and import it."""
        from qm_tui.tui.transfer.import_flow import import_file

        if self.session.may_change:
            self._folder = await import_file(self, self.session, self._folder)

    # Export

    @work
    async def action_export(self) -> None:
        """Export users to a file."""
        from qm_tui.tui.transfer.export_flow import export_file

        if not self.is_busy:
            self._folder = await export_file(self, self.session, self._folder)
