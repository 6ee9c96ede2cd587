"""Recovery: what can be read of a damaged store, written to a new one.

The snapshot is read line by line, then the journal frame by frame, and each transaction is applied
as far as it fits. Where the snapshot itself is lost, the one before it and the journals of the
history that lead on from it may stand in. The damaged store is never touched.
"""

import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qm_tui.files import Access, access_in, make_folder, make_private_folder, replacing
from qm_tui.progress import Tick, no_tick
from qm_tui.refusal import reason
from qm_tui.store import snapshot
from qm_tui.store.documents import UserDocuments
from qm_tui.store.errors import StoreError
from qm_tui.store.frames import framed
from qm_tui.store.history import History
from qm_tui.store.journal import Header, Journal
from qm_tui.store.lock import WAIT, Lock
from qm_tui.store.rebuilding import Rebuilt, Recovery
from qm_tui.store.salvage import Loss, Snapshot, snapshot_at
from qm_tui.store.salvage_journal import Found, JournalFound, journal_at
from qm_tui.store.shared import files_of, journal_of, user_history
from qm_tui.store.snapshot import Head, LaterVersion
from qm_tui.text import visible


def recovered(damaged: Path, target: Path, tick: Tick = no_tick) -> Recovery:
    """Write what can be read of a store to a new one.

    Args:
        damaged: the store's file, which may be missing as long as something else of it is there.
        target: the file of the new store; it must not be there.
        tick: told how far the writing is; it may raise `Cancelled`.

    Raises:
        StoreError: nothing could be read, a later version wrote it, or the new store is there
            already or could not be written.
    """
    damaged, target = Path(os.path.realpath(damaged)), Path(os.path.realpath(target))
    shown = visible(str(damaged))
    _require_free(target)
    try:
        # a reader's lock: whoever still writes there is not read in the middle
        lock = Lock(damaged.with_name(damaged.name + ".lock"))
        with lock.shared(WAIT) as is_quiet:
            if not is_quiet:
                msg = f"The store {shown} is being written: recover it when nobody writes to it."
                raise StoreError(msg)
            sources = _sources(damaged)
    except LaterVersion as error:
        msg = f"The store {shown} was written by a later version of qm-tui: use that version."
        raise StoreError(msg) from error
    except OSError as error:
        msg = f"The store {shown} cannot be read: {reason(error)}."
        raise StoreError(msg) from error
    found = Recovery(losses=[*sources.base.losses], notes=sources.notes)
    for journal in sources.journals:
        found.losses += journal.losses
        found.notes += journal.notes
    rebuilt = Rebuilt(sources.base, sources.number, found)
    for transaction in sources.transactions():
        rebuilt.apply(transaction)
    rebuilt.look_at_names()
    if not rebuilt.made.users and found.losses and not found.transactions:
        msg = f"Nothing of the store {shown} can be read. Put a copy from a backup in its place."
        raise StoreError(msg)
    found.users = len(rebuilt.made.users)
    try:
        _write(rebuilt, sources, damaged, target, tick)
    except OSError as error:
        msg = f"The new store {visible(str(target))} could not be written: {reason(error)}."
        raise StoreError(msg) from error
    return found


def _require_free(target: Path) -> None:
    try:
        taken = next(files_of(target), None) or (user_history(target).exists() and target)
    except OSError as error:
        msg = f"The new store {visible(str(target))} cannot be made: {reason(error)}."
        raise StoreError(msg) from error
    if taken or os.path.lexists(target):
        msg = f"{visible(str(taken or target))} is there already: name a new file to recover into."
        raise StoreError(msg)


# What there is to read


@dataclass(slots=True)
class _Sources:
    """What the new store is made of.

    Attributes:
        base: the snapshot.
        journals: what leads on from it, in order.
        live: the journal that no snapshot has taken in.
        notes: what the admin should know of the choice.
    """

    base: Snapshot
    journals: list[JournalFound] = field(default_factory=list)
    live: JournalFound | None = None
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is lost."""
        return not self.base.losses and not any(one.losses for one in self.journals)

    @property
    def number(self) -> int:
        """The number of the last transaction in the snapshot, as far as anything says so."""
        if self.base.generation is not None:
            return self.base.generation
        return max(0, self.live.first - 1) if self.live else 0

    def transactions(self) -> list[Found]:
        """The transactions that are not in the snapshot, in order."""
        number = self.base.generation
        found = []
        for journal in self.journals:
            for one in journal.transactions:
                if number is None or one.number > number:
                    found.append(one)
                    number = one.number
        return found


def _sources(damaged: Path) -> _Sources:
    """The snapshot and the journals from which most can be made.

    Raises:
        LaterVersion: a later version of this program wrote one of them.
        OSError: there is nothing, or it cannot be opened.
    """
    live = _opened_journal(journal_of(damaged))
    previous_path = damaged.with_name(damaged.name + "~")
    base = _opened_snapshot(damaged)
    if base is not None and not base.losses:
        return _with_journals(base, live, damaged)
    previous = _opened_snapshot(previous_path)
    if previous is not None:
        instead = _with_journals(previous, live, damaged)
        if _is_better(instead, base):
            name = visible(damaged.name)
            instead.notes.append(
                f"{name} {'cannot be read in full' if base else 'is not there'}, so "
                f"{visible(previous_path.name)} was read in its place"
                + (", and the history that leads on from it" if len(instead.journals) > 1 else "")
            )
            return instead
    if base is None:
        if live is None or not live.transactions:
            raise FileNotFoundError(2, "No such file or directory")
        base = Snapshot(damaged, losses=[Loss(damaged.name, "it is not there")])
    return _with_journals(base, live, damaged)


def _is_better(instead: _Sources, base: Snapshot | None) -> bool:
    """Whether to read what led to a snapshot in place of the snapshot."""
    if base is None:
        return True
    if base.is_readable:
        return False
    return instead.is_whole or len(instead.base.users) > len(base.users)


def _opened_snapshot(path: Path) -> Snapshot | None:
    try:
        return snapshot_at(path)
    except FileNotFoundError:
        return None


def _opened_journal(path: Path) -> JournalFound | None:
    try:
        return journal_at(path)
    except FileNotFoundError:
        return None


def _with_journals(base: Snapshot, live: JournalFound | None, damaged: Path) -> _Sources:
    """A snapshot, and the journals that lead on from it: by its uid, then by their numbers."""
    found = _Sources(base, live=live)
    uid = base.head.uid if base.head else ""
    if live is not None and (not uid or _leads_on(live, base.head)):
        found.journals = [live]
        return found
    segments = [one for path in _segments(damaged) if (one := _opened_journal(path)) is not None]
    one = next((one for one in segments if one.header and one.header.uid == uid), None)
    while one is not None and one not in found.journals:
        found.journals.append(one)
        following = one.last + 1
        if live is not None and live.first == following:
            break
        one = next((other for other in segments if other.first == following), None)
    if live is None:
        found.notes.append("There is no journal: changes after the last checkpoint are not here")
        return found
    last = found.journals[-1].last if found.journals else (base.generation or 0)
    if live.transactions and live.first > last + 1:
        what = f"transactions {last + 1:,} to {live.first - 1:,} are missing before it"
        base.losses.append(Loss(live.path.name, what))
    found.journals.append(live)
    return found


def _leads_on(journal: JournalFound, head: Head | None) -> bool:
    """Whether a journal leads on from a snapshot, or to it: a checkpoint was then cut off."""
    return head is not None and (
        journal.header is not None and journal.header.uid in (head.uid, head.journal)
    )


def _segments(store: Path) -> list[Path]:
    folder = user_history(store)
    return sorted(folder.glob("*.journal")) if folder.is_dir() else []


# The new store


def _write(rebuilt: Rebuilt, sources: _Sources, damaged: Path, target: Path, tick: Tick) -> None:
    """Write the new store as a checkpoint would have left it, history included.

    Raises:
        OSError: it could not be written.
    """
    make_private_folder(target.parent)
    access = access_in(target.parent)
    _copy_history(sources, damaged, target, access)
    live = _journal_for(sources, target, access)
    head = Head(_new_uid(), rebuilt.number)
    made = rebuilt.made
    users = {made.numbers[user_id]: user for user_id, user in made.users.items()}
    tables: dict[str, Any] = {snapshot.USERS: UserDocuments(users, made.extras), **made.tables}
    with ExitStack() as stack:
        if live is not None:
            stack.callback(live.close)
            head = Head(head.uid, head.generation, live.header.uid, live.end)
            History(user_history(target)).take_in(live, access)
        file = stack.enter_context(replacing(target, overwrite=False, access=access))
        snapshot.written(tables, file, head, tick)
    Journal.create(journal_of(target), Header(head.uid, head.generation + 1), access)


def _journal_for(sources: _Sources, target: Path, access: Access) -> Journal | None:
    """The transactions of the live journal that could be read, as a journal of the new store."""
    live = sources.live
    if live is None or not live.transactions:
        return None
    path = journal_of(target)
    header = Header(_new_uid(), live.transactions[0].number)
    with replacing(path, access=access) as file:
        file.write(header.frame)
        for one in live.transactions:
            for payload in one.payloads:
                file.write(framed(payload))
        end = file.tell()
    journal = Journal(path, may_write=False)
    journal.end = end
    journal.entries = [one.facts for one in live.transactions if one.facts is not None]
    return journal


def _copy_history(sources: _Sources, damaged: Path, target: Path, access: Access) -> None:
    """Copy what is there of the history, without what is the live journal too."""
    live = sources.live.header.uid if sources.live and sources.live.header else "-"
    folder = user_history(damaged)
    there = [one for one in files_of(damaged) if one.parent == folder]
    for one in there:
        if not one.stem.endswith(f"-{live}"):
            make_folder(user_history(target), access)
            copy_path = user_history(target) / one.name
            with one.open("rb") as original, replacing(copy_path, access=access) as copy:
                shutil.copyfileobj(original, copy)
            os.utime(copy_path, ns=(one.stat().st_atime_ns, one.stat().st_mtime_ns))


def _new_uid() -> str:
    return os.urandom(8).hex()
