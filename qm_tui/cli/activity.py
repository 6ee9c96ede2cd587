"""`qm-tui activity` and `qm-tui undo`: what was done, by whom, and taking it back."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qm_tui.cli.common import (
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    a_transaction,
    how_many,
    opened,
    reporting,
    require_store,
    saved,
)
from qm_tui.errors import Refused
from qm_tui.output import put, say, say_json
from qm_tui.text import fitted, json_text, visible

if TYPE_CHECKING:
    from qm_tui.store.changes.undo import UndoPlan
    from qm_tui.store.interface import TransactionSummary, UserChange, UserStore

_CHANGED = "changed"
"""All that is ever said of a secret."""


def activity(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(
            metavar="[N]", parser=a_transaction, help="A transaction, to see what it did."
        ),
    ] = None,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """List all transactions, newest first; or what one of them did to each user and field."""
    users = opened(context, store, read_only=read_only)
    transactions = users.transactions()
    if number is not None:
        _show(users, number, transactions, as_json=as_json)
    elif as_json:
        _print_array(map(_facts, transactions))
    else:
        for transaction in transactions:
            say(_line(transaction))


def undo(
    context: typer.Context,
    number: Annotated[
        int, typer.Argument(metavar="N", parser=a_transaction, help="The transaction.")
    ],
    confirm: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=how_many,
            help="Do not ask. A mass change is undone only with the number of its users here.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Take a transaction back, field by field. What was changed since is kept, and named."""
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.undo import PlanChanged, plan_undo

    users = opened(context, store, read_only=read_only)
    require_store(users, "Nothing was undone.")
    with progress_line() as tick:
        plan = plan_undo(users, number, tick)
    if dry_run:
        _report(plan, as_json=as_json)
        raise typer.Exit(_status(plan))
    asks = confirm is None and sys.stdin.isatty() and sys.stdout.isatty()
    while True:
        if asks and plan.changes and not plan.must_confirm:
            _print_plan(plan, to_standard_error=as_json)
            typer.confirm("Undo it?", abort=True, err=as_json)
        try:
            done, undone_by = _undone(users, plan, confirm or 0, has_seen=asks)
        except PlanChanged as changed:
            say(str(changed), to_error=True)
            plan = changed.plan
            continue
        break
    with reporting(saved(users)):
        _report(done, undone_by, as_json=as_json, is_told=asks)
    raise typer.Exit(_status(done))


def _undone(
    users: "UserStore", plan: "UndoPlan", confirmed: int, *, has_seen: bool
) -> tuple["UndoPlan", int]:
    """Undo; the plan that was carried out, and the transaction that did it."""
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.undo import undo
    from qm_tui.store.errors import ConfirmationRequired

    try:
        with progress_line() as tick:
            done = undo(
                users,
                plan.number,
                confirmed=confirmed,
                expected=plan if has_seen else None,
                tick=tick,
            )
    except ConfirmationRequired as error:
        msg = f"{error} The command is: qm-tui undo {plan.number} --confirm {error.count}."
        raise Refused(msg) from error
    return done, users.state.number


def _status(plan: "UndoPlan") -> int:
    if not plan.changes:
        return Status.REFUSED
    return Status.IN_PART if plan.kept else Status.DONE


def _report(
    plan: "UndoPlan", undone_by: int | None = None, *, as_json: bool, is_told: bool = False
) -> None:
    """Say what is undone, or would be."""
    if as_json:
        say_json(_undo_json(plan, undone_by), indent=2)
        return
    if not is_told:
        _print_plan(plan)
    if undone_by is not None:
        say(f"Undone, by transaction {undone_by:,}.")
        return
    if plan.must_confirm:
        say(
            f"It is a mass change: to undo it, confirm the number of users it is about with "
            f"--confirm {plan.must_confirm}."
        )
    say("Nothing was written.")


def _print_plan(plan: "UndoPlan", *, to_standard_error: bool = False) -> None:
    say(
        f"Transaction {plan.number:,}, {visible(plan.reason, 200)}: {plan.counts}.",
        to_error=to_standard_error,
    )
    for kept in plan.kept:
        what = f", {kept.field.name}" if kept.field else ""
        say(
            f"Kept: {visible(kept.name, 60)} ({visible(kept.user_id, 60)}){what}: "
            f"{visible(kept.reason)}.",
            to_error=to_standard_error,
        )


def _undo_json(plan: "UndoPlan", undone_by: int | None) -> dict[str, Any]:
    return {
        "number": plan.number,
        "why": visible(plan.reason),
        "changed": plan.changed,
        "restored": plan.restored,
        "removed": plan.removed,
        "must_confirm": plan.must_confirm,
        "kept": [
            {
                "user_id": kept.user_id,
                "name": visible(kept.name),
                "field": kept.field.name if kept.field else None,
                "key": kept.field.key if kept.field else None,
                "reason": visible(kept.reason),
            }
            for kept in plan.kept
        ],
        "committed": undone_by is not None,
        "undone_by": undone_by,
    }


# The list


def _facts(transaction: "TransactionSummary") -> dict[str, Any]:
    return {
        "number": transaction.number,
        "time": transaction.time.isoformat(),
        "who": transaction.login,
        "from": transaction.address,
        "why": transaction.reason,
        "kind": transaction.kind.value,
        "added": transaction.added,
        "changed": transaction.changed,
        "deleted": transaction.deleted,
        "can_undo": transaction.can_undo,
    }


def _print_array(values: Iterable[object], indent: str = "") -> None:
    """An array, a line for each value; printed as it is made, since there may be many."""
    before = "["
    for value in values:
        put(f"{before}\n{indent}{json_text(value)}")
        before = ","
    put(("\n]" if before == "," else "[]") + ("" if indent else "\n"))


def _line(transaction: "TransactionSummary") -> str:
    when = transaction.time.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    who, address = (
        fitted(visible(transaction.login, 64), 10),
        fitted(visible(transaction.address, 64) or "-", 15),
    )
    why = visible(transaction.reason, 64)
    return f"{transaction.number:>6}  {when}  {who}  {address}  {why}: {what_it_did(transaction)}"


def what_it_did(transaction: "TransactionSummary") -> str:
    """How many users a transaction added, changed and deleted, in words."""
    parts = [
        f"{number:,} {what}"
        for number, what in (
            (transaction.added, "added"),
            (transaction.changed, "changed"),
            (transaction.deleted, "deleted"),
        )
        if number
    ]
    kept = "" if transaction.is_available else "; can no longer be undone"
    return (", ".join(parts) or "no users") + kept


# One transaction


def _show(
    users: "UserStore", number: int, transactions: "list[TransactionSummary]", *, as_json: bool
) -> None:
    transaction = next((one for one in transactions if one.number == number), None)
    if transaction is None:
        msg = f"There is no transaction {number:,} in {visible(users.location)}."
        raise Refused(msg)
    done = users.transaction_changes(number)
    if as_json:
        head = json_text(_facts(transaction), indent=2).removesuffix("\n}")
        first = next(done, None)  # what cannot be read is refused before anything is printed
        put(f'{head},\n  "users": ')
        _print_array(map(_done_json, _all(first, done)), indent="    ")
        put("\n}\n")
        return
    first = next(done, None)
    origin = f" from {visible(transaction.address, 64)}" if transaction.address else ""
    when = transaction.time.astimezone().strftime("%Y-%m-%d %H:%M:%S %z")
    say(f"Transaction {number:,}, {when}, {visible(transaction.login, 64)}{origin}")
    say(f"{visible(transaction.reason)}: {what_it_did(transaction)}")
    for one in _all(first, done):
        say(f"\n{_what_became_of(one, users)}")
        for line in _fields_of(one):
            say(f"  {line}")


def _all(first: "UserChange | None", rest: "Iterable[UserChange]") -> "Iterable[UserChange]":
    if first is not None:
        yield first
        yield from rest


def _result(done: "UserChange") -> str:
    if done.before is None:
        return "added"
    return "deleted" if done.after is None else _CHANGED


def _what_became_of(done: "UserChange", users: "UserStore") -> str:
    stored = users.state.users.get(done.user_id)
    said = {**(stored._asdict() if stored else {}), **(done.before or {}), **(done.after or {})}
    name = f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
    shown = f"{visible(name, 60)} ({visible(done.user_id, 60)})" if name else visible(done.user_id)
    return f"{shown}, {_result(done)}"


def _fields_of(done: "UserChange") -> Iterable[str]:
    """A line for each field that is not as it was."""
    from qm_tui.users.fields import FIELDS

    before, after = done.before or {}, done.after or {}
    for field in FIELDS:
        old, new = before.get(field.key, ""), after.get(field.key, "")
        if old == new:
            continue
        change = _CHANGED if field.is_secret else f"{_value(old)} -> {_value(new)}"
        yield f"{field.name}: {change}"


def _value(value: str) -> str:
    return visible(value, 200) if value else "(empty)"


def _done_json(done: "UserChange") -> dict[str, Any]:
    from qm_tui.users.fields import FIELDS

    before, after = done.before or {}, done.after or {}
    changes: dict[str, Any] = {}
    for field in FIELDS:
        key = field.key
        old, new = before.get(key, ""), after.get(key, "")
        if old != new:
            changes[key] = _CHANGED if field.is_secret else {"before": old, "after": new}
    return {"user_id": done.user_id, "result": _result(done), "fields": changes}
