"""Write the man pages in docs/man: one of the program, and one of each command.

    python -m scripts.make_man_pages

The descriptions are those that `qm-tui COMMAND --help` prints. Files, environment and exit status
are the tables of docs/command-line.md, filters are those of docs/filters.md. No library does this:
click-man reads commands of Click, and Typer has a Click of its own.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from qm_tui import __version__
from scripts.command_line import PROGRAM, Command, described
from scripts.make_command_line_page import PAGE
from scripts.make_tables import FILTERS

FOLDER: Final = PAGE.parent / "man"

_SECTIONS: Final = ("Files", "Environment", "Exit status")
"""The sections of docs/command-line.md that the page of the program repeats."""

_SECTIONS_ON_FILTERS: Final = ("Words", "Names")
"""The sections of docs/filters.md that it repeats."""

_SPECIAL: Final = {
    "\\": "\\e",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
    '"': "\\(dq",
}
"""Characters that troff would replace by similar ones, or read as an instruction."""


def pages() -> dict[str, str]:
    """Return the texts of the pages, by file name."""
    program, commands = described()
    sections = {
        "DESCRIPTION": _paragraphs(program.paragraphs),
        "COMMANDS": _list((one.name, one.paragraphs[0]) for one in commands),
        "OPTIONS": _list(program.parameters),
        **{title.upper(): _table(title) for title in _SECTIONS},
        "FILTERS": "".join(_table(title, FILTERS) for title in _SECTIONS_ON_FILTERS),
        "SEE ALSO": _references(commands),
    }
    texts = {PROGRAM: _page(program, sections)}
    for command in commands:
        sections = {
            "DESCRIPTION": _paragraphs(command.paragraphs),
            "OPTIONS": _list(command.parameters),
            "SEE ALSO": _references([program]),
        }
        texts[_title(command)] = _page(command, sections)
    return {f"{title}.1": text for title, text in texts.items()}


def _title(command: Command) -> str:
    return command.name if command.name == PROGRAM else f"{PROGRAM}-{command.name}"


def _page(command: Command, sections: dict[str, str]) -> str:
    """Return a page. Sections without text are omitted."""
    title = _plain(_title(command))
    summary = command.paragraphs[0].removesuffix(".")
    called, arguments = command.usage.split(" [", 1)
    sections = {
        "NAME": f"{title} \\- {_plain(summary[0].lower() + summary[1:])}\n",
        "SYNOPSIS": f"{_bold(called)} {_plain(f'[{arguments}')}\n",
        **sections,
    }
    version = _plain(f"{PROGRAM} {__version__}")
    head = f'.TH {title.upper()} 1 "" "{version}" "User Commands"\n.nh\n.ad l\n'
    return head + "".join(f".SH {name}\n{text}" for name, text in sections.items() if text)


def _references(commands: Iterable[Command]) -> str:
    return ",\n".join(f"{_bold(_title(command))}(1)" for command in commands) + "\n"


def _paragraphs(paragraphs: Iterable[str]) -> str:
    return ".PP\n".join(f"{_plain(paragraph)}\n" for paragraph in paragraphs)


def _list(entries: Iterable[tuple[str, str]]) -> str:
    """Return a list of names with their descriptions."""
    return _tagged((_bold(name), _plain(text)) for name, text in entries)


def _tagged(entries: Iterable[tuple[str, str]]) -> str:
    return "".join(f".TP\n{term}\n{text}\n" for term, text in entries)


def _table(title: str, page: Path = PAGE) -> str:
    """Return a section of a page. Its table becomes a list; a third column is in parentheses."""
    section = page.read_text().partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    section = re.sub("<!--.*?-->", "", section)
    before, rows, after = re.split(r"((?:^\|.*\n?)+)", section, maxsplit=1, flags=re.MULTILINE)
    cells = (row.strip("| ").split(" | ") for row in rows.strip().splitlines()[2:])
    entries = ((term, " ".join([text, *map("({})".format, more)])) for term, text, *more in cells)
    table = _tagged((_inline(term), _inline(text)) for term, text in entries)
    return f"{_text(before)}{table}{_text(after)}"


def _text(markdown: str) -> str:
    paragraphs = (" ".join(paragraph.split()) for paragraph in markdown.split("\n\n"))
    return "".join(f".PP\n{_inline(paragraph)}\n" for paragraph in paragraphs if paragraph)


def _inline(text: str) -> str:
    """Return a line of Markdown: code is bold, of a link only the text remains."""
    text = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", text).replace("\\|", "|")
    pieces = text.split("`")
    return "".join(
        _bold(piece) if index % 2 else _plain(piece) for index, piece in enumerate(pieces)
    )


def _bold(text: str) -> str:
    return f"\\fB{_plain(text)}\\fR"


def _plain(text: str) -> str:
    """Return a text that is printed as it is."""
    escaped = "".join(
        _SPECIAL.get(char, char if char.isascii() else f"\\[u{ord(char):04X}]") for char in text
    )
    return f"\\&{escaped}" if escaped.startswith(".") else escaped


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    texts = pages()
    for path in FOLDER.glob("*.1"):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (FOLDER / name).write_text(text)
