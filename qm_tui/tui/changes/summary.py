"""What the change of a field does to users, in words."""

from collections.abc import Sequence

from qm_tui.store.changes.bulk import BulkPlan
from qm_tui.text import counted, sentence
from qm_tui.tui.changes.editable_fields import What
from qm_tui.users.issues import Fault, shortened


def reason_of(what: What) -> str:
    """What a change is, for the activity log."""
    return f"change of {what.name}"


def said_of_change(what: What, plan: BulkPlan) -> str:
    """What a change did, for the Actions bar."""
    return f"{what.name} of {counted(len(plan.changes), 'user')} changed"


def outcome_of(plan: BulkPlan, what: What) -> Sequence[str]:
    """What a change would do, line by line.

    Args:
        plan: what it would do.
        what: what is changed.
    """
    fault = next(iter(plan.left_out.values()), [None])[0]
    if fault is not None and not plan.changes and _is_of_value(fault, plan):
        return (f"! {sentence(fault.message)}", fault.remedy)
    changed, same, left_out = len(plan.changes), plan.same, len(plan.left_out)
    has = "has" if same == 1 else "have"
    already = f"{same:,} {has} {'it already' if _value(plan) else 'none'}."
    lines = []
    if changed:
        of = f" of {plan.users:,}" if plan.users > changed else ""
        users = f"{changed:,}{of} {'user' if plan.users == 1 else 'users'}"
        empty = "" if _value(plan) else "Left empty: "
        lines.append(f"{empty}{users} {_gets(plan, what)}.")
    if same:
        lines.append(already if changed else f"Nobody changes: {already}")
    if fault is not None:
        first = ", the first" if left_out > 1 else ""
        lines.append(f"! {left_out:,} cannot be changed{first}: {sentence(fault.message)}")
    if plan.gone:
        was = "was" if plan.gone == 1 else "were"
        lines.append(f"{counted(plan.gone, 'user')} {was} deleted meanwhile.")
    return lines


def _is_of_value(fault: Fault, plan: BulkPlan) -> bool:
    return fault.field is not None and fault.field.key in (plan.change.values or {})


def _value(plan: BulkPlan) -> str:
    return next(iter((plan.change.values or {}).values()))


def _gets(plan: BulkPlan, what: What) -> str:
    s = "s" if len(plan.changes) == 1 else ""
    if what.field is None:
        given = plan.change.values
        choice = next(one.label for one in what.options if what.values(one.value) == given)
        return f"get{s} {what.name}: {choice}"
    value = _value(plan)
    return f"get{s} {what.name} {shortened(value, 40)}" if value else f"lose{s} {what.name}"
