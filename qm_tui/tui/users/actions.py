"""Actions on users: their keys, when they are available, and which dialog they open."""

from enum import StrEnum
from typing import Any, Final

from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from qm_tui.errors import UserError
from qm_tui.tui.changes.target import Target
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import User


class UserAction(StrEnum):
    """An action on users."""

    EDIT = "edit"
    ADD = "add"
    SET_FIELD = "change"
    """Set a field of all of them."""
    ACTIVATE = "activate"
    """Activate or inactivate."""
    PASSWORD = "password"  # noqa: S105 - the name of an action
    DELETE = "delete"


NEEDS_ONE_USER: Final = frozenset({UserAction.EDIT, UserAction.PASSWORD})
"""Actions on the current user only; marks are ignored."""

NEEDS_NO_USER: Final = frozenset({UserAction.ADD})
"""Actions that need no user."""


def _binding(name: str, action: UserAction, hint: str) -> Binding:
    return bind(name, f"act('{action}')", hint=hint)


PRIMARY_BINDINGS: Final[list[BindingType]] = [
    _binding("user.set_field", UserAction.SET_FIELD, "Set field"),
]
SECONDARY_BINDINGS: Final[list[BindingType]] = [
    _binding("user.edit", UserAction.EDIT, "Edit"),
    _binding("user.add", UserAction.ADD, "Add"),
    _binding("user.activate", UserAction.ACTIVATE, "Activate"),
    _binding("user.password", UserAction.PASSWORD, "Password"),
    _binding("user.delete", UserAction.DELETE, "Delete"),
]
"""Bindings of a screen that shows users. The screen needs an `action_act` that calls
`run_user_action`.

The key hints show `PRIMARY_BINDINGS` before Undo, and of `SECONDARY_BINDINGS` as many as there is
room for.
"""


def can_run_action(action: str, session: Session, *, is_one_shown: bool) -> bool:
    """Return whether an action is available now.

    Args:
        action: a value of `UserAction`.
        session: the state that the pages share.
        is_one_shown: whether there is a current user.
    """
    has_users = is_one_shown or bool(session.marks and action not in NEEDS_ONE_USER)
    return session.may_change and (has_users or action in NEEDS_NO_USER)


async def run_user_action(action: str, page: Screen[Any], session: Session, target: Target) -> None:
    """Run an action: open its dialog, and save the result in one transaction.

    Args:
        action: a value of `UserAction`.
        page: the page that shows the progress.
        session: the state that the pages share.
        target: the users that the action applies to.
    """
    if not can_run_action(action, session, is_one_shown=target.current is not None):
        return
    user = target.current
    if action in (UserAction.EDIT, UserAction.ADD, UserAction.PASSWORD):
        from qm_tui.tui.user.flow import add, change_password, edit

        if action == UserAction.ADD:
            await add(page, session, user if target.as_template else None)
        elif user is not None:
            await (edit if action == UserAction.EDIT else change_password)(page, session, user)
        return
    from qm_tui.tui.changes.activation import activate, delete
    from qm_tui.tui.changes.set_field_dialog import set_field

    flows = {
        UserAction.SET_FIELD: set_field,
        UserAction.ACTIVATE: activate,
        UserAction.DELETE: delete,
    }
    await flows[UserAction(action)](page, session, target)


async def copy_user(app: App[Any], user: User, column_key: str | None) -> str:
    """Copy a cell of a user, or the row, to the clipboard of the terminal.

    Args:
        app: the app, which writes to the terminal.
        user: the user.
        column_key: the key of the cell's column, or None for the whole row.

    Returns:
        What was copied, or why nothing was, for the Actions bar.
    """
    from qm_tui.tui.terminal.clipboard import copy
    from qm_tui.tui.text.clipboard_text import cell_to_copy, row_to_copy

    try:
        content = row_to_copy(user) if column_key is None else cell_to_copy(user, column_key)
    except UserError as error:
        return str(error)
    return await copy(app, content.text) or content.status
