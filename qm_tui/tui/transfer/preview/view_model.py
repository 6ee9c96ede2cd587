"""The data of a preview. It grows with the file, so it is built and freed in a thread."""

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from itertools import islice
from typing import Any, Final

from textual.app import App
from textual.screen import Screen

from qm_tui.config.preferences import load_preferences, save_preferences
from qm_tui.gc_control import clear_in_chunks
from qm_tui.paths import mappings_folder
from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, yield_control
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.transfer.importing import ImportRequest, PreparedImport, prepare_import
from qm_tui.transfer.mapping.saved_mappings import find_mapping
from qm_tui.transfer.planning.plan import RESULTS, ImportPlan, RecordOutcomes, Result
from qm_tui.transfer.planning.record_check import RecordValidator
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.work.background import run_with_progress
from qm_tui.tui.work.job import JobProgressed
from qm_tui.tui.work.session import Session
from qm_tui.users.issues import Severity


class RecordFilter(StrEnum):
    """The filters of the record list."""

    ALL = "all"
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    WARNINGS = "warned"
    NOT_IN_FILE = "not in file"
    """Users of the store that are not in the file."""

    @property
    def key_action(self) -> str:
        """The ID of the action that shows these records."""
        return f"preview.{self.name.lower()}"


RECORD_FILTERS: Final = tuple(RecordFilter)
"""The filters in the order of their tabs."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A planned import, and the records of each filter.

    Attributes:
        prepared: the import.
        rows: by filter, the indexes into the plan's outcomes; for users that are not in the file,
            their rows.
    """

    prepared: PreparedImport
    rows: Mapping[RecordFilter, Sequence[int]]

    @property
    def plan(self) -> ImportPlan:
        """The result of each record."""
        return self.prepared.plan

    @property
    def outcomes(self) -> RecordOutcomes:
        """The results of the records that are listed."""
        return self.plan.outcomes or RecordOutcomes()

    @property
    def counts(self) -> Mapping[RecordFilter, int]:
        """By filter, the number of records, including those that are not listed."""
        plan = self.plan
        return {
            RecordFilter.ALL: plan.records,
            **{RecordFilter(result): plan.counts[result] for result in RESULTS},
            RecordFilter.WARNINGS: plan.warning_count,
            RecordFilter.NOT_IN_FILE: plan.not_in_file_count,
        }

    @property
    def first_filter(self) -> RecordFilter:
        """The filter shown first: rejected records, else records with warnings, else all."""
        candidates = (RecordFilter.REJECTED, RecordFilter.WARNINGS)
        return next((wanted for wanted in candidates if self.rows[wanted]), RecordFilter.ALL)

    @property
    def import_label(self) -> str:
        """The caption of the button that imports."""
        plan = self.plan
        if plan.is_blocked:
            return "Import disabled"
        count = plan.write_count
        if not count:
            return "Nothing to import"
        return with_keys(f"<preview.import> Import {pluralize(count, 'change')}")

    def user_ids(self, record_filter: RecordFilter, start: int, stop: int) -> Sequence[str]:
        """Return the User IDs of the stored users of the rows from `start` to `stop`."""
        stored = self.outcomes.stored
        users = (stored[index] for index in islice(self.rows[record_filter], start, stop))
        return [user.user_id for user in users if user is not None]


def lost_text(corrections: int) -> str:
    """Return what quitting would discard if there are corrections, as a clause."""
    return f"{pluralize(corrections, 'corrected record')} will be lost"


async def build_validator(
    prepared: PreparedImport, numbers: Sequence[int], disconnected: Callable[[str], object]
) -> tuple[RecordValidator, int]:
    """Return what validates corrections, and how many records can be corrected.

    Args:
        prepared: the import, planned with its records.
        numbers: the numbers of the rejected records.
        disconnected: called with the message while the server of the store cannot be reached.
    """
    work = partial(_build_validator, prepared, numbers)
    return await run_with_progress(work, disconnected=disconnected)


def _build_validator(
    prepared: PreparedImport, numbers: Sequence[int], progress: ProgressCallback
) -> tuple[RecordValidator, int]:
    values, readable = (prepared.plan.outcomes or RecordOutcomes()).values, 0
    for done, number in enumerate(numbers):
        if not done % CHUNK_SIZE:
            progress(Phase.CHECKING, done, len(numbers))
        readable += values.get(number) is not None
    options, match = prepared.request.options, prepared.request.match
    return RecordValidator(prepared.state, options, prepared.plan, progress, match), readable


def make_preview(prepared: PreparedImport, progress: ProgressCallback) -> Preview:
    """Return the preview of an import.

    Args:
        prepared: the import, planned with its records.
        progress: progress callback; may raise `Cancelled`.
    """
    plan = prepared.plan
    outcomes = plan.outcomes or RecordOutcomes()
    results = outcomes.results
    rows_by_result = [array("l") for _ in RESULTS]
    for start in range(0, len(results), CHUNK_SIZE):
        progress(Phase.CHECKING, start, len(results))
        for row, result in enumerate(results[start : start + CHUNK_SIZE], start):
            rows_by_result[result].append(row)
    rows: dict[RecordFilter, Sequence[int]] = {
        RecordFilter.ALL: range(len(results)),
        **{
            RecordFilter(result): rows for result, rows in zip(RESULTS, rows_by_result, strict=True)
        },
        RecordFilter.WARNINGS: _warned(outcomes, progress),
        RecordFilter.NOT_IN_FILE: range(plan.not_in_file_count),
    }
    if plan.not_in_file is not None:  # so that it is at hand when it is shown
        rest = partial(progress, Phase.CHECKING, 0, prepared.state.total)
        next(prepared.state.ids(plan.not_in_file, rest), None)
    return Preview(prepared, rows)


def _warned(outcomes: RecordOutcomes, progress: ProgressCallback) -> Sequence[int]:
    rejected = RESULTS.index(Result.REJECTED)
    warned = []
    for done, (number, issues) in enumerate(outcomes.issues.items()):
        if not done % CHUNK_SIZE:
            progress(Phase.CHECKING, done, len(outcomes.issues))
        is_listed = number <= len(outcomes)
        if (
            is_listed
            and outcomes.results[number - 1] != rejected
            and any(issue.severity is Severity.WARNING for issue in issues)
        ):
            warned.append(number - 1)
    return array("l", sorted(warned))


class ImportPlanner:
    """Plans an import in threads, again each time the admin changes an option.

    Args:
        screen: the screen that shows the preview.
        session: the session shared by the pages.
        request: the file and the options.
        prepared: the import, if it has been planned already; if None, the saved options are used.

    Attributes:
        request: the file and the current options.
        preview: the last preview; None before the first.
        is_planning: whether the import is being planned with other options.
    """

    def __init__(
        self,
        screen: Screen[Any],
        session: Session,
        request: ImportRequest,
        prepared: PreparedImport | None,
    ) -> None:
        self.request = request
        self.preview: Preview | None = None
        self.is_planning = False
        self._screen, self._session, self._initial = screen, session, prepared
        self._pinned: Preview | None = None

    @property
    def plan(self) -> ImportPlan | None:
        """The last plan; None before the first."""
        return self.preview.plan if self.preview is not None else None

    def begin(self, request: ImportRequest) -> None:
        """Note that the import is planned with other options; the last preview stays until then."""
        self.request, self.is_planning = request, True

    async def finish(
        self, report: Callable[[JobProgressed], object], disconnected: Callable[[str], object]
    ) -> None:
        """Plan in a thread.

        Args:
            report: called in the thread with the progress.
            disconnected: called with the message while the server of the store cannot be reached,
                unless the file has not been planned yet: then that is an error.

        Raises:
            Exception: the file cannot be read. The options are those of the last preview again.
        """
        prepared, self._initial = self._initial, None
        state, is_first = self._session.store.state, self.preview is None
        is_new, request, plans = is_first and prepared is None, self.request, iter((prepared,))

        def work(progress: ProgressCallback) -> Preview:
            made = next(plans, None)  # if that fails, the plan is freed, and made again
            return _plan_preview(request, state, made, progress, has_saved_options=is_new)

        try:
            preview = await run_with_progress(work, report, None if is_new else disconnected)
        except Exception:
            self.stop()
            raise
        before, self.preview = self.preview, preview
        self.stop()
        if before is not None:
            self._free(before)
            if self.request.options != before.plan.options:
                save = partial(save_preferences, self.request.options)
                # without a description, Textual would build one from all arguments
                self._screen.app.run_worker(save, thread=True, description="save options")

    def stop(self) -> None:
        """Note that planning has ended, and return to the options of the last preview."""
        self.is_planning = False
        if self.preview is not None:
            self.request = self.preview.prepared.request

    @contextmanager
    def pinned(self) -> Iterator[Preview | None]:
        """Keep the last preview while a dialog uses it, even if the import is planned again."""
        self._pinned = preview = self.preview
        yield preview
        self._pinned = None
        if preview is not None and preview is not self.preview:
            self._free(preview)

    def detach(self) -> PreparedImport | None:
        """Return the last planned import, and drop it, so that the old state can be freed."""
        preview, self.preview = self.preview, None
        return preview.prepared if preview is not None else None

    def close(self) -> None:
        """Free the last preview."""
        preview, self.preview = self.preview, None
        if preview is not None:
            self._free(preview)

    def _free(self, preview: Preview) -> None:
        if preview is not self._pinned:
            free_plan_in_background(self._screen.app, preview.plan)


def _plan_preview(
    request: ImportRequest,
    state: State,
    prepared: PreparedImport | None,
    progress: ProgressCallback,
    *,
    has_saved_options: bool,
) -> Preview:
    try:
        if prepared is None:
            if has_saved_options:
                request = _with_saved_options(request)
            prepared = prepare_import(request, state, progress)
        preview = make_preview(prepared, progress)
        progress(Phase.CHECKING, 1, 1)  # the screen may be closed: no one would free it
    except Exception:
        if prepared is not None:
            free_plan(prepared.plan)
        raise
    return preview


def _with_saved_options(request: ImportRequest) -> ImportRequest:
    """Return the file with the admin's saved options, and the mapping saved for its header.

    Raises:
        UserError: the file is not a users file.
    """
    request = replace(request, options=load_preferences().import_options)
    if not mappings_folder().is_dir():
        return request
    with UsersFile(request.path, request.read_options) as file:
        mapping = find_mapping(mappings_folder(), file.file_report.columns.header)
    return replace(request, read_options=replace(request.read_options, mapping=mapping))


def free_plan_in_background(app: App[Any], plan: ImportPlan) -> None:
    """Free a plan that is no longer shown, in a thread."""
    # without a description, Textual would build one from the whole plan
    work = partial(free_plan, plan)
    app.run_worker(work, thread=True, description="free a plan")


def free_plan(plan: ImportPlan) -> None:
    """Free a plan that is no longer shown, in steps."""
    outcomes = plan.outcomes or RecordOutcomes()
    clear_in_chunks(
        *(plan.changes, plan.added, plan.issues),
        *(outcomes.values, outcomes.issues, outcomes.users, outcomes.stored),
        yield_control=yield_control(),
    )
