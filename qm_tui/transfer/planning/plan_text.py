"""An import plan as text, for dry runs and saved reports."""

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from qm_tui.store.changes.mass_change import CLEARS, INACTIVATES, REMOVES_LICENSES
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.origin import login
from qm_tui.text import pluralize, sanitize, size_text, with_full_stop
from qm_tui.transfer.options.choice import Option, OptionValue
from qm_tui.transfer.options.import_options import IMPORT_OPTIONS, ImportOptions
from qm_tui.transfer.planning.missing import MissingUsers
from qm_tui.transfer.planning.plan import MAX_ISSUES, ImportPlan, IssueGroup, Result
from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.users.issues import RecordIssue, Severity

SEVERITY_LABELS: Final = {Severity.ERROR: "Rejected", Severity.WARNING: "Warnings"}
"""Labels of groups of problems."""

TOTAL_LABELS: Final = {
    "is_active": "Active",
    "unlimited_license": "Unlimited",
    "on_demand_license": "On-Demand",
    "computer_recording_license": "Computer",
}
"""Short names of the counts before and after, by field key."""


def import_action(
    plan: ImportPlan, path: Path, size: int, sha256: str, corrected: int, token: str
) -> Action:
    """Return the action for the activity log, with the counts of the preview.

    Args:
        plan: the plan of the import.
        path: the file.
        size: its size in bytes.
        sha256: its checksum.
        corrected: the number of records corrected manually.
        token: the token of the import marker.
    """
    parts = [
        size_text(size),
        f"{pluralize(plan.records, 'record')}: {plan.counts[Result.UNCHANGED]:,} unchanged, "
        f"{plan.rejected:,} rejected",
        f"{corrected:,} corrected manually" if corrected else "",
        f"{plan.inactivated:,} inactivated: not in the file" if plan.inactivated else "",
        f"options: {options}" if (options := options_text(plan.options)) else "",
    ]
    details = "; ".join(filter(None, parts))
    return Action(TransactionKind.IMPORT, sanitize(path.name, 100), details, sha256, token)


def confirmation_text(plan: ImportPlan) -> str:
    """Return what a mass change would do, and how to confirm it."""
    number = plan.required_confirmation
    return (
        "This import would inactivate, remove licenses from, or clear values for "
        f"{number:,} of {pluralize(plan.users_before, 'user')}. Nothing was imported. To "
        f"confirm, add --confirm {number}."
    )


def preview_lines(
    path: Path, location: str, file_report: FileReport, plan: ImportPlan, corrected: int = 0
) -> Iterator[str]:
    """Yield the report of what an import would do, as lines safe for a terminal.

    Args:
        path: the file.
        location: the store, for people.
        file_report: what was detected in the file.
        plan: the plan of the import.
        corrected: the number of records corrected manually.
    """
    now = datetime.now().astimezone()
    yield f"Import: {sanitize(path.name, 200)}"
    yield f"File: {sanitize(str(path.absolute()))}"
    yield f"Store: {sanitize(location)}"
    yield f"Date: {now:%Y-%m-%d %H:%M %Z}, by {sanitize(login(), 60)}"
    yield from file_report.messages
    if corrected:
        yield corrected_text(corrected)
    yield counts_text(plan)
    if plan.warning_count:
        yield f"{warned_text(plan)}."
    if plan.kept_values:
        yield f"{kept_text(plan)}."
    if plan.without_password:
        yield without_password_text(plan)
    if plan.missing:
        yield missing_text(plan.missing, inactivates=plan.inactivated > 0)
    if plan.groups:
        yield ""
        width = max(len(f"{group.records:,}") for group in plan.groups)
        for group in plan.groups:
            yield group_text(group, plan.options, width)
    yield ""
    yield totals_text(plan)
    options = options_text(plan.options)
    if options:
        yield f"Options: {options}."
    if plan.required_confirmation:
        yield mass_change_text(plan)
    if plan.is_blocked:
        yield "Import disabled: some records are rejected (--all-or-nothing)."
    if plan.issues:
        yield ""
        yield from map(issue_text, plan.issues)
        more = plan.issue_count - len(plan.issues)
        if more > 0:
            yield (
                f"… and {pluralize(more, 'more problem')} (only the first {MAX_ISSUES:,} are "
                "listed)."
            )


def corrected_text(corrected: int) -> str:
    """Return that records were corrected in the preview."""
    return f"{pluralize(corrected, 'record')} corrected manually."


def counts_text(plan: ImportPlan) -> str:
    """Return the number of records, and of those with each result."""
    parts = ", ".join(f"{plan.counts[result]:,} {result}" for result in Result)
    return f"{pluralize(plan.records, 'record')}: {parts}"


def warned_text(plan: ImportPlan) -> str:
    """Return how many imported records have warnings, without a full stop."""
    have = "has" if plan.warning_count == 1 else "have"
    return f"{pluralize(plan.warning_count, 'imported record')} {have} warnings"


def kept_text(plan: ImportPlan) -> str:
    """Return how many stored values are kept, without a full stop."""
    values = pluralize(plan.kept_values, "stored value")
    kept = (
        "is kept because a spreadsheet altered it"
        if plan.kept_values == 1
        else ("are kept because a spreadsheet altered them")
    )
    return f"{values} {kept}"


def without_password_text(plan: ImportPlan) -> str:
    """Return how many added users have no password yet."""
    have = "has" if plan.without_password == 1 else "have"
    return f"{pluralize(plan.without_password, 'added user')} {have} no password yet."


def missing_text(missing: MissingUsers, *, inactivates: bool) -> str:
    """Return how many active users are not in the file, and what happens to them.

    Args:
        missing: the users.
        inactivates: whether the import inactivates them.
    """
    if missing.unknown:
        return missing.unknown
    number = len(missing.users)
    are = "is" if number == 1 else "are"
    expected = pluralize(missing.expected, "active user")
    them = "this user" if number == 1 else "them"
    done = f" The import inactivates {them}." if inactivates else ""
    return f"{number:,} of {expected} {are} not in the file.{done}"


def group_text(group: IssueGroup, options: ImportOptions, width: int = 0) -> str:
    """Return a group of problems in a line, with the flag that fixes them."""
    label = SEVERITY_LABELS[group.severity]
    line = f"{label:<8}  {group.records:>{width},}  {sanitize(group.reason, 200)}"
    fixed = fixing_value(group.fixing_option, options)
    if group.fixing_option is None or fixed is None:
        return line
    return f"{line}  ({flag_text(group.fixing_option, fixed)}: {fixed.fix})"


def fixing_value(
    option: Option[ImportOptions] | None, options: ImportOptions
) -> OptionValue | None:
    """Return the value of an option that fixes a problem, or None.

    Args:
        option: the option.
        options: the current options.
    """
    option_value = option.current(option.with_fix(options)) if option is not None else None
    return option_value if option_value is not None and option_value.fix else None


def flag_text(option: Option[ImportOptions], option_value: OptionValue) -> str:
    """Return the flag of the command line that sets an option to this value."""
    value = option_value.value
    return f"{option.flag} {value}" if isinstance(value, StrEnum) else option.flag


def totals_text(plan: ImportPlan) -> str:
    """Return the numbers of users, active users and users with each license, before and after."""
    added = plan.counts[Result.ADDED]
    parts = [_change_text("Users", plan.users_before, plan.users_before + added)]
    parts += [
        _change_text(label, *plan.totals[key])
        for key, label in TOTAL_LABELS.items()
        if key in plan.totals
    ]
    return "   ".join(parts)


def _change_text(label: str, before: int, after: int) -> str:
    return f"{label} {before:,} → {after:,}"


def options_text(options: ImportOptions) -> str:
    """Return the options that are not at their defaults, or an empty string."""
    return ", ".join(
        option.current(options).summary
        for option in IMPORT_OPTIONS
        if not option.is_default(options)
    )


def mass_change_text(plan: ImportPlan) -> str:
    """Return the effect of a mass change, and how to confirm it on the command line."""
    return f"{removals_text(plan)} To confirm, add --confirm {plan.required_confirmation}."


_EFFECTS: Final = {
    INACTIVATES: "inactivates {}",
    REMOVES_LICENSES: "removes licenses from {}",
    CLEARS: "clears values for {}",
}


def removals_text(plan: ImportPlan) -> str:
    """Return what a mass change does to how many users."""
    effects = [
        _EFFECTS[effect].format(pluralize(users, "user")) for effect, users in plan.removals.items()
    ]
    listed = " and ".join(filter(None, (", ".join(effects[:-1]), effects[-1])))
    total = f"{plan.required_confirmation:,} of {pluralize(plan.users_before, 'user')}"
    return f"This import {listed} ({total} in total)."


def issue_text(problem: RecordIssue) -> str:
    """Return one problem in a line: the line, the user, the message and the fix."""
    user = f", {sanitize(problem.user, 60)}" if problem.user else ""
    kind = "rejected" if problem.severity is Severity.ERROR else "warning"
    message, fix = with_full_stop(sanitize(problem.message)), sanitize(problem.fix)
    return f"Line {problem.line}{user}, {kind}: {message} {fix}"
