"""Copying a whole store from or to the files of a TinyDB database.

A copy has the users of the other store in its snapshot. Its log begins with the users before the
first transaction whose changes are known, goes on with these transactions, and ends with a segment
that begins with all users. So each segment can be removed when it is old, as in any other store.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from itertools import count, groupby
from typing import Final

from qm_tui.directory import Directory
from qm_tui.progress import (
    Phase,
    ProgressCallback,
    YieldControl,
    ignore_progress,
    in_chunks,
    no_rest,
)
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    CopiedParts,
    Copier,
    RetentionPolicy,
    StoreContents,
    TransactionSummary,
    UserChange,
)
from qm_tui.store.memory.maps import UserMaps, owners_of_names, users_without_own_name
from qm_tui.store.memory.overlay import OverlayMapping
from qm_tui.store.tinydb import entries
from qm_tui.store.tinydb.entries import ADDED, CHANGED, DELETED, Row
from qm_tui.store.tinydb.lock import Names
from qm_tui.store.tinydb.log import Log, base_payloads
from qm_tui.store.tinydb.new_store import write_new_store
from qm_tui.store.tinydb.snapshot import Changeset, Contents, InvalidSnapshot, user_of
from qm_tui.store.tinydb.storage import LogStorage
from qm_tui.text import pluralize, sanitize
from qm_tui.users.fields import FIELD, KEYS, User

_NOTHING_COPIED: Final = "Nothing was copied."


class TinyDBCopier(Copier):
    """Reads or fills the files of a store.

    Args:
        files: the store.
    """

    def __init__(self, files: LogStorage) -> None:
        self._files = files

    @contextmanager
    def contents(self, rest: YieldControl = no_rest) -> Iterator["TinyDBContents"]:
        """Yield what the store holds now."""
        self._files.load()
        yield TinyDBContents(self._files)

    def fill(
        self, contents: StoreContents, progress: ProgressCallback = ignore_progress
    ) -> CopiedParts:
        """Write a new store."""
        copy = _Copy(contents, self._files, progress)

        def write_log(_directory: Directory, _names: Names, log: Log) -> Contents:
            return copy.write(log)

        write_new_store(self._files.directory.path / self._files.names.snapshot, write_log)
        losses = []
        if copy.lost:
            losses.append(
                f"The changes of {pluralize(copy.lost, 'transaction')} before transaction "
                f"{copy.first:,} were not copied: those of transaction {copy.first - 1:,} are not "
                "available."
            )
        return CopiedParts(copy.first, losses)


class TinyDBContents(StoreContents):
    """What the files of a store held when they were last read.

    Args:
        files: the store; it must be loaded.

    Attributes:
        ids: TinyDB's document ID of each user, by User ID.
    """

    def __init__(self, files: LogStorage) -> None:
        self._files, self._contents = files, files.contents
        self._users = self._contents.state.users
        self.location, self.number = files.shown, self._contents.state.number
        self.total, self.other_tables = len(self._users), self._contents.tables
        self.names_in_use: Mapping[str, Sequence[str]] = users_without_own_name(
            self._contents.state
        )
        self.ids: Mapping[str, int] = self._contents.ids

    def users(self) -> Iterator[Sequence[tuple[User, str]]]:
        """Yield all users."""
        ids, extras = self.ids, self._contents.extras
        for users in in_chunks(self._users.values()):
            yield [(user, extras.get(ids[user.user_id], "")) for user in users]

    def transactions(self) -> Iterator[TransactionSummary]:
        """Yield all transactions."""
        with self._files.translating_log_errors():
            yield from self._files.log.summaries()[: self.number]

    def changes(self, first: int) -> Iterator[tuple[int, Sequence[UserChange]]]:
        """Yield what transactions did."""
        available = [
            one.number for one in self.transactions() if one.is_available and one.number >= first
        ]
        # as few runs as possible: each reads a segment from its beginning
        for _, run in groupby(enumerate(available), lambda pair: pair[1] - pair[0]):
            numbers = [number for _, number in run]
            with self._files.translating_log_errors():
                for number, rows in self._files.log.rows_of(range(numbers[0], numbers[-1] + 1)):
                    yield number, list(map(entries.user_change, rows))


class _Copy:
    """A copy of what another store holds.

    Args:
        source: what it holds.
        files: the new store.
        progress: the progress.

    Attributes:
        first: the number of the first transaction whose changes are copied.
        lost: the number of earlier ones whose changes the other store has.
    """

    def __init__(
        self, source: StoreContents, files: LogStorage, progress: ProgressCallback
    ) -> None:
        self._source, self._progress = source, progress
        self._keep = files.retention
        self._summaries = [
            replace(one, time=one.time.astimezone(UTC)) for one in source.transactions()
        ]
        gone = (one.number for one in self._summaries if not one.is_available)
        self.first = 1 + max(gone, default=0)
        before = self._summaries[: self.first - 1]
        self.lost = sum(one.is_available for one in before)
        changes = sum(one.users for one in self._summaries[self.first - 1 :])
        self._done, self._total = 0, source.total + changes
        self._ids = dict(source.ids.items()) if isinstance(source, TinyDBContents) else {}
        self._fresh = count(max(self._ids.values(), default=0) + 1)

    def write(self, log: Log) -> Contents:
        """Write the log; return what the store holds.

        Raises:
            StoreError: the other store has something that a store in files cannot have.
        """
        last = self._last()
        log.position = log.position._replace(number=self.first - 1)
        if self.first <= self._source.number:
            history = _History(self._before(last), self._rows(last), self._summaries)
            try:
                while history.contents.state.number < self._source.number:
                    log.create(history.segment(self._keep))
                    number = history.contents.state.number
                    log.position = log.position._replace(number=number)
            except (ValueError, LookupError, TypeError) as error:
                raise self._unfit() from error
            if history.contents.state.users != last.state.users:
                raise self._unfit()
        log.create(base_payloads(last.rows(), last.tables, self._summaries))
        return last

    def _unfit(self) -> StoreError:
        return StoreError(
            f"The transactions of {self._source.location} do not lead to its users: another "
            f"program changed it. {_NOTHING_COPIED} Copy it to a PostgreSQL store."
        )

    def _last(self) -> Contents:
        """Read all users as they are."""
        users: dict[str, User] = {}
        extras: dict[int, str] = {}
        for batch in self._source.users():
            self._advance(len(batch))
            for user, extra in batch:
                users[user.user_id] = user
                number = self._id(user.user_id)
                if extra:
                    extras[number] = self._checked(user, extra)
        return self._contents(self._source.number, users, extras)

    def _contents(self, number: int, users: dict[str, User], extras: dict[int, str]) -> Contents:
        names = OverlayMapping(owners_of_names(users.values()))
        ids = {user_id: self._id(user_id) for user_id in users}
        return Contents(
            UserMaps(number, OverlayMapping(users), names),
            OverlayMapping(ids),
            extras,
            self._source.other_tables,
            max(ids.values(), default=0) + 1,
        )

    def _id(self, user_id: str) -> int:
        """Return the document ID of a user, also of one that was deleted."""
        number = self._ids.get(user_id)
        if number is None:
            number = self._ids[user_id] = next(self._fresh)
        return number

    def _checked(self, user: User, extra: str) -> str:
        """Check that a document can have these members; return them.

        Raises:
            StoreError: it cannot.
        """
        members, who = json.loads(extra), sanitize(f"User {user.user_id}", 100)
        if not isinstance(members, dict) or members.keys() & FIELD.keys():
            raise StoreError(
                f"{who} has other data that is not valid in a document. {_NOTHING_COPIED} Change "
                "the column extra of this user."
            )
        try:
            return user_of(user._asdict() | members, who)[1]
        except InvalidSnapshot as error:
            raise StoreError(f"{error}. {_NOTHING_COPIED} Change this user.") from error

    def _advance(self, number: int) -> None:
        self._progress(Phase.COPYING, min(self._done, self._total), self._total)
        self._done += number

    def _before(self, last: Contents) -> Contents:
        """Return what the store held before the first transaction.

        Users that were deleted since then come last: their places are not known.
        """
        whole: dict[str, User | None] = {}
        changed: dict[str, dict[str, str]] = {}
        for _, changes in self._source.changes(self.first):
            self._advance(0)
            for user_id, before, after in changes:
                if user_id in whole:
                    continue
                if before is None:
                    whole[user_id] = None
                elif after is None:
                    whole[user_id] = User(**{**before, **changed.pop(user_id, {})})
                else:
                    found = changed.setdefault(user_id, {})
                    found |= {key: one for key, one in before.items() if key not in found}
        users = {
            user_id: user._replace(**changed.get(user_id, {}))
            for user_id, user in last.state.users.items()
            if user_id not in whole
        }
        users |= {user_id: user for user_id, user in whole.items() if user is not None}
        ids = set(map(self._id, users))
        extras = {number: extra for number, extra in last.extras.items() if number in ids}
        return self._contents(self.first - 1, users, extras)

    def _rows(self, last: Contents) -> Iterator[tuple[int, list[Row]]]:
        """Yield the number of each transaction, and the rows of some of its changes."""
        for number, changes in self._source.changes(self.first):
            self._advance(len(changes))
            yield number, [self._row(change, last.extras) for change in changes]

    def _row(self, change: UserChange, extras: Mapping[int, str]) -> Row:
        user_id, before, after = change
        if before is not None and after is not None:
            return [CHANGED, user_id, {key: (one, after[key]) for key, one in before.items()}]
        number, values = self._id(user_id), before or after or {}
        row: Row = [ADDED if before is None else DELETED, number, [values[key] for key in KEYS]]
        # those of that time are not known
        return [*row, extras[number]] if before is None and number in extras else row


class _History:
    """Transactions that are written again, and what the store held after each of them.

    Args:
        contents: what it held before them.
        rows: the number of each, and the rows of some of its changes.
        summaries: all transactions of the store.

    Attributes:
        contents: what it held after the last one that was written.
    """

    def __init__(
        self,
        contents: Contents,
        rows: Iterator[tuple[int, list[Row]]],
        summaries: list[TransactionSummary],
    ) -> None:
        self.contents, self._summaries = contents, summaries
        self._rows = rows
        self._next = next(rows, None)

    def segment(self, keep: RetentionPolicy) -> Iterator[bytes]:
        """Yield the payloads of the next segment.

        Raises:
            ValueError, LookupError, TypeError: a transaction does not fit.
        """
        before, size = self.contents, 0
        number = before.state.number
        if number or before.tables or before.state.users:
            for payload in base_payloads(before.rows(), before.tables, self._summaries[:number]):
                size += len(payload)
                yield payload
        largest = size + max(keep.segment_bytes, keep.segment_ratio * size)
        while size < largest and self.contents.state.number < len(self._summaries):
            for payload in self._transaction():
                size += len(payload)
                yield payload

    def _transaction(self) -> Iterator[bytes]:
        changeset, rows = Changeset(self.contents), list[Row]()
        summary = self._summaries[self.contents.state.number]
        while self._next is not None and self._next[0] == summary.number:
            rows += self._next[1]
            self._next = next(self._rows, None)
        changeset.add(rows)
        self.contents = changeset.apply(summary.number)
        yield from entries.payloads(iter(rows), summary.number, lambda: summary, len(rows))
