"""Output that cannot be written: what was done is saved, and reported."""

import subprocess

import pytest

from qm_tui.store import open_store
from tests.helpers import ANNA, commit, user, users_file
from tests.program import command, run

BO = user("bo", department="Sales")
NO_OUTPUT = "Cannot write the output: No space left on device.\n"
NO_REPORT = "Cannot write the report: No space left on device.\n"


@pytest.fixture
def file(home):
    return users_file(home, user("cy", user_id=""))


@pytest.mark.parametrize(
    "line",
    [
        "set bo location=Narvik",
        "set bo location=Narvik --json",
        "delete bo --confirm 1",
        "rename department Sales Selling",
        "undo 1",
        "undo 1 --json",
        "import users.csv",
        "import users.csv --json",
        "add user_name=di first_name=Di last_name=Dis extension=7771",
        "passwd bo",
    ],
)
def test_change_is_saved_if_its_report_cannot_be_written(store, file, line):
    commit(store, BO)
    done = run(*line.split(), input="Secret-words-12\n", full="stdout")
    assert done.code == 1
    assert done.err.endswith(f"Transaction 2 was saved. {NO_REPORT}")
    assert open_store(store).load().number == 2


def test_unwritable_output_fails_if_nothing_was_done(store, file):
    commit(store, BO)
    for line in (
        "list",
        "list --filter bo",
        "export -",
        "export - --filter bo",
        "info",
        "activity",
        "--version",
        "set bo agent-id=N1 --dry-run",
        "import users.csv --dry-run",
        "undo 1 --dry-run",
    ):
        assert run(*line.split(), full="stdout") == (2, "", NO_OUTPUT)
    assert open_store(store).load().number == 1


def test_files_are_written_if_the_report_cannot_be_written(home, store):
    commit(store, ANNA)
    for line, done in {
        "export out.csv": "The file was written.",
        "export --template empty.csv": "The file was written.",
        "recover new.json": "The recovered data is in the new store.",
        "init --store other.json": "The store was created.",
        "backup backup.tar": "The backup is complete.",
    }.items():
        assert run(*line.split(), full="stdout") == (1, "", f"{done} {NO_REPORT}")
        assert (home / line.split()[-1]).exists()


def test_exit_status_is_the_same_if_errors_cannot_be_printed(store):
    commit(store, ANNA)
    for line, code in {"list --filter zz:": 2, "list --nonsense": 2, "list": 0}.items():
        assert run(*line.split(), full="stderr").code == code


@pytest.mark.parametrize(
    ("closed", "line", "code", "says"),
    [
        (0, "", 2, "The terminal UI needs a terminal."),
        (0, "import --dry-run users.csv", 0, ""),
        (1, "list", 2, "Cannot write the output: Bad file descriptor."),
        (1, "set bo location=Narvik", 1, "Transaction 2 was saved."),
        (2, "list", 0, ""),
        (2, "", 2, ""),
    ],
)
def test_closed_standard_stream_is_reported_like_a_full_disk(store, file, closed, line, code, says):
    commit(store, BO)
    closing = ["sh", "-c", f'"$@" {closed}>&-', "sh", *command(*line.split())]
    done = subprocess.run(closing, check=False, capture_output=True, timeout=30)
    assert done.returncode == code
    assert says in done.stderr.decode()
    assert b"Traceback" not in done.stderr
