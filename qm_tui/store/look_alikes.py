"""User Names that look like the User Name of another user.

Source: the users file, field 7. A letter of another script, for example a Cyrillic а, makes two
names of what an admin reads as one.
"""

from collections.abc import Mapping
from typing import Final

from qm_tui.store.state import State
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import look_alike_key, normalize_user_name
from qm_tui.users.issues import Issue, Severity, truncate

_USER_NAME: Final = FIELD["user_name"]

LOOK_ALIKE: Final = "User Name looks like the one of another user"
"""The reason of the warnings."""

_cached: Final[dict[int, Mapping[str, str]]] = {}
"""The names of the last state, by its version: the form asks for them after each key."""


def has_look_alikes(user_name: str) -> bool:
    """Return whether a User Name has letters of another script that look like ASCII ones."""
    return not user_name.isascii() and look_alike_key(user_name) != normalize_user_name(user_name)


def may_look_alike(user_name: str, state: State) -> bool:
    """Return whether a new User Name may look like another one, in the store or not.

    Others have no warning: neither `look_alike_issue`, nor one about another new name.
    """
    if has_look_alikes(user_name):
        return True
    stored = _names_with_look_alikes(state)
    return bool(stored) and normalize_user_name(user_name) in stored


def look_alike_issue(user: User, stored: User | None, state: State) -> Issue | None:
    """Return the warning of a new User Name that looks like the one of another user, or None.

    Args:
        user: the user.
        stored: the stored user, if any; a name that is not changed has no warning.
        state: the state of the store.
    """
    if stored is not None and stored.user_name == user.user_name:
        return None
    key = normalize_user_name(user.user_name)
    if stored is not None and normalize_user_name(stored.user_name) == key:
        return None
    alike = look_alike_key(user.user_name)
    other_id = state.names.get(alike) if alike != key else None
    if other_id in (None, user.user_id):
        other_id = _names_with_look_alikes(state).get(alike)
    if other_id is None or other_id == user.user_id:
        return None
    other = state.users[other_id]
    if normalize_user_name(other.user_name) == key:
        return None  # the same name, which is an error
    full_name = f"{other.first_name} {other.last_name}".strip()
    return _issue(user.user_name, f"'{truncate(other.user_name)}' of {truncate(full_name)}")


def look_alike_in_file_issue(user_name: str, line: int) -> Issue:
    """Return the warning of a User Name that looks like the one of another record.

    Args:
        user_name: the name.
        line: the line of that record.
    """
    return _issue(user_name, f"the one in line {line}")


def _issue(user_name: str, other: str) -> Issue:
    return Issue(
        _USER_NAME,
        f"User Name '{truncate(user_name)}' looks like {other}",
        "Enter User Name in the letters of one script, or check that both users exist.",
        Severity.WARNING,
        LOOK_ALIKE,
    )


def _names_with_look_alikes(state: State) -> Mapping[str, str]:
    """Return by `look_alike_key` the first user with such letters in the User Name."""
    names = _cached.get(state.version)
    if names is None:
        names = _find_names(state)
        _cached.clear()
        _cached[state.version] = names
    return names


def _find_names(state: State) -> dict[str, str]:
    found: dict[str, str] = {}
    if "".join(state.names).isascii():
        return found
    for key, user_id in state.names.items():
        if not key.isascii():
            alike = look_alike_key(state.users[user_id].user_name)
            if alike != key:
                found.setdefault(alike, user_id)
    return found
