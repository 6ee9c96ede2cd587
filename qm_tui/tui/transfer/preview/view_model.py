"""The data of a preview. It grows with the file, so it is built and freed in a thread."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from textual.app import App

from qm_tui.gc_control import clear_in_chunks
from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, yield_control
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.planning.plan import RESULTS, ImportPlan, RecordOutcomes, Result
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


RECORD_FILTERS: Final = tuple(RecordFilter)
"""The filters in the order of their keys 1 to 7."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A planned import, and the records of each filter.

    Attributes:
        prepared: the import.
        rows: by filter, the indexes into the plan's outcomes; for users that are not in the file,
            the indexes into `ImportPlan.not_in_file`.
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
            RecordFilter.NOT_IN_FILE: len(plan.not_in_file),
        }

    @property
    def first_filter(self) -> RecordFilter:
        """The filter shown first: rejected records, else records with warnings, else all."""
        candidates = (RecordFilter.REJECTED, RecordFilter.WARNINGS)
        return next((wanted for wanted in candidates if self.rows[wanted]), RecordFilter.ALL)


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
        RecordFilter.NOT_IN_FILE: range(len(plan.not_in_file)),
    }
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
