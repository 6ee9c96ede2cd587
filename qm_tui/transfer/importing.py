"""An import, from a file to the store: one transaction, or nothing."""

from dataclasses import dataclass
from pathlib import Path

from qm_tui.garbage import no_garbage_collection
from qm_tui.progress import Phase, Tick, no_tick
from qm_tui.refusal import Refused
from qm_tui.store.interface import State, UserStore
from qm_tui.text import visible
from qm_tui.transfer.plan import Choices, Plan
from qm_tui.transfer.planning import plan_of
from qm_tui.transfer.reading import Findings, UsersFile


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
    state = store.state
    plan, findings, read = _planned(path, state, choices, tick)
    if dry_run or not plan.changes:
        return Report(plan, findings)
    with store.transaction() as transaction:
        moved_on = transaction.state is not state
        if moved_on:
            plan, findings, read_again = _planned(path, transaction.state, choices, tick)
            if read_again != read:
                msg = f"{visible(str(path))} was changed while it was imported: import it again."
                raise Refused(msg)
        if not plan.changes:
            return Report(plan, findings, store_moved_on=moved_on)

        def written(_phase: Phase, done: int, total: int) -> None:
            tick(Phase.IMPORTING, plan.imported * done // total, plan.records)

        tick(Phase.IMPORTING, 0, plan.records)
        transaction.commit(plan.changes, written)
    return Report(plan, findings, committed=True, store_moved_on=moved_on)


def _planned(
    path: Path, state: State, choices: Choices, tick: Tick
) -> tuple[Plan, Findings, tuple[int, ...]]:
    """The plan of a file, what was found out about it, and by what it is known again."""
    with UsersFile(path) as file:
        return plan_of(file.read(tick), state, choices, tick), file.findings, file.signature
