"""A TinyDB database on a journal: what is committed is safe, whole, and seen by all.

    users.json           the snapshot: TinyDB's JSON
    users.json.journal   what was committed since
    users.json.history/  the journals that a snapshot has taken in
    users.json.lock      held by whoever writes
    users.json~          the snapshot before the last

A commit is one append to the journal and one sync. A checkpoint writes a new snapshot beside,
names the journal in the history too, and renames the snapshot into place: that is its commit
point. Then a new journal begins, which bears the new snapshot's uid. Whatever is cut off in
between, snapshot and journal say whether they belong together.
"""

import errno
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final, NoReturn

from qm_tui.files import (
    NotDurable,
    access_in,
    make_private_folder,
    name_too,
    remove_leftovers,
    replacing,
)
from qm_tui.garbage import no_garbage_collection
from qm_tui.progress import Tick, no_tick
from qm_tui.refusal import reason
from qm_tui.store import snapshot
from qm_tui.store.contents import Contents, Tally, checked, state_after
from qm_tui.store.entries import TableChange, payloads
from qm_tui.store.errors import CommitOutcomeUnknown, StoreError, StoreReadOnly
from qm_tui.store.following import Follower, Known, signature_of
from qm_tui.store.frames import Damaged
from qm_tui.store.history import Kept, rows_about
from qm_tui.store.interface import Entry, Touch, no_found
from qm_tui.store.journal import Header, Journal, NotAJournal, SyncFailed
from qm_tui.store.previous import contents_before
from qm_tui.store.rows import Row
from qm_tui.store.snapshot import Head
from qm_tui.store.state import Changes, State
from qm_tui.store.touches import MissingTransaction, changed_user_ids, touches_of
from qm_tui.text import visible
from qm_tui.users.fields import User

LARGE: Final = 32 * 1024 * 1024
"""Bytes of a journal from which a checkpoint is worth while. To read so many back takes as long as
to read a snapshot of the same users, and to write that snapshot three times as long."""


class Database(Follower):
    """Users, and other programs' tables, kept in the files above.

    Missing files are an empty database; they are made, and their folder, by the first commit.
    """

    @contextmanager
    def writing(self, why: str) -> Iterator[None]:
        """Hold the lock over read, change and write.

        Raises:
            StoreError: it cannot be read, locked or written.
        """
        refusal = self.read_only
        if refusal:
            raise StoreReadOnly(refusal)
        try:
            make_private_folder(self.path.parent)
        except OSError as error:
            msg = (
                f"The store's folder {visible(str(self.path.parent))} cannot be made: "
                f"{reason(error)}."
            )
            raise StoreError(msg) from error
        with self._lock.held(why, self._origin):
            with self._refusing():
                if not self.is_loaded:
                    with no_garbage_collection():
                        self._read(no_tick, no_found, is_locked=True)
                self._catch_up(no_tick)
            yield

    def commit(
        self,
        changes: Changes,
        why: str,
        *,
        token: str = "",
        tables: Mapping[str, TableChange] | None = None,
        tick: Tick = no_tick,
    ) -> State:
        """Write changes, wholly or not at all. Inside `writing`.

        Raises:
            StoreError: they could not be written; all is as it was.
            ValueError: the changes do not fit the state or one another.
        """
        tables = tables or {}
        contents = self.contents
        named = checked(contents.state, changes)
        tally = Tally(contents, changes)
        with self._saying_why_not():
            journal = self._ready_journal()
            facts = self._facts(contents.state.generation + 1, why, token)
            made = payloads(tally.rows(), len(changes), lambda: tally.counted(facts), tables)
            self._keep_damaged_end(journal)
            if not journal.append(made, tick, len(changes)):
                return contents.state
        state = state_after(contents.state, changes, facts.number, named)
        contents.move_on(state, tally.numbers, tally.gone, tables)
        journal.entries.append(tally.counted(facts))
        self._known = Known(self._known.snapshot, signature_of(journal.status))
        return state

    def _keep_damaged_end(self, journal: Journal) -> None:
        """Copy what stands behind the last transaction where it may have been saved once.

        Raises:
            OSError: it could not be done.
        """
        if journal.left_out and journal.is_end_damaged:
            now = datetime.now(UTC)
            kept = f"{self._journal_path.name}.left-out-{now:%Y%m%d-%H%M%S}"
            access = access_in(self.path.parent)
            with replacing(self._journal_path.with_name(kept), access=access) as file:
                journal.write_left_out(file)

    @contextmanager
    def _saying_why_not(self) -> Iterator[None]:
        try:
            yield
        except SyncFailed as error:
            self._broken = (
                f"The system failed to sync {visible(self._journal_path.name)} "
                f"({reason(error)}), so nothing more is written: open qm-tui again, and look at "
                "the store."
            )
            msg = (
                f"It is not known whether the change of {self.named} was saved: the system could "
                f"not sync it ({reason(error)}). Nothing more is written until qm-tui is opened "
                "again."
            )
            raise CommitOutcomeUnknown(msg) from error
        except NotDurable as error:
            msg = (
                f"It is not known whether the change of {self.named} outlasts a power cut: the "
                f"system could not sync its folder ({reason(error)}). Look at the store again."
            )
            self._broken = msg
            raise CommitOutcomeUnknown(msg) from error
        except OSError as error:
            msg = f"The store {self.named} could not be written: {reason(error)}. It is as it was."
            raise StoreError(msg) from error

    def _ready_journal(self) -> Journal:
        """The journal to write to. Whatever is missing is made.

        Raises:
            OSError: it could not be made.
        """
        if self._foreign:
            self._take_over()
        if self._head is None:
            self._begin()
        if self._journal is None and self._head is not None:
            self._new_journal(self._head)
        if self._journal is None:
            raise OSError(errno.ENOENT, "the journal is gone")
        return self._journal

    def _begin(self) -> None:
        """Make an empty store. Without a snapshot, a journal without a transaction says nothing."""
        uid = _new_uid()
        header = Header(uid, self.contents.state.generation + 1)
        access = access_in(self.path.parent)
        Journal.create(self._journal_path, header, access)
        with replacing(self.path, access=access) as file:
            head = Head(uid, self.contents.state.generation)
            snapshot.written({snapshot.USERS: {}}, file, head)
        self._adopt(head)
        self._known = self._look()

    def _new_journal(self, head: Head) -> None:
        remove_leftovers(self._journal_path)
        header = Header(head.uid, self.contents.state.generation + 1)
        Journal.create(self._journal_path, header, access_in(self.path.parent))
        self._adopt(head)
        self._known = self._look()

    def _take_over(self) -> None:
        """Make a file that another program wrote our own."""
        contents = self.contents
        if self._foreign and self._foreign.was_ours:
            number = contents.state.generation + 1
            before = self._foreign.before or contents_before(
                self._previous_path, self._history, contents.state.generation
            )
            tally = _difference(before, contents)
            rows = list(tally.rows())
            facts = tally.counted(self._facts(number, "changed outside qm-tui"))
            made = payloads(rows, len(rows), lambda: facts)
            access = access_in(self.path.parent)
            self._history.put(Header(_new_uid(), number), facts, made, access)
            contents.state = replace(contents.state, generation=number)
        self._write_snapshot(no_tick)
        self._foreign = None

    def _facts(self, number: int, why: str, token: str = "") -> Entry:
        who, now = self._origin, datetime.now(UTC)
        return Entry(number, now, who.who, who.address, why, 0, 0, 0, token)

    # Checkpoints

    def checkpoint(self, tick: Tick = no_tick) -> bool:
        """Write a new snapshot, and move the journal into the history. Inside `writing`.

        Raises:
            StoreError: it could not be done; no change is lost.
        """
        if self._head is None and not self._foreign:
            return False
        if not self._foreign and (self._journal is None or not self._journal.entries):
            return False
        with self._saying_why_not():
            if self._foreign:
                self._take_over()
            else:
                self._write_snapshot(tick)
        self._history.prune(self._limits)
        return True

    @property
    def journal_size(self) -> int:
        """The bytes of transactions that no snapshot has taken in."""
        return self._journal.end if self._journal else 0

    def _write_snapshot(self, tick: Tick) -> None:
        folder, journal = self.path.parent, self._journal
        access = access_in(folder)
        has_changes = journal is not None and bool(journal.entries)
        head = Head(
            _new_uid(),
            self.contents.state.generation,
            journal.header.uid if journal else "",
            journal.end if journal else 0,
        )
        remove_leftovers(self.path)
        with replacing(self.path, access=access) as file:
            snapshot.written(self.contents.as_tables(), file, head, tick)
            if journal is not None and has_changes:
                self._history.take_in(journal, access)
            with suppress(FileNotFoundError):
                name_too(self.path, self._previous_path, access)
            with suppress(OSError):  # another program may have let all read it
                self._previous_path.chmod(access.mode)
        self._take_journal(None)
        self._head = self._head_there()
        self._known = self._look()
        with suppress(OSError):  # the next who writes makes it
            self._new_journal(self._head or head)

    # The history

    def entries(self) -> list[Entry]:
        """All transactions, newest first.

        Raises:
            StoreError: the history cannot be read.
        """
        journal = self._journal
        with self._refusing():
            entries = self._history.entries(journal.header.uid if journal else "")
        if journal is not None:
            entries += journal.entries
        entries.reverse()
        return entries

    @contextmanager
    def rows_of(self, number: int) -> Iterator[Iterable[Row]]:
        """What a transaction did to each user.

        Raises:
            StoreError: there is no such transaction, or what it did is no longer kept.
        """
        journal = self._journal
        try:
            with self._refusing():
                if journal is not None and journal.header.first <= number <= journal.number:
                    with journal.frames() as frames:
                        yield rows_about(number, frames) or ()
                    return
                with self._history.rows_of(number) as rows:
                    if rows is None:
                        self._refuse_unknown(number)
                    yield rows
        except (Damaged, NotAJournal) as error:
            msg = f"What transaction {number:,} of {self.named} did cannot be read: {error}."
            raise StoreError(msg) from error

    def user_history(self, user_id: str, tick: Tick = no_tick) -> Iterator[Touch]:
        """What became of a user, newest first, as far as it is kept.

        Raises:
            StoreError: the history cannot be read.
        """
        with self._refusing_history(), self._kept_journals() as journals:
            yield from touches_of(user_id, journals, tick)

    def changed_user_ids(self, numbers: range, tick: Tick = no_tick) -> Iterator[str]:
        """The User IDs of those whom transactions in a row added or changed.

        Raises:
            StoreError: one of them is not there, or what it did is no longer kept.
        """
        with self._refusing_history(), self._kept_journals() as journals:
            try:
                yield from changed_user_ids(numbers, journals, tick)
            except MissingTransaction as missing:
                self._refuse_unknown(missing.number)

    def history_removed_until(self) -> datetime | None:
        """When the last transaction was of which it is no longer kept what it did.

        Raises:
            StoreError: the history cannot be read.
        """
        with self._refusing_history():
            return self._history.history_removed_until()

    @contextmanager
    def _kept_journals(self) -> Iterator[list[Kept]]:
        """The journals that are kept, the live one last."""
        journal = self._journal
        if journal is None:
            yield self._history.kept()
            return
        with journal.frames() as frames:  # open from now on: a checkpoint may close the journal
            live = Kept(journal.header.first, journal.end, lambda: nullcontext(frames))
            yield [*self._history.kept(journal.header.uid), live]

    @contextmanager
    def _refusing_history(self) -> Iterator[None]:
        """Say in a sentence what keeps the history from being read."""
        try:
            with self._refusing():
                yield
        except (Damaged, NotAJournal) as error:
            msg = f"The history of {self.named} cannot be read: {error}."
            raise StoreError(msg) from error

    def _refuse_unknown(self, number: int) -> NoReturn:
        if 0 < number <= self.contents.state.generation:
            msg = (
                f"What transaction {number:,} did is no longer kept: it is too old, and can no "
                "longer be undone."
            )
        else:
            msg = f"There is no transaction {number:,} in {self.named}."
        raise StoreError(msg)

    def close(self) -> None:
        """Close the files. Whatever is asked for afterwards is read anew."""
        self._take_journal(None)
        self._lock.close()
        self._known = Known()
        self.is_loaded = False


def _difference(before: Contents | None, after: Contents) -> Tally:
    """What another program did, as far as it is known."""
    if before is None:
        return Tally(after, {})
    old, new = before.state.users, after.state.users
    gone: dict[str, User | None] = dict.fromkeys(old.keys() - new.keys())
    return Tally(before, gone | {key: one for key, one in new.items() if old.get(key) != one})


def _new_uid() -> str:
    return os.urandom(8).hex()
