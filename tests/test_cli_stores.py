"""Making, checkpointing and recovering stores, and looking at them only, as a program."""

import json
import signal
import subprocess
import time

import pytest
from tinydb import TinyDB

from benchmarks.terminal import Terminal
from qm_tui.store.tinydb_store import open_store
from tests.helpers import ANNA, user
from tests.store.test_tinydb_store import checkpoint, commit
from tests.test_cli import as_it_is, command, home, ids_empty, qm_tui, store, users_file
from tests.test_cli_refusals import refusal

__all__ = ["home", "store"]

BO = user("bo")


def _errors(*arguments: object, status: int = 0) -> str:
    """What the program said on standard error, if it ended with this status."""
    done = subprocess.run(
        command(*arguments), check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=30
    )
    assert done.returncode == status, done.stderr
    return done.stderr.decode()


# Checkpoint


def test_a_checkpoint_writes_all_users_into_the_main_file(store):
    commit(store, ANNA, BO)
    assert "2 users" in qm_tui("checkpoint")
    assert [one["user_name"] for one in json.loads(store.read_bytes())["users"].values()] == [
        "anna",
        "bo",
    ]
    with TinyDB(store) as database:
        assert len(database.table("users")) == 2


def test_a_checkpoint_of_what_is_written_already_says_so(store):
    commit(store, ANNA)
    checkpoint(store)
    before = as_it_is(store)
    assert "nothing to do" in qm_tui("checkpoint")
    assert as_it_is(store) == before


def test_a_checkpoint_of_no_store_makes_none(store):
    assert "There is no store" in refusal("checkpoint")
    assert not store.parent.exists()


# Init


def test_init_makes_an_empty_private_store(store):
    assert str(store) in qm_tui("init")
    assert (store.stat().st_mode & 0o777, store.parent.stat().st_mode & 0o7777) == (0o600, 0o700)
    assert "(0 users)" in qm_tui("info")


def test_init_leaves_a_store_that_is_there_alone(store):
    commit(store, ANNA)
    before = as_it_is(store)
    assert "already" in refusal("init")
    assert as_it_is(store) == before


# Looking only


@pytest.mark.parametrize("place", ["before", "after"])
def test_read_only_looks_and_never_changes(home, store, place):
    def at(*arguments: object) -> list[object]:
        first, *rest = arguments
        if place == "before":
            return ["--read-only", *arguments]
        return [first, "--read-only", *rest]

    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen"))
    file = users_file(home, BO._replace(user_id=""))
    before = as_it_is(store)
    for looks in (["list"], ["activity", 1], ["info"], ["export", "-"], ["undo", 2, "--dry-run"]):
        qm_tui(*at(*looks))
    assert "1 added" in qm_tui(*at("import", file, "--dry-run"))
    for changes in (["import", file], ["undo", 2], ["checkpoint"]):
        assert "looking only" in refusal(*at(*changes))
    assert "looking only" in qm_tui(*at("info"))
    assert as_it_is(store) == before


# What the store has to say


def test_an_import_that_was_cut_off_is_said_until_somebody_at_a_terminal_was_told(home, store):
    commit(store, ANNA)
    many = users_file(home, *[user(f"n{n}", user_id="") for n in range(30_000)])
    with subprocess.Popen(
        command("import", many), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as program:
        until = time.monotonic() + 20
        while not list(store.parent.glob(".users.json.import.*")) and time.monotonic() < until:
            time.sleep(0.002)
        program.send_signal(signal.SIGKILL)
    for _ in range(2):  # as a job at night does
        said = _errors("list")
        assert "The import of users.csv" in said
        assert "was cut off: nothing of it was saved" in said
        assert said.count("\n") == 1
    with Terminal(command("list")) as terminal:
        terminal.wait_for("was cut off: noth")
        assert terminal.wait_for_end() == 0
    assert _errors("list") == ""


def test_a_store_without_its_journal_is_noticed_by_every_command_that_loads_it(store):
    commit(store, ANNA)
    checkpoint(store)
    for arguments in (["list", "--json"], ["info"], ["activity"], ["export", "-"]):
        store.with_name("users.json.journal").unlink(missing_ok=True)
        assert "without its journal" in _errors(*arguments)


def test_a_large_journal_is_checkpointed_after_the_import_that_made_it_large(home, store):
    users = [user(f"n{n}", user_id="", location="x" * 1000) for n in range(30_000)]
    out = qm_tui("import", users_file(home, *users))
    assert "30,000 added" in out
    assert store.with_name("users.json.journal").stat().st_size < 1000
    assert len(json.loads(store.read_bytes())["users"]) == 30_000


# Recover


def test_a_store_that_is_whole_is_recovered_wholly(home, store):
    commit(store, ANNA)
    checkpoint(store)
    commit(store, BO)
    before = as_it_is(store)
    out = qm_tui("recover", "new.json")
    assert "2 users written to" in out
    assert "Everything could be read." in out
    assert as_it_is(store) == before
    assert open_store(home / "new.json").load() == open_store(store).load()
    assert (home / "new.json").stat().st_mode & 0o777 == 0o600


def test_what_could_not_be_read_is_listed_with_its_place(home, store, monkeypatch):
    commit(store, ANNA, BO)
    checkpoint(store)
    for location in ("Bergen", "Paris", "Rome"):
        commit(store, BO._replace(location=location))
    journal = store.with_name("users.json.journal")
    journal.write_bytes(journal.read_bytes().replace(b'"Paris"', b'"Paris!', 1))
    before = as_it_is(store)
    assert "qm-tui recover" in refusal("list")
    out = qm_tui("recover", "--store", store, "new.json", status=1)
    offset = journal.read_bytes().split(b"Paris")[0].rfind(b"\n") + 1
    assert f"users.json.journal, byte {offset:,}, transaction 3, user u-bo: the frame" in out
    assert as_it_is(store) == before
    monkeypatch.setenv("QM_TUI_STORE", str(home / "new.json"))
    users = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert [one["location"] for one in users] == ["Oslo", "Rome"]
    qm_tui("import", users_file(home, *ids_empty(user("cy"))))
    numbers = [one["number"] for one in json.loads(qm_tui("activity", "--json"))]
    assert numbers == [5, 4, 2, 1]
    assert "Location: Oslo -> Bergen" in qm_tui("activity", 2)


def test_a_recovery_replaces_nothing(home, store):
    commit(store, ANNA)
    (home / "new.json").write_text("precious")
    (home / "other.json.journal").write_text("precious")
    before = as_it_is(store)
    for target in ("new.json", "other.json", store):
        assert "is there already" in refusal("recover", target)
    assert (home / "new.json").read_text() == "precious"
    assert as_it_is(store) == before


def test_nothing_is_recovered_of_nothing(home, store):
    assert "No such file" in refusal("recover", "new.json")
    store.parent.mkdir()
    store.write_bytes(b"\x00" * 5000)
    assert "Nothing of the store" in refusal("recover", "new.json")
    assert not (home / "new.json").exists()
