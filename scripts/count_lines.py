"""Count lines of code: without blank lines, comments and docstrings.

    python scripts/count_lines.py [FOLDER ...]

Prints the number of lines of each folder, including its subfolders.
"""

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
}


def code_lines(source: str) -> int:
    """Return the number of lines with code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines.update(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            lines.difference_update(range(node.lineno, (node.end_lineno or 0) + 1))
    return len(lines)


def main(folders: list[str]) -> None:
    """Print the number of lines of each folder."""
    for name in folders:
        counts: Counter[str] = Counter()
        for path in sorted(Path(name).rglob("*.py")):
            lines = code_lines(path.read_text(encoding="utf-8"))
            for folder in path.parents:
                counts[str(folder)] += lines
                if str(folder) == name:
                    break
        for folder_name, lines in sorted(counts.items()):
            print(f"{lines:7,}  {folder_name}")


if __name__ == "__main__":
    main(sys.argv[1:] or ["qm_tui", "tests"])
