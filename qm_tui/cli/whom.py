"""Which users a command changes: those that are named, or those that a filter finds."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from qm_tui.errors import Refused
from qm_tui.text import visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.store.state import State
    from qm_tui.users.fields import User

_SHOWN: Final = 60
_ALIKE: Final = 70
"""How alike a name must be, from 0 to 100, to be offered as the one that was meant."""

USER_HELP: Final = "User Names or User IDs. A User Name is found without regard to case."


def user_named(state: "State", written: str) -> "User":
    """The user of this User Name or User ID.

    Raises:
        Refused: there is none, or the text is one user's name and another's ID.
    """
    from qm_tui.users.identity import name_key

    shown = visible(written, _SHOWN)
    by_id = state.users.get(written)
    named = state.names.get(name_key(written))
    if by_id is not None and named not in (None, written):
        msg = (
            f"{shown} is the User ID of {_name(by_id)} and the User Name of "
            f"{_name(state.users[str(named)])}. Write {_name(by_id)}'s User Name, or the other "
            "one's User ID."
        )
        raise Refused(msg)
    if by_id is not None:
        return by_id
    if named is not None:
        return state.users[named]
    if not written.strip():
        msg = "An empty text names no user. Nothing was changed."
        raise Refused(msg)
    near = _nearest(state, written)
    msg = f"No user has the User Name or User ID {shown}.{near} Nothing was changed."
    raise Refused(msg)


def is_user(state: "State", written: str) -> bool:
    """Whether somebody has this User Name or User ID."""
    from qm_tui.users.identity import name_key

    return written in state.users or name_key(written) in state.names


def whom(
    store: "UserStore", named: Sequence[str], filter_text: str | None
) -> "Callable[[State], Iterable[str]]":
    """The users that the command line names, as a bulk change takes them.

    Args:
        store: the store, loaded.
        named: User Names and User IDs.
        filter_text: the filter; None where none is given.

    Raises:
        Refused: neither or both are given, somebody is not there, or the filter finds nobody.
    """
    from qm_tui.cli.choosing import FILTER_SHOWN, chosen_users
    from qm_tui.store.changes.bulk import chosen

    if bool(named) == (filter_text is not None):
        msg = "Name users or give --filter: one of the two. Nothing was changed."
        raise Refused(msg)
    if filter_text is None:
        return chosen(dict.fromkeys(user_named(store.state, one).user_id for one in named))
    found = chosen_users(store, filter_text, None)
    if not found:
        shown = visible(filter_text, FILTER_SHOWN)
        msg = f"--filter {shown} finds nobody. Nothing was changed."
        raise Refused(msg)
    return chosen(user.user_id for user in found)


def _name(user: "User") -> str:
    return visible(f"{user.first_name} {user.last_name}".strip() or user.user_id, _SHOWN)


def _nearest(state: "State", written: str) -> str:
    from rapidfuzz import fuzz, process

    from qm_tui.users.identity import name_key

    near = process.extractOne(
        name_key(written), state.names.keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE
    )
    if near is None:
        return ""
    return f" Did you mean {visible(state.users[state.names[near[0]]].user_name, _SHOWN)}?"
