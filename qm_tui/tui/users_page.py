"""The Users page: the list, Import and Export."""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from queue import SimpleQueue
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.progress import Cancelled
from qm_tui.refusal import Refused
from qm_tui.text import counted
from qm_tui.tui.actions_bar import Offer
from qm_tui.tui.chrome import PAGES
from qm_tui.tui.content import safe, safe_lines
from qm_tui.tui.details_pane import DetailsPane
from qm_tui.tui.details_screen import DetailsScreen
from qm_tui.tui.export_flow import export_file
from qm_tui.tui.filter_bar import FilterBar
from qm_tui.tui.import_flow import import_file
from qm_tui.tui.jobs import Job, StoreOpened, StoreUnusable, View, Wanted
from qm_tui.tui.listing import Listed, NotListed, asks_for_marks, view_of
from qm_tui.tui.live_view import LiveView, NewsRead
from qm_tui.tui.marks import MarksLookedAt, looked_at
from qm_tui.tui.page import COMMON, Page
from qm_tui.tui.question import Message
from qm_tui.tui.session import Session
from qm_tui.tui.shown_view import ShownView, fault_of
from qm_tui.tui.user_cells import legend
from qm_tui.tui.users_table import UsersDataTable
from qm_tui.users.fields import User
from qm_tui.users.query.columns import USUAL
from qm_tui.users.query.language import FilterFault

_GROWS_EVERY: Final = 0.1
"""Seconds between two looks at how many users are read while the store is opened."""

_ROOM_FOR_DETAILS: Final = 120
"""Columns of the terminal from which the details stand beside the table."""

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

_NONE_SHOWN: Final = (
    "No user is as the filter asks.",
    "",
    "Esc clears the filter, / changes it.",
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
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("escape", "back", "Clear the filter, or cancel the running job", show=False),
        *COMMON,
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._store = session.store
        self._found: SimpleQueue[Sequence[User]] = SimpleQueue()
        self._growing: list[str] = []
        self._growing_users: dict[str, User] = {}
        self._folder = Path.cwd()
        self._wants_list = False
        self._live = LiveView(self, session)
        self._shown = ShownView(self, session, lambda: self._table.cursor_user_id)

    @property
    def _details(self) -> DetailsPane:
        return self.query_one(DetailsPane)

    @property
    def _table(self) -> UsersDataTable:
        return self.query_one(UsersDataTable)

    def compose_page(self) -> Iterator[Widget]:
        """The filter, the table, what is said where it is empty, and what the letters mean."""
        yield FilterBar(self.session.listing.values_of)
        with Horizontal(id="users-and-details"):
            yield UsersDataTable(self.session.marks, id="users")
            yield Static(safe_lines(_NO_USERS), id="no-users")
            yield DetailsPane()
        yield Static(id="legend")

    def on_mount(self) -> None:
        """Start to read the store. Its first users are on the screen before its last are read."""
        super().on_mount()
        self.query_one("#no-users").display = False
        self._details.display = False
        self._show_shown()
        self._table.focus()
        self.session.say("Opening the store …")
        self._growth = self.set_interval(_GROWS_EVERY, self._grow)
        self._open(self.begin())

    def focus_list(self) -> None:
        """Give the focus to the table; where no user is shown, to the filter that hides them."""
        self._wants_list = not self._table.display
        if self._table.display:
            self.set_focus(self._table)
        elif self.session.shown.filter:
            self.query_one(FilterBar).begin()

    # Opening the store

    @work(thread=True, exit_on_error=False)
    def _open(self, job: Job) -> None:
        try:
            self._store.load(job.tick, self._found.put)
            view = view_of(self.session.listing, self._store.state, self.session.wanted)
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
        """Show the users read so far, where all are shown in the store's order."""
        if self.session.wanted != Wanted():
            return
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
        self._shown.prepare()

    @on(NewsRead)
    def _news_read(self, event: NewsRead) -> None:
        self._live.take(event)

    def show_view(self, view: View) -> None:
        """The store holds something else."""
        super().show_view(view)
        if view.is_lifted:
            self._shown.lifted()
            self._show_shown()
        self._table.mark_fresh(view.fresh)
        self._show_users(view)
        if view.wanted != self.session.wanted:
            self._shown.ask()  # something else was asked for while this was made

    def _show_users(self, view: View) -> None:
        """Show the users of a view."""
        table, users = self._table, view.state.users
        if view.cursor_row is None:
            table.follow(view.user_ids, users, view.signs)
        else:
            table.show(view.user_ids, users, view.signs, view.cursor_row)
        total = len(users)
        self.query_one(FilterBar).show_count(len(view.user_ids), total)
        self.show_marks()
        if self.session.marks:
            self._look_at_marks(view, tuple(self.session.marks))
        self._say_if_empty(view)
        self._show_details()

    def _say_if_empty(self, view: View) -> None:
        """Say why no user is shown, and what to do."""
        table, said = self._table, self.query_one("#no-users", Static)
        is_empty = not view.user_ids
        if is_empty:
            said.update(safe_lines(_NO_USERS if not view.state.users else _NONE_SHOWN))
        said.display = is_empty
        was_empty = not table.display
        table.display = not is_empty
        if was_empty and not is_empty:
            # without users it could not hold the focus
            if self._wants_list or not self.query_one(FilterBar).field.has_focus:
                table.focus()
            self._wants_list = False

    # Which users are shown

    def _show_name(self) -> None:
        name = f"{PAGES[self.PAGE]}   {self._shown.title}"
        self.query_one("#page-name", Static).update(safe(name))

    def _show_shown(self) -> None:
        """Show how the view is called, its filter, its sort order and its columns."""
        shown, table = self.session.shown, self._table
        self._show_name()
        bar = self.query_one(FilterBar)
        if bar.field.value.strip() != shown.filter:
            bar.show_filter(shown.filter)
        layout = shown.layout or USUAL
        table.show_layout(layout)
        table.show_sort(shown.sort)
        self.query_one("#legend", Static).update(safe(legend(layout)))

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        if self._shown.is_answer(event):
            self.session.view = event.view
            self.query_one(FilterBar).show_fault("")
            self._show_users(event.view)

    @on(NotListed)
    def _not_listed(self, event: NotListed) -> None:
        if event.wanted == self.session.wanted:
            self.query_one(FilterBar).show_fault(event.sentence)

    def action_filter(self) -> None:
        """Type a filter; the users for whom it holds are shown at each key."""
        self.query_one(FilterBar).begin()
        self._shown.prepare()

    @on(FilterBar.Typed)
    def _typed(self, event: FilterBar.Typed) -> None:
        try:
            self._shown.filter(event.text)
        except FilterFault as fault:
            self.query_one(FilterBar).show_fault(fault.sentence)
        else:
            self._show_name()

    @on(FilterBar.Applied)
    def _applied(self, event: FilterBar.Applied) -> None:
        bar = self.query_one(FilterBar)
        sentence = fault_of(event.text)
        if sentence:
            bar.show_fault(sentence)
        elif not bar.has_fault:
            bar.remember(event.text)
            self.focus_list()

    @on(FilterBar.Left)
    def _left(self) -> None:
        self.focus_list()

    @on(FilterBar.Cleared)
    def action_clear_filter(self) -> None:
        """Show all users again."""
        bar = self.query_one(FilterBar)
        bar.remember(bar.field.value)
        bar.show_filter("")
        self._shown.filter("")
        self._show_shown()
        self.focus_list()

    def action_back(self) -> None:
        """Ask whether to cancel the running job; without one, clear the filter."""
        if self.is_busy:
            self.action_cancel()
        elif self._details.display and self._details.has_focus_within:
            self._close_details()
        elif self.session.shown.filter or self.query_one(FilterBar).field.value:
            self.action_clear_filter()

    @on(UsersDataTable.SortWanted)
    def _sort_wanted(self, event: UsersDataTable.SortWanted) -> None:
        self._shown.sort_by(event.column_key, add=event.add)
        self._table.show_sort(self.session.shown.sort)

    # Details

    @on(UsersDataTable.RowSelected)
    async def action_details(self) -> None:
        """Open the details of the user under the cursor, beside the table where there is room."""
        pane, user_id = self._details, self._table.cursor_user_id
        if pane.display:
            self._close_details()
        elif user_id is not None and self.size.width >= _ROOM_FOR_DETAILS:
            pane.display = True
            self._show_details()
        elif user_id is not None:
            self._open_details()

    @work
    async def _open_details(self) -> None:
        """Show the details on a screen of their own, and let the cursor follow."""
        view, table = self.session.view, self._table
        if view is None:
            return
        row = await self.app.push_screen_wait(
            DetailsScreen(view.user_ids, table.cursor_row, view.state.users, self._store)
        )
        if self.session.view is view:
            table.cursor_row = row

    def _close_details(self) -> None:
        self._details.display = False
        self._details.show(None, self._store)
        self.focus_list()

    @on(UsersDataTable.RowHighlighted)
    def _show_details(self) -> None:
        """Show the user under the cursor in the pane, if it is open."""
        view, user_id = self.session.view, self._table.cursor_user_id
        if self._details.display:
            user = view.state.users.get(user_id) if view is not None and user_id else None
            self._details.show(user, self._store)

    def on_resize(self) -> None:
        """Close the pane of details where there is no more room for it."""
        if self.size.width < _ROOM_FOR_DETAILS and self._details.display:
            self._close_details()

    # Import

    @work
    async def action_import(self) -> None:
        """Ask for a file, show what it would do, and import it."""
        if self.session.may_change:
            self._folder = await import_file(self, self.session, self._folder)

    # Export

    @work
    async def action_export(self) -> None:
        """Ask for a name and what is to be written, and export all users or some of them."""
        if not self.is_busy:
            self._folder = await export_file(self, self.session, self._folder)

    # Marks

    def show_marks(self) -> None:
        """Show who is marked, and how many that are."""
        self._table.refresh()
        view = self.session.view
        users = counted(len(view.state.users), "user") if view is not None else ""
        said = "   ".join(filter(None, (users, self.session.marks_words)))
        self.query_one("#count", Static).update(safe(said))

    @on(UsersDataTable.MarksWanted)
    def _marks_wanted(self, event: UsersDataTable.MarksWanted) -> None:
        self.session.mark(event.user_ids)
        if asks_for_marks(self.session.shown.filter):
            self._shown.ask()

    @work(thread=True, exclusive=True, group="marks", exit_on_error=False, description="marks")
    def _look_at_marks(self, view: View, marked: Sequence[str]) -> None:
        self.post_message(looked_at(view, marked))

    @on(MarksLookedAt)
    def _marks_looked_at(self, event: MarksLookedAt) -> None:
        if event.gone:
            self.session.forget_marks(event.gone)
        if event.hidden != self.session.hidden_marks:
            self.session.hidden_marks = event.hidden
            self.show_marks()
