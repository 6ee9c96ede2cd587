"""`qm-tui activity` and `qm-tui undo`: list, show and undo transactions."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from qm_tui.cli.shared import common
from qm_tui.errors import UserError
from qm_tui.output import print_json, print_line, with_old_keys, write_raw
from qm_tui.progress import in_chunks
from qm_tui.progress_line import progress_line
from qm_tui.store.changes.action_text import (
    details_text,
    list_text,
    signed_heading,
    undone_text,
)
from qm_tui.store.changes.plan import PlanOutdated
from qm_tui.store.changes.transaction_text import (
    CHANGED,
    change_result,
    change_title,
    changed_values,
    effect_text,
    time_text,
    title_text,
    value_text,
)
from qm_tui.store.changes.undo import UndoPlan, plan_undo
from qm_tui.store.interface import TransactionSummary, UserChange, UserStore
from qm_tui.store.state import State
from qm_tui.text import json_text, pad_or_truncate, sanitize, with_full_stop


def activity(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[N]",
            parser=common.parse_transaction,
            help="Transaction number; shows its changes.",
        ),
    ] = None,
    as_json: common.JsonOption = False,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """List transactions, or show the changes of one.

    The newest transaction comes first.
    """
    users = common.open_store_from_options(context, store, read_only=read_only)
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
        int,
        typer.Argument(metavar="N", parser=common.parse_transaction, help="Transaction number."),
    ],
    confirm: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=common.parse_count,
            help="Do not ask; required for mass changes: the number of affected users.",
        ),
    ] = None,
    dry_run: common.DryRunOption = False,
    as_json: common.JsonOption = False,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Undo a transaction.

    Values that have been changed since then are not reverted; they are listed.
    """
    users = common.open_store_from_options(
        context, store, read_only=read_only, otherwise="Nothing was undone."
    )
    with progress_line() as progress:
        plan = plan_undo(users, number, progress)
    if dry_run:
        _report(plan, as_json=as_json)
        raise typer.Exit(_status(plan))
    is_asking = confirm is None and common.is_interactive()
    while True:
        if is_asking and plan.changes and not plan.required_confirmation:
            print_line(_plan_text(plan), to_error=as_json)
            typer.confirm(f"Undo transaction {number:,}?", abort=True, err=as_json)
        try:
            command = f"qm-tui undo {number}"
            done = common.commit(users, plan, confirm or 0, command, as_seen=is_asking)
        except PlanOutdated as changed:
            print_line(str(changed), to_error=True)
            plan = changed.plan
        else:
            break
    with common.report_errors(common.saved_text(users)):
        _report(done, users.state.number, as_json=as_json, is_shown=is_asking)
    raise typer.Exit(_status(done))


def _status(plan: UndoPlan) -> int:
    if not plan.changes:
        return common.Status.FAILED
    return common.Status.PARTIAL if plan.skipped else common.Status.DONE


def _report(
    plan: UndoPlan, undone_by: int | None = None, *, as_json: bool, is_shown: bool = False
) -> None:
    """Print what was undone, or would be."""
    if as_json:
        print_json(_undo_json(plan, undone_by), indent=2)
        return
    if not is_shown:
        print_line(_plan_text(plan))
    if undone_by is not None:
        print_line(f"{undone_text(plan.transaction)} (transaction {undone_by:,}).")
        return
    if plan.required_confirmation:
        print_line(
            f"This is a mass change. To confirm, add --confirm {plan.required_confirmation}."
        )
    print_line(common.NOTHING_CHANGED)


def _plan_text(plan: UndoPlan) -> str:
    """Return what would be undone, and what not, as lines."""
    lines = [
        f"Transaction {plan.number:,}: {signed_heading(plan.transaction)}",
        with_full_stop(plan.effect_text if plan.changes else plan.obstacle),
    ]
    for skipped in plan.skipped:
        user_id = sanitize(skipped.user_id, common.MAX_SHOWN)
        user = f"{sanitize(skipped.name, common.MAX_SHOWN)} ({user_id})"
        field = f", {skipped.field.name}" if skipped.field else ""
        lines.append(f"Not reverted: {user}{field}: {sanitize(skipped.reason)}.")
    return "\n".join(lines)


def _undo_json(plan: UndoPlan, undone_by: int | None) -> dict[str, Any]:
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


def _summary_json(transaction: TransactionSummary) -> dict[str, Any]:
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


def _line(transaction: TransactionSummary) -> str:
    login = pad_or_truncate(sanitize(transaction.login, 64), 10)
    address = pad_or_truncate(sanitize(transaction.address, 64) or "-", 15)
    action = list_text(transaction.action, transaction.users)
    counts = effect_text(transaction)
    begin = f"{transaction.number:>6}  {time_text(transaction.time)}"
    return f"{begin}  {login}  {address}  {action}: {counts}"


# One transaction


def _show(
    users: UserStore, number: int, transactions: list[TransactionSummary], *, as_json: bool
) -> None:
    transaction = next((one for one in transactions if one.number == number), None)
    if transaction is None:
        raise UserError(f"There is no transaction {number:,} in {sanitize(users.location)}.")
    changes = common.begun(users.transaction_changes(number))
    if as_json:
        head = json_text(_summary_json(transaction), indent=2).removesuffix("\n}")
        write_raw(f'{head},\n  "users": ')
        _print_array(map(_change_json, changes), indent="    ")
        write_raw("\n}\n")
        return
    origin = f" from {sanitize(transaction.address, 64)}" if transaction.address else ""
    time = transaction.time.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    print_line(f"Transaction {number:,}, {time}, {sanitize(transaction.login, 64)}{origin}")
    print_line(title_text(transaction))
    if details := details_text(transaction.action):
        print_line(details)
    if transaction.action.digest:
        print_line(f"SHA-256: {sanitize(transaction.action.digest, 64)}")
    for batch in in_chunks(changes):
        _print_changes(batch, users.state)


def _print_changes(changes: Sequence[UserChange], state: State) -> None:
    stored = state.users([change.user_id for change in changes])
    for change, user in zip(changes, stored, strict=True):
        print_line(f"\n{change_title(change, user)}")
        for field, old, new in changed_values(change):
            values = CHANGED if field.is_secret else f"{value_text(old)} -> {value_text(new)}"
            print_line(f"  {field.name}: {values}")


def _change_json(change: UserChange) -> dict[str, Any]:
    fields = {
        field.key: CHANGED if field.is_secret else {"before": old, "after": new}
        for field, old, new in changed_values(change)
    }
    return {"user_id": change.user_id, "result": change_result(change), "fields": fields}
