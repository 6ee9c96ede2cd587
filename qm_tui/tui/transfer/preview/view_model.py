"""The data of a preview. It grows with the file, so it is built and freed in a thread."""

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

from textual.app import App

from qm_tui.gc_control import let_go
from qm_tui.progress import STEP, Phase, Tick
from qm_tui.transfer.importing import Prepared
from qm_tui.transfer.planning.plan import RESULTS, Outcomes, Plan, Result
from qm_tui.users.issues import Severity

_REST: Final = 0.0005


class Filter(StrEnum):
    """The filters of the record list."""

    ALL = "all"
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    WARNED = "warned"
    NOT_IN_FILE = "not in file"
    """Users of the store that are not in the file."""


FILTERS: Final = tuple(Filter)
"""The filters in the order of their keys 1 to 7."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A planned import, and the records of each filter.

    Attributes:
        prepared: the import.
        rows: by filter, the indexes into the plan's outcomes; for users that are not in the file,
            the indexes into `Plan.not_in_file`.
    """

    prepared: Prepared
    rows: Mapping[Filter, Sequence[int]]

    @property
    def plan(self) -> Plan:
        """The result of each record."""
        return self.prepared.plan

    @property
    def outcomes(self) -> Outcomes:
        """The results of the records that are listed."""
        return self.plan.outcomes or Outcomes()

    @property
    def counts(self) -> Mapping[Filter, int]:
        """By filter, the number of records, including those that are not listed."""
        plan = self.plan
        return {
            Filter.ALL: plan.records,
            **{Filter(result): plan.counts[result] for result in RESULTS},
            Filter.WARNED: plan.warned,
            Filter.NOT_IN_FILE: len(plan.not_in_file),
        }

    @property
    def first_filter(self) -> Filter:
        """The filter shown first: rejected records, else records with warnings, else all."""
        candidates = (Filter.REJECTED, Filter.WARNED)
        return next((wanted for wanted in candidates if self.rows[wanted]), Filter.ALL)


def previewed(prepared: Prepared, tick: Tick) -> Preview:
    """Return the preview of an import.

    Args:
        prepared: the import, planned with its records.
        tick: progress callback; may raise `Cancelled`.
    """
    plan = prepared.plan
    outcomes = plan.outcomes or Outcomes()
    results = outcomes.results
    rows_by_result = [array("l") for _ in RESULTS]
    for start in range(0, len(results), STEP):
        tick(Phase.CHECKING, start, len(results))
        for row, result in enumerate(results[start : start + STEP], start):
            rows_by_result[result].append(row)
    rows: dict[Filter, Sequence[int]] = {
        Filter.ALL: range(len(results)),
        **{Filter(result): rows for result, rows in zip(RESULTS, rows_by_result, strict=True)},
        Filter.WARNED: _warned(outcomes, tick),
        Filter.NOT_IN_FILE: range(len(plan.not_in_file)),
    }
    return Preview(prepared, rows)


def _warned(outcomes: Outcomes, tick: Tick) -> Sequence[int]:
    rejected = RESULTS.index(Result.REJECTED)
    warned = []
    for done, (number, faults) in enumerate(outcomes.faults.items()):
        if not done % STEP:
            tick(Phase.CHECKING, done, len(outcomes.faults))
        is_listed = number <= len(outcomes)
        if (
            is_listed
            and outcomes.results[number - 1] != rejected
            and any(fault.severity is Severity.WARNING for fault in faults)
        ):
            warned.append(number - 1)
    return array("l", sorted(warned))


def let_go_soon(app: App[Any], plan: Plan) -> None:
    """Free a plan that is no longer shown, in a thread."""
    # without a description, Textual would build one from the whole plan
    work = partial(let_go_of, plan)
    app.run_worker(work, thread=True, description="free a plan")


def let_go_of(plan: Plan) -> None:
    """Free a plan that is no longer shown, in steps."""
    outcomes = plan.outcomes or Outcomes()
    let_go(
        *(plan.changes, plan.added, plan.problems),
        *(outcomes.values, outcomes.faults, outcomes.users, outcomes.stored),
        rest=_REST,
    )
