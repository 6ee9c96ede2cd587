"""An import, from a file to the store: first a plan, then one transaction, or nothing."""

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
"""How often a plan is made again because others wrote meanwhile, before they are kept waiting."""


class _Read(NamedTuple):
    """By what a file that was read is known again, in the activity log too."""

    signature: tuple[int, ...]
    size: int
    sha256: str

    @property
    def described(self) -> str:
        return f"{size_text(self.size)}, sha256 {self.sha256}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be imported, and how.

    Attributes:
        path: the file.
        choices: what the admin chose.
        read_as: how the file is to be read.
        corrections: by record number, the 26 values that take the place of the file's.
    """

    path: Path
    choices: Choices = field(default_factory=Choices)
    read_as: ReadAs = field(default_factory=ReadAs)
    corrections: Mapping[int, Values] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prepared:
    """An import that is planned, and not carried out.

    Attributes:
        asked: what it was made of.
        state: the store's state that it holds for.
        plan: what becomes of each record.
        findings: what was found out about the file.
    """

    asked: Asked
    state: State
    plan: Plan
    findings: Findings
    _read: _Read

    @property
    def signature(self) -> tuple[int, ...]:
        """By which the file is known again, as it was read."""
        return self._read.signature


@dataclass(frozen=True, slots=True)
class Report:
    """What an import did, or would do.

    Attributes:
        plan: what becomes of each record. It is what was committed.
        findings: what was found out about the file.
        committed: whether the store was changed.
        signature: by which the file is known again, as it was read.
        store_moved_on: whether somebody else changed the store meanwhile, so that the plan was
            made again.
    """

    plan: Plan
    findings: Findings
    signature: tuple[int, ...]
    committed: bool = False
    store_moved_on: bool = False


class ConfirmationRequired(Refused):
    """A mass change, and the number of its users was not given.

    Attributes:
        number: the number.
    """

    def __init__(self, number: int, users: int) -> None:
        super().__init__(
            f"This import would inactivate, unlicense or clear values of {number:,} of {users:,} "
            "users. Nothing was imported. If that is meant, confirm it with their number: "
            f"--confirm {number}."
        )
        self.number = number


class OutcomeChanged(Exception):
    """Somebody changed the store, so that the import would not do what was seen; nothing was done.

    Attributes:
        prepared: what it would do now.
    """

    def __init__(self, prepared: Prepared) -> None:
        super().__init__()
        self.prepared = prepared


def prepare(
    asked: Asked, state: State, tick: Tick = no_tick, keeps: Keeps = Keeps.RECORDS
) -> Prepared:
    """Plan an import. Nothing is written.

    Args:
        asked: what is to be imported.
        state: what the store holds.
        tick: told how far reading and checking are; it may raise `Cancelled`.
        keeps: how much of the plan is kept. One of counts cannot be committed.

    Raises:
        Refused: the file is no users file, or could not be read.
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
    """Carry out an import that was planned, in one transaction, or not at all.

    Where others changed the store since it was planned, the plan is made again; it is carried
    out if it comes to the same.

    Args:
        prepared: the import.
        store: where the users go.
        tick: told how far it is; it may raise `Cancelled`, which leaves the store as it was.
        confirmed: the number that was typed to confirm a mass change.
        takes_any_outcome: whether a plan that comes to something else is carried out as well.
        token: that of the import's note, if there is one already.

    Raises:
        ConfirmationRequired: it is a mass change, and `confirmed` is not its number.
        OutcomeChanged: somebody changed the store, and the plan comes to something else.
        Refused: the store could not be read or written, or the file was changed. The store is as
            it was.
    """
    if token is None:

        def work(own: str) -> Report:
            return commit(
                prepared,
                store,
                tick,
                confirmed=confirmed,
                takes_any_outcome=takes_any_outcome,
                token=own,
            )

        return _noted(prepared.asked, store, tick, work)
    first = prepared
    for left in reversed(range(_PLANS_OUTSIDE)):
        moved_on = prepared is not first
        if moved_on and not takes_any_outcome:
            _require_same(prepared, first)
        plan = prepared.plan
        if not plan.writes:
            return _report(prepared, store_moved_on=moved_on)
        _require_confirmation(plan, confirmed)
        action = Action(TransactionKind.IMPORT, _reason(prepared), token)
        with store.transaction(action) as transaction:
            state = transaction.state
            if state.version != prepared.state.version and not left:
                # others write all the time: they have to wait for once
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


def _reason(prepared: Prepared) -> str:
    """What the import is, for the activity log: the same facts as the preview said."""
    plan, corrected = prepared.plan, len(prepared.asked.corrections)
    said = [
        f"import of {visible(prepared.asked.path.name, 100)}, {prepared._read.described}",
        f"{counted(plan.records, 'record')}: {plan.counts[Result.UNCHANGED]:,} unchanged, "
        f"{plan.rejected:,} rejected",
        f"{corrected:,} corrected by hand" if corrected else "",
        f"chosen: {chosen}" if (chosen := choices_text(plan.choices)) else "",
    ]
    return "; ".join(filter(None, said))


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
    """Import a users file at once, whatever it comes to.

    Args:
        asked: what is to be imported.
        store: where the users go. It is loaded already.
        tick: told how far reading, checking and importing are; it may raise `Cancelled`, which
            leaves the store as it was.
        confirmed: the number that confirms a mass change.
        dry_run: whether to plan only.
        keeps_records: whether the plan keeps what becomes of each record, so that the rejected
            ones can be saved.

    Raises:
        ConfirmationRequired: it is a mass change, and `confirmed` is not its number.
        Refused: the file is no users file, or the store could not be read or written. The store
            is as it was.
    """
    with no_garbage_collection():
        if dry_run:
            keeps = Keeps.RECORDS if keeps_records else Keeps.COUNTS
            prepared = prepare(asked, store.state, tick, keeps)
            return _report(prepared)
        keeps = Keeps.RECORDS if keeps_records else Keeps.CHANGES

        def work(token: str) -> Report:
            prepared = prepare(asked, store.state, tick, keeps)
            return commit(
                prepared, store, tick, confirmed=confirmed, takes_any_outcome=True, token=token
            )

        return _noted(asked, store, tick, work)


def _noted(asked: Asked, store: UserStore, tick: Tick, work: Callable[[str], Report]) -> Report:
    """Do an import under a note. Where the line dropped at its very end, the note stays.

    The next start then says that it was saved: who was not there to see that should be told.
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
    """A tick that counts records on their way into the store."""
    tick(Phase.IMPORTING, 0, plan.records)

    def written(phase: Phase, done: int, total: int) -> None:
        imported = plan.imported * done // total if phase is Phase.CHANGING else 0
        tick(Phase.IMPORTING, imported, plan.records)

    return written


def _prepared_again(prepared: Prepared, state: State, tick: Tick) -> Prepared:
    """The same import, planned for another state.

    Raises:
        Refused: somebody wrote to the file meanwhile.
    """
    keeps = Keeps.RECORDS if prepared.plan.outcomes is not None else Keeps.CHANGES
    again = prepare(prepared.asked, state, tick, keeps)
    if again._read.signature != prepared._read.signature:
        msg = (
            f"{visible(str(prepared.asked.path))} was changed while it was imported: import it "
            "again."
        )
        raise Refused(msg)
    return again
