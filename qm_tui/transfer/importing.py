"""Import of a users file into the store: first a plan, then one transaction or nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.gc_control import gc_paused
from qm_tui.progress import Cancelled, Phase, ProgressCallback, ignore_progress
from qm_tui.store.changes.plan import PlanOutdated
from qm_tui.store.errors import ConfirmationRequired, StoreConflict, StoreReadOnly
from qm_tui.store.interface import Action, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions
from qm_tui.transfer.planning.corrections import apply_corrections
from qm_tui.transfer.planning.plan import ImportPlan, SourceRules
from qm_tui.transfer.planning.plan_text import confirmation_text, import_action
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.planning.request import ImportRequest
from qm_tui.transfer.reading.file_report import FileChanged, FileReport
from qm_tui.transfer.reading.reader import UsersFile

__all__ = [
    "ImportReport",
    "ImportRequest",
    "PreparedImport",
    "commit_import",
    "import_users",
    "prepare_import",
]

_PLANS_OUTSIDE: Final = 3
"""How often the import is planned without the lock; then other admins have to wait."""


class _SourceIdentity(NamedTuple):
    """The identity of the file that was read, also for the activity log."""

    signature: tuple[int, ...]
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class PreparedImport:
    """A planned import that has not been carried out.

    Attributes:
        request: the request that it was made from.
        state: the state of the store that it is valid for.
        plan: the result of each record.
        file_report: what was detected in the file.
    """

    request: ImportRequest
    state: State
    plan: ImportPlan
    file_report: FileReport
    _read: _SourceIdentity

    @property
    def signature(self) -> tuple[int, ...]:
        """The signature of the file when it was read."""
        return self._read.signature

    def action(self, token: str) -> Action:
        """Return the action for the activity log.

        Args:
            token: the token of the import marker.
        """
        request, read = self.request, self._read
        corrected = len(request.corrections)
        return import_action(self.plan, request.path, read.size, read.sha256, corrected, token)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did or would do.

    Attributes:
        plan: the committed result of each record.
        file_report: what was detected in the file.
        signature: the signature of the file when it was read.
        transaction: the number of the transaction; None if the store was not changed.
        store_changed: whether another admin changed the store in the meantime, so that the import
            was planned again.
    """

    plan: ImportPlan
    file_report: FileReport
    signature: tuple[int, ...]
    transaction: int | None = None
    store_changed: bool = False

    @property
    def committed(self) -> bool:
        """Whether the store was changed."""
        return self.transaction is not None


def prepare_import(
    request: ImportRequest,
    state: State,
    progress: ProgressCallback = ignore_progress,
    detail: PlanDetail = PlanDetail.RECORDS,
) -> PreparedImport:
    """Plan an import. Nothing is written.

    Args:
        request: what to import.
        state: the state of the store.
        progress: progress callback for reading and checking; may raise `Cancelled`.
        detail: how much of the plan to keep. A plan of `PlanDetail.COUNTS` cannot be committed.

    Raises:
        UserError: the file is not a users file, cannot be read, or was written in the meantime; or
            the admin may not read all values of the users.
    """
    if state.hides_secrets:
        raise StoreReadOnly(
            "Your role may not read passwords, so the file cannot be compared with the users. "
            "Nothing was imported."
        )
    with gc_paused(), UsersFile(request.path, request.read_options) as file:
        records = apply_corrections(file.read(progress), request.corrections)
        plan = plan_import(
            records,
            state,
            request.options,
            progress,
            detail,
            file.report_progress,
            source=SourceRules(
                request.match,
                request.missing,
                lambda: file.file_report.possibly_incomplete,
                request.shared_extension,
            ),
        )
        sha256 = file.sha256(progress) if plan.changes else ""
        if file.has_changed:
            raise FileChanged(request.path)
        read = _SourceIdentity(file.signature, file.size, sha256)
        return PreparedImport(request, state, plan, file.file_report, read)


def commit_import(
    prepared: PreparedImport,
    store: UserStore,
    progress: ProgressCallback = ignore_progress,
    *,
    confirmed: int = 0,
    accept_any_effect: bool = False,
    token: str | None = None,
) -> ImportReport:
    """Commit a planned import in one transaction, or change nothing.

    If the store has changed since the import was planned, the import is planned again. It is
    committed if the result is the same.

    Args:
        prepared: the import.
        store: the store to import into.
        progress: progress callback; may raise `Cancelled`, which leaves the store unchanged.
        confirmed: the number that the admin typed to confirm a mass change.
        accept_any_effect: whether to commit a plan with another result, too.
        token: the token of the import marker, if there is one.

    Raises:
        ConfirmationRequired: the import is a mass change, and `confirmed` is not its number.
        LimitExceeded: it would change more users than its limits allow.
        PlanOutdated: another admin changed the store, and the result, or the number that confirms
            it, is another one.
        UserError: the store cannot be read or written, or the file has changed. The store is
            unchanged.
    """
    if token is None:

        def commit_with_token(new_token: str) -> ImportReport:
            return commit_import(
                prepared,
                store,
                progress,
                confirmed=confirmed,
                accept_any_effect=accept_any_effect,
                token=new_token,
            )

        return _with_marker(prepared.request, store, progress, commit_with_token)
    first = prepared
    for attempts_left in reversed(range(_PLANS_OUTSIDE)):
        moved_on = prepared is not first
        if moved_on and not accept_any_effect:
            _require_same(prepared, first)
        plan = prepared.plan
        prepared.request.require_limits(plan)
        if not plan.write_count:
            return _report(prepared, store_moved_on=moved_on)
        _require_confirmation(plan, confirmed)
        try:
            with store.transaction(prepared.action(token)) as transaction:
                state = transaction.state
                if state.version != prepared.state.version and not attempts_left:
                    # other admins write all the time: plan under the lock, so that they wait
                    prepared = _replan(prepared, state, progress)
                    if not accept_any_effect:
                        _require_same(prepared, first)
                    plan = prepared.plan
                    prepared.request.require_limits(plan)
                    _require_confirmation(plan, confirmed)
                if state.version == prepared.state.version and plan.write_count:
                    allows = plan.options.allow_unlicensed
                    terms = ValidationOptions(allows, validated_version=state.version)
                    counted = _count_committed(plan, progress)
                    number = transaction.commit(plan.changes, counted, terms).number
                    return _report(prepared, number, store_moved_on=prepared is not first)
        except StoreConflict:
            if not attempts_left:
                raise
            store.refresh()
            state = store.state
        if state.version != prepared.state.version:
            prepared = _replan(prepared, state, progress)
    return _report(prepared, store_moved_on=True)


def _report(
    prepared: PreparedImport, transaction: int | None = None, *, store_moved_on: bool = False
) -> ImportReport:
    return ImportReport(
        prepared.plan, prepared.file_report, prepared.signature, transaction, store_moved_on
    )


def _require_same(prepared: PreparedImport, first: PreparedImport) -> None:
    is_same = prepared.plan.required_confirmation == first.plan.required_confirmation
    if not (is_same and prepared.plan.has_same_effect(first.plan)):
        raise PlanOutdated(prepared, "Nothing was imported.")


def _require_confirmation(plan: ImportPlan, confirmed: int) -> None:
    number = plan.required_confirmation
    if number and confirmed != number:
        raise ConfirmationRequired(confirmation_text(plan), number)


def import_users(
    request: ImportRequest,
    store: UserStore,
    progress: ProgressCallback = ignore_progress,
    *,
    confirmed: int = 0,
    dry_run: bool = False,
    with_records: bool = False,
) -> ImportReport:
    """Import a users file immediately, whatever the result is, unless its header is unknown.

    Args:
        request: what to import.
        store: the store to import into, already loaded.
        progress: progress callback; may raise `Cancelled`, which leaves the store unchanged.
        confirmed: the number that confirms a mass change.
        dry_run: whether to plan only.
        with_records: whether the plan keeps the result of each record.

    Raises:
        ConfirmationRequired: the import is a mass change, and `confirmed` is not its number.
        MappingRequired: the names in the header are not known.
        UserError: the file is not a users file, or the store cannot be read or written. The store
            is unchanged.
    """

    def prepare(keeps: PlanDetail) -> PreparedImport:
        prepared = prepare_import(request, store.state, progress, keeps)
        prepared.file_report.require_known_names(request.path)
        return prepared

    with gc_paused():
        if dry_run:
            return _report(prepare(PlanDetail.OUTCOMES if with_records else PlanDetail.COUNTS))
        keeps = PlanDetail.RECORDS if with_records else PlanDetail.CHANGES

        def plan_and_commit(token: str) -> ImportReport:
            prepared = prepare(keeps)
            return commit_import(
                prepared, store, progress, confirmed=confirmed, accept_any_effect=True, token=token
            )

        return _with_marker(request, store, progress, plan_and_commit)


def _with_marker(
    request: ImportRequest,
    store: UserStore,
    progress: ProgressCallback,
    work: Callable[[str], ImportReport],
) -> ImportReport:
    """Do the import under a marker, which stays if the terminal is disconnected at the very end.

    The next start then reports that the import was saved, as no admin has seen its result.
    """
    report: ImportReport | None = None
    try:
        with store.import_in_progress(request.path.name) as token:
            report = work(token)
            progress(Phase.IMPORTING, report.plan.records, report.plan.records)
    except Cancelled:
        if report is None:
            raise
    return report


def _count_committed(plan: ImportPlan, progress: ProgressCallback) -> ProgressCallback:
    """Return a progress callback that counts records while users are saved."""
    progress(Phase.IMPORTING, 0, plan.records)

    def written(phase: Phase, done: int, total: int) -> None:
        imported = plan.imported * done // total if phase is Phase.CHANGING else 0
        progress(Phase.IMPORTING, imported, plan.records)

    return written


def _replan(prepared: PreparedImport, state: State, progress: ProgressCallback) -> PreparedImport:
    """Plan the import again for another state.

    Raises:
        UserError: the file has changed in the meantime.
    """
    keeps = PlanDetail.RECORDS if prepared.plan.outcomes is not None else PlanDetail.CHANGES
    replanned = prepare_import(prepared.request, state, progress, keeps)
    if replanned._read.signature != prepared._read.signature:
        raise FileChanged(prepared.request.path)
    return replanned
