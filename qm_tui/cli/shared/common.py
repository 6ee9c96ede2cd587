"""What all commands share: options, opening of the store, and reports.

Imported at every start, so it imports nothing of the users and of the store before they are used.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple, TypeVar

import typer

from qm_tui import paths
from qm_tui.errors import UserError
from qm_tui.output import OutputError, print_line, translating_output_errors
from qm_tui.progress_line import progress_line
from qm_tui.text import sanitize

if TYPE_CHECKING:
    from qm_tui.store.changes.plan import AnyPlan
    from qm_tui.store.interface import Maintenance, UserStore

V = TypeVar("V")

NOTHING_CHANGED: Final = "Nothing was changed."

MAX_SHOWN: Final = 60
"""The maximum number of characters of a name or a value in a message."""


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
        typer.BadParameter: it is empty, or the URL of a store.
    """
    if paths.is_server_location(text):
        raise typer.BadParameter("A URL was given. Give the path of a file.")
    return Path(parse_location(text))


def parse_location(text: str) -> str:
    """Return the location of a store from the command line: a path, or a URL.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text:
        raise typer.BadParameter("The path is empty.")
    return text


def parse_transaction(text: str) -> int:
    """Return a transaction number from the command line.

    Raises:
        typer.BadParameter: it is not a transaction number.
    """
    what = "a transaction number. Run qm-tui activity to list the transactions."
    return _number(text, 1, what)


def parse_count(text: str) -> int:
    """Return a number of users from the command line.

    Raises:
        typer.BadParameter: it is not a number of users.
    """
    return _number(text, 0, "a number of users.")


def _number(text: str, minimum: int, what: str) -> int:
    with suppress(ValueError):
        if int(text) >= minimum:
            return int(text)
    raise typer.BadParameter(f"'{sanitize(text, 40)}' is not {what}")


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="LOCATION",
        parser=parse_location,
        help="Store file, or URL of a PostgreSQL database (postgresql://HOST/DATABASE). Default: "
        f"{paths.STORE_VARIABLE}, or users.json in your data folder.",
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


class GlobalOptions(NamedTuple):
    """The options before the command.

    Attributes:
        store: the location of the store.
        read_only: whether the store is opened read-only.
    """

    store: str | None
    read_only: bool


def store_location(context: typer.Context, store: str | None) -> str:
    """Return the location of the store, given after the command or before it.

    Raises:
        UserError: it cannot be resolved.
    """
    options: GlobalOptions = context.obj
    return paths.store_location(store or options.store)


def open_store_from_options(
    context: typer.Context,
    store: str | None,
    *,
    read_only: bool,
    load: bool = True,
    otherwise: str = "",
) -> "UserStore":
    """Return the store given on the command line, opened with the settings of the admin.

    It is closed when the command ends.

    Args:
        context: the context of the command.
        store: the store, if it is given after the command.
        read_only: whether it is opened read-only.
        load: whether it is loaded, and its notices are printed.
        otherwise: what was not done, as a sentence, if the store must exist, so that a mistyped
            path does not create one.

    Raises:
        UserError: it cannot be opened or read, or the settings are invalid, or it does not exist.
    """
    from qm_tui.config.settings import load_settings
    from qm_tui.store import open_store
    from qm_tui.store.interface import RetentionPolicy

    options: GlobalOptions = context.obj
    current = load_settings()
    users = open_store(
        store_location(context, store),
        wait=current.lock_wait_seconds,
        read_only=read_only or options.read_only,
        retention=RetentionPolicy(current.history_days, current.history_bytes),
    )
    context.call_on_close(lambda: _close(users))
    if load:
        users.load()
        print_notices(users)
    if otherwise and not users.exists:
        advice = "Check the path, or create the store with qm-tui init."
        raise UserError(f"{no_store(users)} {otherwise} {advice}")
    return users


def _close(store: "UserStore") -> None:
    """Close a store, and print a warning if other programs cannot see its last changes."""
    store.close()
    if store.warning:
        saved = "All changes are saved in the transaction log."
        print_line(f"Warning: {store.warning}. {saved}", to_error=True)


def print_notices(store: "UserStore") -> None:
    """Print the notices of a loaded store to standard error.

    They are acknowledged only on a terminal, so that a nightly job does not hide them from the
    admin.
    """
    for notice in store.notices:
        print_line(notice, to_error=True)
    if sys.stderr.isatty():
        store.acknowledge_notices()


def file_maintenance(store: "UserStore", instead: str) -> "Maintenance":
    """Return the maintenance of the files of a store.

    Args:
        store: the store.
        instead: what to use if it has no files, as a sentence.

    Raises:
        UserError: it has no files.
    """
    if store.maintenance is None:
        raise UserError(f"The store {sanitize(store.location)} has no files. {instead}")
    return store.maintenance


def no_store(store: "UserStore") -> str:
    """Return the message that a store does not exist."""
    return f"There is no store at {sanitize(store.location)}."


def is_interactive() -> bool:
    """Whether a question can be asked: input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def begun(values: Iterable[V]) -> Iterator[V]:
    """Return an iterator whose first value is read already.

    So an error comes before anything is printed.
    """
    iterator = iter(values)
    return chain([*islice(iterator, 1)], iterator)


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


def commit(
    store: "UserStore",
    plan: "AnyPlan",
    confirmed: int,
    command: str = "",
    *,
    as_seen: bool = False,
) -> "AnyPlan":
    """Carry out a plan, and draw the progress.

    Args:
        store: the store.
        plan: the plan.
        confirmed: the number that confirms a mass change.
        command: the command to repeat with the right number, if the option alone does not suffice.
        as_seen: whether the admin saw the plan, so that it must not do something else by now.

    Returns:
        The plan that was carried out.

    Raises:
        UserError: it was not confirmed, or cannot be carried out.
        PlanOutdated: it would do something else than the admin saw.
    """
    from qm_tui.store.changes.plan import commit_plan
    from qm_tui.store.errors import ConfirmationRequired

    try:
        with progress_line() as progress:
            return commit_plan(
                store,
                plan,
                confirmed=confirmed,
                accept_any_effect=not as_seen,
                progress=progress,
            )
    except ConfirmationRequired as error:
        how = f"run {command}" if command else "add"
        raise UserError(f"{error} To confirm, {how} --confirm {error.count}.") from error
