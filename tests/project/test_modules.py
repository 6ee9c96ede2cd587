"""The size of the parts of the program."""

import ast
from pathlib import Path

import qm_tui

_PACKAGE = Path(qm_tui.__file__).parent
_MODULES = sorted(path.relative_to(_PACKAGE).as_posix() for path in _PACKAGE.rglob("*.py"))
_MOST_IMPORTS = 16


def _imported(tree: ast.Module) -> set[str | None]:
    """Return the modules of the program that are imported at the start."""
    return {
        node.module
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("qm_tui.")
    }


def test_modules_import_few_others_except_the_app():
    counts = {
        path: len(_imported(ast.parse((_PACKAGE / path).read_text(encoding="utf-8"))))
        for path in _MODULES
        if path != "tui/app.py"
    }
    assert len(counts) > 200
    assert {path: count for path, count in counts.items() if count > _MOST_IMPORTS} == {}
