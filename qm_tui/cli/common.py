"""What all commands share: the options, the store they open, and what is said about it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui import paths
from qm_tui.errors import Refused
from qm_tui.output import Unsaid, say, saying
from qm_tui.text import visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore


_SHOWN: Final = 40


class Status(IntEnum):
    """How the program ends."""

    DONE = 0
    IN_PART = 1
    REFUSED = 2
    CANCELLED = 130
    BROKEN_PIPE = 141


def a_path(text: str) -> Path:
    """A path that was typed. Nothing typed is none: it would mean the current folder.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text:
        msg = "an empty text names no file."
        raise typer.BadParameter(msg)
    return Path(text)


def a_transaction(text: str) -> int:
    """The number of a transaction that was typed.

    Raises:
        typer.BadParameter: it is none.
    """
    return _number(text, 1, "the number of a transaction, as qm-tui activity lists them")


def how_many(text: str) -> int:
    """A number of users that was typed.

    Raises:
        typer.BadParameter: it is none.
    """
    return _number(text, 0, "a number of users")


def _number(text: str, least: int, wanted: str) -> int:
    with suppress(ValueError):
        number = int(text)
        if number >= least:
            return number
    msg = f"'{visible(text, _SHOWN)}' is not {wanted}."
    raise typer.BadParameter(msg)


StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="PATH",
        parser=a_path,
        help=f"The store's file. Without it {paths.STORE_VARIABLE} says where it is, or it is in "
        "the data folder of your login.",
        show_default=False,
    ),
]
ReadOnlyOption = Annotated[
    bool, typer.Option("--read-only", help="Open the store for looking only.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(frozen=True, slots=True)
class Given:
    """What was said before the command.

    Attributes:
        store: the store's file.
        read_only: whether the store is opened for looking only.
    """

    store: Path | None
    read_only: bool


def store_path(context: typer.Context, store: Path | None) -> Path:
    """The store's file that the command line names, after the command or before it.

    Raises:
        Refused: it counts from a folder that is not there.
    """
    given: Given = context.obj
    return paths.store_path(store or given.store)


def opened(
    context: typer.Context, store: Path | None, *, read_only: bool, load: bool = True
) -> "UserStore":
    """The store that the command line names, opened as the settings say.

    It is loaded, and what the admin should know about it is said, unless that is left to the
    caller. It is closed when the command ends, however it ends.

    Raises:
        Refused: it cannot be opened or read, or the settings are wrong.
    """
    from qm_tui.settings import settings
    from qm_tui.store import open_store
    from qm_tui.store.interface import RetentionPolicy

    given: Given = context.obj
    chosen = settings()
    users = open_store(
        store_path(context, store),
        wait=chosen.lock_wait_seconds,
        read_only=read_only or given.read_only,
        retention=RetentionPolicy(chosen.history_days, chosen.history_bytes),
    )
    context.call_on_close(lambda: _close(users))
    if load:
        users.load()
        say_notices(users)
    return users


def _close(store: "UserStore") -> None:
    """Close a store, and warn if other programs do not see its last changes."""
    store.close()
    if store.warning:
        say(f"Warning: {store.warning}. All changes are saved in the log.", to_error=True)


def say_notices(store: "UserStore") -> None:
    """Say on standard error what was found out about a store when it was loaded.

    Where nobody reads it, as in a job that runs at night, what is said once stays to be said.
    """
    for notice in store.notices:
        say(notice, to_error=True)
    if sys.stderr.isatty():
        store.acknowledge_notices()


def require_store(store: "UserStore", instead: str) -> None:
    """Make sure that there is a store, so that a mistyped path makes none.

    Args:
        store: the store.
        instead: what was not done, as a sentence.

    Raises:
        Refused: there is none.
    """
    if not store.exists:
        msg = f"There is no store at {visible(store.location)} yet. {instead}"
        raise Refused(msg)


@contextmanager
def reporting(done: str) -> Iterator[None]:
    """Print a report of what stands, whatever becomes of the report.

    Whoever stops it has seen enough.

    Args:
        done: what was done, as a sentence; empty if nothing was.

    Raises:
        Unsaid: the report could not be written.
    """
    try:
        with suppress(KeyboardInterrupt), saying():
            yield
            sys.stdout.flush()
    except Unsaid as error:
        raise Unsaid(done) from error.__cause__


def saved(users: "UserStore") -> str:
    """That the last transaction of a store stands, as a sentence."""
    return f"Transaction {users.state.number:,} is saved."
