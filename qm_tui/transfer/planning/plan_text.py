"""What an import would do, in words: what a dry run prints, and what the preview saves."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from qm_tui.store.origin import login
from qm_tui.text import counted, sentence, visible
from qm_tui.transfer.options.choice import Choice, Option
from qm_tui.transfer.options.import_options import CHOICES, Choices
from qm_tui.transfer.planning.plan import PROBLEMS_KEPT, Group, Plan, Result
from qm_tui.transfer.reading.reader import Findings
from qm_tui.users.issues import Problem, Severity

SEVERITY_WORDS: Final = {Severity.ERROR: "Rejected", Severity.WARNING: "Look at"}
"""What stands before a group of problems."""

TOTAL_WORDS: Final = {
    "is_active": "Active",
    "unlimited_license": "Unlimited",
    "on_demand_license": "On-Demand",
    "computer_recording_license": "Computer",
}
"""Short names of what is counted before and after, by field key."""


def preview_lines(
    path: Path, location: str, findings: Findings, plan: Plan, corrected: int = 0
) -> Iterator[str]:
    """What an import would do, in lines safe for a terminal.

    Args:
        path: the file.
        location: where the users are kept, for people.
        findings: what was found out about the file.
        plan: what becomes of its records.
        corrected: how many of them were corrected by hand.
    """
    now = datetime.now().astimezone()
    yield f"Import: {visible(path.name, 200)}"
    yield f"File: {visible(str(path.absolute()))}"
    yield f"Store: {visible(location)}"
    yield f"Looked at: {now:%Y-%m-%d %H:%M %Z} by {visible(login(), 60)}"
    yield from findings.sentences
    if corrected:
        yield corrected_text(corrected)
    yield counts_text(plan)
    if plan.warned:
        yield f"{counted(plan.warned, 'record')} to look at, imported all the same."
    if plan.groups:
        yield ""
        width = max(len(f"{group.records:,}") for group in plan.groups)
        for group in plan.groups:
            yield group_text(group, plan.choices, width)
    yield ""
    yield totals_text(plan)
    chosen = choices_text(plan.choices)
    if chosen:
        yield f"Chosen: {chosen}."
    if plan.must_confirm:
        yield mass_change_text(plan)
    if plan.is_held_back:
        yield "Nothing is imported while a record is rejected: all or nothing was chosen."
    if plan.problems:
        yield ""
        yield from map(problem_text, plan.problems)
        more = plan.problem_count - len(plan.problems)
        if more > 0:
            yield (
                f"… and {counted(more, 'more problem')}: the first {PROBLEMS_KEPT:,} are listed, "
                "all are counted."
            )


def corrected_text(corrected: int) -> str:
    """That records are not as the file has them."""
    return f"{counted(corrected, 'record')} corrected by hand, not as in the file."


def counts_text(plan: Plan) -> str:
    """The four counts, as a sum."""
    parts = " + ".join(f"{plan.counts[result]:,} {result}" for result in Result)
    return f"{counted(plan.records, 'record')} = {parts}"


def group_text(group: Group, choices: Choices, width: int = 0) -> str:
    """Problems of one kind, with the flag of the choice that would cure them."""
    words = SEVERITY_WORDS[group.severity]
    said = f"{words:<8}  {group.records:>{width},}  {visible(group.reason, 200)}"
    cured = cured_by(group.cure, choices)
    if group.cure is None or cured is None:
        return said
    return f"{said}  ({flag_text(group.cure, cured)}: {cured.cure})"


def cured_by(choice: Choice[Choices] | None, choices: Choices) -> Option | None:
    """How a choice would be made to cure a problem; None where that would be no cure.

    Args:
        choice: the choice.
        choices: all choices, as they are made now.
    """
    option = choice.option(choice.cured(choices)) if choice is not None else None
    return option if option is not None and option.cure else None


def flag_text(choice: Choice[Choices], option: Option) -> str:
    """The flag by which a choice is made on the command line."""
    value = option.value
    return f"{choice.flag} {value}" if isinstance(value, StrEnum) else choice.flag


def totals_text(plan: Plan) -> str:
    """How many users are active and have each license, before and after."""
    added = plan.counts[Result.ADDED]
    said = [_change_text("Users", plan.users_before, plan.users_before + added)]
    said += [
        _change_text(words, *plan.totals[key])
        for key, words in TOTAL_WORDS.items()
        if key in plan.totals
    ]
    return "   ".join(said)


def _change_text(words: str, before: int, after: int) -> str:
    return f"{words} {before:,} → {after:,}"


def choices_text(choices: Choices) -> str:
    """The choices that are not made as they are without one; empty where there is none."""
    return ", ".join(
        choice.option(choices).chosen for choice in CHOICES if not choice.is_default(choices)
    )


def mass_change_text(plan: Plan) -> str:
    """That the import is a mass change, and how it is confirmed."""
    return f"{taken_text(plan)} Its number must be given: --confirm {plan.must_confirm}."


def taken_text(plan: Plan) -> str:
    """From how many users a mass change takes something, and what."""
    what = ", ".join(f"{verb} {plan.taken[verb]:,}" for verb in plan.taken)
    users = f"{plan.must_confirm:,} of {counted(plan.users_before, 'user')}"
    return f"A mass change: it takes something from {users} ({what})."


def problem_text(problem: Problem) -> str:
    """One problem in a line: where, who, what is wrong, and what to do."""
    where = f"Line {problem.line}"
    if problem.user:
        where += f", {visible(problem.user, 60)}"
    where += ", rejected" if problem.severity is Severity.ERROR else ", imported, but look"
    return f"{where}: {sentence(visible(problem.message))} {visible(problem.remedy)}"
