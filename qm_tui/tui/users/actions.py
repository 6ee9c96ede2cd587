"""What can be done with users, on the Users page and where the details of one are shown."""

from enum import StrEnum
from typing import Any, Final

from textual.binding import Binding, BindingType
from textual.screen import Screen

from qm_tui.tui.changes.selection import Chosen
from qm_tui.tui.work.session import Session


class Act(StrEnum):
    """One of the things that can be done with users."""

    EDIT = "edit"
    ADD = "add"
    CHANGE = "change"
    """Give a field of all of them one value."""
    ACTIVATE = "activate"
    """Activate or inactivate."""
    PASSWORD = "password"  # noqa: S105 - the name of an act
    DELETE = "delete"


OF_ONE: Final = frozenset({Act.EDIT, Act.PASSWORD})
"""What is done with the current user alone, whoever is marked."""

OF_NOBODY: Final = frozenset({Act.ADD})
"""What can be done where there is no user."""


def _act(keys: str, what: Act, words: str, tooltip: str) -> Binding:
    return Binding(keys, f"act('{what}')", words, tooltip=tooltip)


FIRST_ACTS: Final[list[BindingType]] = [
    _act("m", Act.CHANGE, "Change", "Change a field of the marked users"),
    _act("e", Act.EDIT, "Edit", "Edit the user"),
]
MORE_ACTS: Final[list[BindingType]] = [
    _act("a", Act.ADD, "Add", "Add a user"),
    _act("A", Act.ACTIVATE, "Activate", "Activate or inactivate the marked users"),
    _act("P", Act.PASSWORD, "Password", "Change the user's password"),
    _act("D,delete", Act.DELETE, "Delete", "Delete the marked users, or inactivate them"),
]
"""The keys of a screen that shows users, those first that are wanted most. It has an `action_act`,
which calls `act`."""


def can_act(what: str, session: Session, *, is_one_shown: bool) -> bool:
    """Whether something can be done with users now.

    Args:
        what: one of `Act`.
        session: what the pages share.
        is_one_shown: whether there is a current user.
    """
    is_somebody = is_one_shown or bool(session.marks and what not in OF_ONE)
    return session.may_change and (is_somebody or what in OF_NOBODY)


async def act(what: str, page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Do something with users: ask for what is needed, and do it in one transaction.

    Args:
        what: one of `Act`.
        page: the page that is told how far it is.
        session: what the pages share.
        chosen: with whom.
    """
    if not can_act(what, session, is_one_shown=chosen.current is not None):
        return
    user = chosen.current
    if what in (Act.EDIT, Act.ADD, Act.PASSWORD):
        from qm_tui.tui.user.flow import add, change_password, edit

        if what == Act.ADD:
            await add(page, session, user if chosen.is_like else None)
        elif user is not None:
            await (edit if what == Act.EDIT else change_password)(page, session, user)
        return
    from qm_tui.tui.changes.flow import activate, change_field, delete

    flow = {Act.CHANGE: change_field, Act.ACTIVATE: activate, Act.DELETE: delete}[Act(what)]
    await flow(page, session, chosen)
