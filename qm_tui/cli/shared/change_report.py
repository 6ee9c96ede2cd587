"""The report about a bulk change: as lines for people, and as JSON."""

from collections.abc import Mapping
from contextlib import nullcontext
from itertools import islice
from typing import Any, Final, NoReturn

import typer

from qm_tui.cli.shared.common import (
    MAX_SHOWN,
    NOTHING_CHANGED,
    Status,
    report_errors,
    saved_text,
)
from qm_tui.output import print_json, print_line, with_old_keys
from qm_tui.store.action_subject import with_user
from qm_tui.store.changes.action_text import list_text
from qm_tui.store.changes.bulk import BulkPlan
from qm_tui.store.interface import UserStore
from qm_tui.store.look_alikes import look_alike_issue
from qm_tui.store.state import State
from qm_tui.store.values_in_use import values_in_use
from qm_tui.text import pluralize, sanitize
from qm_tui.users.fields import FIELDS, Field, User
from qm_tui.users.issues import Issue, field_number, redact_value
from qm_tui.users.warnings import user_warnings

LISTED: Final = 20
"""The maximum number of users in a list."""


def report(
    store: UserStore,
    plan: BulkPlan,
    warnings: Mapping[Issue, int],
    *,
    is_done: bool,
    as_json: bool,
) -> NoReturn:
    """Report what a change did, or would do, with its warnings.

    Args:
        store: the store.
        plan: the plan.
        warnings: its warnings, found before it was carried out: then no value is new any more.
        is_done: whether it was carried out.
        as_json: whether to print JSON.

    Raises:
        typer.Exit: always, with the exit status.
        OutputError: the report could not be written.
    """
    print_warnings(warnings, len(plan.changes))
    transaction = store.state.number if is_done else None
    with report_errors(saved_text(store)) if is_done else nullcontext():
        if as_json:
            print_json(_json(plan, transaction), indent=2)
        else:
            _print_lines(plan, transaction)
    raise typer.Exit(Status.PARTIAL if plan.skipped else Status.DONE)


def _print_lines(plan: BulkPlan, transaction: int | None) -> None:
    verb = "delete" if plan.change.deletes else "change"
    done = f"would be {verb}d" if transaction is None else f"{verb}d"
    stored = plan.stored
    for user_id, after in islice(plan.changes.items(), LISTED):
        fields = f": {changed_fields_text(stored[user_id], after)}" if after else ""
        print_line(f"{user_label(stored[user_id])}: {done}{fields}")
    if len(plan.changes) > LISTED:
        print_line(f"and {len(plan.changes) - LISTED:,} more")
    for user_id, errors in islice(plan.skipped.items(), LISTED):
        for error in errors:
            print_line(f"{user_label(stored[user_id])}: skipped: {issue_text(error)}")
    print_line(_summary(plan, verb, transaction))
    if transaction is None:
        print_line(NOTHING_CHANGED)
        if plan.required_confirmation:
            print_line(f"To confirm, add --confirm {plan.required_confirmation}.")


def print_warnings(warnings: Mapping[Issue, int], users: int) -> None:
    """Print the warnings of a change to standard error.

    Args:
        warnings: the warnings, with the number of users of each.
        users: the number of users that change; a warning of fewer users names its number.
    """
    for issue, count in warnings.items():
        those = "" if count == users else f"{pluralize(count, 'user')}: "
        print_line(f"Warning: {those}{issue_text(issue)}", to_error=True)


def print_new_user_warnings(user: User, state: State) -> None:
    """Print the warnings of a user to be added to standard error."""
    look_alike = look_alike_issue(user, None, state)
    new_values = values_in_use(state).issues(user)
    found = (*user_warnings(user), *new_values, *filter(None, (look_alike,)))
    print_warnings(dict.fromkeys(sorted(found, key=field_number), 1), 1)


def issue_text(issue: Issue) -> str:
    """Return what is wrong and what to do, as sentences that are safe for a terminal."""
    return f"{sanitize(issue.message)}. {sanitize(issue.fix)}"


def _summary(plan: BulkPlan, verb: str, transaction: int | None) -> str:
    if plan.unchanged and not plan.changes and not plan.skipped:
        values = "value is" if len(plan.change.values or ()) == 1 else "values are"
        unchanged = pluralize(plan.unchanged, "user")
        return f"Nothing to change: the {values} already set for {unchanged}."
    done = f"Would {verb}" if transaction is None else f"{verb.capitalize()}d"
    parts = [f"{done} {pluralize(len(plan.changes), 'user')}"]
    if plan.unchanged:
        parts.append(f"{plan.unchanged:,} unchanged")
    if plan.skipped:
        parts.append(f"{len(plan.skipped):,} skipped")
    number = "" if transaction is None else f" (transaction {transaction:,})"
    return f"{', '.join(parts)}{number}."


def user_label(user: User) -> str:
    """Return the name and the User Name of a user, safe for a terminal."""
    name = sanitize(f"{user.first_name} {user.last_name}".strip(), MAX_SHOWN)
    return f"{name} ({sanitize(user.user_name or user.user_id, MAX_SHOWN)})"


def changed_fields_text(before: User, after: User) -> str:
    """Return the changed fields with both values; for secrets only the names."""
    changes = []
    for field in changed_fields(before, after):
        old, new = (
            sanitize(redact_value(field, user[field.index]), MAX_SHOWN) or "(empty)"
            for user in (before, after)
        )
        changes.append(field.name if field.is_secret else f"{field.name} {old} -> {new}")
    return ", ".join(changes)


def changed_fields(before: User, after: User) -> list[Field]:
    """Return the fields with another value, in file order."""
    return [field for field in FIELDS if before[field.index] != after[field.index]]


def _json(plan: BulkPlan, transaction: int | None) -> dict[str, Any]:
    stored = plan.stored
    action = with_user(plan.change.action, stored, plan.changes)
    changed = [
        {
            "user_id": user_id,
            "user_name": stored[user_id].user_name,
            "result": "changed" if after else "deleted",
            "fields": [field.key for field in changed_fields(stored[user_id], after)]
            if after
            else [],
        }
        for user_id, after in plan.changes.items()
    ]
    skipped = [
        {
            "user_id": user_id,
            "user_name": stored[user_id].user_name,
            "field": error.field.key if error.field else None,
            "message": sanitize(error.message),
            "fix": sanitize(error.fix),
        }
        for user_id, errors in plan.skipped.items()
        for error in errors
    ]
    values = {
        "action": list_text(action, len(plan.changes)),
        "changed": 0 if plan.change.deletes else len(plan.changes),
        "deleted": len(plan.changes) if plan.change.deletes else 0,
        "unchanged": plan.unchanged,
        "required_confirmation": plan.required_confirmation,
        "users": changed,
        "skipped": [with_old_keys(entry, remedy="fix") for entry in skipped],
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
