"""A field can be added in the field table only, and older stores and files remain usable."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from qm_tui.store.tinydb.entries import ADDED, user_change
from qm_tui.users import fields
from tests.helpers import ANNA, commit, user
from tests.program import output

_WITH_NEW_FIELD = '''
import json
import sys
from pathlib import Path
from types import ModuleType

import qm_tui.users

path = Path(sys.argv.pop(1))
before, mark, after = path.read_text().partition("\\n\\ndef _field(")
assert mark
field = """
    title: Annotated[
        str,
        _Spec("Title", "Title", 12, 12, Group.IDENTITY, repeats=True),
        "Job title of the user.",
    ] = ""
"""
module = ModuleType("qm_tui.users.fields")
module.__file__ = str(path)
sys.modules[module.__name__] = qm_tui.users.fields = module
exec(compile(before.rstrip() + field + mark + after, path, "exec"), module.__dict__)

from tests.program import run

print(json.dumps([run(*line.split()) for line in sys.argv[1:]]))
'''
"""Runs the program with an additional last field, `title`."""


def with_new_field(*lines: str) -> list[str]:
    """Run commands with the new field, and return what each of them printed."""
    done = subprocess.run(
        [sys.executable, "-c", _WITH_NEW_FIELD, fields.__file__, *lines],
        check=True,
        capture_output=True,
        timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    found = json.loads(done.stdout)
    assert not [error for code, _, error in found if code not in (0, 1)], found
    return [out for _, out, _ in found]


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store without the new field: two users were added, one of them was deleted."""
    path = home / "store" / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    monkeypatch.chdir(home)
    commit(path, ANNA)
    commit(path, user("bob"))
    output("delete", "bob", "--confirm", 1)
    return path


def test_store_from_before_a_new_field_is_intact_and_a_deletion_can_be_undone(store):
    check, _, deletion, _, found = with_new_field(
        *("check", "export new.csv", "activity 3", "undo 3"),
        'list --filter title:"" --columns user-name',
    )
    assert "intact: 1 user" in check
    header, anna = Path("new.csv").read_text().splitlines()
    assert header.endswith("Phone IP,Title")
    assert anna.endswith("00:1A:2B:3C:4D:5E,")
    assert "Bob" in deletion
    assert "bob" in found


def test_log_from_before_a_new_field_is_read_without_a_snapshot(store):
    store.unlink()
    _, check = with_new_field("recover recovered.json", "check --store recovered.json")
    assert "intact: 1 user" in check


def test_new_field_can_be_set_renamed_and_undone_and_a_file_without_it_imported(store):
    output("export", "old.csv")
    listed = "list --columns user-name --filter title:"
    _, preview, _, chief, _, boss = with_new_field(
        *("set anna title=Boss", "import old.csv --dry-run", "rename title Boss Chief"),
        *(f"{listed}chief", "undo 5", f"{listed}boss"),
    )
    assert "1 unchanged" in preview
    assert "anna" in chief
    assert "anna" in boss


def test_row_with_more_values_is_rejected():
    with pytest.raises(ValueError, match="cannot be read"):
        user_change([ADDED, 1, [*ANNA, ""]])
