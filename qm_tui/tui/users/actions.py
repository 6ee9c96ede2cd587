"""Actions on users: their keys, when they are available, and which dialog they open."""

from enum import StrEnum
from typing import Any, Final

from textual.binding import Binding, BindingType
from textual.screen import Screen

from qm_tui.tui.changes.selection import Chosen
from qm_tui.tui.work.session import Session


class Act(StrEnum):
    """An action on users."""

    EDIT = "edit"
    ADD = "add"
    CHANGE = "change"
    """Set a field of all of them."""
    ACTIVATE = "activate"
    """Activate or inactivate."""
    PASSWORD = "password"  # noqa: S105 - the name of an action
    DELETE = "delete"


OF_ONE: Final = frozenset({Act.EDIT, Act.PASSWORD})
"""Actions on the current user only; marks are ignored."""

OF_NOBODY: Final = frozenset({Act.ADD})
"""Actions that need no user."""


def _act(keys: str, action: Act, description: str, tooltip: str) -> Binding:
    return Binding(keys, f"act('{action}')", description, tooltip=tooltip)


FIRST_ACTS: Final[list[BindingType]] = [
    _act("m", Act.CHANGE, "Set field", "Set a field for the current or marked users"),
]
MORE_ACTS: Final[list[BindingType]] = [
    _act("e", Act.EDIT, "Edit", "Edit the user"),
    _act("a", Act.ADD, "Add", "Add a user"),
    _act("A", Act.ACTIVATE, "Activate", "Activate or inactivate the current or marked users"),
    _act("P", Act.PASSWORD, "Password", "Change the password"),
    _act("D,delete", Act.DELETE, "Delete", "Delete or inactivate the current or marked users"),
]
"""Bindings of a screen that shows users. The screen needs an `action_act` that calls `act`.

The key hints show `FIRST_ACTS` before Undo, and of `MORE_ACTS` as many as there is room for.
"""


def can_act(action: str, session: Session, *, is_one_shown: bool) -> bool:
    """Return whether an action is available now.

    Args:
        action: a value of `Act`.
        session: the state that the pages share.
        is_one_shown: whether there is a current user.
    """
    has_users = is_one_shown or bool(session.marks and action not in OF_ONE)
    return session.may_change and (has_users or action in OF_NOBODY)


async def act(action: str, page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Run an action: open its dialog, and save the result in one transaction.

    Args:
        action: a value of `Act`.
        page: the page that shows the progress.
        session: the state that the pages share.
        chosen: the users that the action applies to.
    """
    if not can_act(action, session, is_one_shown=chosen.current is not None):
        return
    user = chosen.current
    if action in (Act.EDIT, Act.ADD, Act.PASSWORD):
        from qm_tui.tui.user.flow import add, change_password, edit

        if action == Act.ADD:
            await add(page, session, user if chosen.is_like else None)
        elif user is not None:
            await (edit if action == Act.EDIT else change_password)(page, session, user)
        return
    from qm_tui.tui.changes.flow import activate, change_field, delete

    flow = {Act.CHANGE: change_field, Act.ACTIVATE: activate, Act.DELETE: delete}[Act(action)]
    await flow(page, session, chosen)
