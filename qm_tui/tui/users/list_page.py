"""The list of the Users page: filter, view, columns, marks and details."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from qm_tui.config.saved_views import load_views
from qm_tui.errors import UserError
from qm_tui.text import pluralize
from qm_tui.tui.changes.selection import Selection
from qm_tui.tui.frame.navigation import PAGES
from qm_tui.tui.frame.page import COMMON, UNDO, Page
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.user_cells import legend
from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.users.actions import (
    PRIMARY_BINDINGS,
    SECONDARY_BINDINGS,
    can_run_action,
    run_user_action,
)
from qm_tui.tui.users.filter_bar import FilterBar
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.widgets.too_small import is_too_small
from qm_tui.tui.work.current_view import CurrentView, filter_error
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.job import UserListView, ViewQuery
from qm_tui.tui.work.key_queue import KeyRefused
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import (
    MarksCompared,
    QueryFailed,
    QueryFinished,
    compare_marks,
    depends_on_marks,
)
from qm_tui.users.query.columns import DEFAULT_LAYOUT
from qm_tui.users.query.filter_parser import FilterSyntaxError

_MIN_WIDTH_FOR_DETAILS: Final = 120
"""Width of the terminal from which the details are shown next to the table."""

_NO_USERS: Final = (
    "No users yet.",
    "",
    "Press i to import a .csv file, or a to add a user.",
    "",
    "To try it out, import sample_data/users.csv from the",
    "qm-tui source. For a file with the header only, run:",
    "qm-tui export --template users.csv",
)

_NONE_SHOWN: Final = (
    "No users match the filter.",
    "",
    "Press Esc to clear it, or / to edit it.",
)

_NO_FILTER: Final = (
    "The filter is invalid.",
    "",
    "See the error above. Press Esc to clear the filter.",
)


class UsersList(Page):
    """The table of users with filter, sort order, columns, views, marks and details.

    Args:
        session: the state that the pages share.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", tooltip="Filter users"),
        *PRIMARY_BINDINGS,
        UNDO,
        *SECONDARY_BINDINGS,
        Binding("v", "views", "Views", tooltip="Open or save a view"),
        Binding("c", "columns", "Columns", tooltip="Set the columns, their order and width"),
        Binding("F", "counts", "Counts", tooltip="Count the shown users by field"),
        Binding("L", "mark_list", "Mark list", tooltip="Mark users from a pasted list"),
        Binding("escape", "back", "Clear the filter, or cancel the running operation", show=False),
        *COMMON,
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.store = session.store
        self.view_shown = CurrentView(self, session, lambda: self.table.cursor_user_id)
        self._focus_list_next = False
        self._failed_query: ViewQuery | None = None
        self._marks_number = 0

    @property
    def table(self) -> UsersDataTable:
        """The table."""
        return self.query_one(UsersDataTable)

    @property
    def _details(self) -> DetailsPane:
        return self.query_one(DetailsPane)

    def compose_page(self) -> Iterator[Widget]:
        """Yield filter, table, message for an empty table, details and legend."""
        yield FilterBar(self.session.query_runner.values_of)
        with Horizontal(id="users-and-details"):
            yield UsersDataTable(self.session.marks, id="users")
            yield Static(safe_lines(_NO_USERS), id="no-users")
            yield DetailsPane()
        yield Static(id="legend")

    def on_mount(self) -> None:
        self.query_one("#no-users").display = False
        self._details.display = False
        self._show_current_view()
        self.table.focus()

    def focus_list(self) -> None:
        """Focus the table; if it is empty, nothing."""
        self._focus_list_next = not self.table.display
        self.set_focus(self.table if self.table.display else None)

    def show_view(self, view: UserListView) -> None:
        """Show another state of the store."""
        super().show_view(view)
        if view.is_lifted:
            self._show_current_view()
        self.table.highlight_changed(view.externally_changed)
        self._show_users(view)
        if view.query != self.session.query:
            self.view_shown.run_query()  # the view was changed in the meantime

    def _show_users(self, view: UserListView) -> None:
        """Show the users of a view."""
        table, users = self.table, view.state.users
        if view.cursor_row is None:
            table.follow(view.user_ids, users, view.change_symbols)
        else:
            table.show(view.user_ids, users, view.change_symbols, view.cursor_row)
        total = len(users)
        self.query_one(FilterBar).show_count(len(view.user_ids), total)
        text, count = safe(pluralize(total, "user")), self.query_one("#count", Static)
        if count.content != text:
            count.update(text)
        if self.session.marks:
            self._compare_marks_later(view)
        self._show_empty_state(view)
        self._show_details()

    def _show_empty_state(self, view: UserListView) -> None:
        """Explain why no users are shown, and what to do."""
        table, message = self.table, self.query_one("#no-users", Static)
        is_empty = not view.user_ids
        if is_empty:
            has_error = self.query_one(FilterBar).has_error
            none_shown = _NO_FILTER if has_error else _NONE_SHOWN
            message.update(safe_lines(none_shown if view.state.users else _NO_USERS))
        message.display = is_empty
        was_empty = not table.display
        if is_empty and table.has_focus:
            self.set_focus(None)  # else Textual would give it to another widget
        if table.display is is_empty:  # setting it draws the table again
            table.display = not is_empty
        if was_empty and not is_empty:
            # an empty table cannot have the focus
            if self._focus_list_next or not self.query_one(FilterBar).field.has_focus:
                table.focus()
            self._focus_list_next = False

    # Which users are shown

    def _show_name(self) -> None:
        name = f"{PAGES[self.PAGE].label}   {self.view_shown.title}"
        self.query_one("#page-name", Static).update(safe(name), layout=False)

    def _show_current_view(self) -> None:
        """Show the name of the view, its filter, sort order and columns."""
        shown, table = self.session.current_view, self.table
        self._show_name()
        bar = self.query_one(FilterBar)
        if bar.field.value.strip() != shown.filter:
            bar.show_filter(shown.filter)
        layout = shown.layout or DEFAULT_LAYOUT
        table.show_layout(layout)
        table.show_sort(shown.sort)
        self.query_one("#legend", Static).update(safe(legend(layout)))

    @on(QueryFinished)
    def _query_finished(self, event: QueryFinished) -> None:
        if self.view_shown.is_current(event):
            self.session.view = event.view
            bar = self.query_one(FilterBar)
            if bar.field.value.strip() == event.view.query.filter:
                bar.show_error("")  # else more has been typed, which may be invalid
            self._show_users(event.view)

    @on(QueryFailed)
    def _query_failed(self, event: QueryFailed) -> None:
        if event.query == self.session.query:
            self._failed_query = event.query
            self._show_filter_error(event.message)

    def _show_filter_error(self, message: str) -> None:
        """Show the error in the filter. The list does not change."""
        self.query_one(FilterBar).show_error(message)
        empty = self.query_one("#no-users", Static)
        if empty.display:
            empty.update(safe_lines(_NO_FILTER))

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        if action == "act":
            view = self.session.view
            is_one_shown = view is not None and bool(view.user_ids)
            return (
                can_run_action(str(parameters[0]), self.session, is_one_shown=is_one_shown) or None
            )
        return super().check_action(action, parameters)

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait: for the users that match a filter, it applies to them."""
        view, query = self.session.view, self.session.query
        is_finding = view is not None and query not in (view.query, self._failed_query)
        is_typed = isinstance(self.focused, Input) and key != "enter"
        is_for_list = not is_typed and key != "escape"
        return (is_finding and is_for_list) or super().must_wait(key)

    @property
    def _selection(self) -> Selection:
        """The users that an action applies to."""
        session, view = self.session, self.session.view
        user_id = self.table.cursor_user_id if self.is_mounted else None
        current = view.state.users.get(user_id) if view is not None and user_id else None
        # a copy: deleted users lose their marks while a thread counts them
        return Selection(current, tuple(session.marks), session.hidden_marks)

    @flow
    async def action_act(self, name: str) -> None:
        """Run an action on the marked users, or on the current one."""
        await run_user_action(name, self, self.session, self._selection)

    def action_filter(self) -> None:
        """Focus the filter field. The list follows each key."""
        self.query_one(FilterBar).begin()
        self.view_shown.prepare()

    @on(FilterBar.Typed)
    def _typed(self, event: FilterBar.Typed) -> None:
        if event.text != self.query_one(FilterBar).field.value:
            return  # outdated: the text has changed again
        try:
            self.view_shown.filter(event.text)
        except FilterSyntaxError as issue:
            self._show_filter_error(issue.message)
        else:
            self._show_name()
            if self.session.view is not None:
                self._show_empty_state(self.session.view)

    @on(FilterBar.Applied)
    def _applied(self, event: FilterBar.Applied) -> None:
        bar = self.query_one(FilterBar)
        message = filter_error(event.text)
        if message or bar.has_error:
            self.post_message(KeyRefused())
        if message:
            self._show_filter_error(message)
        elif not bar.has_error:
            bar.add_to_history(event.text)
            self.view_shown.schedule_save()
            self.focus_list()

    @on(FilterBar.Left)
    def _left(self) -> None:
        self.view_shown.schedule_save()
        self.focus_list()

    @on(FilterBar.Cleared)
    def action_clear_filter(self) -> None:
        """Clear the filter."""
        bar = self.query_one(FilterBar)
        if not bar.has_error and not filter_error(bar.field.value):
            bar.add_to_history(bar.field.value)
        bar.show_filter("")
        self.view_shown.filter("")
        self.view_shown.schedule_save()
        self._show_current_view()
        self.focus_list()

    def show_filter(self, text: str) -> None:
        """Replace the filter. The old one goes into the history of the field."""
        bar = self.query_one(FilterBar)
        if not bar.has_error and not filter_error(bar.field.value):
            bar.add_to_history(bar.field.value)
        self.view_shown.filter(text)
        self.view_shown.schedule_save()
        self._show_current_view()
        self.focus_list()

    def action_back(self) -> None:
        """Cancel the running operation after a confirmation, or clear the filter."""
        if self.is_busy:
            self.action_cancel()
        elif self._details.display and self._details.has_focus_within:
            self._close_details()
        elif self.session.current_view.filter or self.query_one(FilterBar).field.value:
            self.action_clear_filter()
        elif self._details.display:
            self._close_details()

    @on(UsersDataTable.SortRequested)
    def _sort_requested(self, event: UsersDataTable.SortRequested) -> None:
        self.view_shown.sort_by(event.column_key, add=event.add)
        self.table.show_sort(self.session.current_view.sort)

    @flow
    async def action_views(self) -> None:
        """Open a view, or save the current one."""
        from qm_tui.tui.users.dialogs.views import ViewsDialog

        saved = (await asyncio.to_thread(load_views)).saved
        view = await self.app.push_screen_wait(ViewsDialog(self.session.current_view, saved))
        if view is not None:
            self.view_shown.select(view)
            self._show_current_view()

    @flow
    async def action_columns(self) -> None:
        """Edit the column layout."""
        from qm_tui.tui.users.dialogs.columns import ColumnsDialog

        layout = await self.app.push_screen_wait(ColumnsDialog(self.table.shown_layout))
        if layout is not None:
            self.view_shown.set_layout(layout)
            self._show_current_view()

    @flow
    async def action_counts(self) -> None:
        """Count the shown users by field, and filter by one of the values."""
        from qm_tui.tui.users.dialogs.counts import CountsDialog

        view = self.session.view
        if view is None:
            return
        title = f"{pluralize(len(view.user_ids), 'user')} shown"
        dialog = CountsDialog(view.user_ids, view.state.users, title)
        term = await self.app.push_screen_wait(dialog)
        if term:
            self._add_to_filter(term)

    def _add_to_filter(self, term: str) -> None:
        """Add a term to the filter, or replace an invalid filter by it."""
        before = self.session.current_view.filter
        text = term if filter_error(before) else f"{before} {term}"
        try:
            self.view_shown.filter(text)
        except FilterSyntaxError as issue:
            self._show_filter_error(issue.message)
        else:
            self.view_shown.schedule_save()
            self._show_current_view()

    # Copying

    @on(UsersDataTable.CopyRequested)
    @work
    async def _copy_requested(self, event: UsersDataTable.CopyRequested) -> None:
        """Copy a cell or a row to the clipboard of the terminal."""
        from qm_tui.tui.terminal.clipboard import copy
        from qm_tui.tui.text.clipboard_text import cell_to_copy, row_to_copy

        view, key = self.session.view, event.column_key
        user = view.state.users.get(event.user_id) if view is not None else None
        if user is None:
            return
        try:
            content = row_to_copy(user) if key is None else cell_to_copy(user, key)
        except UserError as error:
            self.session.set_status(str(error))
        else:
            self.session.set_status(await copy(self.app, content.text) or content.status)

    # Details

    @on(UsersDataTable.RowSelected)
    async def action_details(self) -> None:
        """Show the details of the current user, next to the table if there is room."""
        pane, user_id = self._details, self.table.cursor_user_id
        if pane.display:
            self._close_details()
        elif user_id is not None and self.size.width >= _MIN_WIDTH_FOR_DETAILS:
            pane.display = True
            self._show_details()
        elif user_id is not None:
            self._open_details()

    @flow
    async def _open_details(self) -> None:
        """Show the details in a dialog; then move the cursor to the user shown last."""
        from qm_tui.tui.users.user_screen import UserScreen

        view, table = self.session.view, self.table
        if view is None:
            return
        screen = UserScreen(self.session, table.cursor_row, self)
        row = await self.app.push_screen_wait(screen)
        now = self.session.view
        if now is not None:
            with suppress(ValueError):  # the user may be deleted, or no longer shown
                table.cursor_row = now.user_ids.index(view.user_ids[row])

    def _close_details(self) -> None:
        self._details.display = False
        self._details.show(None, self.store)
        self.focus_list()

    @on(UsersDataTable.RowHighlighted)
    def _show_details(self) -> None:
        """Show the current user in the pane, if it is open."""
        view, user_id = self.session.view, self.table.cursor_user_id
        if self._details.display:
            user = view.state.users.get(user_id) if view is not None and user_id else None
            self._details.show(user, self.store)

    def on_resize(self) -> None:
        has_room = self.size.width >= _MIN_WIDTH_FOR_DETAILS or is_too_small(self.size)
        if not has_room and self._details.display:
            self._close_details()

    # Marks

    def show_marks(self) -> None:
        """Show the marks and their number, and count the marked users that are not shown."""
        super().show_marks()
        self.table.refresh_marks()
        view = self.session.view
        if depends_on_marks(self.session.current_view.filter):
            self.view_shown.run_query()
        elif view is not None:
            self._compare_marks_later(view)

    @on(UsersDataTable.MarksRequested)
    def _marks_requested(self, event: UsersDataTable.MarksRequested) -> None:
        self.session.toggle_marks(event.user_ids)

    @flow
    async def action_mark_list(self) -> None:
        """Mark users from a pasted list."""
        from qm_tui.tui.users.dialogs.mark_list import MarkListDialog

        view = self.session.view
        if view is None:
            return
        dialog = MarkListDialog(view.state.users, view.state.names)
        user_ids = await self.app.push_screen_wait(dialog)
        if user_ids:
            self.session.add_marks(user_ids)

    def _compare_marks_later(self, view: UserListView) -> None:
        """Count the marked users that are not shown or deleted, in the background."""
        self._marks_number += 1
        self._compare_marks(self._marks_number, view, tuple(self.session.marks))

    @work(thread=True, exclusive=True, group="marks", description="marks")
    def _compare_marks(self, number: int, view: UserListView, marked: Sequence[str]) -> None:
        self.post_message(compare_marks(number, view, marked))

    @on(MarksCompared)
    def _marks_compared(self, event: MarksCompared) -> None:
        if event.number != self._marks_number:
            return  # outdated: the view or the marks have changed
        if event.deleted:
            self.session.remove_marks(event.deleted)
            self.refresh_bindings()  # there may be no marked users left
        if event.hidden != self.session.hidden_marks:
            self.session.hidden_marks = event.hidden
            super().show_marks()
