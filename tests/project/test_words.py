"""No sentence that an admin sees holds a word that reads as if translated."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "qm_tui").rglob("*.py"))
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
WORDS = (
    *("somebody", "nobody", "whoever", "whom", "meanwhile", "as it asks", "as they stand"),
    *("let go", "takes back", "take back", "led on", "found out", "choose otherwise"),
    *("outlasts", "cut off"),
)
FORBIDDEN = re.compile("|".join(rf"\b{re.escape(word)}\b" for word in WORDS), re.IGNORECASE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Each string of a module, docstrings too, with its line."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, " ".join(node.value.split())


def test_sources_and_documents_hold_no_translated_words():
    assert all(FORBIDDEN.search(f"Text with {word.upper()}, in it") for word in WORDS)
    lines = [(path, line, text) for path in SOURCES for line, text in texts(path)]
    for path in DOCUMENTS:
        numbered = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        lines += [(path, number, text) for number, text in numbered]
    found = [
        f"{path.relative_to(ROOT)}:{line}: {match[0]}"
        for path, line, text in lines
        for match in FORBIDDEN.finditer(text)
    ]
    assert not found
