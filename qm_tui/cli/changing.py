"""`qm-tui set`, `activate`, `inactivate`, `delete` and `rename`: many users in one transaction."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui.cli.choosing import FilterOption
from qm_tui.cli.common import (
    JsonOption,
    ReadOnlyOption,
    Status,
    StoreOption,
    how_many,
    opened,
    reporting,
    require_store,
    saved,
)
from qm_tui.cli.whom import USER_HELP, whom
from qm_tui.errors import Refused
from qm_tui.output import say
from qm_tui.text import counted, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qm_tui.store.changes.bulk import BulkChange, BulkPlan
    from qm_tui.store.interface import TransactionKind, UserStore
    from qm_tui.users.fields import Field

_NOTHING: Final = "Nothing was changed."
_SHOWN: Final = 60

UsersArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[USER]...", help=USER_HELP, show_default=False),
]
ConfirmOption = Annotated[
    int | None,
    typer.Option(
        "--confirm",
        metavar="N",
        parser=how_many,
        help="Their number: a change that takes something from many users is made only with it.",
        show_default=False,
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")
]
UnlicensedOption = Annotated[
    bool,
    typer.Option(
        "--allow-unlicensed", help="Let users have neither unlimited nor on-demand license."
    ),
]


def set_(
    context: typer.Context,
    arguments: Annotated[
        list[str],
        typer.Argument(
            metavar="[USER]... NAME=VALUE...",
            help="Whom, and what: User Names or User IDs, and fields as in filters: "
            "department='Sales Nord' active=no license=on-demand location=",
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
    """Give fields of users a value: of those named, or of those that a filter finds."""
    from qm_tui.cli.assignments import assignments, is_assignment
    from qm_tui.cli.whom import is_user
    from qm_tui.store.interface import TransactionKind
    from qm_tui.users.fields import FIELD

    users = _opened(context, store, read_only=read_only)
    given = [
        one
        for one in arguments
        if is_assignment(one) or ("=" in one and not is_user(users.state, one))
    ]
    named = [one for one in arguments if one not in given]
    values = assignments(given)
    if not values:
        msg = f"No value is given. Write it as NAME=VALUE, as in location=Oslo. {_NOTHING}"
        raise Refused(msg)
    if "user_name" in values and (filter_text is not None or len(named) > 1):
        msg = f"User Name is one user's alone: name one user. {_NOTHING}"
        raise Refused(msg)
    names = ", ".join(FIELD[key].name for key in values)
    change = _change(
        users,
        TransactionKind.SET,
        f"set {names}",
        named,
        filter_text,
        values,
        allow_unlicensed=allow_unlicensed,
    )
    _carry_out(users, change, confirm, dry_run=dry_run, as_json=as_json)


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
    from qm_tui.store.interface import TransactionKind

    users = _opened(context, store, read_only=read_only)
    kind = TransactionKind.ACTIVATE
    change = _change(users, kind, kind.value, named or (), filter_text, {"is_active": "1"})
    _carry_out(users, change, confirm, dry_run=dry_run, as_json=as_json)


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
    """Inactivate users. Their recordings are kept in the Quality Management Suite."""
    from qm_tui.store.interface import TransactionKind

    users = _opened(context, store, read_only=read_only)
    kind = TransactionKind.INACTIVATE
    change = _change(users, kind, kind.value, named or (), filter_text, {"is_active": "0"})
    _carry_out(users, change, confirm, dry_run=dry_run, as_json=as_json)


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
    """Delete users. In the Quality Management Suite that deletes their recordings too.

    Inactivating a user keeps the recordings. Deleting always wants the number of users with
    --confirm N; for one user on a terminal it asks instead.
    """
    from qm_tui.store.interface import TransactionKind

    users = _opened(context, store, read_only=read_only)
    kind = TransactionKind.DELETE
    change = _change(users, kind, kind.value, named or (), filter_text, None)
    _carry_out(users, change, confirm, dry_run=dry_run, as_json=as_json)


def rename(
    context: typer.Context,
    field: Annotated[
        str,
        typer.Argument(
            metavar="FIELD",
            help="department, location, security-profile, recording-profile or recording-service.",
        ),
    ],
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD",
            help="The value, exactly; '' for users without one.",
        ),
    ],
    new: Annotated[
        str,
        typer.Argument(metavar="NEW", help="What it becomes; '' clears it."),
    ],
    merge: Annotated[
        bool, typer.Option("--merge", help="Do it where NEW is in use already: both become one.")
    ] = False,
    confirm: ConfirmOption = None,
    dry_run: DryRunOption = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Rename a department, a location or a profile for all its users, or merge two into one."""
    from qm_tui.store.changes.bulk import BulkChange, having
    from qm_tui.store.interface import TransactionKind
    from qm_tui.transfer.reading.csv_rows import BLANKS

    meant = _renamed(field)
    new = new.strip(BLANKS)
    users = _opened(context, store, read_only=read_only)
    with_old, with_new = (_count(users, meant, value) for value in (old, new))
    if not with_old:
        raise _nobodys(users, meant, old)
    if new == old:
        msg = f"{meant.name} is {_value(new)} already. {_NOTHING}"
        raise Refused(msg)
    if with_new and not merge:
        msg = (
            f"{counted(with_new, 'user')} have {meant.name} {_value(new)}, and {with_old:,} "
            f"{_value(old)}. To make both one, add --merge. {_NOTHING}"
        )
        raise Refused(msg)
    reason = f"rename of {meant.name} {_value(old)} to {_value(new)}"
    whom = having(meant, old)
    change = BulkChange(TransactionKind.RENAME, reason, whom, {meant.key: new})
    _carry_out(users, change, confirm, dry_run=dry_run, as_json=as_json)


def _opened(context: typer.Context, store: Path | None, *, read_only: bool) -> "UserStore":
    users = opened(context, store, read_only=read_only)
    require_store(users, _NOTHING)
    return users


def _change(
    users: "UserStore",
    kind: "TransactionKind",
    reason: str,
    named: "Sequence[str]",
    filter_text: str | None,
    values: dict[str, str] | None,
    *,
    allow_unlicensed: bool = False,
) -> "BulkChange":
    from qm_tui.store.changes.bulk import BulkChange
    from qm_tui.store.validation import ValidationOptions

    terms = ValidationOptions(allow_unlicensed)
    return BulkChange(kind, reason, whom(users, named, filter_text), values, terms)


def _carry_out(
    users: "UserStore",
    change: "BulkChange",
    confirm: int | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Make a change, or say what it would do.

    Raises:
        Refused: nothing would change, or its number was not confirmed.
        typer.Exit: with the status, once it is done.
    """
    from qm_tui.cli.outcome import report
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.bulk import commit_bulk, plan_bulk
    from qm_tui.store.errors import ConfirmationRequired

    with progress_line() as tick:
        plan = plan_bulk(change, users.state, tick)
    if dry_run:
        report(plan, None, as_json=as_json)
        raise typer.Exit(_status(plan))
    if not plan.changes and plan.same and not plan.left_out:
        report(plan, None, as_json=as_json)  # so that a script may say it twice
        raise typer.Exit
    confirmed = confirm or 0
    if change.deletes and len(plan.changes) == 1 and confirmed != 1:
        _ask_before_deletion(plan, as_json=as_json)
    try:
        with progress_line() as tick:
            done = commit_bulk(users, change, confirmed=confirmed, tick=tick)
    except ConfirmationRequired as error:
        msg = f"{error} The option is: --confirm {error.count}."
        raise Refused(msg) from error
    with reporting(saved(users)):
        report(done, users.state.number, as_json=as_json)
    raise typer.Exit(_status(done))


def _ask_before_deletion(plan: "BulkPlan", *, as_json: bool) -> None:
    """Ask on a terminal; without one it must be confirmed."""
    (user,) = (plan.state.users[user_id] for user_id in plan.changes)
    name = visible(f"{user.first_name} {user.last_name}".strip() or user.user_name, _SHOWN)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        msg = (
            f"This would delete {name}; in the Quality Management Suite that deletes the "
            "recordings too, and inactivating keeps them. Nothing was changed; confirm it with "
            "--confirm 1."
        )
        raise Refused(msg)
    say(
        "In the Quality Management Suite, deleting a user deletes the recordings too. "
        "Inactivating keeps them.",
        to_error=as_json,
    )
    typer.confirm(f"Delete {name}?", abort=True, err=as_json)


def _status(plan: "BulkPlan") -> int:
    return Status.IN_PART if plan.left_out else Status.DONE


RENAMED: Final = (
    "department",
    "location",
    "security-profile",
    "recording-profile",
    "recording-service",
)


def _renamed(written: str) -> "Field":
    """The field whose values are renamed.

    Raises:
        Refused: it is none of those.
    """
    from qm_tui.users.query.filter_fields import names_for

    found = [one for one in names_for(written) if one.name in RENAMED]
    if len(found) == 1 and found[0].field is not None:
        return found[0].field
    what = visible(written, _SHOWN) if written.strip() else "A field without a name"
    msg = f"{what} cannot be renamed. There are {', '.join(RENAMED[:-1])} and {RENAMED[-1]}."
    raise Refused(msg)


def _count(users: "UserStore", field: "Field", value: str) -> int:
    return sum(user[field.index] == value for user in users.state.users.values())


def _value(value: str) -> str:
    return f"'{visible(value, _SHOWN)}'" if value else "(empty)"


def _nobodys(users: "UserStore", field: "Field", old: str) -> Refused:
    from difflib import get_close_matches

    values = {user[field.index] for user in users.state.users.values()} - {""}
    near = get_close_matches(old, sorted(values), n=1)
    meant = f" Did you mean {_value(near[0])}?" if near else ""
    return Refused(f"No user has {field.name} {_value(old)}.{meant} {_NOTHING}")
