"""The store after power cuts at any moment."""

import errno
import os
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple
from unittest import mock

from tinydb import TinyDB

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.errors import CommitOutcomeUnknown, StoreError
from qm_tui.store.interface import RetentionPolicy, StoreIssueSeverity
from qm_tui.store.state import Changes
from qm_tui.store.tinydb import TinyDBUserStore, open_tinydb_store
from qm_tui.store.tinydb.storage import SnapshotWriter
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, EDIT, HEADER, csv_text, undo, user, users_of, write_file
from tests.store.tinydb.damage import missing_changes, parts_of
from tests.store.tinydb.faults.disks import Disk, Effort, fates_of, key_of, laid_out, torn
from tests.store.tinydb.faults.failing_calls import (
    LARGE,
    ROWS,
    SHORT_MEMORY,
    SMALL_SEGMENTS,
    plain_users,
    write_changes,
)
from tests.store.tinydb.faults.os_calls import half_of, hooked
from tests.store.tinydb.faults.recorder import (
    Found,
    Held,
    Recorder,
    Recording,
    Span,
    held,
    snapshots_in_this_thread,
)

STORE: Final = Path("data") / "users.json"
"""Where the store lies in the folder that is recorded."""

DEFAULT_RETENTION: Final = RetentionPolicy()
NOWHERE: Final = "nowhere, in many words"
"""The location of users in transactions that are withdrawn."""


class Killed(BaseException):
    """The program ended here, and does nothing more."""


class Programs:
    """Programs that change one store while their calls are recorded.

    Args:
        folder: the folder that is recorded is made in it, and what is imported.
        retention: how long they keep changes.
        plain: whether there is a file of plain TinyDB before.
    """

    def __init__(self, folder: Path, retention: RetentionPolicy, *, plain: bool = False) -> None:
        root = folder / "root"
        root.mkdir(parents=True)
        rows = [user(f"n{number}", user_id="") for number in range(LARGE)]
        self._file = write_file(folder, csv_text([HEADER, *rows]))
        self._path, self._retention = root / STORE, retention
        if plain:
            self._path.parent.mkdir()
            with TinyDB(self._path) as database:
                database.table("users").insert_multiple(
                    dict(zip(KEYS, one, strict=True)) | {"note": "kept"}
                    for one in (ANNA, *(user(f"p{number}") for number in range(ROWS + 3)))
                )
                database.table("rooms").insert({"room": 12})
        self.recorder = Recorder(root)
        self.store = self.opened()

    def opened(self) -> TinyDBUserStore:
        """Another program that opened the store."""
        store = open_tinydb_store(self._path, retention=self._retention)
        store.load()
        return store

    def do(self, work: Callable[[], object], *also: Held) -> None:
        """Do something that is acknowledged, and that may be seen in other states before."""
        number, users = held(self.store.state)
        takeover = [(1, users)] if users and not number else []
        self.recorder.transaction(self.store, work, also=(*takeover, *also))

    def edit(self, *users: User, delete: Sequence[str] = ()) -> None:
        """Change users."""
        changes = {**{one.user_id: one for one in users}, **dict.fromkeys(delete)}
        self.do(lambda: write_changes(self.store, changes))

    def import_many(self) -> None:
        """Import many users, in parts."""
        self.do(lambda: import_users(ImportRequest(self._file), self.store))

    def undo(self, number: int) -> None:
        """Undo a transaction."""
        self.do(lambda: undo(self.store, number))

    def write_snapshot(self) -> None:
        """Write the snapshot: it is no transaction, and all that is acknowledged must stay."""
        self.do(self.store._files.snapshots.flush)

    def all_at(self, location: str) -> dict[str, User]:
        """All users, at another location."""
        users = users_of(self.store.state).values()
        return {one.user_id: one._replace(location=location) for one in users}

    def _with(self, changes: Changes) -> Held:
        """What the store holds if these changes are its next transaction."""
        state = self.store.state
        users = {**users_of(state), **changes}
        return state.number + 1, tuple(one for one in users.values() if one is not None)

    def cancel(self, changes: Changes, *, late: bool) -> None:
        """Cancel a transaction, before it is written or when only its last part is missing."""

        def tick(_phase: Phase, done: int, total: int) -> None:
            if done >= total or not late:
                raise Cancelled

        def work() -> None:
            with suppress(Cancelled), self.store.transaction(EDIT) as transaction:
                transaction.commit(changes, tick)
                raise AssertionError("the commit did not ask whether to go on")

        self.do(work, self._with(changes))

    def fail_sync(self, changes: Changes, sync: int) -> None:
        """A sync fails: the transaction is reverted, even if it is complete in the log."""
        before = held(self.store.state)

        def work() -> None:
            try:
                with _failing(fdatasync=(sync,)):
                    write_changes(self.store, changes)
            except CommitOutcomeUnknown as error:
                raise AssertionError("it was not reverted") from error
            except StoreError:
                return
            raise AssertionError(f"the commit did not sync {sync} times")

        self.do(work, self._with(changes))
        assert held(self.store.state) == before

    def leave_unknown(self, changes: Changes, **failing: Sequence[int]) -> None:
        """A sync fails, and so does what takes the transaction back."""

        def work() -> None:
            with _failing(**failing):
                write_changes(self.store, changes)

        assert self._leaves(changes, work, CommitOutcomeUnknown)

    def kill_at_each_call(self, changes: Callable[[int], Changes], first: int = 1) -> None:
        """Kill programs that make a transaction and write the snapshot, at each of their calls.

        Args:
            changes: what each of them changes.
            first: the first call at which one is killed.
        """
        for number in count(first):
            some = changes(number)

            def work(some: Changes = some, number: int = number) -> None:
                with _killed_at(number):
                    self.do(lambda: write_changes(self.store, some), self._with(some))
                    self.write_snapshot()

            if not self._leaves(some, work, Killed):
                return

    def _leaves(
        self, changes: Changes, work: Callable[[], object], how: type[BaseException]
    ) -> bool:
        """Whether a program leaves a transaction behind; the next one goes on from there."""
        begin, may_be = self.recorder.now, self._with(changes)
        try:
            work()
        except how:
            self.store = self.opened()
            seen, name = held(self.store.state), f"after{begin}"
            write_changes(self.store, {f"u-{name}": user(name)})
            after = held(self.store.state)
            spans = self.recorder.recording.spans
            spans.append(Span(begin, self.recorder.now, (may_be, seen, after), after))
            return True
        return False


@contextmanager
def _failing(**failing: Sequence[int]) -> Iterator[None]:
    """Let calls of `os` fail: by name, which of them, counting from 1."""
    numbers = {name: count(1) for name in failing}

    def call(name: str, real: Callable[..., Any], arguments: Any, _named: Any) -> Any:
        if next(numbers[name]) in failing[name]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*arguments)

    with hooked(call, failing):
        yield


@contextmanager
def _killed_at(number: int) -> Iterator[None]:
    """Let the program end before a call that writes, or in the middle of it; counted from 1."""
    left = number

    def dies() -> bool:
        nonlocal left
        left -= 1
        return left <= 0

    def call(name: str, real: Callable[..., Any], arguments: Any, named: Any) -> Any:
        if name == "pwrite":  # the note in the lock
            return real(*arguments) if left > 0 else 0
        if name == "open" and not arguments[1] & os.O_CREAT:
            return real(*arguments, **named)
        if dies():
            raise Killed
        if name == "write" and dies():
            real(*half_of(arguments))
            raise Killed
        return real(*arguments, **named)

    with hooked(call):
        yield


# Workloads


def _all_kinds(programs: Programs) -> None:
    """Edits, large commits, withdrawn ones, undo, and snapshots now and then."""
    one = programs
    one.edit(ANNA, user("bo"))
    one.edit(ANNA._replace(location="Bergen"))
    one.import_many()
    for late in (False, True):
        one.cancel(one.all_at(NOWHERE), late=late)
    for sync in (1, 2):  # that of the parts, and that of the entry behind them
        one.fail_sync(one.all_at(NOWHERE), sync)
    one.edit(user("cy"), delete=["u-bo"])
    one.fail_sync({ANNA.user_id: ANNA._replace(location=NOWHERE)}, 1)
    one.write_snapshot()
    one.edit(ANNA._replace(location="Narvik"))
    one.undo(4)
    one.do(lambda: write_changes(one.store, one.all_at("Hamar")))
    one.write_snapshot()
    one.undo(7)
    one.undo(3)
    one.edit(user("di"))


def _segments(programs: Programs) -> None:
    """A segment for each transaction; the snapshot is behind by none, one or several of them."""
    one = programs
    one.edit(ANNA, user("bo"))
    one.write_snapshot()
    one.edit(ANNA._replace(location="Bergen"))
    one.edit(user("cy"), delete=["u-bo"])
    one.cancel({ANNA.user_id: ANNA._replace(location=NOWHERE)}, late=False)
    one.fail_sync({ANNA.user_id: ANNA._replace(location=NOWHERE)}, 2)  # the first closes a segment
    one.import_many()
    one.write_snapshot()
    one.cancel(one.all_at(NOWHERE), late=True)
    one.fail_sync(one.all_at(NOWHERE), 3)
    one.do(lambda: write_changes(one.store, one.all_at("Hamar")))
    one.undo(3)
    one.write_snapshot()
    one.write_snapshot()
    one.edit(user("di"))


def _taking_over(programs: Programs) -> None:
    """A file of plain TinyDB becomes a store, in parts."""
    one = programs
    one.edit(ANNA._replace(location="Bergen"))
    one.edit(user("bo"))
    one.write_snapshot()
    one.undo(2)


def _taking_over_again(programs: Programs) -> None:
    """The program that takes over a file is killed once that is saved; another one goes on."""
    one = programs
    taken = (1, one.recorder.recording.spans[0].after[1])
    begin = one.recorder.now
    changes = {ANNA.user_id: ANNA._replace(location="Bergen")}
    with suppress(Killed), _killed_at_snapshot():
        write_changes(one.store, changes)
    one.store = one.opened()
    assert held(one.store.state) == taken
    one.recorder.recording.spans.append(Span(begin, one.recorder.now, (taken,), taken))
    one.edit(user("bo"))
    one.edit(user("cy"))
    one.write_snapshot()


@contextmanager
def _killed_at_snapshot() -> Iterator[None]:
    with mock.patch.object(SnapshotWriter, "_rewrite", side_effect=Killed):
        yield


def _two_programs(programs: Programs) -> None:
    """Two programs change the store in turn, and both write the snapshot."""
    one, mine = programs, programs.store
    one.edit(ANNA, user("bo"))
    other = one.opened()
    for turn in range(4):
        one.store = other if turn % 2 == 0 else mine
        one.store.refresh()
        one.edit(user(f"t{turn}"), ANNA._replace(location=f"L{turn}"))
        if turn != 1:
            one.write_snapshot()
    for store in (mine, other):
        one.store = store
        one.do(
            lambda: write_changes(one.store, {"u-bo": user("bo", location=f"{one.store is mine}")})
        )
    mine.load()
    for store in (mine, other):  # the later snapshot stays
        one.store = store
        store.load()
        one.write_snapshot()


def _short_memory(programs: Programs) -> None:
    """Old segments are removed, several at once."""
    one = programs
    one.edit(ANNA, user("bo"))
    for number in range(3):
        one.edit(user(f"q{number}"), ANNA._replace(location=f"L{number}"))
    one.write_snapshot()
    for number in range(4):
        one.edit(ANNA._replace(location=f"M{number}"))
    one.write_snapshot()
    one.edit(user("cy"))
    one.write_snapshot()


def _unknown(programs: Programs) -> None:
    """A change that cannot be reverted is found by the next program, or not."""
    one = programs
    one.edit(ANNA, *(user(f"n{number}") for number in range(ROWS + 3)))
    anna = {ANNA.user_id: ANNA._replace(location=NOWHERE)}
    one.leave_unknown(anna, fdatasync=(1,), ftruncate=(1,))
    one.leave_unknown(anna | {"u-bo": user("bo")}, fdatasync=(1, 2))
    one.leave_unknown(one.all_at("Narvik"), fdatasync=(2,), ftruncate=(1,))
    one.leave_unknown(one.all_at("Hamar"), fdatasync=(2, 3))
    one.leave_unknown(one.all_at("Oslo"), fdatasync=(1,), ftruncate=(1,))
    one.write_snapshot()


def _killed(programs: Programs) -> None:
    """Programs are killed before and in the middle of each call, and the power goes later on."""
    one = programs
    one.edit(ANNA, user("bo"))
    one.kill_at_each_call(lambda at: {ANNA.user_id: ANNA._replace(location=f"L{at}")})


def _killed_in_parts(programs: Programs) -> None:
    """Programs are killed while they write the parts of a large transaction."""
    one = programs
    one.edit(ANNA, *(user(f"n{number}") for number in range(ROWS + 3)))
    one.kill_at_each_call(lambda at: one.all_at(f"L{at}"))


class Workload(NamedTuple):
    """What programs do while their calls are recorded.

    Attributes:
        work: what they do.
        retention: how long they keep changes.
        plain: whether there is a file of plain TinyDB before.
    """

    work: Callable[[Programs], None]
    retention: RetentionPolicy = DEFAULT_RETENTION
    plain: bool = False


WORKLOADS: Final[Mapping[str, Workload]] = {
    "all kinds": Workload(_all_kinds),
    "segments": Workload(_segments, SMALL_SEGMENTS),
    "takeover": Workload(_taking_over, plain=True),
    "takeover and segments": Workload(_taking_over, SMALL_SEGMENTS, plain=True),
    "interrupted takeover": Workload(_taking_over_again, plain=True),
    "two programs": Workload(_two_programs),
    "two programs and segments": Workload(_two_programs, SMALL_SEGMENTS),
    "short memory": Workload(_short_memory, SHORT_MEMORY),
    "unknown": Workload(_unknown),
    "killed": Workload(_killed),
    "killed in parts": Workload(_killed_in_parts),
    "killed, and segments": Workload(_killed, SMALL_SEGMENTS),
}


def record(folder: Path, name: str) -> Recording:
    """Record a workload."""
    work, retention, plain = WORKLOADS[name]
    with snapshots_in_this_thread(), parts_of(ROWS):
        programs = Programs(folder, retention, plain=plain)
        recording = programs.recorder.recording
        recording.retention = retention
        before = held(programs.store.state)
        recording.spans.append(Span(0, 0, (), before))
        with programs.recorder:
            work(programs)
    return recording


class Outcome(NamedTuple):
    """What the store made of a disk.

    Attributes:
        held: what it held.
        wrong: what else is not as it must be; empty where all is well.
    """

    held: Held
    wrong: str = ""


@dataclass
class Survey:
    """What became of a store when the power was cut.

    Attributes:
        points: at how many moments it was cut.
        states: how many states of the disk there were in all.
        opened: on how many different ones the store was opened.
        errors: those on which it did not hold what it must; what it held instead.
    """

    points: int = 0
    states: int = 0
    opened: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, other: "Survey") -> None:
        """Count what another found as well."""
        self.points += other.points
        self.states += other.states
        self.opened += other.opened
        self.errors += other.errors


def survey(
    recording: Recording, folder: Path, effort: Effort, *, seed: int = 1, max_errors: int = 0
) -> Survey:
    """Cut the power after each call, in all ways, and look at the store.

    Args:
        recording: the calls.
        folder: where the disks are made.
        effort: how many ways are tried.
        seed: of what is left to chance.
        max_errors: after how many bad states to stop; never if 0.
    """
    disk = Disk.before(recording)
    done, chance = Survey(), random.Random(seed)  # noqa: S311 - chance, not secrets
    moments = range(1, len(recording.calls) + 1)
    chosen = chance.sample(moments, min(effort.moments or len(moments), len(moments)))
    outcomes: dict[bytes, Outcome] = {}
    for number, call in enumerate(recording.calls, start=1):
        disk.take(call)
        if number not in chosen:
            continue
        done.points += 1
        may_hold = recording.may_hold(number)
        for fates in fates_of(disk.pending, effort, chance):
            found = disk.found(fates)
            key = key_of(found)
            done.states += 1
            outcome = outcomes.get(key)
            if outcome is None:
                outcome = _outcome(found, folder / "disk", recording.retention)
                outcomes[key] = outcome
            if outcome.wrong or outcome.held not in may_hold:
                said = outcome.wrong or f"it holds transaction {outcome.held[0]}"
                numbers = [one[0] for one in may_hold]
                done.errors.append(f"call {number} ({numbers}): {said}\n{sorted(found)} {fates}")
                if len(done.errors) == max_errors:
                    break
        if done.errors and len(done.errors) == max_errors:
            break
    done.opened = len(outcomes)
    return done


def _outcome(found: Found, folder: Path, retention: RetentionPolicy) -> Outcome:
    laid_out(found, folder)
    try:
        with snapshots_in_this_thread(), parts_of(ROWS):
            return _opened(folder / STORE, retention)
    except Exception as error:
        return Outcome((-1, ()), f"{type(error).__name__}: {error}")


def _opened(path: Path, retention: RetentionPolicy) -> Outcome:
    """Open a store, and go on with it."""
    later = user("later")
    with closing(open_tinydb_store(path, retention=retention)) as store:
        found = number, users = held(store.load())
        wrong = _wrong_with_history(store, retention)
        write_changes(store, {later.user_id: later})
        held_later = (store.state.number, (*users, later))
    if held_later[0] - number not in ((1, 2) if number == 0 and users else (1,)):
        return Outcome(found, f"the next transaction has the number {held_later[0]}")
    if store.warning:
        return Outcome(found, f"it warns: {store.warning}")
    if plain_users(path) != list(held_later[1]):
        return Outcome(found, "plain TinyDB does not read its users")
    with closing(open_tinydb_store(path, retention=retention)) as reopened:
        if held(reopened.load()) != held_later:
            return Outcome(found, "what was committed later is not there")
        wrong = wrong or _wrong_with_history(reopened, retention)
        damage = [
            one.message
            for one in reopened.maintenance.check()
            if one.severity is StoreIssueSeverity.DAMAGE or "was left by" in one.message
        ]
    return Outcome(found, wrong or " ".join(damage))


def _wrong_with_history(store: TinyDBUserStore, retention: RetentionPolicy) -> str:
    gone = [one.number for one in store.transactions() if not one.is_available]
    if gone and (retention.bytes == DEFAULT_RETENTION.bytes or gone != list(range(gone[0], 0, -1))):
        return f"the changes of {gone} are not available"
    return " ".join(missing_changes(store))


def survey_of_second_cuts(
    recording: Recording, folder: Path, effort: Effort, *, cuts: int, seed: int = 1
) -> Survey:
    """Cut the power again while the store is opened and written after a first cut.

    Args:
        recording: the calls that the first cut falls into.
        folder: where the disks are made.
        effort: how many ways of the second cut are tried.
        cuts: how many first cuts there are.
        seed: of what is left to chance.
    """
    chance = random.Random(seed)  # noqa: S311 - chance, not secrets
    moments = sorted(chance.choices(range(1, len(recording.calls) + 1), k=cuts))
    disk, done = Disk.before(recording), Survey()
    for number, call in enumerate(recording.calls, start=1):
        disk.take(call)
        for _ in range(moments.count(number)):
            fates = [torn(one, chance) if chance.random() < 0.7 else False for one in disk.pending]
            second = _record_recovery(disk.found(fates), folder, recording.retention)
            done.add(survey(second, folder, effort, seed=seed))
    return done


def _record_recovery(found: Found, folder: Path, retention: RetentionPolicy) -> Recording:
    root = folder / "second"
    laid_out(found, root)
    with snapshots_in_this_thread(), parts_of(ROWS), Recorder(root) as recorder:
        recorder.recording.retention = retention
        store = open_tinydb_store(root / STORE, retention=retention)
        before = held(store.load())
        recorder.recording.spans = [Span(0, 0, (), before)]
        is_plain = before[0] == 0 and bool(before[1])
        for name in ("ed", "flo"):
            one = user(name)
            also = [(1, before[1])] if is_plain else []
            recorder.transaction(
                store, partial(write_changes, store, {one.user_id: one}), also=also
            )
        recorder.transaction(store, store._files.snapshots.flush)
        recorder.transaction(store, lambda: write_changes(store, {"u-ed": None}))
        recorder.transaction(store, store.close)
    return recorder.recording
