"""The commands of the program, as the pages about the command line describe them."""

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import typer

from qm_tui.cli.program import app

PROGRAM: Final = "qm-tui"


class Parameter(NamedTuple):
    """An argument or an option.

    Attributes:
        names: how it is given, for example `--encoding NAME`.
        description: what `--help` prints about it.
    """

    names: str
    description: str


class Command(NamedTuple):
    """A command, or the program itself.

    Attributes:
        name: the name of the command.
        usage: the words of a call, for example `qm-tui import [OPTIONS] FILE`.
        paragraphs: its description. The first one is a sentence.
        parameters: its arguments and options. Those of the program are not repeated.
    """

    name: str
    usage: str
    paragraphs: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def described() -> tuple[Command, list[Command]]:
    """Return the program and its commands, in the order of `--help`."""
    # Typer carries a Click of its own without public types
    group: Any = typer.main.get_command(app)
    context = group.make_context(PROGRAM, [], resilient_parsing=True)
    program = _described(PROGRAM, group, context, ())
    commands = [
        _described(
            name,
            command,
            command.make_context(name, [], parent=context, resilient_parsing=True),
            program.parameters,
        )
        for name, command in group.commands.items()
        if not command.hidden
    ]
    return program, commands


def _described(name: str, command: Any, context: Any, known: tuple[Parameter, ...]) -> Command:  # noqa: ANN401
    pieces = [re.sub(r"\{(.+?)\}", r"\1", piece) for piece in command.collect_usage_pieces(context)]
    return Command(
        name,
        f"{context.command_path} {' '.join(pieces)}".rstrip(),
        tuple(" ".join(paragraph.split()) for paragraph in command.help.split("\n\n")),
        tuple(_parameters(command, context, {parameter.names for parameter in known})),
    )


def _parameters(command: Any, context: Any, known: set[str]) -> Iterator[Parameter]:  # noqa: ANN401
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[0] not in known:
            yield Parameter(record[0], " ".join(record[1].split()))
