"""Output that cannot be written: what was done is saved, and reported."""

import subprocess
from pathlib import Path

import pytest

from qm_tui.store import open_store
from tests.cli.test_program import command, home, store
from tests.helpers import ANNA, HEADER, commit, csv_text, user, write_file

__all__ = ["home", "store"]

BO = user("bo")
NO_OUTPUT = "Cannot write the output: No space left on device.\n"
NO_REPORT = "Cannot write the report: No space left on device.\n"
SAVED = f"Transaction 2 was saved. {NO_REPORT}"


@pytest.fixture
def file(home) -> Path:
    return write_file(home, csv_text([HEADER, user("cy", user_id="")]))


def _unsaid(*arguments: object, text: str = "", status: int) -> str:
    """Run a command with a full standard output, and return its standard error."""
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments),
            input=text.encode(),
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
        )
    said = done.stderr.decode()
    assert done.returncode == status, said
    return said


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "bo", "location=Narvik"),
        ("set", "bo", "location=Narvik", "--json"),
        ("inactivate", "bo"),
        ("delete", "bo", "--confirm", "1"),
        ("rename", "department", "Sales", "Selling"),
        ("undo", "1"),
        ("undo", "1", "--json"),
        ("import", "FILE"),
        ("import", "FILE", "--json"),
        (
            "add",
            "user_name=di",
            "first_name=Di",
            "last_name=Dis",
            "extension=7771",
        ),
        ("passwd", "bo"),
    ],
    ids=" ".join,
)
def test_change_is_saved_if_its_report_cannot_be_written(store, file, arguments):
    commit(store, BO._replace(department="Sales"))
    given = [file if one == "FILE" else one for one in arguments]
    said = _unsaid(*given, text="Secret-words-12\n", status=1)
    assert said.endswith(SAVED)
    assert open_store(store).load().number == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "bo", "agent-id=N1", "--dry-run"),
        ("import", "FILE", "--dry-run"),
        ("undo", "1", "--dry-run"),
        ("info",),
        ("activity",),
    ],
    ids=" ".join,
)
def test_unwritable_output_fails_if_nothing_was_done(store, file, arguments):
    commit(store, BO)
    given = [file if one == "FILE" else one for one in arguments]
    assert _unsaid(*given, status=2) == NO_OUTPUT
    assert open_store(store).load().number == 1


def test_files_are_written_if_the_report_cannot_be_written(home, store):
    commit(store, ANNA)
    made = {
        ("export", "out.csv"): "The file was written.",
        ("export", "--template", "empty.csv"): "The file was written.",
        ("recover", "new.json"): "The recovered data is in the new store.",
        ("init", "--store", "other.json"): "The store was created.",
        ("backup", "backup.tar"): "The backup is complete.",
    }
    for arguments, done in made.items():
        given = [home / one if "." in one else one for one in arguments]
        said = _unsaid(*given, status=1)
        assert said == f"{done} {NO_REPORT}"
        assert all(one.exists() for one in given if isinstance(one, Path))


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["list"], 2, "Cannot write the output: Bad file descriptor."),
        (["--version"], 2, "Cannot write the output: Bad file descriptor."),
        (["set", "bo", "location=Narvik"], 1, "Transaction 2 was saved."),
    ],
    ids=str,
)
def test_closed_standard_output_is_reported_like_a_full_disk(store, arguments, status, says):
    commit(store, BO)
    closing = ["sh", "-c", '"$@" >&-', "sh", *command(*arguments)]
    done = subprocess.run(closing, check=False, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == status
    assert says in done.stderr.decode()
