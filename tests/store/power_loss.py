"""What the store makes of the disks that power cuts leave, whatever it was at."""

import errno
import os
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final, NamedTuple
from unittest import mock

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.changes.undo import plan_undo, undo
from qm_tui.store.errors import CommitOutcomeUnknown
from qm_tui.store.interface import UserStore
from qm_tui.store.state import Changes
from qm_tui.store.tinydb_store import open_store
from qm_tui.transfer.importing import Asked, import_users
from qm_tui.users.fields import User
from tests.helpers import ANNA, HEADER, csv_text, user, written
from tests.store.disks import Disk, Effort, fates_of, key_of, laid_out, torn
from tests.store.recorder import Found, Held, Recorder, Recording, Span, held
from tests.store.small_parts import ROWS_IN_A_PART, small_parts

STORE: Final = Path("data") / "users.json"
"""Where the store lies in the folder that is recorded."""

LARGE: Final = 2 * ROWS_IN_A_PART + 5
"""Users of a transaction that is written in parts."""


def record(folder: Path) -> Recording:
    """Record a workload: edits, large commits, withdrawn ones, checkpoints and undo."""
    root = folder / "root"
    root.mkdir()
    rows = [user(f"n{number}", user_id="") for number in range(LARGE)]
    file = written(folder, csv_text([HEADER, *rows]))
    store = open_store(root / STORE)
    store.load()

    def edit(*users: User, delete: Sequence[str] = ()) -> None:
        _edit(store, {**{one.user_id: one for one in users}, **dict.fromkeys(delete)})

    def moved(location: str) -> dict[str, User]:
        users = store.state.users.values()
        return {one.user_id: one._replace(location=location) for one in users}

    def withdrawn(changes: dict[str, User], work: Callable[[], object]) -> None:
        users = {**store.state.users, **changes}
        recorder.transaction(store, work, withdrawn=tuple(users.values()))

    def cancelled(changes: dict[str, User], *, late: bool) -> None:
        def tick(_phase: Phase, done: int, total: int) -> None:
            if done >= total or not late:
                raise Cancelled

        def work() -> None:
            with suppress(Cancelled), store.transaction("edit") as transaction:
                transaction.commit(changes, tick)
                raise AssertionError("the commit did not ask whether to go on")

        withdrawn(changes, work)

    def not_synced(changes: dict[str, User], sync: int) -> None:
        """A sync fails: the last one finds the transaction whole in the journal."""

        def work() -> None:
            other = open_store(root / STORE)
            other.load()
            with _failing_sync(sync), suppress(CommitOutcomeUnknown):
                _edit(other, changes)
                raise AssertionError(f"the commit did not sync {sync} times")
            store.load()

        withdrawn(changes, work)

    def take_back(number: int) -> None:
        undo(store, number, confirmed=plan_undo(store, number).must_confirm)

    with small_parts(), Recorder(root) as recorder:
        done = partial(recorder.transaction, store)
        done(lambda: edit(ANNA, user("bo")))
        done(lambda: edit(ANNA._replace(location="Bergen")))
        done(lambda: import_users(Asked(file), store))
        for late in (False, True):
            cancelled(moved("nowhere"), late=late)
        for sync in (1, 2):  # that of the parts, and that of the frame that closes them
            not_synced(moved("nowhere"), sync)
        done(lambda: edit(user("cy"), delete=["u-bo"]))
        not_synced({ANNA.user_id: ANNA._replace(location="nowhere, in many words")}, 1)
        done(store.checkpoint)
        done(lambda: edit(ANNA._replace(location="Narvik")))
        done(lambda: take_back(4))
        done(lambda: _edit(store, moved("Hamar")))
        done(store.checkpoint)
        done(lambda: take_back(7))
        done(lambda: take_back(3))
        done(lambda: edit(user("di")))
    return recorder.recording


@contextmanager
def _failing_sync(number: int) -> Iterator[None]:
    """Let the sync of that number fail, counting from 1."""
    real, numbers = os.fdatasync, count(1)

    def fdatasync(descriptor: int) -> None:
        if next(numbers) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(descriptor)

    with mock.patch("os.fdatasync", fdatasync):
        yield


def _edit(store: UserStore, changes: Changes) -> None:
    with store.transaction("edit") as transaction:
        transaction.commit(changes)


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
        bad: those on which it did not hold what it must; what it held instead.
    """

    points: int = 0
    states: int = 0
    opened: int = 0
    bad: list[str] = field(default_factory=list)

    def add(self, other: "Survey") -> None:
        """Count what another found as well."""
        self.points += other.points
        self.states += other.states
        self.opened += other.opened
        self.bad += other.bad


def survey(
    recording: Recording, folder: Path, effort: Effort, *, seed: int = 1, bad_enough: int = 0
) -> Survey:
    """Cut the power after each call, in all ways, and look at the store.

    Args:
        recording: the calls.
        folder: where the disks are made.
        effort: how many ways are tried.
        seed: of what is left to chance.
        bad_enough: after how many bad states to stop; never if 0.
    """
    disk = Disk.before(recording)
    done, chance = Survey(), random.Random(seed)  # noqa: S311 - chance, not secrets
    outcomes: dict[bytes, Outcome] = {}
    for number, call in enumerate(recording.calls, start=1):
        disk.take(call)
        done.points += 1
        may_hold = recording.may_hold(number)
        for fates in fates_of(disk.pending, effort, chance):
            found = disk.found(fates)
            key = key_of(found)
            done.states += 1
            outcome = outcomes.get(key)
            if outcome is None:
                outcome = outcomes[key] = _outcome(found, folder / "disk")
            if outcome.wrong or outcome.held not in may_hold:
                said = outcome.wrong or f"it holds transaction {outcome.held[0]}"
                numbers = [one[0] for one in may_hold]
                done.bad.append(f"call {number} ({numbers}): {said}\n{sorted(found)} {fates}")
                if len(done.bad) == bad_enough:
                    break
        if done.bad and len(done.bad) == bad_enough:
            break
    done.opened = len(outcomes)
    return done


def _outcome(found: Found, folder: Path) -> Outcome:
    laid_out(found, folder)
    try:
        return _opened(folder / STORE)
    except Exception as error:
        return Outcome((-1, ()), f"{type(error).__name__}: {error}")


def _opened(path: Path) -> Outcome:
    """Open a store, and go on with it."""
    store = open_store(path)
    found = generation, users = held(store.load())
    numbers = [one.number for one in store.activity()]
    if numbers != list(range(generation, 0, -1)):
        return Outcome(found, f"its activity log lists {numbers}")
    for number in numbers:
        for _ in store.transaction_changes(number):
            pass
    later = user("later")
    _edit(store, {later.user_id: later})
    reopened = open_store(path)
    if held(reopened.load()) != (generation + 1, (*users, later)):
        return Outcome(found, "what was committed later is not there")
    numbers = [one.number for one in reopened.activity()]
    if numbers != list(range(generation + 1, 0, -1)):
        return Outcome(found, f"its activity log later lists {numbers}")
    return Outcome(found)


def survey_of_second_cuts(
    recording: Recording, folder: Path, effort: Effort, *, cuts: int, seed: int = 1
) -> Survey:
    """Cut the power again while the store is opened, written and checked in after a first cut.

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
            second = _record_recovery(disk.found(fates), folder)
            done.add(survey(second, folder, effort, seed=seed))
    return done


def _record_recovery(found: Found, folder: Path) -> Recording:
    root = folder / "second"
    laid_out(found, root)
    with Recorder(root) as recorder:
        store = open_store(root / STORE)
        before = held(store.load())
        recorder.recording.spans = [Span(0, 0, before, before)]
        for name in ("ed", "flo"):
            one = user(name)
            recorder.transaction(store, partial(_edit, store, {one.user_id: one}))
        recorder.transaction(store, store.checkpoint)
        recorder.transaction(store, lambda: _edit(store, {"u-ed": None}))
    return recorder.recording
