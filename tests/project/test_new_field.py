"""A field can be added in the field table only, and older stores and files remain usable."""

import subprocess
import sys
from pathlib import Path

import pytest

from qm_tui.store.tinydb.entries import ADDED, DELETED, padded, user_change
from qm_tui.users import fields
from qm_tui.users.fields import KEYS
from tests.helpers import ANNA, commit, user

_WITH_NEW_FIELD = '''
import sys
from pathlib import Path
from types import ModuleType

import qm_tui.users

path = Path(sys.argv.pop(1))
before, mark, after = path.read_text().partition("\\n\\ndef _field(")
assert mark
field = """
    title: Annotated[
        str, _Spec("Title", 12, Group.IDENTITY, repeats=True, meaning="Job title of the user.")
    ] = ""
"""
module = ModuleType("qm_tui.users.fields")
module.__file__ = str(path)
sys.modules[module.__name__] = qm_tui.users.fields = module
exec(compile(before.rstrip() + field + mark + after, path, "exec"), module.__dict__)

from qm_tui.cli import main

main()
'''
"""Runs the program with an additional last field, `title`."""


def run(*arguments: object, is_new: bool = True, status: int = 0) -> str:
    """Run the program, with the new field by default, and return its output."""
    program = ("-c", _WITH_NEW_FIELD, fields.__file__) if is_new else ("-m", "qm_tui")
    done = subprocess.run(
        [sys.executable, *program, *map(str, arguments)],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == status, done.stderr.decode()
    return done.stdout.decode()


@pytest.fixture
def store(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store without the new field: two users were added, one of them was deleted."""
    path = home / "store" / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    monkeypatch.chdir(home)
    commit(path, ANNA)
    commit(path, user("bob"))
    run("delete", "bob", "--confirm", 1, is_new=False)
    return path


def test_store_from_before_a_new_field_is_intact(store):
    assert "intact: 1 user" in run("check")
    run("export", "new.csv")
    header, anna = Path("new.csv").read_text().splitlines()
    assert header.endswith("Phone IP,Title")
    assert anna.endswith("00:1A:2B:3C:4D:5E,")


def test_deletion_from_before_a_new_field_can_be_undone(store):
    assert "Bob" in run("activity", 3)
    run("undo", 3)
    assert "bob" in run("list", "--filter", 'title:""', "--columns", "user-name")


def test_log_from_before_a_new_field_is_read_without_a_snapshot(store):
    store.unlink()
    run("recover", "recovered.json", status=1)
    assert "intact: 1 user" in run("check", "--store", "recovered.json")


def test_new_field_can_be_set_counted_renamed_and_undone(store):
    run("set", "anna", "title=Boss")
    run("rename", "title", "Boss", "Chief")
    assert "anna" in run("list", "--filter", "title:chief", "--columns", "user-name")
    run("undo", 5)
    assert "anna" in run("list", "--filter", "title:boss", "--columns", "user-name")


def test_file_without_a_new_field_can_be_imported(store):
    run("export", "old.csv", is_new=False)
    run("set", "anna", "title=Boss")
    assert "1 unchanged" in run("import", "old.csv", "--dry-run")


def test_row_with_fewer_values_is_padded():
    values = [*ANNA[:-1]]
    assert padded(values) == [*values, ""]
    expected = dict(zip(KEYS, [*values, ""], strict=True))
    assert user_change([ADDED, 1, values]).after == expected
    assert user_change([DELETED, 1, values]).before == expected


def test_row_with_more_values_is_rejected():
    with pytest.raises(ValueError, match="cannot be read"):
        user_change([ADDED, 1, [*ANNA, ""]])
