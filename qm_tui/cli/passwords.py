"""`qm-tui passwd`: change a password. It is never an argument."""

import sys
from typing import Annotated, Final

import typer

from qm_tui.cli.common import (
    NOTHING_CHANGED,
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


def read_password() -> str:
    """Prompt for a password twice, or read it as one line if standard input is not a terminal.

    Raises:
        Refused: it is invalid, or the two do not match.
    """
    from getpass import getpass

    from qm_tui.users.passwords import password_fault

    try:
        if sys.stdin.isatty():
            password = getpass("New password: ")
            if password and getpass("Repeat password: ") != password:
                msg = f"The passwords do not match. {NOTHING_CHANGED}"
                raise Refused(msg)
        else:
            password = sys.stdin.readline(_LONGEST).removesuffix("\n").removesuffix("\r")
    except (EOFError, UnicodeDecodeError):
        password = ""
    fault = password_fault(password)
    if fault:
        msg = f"{fault} {NOTHING_CHANGED}"
        raise Refused(msg)
    return password


def passwd(
    context: typer.Context,
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="User Name or User ID."),
    ],
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
) -> None:
    """Change the password of a user.

    Prompts for the password, or reads it as one line from standard input.
    """
    from qm_tui.cli.whom import user_named
    from qm_tui.progress_line import progress_line
    from qm_tui.store.changes.bulk import BulkChange, chosen, commit_bulk
    from qm_tui.store.interface import Action, TransactionKind
    from qm_tui.users.passwords import SET_HERE, encrypted

    users = opened(context, store, read_only=read_only)
    require_store(users, NOTHING_CHANGED)
    meant = user_named(users.state, user)
    if users.read_only_reason:
        raise Refused(users.read_only_reason)
    values = encrypted(read_password())._asdict()
    change = BulkChange(Action(TransactionKind.PASSWORD), chosen([meant.user_id]), values)
    with progress_line() as tick:
        commit_bulk(users, change, tick=tick)
    say(SET_HERE, to_error=True)
    name = visible(meant.user_name or meant.user_id, 60)
    with reporting(saved(users)):
        say(f"Changed the password of {name} (transaction {users.state.number:,}).")
