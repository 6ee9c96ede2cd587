"""The users that a command changes: named ones, or those that match a filter."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from qm_tui.cli.shared.common import NOTHING_CHANGED
from qm_tui.cli.shared.selection_options import USE_FILTER
from qm_tui.errors import UserError
from qm_tui.text import sanitize

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.store.state import State
    from qm_tui.users.fields import User

_MAX_SHOWN: Final = 60
_MIN_SIMILARITY: Final = 70
"""The minimum similarity of a suggested name, from 0 to 100."""

USER_HELP: Final = "User Names (not case-sensitive) or User IDs."


def find_user(state: "State", written: str, *, or_filter: bool = False) -> "User":
    """Return the user with this User Name or User ID.

    Args:
        state: the users.
        written: the User Name or User ID.
        or_filter: whether the command has `--filter`, which the error then names if a filter could
            be meant.

    Raises:
        UserError: no user matches, or one by its User Name and another by its User ID, or several
            users have this User Name.
    """
    from qm_tui.users.identity import normalize_user_name, users_without_own_name

    shown = sanitize(written, _MAX_SHOWN)
    by_id = state.users.get(written)
    key = normalize_user_name(written)
    named = state.names.get(key) if key else None
    if by_id is not None and named not in (None, written):
        other = _name(state.users[str(named)])
        msg = (
            f"{shown} is ambiguous: it is the User ID of {_name(by_id)} and the User Name of "
            f"{other}. Use the User Name of {_name(by_id)}, or the User ID of {other}."
        )
        raise UserError(msg)
    if by_id is not None:
        return by_id
    if named is not None:
        others = users_without_own_name(state.users, state.names).get(key)
        if others:
            msg = (
                f"{shown} is ambiguous: it is the User Name of {_name(state.users[named])} and "
                f"{_name(state.users[others[0]])}. {NOTHING_CHANGED} Use a User ID."
            )
            raise UserError(msg)
        return state.users[named]
    if not key:
        msg = f"The user is empty. {NOTHING_CHANGED} Enter a User Name or a User ID."
        raise UserError(msg)
    unknown = f"No user has the User Name or User ID {shown}."
    if or_filter and ":" in written:
        msg = f"{unknown} {NOTHING_CHANGED} {USE_FILTER}"
        raise UserError(msg)
    msg = f"{unknown}{_nearest(state, written)} {NOTHING_CHANGED}"
    raise UserError(msg)


def is_user(state: "State", written: str) -> bool:
    """Whether a user has this User Name or User ID."""
    from qm_tui.users.identity import normalize_user_name

    key = normalize_user_name(written)
    return written in state.users or (bool(key) and key in state.names)


def selector_from_options(
    store: "UserStore", named: Sequence[str], filter_text: str | None
) -> "Callable[[State], Iterable[str]]":
    """Return the users given on the command line, as the selector of a bulk change.

    Args:
        store: the store, loaded.
        named: User Names and User IDs.
        filter_text: the filter, if one is given.

    Raises:
        UserError: neither or both are given, a user does not exist, or no users match the filter.
    """
    from qm_tui.cli.shared.selection_options import no_match, select_users
    from qm_tui.store.changes.bulk import by_ids

    if named and filter_text is not None:
        msg = f"Named users and --filter cannot be combined. {NOTHING_CHANGED} Use one of them."
        raise UserError(msg)
    if not named and filter_text is None:
        msg = f"No users are selected. {NOTHING_CHANGED} Name users, or use --filter."
        raise UserError(msg)
    if filter_text is None:
        users_named = (find_user(store.state, text, or_filter=True) for text in named)
        return by_ids(dict.fromkeys(user.user_id for user in users_named))
    users = select_users(store, filter_text, None)
    if not users:
        msg = f"{no_match(filter_text)} {NOTHING_CHANGED} Correct the filter."
        raise UserError(msg)
    return by_ids(user.user_id for user in users)


def _name(user: "User") -> str:
    return sanitize(f"{user.first_name} {user.last_name}".strip() or user.user_id, _MAX_SHOWN)


def _nearest(state: "State", written: str) -> str:
    from rapidfuzz import fuzz, process

    from qm_tui.users.identity import normalize_user_name

    near = process.extractOne(
        normalize_user_name(written),
        state.names.keys(),
        scorer=fuzz.ratio,
        score_cutoff=_MIN_SIMILARITY,
    )
    if near is None:
        return ""
    return f" Did you mean {sanitize(state.users[state.names[near[0]]].user_name, _MAX_SHOWN)}?"
