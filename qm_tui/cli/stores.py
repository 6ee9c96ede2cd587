"""`qm-tui init`, `backup`, `check` and `recover`: the store itself."""

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
            help="A folder for a store that a group shares, or the store's .json file in it.",
            show_default=False,
        ),
    ] = None,
    group: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The group that shares it.", show_default=False),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Create an empty store: your own, or one that a group shares."""
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
    given: Given = context.obj
    if shared is None or group is None:
        msg = "A shared store needs both: qm-tui init --shared PATH --group NAME."
        raise Refused(msg)
    if store or given.store:
        msg = "--shared and --store cannot be combined: both name the store."
        raise Refused(msg)
    if given.read_only:
        msg = "init and --read-only cannot be combined."
        raise Refused(msg)
    place = paths.store_path(shared)
    path = place if place.suffix.lower() == ".json" else place / "users.json"
    had = _maintenance(opened(context, path, read_only=False, load=False)).share(group)
    where, group_called = visible(str(path)), f"the group {visible(group, 64)}"
    with reporting(_STORE_SHARED if had else _STORE_CREATED):
        if had:
            say(f"The store {where} exists: its {had} files are now shared by {group_called}.")
        else:
            say(f"Created an empty store, shared by {group_called}: {where}")
        say(f"Its members use --store {where}, or set {paths.STORE_VARIABLE} to that.")


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", parser=a_path, help="The file to write.")],
    store: StoreOption = None,
) -> None:
    """Write the whole store to one file, while others go on.

    The file is a tar archive with all users and all transactions, as of one moment. To put it back,
    move the store's files away and extract it in their place, or use qm-tui recover.
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
        held = counted(len(users.state.users), "user")
        say(f"Backup complete. {held}, transaction {number:,}: {visible(str(target))} ({size})")


def check(context: typer.Context, store: StoreOption = None, as_json: JsonOption = False) -> None:
    """Check the store: checksums, transactions, rules, modes.

    Exit status 0 if it is sound, 1 if there are warnings, 2 if it is damaged.
    """
    from qm_tui.progress_line import progress_line
    from qm_tui.store.interface import Severity

    users = opened(context, store, read_only=True, load=False)
    with progress_line() as tick:
        found = _maintenance(users).check(tick)
    is_damaged = any(one.severity is Severity.DAMAGE for one in found)
    with reporting(""):
        if as_json:
            say_json([{"severity": one.severity, "message": one.message} for one in found])
        else:
            for one in found:
                say(f"{one.severity.capitalize()}: {one.message}")
            held = counted(len(users.state.users), "user")
            if is_damaged:
                say(f"The store {visible(users.location)} is damaged.")
            elif found:
                say(f"The store is not damaged: {held}, {counted(len(found), 'warning')}.")
            else:
                say(f"The store is sound: {held}, transaction {users.state.number:,}.")
    if found:
        raise typer.Exit(Status.REFUSED if is_damaged else Status.IN_PART)


def recover(
    context: typer.Context,
    new: Annotated[
        Path,
        typer.Argument(
            metavar="NEW.json", parser=a_path, help="The store to write. It must not exist."
        ),
    ],
    store: StoreOption = None,
) -> None:
    """Write what can be read of a damaged store to a new one.

    The damaged store, which may also be a backup file, is not changed. Exit status 1 if something
    could not be read.
    """
    from qm_tui.progress_line import progress_line

    damaged = store_path(context, store)
    users = opened(context, store, read_only=True, load=False)
    target = paths.store_path(new)
    with progress_line() as tick:
        recovered = _maintenance(users).recover(target, tick)
    with reporting("What could be read is in the new store."):
        held = counted(recovered.users, "user")
        say(f"{held} written to {visible(str(target))}, as of transaction {recovered.number:,}.")
        for loss in recovered.losses:
            say(loss)
        if recovered.losses:
            say(f"Lost: {counted(len(recovered.losses), 'part')} of the store, listed above.")
        say(f"{visible(str(damaged))} was not changed.")
    if recovered.losses:
        raise typer.Exit(Status.IN_PART)


def _maintenance(users: "UserStore") -> "Maintenance":
    if users.maintenance is None:
        msg = f"The store {visible(users.location)} keeps no files."
        raise Refused(msg)
    return users.maintenance
