"""The command line: opens the interface, or does one thing without it.

Exit status: 0 done; 1 done, but a record was rejected; 2 refused, and nothing was done;
70 an unexpected error; 130 cancelled, and nothing was done.
"""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NoReturn

import typer

from qm_tui import __version__, places
from qm_tui.refusal import Refused, reason
from qm_tui.text import counted, fitted, json_text, visible

if TYPE_CHECKING:
    from qm_tui.store.interface import UserStore
    from qm_tui.transfer.importing import Report
    from qm_tui.users.fields import User

REJECTED: Final = 1
REFUSED: Final = 2
CANCELLED: Final = 130
BROKEN_PIPE: Final = 141

app = typer.Typer(
    name="qm-tui",
    help="Review, import and export the users of a Quality Management Suite. "
    "Without a command it opens the interface.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="PATH",
        help=f"The store's file. Without it {places.STORE_VARIABLE} says where it is, or it is in "
        "the data folder of your login.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class UnknownIDOption(StrEnum):
    """What becomes of a record whose User ID is not known; the import's own words."""

    reject = "reject"
    add = "add"


@app.callback(invoke_without_command=True)
def interface(
    context: typer.Context,
    store: StoreOption = None,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Open the interface, unless a command is given."""
    context.obj = store
    if version:
        print(f"qm-tui {__version__}")
        raise typer.Exit
    if context.invoked_subcommand:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        msg = (
            "The interface needs a terminal. Without one, use qm-tui import, export, list or "
            "info; each explains itself with --help."
        )
        raise Refused(msg)
    from qm_tui.tui.app import run

    raise typer.Exit(run(_store(context, None, load=False)))


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .csv file.")],
    unknown_id: Annotated[
        UnknownIDOption,
        typer.Option(
            help="What to do with a record whose User ID is not known in the store. An empty "
            "store takes it either way."
        ),
    ] = UnknownIDOption.reject,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")
    ] = False,
    as_json: JsonOption = False,
    store: StoreOption = None,
) -> None:
    """Import users from a .csv file: all valid records, in one transaction."""
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.importing import import_users
    from qm_tui.transfer.plan import Choices, UnknownID

    users = _store(context, store)
    with progress_line() as tick:
        report = import_users(
            file, users, Choices(UnknownID(unknown_id.value)), tick, dry_run=dry_run
        )
    with suppress(KeyboardInterrupt):  # it is done: whoever stops the report has seen enough
        if as_json:
            _print_json(report)
        else:
            _print_report(report, dry_run=dry_run)
        sys.stdout.flush()
    if report.plan.rejected:
        raise typer.Exit(REJECTED)


@app.command()
def export(
    context: typer.Context,
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="The .csv file to write, or - for standard output."),
    ],
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    template: Annotated[
        bool, typer.Option("--template", help="Write the header alone, to fill in.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """Export all users to a .csv file that only you can read. It holds their passwords."""
    from qm_tui.progress_line import progress_line
    from qm_tui.transfer.exporting import export_users, write_users

    users: list[User] = []
    if not template:
        kept = _store(context, store)
        if not Path(kept.location).exists():
            # a mistyped store must not replace a good export by an empty one
            msg = f"There is no store at {visible(kept.location)} yet. Nothing was exported."
            raise Refused(msg)
        users = list(kept.state.users.values())
    if file == "-":
        whole = BytesIO()
        write_users(users, whole)  # wholly or not at all
        sys.stdout.buffer.write(whole.getbuffer())
        sys.stdout.buffer.flush()
        return
    with progress_line() as tick:
        path = export_users(users, places.expanded(Path(file)), tick, overwrite=force)
    what = "The header" if template else counted(len(users), "user")
    print(f"Export complete. {what} written to {visible(str(path))}")


@app.command("list")
def list_(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per user and line.")
    ] = False,
    store: StoreOption = None,
) -> None:
    """List all users. Passwords and salts are left out."""
    from qm_tui.users.fields import FIELD, without_secrets

    users = _store(context, store).state.users.values()
    if as_json:
        for user in users:
            print(json_text(without_secrets(user)))
        return
    columns = [FIELD[key] for key in _LISTED]
    print("  ".join(fitted(column.short, column.width) for column in columns).rstrip())
    for user in users:
        cells = (fitted(visible(user[one.index], 80), one.width) for one in columns)
        print("  ".join(cells).rstrip())


_WrongCall: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[2]
"""What Typer raises for wrong calls. It has no public name: Typer carries a Click of its own."""

_LISTED: Final = (
    "first_name",
    "last_name",
    "extension",
    "user_name",
    "department",
    "is_active",
    "user_id",
)


@app.command()
def info(context: typer.Context, store: StoreOption = None) -> None:
    """Say where the data, the settings and the log are."""
    users = _store(context, store, load=False)
    refused = None
    try:
        held = counted(len(users.load().users), "user")
    except Refused as error:
        refused, held = error, "it cannot be used"
    if not Path(users.location).exists():
        held = "not there yet: the first import makes it"
    for name, value in (
        ("Version", __version__),
        ("Store", f"{users.location} ({held})"),
        ("Settings", str(places.settings_folder())),
        ("Log", str(places.log_path())),
    ):
        print(f"{name:<10}{visible(value)}")
    if refused:
        raise refused


def _store(context: typer.Context, given: Path | None, *, load: bool = True) -> "UserStore":
    """The store that the command line names, loaded unless that is left to the caller.

    Raises:
        Refused: it cannot be opened or read.
    """
    from qm_tui.store.tinydb_store import open_store

    store = open_store(places.store_path(given or context.obj))
    if load:
        store.load()
    return store


def _print_report(report: "Report", *, dry_run: bool) -> None:
    from qm_tui.users.problems import Severity

    plan = report.plan
    for sentence in report.findings.sentences:
        print(sentence)
    for problem in plan.problems:
        where = f"Line {problem.line}"
        if problem.user:
            where += f", {visible(problem.user, 60)}"
        where += ", rejected" if problem.severity is Severity.ERROR else ", imported, but look"
        print(f"{where}: {visible(problem.message)}. {visible(problem.remedy)}")
    if report.store_moved_on:
        print("Somebody else changed the store meanwhile; the file was checked against it again.")
    done = "Would import" if dry_run else "Imported"
    rejected = f", {plan.rejected:,} rejected" if plan.rejected else ""
    print(f"{done} {plan.imported:,} of {counted(plan.records, 'record')}{rejected}.")
    print(
        f"{len(plan.added):,} added, {plan.changed:,} changed, {plan.unchanged:,} unchanged."
        + (" Nothing was written." if not report.committed else "")
    )


def _print_json(report: "Report") -> None:
    plan, findings = report.plan, report.findings
    said = {
        "records": plan.records,
        **{str(result): count for result, count in plan.counts().items()},
        "blank": findings.blank,
        "problems": [
            {
                "severity": str(problem.severity),
                "line": problem.line,
                "record": problem.record,
                "field": problem.field.name if problem.field else None,
                "key": problem.field.key if problem.field else None,
                "value": visible(problem.value),
                "message": visible(problem.message),
                "remedy": visible(problem.remedy),
            }
            for problem in plan.problems
        ],
        "findings": {
            "encoding": findings.dialect.encoding,
            "delimiter": findings.dialect.delimiter,
            "header": findings.dialect.has_header,
            "samples": [visible(sample) for sample in findings.samples],
            "ignored": [visible(name) for name in findings.columns.ignored],
            "absent": [field.key for field in findings.columns.absent],
            "short": findings.short,
        },
        "committed": report.committed,
    }
    print(json_text(said, indent=2))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and end the process with its exit status."""
    status = _status(arguments)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
    sys.stderr.flush()
    # to free a hundred thousand users one by one takes longer than to read them
    os._exit(status)


def _status(arguments: Sequence[str] | None) -> int:
    """Run the command line; say in one sentence what was refused."""
    from qm_tui.progress import Cancelled

    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        # not `app()`: that would take the interrupt and the broken pipe for itself
        command = typer.main.get_command(app)
        given = sys.argv[1:] if arguments is None else list(arguments)
        with command.make_context("qm-tui", given) as context:
            command.invoke(context)
        sys.stdout.flush()
        return 0
    except typer.Exit as ended:
        return ended.exit_code
    except Refused as refused:
        return _refuse(str(refused))
    except _WrongCall as error:
        message = visible(error.format_message().rstrip("."))
        return _refuse(f"{message}{'' if message.endswith('?') else '.'} Try qm-tui --help.")
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        print("Cancelled. Nothing was written.", file=sys.stderr)
        return CANCELLED
    except BrokenPipeError:
        # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        return _refuse(f"The output could not be written: {reason(error)}.")
    except Exception as error:
        from qm_tui.crash import crashed

        return crashed(error)


def _open_closed_streams() -> None:
    """Give closed standard streams a place to write to, and to read nothing from."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - to the end


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return REFUSED
