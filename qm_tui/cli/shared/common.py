"""What all commands share: options, opening of the store, and reports."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from qm_tui import paths
from qm_tui.errors import UserError
from qm_tui.output import OutputError, print_line, translating_output_errors
from qm_tui.text import sanitize

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore


NOTHING_CHANGED: Final = "Nothing was changed."

_MAX_SHOWN: Final = 40


class Status(IntEnum):
    """The exit status (exit code) of a command.

    Besides these, 70 is an unexpected error (`crash.STATUS`), and 129 a disconnected terminal.
    """

    DONE = 0
    PARTIAL = 1
    FAILED = 2
    CANCELLED = 130
    BROKEN_PIPE = 141


def parse_path(text: str) -> Path:
    """Return a path from the command line. An empty text would mean the current folder.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text:
        msg = "The path is empty."
        raise typer.BadParameter(msg)
    return Path(text)


def parse_transaction(text: str) -> int:
    """Return a transaction number from the command line.

    Raises:
        typer.BadParameter: it is not a transaction number.
    """
    number = _number(text)
    if number is None or number < 1:
        msg = (
            f"'{sanitize(text, _MAX_SHOWN)}' is not a transaction number. "
            "Run qm-tui activity to list the transactions."
        )
        raise typer.BadParameter(msg)
    return number


def parse_count(text: str) -> int:
    """Return a number of users from the command line.

    Raises:
        typer.BadParameter: it is not a number of users.
    """
    number = _number(text)
    if number is None or number < 0:
        msg = f"'{sanitize(text, _MAX_SHOWN)}' is not a number of users."
        raise typer.BadParameter(msg)
    return number


def _number(text: str) -> int | None:
    with suppress(ValueError):
        return int(text)
    return None


StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="PATH",
        parser=parse_path,
        help=f"Store file. Default: {paths.STORE_VARIABLE}, or users.json in your data folder.",
        show_default=False,
    ),
]
ReadOnlyOption = Annotated[bool, typer.Option("--read-only", help="Open the store read-only.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Output JSON.")]
ConfirmOption = Annotated[
    int | None,
    typer.Option(
        "--confirm",
        metavar="N",
        parser=parse_count,
        help="Confirm a mass change; N is the number of affected users.",
        show_default=False,
    ),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Show what would change; change nothing.")
]
UNLICENSED_HELP: Final = "Allow users without an Unlimited or On-Demand License."
UnlicensedOption = Annotated[bool, typer.Option("--allow-unlicensed", help=UNLICENSED_HELP)]


@dataclass(frozen=True, slots=True)
class GlobalOptions:
    """The options before the command.

    Attributes:
        store: the store.
        read_only: whether the store is opened read-only.
    """

    store: Path | None
    read_only: bool


def store_path(context: typer.Context, store: Path | None) -> Path:
    """Return the path of the store, given after the command or before it.

    Raises:
        UserError: it cannot be resolved.
    """
    options: GlobalOptions = context.obj
    return paths.store_path(store or options.store)


def open_store_from_options(
    context: typer.Context, store: Path | None, *, read_only: bool, load: bool = True
) -> "UserStore":
    """Return the store given on the command line, opened with the settings of the admin.

    Unless `load` is False, it is loaded and its notices are printed. It is closed when the command
    ends.

    Raises:
        UserError: it cannot be opened or read, or the settings are invalid.
    """
    from qm_tui.config.settings import load_settings
    from qm_tui.store import open_store
    from qm_tui.store.interface import RetentionPolicy

    options: GlobalOptions = context.obj
    current = load_settings()
    users = open_store(
        store_path(context, store),
        wait=current.lock_wait_seconds,
        read_only=read_only or options.read_only,
        retention=RetentionPolicy(current.history_days, current.history_bytes),
    )
    context.call_on_close(lambda: _close(users))
    if load:
        users.load()
        print_notices(users)
    return users


def _close(store: "UserStore") -> None:
    """Close a store, and print a warning if other programs cannot see its last changes."""
    store.close()
    if store.warning:
        print_line(
            f"Warning: {store.warning}. All changes are saved in the transaction log.",
            to_error=True,
        )


def print_notices(store: "UserStore") -> None:
    """Print the notices of a loaded store to standard error.

    They are acknowledged only on a terminal, so that a nightly job does not hide them from the
    admin.
    """
    for notice in store.notices:
        print_line(notice, to_error=True)
    if sys.stderr.isatty():
        store.acknowledge_notices()


def require_store(store: "UserStore", instead: str) -> None:
    """Require that the store exists, so that a mistyped path does not create one.

    Args:
        store: the store.
        instead: what was not done, as a sentence.

    Raises:
        UserError: it does not exist.
    """
    if not store.exists:
        msg = f"{no_store(store)} {instead} Check the path, or create the store with qm-tui init."
        raise UserError(msg)


def no_store(store: "UserStore") -> str:
    """Return the message that a store does not exist."""
    return f"There is no store at {sanitize(store.location)}."


@contextmanager
def report_errors(done: str) -> Iterator[None]:
    """Print a report in the block, and add what was done to errors of the output.

    Ctrl+C ends the report, because what it reports is already done.

    Args:
        done: what was done, as a sentence; empty if nothing was done.

    Raises:
        OutputError: the report could not be written.
    """
    try:
        with suppress(KeyboardInterrupt), translating_output_errors():
            yield
            sys.stdout.flush()
    except OutputError as error:
        raise OutputError(done) from error.__cause__


def saved_text(users: "UserStore") -> str:
    """Return the message that the last transaction was saved."""
    return f"Transaction {users.state.number:,} was saved."
