"""The details of a user, opened from the Users page, with the actions on the user."""

from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import BindingType
from textual.widgets import Button

from qm_tui.store.state import State
from qm_tui.tui.changes.target import Target
from qm_tui.tui.changes.undo import undo_transaction
from qm_tui.tui.frame.key_help import is_unavailable
from qm_tui.tui.frame.page import UNDO, Page
from qm_tui.tui.keys.keymap import bind, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.user.details_screen import DELETED, DetailsScreen
from qm_tui.tui.users.actions import (
    NEEDS_NO_USER,
    PRIMARY_BINDINGS,
    SECONDARY_BINDINGS,
    UserAction,
    can_run_action,
    run_user_action,
)
from qm_tui.tui.work.flow import start_flow
from qm_tui.tui.work.job import JobProgressed, UserListView
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_rows import UserRows

_EDIT, _ADD, *_OTHERS = SECONDARY_BINDINGS
_ADD_FROM_TEMPLATE: Final = bind(
    "user.add", f"act('{UserAction.ADD}')", "Add a user based on this one", hint="Add similar"
)

_ACTIVATE: Final = "[<user.activate> Activate]"
_INACTIVATE: Final = "[<user.activate> Inactivate]"
_BUTTONS: Final = {
    UserAction.EDIT.value: "[<user.edit> Edit]",
    UserAction.SET_FIELD.value: "[<user.set_field> Set field]",
    UserAction.ACTIVATE.value: _ACTIVATE,
    UserAction.DELETE.value: "[<user.delete> Delete]",
}


class UserScreen(DetailsScreen):
    """Shows a user, runs actions on the user, and shows changes by other admins immediately.

    Args:
        session: the state that the pages share.
        rows: the users to move between.
        row: the row of the user shown first.
        page: the page that shows the progress of an action.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *PRIMARY_BINDINGS,
        UNDO,
        _EDIT,
        _ADD_FROM_TEMPLATE,
        *_OTHERS,
    ]

    MORE_BUTTONS = _BUTTONS

    def __init__(self, session: Session, rows: UserRows, row: int, page: Page) -> None:
        super().__init__(rows, row, session.store)
        self._session, self._page = session, page
        self._has_acted = False

    def on_mount(self) -> None:
        self._session.subscribe(self)

    def on_unmount(self) -> None:
        self._session.unsubscribe(self)

    @property
    def state(self) -> State:
        """The newest state that is shown."""
        view = self._session.view
        return super().state if view is None else view.state

    # Called by the session

    def show_user(self) -> None:
        """Show the user and the available actions."""
        super().show_user()
        if self.user is not None:
            button = self.query_one(f"#{UserAction.ACTIVATE}", Button)
            label = _INACTIVATE if self.user.is_active == "1" else _ACTIVATE
            button.label = safe(with_keys(label))
            button.refresh(layout=True)
        self.show_job()

    def show_job(self) -> None:
        """Enable the actions that are available now: an operation has started or finished."""
        for button in self.query(Button):
            if button.id in _BUTTONS:
                button.disabled = not self.check_action("act", (button.id,))
        self.refresh_bindings()

    def show_status(self) -> None:
        """Show the result of the last action of this screen."""
        if self._has_acted:
            self.show_message(self._session.status_text)

    def show_progress(self, event: JobProgressed) -> None:
        """Show the progress of an operation."""
        self.show_message(event.text)

    def show_view(self, view: UserListView) -> None:
        """Show another state of the store."""
        if self in self.app.screen_stack:  # else it is being closed
            self.load_user()

    def show_marks(self) -> None:
        """Do nothing: marks are ignored here."""

    # Actions

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        if action == "act":
            # marks are ignored here: if the user was deleted, only Add is available
            has_user = self.user is not None
            name = str(parameters[0])
            is_allowed = has_user or name in NEEDS_NO_USER
            may_run = can_run_action(name, self._session, is_one_shown=has_user)
            return (is_allowed and may_run) or None
        if action == "undo":
            return self._session.may_change or None
        return super().check_action(action, parameters)

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until a short job has ended, or the user is loaded."""
        is_for_job = self._session.job_is_new and is_unavailable(self, key)
        return is_for_job or super().must_wait(key)

    def explain_key(self, key: str) -> bool:
        """Show why a key is unavailable now; return whether it is."""
        if not is_unavailable(self, key):
            return False
        self.show_message(self._session.obstacle or DELETED)
        return True

    def action_act(self, name: str) -> None:
        """Run an action on the user."""
        if self.check_action("act", (name,)):
            target = Target(self.user, as_template=True)
            self._begin(partial(run_user_action, name, self._page, self._session, target))

    def action_undo(self) -> None:
        """Undo the last change."""
        self._begin(partial(undo_transaction, self._page, self._session, 0))

    def _begin(self, action: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a flow as a worker of the page, since this screen may be closed before its end."""
        self._has_acted = True
        start_flow(self._page, action)

    @on(Button.Pressed)
    def _act_pressed(self, event: Button.Pressed) -> None:
        if event.button.id in _BUTTONS:
            self.action_act(event.button.id)
