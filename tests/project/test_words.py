"""No sentence that an admin sees holds a word that reads as if translated."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "qm_tui").rglob("*.py"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
WORDS = (
    "somebody",
    "nobody",
    "whoever",
    "whom",
    "meanwhile",
    "as it asks",
    "as they stand",
    "let go",
    "takes back",
    "take back",
    "led on",
    "found out",
    "choose otherwise",
    "outlasts",
    "cut off",
)
FORBIDDEN = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in WORDS), re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Each string of a module, docstrings too, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())


@pytest.mark.parametrize("word", WORDS)
def test_the_search_finds_each_word(word):
    assert FORBIDDEN.search(f"Text with {word.upper()}, in it")


def test_sources_hold_no_translated_words():
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path in SOURCES
        for line, text in texts(path)
        for match in FORBIDDEN.finditer(text)
    ]
    assert not found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_document_holds_no_translated_words(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    found = [f"{number}: {line}" for number, line in enumerate(lines, 1) if FORBIDDEN.search(line)]
    assert not found
