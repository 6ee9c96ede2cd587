"""What others' transactions, and our own of another day, make of what a store holds."""

from collections.abc import Mapping
from typing import Any

from qm_tui.progress import Tick, no_tick
from qm_tui.store.contents import Contents, change_table, names_after, state_after
from qm_tui.store.documents import Reader
from qm_tui.store.entries import Recorded, TableChange
from qm_tui.store.interface import Found, no_found
from qm_tui.store.rows import (
    ADDED,
    DELETED,
    OWN_MEMBERS,
    Row,
    extras_of,
    user_after,
    user_id_of,
)
from qm_tui.store.state import NameTaken
from qm_tui.users.fields import User


class DoesNotFit(Exception):
    """A transaction changes what is not there: it belongs to another snapshot."""


class Replay:
    """Moves contents on by transactions that were read; many are taken together.

    Args:
        contents: what they lead on from.
        found: given the users as they are read.

    Attributes:
        user_ids: the users that the transactions were about.
    """

    def __init__(self, contents: Contents, found: Found = no_found) -> None:
        self._contents = contents
        self._found = found
        self.user_ids: set[str] = set()
        self._changes: dict[str, User | None] = {}
        self._numbers: dict[str, int] = {}
        self._extras: dict[int, dict[str, Any]] = {}
        self._tables: list[Mapping[str, TableChange]] = []
        self._generation = contents.state.generation
        self._reader = Reader()
        self._next_number = contents.next_number

    def add(self, recorded: Recorded, tick: Tick = no_tick) -> None:
        """Take one more.

        Raises:
            Damaged: it holds something that is no transaction.
            DoesNotFit: it belongs to another state.
        """
        for rows in recorded.rows(tick):
            users = self._newcomers(rows)
            if users is None:
                users = [user for user in map(self._after, rows) if user is not None]
            self._found(users)
        self._tables.append(recorded.tables)
        self._generation = recorded.facts.number

    def _newcomers(self, rows: list[Row]) -> list[User] | None:
        """Take rows that add users, each with a higher number than all before, at once.

        That is how users are added; None where these are other rows.
        """
        if len(rows) == 1 or {(row[0], len(row)) for row in rows} != {(ADDED, OWN_MEMBERS)}:
            return None
        numbers = [row[1] for row in rows]
        users = self._reader.users_of(row[2] for row in rows)
        by_id = {user.user_id: user for user in users}
        is_in_order = all(map(int.__lt__, [self._next_number - 1, *numbers], numbers))
        are_new = len(by_id) == len(users) and not any(map(self._is_known, by_id))
        if not is_in_order or not are_new:
            return None
        self._changes.update(by_id)
        self._numbers.update(zip(by_id, numbers, strict=True))
        self.user_ids.update(by_id)
        self._next_number = numbers[-1] + 1
        return users

    def _is_known(self, user_id: str) -> bool:
        return user_id in self._changes or user_id in self._contents.state.users

    def _after(self, row: Row) -> User | None:
        """Take what was done to one user; the user as it is after that.

        Raises:
            DoesNotFit: it was done to another state.
        """
        user_id, sign = user_id_of(row), row[0]
        try:
            user = user_after(row, self._now(user_id))
        except ValueError as error:
            raise DoesNotFit(str(error)) from error
        if (sign == ADDED and self._is_known(user_id)) or (
            sign == DELETED and user_id not in self._contents.state.users
        ):
            self.finish()  # who was deleted and is added again comes last
        if sign == ADDED:
            self._take_number(user_id, row)
        left = self._changes[user_id] = self._reader.shared(user) if user else None
        self.user_ids.add(user_id)
        return left

    def _take_number(self, user_id: str, row: Row) -> None:
        number = int(row[1])
        if number < self._next_number and number in {
            *self._contents.numbers.values(),
            *self._numbers.values(),
        }:
            msg = "a transaction adds a user in the place of another"
            raise DoesNotFit(msg)
        self._numbers[user_id] = number
        self._next_number = max(self._next_number, number + 1)
        if extras := extras_of(row):
            self._extras[number] = extras

    def _now(self, user_id: str) -> User | None:
        if user_id in self._changes:
            return self._changes[user_id]
        return self._contents.state.users.get(user_id)

    def finish(self) -> None:
        """Move the contents on by all that were taken.

        Raises:
            DoesNotFit: two users would bear one User Name.
        """
        contents, changes = self._contents, self._changes
        gone = [user_id for user_id, user in changes.items() if user is None]
        try:
            named = names_after(contents.state, changes)
        except NameTaken as error:
            raise DoesNotFit(str(error)) from error
        state = state_after(contents.state, changes, self._generation, named)
        contents.move_on(state, self._numbers, gone, {})
        contents.extras.update(self._extras)
        for tables in self._tables:
            for name, change in tables.items():
                change_table(contents.tables, name, change)
        self._changes, self._numbers, self._extras, self._tables = {}, {}, {}, []
