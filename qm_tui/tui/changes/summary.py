"""The effect of a bulk change as text."""

from collections.abc import Sequence

from qm_tui.store.changes.bulk import BulkPlan
from qm_tui.text import counted, sentence
from qm_tui.tui.changes.editable_fields import What
from qm_tui.users.issues import Fault, shortened


def said_of_change(what: What, plan: BulkPlan) -> str:
    """Return what was done, for the Actions bar."""
    return f"Set {what.name} for {counted(len(plan.changes), 'user')}"


def outcome_of(plan: BulkPlan, what: What) -> Sequence[str]:
    """Return what a change would do, line by line.

    Args:
        plan: the plan.
        what: the field that is set.
    """
    fault = next(iter(plan.left_out.values()), [None])[0]
    if fault is not None and not plan.changes and _is_of_value(fault, plan):
        return (f"! {sentence(fault.message)}", fault.remedy)
    changed, same, skipped = len(plan.changes), plan.same, len(plan.left_out)
    lines = []
    if changed:
        total = f" of {plan.users:,}" if plan.users > changed else ""
        users = f"{changed:,}{total} {'user' if plan.users == 1 else 'users'}"
        lines.append(f"{_effect(plan, what)} for {users}.")
    if same:
        have = "has" if same == 1 else "have"
        value = "this value" if _value(plan) else "no value"
        users = f"{same:,}" if changed else counted(same, "user")
        already = f"{users} already {have} {value}."
        lines.append(already if changed else f"No change: {already}")
    if fault is not None:
        message = sentence(fault.message)
        lines.append(
            f"! {counted(skipped, 'user')} cannot be changed. First error: {message}"
            if skipped > 1
            else f"! 1 user cannot be changed: {message}"
        )
    if plan.gone:
        have = "has" if plan.gone == 1 else "have"
        lines.append(f"{counted(plan.gone, 'user')} {have} been deleted in the meantime.")
    return lines


def _is_of_value(fault: Fault, plan: BulkPlan) -> bool:
    return fault.field is not None and fault.field.key in (plan.change.values or {})


def _value(plan: BulkPlan) -> str:
    return next(iter((plan.change.values or {}).values()))


def _effect(plan: BulkPlan, what: What) -> str:
    if what.field is None:
        values = plan.change.values
        label = next(option.label for option in what.options if what.values(option.value) == values)
        return f"Sets {what.name} to {label}"
    value = _value(plan)
    return f"Sets {what.name} to {shortened(value, 40)}" if value else f"Clears {what.name}"
