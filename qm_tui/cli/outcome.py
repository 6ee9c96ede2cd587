"""The report about a bulk change: as lines for people, and as JSON."""

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from qm_tui.cli.common import NOTHING_CHANGED
from qm_tui.output import say, say_json
from qm_tui.text import counted, visible

if TYPE_CHECKING:
    from qm_tui.store.changes.bulk import BulkPlan
    from qm_tui.users.fields import User

_LISTED: Final = 20
"""The maximum number of users in a list."""

_SHOWN: Final = 60


class _Words(NamedTuple):
    """The words for a change.

    Attributes:
        user: after the name of a user.
        summary: before the number of users.
    """

    user: str
    summary: str


_WORDS: Final = {
    (False, False): _Words("would be changed", "Would change"),
    (False, True): _Words("changed", "Changed"),
    (True, False): _Words("would be deleted", "Would delete"),
    (True, True): _Words("deleted", "Deleted"),
}
"""The words by whether users are deleted, and whether it is done."""


def report(plan: "BulkPlan", transaction: int | None, *, as_json: bool) -> None:
    """Report what a change did, or would do.

    Args:
        plan: the plan.
        transaction: the number of the transaction; None if nothing was changed.
        as_json: whether to print JSON.
    """
    if as_json:
        say_json(_json(plan, transaction), indent=2)
        return
    words = _WORDS[plan.change.deletes, transaction is not None]
    for user_id in islice(plan.changes, _LISTED):
        say(f"{_who(plan.state.users[user_id])}: {words.user}{_fields(plan, user_id)}")
    if len(plan.changes) > _LISTED:
        say(f"and {len(plan.changes) - _LISTED:,} more")
    for user_id, errors in islice(plan.left_out.items(), _LISTED):
        for error in errors:
            user = _who(plan.state.users[user_id])
            say(f"{user}: skipped: {visible(error.message)}. {visible(error.remedy)}")
    say(_summary(plan, words, transaction))
    if transaction is None:
        say(NOTHING_CHANGED)
        if plan.must_confirm:
            say(f"To confirm, add --confirm {plan.must_confirm}.")


def _summary(plan: "BulkPlan", words: _Words, transaction: int | None) -> str:
    if plan.same and not plan.changes and not plan.left_out:
        values = "value is" if len(plan.change.values or ()) == 1 else "values are"
        return f"Nothing to change: the {values} already set for {counted(plan.same, 'user')}."
    parts = [f"{words.summary} {counted(len(plan.changes), 'user')}"]
    if plan.same:
        parts.append(f"{plan.same:,} unchanged")
    if plan.left_out:
        parts.append(f"{len(plan.left_out):,} skipped")
    number = "" if transaction is None else f" (transaction {transaction:,})"
    return f"{', '.join(parts)}{number}."


def _who(user: "User") -> str:
    name = visible(f"{user.first_name} {user.last_name}".strip(), _SHOWN)
    return f"{name} ({visible(user.user_name or user.user_id, _SHOWN)})"


def _fields(plan: "BulkPlan", user_id: str) -> str:
    """Return the changed fields with both values; for secrets only the names."""
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
            visible(shown_value(field, user[field.index]), _SHOWN) or "(empty)"
            for user in (before, after)
        )
        changes.append(f"{field.name} {old} -> {new}")
    return f": {', '.join(changes)}"


def _changed(before: "User", after: "User") -> list[Any]:
    from qm_tui.users.fields import FIELDS

    return [field for field in FIELDS if before[field.index] != after[field.index]]


def _json(plan: "BulkPlan", transaction: int | None) -> dict[str, Any]:
    from qm_tui.store.changes.action_text import list_text, with_user

    users = plan.state.users
    action = with_user(plan.change.action, users, plan.changes)
    return {
        "why": list_text(action, len(plan.changes)),
        "changed": 0 if plan.change.deletes else len(plan.changes),
        "deleted": len(plan.changes) if plan.change.deletes else 0,
        "same": plan.same,
        "must_confirm": plan.must_confirm,
        "users": [
            {
                "user_id": user_id,
                "user_name": users[user_id].user_name,
                "result": "deleted" if after is None else "changed",
                "fields": [field.key for field in _changed(users[user_id], after)] if after else [],
            }
            for user_id, after in plan.changes.items()
        ],
        "left_out": [
            {
                "user_id": user_id,
                "user_name": users[user_id].user_name,
                "field": error.field.key if error.field else None,
                "message": visible(error.message),
                "remedy": visible(error.remedy),
            }
            for user_id, errors in plan.left_out.items()
            for error in errors
        ],
        "committed": transaction is not None,
        "transaction": transaction,
    }
