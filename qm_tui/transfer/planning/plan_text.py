"""An import plan as text, for dry runs and saved reports."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from qm_tui.store.changes.mass_change import CLEARS, INACTIVATES, UNLICENSES
from qm_tui.store.origin import login
from qm_tui.text import counted, sentence, visible
from qm_tui.transfer.options.choice import Choice, Option
from qm_tui.transfer.options.import_options import CHOICES, Choices
from qm_tui.transfer.planning.plan import PROBLEMS_KEPT, Group, Plan, Result
from qm_tui.transfer.reading.reader import Findings
from qm_tui.users.issues import Problem, Severity

SEVERITY_WORDS: Final = {Severity.ERROR: "Rejected", Severity.WARNING: "Warnings"}
"""Labels of groups of problems."""

TOTAL_WORDS: Final = {
    "is_active": "Active",
    "unlimited_license": "Unlimited",
    "on_demand_license": "On-Demand",
    "computer_recording_license": "Computer",
}
"""Short names of the counts before and after, by field key."""


def preview_lines(
    path: Path, location: str, findings: Findings, plan: Plan, corrected: int = 0
) -> Iterator[str]:
    """Yield the report of what an import would do, as lines safe for a terminal.

    Args:
        path: the file.
        location: the store, for people.
        findings: what was detected in the file.
        plan: the plan of the import.
        corrected: the number of records corrected manually.
    """
    now = datetime.now().astimezone()
    yield f"Import: {visible(path.name, 200)}"
    yield f"File: {visible(str(path.absolute()))}"
    yield f"Store: {visible(location)}"
    yield f"Date: {now:%Y-%m-%d %H:%M %Z}, by {visible(login(), 60)}"
    yield from findings.sentences
    if corrected:
        yield corrected_text(corrected)
    yield counts_text(plan)
    if plan.warned:
        yield f"{warned_text(plan)}."
    if plan.groups:
        yield ""
        width = max(len(f"{group.records:,}") for group in plan.groups)
        for group in plan.groups:
            yield group_text(group, plan.choices, width)
    yield ""
    yield totals_text(plan)
    options = choices_text(plan.choices)
    if options:
        yield f"Options: {options}."
    if plan.must_confirm:
        yield mass_change_text(plan)
    if plan.is_held_back:
        yield "Import disabled: some records are rejected (--all-or-nothing)."
    if plan.problems:
        yield ""
        yield from map(problem_text, plan.problems)
        more = plan.problem_count - len(plan.problems)
        if more > 0:
            yield (
                f"… and {counted(more, 'more problem')} (only the first {PROBLEMS_KEPT:,} are "
                "listed)."
            )


def corrected_text(corrected: int) -> str:
    """Return that records were corrected in the preview."""
    return f"{counted(corrected, 'record')} corrected manually."


def counts_text(plan: Plan) -> str:
    """Return the number of records, and of those with each result."""
    parts = ", ".join(f"{plan.counts[result]:,} {result}" for result in Result)
    return f"{counted(plan.records, 'record')}: {parts}"


def warned_text(plan: Plan) -> str:
    """Return how many imported records have warnings, without a full stop."""
    have = "has" if plan.warned == 1 else "have"
    return f"{counted(plan.warned, 'imported record')} {have} warnings"


def group_text(group: Group, choices: Choices, width: int = 0) -> str:
    """Return a group of problems in a line, with the flag that fixes them."""
    label = SEVERITY_WORDS[group.severity]
    line = f"{label:<8}  {group.records:>{width},}  {visible(group.reason, 200)}"
    fixed = cured_by(group.cure, choices)
    if group.cure is None or fixed is None:
        return line
    return f"{line}  ({flag_text(group.cure, fixed)}: {fixed.cure})"


def cured_by(choice: Choice[Choices] | None, choices: Choices) -> Option | None:
    """Return the value of an option that fixes a problem, or None.

    Args:
        choice: the option.
        choices: the current options.
    """
    option = choice.option(choice.cured(choices)) if choice is not None else None
    return option if option is not None and option.cure else None


def flag_text(choice: Choice[Choices], option: Option) -> str:
    """Return the flag of the command line that sets an option to this value."""
    value = option.value
    return f"{choice.flag} {value}" if isinstance(value, StrEnum) else choice.flag


def totals_text(plan: Plan) -> str:
    """Return the numbers of users, active users and users with each license, before and after."""
    added = plan.counts[Result.ADDED]
    parts = [_change_text("Users", plan.users_before, plan.users_before + added)]
    parts += [
        _change_text(label, *plan.totals[key])
        for key, label in TOTAL_WORDS.items()
        if key in plan.totals
    ]
    return "   ".join(parts)


def _change_text(label: str, before: int, after: int) -> str:
    return f"{label} {before:,} → {after:,}"


def choices_text(choices: Choices) -> str:
    """Return the options that are not at their defaults, or an empty string."""
    return ", ".join(
        choice.option(choices).chosen for choice in CHOICES if not choice.is_default(choices)
    )


def mass_change_text(plan: Plan) -> str:
    """Return the effect of a mass change, and how to confirm it on the command line."""
    return f"{taken_text(plan)} To confirm, add --confirm {plan.must_confirm}."


_EFFECTS: Final = {
    INACTIVATES: "inactivates {}",
    UNLICENSES: "removes licenses from {}",
    CLEARS: "clears values for {}",
}


def taken_text(plan: Plan) -> str:
    """Return what a mass change does to how many users."""
    effects = [
        _EFFECTS[effect].format(counted(users, "user")) for effect, users in plan.taken.items()
    ]
    listed = " and ".join(filter(None, (", ".join(effects[:-1]), effects[-1])))
    total = f"{plan.must_confirm:,} of {counted(plan.users_before, 'user')}"
    return f"This import {listed} ({total} in total)."


def problem_text(problem: Problem) -> str:
    """Return one problem in a line: the line, the user, the message and the fix."""
    user = f", {visible(problem.user, 60)}" if problem.user else ""
    kind = "rejected" if problem.severity is Severity.ERROR else "warning"
    message, fix = sentence(visible(problem.message)), visible(problem.remedy)
    return f"Line {problem.line}{user}, {kind}: {message} {fix}"
