"""Import of a users file into the store: first a plan, then one transaction or nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from qm_tui.errors import Refused
from qm_tui.gc_control import no_garbage_collection
from qm_tui.progress import Cancelled, Phase, Tick, no_tick
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions
from qm_tui.text import counted, size_text, visible
from qm_tui.transfer.options.import_options import Choices
from qm_tui.transfer.planning.corrections import corrected
from qm_tui.transfer.planning.plan import Plan, Result
from qm_tui.transfer.planning.plan_text import choices_text
from qm_tui.transfer.planning.planner import Keeps, plan_of
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.reader import Findings, UsersFile, Values

_PLANS_OUTSIDE: Final = 3
"""How often the import is planned without the lock; then other admins have to wait."""


class _Read(NamedTuple):
    """The identity of the file that was read, also for the activity log."""

    signature: tuple[int, ...]
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What to import, and how.

    Attributes:
        path: the file.
        choices: the import options.
        read_as: the options for reading the file.
        corrections: by record number, the values that replace those of the file.
    """

    path: Path
    choices: Choices = field(default_factory=Choices)
    read_as: ReadAs = field(default_factory=ReadAs)
    corrections: Mapping[int, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A planned import that has not been carried out.

    Attributes:
        asked: the request that it was made from.
        state: the state of the store that it is valid for.
        plan: the result of each record.
        findings: what was detected in the file.
    """

    asked: Asked
    state: State
    plan: Plan
    findings: Findings
    _read: _Read

    @property
    def signature(self) -> tuple[int, ...]:
        """The signature of the file as it was read."""
        return self._read.signature


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did or would do.

    Attributes:
        plan: the result of each record, as it was committed.
        findings: what was detected in the file.
        signature: the signature of the file as it was read.
        committed: whether the store was changed.
        store_moved_on: whether another admin changed the store in the meantime, so that the import
            was planned again.
    """

    plan: Plan
    findings: Findings
    signature: tuple[int, ...]
    committed: bool = False
    store_moved_on: bool = False


class ConfirmationRequired(Refused):
    """The import is a mass change and was not confirmed with the number of affected users.

    Attributes:
        number: the number that confirms it.
    """

    def __init__(self, number: int, users: int) -> None:
        super().__init__(
            "This import would inactivate, remove licenses from, or clear values for "
            f"{number:,} of {counted(users, 'user')}. Nothing was imported. To confirm, add "
            f"--confirm {number}."
        )
        self.number = number


class OutcomeChanged(Exception):
    """Another admin changed the store, so the import would have another result. Nothing was done.

    Attributes:
        prepared: the import as it would be now.
    """

    def __init__(self, prepared: Prepared) -> None:
        super().__init__()
        self.prepared = prepared


def prepare(
    asked: Asked, state: State, tick: Tick = no_tick, keeps: Keeps = Keeps.RECORDS
) -> Prepared:
    """Plan an import. Nothing is written.

    Args:
        asked: what to import.
        state: the state of the store.
        tick: progress callback for reading and checking; may raise `Cancelled`.
        keeps: how much of the plan to keep. A plan of `Keeps.COUNTS` cannot be committed.

    Raises:
        Refused: the file is not a users file, or cannot be read.
    """
    with no_garbage_collection(), UsersFile(asked.path, asked.read_as) as file:
        records = corrected(file.read(tick), asked.corrections)
        plan = plan_of(records, state, asked.choices, tick, keeps, file.pause)
        sha256 = file.sha256(tick) if plan.changes else ""
        read = _Read(file.signature, file.size, sha256)
        return Prepared(asked, state, plan, file.findings, read)


def commit(
    prepared: Prepared,
    store: UserStore,
    tick: Tick = no_tick,
    *,
    confirmed: int = 0,
    takes_any_outcome: bool = False,
    token: str | None = None,
) -> Report:
    """Commit a planned import in one transaction, or change nothing.

    If the store has changed since the import was planned, the import is planned again. It is
    committed if the result is the same.

    Args:
        prepared: the import.
        store: the store to import into.
        tick: progress callback; may raise `Cancelled`, which leaves the store unchanged.
        confirmed: the number that the admin typed to confirm a mass change.
        takes_any_outcome: whether to commit a plan with another result, too.
        token: the token of the import marker, if there is one.

    Raises:
        ConfirmationRequired: the import is a mass change, and `confirmed` is not its number.
        OutcomeChanged: another admin changed the store, and the result is another one.
        Refused: the store cannot be read or written, or the file has changed. The store is
            unchanged.
    """
    if token is None:

        def commit_with_token(new_token: str) -> Report:
            return commit(
                prepared,
                store,
                tick,
                confirmed=confirmed,
                takes_any_outcome=takes_any_outcome,
                token=new_token,
            )

        return _noted(prepared.asked, store, tick, commit_with_token)
    first = prepared
    for attempts_left in reversed(range(_PLANS_OUTSIDE)):
        moved_on = prepared is not first
        if moved_on and not takes_any_outcome:
            _require_same(prepared, first)
        plan = prepared.plan
        if not plan.writes:
            return _report(prepared, store_moved_on=moved_on)
        _require_confirmation(plan, confirmed)
        action = _action(prepared, token)
        with store.transaction(action) as transaction:
            state = transaction.state
            if state.version != prepared.state.version and not attempts_left:
                # other admins write all the time: plan under the lock, so that they wait
                prepared = _prepared_again(prepared, state, tick)
                if not takes_any_outcome:
                    _require_same(prepared, first)
                plan = prepared.plan
                _require_confirmation(plan, confirmed)
            if state.version == prepared.state.version and plan.writes:
                allows = plan.choices.allow_unlicensed
                terms = ValidationOptions(allows, validated_version=state.version)
                transaction.commit(plan.changes, _counting(plan, tick), terms)
                moved_on = prepared is not first
                return _report(prepared, committed=True, store_moved_on=moved_on)
        if state.version != prepared.state.version:
            prepared = _prepared_again(prepared, state, tick)
    return _report(prepared, store_moved_on=True)


def _report(prepared: Prepared, *, committed: bool = False, store_moved_on: bool = False) -> Report:
    return Report(prepared.plan, prepared.findings, prepared.signature, committed, store_moved_on)


def _action(prepared: Prepared, token: str) -> Action:
    """Return the action for the activity log, with the counts of the preview."""
    plan, corrected = prepared.plan, len(prepared.asked.corrections)
    parts = [
        size_text(prepared._read.size),
        f"{counted(plan.records, 'record')}: {plan.counts[Result.UNCHANGED]:,} unchanged, "
        f"{plan.rejected:,} rejected",
        f"{corrected:,} corrected manually" if corrected else "",
        f"options: {options}" if (options := choices_text(plan.choices)) else "",
    ]
    return Action(
        TransactionKind.IMPORT,
        visible(prepared.asked.path.name, 100),
        "; ".join(filter(None, parts)),
        prepared._read.sha256,
        token,
    )


def _require_same(prepared: Prepared, first: Prepared) -> None:
    if not prepared.plan.comes_to_the_same(first.plan):
        raise OutcomeChanged(prepared)


def _require_confirmation(plan: Plan, confirmed: int) -> None:
    if plan.must_confirm and confirmed != plan.must_confirm:
        raise ConfirmationRequired(plan.must_confirm, plan.users_before)


def import_users(
    asked: Asked,
    store: UserStore,
    tick: Tick = no_tick,
    *,
    confirmed: int = 0,
    dry_run: bool = False,
    keeps_records: bool = False,
) -> Report:
    """Import a users file immediately, whatever the result is.

    Args:
        asked: what to import.
        store: the store to import into, already loaded.
        tick: progress callback; may raise `Cancelled`, which leaves the store unchanged.
        confirmed: the number that confirms a mass change.
        dry_run: whether to plan only.
        keeps_records: whether the plan keeps the result of each record, so that the rejected
            records can be saved.

    Raises:
        ConfirmationRequired: the import is a mass change, and `confirmed` is not its number.
        Refused: the file is not a users file, or the store cannot be read or written. The store
            is unchanged.
    """
    with no_garbage_collection():
        if dry_run:
            keeps = Keeps.RECORDS if keeps_records else Keeps.COUNTS
            prepared = prepare(asked, store.state, tick, keeps)
            return _report(prepared)
        keeps = Keeps.RECORDS if keeps_records else Keeps.CHANGES

        def plan_and_commit(token: str) -> Report:
            prepared = prepare(asked, store.state, tick, keeps)
            return commit(
                prepared, store, tick, confirmed=confirmed, takes_any_outcome=True, token=token
            )

        return _noted(asked, store, tick, plan_and_commit)


def _noted(asked: Asked, store: UserStore, tick: Tick, work: Callable[[str], Report]) -> Report:
    """Do the import under a marker, which stays if the terminal is disconnected at the very end.

    The next start then reports that the import was saved, as no admin has seen its result.
    """
    report: Report | None = None
    try:
        with store.import_in_progress(asked.path.name) as token:
            report = work(token)
            tick(Phase.IMPORTING, report.plan.records, report.plan.records)
    except Cancelled:
        if report is None:
            raise
    return report


def _counting(plan: Plan, tick: Tick) -> Tick:
    """Return a progress callback that counts records while users are saved."""
    tick(Phase.IMPORTING, 0, plan.records)

    def written(phase: Phase, done: int, total: int) -> None:
        imported = plan.imported * done // total if phase is Phase.CHANGING else 0
        tick(Phase.IMPORTING, imported, plan.records)

    return written


def _prepared_again(prepared: Prepared, state: State, tick: Tick) -> Prepared:
    """Plan the import again for another state.

    Raises:
        Refused: the file has changed in the meantime.
    """
    keeps = Keeps.RECORDS if prepared.plan.outcomes is not None else Keeps.CHANGES
    replanned = prepare(prepared.asked, state, tick, keeps)
    if replanned._read.signature != prepared._read.signature:
        msg = (
            f"{visible(str(prepared.asked.path))} changed during the import. Nothing was "
            "imported. Import it again."
        )
        raise Refused(msg)
    return replanned
