"""What a change of users does or did: as lines for people, and as JSON."""

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from qm_tui.output import say, say_json
from qm_tui.text import counted, visible

if TYPE_CHECKING:
    from qm_tui.store.changes.bulk import BulkPlan
    from qm_tui.users.fields import User

_LISTED: Final = 20
"""Users that are named one by one."""

_SHOWN: Final = 60


def report(plan: "BulkPlan", transaction: int | None, *, as_json: bool) -> None:
    """Say what is changed, or would be.

    Args:
        plan: the plan.
        transaction: the number of the transaction that carried it out; None where none did.
        as_json: whether to print JSON.
    """
    if as_json:
        say_json(_json(plan, transaction), indent=2)
        return
    done = "" if transaction is not None else "would be "
    what = "deleted" if plan.change.deletes else "changed"
    for user_id in islice(plan.changes, _LISTED):
        say(f"{_who(plan.state.users[user_id])}: {done}{what}{_fields(plan, user_id)}")
    if len(plan.changes) > _LISTED:
        say(f"and {len(plan.changes) - _LISTED:,} more")
    for user_id, faults in islice(plan.left_out.items(), _LISTED):
        for fault in faults:
            who = _who(plan.state.users[user_id])
            say(f"{who}: left out: {visible(fault.message)}. {visible(fault.remedy)}")
    say(_summary(plan, transaction))
    if transaction is None:
        if plan.must_confirm:
            say(f"To do it, confirm the number of users with --confirm {plan.must_confirm}.")
        say("Nothing was written.")


def _summary(plan: "BulkPlan", transaction: int | None) -> str:
    what = "deleted" if plan.change.deletes else "changed"
    said = [f"{counted(len(plan.changes), 'user')} {'' if transaction else 'would be '}{what}"]
    if plan.same:
        said.append(f"{plan.same:,} {'was' if plan.same == 1 else 'were'} so already")
    if plan.left_out:
        said.append(f"{len(plan.left_out):,} left out")
    by = f", by transaction {transaction:,}" if transaction is not None else ""
    return f"{', '.join(said)}{by}."


def _who(user: "User") -> str:
    name = visible(f"{user.first_name} {user.last_name}".strip(), _SHOWN)
    return f"{name} ({visible(user.user_name or user.user_id, _SHOWN)})"


def _fields(plan: "BulkPlan", user_id: str) -> str:
    """The fields that change, with both values; of a secret that it does."""
    from qm_tui.users.issues import shown_value

    after, before = plan.changes[user_id], plan.state.users[user_id]
    if after is None:
        return ""
    changes = []
    for field in _changed(before, after):
        if field.is_secret:
            changes.append(field.name)
            continue
        old, new = (
            visible(shown_value(field, one[field.index]), _SHOWN) or "(empty)"
            for one in (before, after)
        )
        changes.append(f"{field.name} {old} -> {new}")
    return f": {', '.join(changes)}"


def _changed(before: "User", after: "User") -> list[Any]:
    from qm_tui.users.fields import FIELDS

    return [field for field in FIELDS if before[field.index] != after[field.index]]


def _json(plan: "BulkPlan", transaction: int | None) -> dict[str, Any]:
    users = plan.state.users
    return {
        "why": visible(plan.change.reason),
        "changed": 0 if plan.change.deletes else len(plan.changes),
        "deleted": len(plan.changes) if plan.change.deletes else 0,
        "same": plan.same,
        "must_confirm": plan.must_confirm,
        "users": [
            {
                "user_id": user_id,
                "user_name": users[user_id].user_name,
                "result": "deleted" if after is None else "changed",
                "fields": [one.key for one in _changed(users[user_id], after)] if after else [],
            }
            for user_id, after in plan.changes.items()
        ],
        "left_out": [
            {
                "user_id": user_id,
                "user_name": users[user_id].user_name,
                "field": fault.field.key if fault.field else None,
                "message": visible(fault.message),
                "remedy": visible(fault.remedy),
            }
            for user_id, faults in plan.left_out.items()
            for fault in faults
        ],
        "committed": transaction is not None,
        "transaction": transaction,
    }
