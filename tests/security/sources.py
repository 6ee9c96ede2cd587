"""The source of the program, parsed once for all tests that look into it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

SOURCES: Final = Path(__file__).parents[2] / "qm_tui"


@cache
def trees(folder: str = "") -> dict[str, ast.Module]:
    """Return the parsed modules below a folder of the package, by their paths in it."""
    paths = sorted((SOURCES / folder).rglob("*.py"))
    return {str(path.relative_to(SOURCES / folder)): ast.parse(path.read_text()) for path in paths}


def nodes(folder: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of the modules below a folder, with the path of its module."""
    for path, tree in trees(folder).items():
        for node in ast.walk(tree):
            yield path, node
