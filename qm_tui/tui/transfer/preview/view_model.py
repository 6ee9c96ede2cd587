"""What a preview shows of a plan, made and let go of in a worker because it grows with the file."""

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
    """Which records the list shows."""

    ALL = "all"
    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"
    WARNED = "warned"
    NOT_IN_FILE = "not in file"
    """Users of the store whom the file does not name."""


FILTERS: Final = tuple(Filter)
"""The filters, in the order of their keys 1 to 7."""


@dataclass(frozen=True, slots=True)
class Preview:
    """A planned import, and which of its records each filter shows.

    Attributes:
        prepared: the import.
        rows: by filter, the places in the plan's outcomes; of users who are not in the file, the
            places among these.
    """

    prepared: Prepared
    rows: Mapping[Filter, Sequence[int]]

    @property
    def plan(self) -> Plan:
        """What becomes of each record."""
        return self.prepared.plan

    @property
    def outcomes(self) -> Outcomes:
        """What becomes of each record that is listed."""
        return self.plan.outcomes or Outcomes()

    @property
    def first_filter(self) -> Filter:
        """The filter with which the preview starts: what wants the admin's eye."""
        return next((one for one in (Filter.REJECTED, Filter.WARNED) if self.rows[one]), Filter.ALL)


def previewed(prepared: Prepared, tick: Tick) -> Preview:
    """The preview of an import.

    Args:
        prepared: the import, planned with its records.
        tick: told how far it is; it may raise `Cancelled`.
    """
    plan = prepared.plan
    outcomes = plan.outcomes or Outcomes()
    results = outcomes.results
    found = [array("l") for _ in RESULTS]
    for start in range(0, len(results), STEP):
        tick(Phase.CHECKING, start, len(results))
        for row, result in enumerate(results[start : start + STEP], start):
            found[result].append(row)
    rows: dict[Filter, Sequence[int]] = {
        Filter.ALL: range(len(results)),
        **{Filter(result): rows for result, rows in zip(RESULTS, found, strict=True)},
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
            and any(one.severity is Severity.WARNING for one in faults)
        ):
            warned.append(number - 1)
    return array("l", sorted(warned))


def let_go_soon(app: App[Any], plan: Plan) -> None:
    """Forget a plan that nobody looks at any more, in a thread."""
    # without a description Textual would make one of all that the plan holds
    work = partial(let_go_of, plan)
    app.run_worker(work, thread=True, description="let go of a plan")


def let_go_of(plan: Plan) -> None:
    """Forget a plan that nobody looks at any more, step by step."""
    outcomes = plan.outcomes or Outcomes()
    let_go(
        *(plan.changes, plan.added, plan.problems),
        *(outcomes.values, outcomes.faults, outcomes.users, outcomes.stored),
        rest=_REST,
    )
