"""The users of a store at one moment, and the effect of changes on them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, NamedTuple

from qm_tui.store.overlay import OverlayMapping
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import (
    normalize_user_name,
    owners_of_names,
    users_without_own_name,
)

_USER_ID: Final = FIELD["user_id"].index
_USER_NAME: Final = FIELD["user_name"].index

_versions: Final = count(1)


@dataclass(frozen=True, slots=True)
class State:
    """The content of a store at one moment. It is immutable; a commit makes a new one.

    Attributes:
        number: the number of the last transaction; it grows with every commit.
        users: the users by User ID, in store order.
        names: the User ID of each user by User Name, as `normalize_user_name` makes it comparable.
            If several users have one name, because an earlier version or another program wrote
            them, the first of them has it (`users_without_own_name`).
        version: differs between any two states of a program. Two states of the same version are
            one state; a number may come twice, if an older copy of the store is restored.
    """

    number: int
    users: Mapping[str, User]
    names: Mapping[str, str]
    version: int = field(default_factory=_versions.__next__, compare=False)


EMPTY: Final = State(0, OverlayMapping(), OverlayMapping())
"""The state of an empty store."""

Changes = Mapping[str, User | None]
"""By User ID: the user as it will be, or None to delete it."""


class UserNameInUse(ValueError):
    """Two users would have one User Name."""


class NameChanges(NamedTuple):
    """What changes do to User Names.

    Attributes:
        released: names that their users no longer have, comparable.
        claimed: by name, the User ID of the user that has it from now on.
    """

    released: list[str]
    claimed: dict[str, str]


def check_consistency(state: State, changes: Changes) -> NameChanges:
    """Check that changes fit a state and one another, and return what they do to User Names.

    Raises:
        UserNameInUse: two users would have one User Name.
        ValueError: a User ID does not match its user, or a user that does not exist would be
            deleted.
    """
    users, names = state.users, state.names
    found = name_changes(state, changes)
    for user_id, user in changes.items():
        if user is None:
            if user_id not in users:
                raise ValueError("a user that does not exist cannot be deleted")
        elif not user_id or user_id != user[_USER_ID]:
            raise ValueError("a change must have the User ID of its user")
    others = users_without_own_name(users, names) if found.claimed else {}
    for key, user_id in found.claimed.items() if names else ():
        owner_id = names.get(key)
        if owner_id is None:
            continue
        for holder_id in (owner_id, *others.get(key, ())):
            holder = changes.get(holder_id) if holder_id in changes else users[holder_id]
            if (
                holder is not None
                and holder_id != user_id
                and normalize_user_name(holder.user_name) == key
            ):
                raise UserNameInUse("two users would have one User Name")
    return found


def name_changes(state: State, changes: Changes) -> NameChanges:
    """Return what changes do to User Names.

    Raises:
        UserNameInUse: two of the changes claim one name.
    """
    users, names = state.users, state.names
    released: list[str] = []
    claimed: dict[str, str] = {}
    claims = 0
    for user_id, user in changes.items():
        stored = users.get(user_id)
        after = None if user is None else normalize_user_name(user[_USER_NAME])
        if stored is not None:
            before = normalize_user_name(stored[_USER_NAME])
            if before == after:
                continue
            if names.get(before) == user_id:
                released.append(before)
        if after is not None:
            claimed[after] = user_id
            claims += 1
    if len(claimed) < claims:
        raise UserNameInUse("two users would have one User Name")
    return NameChanges(released, claimed)


def next_state(state: State, changes: Changes, number: int, names: NameChanges | None) -> State:
    """Return the state that changes lead to.

    Args:
        state: the state before.
        changes: the changes.
        number: the number of their transaction.
        names: what they do to User Names; None if they give several users one name.
    """
    users = _overlay(state.users).with_changes(changes)
    index = _overlay(state.names)
    if names is not None and (names.released or names.claimed):
        released: dict[str, str | None] = dict.fromkeys(names.released)
        index = index.with_changes({**released, **names.claimed} if released else names.claimed)
    if names is None or (index is not state.names and len(index) != len(users)):
        index = OverlayMapping(owners_of_names(users.values()))
    return State(number, users, index)


def _overlay(mapping: Mapping[str, Any]) -> OverlayMapping[Any]:
    return mapping if isinstance(mapping, OverlayMapping) else OverlayMapping(dict(mapping))
