"""The users of a store at one moment, and the effect of changes on them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeVar

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.store.interface import ChangedUsers
from qm_tui.store.memory.overlay import OverlayMapping
from qm_tui.store.state import Changes
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import normalize_user_name

V = TypeVar("V")

_USER_ID: Final = FIELD["user_id"].index
_USER_NAME: Final = FIELD["user_name"].index

versions: Final = count(1)
"""The versions of states: each is given once."""


@dataclass(frozen=True, slots=True)
class UserMaps:
    """The users of a store at one moment. It is immutable; a commit makes a new one.

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
    version: int = field(default_factory=versions.__next__, compare=False)


EMPTY: Final = UserMaps(0, OverlayMapping(), OverlayMapping())
"""An empty store."""


def owners_of_names(users: Iterable[User]) -> dict[str, str]:
    """Return the User ID of the owner of each comparable User Name: the first user with it."""
    owners: dict[str, str] = {}
    for user in users:
        owners.setdefault(normalize_user_name(user.user_name), user.user_id)
    return owners


def users_without_own_name(maps: UserMaps) -> dict[str, list[str]]:
    """Return the users whose User Name belongs to an earlier user, by the comparable name.

    A store that was written by an earlier version or by another program may have such users.

    Returns:
        Their User IDs, in the order of the users.
    """
    found: dict[str, list[str]] = {}
    if len(maps.names) < len(maps.users):
        for user_id, user in maps.users.items():
            key = normalize_user_name(user.user_name)
            if maps.names.get(key, user_id) != user_id:
                found.setdefault(key, []).append(user_id)
    return found


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


def check_consistency(maps: UserMaps, changes: Changes) -> NameChanges:
    """Check that changes fit the users and one another, and return what they do to User Names.

    Raises:
        UserNameInUse: two users would have one User Name.
        ValueError: a User ID does not match its user, or a user that does not exist would be
            deleted.
    """
    users, names = maps.users, maps.names
    found = name_changes(maps, changes)
    for user_id, user in changes.items():
        if user is None:
            if user_id not in users:
                raise ValueError("a user that does not exist cannot be deleted")
        elif not user_id or user_id != user[_USER_ID]:
            raise ValueError("a change must have the User ID of its user")
    others = users_without_own_name(maps) if found.claimed else {}
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


def name_changes(maps: UserMaps, changes: Changes) -> NameChanges:
    """Return what changes do to User Names.

    Raises:
        UserNameInUse: two of the changes claim one name.
    """
    users, names = maps.users, maps.names
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


def next_maps(maps: UserMaps, changes: Changes, number: int, names: NameChanges | None) -> UserMaps:
    """Return the users that changes lead to.

    Args:
        maps: the users before.
        changes: the changes.
        number: the number of their transaction.
        names: what they do to User Names; None if they give several users one name.
    """
    users = _overlay(maps.users).with_changes(changes)
    index = _overlay(maps.names)
    if names is not None and (names.released or names.claimed):
        released: dict[str, str | None] = dict.fromkeys(names.released)
        index = index.with_changes({**released, **names.claimed} if released else names.claimed)
    if names is None or (index is not maps.names and len(index) != len(users)):
        index = OverlayMapping(owners_of_names(users.values()))
    return UserMaps(number, users, index)


def changed_users(
    before: UserMaps, after: UserMaps, user_ids: Iterable[str] | None, rest: YieldControl
) -> ChangedUsers:
    """Return which users differ.

    Args:
        before: the users before.
        after: the users after.
        user_ids: the User IDs of those that may differ; None if any may.
        rest: called about every millisecond.
    """
    if before.version == after.version:
        return ChangedUsers(frozenset(), frozenset(), frozenset())
    old, new = lookup_in(before.users), lookup_in(after.users)
    added, changed, deleted = set[str](), set[str](), set[str]()
    if user_ids is None:
        user_ids = _others(before.users, after.users, rest)
    for batch in in_chunks(user_ids, rest):
        pairs = zip(map(old, batch), map(new, batch), strict=True)
        for user_id, (stored, user) in zip(batch, pairs, strict=True):
            if stored is user or stored == user:
                continue
            (added if stored is None else deleted if user is None else changed).add(user_id)
    return ChangedUsers(frozenset(added), frozenset(changed), frozenset(deleted))


def _others(
    before: Mapping[str, User], after: Mapping[str, User], rest: YieldControl
) -> Iterator[str]:
    """Yield the User IDs of users that are not the same objects: most users of two states are."""
    old, missing = lookup_in(before), len(before)
    for batch in in_chunks(after.items(), rest):
        stored = list(map(old, map(itemgetter(0), batch)))
        missing -= len(stored) - stored.count(None)
        pairs = zip(batch, stored, strict=True)
        yield from (user_id for (user_id, user), one in pairs if one is not user)
    new = lookup_in(after)
    for user_ids in in_chunks(before if missing else (), rest):
        yield from (user_id for user_id in user_ids if new(user_id) is None)


def lookup_in(entries: Mapping[str, V]) -> Callable[[str], V | None]:
    """Return the fastest function that returns an entry, or None if there is none."""
    return entries.lookup if isinstance(entries, OverlayMapping) else entries.get


def _overlay(mapping: Mapping[str, Any]) -> OverlayMapping[Any]:
    return mapping if isinstance(mapping, OverlayMapping) else OverlayMapping(dict(mapping))
