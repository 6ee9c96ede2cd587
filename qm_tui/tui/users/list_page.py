"""The list of the Users page: filter, sort order, columns, views and counts."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Final

from textual import on
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Static

from qm_tui.config.saved_views import load_views
from qm_tui.text import pluralize
from qm_tui.tui.frame.page import Page
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.users.filter_bar import FilterBar
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.work.current_view import CurrentView, filter_error
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.job import UserListView, ViewQuery
from qm_tui.tui.work.key_queue import KeyRefused
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import BackgroundCounter, ask_until_answered
from qm_tui.tui.work.user_query import QueryFailed, QueryFinished, count_exactly
from qm_tui.tui.work.user_rows import UserRows

_OF_USER: Final = frozenset({"act", "select", "mark", "mark_range", "mark_to_here", "copy"})
"""Actions on the current user."""

_NO_USERS: Final = (
    "No users yet.",
    "",
    "Press <users.import> to import a .csv file, or <user.add> to add a user.",
    "",
    "To try it out, import sample_data/users.csv from the",
    "qm-tui source. For a file with the header only, run:",
    "qm-tui export --template users.csv",
)

_NONE_SHOWN: Final = (
    "No users match the filter.",
    "",
    "Press Esc to clear it, or <users.filter> to edit it.",
)

_NOT_CONNECTED: Final = (
    "Not connected to the server.",
    "",
    "The filter is applied when the connection is back.",
)

_NO_FILTER: Final = (
    "The filter is invalid.",
    "",
    "See the error above. Press Esc to clear the filter.",
)


class UsersList(Page):
    """The table of users with filter, sort order, columns and views.

    Args:
        session: the state that the pages share.

    Attributes:
        has_other_users: whether another query is shown than before the last change of the view.
    """

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.view_shown = CurrentView(self, session, lambda: self.table.cursor_user_id)
        self._focus_list_next = False
        self._failed_query: ViewQuery | None = None
        self._rows: UserRows | None = None
        self.has_other_users = True
        self._counter = BackgroundCounter(self, self._count, "count")

    @property
    def table(self) -> UsersDataTable:
        """The table."""
        return self.query_one(UsersDataTable)

    @property
    def filter_bar(self) -> FilterBar:
        """The filter bar."""
        return self.query_one(FilterBar)

    def compose_page(self) -> Iterator[Widget]:
        """Yield filter, table, message for an empty table, what is beside them, and legend."""
        yield FilterBar(self.session.queries.values_of)
        with Horizontal(id="users-and-details"):
            yield UsersDataTable(self.session.marks, id="users")
            yield Static(id="no-users")
            yield from self.compose_beside()
        yield Static(id="legend")

    def compose_beside(self) -> Iterator[Widget]:
        """Yield what is beside the table."""
        yield from ()

    def on_mount(self) -> None:
        self.query_one("#no-users").display = False
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
        self.show_users(view)
        if view.query != self.session.query:
            self.view_shown.run_query()  # the view was changed in the meantime

    def show_users(self, view: UserListView) -> None:
        """Show the users of a view."""
        table, total = self.table, view.state.total
        rows = UserRows(view.state, view.searched, view.count, view.window, self.session.marks)
        before, self._rows = self._rows, rows
        self.has_other_users = before is None or before.query != view.searched
        if view.cursor_id is None:
            table.follow(rows, view.change_symbols)
        else:
            table.show(rows, view.change_symbols, view.cursor_id)
        self.filter_bar.show_count(view.count, total)
        if not view.is_counted:
            self._counter.begin(now=self.has_other_users)
        text, count = safe(pluralize(total, "user")), self.query_one("#count", Static)
        if count.content != text:
            count.update(text)
        self._show_empty_state(view)
        self._show_legend()

    async def _count(self) -> None:
        """Count the users of a server exactly, after the first of them have been shown."""
        counted = self.session.view
        if counted is None or counted.is_counted:
            return
        count = await ask_until_answered(partial(count_exactly, counted))
        view, rows = self.session.view, self._rows
        if view is not None and rows is not None and view.searched == counted.searched:
            rows.take_count(count)
            self._show_count(rows, is_counted=view.state is counted.state)
            if self.table.rows is rows:
                self.table.count_changed()

    @on(UsersDataTable.CountCorrected)
    def _count_corrected(self, event: UsersDataTable.CountCorrected) -> None:
        view = self.session.view
        if view is not None and event.rows is self._rows:
            self._show_count(event.rows, is_counted=view.is_counted)

    def _show_count(self, rows: UserRows, *, is_counted: bool) -> None:
        """Show another number of users; everything else stays."""
        if self.session.view is not None:
            view = replace(self.session.view, count=rows.counted, is_counted=is_counted)
            self.session.view = view
            self.filter_bar.show_count(view.count, view.state.total)
            self._show_empty_state(view)

    def _show_empty_state(self, view: UserListView) -> None:
        """Explain why no users are shown, and what to do."""
        table, message = self.table, self.query_one("#no-users", Static)
        is_empty = not view.count.number
        if is_empty:
            has_error = self.filter_bar.has_error
            none_shown = _NO_FILTER if has_error else _NONE_SHOWN
            texts = none_shown if view.state.total else _NO_USERS
            message.update(safe_lines(map(with_keys, texts)))
        message.display = is_empty
        was_empty = not table.display
        if is_empty and table.has_focus:
            self.set_focus(None)  # else Textual would give it to another widget
        if table.display is is_empty:  # setting it draws the table again
            table.display = not is_empty
        if was_empty and not is_empty:
            # an empty table cannot have the focus
            if self._focus_list_next or not self.filter_bar.field.has_focus:
                table.focus()
            self._focus_list_next = False

    # Which users are shown

    def _show_current_view(self) -> None:
        """Show the name of the view, its filter, sort order and columns."""
        shown, table = self.session.current_view, self.table
        self.show_title(self.view_shown.title)
        bar = self.filter_bar
        if bar.field.value.strip() != shown.filter:
            bar.show_filter(shown.filter)
        table.show_layout(shown.layout)
        table.show_sort(shown.sort)

    @on(UsersDataTable.ColumnsPlaced)
    def _show_legend(self) -> None:
        """Show the legend of the letters in the visible columns."""
        legend, text = self.query_one("#legend", Static), safe(self.table.legend)
        if legend.content != text:
            legend.update(text)

    @on(QueryFinished)
    def _query_finished(self, event: QueryFinished) -> None:
        if self.view_shown.is_current(event):
            self.session.view = event.view
            bar = self.filter_bar
            if bar.field.value.strip() == event.view.query.filter:
                bar.show_error("")  # else more has been typed, which may be invalid
            self.show_users(event.view)

    @on(QueryFailed)
    def _query_failed(self, event: QueryFailed) -> None:
        if event.query == self.session.query:
            self._failed_query = event.query
            if event.is_valid and not event.query.filter:
                self.session.set_status(event.message)
            else:
                self._show_filter_error(event.message, is_valid=event.is_valid)

    def _show_filter_error(self, message: str, *, is_valid: bool = False) -> None:
        """Show the error in the filter. The list does not change."""
        self.filter_bar.show_error(message)
        empty = self.query_one("#no-users", Static)
        if empty.display:
            empty.update(safe_lines(_NOT_CONNECTED if is_valid else _NO_FILTER))

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait: for the users that match a filter, it applies to them."""
        view, query = self.session.view, self.session.query
        is_finding = view is not None and query not in (view.query, self._failed_query)
        is_typed = isinstance(self.focused, Input) and key != "enter"
        is_for_list = not is_typed and key != "escape"
        active = self.active_bindings.get(key)
        action = "" if active is None else active.binding.action
        is_loading = self.table.is_loading and action.partition("(")[0] in _OF_USER
        is_counting = (
            action == self.table.TO_END and self._rows is not None and not self._rows.is_exact
        )
        must_wait = (is_finding or is_loading or is_counting) and is_for_list
        return must_wait or super().must_wait(key)

    def action_filter(self) -> None:
        """Focus the filter field. The list follows each key."""
        self.filter_bar.begin()
        self.view_shown.prepare()

    @on(Input.Changed, f"#{FilterBar.FIELD}")
    def _typed(self, event: Input.Changed) -> None:
        if event.value != self.filter_bar.field.value:
            return  # outdated: the text has changed again
        error = self.view_shown.filter(event.value)
        if error:
            self._show_filter_error(error)
            return
        self.show_title(self.view_shown.title)
        if self.session.view is not None:
            self._show_empty_state(self.session.view)

    @on(Input.Submitted, f"#{FilterBar.FIELD}")
    def _applied(self, event: Input.Submitted) -> None:
        bar = self.filter_bar
        message = filter_error(event.value)
        if message or bar.has_error:
            self.post_message(KeyRefused())
        if message:
            self._show_filter_error(message)
        elif not bar.has_error:
            bar.add_to_history(event.value)
            self.action_leave_filter()

    def action_leave_filter(self) -> None:
        """Go to the list; the filter remains."""
        self.view_shown.schedule_save()
        self.focus_list()

    def action_clear_filter(self) -> None:
        """Clear the filter, or cancel a slow search."""
        if self.view_shown.cancel_slow_query():
            self._show_current_view()
        else:
            self.show_filter("")

    def show_filter(self, text: str) -> None:
        """Replace the filter. The old one goes into the history of the field."""
        bar = self.filter_bar
        if not bar.has_error and not filter_error(bar.field.value):
            bar.add_to_history(bar.field.value)
        bar.show_filter(text)
        self.view_shown.filter(text)
        self._show_current_view()
        self.action_leave_filter()

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
        number = view.count.number
        title = f"{pluralize(number, 'user')} shown"
        if not view.count.is_exact:
            title = f"{view.count.text} users shown"
        dialog = CountsDialog(view.state, view.searched, number, title)
        term = await self.app.push_screen_wait(dialog)
        if term:
            self._add_to_filter(term)

    def _add_to_filter(self, term: str) -> None:
        """Add a term to the filter, or replace an invalid filter by it."""
        before = self.session.current_view.filter
        text = term if filter_error(before) else f"{before} {term}"
        error = self.view_shown.filter(text)
        if error:
            self._show_filter_error(error)
        else:
            self.view_shown.schedule_save()
            self._show_current_view()
