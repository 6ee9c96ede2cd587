"""The program: the interface without a command, and the exit status in any case."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import Annotated, Final, NoReturn

import typer

from qm_tui import __version__, paths
from qm_tui.cli import (
    activity,
    adding,
    changing,
    completing,
    exporting,
    importing,
    listing,
    passwords,
    stores,
)
from qm_tui.cli.common import Given, ReadOnlyOption, Status, StoreOption, opened
from qm_tui.crash import catch_the_rest, crashed
from qm_tui.errors import Refused, reason
from qm_tui.log import note, note_start, write_more
from qm_tui.output import Unsaid, say, saying
from qm_tui.text import visible

app = typer.Typer(
    name="qm-tui",
    help="Review, import and export the users of a Quality Management Suite. "
    "Without a command it opens the interface.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "import": importing.import_,
    "export": exporting.export,
    "list": listing.list_,
    "add": adding.add,
    "set": changing.set_,
    "activate": changing.activate,
    "inactivate": changing.inactivate,
    "delete": changing.delete,
    "rename": changing.rename,
    "passwd": passwords.passwd,
    "activity": activity.activity,
    "undo": activity.undo,
    "info": listing.info,
    "init": stores.init,
    "backup": stores.backup,
    "check": stores.check,
    "recover": stores.recover,
    "completion": completing.completion,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)
app.command("complete", hidden=True)(completing.complete)

_WrongCall: Final[type[typer.BadParameter]] = typer.BadParameter.__mro__[2]
"""What Typer raises for wrong calls. It has no public name: Typer carries a Click of its own."""

_NO_DEBUG: Final = "No such option: --debug"
_TOO_MANY: Final = "Got unexpected extra argument"


@app.callback(invoke_without_command=True)
def interface(
    context: typer.Context,
    store: StoreOption = None,
    read_only: ReadOnlyOption = False,
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Write what is done to the log too, without secrets."),
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Open the interface, unless a command is given."""
    if debug:
        _log_more()
    note_start(context.invoked_subcommand or "the interface")
    context.obj = Given(store, read_only)
    if version:
        say(f"qm-tui {__version__}")
        raise typer.Exit
    if context.invoked_subcommand:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        msg = (
            "The interface needs a terminal. Without one, use qm-tui import, export, list, set, "
            "activity, undo or another command: qm-tui --help lists them."
        )
        raise Refused(msg)
    from qm_tui.tui.app import run

    raise typer.Exit(run(opened(context, None, read_only=read_only, load=False)))


def _log_more() -> None:
    try:
        write_more()
    except OSError as error:
        where = visible(str(paths.log_path()))
        msg = f"--debug cannot write the log {where}: {reason(error)}. Leave it out, or mend that."
        raise Refused(msg) from error


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line, and end the process with its exit status."""
    catch_the_rest()
    status = _status(arguments)
    note(f"ended with status {status}")
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
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
        status = _invoked(sys.argv[1:] if arguments is None else list(arguments))
        if status == Status.DONE:
            with saying():
                sys.stdout.flush()
        return status
    except Refused as refused:
        return _refuse(str(refused))
    except _WrongCall as error:
        message = visible(error.format_message().rstrip("."))
        if message.startswith(_TOO_MANY) and error.ctx and error.ctx.info_name == "passwd":
            message = "A password is asked for, and never given as an argument"
        if message.startswith(_NO_DEBUG) and error.ctx and error.ctx.parent:
            message = f"--debug goes before the command: qm-tui --debug {error.ctx.info_name}"
        return _refuse(f"{message}{'' if message.endswith('?') else '.'} Try qm-tui --help.")
    except (Cancelled, KeyboardInterrupt, typer.Abort):
        say("Cancelled. Nothing was written.", to_error=True)
        return Status.CANCELLED
    except BrokenPipeError:
        # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Status.BROKEN_PIPE
    except Unsaid as error:
        why = reason(error.__cause__) if isinstance(error.__cause__, OSError) else "it failed"
        if not str(error):
            return _refuse(f"The output could not be written: {why}.")
        say(f"{error} What there is to say of it could not be written: {why}.", to_error=True)
        return Status.IN_PART
    except Exception as error:
        return crashed(error)


def _invoked(arguments: list[str]) -> int:
    # not `app()`: that would take the interrupt and the broken pipe for itself
    command = typer.main.get_command(app)
    try:
        with command.make_context("qm-tui", arguments) as context:
            command.invoke(context)
    except typer.Exit as ended:
        return ended.exit_code
    return Status.DONE


def _open_closed_streams() -> None:
    """Put something in the place of closed standard streams.

    There is nothing to read. What is to be printed cannot be written, and that is said on standard
    error; where that is closed too, nobody can be told.
    """
    for name, mode in (("stdin", "r"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115, PTH123 - to the end
    if sys.stdout is None:
        cannot_be_written = os.open(os.devnull, os.O_RDONLY)
        sys.stdout = open(cannot_be_written, "w")  # noqa: SIM115, PTH123 - to the end


def _refuse(sentence: str) -> int:
    say(sentence, to_error=True)
    return Status.REFUSED
