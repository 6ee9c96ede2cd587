"""An import that was cut off is said at the next start, once, and whether it was saved."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from qm_tui.progress import Cancelled, HungUp
from qm_tui.store.tinydb_store import open_store
from qm_tui.transfer.importing import Asked, import_users
from tests.helpers import ANNA, HEADER, csv_text, user, written
from tests.store.test_tinydb_store import commit

ROOT = Path(__file__).parents[2]

_IMPORT = """
import os, signal, sys
from pathlib import Path
from qm_tui.store.tinydb_store import open_store
from qm_tui.transfer.importing import Asked, import_users
from qm_tui.progress import Phase
store = open_store(Path(sys.argv[1]))
store.load()
def killed(phase, done, total):
    if phase == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[3] == "the end":

    Path.unlink = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
import_users(Asked(Path(sys.argv[2])), store, tick=killed)
"""


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "store" / "users.json"
    commit(path, ANNA)
    return path


def _import_killed_at(path: Path, when: str) -> None:
    file = written(path.parent.parent, csv_text([HEADER, user("bo", user_id="")]), "sales.csv")
    done = subprocess.run(
        [sys.executable, "-c", _IMPORT, path, file, when], check=False, cwd=ROOT, timeout=30
    )
    assert done.returncode == -signal.SIGKILL


def _notes(path: Path) -> list[str]:
    return [name for name in os.listdir(path.parent) if ".import." in name]  # noqa: PTH208


@pytest.mark.parametrize("when", ["Reading", "Importing"])
def test_an_import_killed_before_it_was_saved_is_said_until_somebody_has_read_it(path, when):
    _import_killed_at(path, when)
    store = open_store(path)
    assert list(store.load().users) == [ANNA.user_id]
    (sentence,) = store.notices
    assert "sales.csv" in sentence
    assert "cut off: nothing of it was saved" in sentence
    again = open_store(path)
    again.load()
    assert list(again.notices) == [sentence]
    again.acknowledge_notices()
    last = open_store(path)
    last.load()
    assert list(last.notices) == []
    assert _notes(path) == []


def test_an_import_killed_after_it_was_saved_is_said_with_its_transaction(path):
    _import_killed_at(path, "the end")
    store = open_store(path)
    assert len(store.load().users) == 2
    (sentence,) = store.notices
    assert "after it was saved, as transaction 2" in sentence


def test_an_import_under_way_is_not_said(path):
    with open_store(path).import_in_progress("sales.csv"):
        other = open_store(path)
        other.load()
        assert list(other.notices) == []
        assert len(_notes(path)) == 1
    assert _notes(path) == []


def test_whoever_may_only_look_leaves_the_note_to_others(path):
    _import_killed_at(path, "Importing")
    looking = open_store(path, read_only=True)
    looking.load()
    assert list(looking.notices) == []
    assert len(_notes(path)) == 1


def test_a_note_without_sense_is_passed_over(path):
    for content in ("", "x", "[]", '{"who": 1}'):
        (path.parent / ".users.json.import.00").write_text(content)
        store = open_store(path)
        store.load()
        assert list(store.notices) == []


def test_the_activity_log_says_what_was_imported(path):
    from qm_tui.transfer.importing import Asked, import_users

    file = written(path.parent.parent, csv_text([HEADER, user("bo", user_id="")]), "sales.csv")
    store = open_store(path)
    store.load()
    import_users(Asked(file), store)
    entry = store.activity()[0]
    digest = subprocess.run(["sha256sum", file], check=True, capture_output=True, text=True)
    read = f"import of sales.csv, 1 KB, sha256 {digest.stdout.split()[0]}"
    assert entry.why == f"{read}; 1 record: 0 unchanged, 0 rejected"
    assert entry.added == 1
    import_users(Asked(file), store)
    assert store.activity()[0] == entry


@pytest.mark.parametrize("why", [HungUp, Cancelled])
def test_who_hung_up_as_it_was_saved_is_told_that_it_was(tmp_path, why):
    store = open_store(tmp_path / "users.json")
    store.load()
    file = written(tmp_path, csv_text([HEADER, user("bo", user_id="")]))

    def tick(_phase, done, total):
        if done == total and store.state.users:
            raise why

    report = import_users(Asked(file), store, tick)
    assert report.committed
    assert len(store.state.users) == 1
    again = open_store(tmp_path / "users.json")
    again.load()
    said = " ".join(again.notices)
    assert ("was cut off after it was saved, as transaction 1." in said) is (why is HungUp)
