"""The examples on the page about scripts work."""

import re
import subprocess
import sys
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, DocTestParser, DocTestRunner, OutputChecker
from pathlib import Path

import pytest

from qm_tui.store import open_store
from qm_tui.store.tinydb import UsersDB
from qm_tui.transfer.importing import ImportRequest, import_users
from tests.helpers import ANNA, HEADER, csv_text, user, write_file

PAGE = Path(__file__).parents[3] / "docs" / "tinydb.md"
OPTIONS = ELLIPSIS | NORMALIZE_WHITESPACE


@pytest.fixture
def store(tmp_path, monkeypatch):
    """The folder of an admin with a store of Anna in Oslo, and Bo and Cy in Bergen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QM_TUI_STORE", str(tmp_path / "users.json"))
    people = [ANNA, user("bo", location="Bergen"), user("cy", location="Bergen")]
    rows = [HEADER, *(one._replace(user_id="") for one in people)]
    store = open_store(tmp_path / "users.json")
    store.load()
    import_users(ImportRequest(write_file(tmp_path, csv_text(rows))), store)
    store.close()
    return store


def _run_console(block: str) -> None:
    for command, wanted in re.findall(r"^\$ qm-tui (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
        done = subprocess.run(
            [sys.executable, "-m", "qm_tui", *command.split()],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert OutputChecker().check_output(wanted, done.stdout, OPTIONS), done.stdout


def test_page_of_scripts_does_what_it_shows(store, tmp_path, capsys):
    known: dict[str, object] = {}
    kinds = []
    for kind, block in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.M):
        kinds.append(kind)
        if kind == "console":
            _run_console(block)
            continue
        test = DocTestParser().get_doctest(block, known, PAGE.name, str(PAGE), 0)
        runner = DocTestRunner(optionflags=OPTIONS, verbose=False)
        runner.run(test, clear_globs=False)
        known = test.globs
        assert runner.failures == 0, capsys.readouterr().out
        assert runner.tries == block.count(">>>")
    assert kinds == ["python", "console", "python", "python"]
    with UsersDB(tmp_path / "users.json") as db:
        assert [one["user_name"] for one in db] == ["anna"]
    store.load()
    assert [(one.kind.value, one.action.subject) for one in store.transactions()[:3]] == [
        ("script", "close Bergen"),
        ("undo", "2"),
        ("script", ""),
    ]
