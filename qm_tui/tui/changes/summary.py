"""The effect of a bulk change as text."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

from qm_tui.store.changes.bulk import BulkPlan
from qm_tui.text import pluralize, with_full_stop
from qm_tui.tui.changes.editable_fields import BulkField
from qm_tui.users.issues import Issue, truncate

_MAX_WARNINGS: Final = 2
"""The number of warnings that are shown; the others are counted."""


def result_text(bulk_field: BulkField, plan: BulkPlan) -> str:
    """Return what was done, for the Actions bar."""
    return f"Set {bulk_field.name} for {pluralize(len(plan.changes), 'user')}"


def effect_lines(plan: BulkPlan, bulk_field: BulkField) -> Sequence[str]:
    """Return what a change would do, line by line.

    Args:
        plan: the plan.
        bulk_field: the field that is set.
    """
    issue = next(iter(plan.skipped.values()), [None])[0]
    if issue is not None and not plan.changes and _is_of_value(issue, plan):
        return (f"! {with_full_stop(issue.message)}", issue.fix)
    changed, same, skipped = len(plan.changes), plan.unchanged, len(plan.skipped)
    lines = []
    if changed:
        total = f" of {plan.users:,}" if plan.users > changed else ""
        users = f"{changed:,}{total} {'user' if plan.users == 1 else 'users'}"
        lines.append(f"{_effect(plan, bulk_field)} for {users}.")
    if same:
        have = "has" if same == 1 else "have"
        value = "this value" if _value(plan) else "no value"
        users = f"{same:,}" if changed else pluralize(same, "user")
        already = f"{users} already {have} {value}."
        lines.append(already if changed else f"No change: {already}")
    if issue is not None:
        message = with_full_stop(issue.message)
        lines.append(
            f"! {pluralize(skipped, 'user')} cannot be changed. First error: {message}"
            if skipped > 1
            else f"! 1 user cannot be changed: {message}"
        )
    if plan.missing:
        have = "has" if plan.missing == 1 else "have"
        lines.append(f"{pluralize(plan.missing, 'user')} {have} been deleted in the meantime.")
    return lines


def warning_lines(plan: BulkPlan, warnings: Mapping[Issue, int]) -> Sequence[str]:
    """Return the first warnings of a change, and how many more there are.

    Args:
        plan: the plan.
        warnings: the warnings, with the number of users of each.
    """
    lines = []
    for issue, users in islice(warnings.items(), _MAX_WARNINGS):
        those = "" if users == len(plan.changes) else f"{pluralize(users, 'user')}: "
        lines.append(f"? {those}{issue.message}")
    more = len(warnings) - len(lines)
    others = f" (and {pluralize(more, 'more warning')})" if more else ""
    return [f"{line}." for line in lines[:-1]] + [f"{line}{others}." for line in lines[-1:]]


def _is_of_value(issue: Issue, plan: BulkPlan) -> bool:
    return issue.field is not None and issue.field.key in (plan.change.values or {})


def _value(plan: BulkPlan) -> str:
    return next(iter((plan.change.values or {}).values()))


def _effect(plan: BulkPlan, editable: BulkField) -> str:
    if editable.field is None:
        options, values = editable.options, plan.change.values
        label = next(option.label for option in options if editable.values(option.value) == values)
        return f"Sets {editable.name} to {label}"
    value = _value(plan)
    return f"Sets {editable.name} to {truncate(value, 40)}" if value else f"Clears {editable.name}"
