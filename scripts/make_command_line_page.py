"""Write the commands of docs/command-line.md from the declarations of the program's commands.

    python -m scripts.make_command_line_page

What it writes is what `qm-tui COMMAND --help` prints. The text around it is written by hand, in the
page itself.
"""

from pathlib import Path
from typing import Final

from scripts.command_line import Command, described
from scripts.splice import code, escaped, spliced, table

PAGE: Final = Path(__file__).parents[1] / "docs" / "command-line.md"


def _options(head: str, command: Command) -> str:
    """Return the table of the arguments and options; empty if there are none."""
    rows = [(code(names), escaped(text)) for names, text in command.parameters]
    return table((head, "Description"), *rows) if rows else ""


def commands() -> str:
    """Return the part of the page about the commands."""
    program, others = described()
    parts = [f"## Every command\n\n{_options('Option', program)}"]
    for command in others:
        text = escaped("\n\n".join(command.paragraphs))
        options = _options("Argument or option", command)
        part = f"## {command.name}\n\n    {command.usage}\n\n{text}\n\n{options}"
        parts.append(part.rstrip() + "\n")
    return "\n".join(parts)


def page() -> str:
    """Return the page with the present commands."""
    return spliced(PAGE, "commands", commands())


if __name__ == "__main__":
    PAGE.write_text(page())
