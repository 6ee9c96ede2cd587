"""The report about a bulk change: as lines for people, and as JSON."""

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from qm_tui.cli.shared.common import NOTHING_CHANGED
from qm_tui.output import print_json, print_line, with_old_keys
from qm_tui.text import pluralize, sanitize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qm_tui.store.changes.bulk import BulkPlan
    from qm_tui.users.fields import Field, User
    from qm_tui.users.issues import Issue

LISTED: Final = 20
"""The maximum number of users in a list."""

_MAX_SHOWN: Final = 60


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
        print_json(_json(plan, transaction), indent=2)
        return
    words = _WORDS[plan.change.deletes, transaction is not None]
    for user_id, after in islice(plan.changes.items(), LISTED):
        user = plan.state.users[user_id]
        fields = f": {changed_fields_text(user, after)}" if after else ""
        print_line(f"{user_label(user)}: {words.user}{fields}")
    if len(plan.changes) > LISTED:
        print_line(f"and {len(plan.changes) - LISTED:,} more")
    for user_id, errors in islice(plan.skipped.items(), LISTED):
        for error in errors:
            label = user_label(plan.state.users[user_id])
            print_line(f"{label}: skipped: {sanitize(error.message)}. {sanitize(error.fix)}")
    print_line(_summary(plan, words, transaction))
    if transaction is None:
        print_line(NOTHING_CHANGED)
        if plan.required_confirmation:
            print_line(f"To confirm, add --confirm {plan.required_confirmation}.")


def print_warnings(warnings: "Mapping[Issue, int]", users: int) -> None:
    """Print the warnings of a change to standard error.

    Args:
        warnings: the warnings, with the number of users of each.
        users: the number of users that change; a warning of fewer users names its number.
    """
    for issue, count in warnings.items():
        those = "" if count == users else f"{pluralize(count, 'user')}: "
        text = f"{sanitize(issue.message)}. {sanitize(issue.fix)}"
        print_line(f"Warning: {those}{text}", to_error=True)


def _summary(plan: "BulkPlan", words: _Words, transaction: int | None) -> str:
    if plan.unchanged and not plan.changes and not plan.skipped:
        values = "value is" if len(plan.change.values or ()) == 1 else "values are"
        return (
            f"Nothing to change: the {values} already set for {pluralize(plan.unchanged, 'user')}."
        )
    parts = [f"{words.summary} {pluralize(len(plan.changes), 'user')}"]
    if plan.unchanged:
        parts.append(f"{plan.unchanged:,} unchanged")
    if plan.skipped:
        parts.append(f"{len(plan.skipped):,} skipped")
    number = "" if transaction is None else f" (transaction {transaction:,})"
    return f"{', '.join(parts)}{number}."


def user_label(user: "User") -> str:
    """Return the name and the User Name of a user, safe for a terminal."""
    name = sanitize(f"{user.first_name} {user.last_name}".strip(), _MAX_SHOWN)
    return f"{name} ({sanitize(user.user_name or user.user_id, _MAX_SHOWN)})"


def changed_fields_text(before: "User", after: "User") -> str:
    """Return the changed fields with both values; for secrets only the names."""
    from qm_tui.users.issues import redact_value

    changes = []
    for field in changed_fields(before, after):
        if field.is_secret:
            changes.append(field.name)
            continue
        old, new = (
            sanitize(redact_value(field, user[field.index]), _MAX_SHOWN) or "(empty)"
            for user in (before, after)
        )
        changes.append(f"{field.name} {old} -> {new}")
    return ", ".join(changes)


def changed_fields(before: "User", after: "User") -> "list[Field]":
    """Return the fields with another value, in file order."""
    from qm_tui.users.fields import FIELDS

    return [field for field in FIELDS if before[field.index] != after[field.index]]


def _json(plan: "BulkPlan", transaction: int | None) -> dict[str, Any]:
    from qm_tui.store.action_subject import with_user
    from qm_tui.store.changes.action_text import list_text

    users = plan.state.users
    action = with_user(plan.change.action, users, plan.changes)
    values = {
        "action": list_text(action, len(plan.changes)),
        "changed": 0 if plan.change.deletes else len(plan.changes),
        "deleted": len(plan.changes) if plan.change.deletes else 0,
        "unchanged": plan.unchanged,
        "required_confirmation": plan.required_confirmation,
        "users": [
            {
                "user_id": user_id,
                "user_name": users[user_id].user_name,
                "result": "deleted" if after is None else "changed",
                "fields": [field.key for field in changed_fields(users[user_id], after)]
                if after
                else [],
            }
            for user_id, after in plan.changes.items()
        ],
        "skipped": [
            with_old_keys(
                {
                    "user_id": user_id,
                    "user_name": users[user_id].user_name,
                    "field": error.field.key if error.field else None,
                    "message": sanitize(error.message),
                    "fix": sanitize(error.fix),
                },
                remedy="fix",
            )
            for user_id, errors in plan.skipped.items()
            for error in errors
        ],
        "committed": transaction is not None,
        "transaction": transaction,
    }
    return with_old_keys(
        values,
        why="action",
        same="unchanged",
        must_confirm="required_confirmation",
        left_out="skipped",
    )
