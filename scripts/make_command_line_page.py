"""Write the commands of docs/command-line.md from the declarations of the program's commands.

    python -m scripts.make_command_line_page

What it writes is what `qm-tui COMMAND --help` prints. The text around it is written by hand, in the
page itself.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import typer

from qm_tui.cli.program import app
from scripts.splice import code, escaped, spliced, table

PAGE: Final = Path(__file__).parents[1] / "docs" / "command-line.md"


def _rows(command: Any, context: Any, known: set[str]) -> Iterator[tuple[str, str]]:  # noqa: ANN401
    """Yield a row for each argument and each option that is not known from elsewhere."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is not None and record[0] not in known:
            yield code(record[0]), escaped(" ".join(record[1].split()))


def _usage(command: Any, context: Any) -> str:  # noqa: ANN401
    pieces = [re.sub(r"\{(.+?)\}", r"\1", piece) for piece in command.collect_usage_pieces(context)]
    return f"    {context.command_path} {' '.join(pieces)}".rstrip()


def commands() -> str:
    """Return the part of the page about the commands."""
    # Typer carries a Click of its own without public types
    program: Any = typer.main.get_command(app)
    context = program.make_context("qm-tui", [], resilient_parsing=True)
    known: set[str] = set()
    parts = [
        f"## Every command\n\n{table(('Option', 'Description'), *_rows(program, context, known))}"
    ]
    known = {
        record[0]
        for parameter in program.get_params(context)
        if (record := parameter.get_help_record(context))
    }
    for name, command in program.commands.items():
        if command.hidden:
            continue
        inner = command.make_context(name, [], parent=context, resilient_parsing=True)
        rows = list(_rows(command, inner, known))
        options = table(("Argument or option", "Description"), *rows) if rows else ""
        help_text = "\n\n".join(" ".join(one.split()) for one in command.help.split("\n\n"))
        usage = _usage(command, inner)
        parts.append(f"## {name}\n\n{usage}\n\n{escaped(help_text)}\n\n{options}".rstrip() + "\n")
    return "\n".join(parts)


def page() -> str:
    """Return the page with the present commands."""
    return spliced(PAGE, "commands", commands())


if __name__ == "__main__":
    PAGE.write_text(page())
