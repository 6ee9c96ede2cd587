"""`qm-tui activity` and `qm-tui undo`: list, show and undo transactions."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qm_tui.cli.shared.common import (
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    open_store_from_options,
    parse_count,
    parse_transaction,
    report_errors,
    require_store,
    saved_text,
)
from qm_tui.errors import UserError
from qm_tui.output import print_json, print_line, with_old_keys, write_raw
from qm_tui.text import json_text, pad_or_truncate, sanitize, with_full_stop

if TYPE_CHECKING:
    from qm_tui.store.changes.undo import UndoPlan
    from qm_tui.store.interface import TransactionSummary, UserChange, UserStore

_CHANGED = "changed"
"""What is shown instead of the values of a secret."""


def activity(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[N]", parser=parse_transaction, help="Transaction number; shows its changes."
        ),
    ] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """List transactions, or show the changes of one.

    The newest transaction comes first.
    """
    users = open_store_from_options(context, store, read_only=read_only)
    transactions = users.transactions()
    if number is not None:
        _show(users, number, transactions, as_json=as_json)
    elif as_json:
        _print_array(map(_summary_json, transactions))
    else:
        for transaction in transactions:
            print_line(_line(transaction))


def undo(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="N", parser=parse_transaction, help="Transaction number.")
    ],
    confirm: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=parse_count,
            help="Do not ask; required for mass changes: the number of affected users.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Undo a transaction.

    Values that have been changed since then are not reverted; they are listed.
    """
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.plan import PlanOutdated
    from qm_tui.store.changes.undo import plan_undo

    users = open_store_from_options(context, store, read_only=read_only)
    require_store(users, "Nothing was undone.")
    with progress_line() as progress:
        plan = plan_undo(users, number, progress)
    if dry_run:
        _report(plan, as_json=as_json)
        raise typer.Exit(_status(plan))
    is_asking = confirm is None and sys.stdin.isatty() and sys.stdout.isatty()
    while True:
        if is_asking and plan.changes and not plan.required_confirmation:
            _print_plan(plan, to_standard_error=as_json)
            typer.confirm(f"Undo transaction {number:,}?", abort=True, err=as_json)
        try:
            done, undone_by = _undo(users, plan, confirm or 0, shows_plan=is_asking)
        except PlanOutdated as changed:
            print_line(str(changed), to_error=True)
            plan = changed.plan
            continue
        break
    with report_errors(saved_text(users)):
        _report(done, undone_by, as_json=as_json, is_shown=is_asking)
    raise typer.Exit(_status(done))


def _undo(
    users: "UserStore", plan: "UndoPlan", confirmed: int, *, shows_plan: bool
) -> tuple["UndoPlan", int]:
    """Undo; return the plan that was carried out, and the new transaction."""
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.plan import commit_plan
    from qm_tui.store.errors import ConfirmationRequired

    try:
        with progress_line() as progress:
            done = commit_plan(
                users,
                plan,
                confirmed=confirmed,
                accept_any_effect=not shows_plan,
                progress=progress,
            )
    except ConfirmationRequired as error:
        msg = f"{error} To confirm, run qm-tui undo {plan.number} --confirm {error.count}."
        raise UserError(msg) from error
    return done, users.state.number


def _status(plan: "UndoPlan") -> int:
    if not plan.changes:
        return Status.FAILED
    return Status.PARTIAL if plan.skipped else Status.DONE


def _report(
    plan: "UndoPlan", undone_by: int | None = None, *, as_json: bool, is_shown: bool = False
) -> None:
    """Print what was undone, or would be."""
    from qm_tui.store.changes.action_text import undone_text

    if as_json:
        print_json(_undo_json(plan, undone_by), indent=2)
        return
    if not is_shown:
        _print_plan(plan)
    if undone_by is not None:
        print_line(f"{undone_text(plan.transaction)} (transaction {undone_by:,}).")
        return
    if plan.required_confirmation:
        print_line(
            f"This is a mass change. To confirm, add --confirm {plan.required_confirmation}."
        )
    print_line("Nothing was changed.")


def _print_plan(plan: "UndoPlan", *, to_standard_error: bool = False) -> None:
    from qm_tui.store.changes.action_text import signed_heading

    print_line(
        f"Transaction {plan.number:,}: {signed_heading(plan.transaction)}",
        to_error=to_standard_error,
    )
    print_line(
        with_full_stop(plan.effect_text if plan.changes else plan.obstacle),
        to_error=to_standard_error,
    )
    for skipped in plan.skipped:
        field = f", {skipped.field.name}" if skipped.field else ""
        print_line(
            f"Not reverted: {sanitize(skipped.name, 60)} ({sanitize(skipped.user_id, 60)}){field}: "
            f"{sanitize(skipped.reason)}.",
            to_error=to_standard_error,
        )


def _undo_json(plan: "UndoPlan", undone_by: int | None) -> dict[str, Any]:
    from qm_tui.store.changes.action_text import list_text

    values = {
        "number": plan.number,
        "action": list_text(plan.transaction.action, plan.transaction.users),
        "changed": plan.reverted,
        "restored": plan.restored,
        "removed": plan.removed,
        "required_confirmation": plan.required_confirmation,
        "not_reverted": [
            {
                "user_id": skipped.user_id,
                "name": sanitize(skipped.name),
                "field": skipped.field.name if skipped.field else None,
                "key": skipped.field.key if skipped.field else None,
                "reason": sanitize(skipped.reason),
            }
            for skipped in plan.skipped
        ],
        "committed": undone_by is not None,
        "undone_by": undone_by,
    }
    return with_old_keys(
        values, why="action", must_confirm="required_confirmation", kept="not_reverted"
    )


# The list


def _summary_json(transaction: "TransactionSummary") -> dict[str, Any]:
    from qm_tui.store.changes.action_text import list_text

    action = transaction.action
    values = {
        "number": transaction.number,
        "time": transaction.time.isoformat(),
        "admin": transaction.login,
        "address": transaction.address,
        "action": list_text(action, transaction.users),
        "kind": action.kind.value,
        "subject": action.subject,
        "details": action.details,
        "digest": action.digest,
        "added": transaction.added,
        "changed": transaction.changed,
        "deleted": transaction.deleted,
        "can_undo": transaction.can_undo,
    }
    return with_old_keys(values, why="action", who="admin", **{"from": "address"})


def _print_array(values: Iterable[object], indent: str = "") -> None:
    """Print an array, a line for each value, while the values are read."""
    separator = "["
    for value in values:
        write_raw(f"{separator}\n{indent}{json_text(value)}")
        separator = ","
    write_raw(("\n]" if separator == "," else "[]") + ("" if indent else "\n"))


def _line(transaction: "TransactionSummary") -> str:
    from qm_tui.store.changes.action_text import list_text

    time = transaction.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    login = pad_or_truncate(sanitize(transaction.login, 64), 10)
    address = pad_or_truncate(sanitize(transaction.address, 64) or "-", 15)
    action = list_text(transaction.action, transaction.users)
    counts = effect_text(transaction)
    return f"{transaction.number:>6}  {time}  {login}  {address}  {action}: {counts}"


def effect_text(transaction: "TransactionSummary") -> str:
    """Return the numbers of users that a transaction added, changed and deleted."""
    parts = [
        f"{number:,} {result}"
        for number, result in (
            (transaction.added, "added"),
            (transaction.changed, "changed"),
            (transaction.deleted, "deleted"),
        )
        if number
    ]
    available = "" if transaction.is_available else " (can no longer be undone)"
    return (", ".join(parts) or "no users") + available


# One transaction


def _show(
    users: "UserStore", number: int, transactions: "list[TransactionSummary]", *, as_json: bool
) -> None:
    transaction = next((one for one in transactions if one.number == number), None)
    if transaction is None:
        msg = f"There is no transaction {number:,} in {sanitize(users.location)}."
        raise UserError(msg)
    changes = users.transaction_changes(number)
    first = next(changes, None)  # an error comes before anything is printed
    if as_json:
        head = json_text(_summary_json(transaction), indent=2).removesuffix("\n}")
        write_raw(f'{head},\n  "users": ')
        _print_array(map(_change_json, _all(first, changes)), indent="    ")
        write_raw("\n}\n")
        return
    from qm_tui.store.changes.action_text import details_text, heading

    origin = f" from {sanitize(transaction.address, 64)}" if transaction.address else ""
    time = transaction.time.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    print_line(f"Transaction {number:,}, {time}, {sanitize(transaction.login, 64)}{origin}")
    action = transaction.action
    print_line(f"{heading(action, transaction.users)}: {effect_text(transaction)}")
    if details := details_text(action):
        print_line(details)
    if action.digest:
        print_line(f"SHA-256: {sanitize(action.digest, 64)}")
    for change in _all(first, changes):
        print_line(f"\n{_title(change, users)}")
        for line in _fields_of(change):
            print_line(f"  {line}")


def _all(first: "UserChange | None", others: "Iterable[UserChange]") -> "Iterable[UserChange]":
    if first is not None:
        yield first
        yield from others


def _result(change: "UserChange") -> str:
    if change.before is None:
        return "added"
    return "deleted" if change.after is None else _CHANGED


def _title(change: "UserChange", users: "UserStore") -> str:
    stored = users.state.users.get(change.user_id)
    values = {
        **(stored._asdict() if stored else {}),
        **(change.before or {}),
        **(change.after or {}),
    }
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    user_id = sanitize(change.user_id, 60)
    user = f"{sanitize(name, 60)} ({user_id})" if name else user_id
    return f"{user}, {_result(change)}"


def _fields_of(user_change: "UserChange") -> Iterable[str]:
    """Yield a line for each changed field."""
    from qm_tui.users.fields import FIELDS

    before, after = user_change.before or {}, user_change.after or {}
    for field in FIELDS:
        old, new = before.get(field.key, ""), after.get(field.key, "")
        if old == new:
            continue
        change = _CHANGED if field.is_secret else f"{_value(old)} -> {_value(new)}"
        yield f"{field.name}: {change}"


def _value(value: str) -> str:
    return sanitize(value, 200) if value else "(empty)"


def _change_json(change: "UserChange") -> dict[str, Any]:
    from qm_tui.users.fields import FIELDS

    before, after = change.before or {}, change.after or {}
    changes: dict[str, Any] = {}
    for field in FIELDS:
        key = field.key
        old, new = before.get(key, ""), after.get(key, "")
        if old != new:
            changes[key] = _CHANGED if field.is_secret else {"before": old, "after": new}
    return {"user_id": change.user_id, "result": _result(change), "fields": changes}
