"""`qm-tui set`, `activate`, `inactivate`, `delete` and `rename`: change several users at once."""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Annotated, Final

import typer

from qm_tui.cli.shared import common
from qm_tui.cli.shared.change_report import report
from qm_tui.cli.shared.field_assignments import (
    USE_ASSIGNMENT,
    is_assignment,
    parse_assignments,
    renamable_names,
)
from qm_tui.cli.shared.selection import USER_HELP, FilterOption, is_user, selector_from_options
from qm_tui.errors import UserError
from qm_tui.output import print_line
from qm_tui.progress_line import progress_line
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, bulk_warnings, by_field_value, plan_bulk
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.validation import ValidationOptions
from qm_tui.text import listed, pluralize, sanitize
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.users.fields import FIELD, Field
from qm_tui.users.query.filter_fields import matching_fields

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
    allow_unlicensed: common.UnlicensedOption = False,
    confirm: common.ConfirmOption = None,
    dry_run: common.DryRunOption = False,
    as_json: common.JsonOption = False,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Set fields of one or more users.

    Name the users, or select them with --filter. Fields have the same names as in filters.
    """
    users = common.open_store_from_options(
        context, store, read_only=read_only, otherwise=common.NOTHING_CHANGED
    )
    assigned = [
        argument
        for argument in arguments
        if is_assignment(argument) or ("=" in argument and not is_user(users.state, argument))
    ]
    named = [argument for argument in arguments if argument not in assigned]
    values = parse_assignments(assigned)
    if not values:
        raise UserError(f"No values are given. {common.NOTHING_CHANGED} {USE_ASSIGNMENT}")
    if "user_name" in values and (filter_text is not None or len(named) > 1):
        raise UserError(f"User Names must be unique. {common.NOTHING_CHANGED} Name one user.")
    action = Action(TransactionKind.SET, ", ".join(FIELD[key].name for key in values))
    selector = selector_from_options(users.state, named, filter_text)
    change = BulkChange(action, selector, values, ValidationOptions(allow_unlicensed))
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def _command(
    kind: TransactionKind, values: dict[str, str] | None, help_text: str
) -> Callable[..., None]:
    """Return a command for selected users.

    Args:
        kind: what it does, for the activity log.
        values: the values that it sets; None if it deletes the users.
        help_text: its help.
    """

    def command(
        context: typer.Context,
        named: UsersArgument = None,
        filter_text: FilterOption = None,
        confirm: common.ConfirmOption = None,
        dry_run: common.DryRunOption = False,
        as_json: common.JsonOption = False,
        store: common.StoreOption = None,
        read_only: common.ReadOnlyOption = False,
    ) -> None:
        users = common.open_store_from_options(
            context, store, read_only=read_only, otherwise=common.NOTHING_CHANGED
        )
        selector = selector_from_options(users.state, named or (), filter_text)
        change = BulkChange(Action(kind), selector, values)
        _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)

    command.__doc__ = help_text
    return command


activate = _command(TransactionKind.ACTIVATE, {"is_active": "1"}, "Activate users.")
inactivate = _command(
    TransactionKind.INACTIVATE,
    {"is_active": "0"},
    "Inactivate users.\n\nTheir recordings are kept.",
)
delete = _command(
    TransactionKind.DELETE,
    None,
    "Delete users.\n\n"
    "In the suite, this also deletes their recordings; inactivating keeps them. Deleting requires "
    "--confirm N, the number of users. On a terminal, one user can be confirmed at a prompt "
    "instead.",
)


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
        str, typer.Argument(metavar="OLD", help="Current value (exact match); '' for no value.")
    ],
    new: Annotated[str, typer.Argument(metavar="NEW", help="New value; '' clears the field.")],
    merge: Annotated[
        bool, typer.Option("--merge", help="Merge OLD into NEW if NEW is already in use.")
    ] = False,
    confirm: common.ConfirmOption = None,
    dry_run: common.DryRunOption = False,
    as_json: common.JsonOption = False,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Rename or merge a department, location or profile.

    Changes all users with this value.
    """
    meant = _renamable_field(field)
    new = new.strip(BLANKS)
    users = common.open_store_from_options(
        context, store, read_only=read_only, otherwise=common.NOTHING_CHANGED
    )
    numbers = users.state.numbers(meant.key, (old, new))
    if old not in numbers:
        in_use = (value for (value,) in users.state.groups((meant.key,)))
        near = get_close_matches(old, sorted(filter(None, in_use)), n=1)
        suggestion = f" Did you mean {_value(near[0])}?" if near else ""
        raise UserError(
            f"No users have {meant.name} {_value(old)}.{suggestion} {common.NOTHING_CHANGED}"
        )
    if new == old:
        raise UserError(f"Nothing to rename: the old and the new value are {_value(new)}.")
    if new in numbers and not merge:
        raise UserError(
            f"{meant.name} {_value(new)} is already used by {pluralize(numbers[new], 'user')}. "
            f"{common.NOTHING_CHANGED} To merge {pluralize(numbers[old], 'user')} into it, add "
            "--merge."
        )
    action = Action(TransactionKind.RENAME, meant.name, f"{_value(old)} → {_value(new)}")
    change = BulkChange(action, by_field_value(meant, old), {meant.key: new})
    _apply(users, change, confirm, dry_run=dry_run, as_json=as_json)


def _apply(
    users: UserStore, change: BulkChange, confirm: int | None, *, dry_run: bool, as_json: bool
) -> None:
    """Make a change, or show what it would do.

    Raises:
        UserError: nothing would change, or it was not confirmed.
        typer.Exit: with the exit status, after the change.
    """
    with progress_line() as tick:
        plan = plan_bulk(change, users.state, tick)
        warnings = bulk_warnings(plan, tick)
    # not an error if nothing would change, so that scripts can be repeated
    if dry_run or (plan.unchanged and not plan.changes and not plan.skipped):
        report(users, plan, warnings, is_done=False, as_json=as_json)
    if change.deletes and len(plan.changes) == 1 and confirm != 1:
        _confirm_deletion(plan, as_json=as_json)
    done = common.commit(users, plan, confirm or 0)
    report(users, done, warnings, is_done=True, as_json=as_json)


def _confirm_deletion(plan: BulkPlan, *, as_json: bool) -> None:
    """Ask for confirmation on a terminal.

    Raises:
        UserError: there is no terminal.
        typer.Abort: it was not confirmed.
    """
    (user,) = (plan.stored[user_id] for user_id in plan.changes)
    name = sanitize(
        f"{user.first_name} {user.last_name}".strip() or user.user_name, common.MAX_SHOWN
    )
    if not common.is_interactive():
        raise UserError(
            f"This would delete {name}. {_RECORDINGS} {common.NOTHING_CHANGED} To confirm, add "
            "--confirm 1."
        )
    print_line(_RECORDINGS, to_error=as_json)
    typer.confirm(f"Delete {name}?", abort=True, err=as_json)


def _renamable_field(written: str) -> Field:
    """Return the field to rename values of.

    Raises:
        UserError: its values cannot be renamed.
    """
    valid = renamable_names()
    matches = [match for match in matching_fields(written) if match.name in valid]
    if len(matches) == 1 and matches[0].field is not None:
        return matches[0].field
    shown = sanitize(written, common.MAX_SHOWN)
    error = f"Cannot rename values of {shown}." if written.strip() else "The field is empty."
    raise UserError(f"{error} {common.NOTHING_CHANGED} Valid fields: {listed(valid)}.")


def _value(value: str) -> str:
    return f"'{sanitize(value, common.MAX_SHOWN)}'" if value else "(empty)"
