"""Links, pictures and examples of commands in the documents."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import typer

from qm_tui.cli.program import app

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)

_LINK = re.compile(r"""\]\(\s*<?([^)\s>]+)|\b(?:href|src|srcset)="([^"]+)""")
_COMMAND = re.compile(r"^(?:[^#\n]*[\s(=/])?qm-tui(?: (.*))?$", re.MULTILINE)


def divided(document: str) -> tuple[str, str]:
    """Return the prose of a document, and its blocks of code."""
    prose: list[str] = []
    code: list[str] = []
    is_fenced = is_indented = False
    before = ""
    for line in document.splitlines():
        is_fence = line.startswith("```")
        is_indented = line.startswith("    ") and (is_indented or not before.strip())
        (code if is_fenced or is_indented else prose).append("" if is_fence else line)
        is_fenced ^= is_fence
        before = line
    return "\n".join(prose), "\n".join(code)


# Links and pictures


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """Yield the path and the anchor of each link of a document to a file of the project."""
    text = re.sub(r"`[^`\n]*`", "", divided(document.read_text())[0])
    for in_markdown, in_html in _LINK.findall(text):
        target = in_markdown or in_html
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield (document.parent / path).resolve() if path else document, anchor


@cache
def anchors(document: Path) -> set[str]:
    """Return the anchors of the headings of a document, as code hosts make them."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.*?) *$", divided(document.read_text())[0], re.MULTILINE):
        shown = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", heading.lower())
        anchor = re.sub(r"[^\w\- ]", "", shown).replace(" ", "-")
        number = 1
        while anchor in found:
            anchor = f"{anchor.removesuffix(f'-{number - 1}')}-{number}"
            number += 1
        found.add(anchor)
    return found


@DOCUMENT
def test_every_link_leads_to_a_file_and_a_heading(document):
    for path, anchor in links(document):
        assert path.exists(), path
        assert path.is_relative_to(ROOT), f"{path} is not in the project"
        assert not anchor or anchor in anchors(path), f"{path.name}#{anchor}"


def test_every_file_of_docs_is_reachable_from_the_readme():
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        reached.add(document)
        if document.suffix == ".md":
            waiting += [path for path, _ in links(document) if path not in reached]
    files = [path for path in (ROOT / "docs").rglob("*") if path.is_file()]
    assert len(files) > 10
    # a link to a folder in docs leads to all of its files
    assert not reached & {ROOT, ROOT / "docs"}
    assert not [one for one in {*DOCUMENTS, *files} if reached.isdisjoint({one, *one.parents})]


# Examples of commands


def examples(text: str) -> Iterator[str]:
    """Yield what follows `qm-tui` in the code of a document, without redirections and the like."""
    prose, code = divided(text)
    lines = _COMMAND.findall(code.replace("\\\n", " "))
    for paragraph in prose.split("\n\n"):
        lines += re.findall(r"`qm-tui ([^`]+)`", paragraph.replace("\n", " "))
    for line in lines:
        lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>()`")
        lexer.whitespace_split = True
        words = list(takewhile(lambda word: not set(word) <= {*"|&;<>()`"}, lexer))
        words = [word for word in words if word != "$@"]  # options of the script around it
        # [OPTIONS]: how a command is used; a path: of the program, as an argument of another one
        if words and "[OPTIONS]" not in words and not words[0].startswith("/"):
            yield shlex.join(words)


@cache
def _program() -> tuple[Any, Any]:
    # Typer carries a Click of its own without public types
    program: Any = typer.main.get_command(app)
    return program, _context(program, "qm-tui", None)


def _context(command: Any, name: str, parent: Any) -> Any:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    context.resilient_parsing = False  # so that the parser reports what it does not know
    return context


def check_arguments(line: str) -> None:
    """Parse a line without running it, and fail if the program does not have what it names."""
    program, context = _program()
    _, words, _ = program.make_parser(context).parse_args(shlex.split(line))
    if not words:
        return
    name, *words = words
    assert name in program.commands, f"qm-tui {line}: no such command"
    command = program.commands[name]
    parser = command.make_parser(_context(command, name, context))
    try:
        _, rest, _ = parser.parse_args(words)
    except Exception as error:  # a sentence about `init --shared` gives no value
        if "requires an argument" not in str(error):
            raise
        return
    assert not rest, f"qm-tui {line}: too many arguments"


@pytest.mark.parametrize(
    "document",
    [one for one in DOCUMENTS if one.name != "CHANGELOG.md"],  # it also names what was removed
    ids=lambda document: document.name,
)
def test_every_example_is_a_command_with_its_options(document):
    for line in examples(document.read_text()):
        check_arguments(line)


def test_examples_are_found_and_checked():
    text = (
        "Run `qm-tui check`, or:\n\n    sudo /opt/qm-tui/bin/qm-tui undo 4 | cat\n"
        "    ln -s /opt/qm-tui/bin/qm-tui /usr/local/bin/\n\nqm-tui is no example.\n\n"
        "```\nX=1 qm-tui list --filter 'a b' \\\n  --json > out # all\n```\n"
    )
    found = ["undo 4", "list --filter 'a b' --json", "check"]
    assert list(examples(text)) == found
    for line in found:
        check_arguments(line)
    for wrong in ("lst", "list --jsn", "undo 1 2"):
        with pytest.raises(Exception, match=r"(?i)no such (command|option)|too many"):
            check_arguments(wrong)
