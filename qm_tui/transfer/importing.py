"""An import, from a file to the store: one transaction, or nothing."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from qm_tui.garbage import no_garbage_collection
from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.refusal import Refused
from qm_tui.store.interface import State, UserStore
from qm_tui.text import size_text, visible
from qm_tui.transfer.plan import Choices, Plan
from qm_tui.transfer.planning import plan_of
from qm_tui.transfer.reading import Findings, UsersFile

_PLANS_OUTSIDE: Final = 3
"""How often a plan is made again because others wrote meanwhile, before they are kept waiting."""


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do.

    Attributes:
        plan: what becomes of each record. It is what was committed.
        findings: what was found out about the file.
        committed: whether the store was changed.
        store_moved_on: whether somebody else changed the store meanwhile, so that the plan was
            made again.
    """

    plan: Plan
    findings: Findings
    committed: bool = False
    store_moved_on: bool = False


def import_users(
    path: Path,
    store: UserStore,
    choices: Choices | None = None,
    tick: Tick = no_tick,
    *,
    dry_run: bool = False,
) -> Report:
    """Import a users file.

    Args:
        path: the file.
        store: where the users go. It is loaded already.
        choices: what the admin chose.
        tick: told how far reading, checking and importing are; it may raise `Cancelled`, which
            leaves the store as it was.
        dry_run: whether to plan only.

    Raises:
        Refused: the file is no users file, or the store could not be read or written. The store
            is as it was.
    """
    with no_garbage_collection():
        return _import_users(path, store, choices or Choices(), tick, dry_run=dry_run)


def _import_users(
    path: Path, store: UserStore, choices: Choices, tick: Tick, *, dry_run: bool
) -> Report:
    if dry_run:
        plan, findings, _ = _planned(path, store.state, choices, tick)
        return Report(plan, findings)
    with store.import_at_work(path.name) as token:
        return _planned_and_committed(path, store, choices, tick, token)


def _planned_and_committed(
    path: Path, store: UserStore, choices: Choices, tick: Tick, token: str
) -> Report:
    state = store.state
    plan, findings, read = _planned(path, state, choices, tick)
    moved_on = False
    for left in reversed(range(_PLANS_OUTSIDE)):
        if not plan.changes:
            return Report(plan, findings, store_moved_on=moved_on)
        why = f"import of {visible(path.name, 100)}, {read.described}"
        with store.transaction(why, token) as transaction:
            is_planned = transaction.state is state
            if not is_planned and not left:
                # others write all the time: they have to wait for once
                plan, findings, _ = _planned_again(path, transaction.state, choices, tick, read)
                is_planned = moved_on = True
            if is_planned and plan.changes:
                transaction.commit(plan.changes, _counting(plan, tick))
                return Report(plan, findings, committed=True, store_moved_on=moved_on)
            state = transaction.state
        if not is_planned:
            plan, findings, _ = _planned_again(path, state, choices, tick, read)
            moved_on = True
    return Report(plan, findings, store_moved_on=moved_on)


def _counting(plan: Plan, tick: Tick) -> Tick:
    """A tick that counts records on their way into the store."""
    tick(Phase.IMPORTING, 0, plan.records)

    def written(_phase: Phase, done: int, total: int) -> None:
        tick(Phase.IMPORTING, plan.imported * done // total, plan.records)

    return written


def _planned_again(
    path: Path, state: State, choices: Choices, tick: Tick, read: "_Read"
) -> tuple[Plan, Findings, "_Read"]:
    """The plan of a file that was planned before.

    Raises:
        Refused: somebody wrote to the file meanwhile.
    """
    plan, findings, read_again = _planned(path, state, choices, tick)
    if read_again.signature != read.signature:
        msg = f"{visible(str(path))} was changed while it was imported: import it again."
        raise Refused(msg)
    return plan, findings, read_again


class _Read(NamedTuple):
    """By what a file that was read is known again, in the activity log too."""

    signature: tuple[int, ...]
    size: int
    sha256: str

    @property
    def described(self) -> str:
        return f"{size_text(self.size)}, sha256 {self.sha256}"


def _planned(
    path: Path, state: State, choices: Choices, tick: Tick
) -> tuple[Plan, Findings, _Read]:
    """The plan of a file, what was found out about it, and by what it is known again."""
    with UsersFile(path) as file:
        plan = plan_of(file.read(tick), state, choices, tick)
        read = _Read(file.signature, file.size, file.sha256(tick) if plan.changes else "")
        return plan, file.findings, read
