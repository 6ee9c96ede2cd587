"""`qm-tui init`, `backup`, `check` and `recover`: create and maintain a store."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui import paths
from qm_tui.cli.common import (
    Given,
    JsonOption,
    Status,
    StoreOption,
    a_path,
    opened,
    reporting,
    store_path,
)
from qm_tui.errors import Refused
from qm_tui.output import say, say_json
from qm_tui.text import counted, size_text, visible

if TYPE_CHECKING:
    from qm_tui.store.interface import Maintenance, UserStore

_STORE_CREATED: Final = "The store was created."
_STORE_SHARED: Final = "The store was shared."


def init(
    context: typer.Context,
    shared: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=a_path,
            help="Create a shared store in this folder, or with this .json file.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Group that shares the store.", show_default=False),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Create an empty store, private or shared by a group."""
    if shared is not None or group is not None:
        _init_shared(context, shared, group, store)
        return
    users = opened(context, store, read_only=False)
    _maintenance(users).create()
    with reporting(_STORE_CREATED):
        say(f"Created an empty store: {visible(users.location)}")


def _init_shared(
    context: typer.Context, shared: Path | None, group: str | None, store: Path | None
) -> None:
    options: Given = context.obj
    if shared is None:
        msg = "--group requires --shared PATH."
        raise Refused(msg)
    if group is None:
        msg = "--shared requires --group NAME."
        raise Refused(msg)
    if store or options.store:
        msg = "--shared and --store cannot be combined."
        raise Refused(msg)
    if options.read_only:
        msg = "--read-only and init cannot be combined."
        raise Refused(msg)
    target = paths.store_path(shared)
    path = target if target.suffix.lower() == ".json" else target / "users.json"
    existing = _maintenance(opened(context, path, read_only=False, load=False)).share(group)
    location, group_name = visible(str(path)), visible(group, 64)
    with reporting(_STORE_SHARED if existing else _STORE_CREATED):
        if existing:
            files = counted(existing, "file")
            say(f"Shared the existing store {location} ({files}) with the group {group_name}.")
        else:
            say(f"Created an empty store shared by the group {group_name}: {location}")
        say(
            f"To open it, members of the group use --store {location}, or set "
            f"{paths.STORE_VARIABLE} to this path."
        )


def backup(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", parser=a_path, help="Backup file; must not exist.")
    ],
    store: StoreOption = None,
) -> None:
    """Back up the store to one file.

    The file is a tar archive with all users and all transactions. Other admins can go on working.
    To restore it, extract it in place of the store's files, or run qm-tui recover with --store
    FILE.
    """
    from qm_tui.progress_line import progress_line

    users = opened(context, store, read_only=True)
    target = paths.store_path(file)
    if str(file) == "-":
        msg = "A backup cannot be written to standard output. Give the path of a file."
        raise Refused(msg)
    with progress_line() as tick:
        number = _maintenance(users).backup(target, tick)
    with reporting("The backup is complete."):
        size = size_text(target.stat().st_size)
        users_text = counted(len(users.state.users), "user")
        say(
            f"Backup complete. {users_text} written to {visible(str(target))} ({size}), as of "
            f"transaction {number:,}"
        )


def check(context: typer.Context, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Check the store for damage.

    Checks checksums, transactions, users and file modes. Exit status: 0 if the store is intact, 1
    if there are warnings, 2 if it is damaged.
    """
    from qm_tui.progress_line import progress_line
    from qm_tui.store.interface import Severity

    users = opened(context, store, read_only=True, load=False)
    with progress_line() as tick:
        findings = _maintenance(users).check(tick)
    is_damaged = any(finding.severity is Severity.DAMAGE for finding in findings)
    captions = {Severity.DAMAGE: "Damage", Severity.WARNING: "Warning"}
    with reporting(""):
        if as_json:
            say_json(
                [{"severity": finding.severity, "message": finding.message} for finding in findings]
            )
        else:
            for finding in findings:
                say(f"{captions[finding.severity]}: {finding.message}")
            users_text = counted(len(users.state.users), "user")
            if is_damaged:
                say(
                    f"The store {visible(users.location)} is damaged. To recover it, run qm-tui "
                    "recover NEW.json."
                )
            elif findings:
                warnings = counted(len(findings), "warning")
                say(f"The store is intact: {users_text}, {warnings}.")
            else:
                say(f"The store is intact: {users_text}, transaction {users.state.number:,}.")
    if findings:
        raise typer.Exit(Status.REFUSED if is_damaged else Status.IN_PART)


def recover(
    context: typer.Context,
    new: Annotated[
        Path,
        typer.Argument(metavar="NEW.json", parser=a_path, help="New store; must not exist."),
    ],
    store: StoreOption = None,
) -> None:
    """Recover a damaged store or a backup into a new store.

    The damaged store or the backup file (--store) is not changed. Exit status: 0 if everything was
    recovered, 1 if parts were lost.
    """
    from qm_tui.progress_line import progress_line

    damaged = store_path(context, store)
    users = opened(context, store, read_only=True, load=False)
    target = paths.store_path(new)
    with progress_line() as tick:
        recovered = _maintenance(users).recover(target, tick)
    with reporting("The recovered data is in the new store."):
        say(
            f"Recovered {counted(recovered.users, 'user')} to {visible(str(target))}, as of "
            f"transaction {recovered.number:,}."
        )
        for loss in recovered.losses:
            say(loss)
        if recovered.losses:
            say(f"Lost: {counted(len(recovered.losses), 'part')} of the store, listed above.")
        say(f"{visible(str(damaged))} was not changed.")
    if recovered.losses:
        raise typer.Exit(Status.IN_PART)


def _maintenance(users: "UserStore") -> "Maintenance":
    if users.maintenance is None:
        msg = f"This command is not available for the store {visible(users.location)}."
        raise Refused(msg)
    return users.maintenance
