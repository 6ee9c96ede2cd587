"""The subject of an action about users: the name of the user, if it changes only one."""

from collections.abc import Mapping
from typing import Final

from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import Changes
from qm_tui.users.fields import User

_MAX_LENGTH: Final = 60
"""Characters of a name that are recorded."""

USER_ACTIONS: Final = frozenset(
    {
        TransactionKind.ADD,
        TransactionKind.EDIT,
        TransactionKind.ACTIVATE,
        TransactionKind.INACTIVATE,
        TransactionKind.PASSWORD,
        TransactionKind.DELETE,
    }
)
"""Kinds whose subject is a user, or the number of users."""


def with_user(action: Action, users: Mapping[str, User], changes: Changes) -> Action:
    """Return the action with the user that it changes as its subject.

    Unchanged if it has a subject, is not about users, or changes none or several.

    Args:
        action: the action.
        users: the users before it, by User ID.
        changes: the users after it.
    """
    if action.subject or action.kind not in USER_ACTIONS:
        return action
    changed: User | None = None
    for user_id, after in changes.items():
        before = users.get(user_id)
        if before == after:
            continue
        if changed is not None:
            return action
        changed = after or before
    return action if changed is None else action._replace(subject=user_name(changed)[:_MAX_LENGTH])


def user_name(user: User) -> str:
    """Return the name of a user; the User Name or User ID if there is none. It is untrusted."""
    return f"{user.first_name} {user.last_name}".strip() or user.user_name or user.user_id
