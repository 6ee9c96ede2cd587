"""docs/upgrade.md names every former name that still works."""

import ast
import re
from pathlib import Path

from qm_tui.cli.commands import import_users
from qm_tui.store.tinydb.log import FORMAT

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "docs" / "upgrade.md").read_text()
_ROWS = [
    [re.findall("`([^`]+)`", cell) for cell in row.strip("| ").split(" | ")[-2:]]
    for row in _PAGE.split("## Former names")[1].split("## ")[0].splitlines()
    if row.startswith("| ") and "`" in row
]


def former_keys() -> set[tuple[str, str]]:
    """Return each former key of JSON with its present one, as the commands print them."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "qm_tui" / "cli").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "with_old_keys":
                continue
            for keyword in call.keywords:
                given = ast.literal_eval(keyword.value)
                found |= {(keyword.arg, given)} if keyword.arg else {*given.items()}
    return found


def test_former_keys_of_json_are_those_of_the_commands():
    keys = {pair for former, now in _ROWS[1:] for pair in zip(former, now, strict=True)}
    assert keys == former_keys()


def test_former_options_are_those_of_the_import():
    source = Path(str(import_users.__file__)).read_text()
    (hidden,) = re.findall(r"typer\.Option\(([^)]*), hidden=True\)", source)
    assert _ROWS[0] == [sorted(re.findall('"([^"]+)"', hidden)), ["--spreadsheet-values file"]]


def test_format_of_the_store_is_the_present_one():
    assert f"the same ({FORMAT} in all versions" in _PAGE
