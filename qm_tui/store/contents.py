"""What a store holds, in memory: made of a snapshot, and moved on by our own changes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count, islice
from operator import itemgetter
from typing import Any, NamedTuple, cast

from qm_tui.progress import STEP
from qm_tui.store import snapshot
from qm_tui.store.documents import NotAUser, Reader, UserDocuments
from qm_tui.store.entries import TableChange
from qm_tui.store.interface import Entry, Found, no_found
from qm_tui.store.overlay import OverlayMapping
from qm_tui.store.rows import ADDED, DELETED, Row, row_of_change, row_of_whole
from qm_tui.store.state import EMPTY, Changes, NameTaken, State
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import name_key, name_keys

_USER_ID_AT = FIELD["user_id"].index
_USER_NAME_AT = FIELD["user_name"].index
_user_name_of = itemgetter(_USER_NAME_AT)


class Contents:
    """The users, and the tables that other programs keep beside them.

    Attributes:
        state: the users and their names.
        tables: the other tables: by name, by document ID, the document.
        numbers: TinyDB's document ID of each user.
        extras: by document ID, what another program keeps in a user's document.
        next_number: the document ID that the next new user gets.
    """

    def __init__(self) -> None:
        self.state = EMPTY
        self.tables: dict[str, dict[str, dict[str, Any]]] = {}
        self.numbers: dict[str, int] = {}
        self.extras: dict[int, dict[str, Any]] = {}
        self.next_number = 1

    @classmethod
    def read(
        cls, parts: Iterable[snapshot.Part], found: Found = no_found, *, is_exact: bool = False
    ) -> "Contents":
        """What a snapshot holds.

        Args:
            parts: its documents.
            found: given the users as they are read.
            is_exact: whether the documents were read the slow and exact way.

        Raises:
            Inexact: they were not, and have to be.
            NotASnapshot: one of its users is none, or two have one User ID.
        """
        made = cls()
        users: dict[str, User] = {}
        names: dict[str, str] = {}
        reader = Reader()
        for table, documents in parts:
            if table != snapshot.USERS:
                made.tables.setdefault(table, {}).update(documents)
                continue
            batch = reader.plain_users(documents.values())
            user_ids = [user[_USER_ID_AT] for user in batch]
            expected = len(users) + len(documents)
            users.update(zip(user_ids, batch, strict=True))
            if len(users) == expected:
                made.numbers.update(zip(user_ids, map(int, documents), strict=True))
            else:
                batch = made._read_one_by_one(documents, reader, is_exact=is_exact)
                users.update((user.user_id, user) for user in batch)
            keys = name_keys(map(_user_name_of, batch))
            fresh = dict(zip(keys, [user[_USER_ID_AT] for user in batch], strict=True))
            if len(fresh) == len(batch) and names.keys().isdisjoint(fresh):
                names.update(fresh)
            else:
                for user in batch:
                    names.setdefault(name_key(user.user_name), user.user_id)
            found(batch)
        made.next_number = max(made.numbers.values(), default=0) + 1
        made.state = State(0, OverlayMapping(users), OverlayMapping(names))
        return made

    def _read_one_by_one(
        self, documents: Mapping[str, dict[str, Any]], reader: Reader, *, is_exact: bool
    ) -> list[User]:
        """Users among whose documents there is one that says less, or more, than ours do."""
        batch = []
        for number, document in documents.items():
            if not is_exact and snapshot.may_be_inexact(document):
                raise snapshot.Inexact
            try:
                user, more = reader.user(document)
            except NotAUser as error:
                msg = f"document {number} of its table users {error}"
                raise snapshot.NotASnapshot(msg) from error
            if user.user_id in self.numbers:
                msg = (
                    f"documents {self.numbers[user.user_id]} and {number} of its table users have "
                    "the same User ID"
                )
                raise snapshot.NotASnapshot(msg)
            batch.append(user)
            self.numbers[user.user_id] = int(number)
            if more:
                self.extras[int(number)] = more
        return batch

    def as_tables(self) -> dict[str, Mapping[Any, Mapping[str, Any]]]:
        """All of it as TinyDB's tables, users made documents when they are asked for."""
        users = {self.numbers[user_id]: user for user_id, user in self.state.users.items()}
        return {snapshot.USERS: UserDocuments(users, self.extras), **self.tables}

    # Changes of our own

    def move_on(
        self,
        state: State,
        numbers: Mapping[str, int],
        gone: Iterable[str],
        tables: Mapping[str, TableChange],
    ) -> None:
        """Take over a state that a transaction led to.

        Args:
            state: the state.
            numbers: the document IDs of users who are new.
            gone: the User IDs of those who are gone.
            tables: what was done to the other tables.
        """
        for user_id in gone:
            self.extras.pop(self.numbers.pop(user_id), None)
        self.numbers.update(numbers)
        self.next_number = max(self.next_number, max(numbers.values(), default=0) + 1)
        for name, change in tables.items():
            change_table(self.tables, name, change)
        self.state = state


class Tally:
    """What changes do to each user, made and counted while it is written.

    Users that are left as they are get no row, and do not count.

    Args:
        contents: what is changed.
        changes: the users as they will be.

    Attributes:
        numbers: the document IDs of users who are new.
        gone: the User IDs of those who are deleted.
        changed: how many are changed.
    """

    def __init__(self, contents: Contents, changes: Changes) -> None:
        self._contents = contents
        self._changes = changes
        self.numbers: dict[str, int] = {}
        self.gone: list[str] = []
        self.changed = 0

    def counted(self, facts: Entry) -> Entry:
        """The facts, with what was counted so far."""
        added, deleted = len(self.numbers), len(self.gone)
        return replace(facts, added=added, changed=self.changed, deleted=deleted)

    def rows(self) -> Iterator[Row]:
        """A row for each user."""
        contents = self._contents
        stored = contents.state.users
        find = stored.get if stored else None
        fresh = count(contents.next_number)
        for user_id, user in self._changes.items():
            before = find(user_id) if find is not None else None
            if user is None:
                if before is not None:
                    number = contents.numbers[user_id]
                    self.gone.append(user_id)
                    yield row_of_whole(DELETED, number, before, contents.extras.get(number))
            elif before is None:
                self.numbers[user_id] = number = next(fresh)
                yield row_of_whole(ADDED, number, user, None)
            elif user != before:
                self.changed += 1
                yield row_of_change(before, user)


def change_table(
    tables: dict[str, dict[str, dict[str, Any]]], name: str, change: TableChange
) -> None:
    """Do to a table what a transaction did to it."""
    if change is None:
        tables.pop(name, None)
        return
    table = tables.setdefault(name, {})
    for number in change["gone"]:
        table.pop(number, None)
    table.update(change["set"])


class Names(NamedTuple):
    """What changes do to User Names.

    Attributes:
        given_up: names that their users no longer have, comparable.
        claimed: by name, the User ID of who has it from now on.
    """

    given_up: list[str]
    claimed: dict[str, str]


def checked(state: State, changes: Changes) -> Names:
    """Make sure that changes fit a state and one another; what they do to User Names.

    Raises:
        NameTaken: two users would bear one User Name.
        ValueError: a User ID does not match its user, or a user who is not there would be deleted.
    """
    users, names = state.users, state.names
    found = names_after(state, changes)
    for user_id, user in changes.items():
        if user is None:
            if user_id not in users:
                msg = "a user that is not there cannot be deleted"
                raise ValueError(msg)
        elif not user_id or user_id != user[_USER_ID_AT]:
            msg = "a change must bear the User ID of its user"
            raise ValueError(msg)
    for key, user_id in found.claimed.items() if names else ():
        owner_id = names.get(key)
        if owner_id is not None and owner_id != user_id:
            owner = changes.get(owner_id) if owner_id in changes else users[owner_id]
            if owner is not None and name_key(owner.user_name) == key:
                raise NameTaken("two users would bear one User Name")
    return found


def names_after(state: State, changes: Changes) -> Names:
    """What changes do to User Names.

    Raises:
        NameTaken: two of the changes claim one name.
    """
    users, names = state.users, state.names
    given_up: list[str] = []
    claimed: dict[str, str] = {}
    claims = 0
    if not users and None not in changes.values():
        # all are new, as where users move to here. Not in one call: that would hold every key
        added = cast("Mapping[str, User]", changes)
        user_ids, names_of = iter(added), map(_user_name_of, added.values())
        while batch := list(islice(user_ids, STEP)):
            claimed.update(zip(name_keys(islice(names_of, STEP)), batch, strict=True))
        claims = len(added)
        changes = {}
    for user_id, user in changes.items():
        stored = users.get(user_id)
        after = None if user is None else name_key(user[_USER_NAME_AT])
        if stored is not None:
            before = name_key(stored[_USER_NAME_AT])
            if before == after:
                continue
            if names.get(before) == user_id:
                given_up.append(before)
        if after is not None:
            claimed[after] = user_id
            claims += 1
    if len(claimed) < claims:
        raise NameTaken("two users would bear one User Name")
    return Names(given_up, claimed)


def state_after(state: State, changes: Changes, generation: int, named: Names) -> State:
    """The state that changes lead to."""
    names = _layered(state.names)
    if named.given_up or named.claimed:
        given_up: dict[str, str | None] = dict.fromkeys(named.given_up)
        names = names.changed({**given_up, **named.claimed} if given_up else named.claimed)
    users = _layered(state.users).changed(changes)
    if len(names) != len(users):
        # another program gave two users one name: whoever comes first has it
        first: dict[str, str] = {}
        for user_id, user in users.items():
            first.setdefault(name_key(user.user_name), user_id)
        names = OverlayMapping(first)
    return State(generation, users, names)


def _layered(mapping: Mapping[str, Any]) -> OverlayMapping[Any]:
    return mapping if isinstance(mapping, OverlayMapping) else OverlayMapping(dict(mapping))
