"""`qm-tui init`, `backup`, `check` and `recover`: create and maintain a store."""

from pathlib import Path
from typing import Annotated, Final

import typer

from qm_tui import paths
from qm_tui.cli.shared import common
from qm_tui.errors import UserError
from qm_tui.output import print_json, print_line
from qm_tui.progress_line import progress_line
from qm_tui.store.interface import Maintenance, StoreIssueSeverity, UserStore
from qm_tui.text import pluralize, sanitize, size_text

_STORE_CREATED: Final = "The store was created."
_STORE_SHARED: Final = "The store was shared."


def init(
    context: typer.Context,
    shared: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=common.parse_path,
            help="Create a shared store in this folder, or with this .json file.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Group that shares the store.", show_default=False),
    ] = None,
    store: common.StoreOption = None,
) -> None:
    """Create an empty store, private or shared by a group."""
    if shared is not None or group is not None:
        _init_shared(context, shared, group, store)
        return
    users = common.open_store_from_options(context, store, read_only=False)
    _maintenance(users).create()
    with common.report_errors(_STORE_CREATED):
        print_line(f"Created an empty store: {sanitize(users.location)}")


def _init_shared(
    context: typer.Context, shared: Path | None, group: str | None, store: Path | None
) -> None:
    options: common.GlobalOptions = context.obj
    if shared is None:
        raise UserError("--group requires --shared PATH.")
    if group is None:
        raise UserError("--shared requires --group NAME.")
    if store or options.store:
        raise UserError("--shared and --store cannot be combined.")
    if options.read_only:
        raise UserError("--read-only and init cannot be combined.")
    target = paths.store_path(shared)
    path = target if target.suffix.lower() == ".json" else target / "users.json"
    users = common.open_store_from_options(context, path, read_only=False, load=False)
    existing = _maintenance(users).share(group)
    location, group_name = sanitize(str(path)), sanitize(group, 64)
    if existing:
        files = pluralize(existing, "file")
        done = f"Shared the existing store {location} ({files}) with the group {group_name}."
    else:
        done = f"Created an empty store shared by the group {group_name}: {location}"
    with common.report_errors(_STORE_SHARED if existing else _STORE_CREATED):
        print_line(done)
        print_line(
            f"To open it, members of the group use --store {location}, or set "
            f"{paths.STORE_VARIABLE} to this path."
        )


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
    users = common.open_store_from_options(context, store, read_only=True)
    target = paths.store_path(file)
    if str(file) == "-":
        raise UserError("A backup cannot be written to standard output. Give the path of a file.")
    with progress_line() as progress:
        number = _maintenance(users).backup(target, progress)
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
        findings = _maintenance(users).check(progress)
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
    damaged = common.store_path(context, store)
    users = common.open_store_from_options(context, store, read_only=True, load=False)
    target = paths.store_path(new)
    with progress_line() as progress:
        recovered = _maintenance(users).recover(target, progress)
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
        print_line(f"{sanitize(str(damaged))} was not changed.")
    if recovered.losses:
        raise typer.Exit(common.Status.PARTIAL)


def _maintenance(users: UserStore) -> Maintenance:
    if users.maintenance is None:
        location = sanitize(users.location)
        raise UserError(f"This command is not available for the store {location}.")
    return users.maintenance
