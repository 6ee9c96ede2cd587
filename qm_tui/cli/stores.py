"""`qm-tui init`, `checkpoint` and `recover`: the store itself."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui import places
from qm_tui.cli.common import (
    Given,
    ReadOnlyOption,
    Status,
    StoreOption,
    a_path,
    opened,
    reporting,
    require_store,
    store_path,
)
from qm_tui.refusal import Refused
from qm_tui.saying import say
from qm_tui.text import counted, visible

if TYPE_CHECKING:
    from qm_tui.store.rebuilding import Recovery

_STORE_MADE: Final = "The store is made."
_STORE_SHARED: Final = "The store is shared."


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
    """Make an empty store: your own, or one that a group shares."""
    if shared is not None or group is not None:
        _init_shared(context, shared, group, store)
        return
    users = opened(context, store, read_only=False)
    if Path(users.location).exists():
        msg = f"There is a store at {visible(users.location)} already. Nothing was changed."
        raise Refused(msg)
    with users.transaction("init") as transaction:
        transaction.commit({})
    with reporting(_STORE_MADE):
        say(f"Made an empty store: {visible(users.location)}")


def _init_shared(
    context: typer.Context, shared: Path | None, group: str | None, store: Path | None
) -> None:
    from qm_tui.store.shared import group_number, make_shared_folder, share

    given: Given = context.obj
    if shared is None or group is None:
        msg = "A shared store needs both: qm-tui init --shared PATH --group NAME."
        raise Refused(msg)
    if store or given.store:
        msg = "Both --shared and --store say where the store is: give one of them."
        raise Refused(msg)
    if given.read_only:
        msg = "With --read-only no store is made or shared."
        raise Refused(msg)
    number = group_number(group)
    place = places.store_path(shared)
    path = place if place.suffix.lower() == ".json" else place / "users.json"
    make_shared_folder(path, number)
    users = opened(context, path, read_only=False)
    had = share(users, number)
    where, group_called = visible(str(path)), f"the group {visible(group, 64)}"
    with reporting(_STORE_SHARED if had else _STORE_MADE):
        if had:
            say(f"The store {where} was there: its {had} files are now shared by {group_called}.")
        else:
            say(f"Made an empty store, shared by {group_called}: {where}")
        say(f"Who shares it says --store {where}, or sets {places.STORE_VARIABLE} to that.")


def checkpoint(
    context: typer.Context, store: StoreOption = None, read_only: ReadOnlyOption = False
) -> None:
    """Write all users into the store's main file, as before a backup of that file alone."""
    from qm_tui.progress_line import progress_line

    users = opened(context, store, read_only=read_only)
    require_store(users, "There is nothing to do.")
    with progress_line() as tick:
        was_done = users.checkpoint(tick)
    where = visible(users.location)
    held = counted(len(users.state.users), "user")
    with reporting("The checkpoint is complete." if was_done else ""):
        if was_done:
            say(f"Checkpoint complete. {held} written to {where}")
        else:
            say(f"There was nothing to do: {where} holds all that was committed, {held}.")


def recover(
    context: typer.Context,
    new: Annotated[
        Path,
        typer.Argument(
            metavar="NEW.json", parser=a_path, help="The store to make; it must not be there."
        ),
    ],
    store: StoreOption = None,
) -> None:
    """Write what can be read of a damaged store to a new one. The damaged one is not touched."""
    from qm_tui.progress_line import progress_line
    from qm_tui.store.recovery import recovered

    damaged, target = store_path(context, store), places.store_path(new)
    with progress_line() as tick:
        found = recovered(damaged, target, tick)
    with reporting("What could be read is in the new store."):
        _report(found, target, damaged)
    if found.losses:
        raise typer.Exit(Status.IN_PART)


def _report(found: "Recovery", target: Path, damaged: Path) -> None:
    changes = counted(found.transactions, "transaction") if found.transactions else ""
    say(
        f"{counted(found.users, 'user')} written to {visible(str(target))}"
        + (f", as {changes} after the snapshot left them." if changes else ".")
    )
    for note in found.notes:
        say(f"{visible(note)}.")
    for loss in found.losses:
        say(str(loss))
    if found.losses:
        say(
            f"{counted(len(found.losses), 'place')} could not be read or does not fit. "
            f"{visible(str(damaged))} is as it was."
        )
        return
    say(f"Everything could be read. {visible(str(damaged))} is as it was.")
