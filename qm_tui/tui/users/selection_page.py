"""The selection on the Users page: current user, marks, details, actions and copying."""

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.widget import Widget

from qm_tui.text import pluralize
from qm_tui.tui.changes.target import Target
from qm_tui.tui.frame.page import COMMON, UNDO
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.users.actions import (
    PRIMARY_BINDINGS,
    SECONDARY_BINDINGS,
    can_run_action,
    copy_user,
    run_user_action,
)
from qm_tui.tui.users.list_page import UsersList
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.widgets.too_small import is_too_small
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.job import UserListView
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import BackgroundCounter, ask_until_answered, start_worker
from qm_tui.tui.work.user_query import MarksCounted, count_marks
from qm_tui.users.fields import User

_MIN_WIDTH_FOR_DETAILS: Final = 120
"""Width of the terminal from which the details are shown next to the table."""


class UsersSelection(UsersList):
    """The list of users, and what can be done with the current and the marked ones.

    Args:
        session: the state that the pages share.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("users.filter", "filter", hint="Filter"),
        *PRIMARY_BINDINGS,
        UNDO,
        *SECONDARY_BINDINGS,
        bind("users.views", "views", hint="Views"),
        bind("users.columns", "columns", hint="Columns"),
        bind("users.counts", "counts", hint="Counts"),
        bind("users.mark_list", "mark_list", hint="Mark list"),
        Binding("escape", "back", "Clear the filter, or cancel the running operation", show=False),
        *COMMON,
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.store = session.store
        self._marks_number = 0
        self._marks_counter = BackgroundCounter(self, self._count_marks, "marks")

    @property
    def _details(self) -> DetailsPane:
        return self.query_one(DetailsPane)

    def compose_beside(self) -> Iterator[Widget]:
        """Yield the details."""
        yield DetailsPane()

    def on_mount(self) -> None:
        self._details.display = False

    def show_users(self, view: UserListView) -> None:
        """Show the users of a view, and the details of the current one."""
        super().show_users(view)
        if self.session.marks:
            self._marks_number += 1  # what is being counted is outdated
            self._marks_counter.begin(now=view.state.is_at_hand or self.has_other_users)
        self._show_details()

    # Actions

    @property
    def _current_user(self) -> User | None:
        """The current user; None until the store is loaded."""
        is_loaded = self.is_mounted and self.session.view is not None
        return self.table.cursor_user if is_loaded else None

    @property
    def _target(self) -> Target:
        """The users that an action applies to."""
        marks = self.session.marks
        state = marks.state if marks.selection.steps else None
        return Target(self._current_user, marks.selection, state, marks.number, marks.hidden)

    @flow
    async def action_act(self, name: str) -> None:
        """Run an action on the marked users, or on the current one."""
        await run_user_action(name, self, self.session, self._target)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        if action == "act":
            view = self.session.view
            is_one_shown = view is not None and bool(view.count.number)
            return (
                can_run_action(str(parameters[0]), self.session, is_one_shown=is_one_shown) or None
            )
        return super().check_action(action, parameters)

    def action_back(self) -> None:
        """Cancel the running operation after a confirmation, or clear the filter."""
        if self.is_busy:
            self.action_cancel()
        elif self._details.display and self._details.has_focus_within:
            self._close_details()
        elif self.view_shown.cancel_slow_query():
            self._show_current_view()
        elif self.session.current_view.filter or self.filter_bar.display:
            self.action_clear_filter()
        elif self._details.display:
            self._close_details()

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

        table = self.table
        if self.session.view is None or table.rows is None:
            return
        rows = table.rows.copy()
        screen = UserScreen(self.session, rows, table.cursor_row, self)
        row = await self.app.push_screen_wait(screen)
        user = rows.user(row)
        if user is not None:
            table.move_to(user, row)

    def _close_details(self) -> None:
        self._details.display = False
        self._details.show(None, self.store)
        self.focus_list()

    @on(UsersDataTable.RowHighlighted)
    def _show_details(self) -> None:
        """Show the current user in the pane, if it is open."""
        if self._details.display:
            self._details.show(self._current_user, self.store)

    def on_resize(self) -> None:
        has_room = self.size.width >= _MIN_WIDTH_FOR_DETAILS or is_too_small(self.size)
        if not has_room and self._details.display:
            self._close_details()

    # Copying

    @on(UsersDataTable.CopyRequested)
    @work
    async def _copy_requested(self, event: UsersDataTable.CopyRequested) -> None:
        """Copy a cell or a row to the clipboard of the terminal."""
        self.session.set_status(await copy_user(self.app, event.user, event.column_key))

    # Marks

    def show_marks(self) -> None:
        """Show the marks and their number, and count the marked users that are not shown."""
        super().show_marks()
        self.table.refresh_marks()
        self._marks_number += 1  # what is being counted is outdated
        view = self.session.view
        if self.view_shown.depends_on_marks:
            self.view_shown.run_query()
        elif view is not None:
            self._marks_counter.begin()

    @on(UsersDataTable.MarkRequested)
    def _mark_requested(self, event: UsersDataTable.MarkRequested) -> None:
        self.session.marks.toggle([event.user_id])
        self.session.marks_changed()

    @on(UsersDataTable.MarkAllRequested)
    def _mark_all_requested(self) -> None:
        view = self.session.view
        if view is not None:
            self.session.begin_marking()
            # no flow: Esc must not cancel it
            start_worker(self, partial(self._mark_all, view), "mark all")

    @on(UsersDataTable.MarkRangeRequested)
    def _mark_range_requested(self, event: UsersDataTable.MarkRangeRequested) -> None:
        view = self.session.view
        if view is not None:
            self.session.begin_marking()
            start_worker(self, partial(self._mark_range, view, event), "mark range")

    async def _mark_range(
        self, view: UserListView, event: UsersDataTable.MarkRangeRequested
    ) -> None:
        await self.session.mark_range(view.state, view.searched, event.start, event.end)

    async def _mark_all(self, view: UserListView) -> None:
        await self.session.toggle_query(view.state, view.searched)

    @on(UsersDataTable.RangeDropped)
    def _range_dropped(self, event: UsersDataTable.RangeDropped) -> None:
        self.session.set_status(event.text)

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait: it may be for the users that are being marked."""
        return self.session.is_marking or super().must_wait(key)

    @flow
    async def action_mark_list(self) -> None:
        """Mark users from a pasted list."""
        from qm_tui.tui.users.dialogs.mark_list import MarkListDialog

        view = self.session.view
        if view is None:
            return
        dialog = MarkListDialog(view.state)
        user_ids = await self.app.push_screen_wait(dialog)
        if user_ids:
            await self.session.add_marks(view.state, user_ids)
            text = f"Marked {pluralize(len(user_ids), 'user')}. {dialog.not_marked_text}"
            self.session.set_status(text.rstrip())

    async def _count_marks(self) -> None:
        """Count the marked users, and those that are not shown or deleted."""
        view, number = self.session.view, self._marks_number
        if view is not None:
            counting = partial(count_marks, number, view, self.session.queries)
            self.post_message(await ask_until_answered(counting))

    @on(MarksCounted)
    def _marks_counted(self, event: MarksCounted) -> None:
        marks = self.session.marks
        if event.number != self._marks_number:
            return  # outdated: the view or the marks have changed
        before = marks.selection, marks.number, marks.hidden
        marks.follow(event.changes)
        marks.counted(event.marked, event.hidden)
        if before != (marks.selection, marks.number, marks.hidden):
            super().show_marks()
            self.session.marks_counted(self)
            self.table.refresh_marks()
            self.refresh_bindings()  # there may be no marked users left
