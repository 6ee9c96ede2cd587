"""The program: its commands, its errors and its exit status."""

import os
import resource
import sys
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperGroup

from qm_tui import __version__, paths
from qm_tui.cli.commands import LazyCommands
from qm_tui.cli.shared import common
from qm_tui.crash import install_exception_hooks, report_crash
from qm_tui.errors import UserError, os_error_text
from qm_tui.log import debug, enable_debug, log_start
from qm_tui.output import OutputError, print_line, translating_output_errors
from qm_tui.progress import Cancelled
from qm_tui.text import sanitize, with_full_stop


class _Group(TyperGroup):
    # it starts twice as fast as with all commands, which import the users and the store

    def __init__(self, **attributes: Any) -> None:  # noqa: ANN401 - those of Typer
        super().__init__(**attributes)
        self.commands = LazyCommands()


app = typer.Typer(
    name="qm-tui",
    cls=_Group,
    help="Manage the users of a Quality Management Suite.\n\n"
    "Without a command, start the terminal UI.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_WrongCall: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[2]
"""What Typer raises for usage errors. It has no public name: Typer vendors its own Click."""

TEXTUAL_VARIABLES: Final = (
    *("TEXTUAL", "TEXTUAL_DEBUG", "TEXTUAL_DEVTOOLS_HOST", "TEXTUAL_DEVTOOLS_PORT", "TEXTUAL_LOG"),
    *("TEXTUAL_SCREENSHOT", "TEXTUAL_SCREENSHOT_FILENAME", "TEXTUAL_SCREENSHOT_LOCATION"),
    *("TEXTUAL_ALLOW_SIGNALS", "TEXTUAL_DRIVER", "TEXTUAL_PRESS", "TEXTUAL_SHOW_RETURN"),
)
"""Environment variables that make Textual record what it does, or do something else."""

# messages of Typer that are replaced
_NO_DEBUG: Final = "No such option: --debug"
_TOO_MANY: Final = "Got unexpected extra argument"
_URL_IN_WRONG_PLACE: Final = (
    "A URL was given as an argument or as an unknown option. Use --store URL. Try qm-tui --help."
)


@app.callback(invoke_without_command=True)
def interface(
    context: typer.Context,
    store: common.StoreOption = None,
    read_only: common.ReadOnlyOption = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Write a debug log. It contains no user data."),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", "-V", help="Show the version and exit.")
    ] = False,
) -> None:
    """Start the terminal UI, unless a command is given."""
    if debug:
        _enable_debug()
    log_start(context.invoked_subcommand or "terminal UI")
    context.obj = common.GlobalOptions(store, read_only)
    if version:
        print_line(f"qm-tui {__version__}")
        raise typer.Exit
    if context.invoked_subcommand:
        return
    if not common.is_interactive():
        raise UserError(
            "The terminal UI needs a terminal. Use a command instead, for example qm-tui list or "
            "qm-tui import. To list all commands, run qm-tui --help."
        )
    from qm_tui.tui.app import run

    raise typer.Exit(
        run(common.open_store_from_options(context, None, read_only=read_only, load=False))
    )


def _enable_debug() -> None:
    try:
        enable_debug()
    except OSError as error:
        path = sanitize(str(paths.log_path()))
        raise UserError(
            f"Cannot write the debug log {path}: {os_error_text(error)}. Check its folder, or "
            "omit --debug."
        ) from error


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and exit the process with its status."""
    install_exception_hooks()
    _protect_passwords()
    status = _status(arguments)
    debug(f"ended with status {status}")
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    # without it, Python frees all users one by one, which takes longer than reading them
    os._exit(status)


def _protect_passwords() -> None:
    """Prevent core dumps and Textual's log: they could contain passwords.

    Textual reads its variables when it is imported.
    """
    with suppress(OSError, ValueError):  # the limit is already 0, or the system has none
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in TEXTUAL_VARIABLES:
        os.environ.pop(name, None)


def _status(arguments: Sequence[str] | None) -> int:
    """Run the command line, print error messages, and return the exit status."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _invoke(sys.argv[1:] if arguments is None else list(arguments))
        if status == common.Status.DONE:
            with translating_output_errors():
                sys.stdout.flush()
        return status
    except UserError as error:
        return _print_error(str(error))
    except _WrongCall as error:
        return _print_error(_usage_text(error))
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        print_line("Canceled. Nothing was changed.", to_error=True)
        return common.Status.CANCELLED
    except BrokenPipeError:
        # the reader has closed our output, as head does: no error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return common.Status.BROKEN_PIPE
    except OutputError as error:
        cause = error.__cause__
        system_text = os_error_text(cause) if isinstance(cause, OSError) else "unknown error"
        if not str(error):
            return _print_error(f"Cannot write the output: {system_text}.")
        print_line(f"{error} Cannot write the report: {system_text}.", to_error=True)
        return common.Status.PARTIAL
    except Exception as error:
        return report_crash(error)


def _usage_text(error: typer.BadParameter) -> str:
    """Return the message of a usage error."""
    # Typer lists choices on lines of their own
    message = sanitize(error.format_message().replace("\n\t", " "))
    if "://" in message:  # a URL may contain a password
        return _URL_IN_WRONG_PLACE
    command = error.ctx.info_name if error.ctx else ""
    if message.startswith(_TOO_MANY) and command == "passwd":
        return (
            "A password cannot be given as an argument. Run qm-tui passwd USER, and enter the "
            "password at the prompt."
        )
    parameters = error.ctx.command.params if error.ctx else ()
    if message.startswith(_TOO_MANY) and any("--filter" in one.opts for one in parameters):
        from qm_tui.cli.shared.selection import USE_FILTER

        return f"{with_full_stop(message)} {USE_FILTER}"
    if message.startswith(_NO_DEBUG) and error.ctx and error.ctx.parent:
        return f"--debug must come before the command: qm-tui --debug {command}."
    return f"{with_full_stop(message)} Try qm-tui --help."


def _invoke(arguments: list[str]) -> int:
    # not `app()`: it would handle Ctrl+C and broken pipes itself
    command = typer.main.get_command(app)
    try:
        with command.make_context("qm-tui", arguments) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code
    return common.Status.DONE


def _open_closed_streams() -> None:
    """Replace closed standard streams.

    Standard input is empty. Writing to standard output fails, and the error is reported on standard
    error, which discards it if it was closed as well.
    """
    for name, mode in (("stdin", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - to the end
    if sys.stdout is None:
        read_only = os.open(os.devnull, os.O_RDONLY)
        sys.stdout = open(read_only, "w")  # noqa: SIM115, PTH123 - to the end


def _print_error(message: str) -> int:
    print_line(message, to_error=True)
    return common.Status.FAILED
