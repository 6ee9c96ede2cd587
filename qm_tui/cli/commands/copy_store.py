"""`qm-tui copy`: copy a whole store with its history to a new one."""

from typing import Annotated, Final

import typer

from qm_tui.cli.shared import common
from qm_tui.errors import UserError
from qm_tui.output import print_line
from qm_tui.progress_line import progress_line
from qm_tui.store.copying import copy_store
from qm_tui.text import pluralize, sanitize

_NOTHING_COPIED: Final = "Nothing was copied."


def copy(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(
            metavar="FROM",
            parser=common.parse_location,
            help="Store to copy: file, or URL of a PostgreSQL database.",
        ),
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TO",
            parser=common.parse_location,
            help="New store: file that must not exist, or URL of an empty store.",
        ),
    ],
) -> None:
    """Copy a store with its history to a new store.

    Copies all users and all transactions, so that Activity and undo work in the new store. Then
    reads both stores, and compares them by a SHA-256 digest. To create an empty PostgreSQL store,
    run qm-tui init first. Make no changes in FROM until all admins use the new store. Exit status:
    0 if everything was copied, 1 if parts or newer transactions were not.
    """
    options: common.GlobalOptions = context.obj
    if options.store:
        raise UserError("--store and copy cannot be combined.")
    if options.read_only:
        raise UserError("--read-only and copy cannot be combined.")
    users = common.open_store_from_options(
        context, source, read_only=True, otherwise=_NOTHING_COPIED
    )
    new = common.open_store_from_options(context, target, read_only=False, load=False)
    with progress_line() as progress:
        report = copy_store(users, new, progress)
    with common.report_errors("The store was copied."):
        shown, copied = sanitize(users.location), sanitize(new.location)
        print_line(
            f"Copied {pluralize(report.users, 'user')} from {shown} to {copied}, as of transaction "
            f"{report.number:,}."
        )
        print_line(f"Both stores have the SHA-256 digest {report.digest}.")
        for loss in report.losses:
            print_line(loss)
        if report.newer:
            newer = pluralize(report.newer, "transaction")
            print_line(
                f"{shown} has {newer} more: another admin changed it in the meantime. To copy "
                "them, too, copy it to a new store again when no admin uses it."
            )
    if report.losses or report.newer:
        raise typer.Exit(common.Status.PARTIAL)
