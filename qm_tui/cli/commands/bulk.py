"""`qm-tui set`, `activate`, `inactivate`, `delete` and `rename`: change several users at once."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui.cli.shared.common import (
    NOTHING_CHANGED,
    ConfirmOption,
    DryRunOption,
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    UnlicensedOption,
    open_store_from_options,
    report_errors,
    require_store,
    saved_text,
)
from qm_tui.cli.shared.selection_options import FilterOption
from qm_tui.cli.shared.user_arguments import USER_HELP, selector_from_options
from qm_tui.errors import UserError
from qm_tui.output import print_line
from qm_tui.text import listed, pluralize, sanitize

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qm_tui.store.changes.bulk import BulkChange, BulkPlan
    from qm_tui.store.interface import Action, UserStore
    from qm_tui.users.fields import Field

_MAX_SHOWN: Final = 60
_RECORDINGS: Final = (
    "In the suite, deleting a user also deletes the recordings. Inactivating keeps them."
)

UsersArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[USER]...", help=USER_HELP, show_default=False),
]


def set_(
    context: typer.Context,
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[USER]... NAME=VALUE...",
            help="User Names or User IDs, and values such as location=Oslo or active=no. An empty "
            "value clears the field.",
            show_default=False,
        ),
    ],
    filter_text: FilterOption = None,
    allow_unlicensed: UnlicensedOption = False,
    confirm: ConfirmOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Set fields of one or more users.

    Name the users, or select them with --filter. Fields have the same names as in filters.
    """
    from qm_tui.cli.shared.field_assignments import USE_ASSIGNMENT, is_assignment, parse_assignments
    from qm_tui.cli.shared.user_arguments import is_user
    from qm_tui.store.interface import Action, TransactionKind
    from qm_tui.users.fields import FIELD

    users = _open_store(context, store, read_only=read_only)
    assigned = [
        argument
        for argument in arguments
        if is_assignment(argument) or ("=" in argument and not is_user(users.state, argument))
    ]
    named = [argument for argument in arguments if argument not in assigned]
    values = parse_assignments(assigned)
    if not values:
        msg = f"No values are given. {NOTHING_CHANGED} {USE_ASSIGNMENT}"
        raise UserError(msg)
    if "user_name" in values and (filter_text is not None or len(named) > 1):
        msg = f"User Names must be unique. {NOTHING_CHANGED} Name one user."
        raise UserError(msg)
    names = ", ".join(FIELD[key].name for key in values)
    change = _change(
        users,
        Action(TransactionKind.SET, names),
        named,
        filter_text,
        values,
        allow_unlicensed=allow_unlicensed,
    )
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def activate(
    context: typer.Context,
    named: UsersArgument = None,
    filter_text: FilterOption = None,
    confirm: ConfirmOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Activate users."""
    from qm_tui.store.interface import Action, TransactionKind

    users = _open_store(context, store, read_only=read_only)
    action = Action(TransactionKind.ACTIVATE)
    change = _change(users, action, named or (), filter_text, {"is_active": "1"})
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def inactivate(
    context: typer.Context,
    named: UsersArgument = None,
    filter_text: FilterOption = None,
    confirm: ConfirmOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Inactivate users.

    Their recordings are kept.
    """
    from qm_tui.store.interface import Action, TransactionKind

    users = _open_store(context, store, read_only=read_only)
    action = Action(TransactionKind.INACTIVATE)
    change = _change(users, action, named or (), filter_text, {"is_active": "0"})
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def delete(
    context: typer.Context,
    named: UsersArgument = None,
    filter_text: FilterOption = None,
    confirm: ConfirmOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Delete users.

    In the suite, this also deletes their recordings; inactivating keeps them. Deleting requires
    --confirm N, the number of users. On a terminal, one user can be confirmed at a prompt instead.
    """
    from qm_tui.store.interface import Action, TransactionKind

    users = _open_store(context, store, read_only=read_only)
    action = Action(TransactionKind.DELETE)
    change = _change(users, action, named or (), filter_text, None)
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def rename(
    context: typer.Context,
    field: Annotated[
        str,
        typer.Argument(
            metavar="FIELD",
            help="A field with values that users share, for example department or location.",
        ),
    ],
    old: Annotated[
        str,
        typer.Argument(metavar="OLD", help="Current value (exact match); '' for no value."),
    ],
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="New value; '' clears the field."),
    ],
    merge: Annotated[
        bool, typer.Option("--merge", help="Merge OLD into NEW if NEW is already in use.")
    ] = False,
    confirm: ConfirmOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Rename or merge a department, location or profile.

    Changes all users with this value.
    """
    from qm_tui.store.changes.bulk import BulkChange, by_field_value
    from qm_tui.store.interface import Action, TransactionKind
    from qm_tui.transfer.reading.csv_rows import BLANKS

    meant = _renamable_field(field)
    new = new.strip(BLANKS)
    users = _open_store(context, store, read_only=read_only)
    with_old, with_new = (_count(users, meant, value) for value in (old, new))
    if not with_old:
        raise _no_users_with_value(users, meant, old)
    if new == old:
        msg = f"Nothing to rename: the old and the new value are {_value(new)}."
        raise UserError(msg)
    if with_new and not merge:
        msg = (
            f"{meant.name} {_value(new)} is already used by {pluralize(with_new, 'user')}. "
            f"{NOTHING_CHANGED} To merge {pluralize(with_old, 'user')} into it, add --merge."
        )
        raise UserError(msg)
    action = Action(TransactionKind.RENAME, meant.name, f"{_value(old)} → {_value(new)}")
    change = BulkChange(action, by_field_value(meant, old), {meant.key: new})
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def _open_store(context: typer.Context, store: Path | None, *, read_only: bool) -> "UserStore":
    users = open_store_from_options(context, store, read_only=read_only)
    require_store(users, NOTHING_CHANGED)
    return users


def _change(
    users: "UserStore",
    action: "Action",
    named: "Sequence[str]",
    filter_text: str | None,
    values: dict[str, str] | None,
    *,
    allow_unlicensed: bool = False,
) -> "BulkChange":
    from qm_tui.store.changes.bulk import BulkChange
    from qm_tui.store.validation import ValidationOptions

    terms = ValidationOptions(allow_unlicensed)
    return BulkChange(action, selector_from_options(users, named, filter_text), values, terms)


def _apply(
    users: "UserStore",
    change: "BulkChange",
    confirm: int | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a change, or show what it would do.

    Raises:
        UserError: nothing would change, or it was not confirmed.
        typer.Exit: with the exit status, after the change.
    """
    from qm_tui.cli.shared.change_report import print_warnings, report
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.bulk import bulk_warnings, plan_bulk
    from qm_tui.store.changes.plan import commit_plan
    from qm_tui.store.errors import ConfirmationRequired

    with progress_line() as tick:
        plan = plan_bulk(change, users.state, tick)
    if dry_run:
        print_warnings(bulk_warnings(plan), len(plan.changes))
        report(plan, None, as_json=as_json)
        raise typer.Exit(_status(plan))
    if not plan.changes and plan.unchanged and not plan.skipped:
        report(plan, None, as_json=as_json)  # no error, so that scripts can be repeated
        raise typer.Exit
    confirmed = confirm or 0
    if change.deletes and len(plan.changes) == 1 and confirmed != 1:
        _confirm_deletion(plan, as_json=as_json)
    try:
        with progress_line() as progress:
            done = commit_plan(
                users, plan, confirmed=confirmed, accept_any_effect=True, progress=progress
            )
    except ConfirmationRequired as error:
        msg = f"{error} To confirm, add --confirm {error.count}."
        raise UserError(msg) from error
    print_warnings(bulk_warnings(done), len(done.changes))
    with report_errors(saved_text(users)):
        report(done, users.state.number, as_json=as_json)
    raise typer.Exit(_status(done))


def _confirm_deletion(plan: "BulkPlan", *, as_json: bool) -> None:
    """Ask for confirmation on a terminal.

    Raises:
        UserError: there is no terminal.
        typer.Abort: it was not confirmed.
    """
    (user,) = (plan.state.users[user_id] for user_id in plan.changes)
    name = sanitize(f"{user.first_name} {user.last_name}".strip() or user.user_name, _MAX_SHOWN)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        msg = (
            f"This would delete {name}. {_RECORDINGS} {NOTHING_CHANGED} To confirm, add "
            "--confirm 1."
        )
        raise UserError(msg)
    print_line(_RECORDINGS, to_error=as_json)
    typer.confirm(f"Delete {name}?", abort=True, err=as_json)


def _status(plan: "BulkPlan") -> int:
    return Status.PARTIAL if plan.skipped else Status.DONE


def _renamable_field(written: str) -> "Field":
    """Return the field to rename values of.

    Raises:
        UserError: its values cannot be renamed.
    """
    from qm_tui.cli.shared.field_assignments import renamable_names
    from qm_tui.users.query.filter_fields import matching_fields

    valid = renamable_names()
    matches = [match for match in matching_fields(written) if match.name in valid]
    if len(matches) == 1 and matches[0].field is not None:
        return matches[0].field
    error = (
        f"Cannot rename values of {sanitize(written, _MAX_SHOWN)}."
        if written.strip()
        else "The field is empty."
    )
    msg = f"{error} {NOTHING_CHANGED} Valid fields: {listed(valid)}."
    raise UserError(msg)


def _count(users: "UserStore", field: "Field", value: str) -> int:
    return sum(user[field.index] == value for user in users.state.users.values())


def _value(value: str) -> str:
    return f"'{sanitize(value, _MAX_SHOWN)}'" if value else "(empty)"


def _no_users_with_value(users: "UserStore", field: "Field", old: str) -> UserError:
    from difflib import get_close_matches

    values = {user[field.index] for user in users.state.users.values()} - {""}
    near = get_close_matches(old, sorted(values), n=1)
    meant = f" Did you mean {_value(near[0])}?" if near else ""
    return UserError(f"No users have {field.name} {_value(old)}.{meant} {NOTHING_CHANGED}")
