"""`qm-tui passwd`: another password for a user, typed or piped, and never an argument."""

import sys
from typing import Annotated, Final

import typer

from qm_tui.cli.common import (
    ReadOnlyOption,
    StoreOption,
    opened,
    reporting,
    require_store,
    saved,
)
from qm_tui.errors import Refused
from qm_tui.output import say
from qm_tui.text import visible

_LONGEST: Final = 1 << 16
_NOTHING: Final = "Nothing was changed."


def read_password() -> str:
    """A password: asked for twice on a terminal, without showing it, else a line of standard input.

    Raises:
        Refused: it is none, or the two are not the same.
    """
    from getpass import getpass

    from qm_tui.users.passwords import password_fault

    try:
        if sys.stdin.isatty():
            password = getpass("New password: ")
            if password and getpass("The same again: ") != password:
                msg = f"The two passwords are not the same. {_NOTHING}"
                raise Refused(msg)
        else:
            password = sys.stdin.readline(_LONGEST).removesuffix("\n").removesuffix("\r")
    except (EOFError, UnicodeDecodeError):
        password = ""
    fault = password_fault(password)
    if fault:
        msg = f"{fault} {_NOTHING}"
        raise Refused(msg)
    return password


def passwd(
    context: typer.Context,
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="A User Name or a User ID."),
    ],
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Change a user's password. It is asked for, or read as one line of standard input."""
    from qm_tui.cli.whom import user_named
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.bulk import BulkChange, chosen, commit_bulk
    from qm_tui.store.interface import TransactionKind
    from qm_tui.users.passwords import SET_HERE, encrypted

    users = opened(context, store, read_only=read_only)
    require_store(users, _NOTHING)
    meant = user_named(users.state, user)
    if users.read_only_reason:
        raise Refused(users.read_only_reason)
    values = encrypted(read_password())._asdict()
    change = BulkChange(TransactionKind.PASSWORD, "password", chosen([meant.user_id]), values)
    with progress_line() as tick:
        commit_bulk(users, change, tick=tick)
    say(SET_HERE, to_error=True)
    name = visible(meant.user_name or meant.user_id, 60)
    with reporting(saved(users)):
        say(f"Password of {name} changed, by transaction {users.state.number:,}.")
