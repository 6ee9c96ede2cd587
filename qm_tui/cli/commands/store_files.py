"""`qm-tui backup`, `check` and `recover`: maintain the files of a store."""

from pathlib import Path
from typing import Annotated, Final

import typer

from qm_tui import paths
from qm_tui.cli.shared import common
from qm_tui.errors import UserError
from qm_tui.output import print_json, print_line
from qm_tui.progress_line import progress_line
from qm_tui.store.interface import StoreIssueSeverity
from qm_tui.text import pluralize, sanitize, size_text

_USE_PG_DUMP: Final = "Back it up with pg_dump."
_USE_PG_AMCHECK: Final = "Check it with pg_amcheck, and look at it with psql."
_USE_PG_RESTORE: Final = "Restore a backup with pg_restore or psql."


def backup(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", parser=common.parse_path, help="Backup file; must not exist."
        ),
    ],
    store: common.StoreOption = None,
) -> None:
    """Back up the store to one file.

    The file is a tar archive with all users and all transactions. Other admins can go on working.
    To restore it, extract it in place of the store's files, or run qm-tui recover with --store
    FILE.
    """
    users = common.open_store_from_options(context, store, read_only=True, load=False)
    maintenance = common.file_maintenance(users, _USE_PG_DUMP)
    users.load()
    common.print_notices(users)
    target = paths.absolute_path(file)
    if str(file) == "-":
        raise UserError("A backup cannot be written to standard output. Give the path of a file.")
    with progress_line() as progress:
        number = maintenance.backup(target, progress)
    with common.report_errors("The backup is complete."):
        size = size_text(target.stat().st_size)
        users_text = pluralize(users.state.total, "user")
        print_line(
            f"Backup complete. {users_text} written to {sanitize(str(target))} ({size}), as of "
            f"transaction {number:,}"
        )


def check(
    context: typer.Context, store: common.StoreOption = None, as_json: common.JsonOption = False
) -> None:
    """Check the store for damage.

    Checks checksums, transactions, users and file modes. Exit status: 0 if the store is intact, 1
    if there are warnings, 2 if it is damaged.
    """
    users = common.open_store_from_options(context, store, read_only=True, load=False)
    with progress_line() as progress:
        findings = common.file_maintenance(users, _USE_PG_AMCHECK).check(progress)
    is_damaged = any(finding.severity is StoreIssueSeverity.DAMAGE for finding in findings)
    text = f"The store is intact: {pluralize(users.state.total, 'user')}"
    if is_damaged:
        location = sanitize(users.location)
        text = f"The store {location} is damaged. To recover it, run qm-tui recover NEW.json"
    elif findings:
        text += f", {pluralize(len(findings), 'warning')}"
    else:
        text += f", transaction {users.state.number:,}"
    with common.report_errors(""):
        if as_json:
            print_json(
                [{"severity": finding.severity, "message": finding.message} for finding in findings]
            )
        else:
            for finding in findings:
                print_line(f"{finding.severity.capitalize()}: {finding.message}")
            print_line(f"{text}.")
    if findings:
        raise typer.Exit(common.Status.FAILED if is_damaged else common.Status.PARTIAL)


def recover(
    context: typer.Context,
    new: Annotated[
        Path,
        typer.Argument(
            metavar="NEW.json", parser=common.parse_path, help="New store; must not exist."
        ),
    ],
    store: common.StoreOption = None,
) -> None:
    """Recover a damaged store or a backup into a new store.

    The damaged store or the backup file (--store) is not changed. Exit status: 0 if everything was
    recovered, 1 if parts were lost.
    """
    users = common.open_store_from_options(context, store, read_only=True, load=False)
    target = paths.absolute_path(new)
    with progress_line() as progress:
        recovered = common.file_maintenance(users, _USE_PG_RESTORE).recover(target, progress)
    with common.report_errors("The recovered data is in the new store."):
        print_line(
            f"Recovered {pluralize(recovered.users, 'user')} to {sanitize(str(target))}, as of "
            f"transaction {recovered.number:,}."
        )
        for loss in recovered.losses:
            print_line(loss)
        if recovered.losses:
            parts = pluralize(len(recovered.losses), "part")
            print_line(f"Lost: {parts} of the store, listed above.")
        print_line(f"{sanitize(users.location)} was not changed.")
    if recovered.losses:
        raise typer.Exit(common.Status.PARTIAL)
