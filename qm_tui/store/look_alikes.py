"""User Names that look like the User Name of another user.

Source: the users file, field 7. A letter of another script, for example a Cyrillic а, makes two
names of what an admin reads as one.
"""

from collections.abc import Sequence
from typing import Final, Protocol

from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import look_alike_key, normalize_user_name
from qm_tui.users.issues import Issue, Severity, truncate

_USER_NAME: Final = FIELD["user_name"]

LOOK_ALIKE: Final = "User Name looks like the one of another user"
"""The reason of the warnings."""


class UsersByKey(Protocol):
    """A state of a store, or what was asked of it for many users at once."""

    def user(self, user_id: str, /) -> User | None:
        """Return the user with a User ID, or None."""

    def owner(self, name: str, /) -> str | None:
        """Return the User ID of the user who has a comparable User Name, or None."""

    def look_alikes(self, keys: Sequence[str], /) -> list[str | None]:
        """Return the first user with a User Name of another script that looks like each key."""


def has_look_alikes(user_name: str) -> bool:
    """Return whether a User Name has letters of another script that look like ASCII ones."""
    return not user_name.isascii() and look_alike_key(user_name) != normalize_user_name(user_name)


def may_look_alike(user_names: Sequence[str], keys: Sequence[str], state: UsersByKey) -> set[int]:
    """Return the indexes of new User Names that may look like another one, in the store or not.

    Others have no warning: neither `look_alike_issue`, nor one about another new name.

    Args:
        user_names: some hundred User Names at most.
        keys: the same names, comparable.
        state: the state of the store.
    """
    found = {row for row, other_id in enumerate(state.look_alikes(keys)) if other_id}
    if not "".join(user_names).isascii():
        found.update(row for row, name in enumerate(user_names) if has_look_alikes(name))
    return found


def look_alike_issue(user: User, stored: User | None, state: UsersByKey) -> Issue | None:
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
    other_id = state.owner(alike) if alike != key else None
    if other_id in (None, user.user_id):
        other_id = state.look_alikes((alike,))[0]
    if other_id is None or other_id == user.user_id:
        return None
    other = state.user(other_id)
    if other is None or normalize_user_name(other.user_name) == key:
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
