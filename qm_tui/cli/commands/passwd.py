"""`qm-tui passwd`: change a password. It is never an argument."""

import sys
from getpass import getpass
from typing import Annotated, Final

import typer

from qm_tui.cli.shared import common
from qm_tui.cli.shared.selection import find_user
from qm_tui.errors import UserError
from qm_tui.output import print_line
from qm_tui.progress_line import progress_line
from qm_tui.store.changes.bulk import BulkChange, by_ids, commit_bulk
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.text import sanitize
from qm_tui.users.passwords import LOCAL_HASH_NOTE, encrypt_password, password_error

_MAX_LENGTH: Final = 1 << 16


def read_password() -> str:
    """Prompt for a password twice, or read it as one line if standard input is not a terminal.

    Raises:
        UserError: it is invalid, or the two do not match.
    """
    try:
        if sys.stdin.isatty():
            password = getpass("New password: ")
            if password and getpass("Repeat password: ") != password:
                raise UserError(f"The passwords do not match. {common.NOTHING_CHANGED}")
        else:
            password = sys.stdin.readline(_MAX_LENGTH).removesuffix("\n").removesuffix("\r")
    except (EOFError, UnicodeDecodeError):
        password = ""
    issue = password_error(password)
    if issue:
        raise UserError(f"{issue} {common.NOTHING_CHANGED}")
    return password


def passwd(
    context: typer.Context,
    user: Annotated[
        str,
        typer.Argument(metavar="USER", help="User Name or User ID."),
    ],
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
) -> None:
    """Change the password of a user.

    Prompts for the password, or reads it as one line from standard input.
    """
    users = common.open_store_from_options(
        context, store, read_only=read_only, otherwise=common.NOTHING_CHANGED
    )
    meant = find_user(users.state, user)
    if users.read_only_reason:
        raise UserError(users.read_only_reason)
    values = encrypt_password(read_password())._asdict()
    change = BulkChange(Action(TransactionKind.PASSWORD), by_ids([meant.user_id]), values)
    with progress_line() as progress:
        commit_bulk(users, change, progress=progress)
    print_line(LOCAL_HASH_NOTE, to_error=True)
    name = sanitize(meant.user_name or meant.user_id, common.MAX_SHOWN)
    with common.report_errors(common.saved_text(users)):
        print_line(f"Changed the password of {name} (transaction {users.state.number:,}).")
