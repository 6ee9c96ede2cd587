"""Errors of the command line: one line on standard error, status 2, and no changes."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_program import command, home, qm_tui, store, users_file
from tests.helpers import ANNA, HEADER, commit, commit_unchecked, csv_text, user, write_file

__all__ = ["home", "store"]


def refusal(*arguments: object) -> str:
    """Run the program, and return its error message. It must fail with one line."""
    done = subprocess.run(
        command(*arguments),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=5,
    )
    sentence = done.stderr.decode()
    assert (done.returncode, done.stdout) == (2, b""), sentence
    assert sentence.count("\n") == 1
    assert sentence.endswith((".\n", "?\n"))
    assert not {"Traceback", "Errno", "\x1b"} & set(sentence.split())
    return sentence


def _png(folder: Path) -> Path:
    return write_file(folder, b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.csv")


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "pipe.csv")
    return folder / "pipe.csv"


def _folder(folder: Path) -> Path:
    (folder / "folder.csv").mkdir()
    return folder / "folder.csv"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda _: "missing.csv", "does not exist"),
        (lambda _: "~missing.csv", "does not exist"),
        (lambda _: "", "The path is empty"),
        (lambda _: os.fsdecode(b"\xff\xfe.csv"), "does not exist"),
        (lambda _: "evil\x1b[2J\nx.csv", "does not exist"),
        (_folder, "folder"),
        (lambda _: "/dev/null", "device"),
        (_fifo, "pipe"),
        (_png, "picture"),
        (lambda folder: write_file(folder, "x", "users.txt"), ".csv"),
        (lambda folder: write_file(folder, ""), "is empty"),
        (lambda folder: write_file(folder, csv_text([HEADER])), "contains only a header"),
        (lambda folder: write_file(folder, csv_text([[*HEADER, "Location"], ANNA])), "Location"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_invalid_users_file_is_not_imported(home, store, make, says, options):
    assert says in refusal("import", *options, make(home))
    assert not store.parent.exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--nonsense"], "--nonsense"),
        (["list", "--nonsense"], "--nonsense"),
        (["nonsense"], "nonsense"),
        (["evil\x1b[2J"], "evil"),
        (["import"], "FILE"),
        (["export"], "FILE"),
        (["import", "a.csv", "b.csv"], "b.csv"),
        (["import", "--unknown-id", "maybe", "a.csv"], "maybe"),
        (["import", "--unknown-id"], "--unknown-id"),
        (["list", "--store"], "--store"),
        (["list", "nonsense"], "nonsense"),
        (["activity", "0"], "'0' is not a transaction number"),
        (["undo", "x\x1b[2J"], "is not a transaction number"),
        (["undo", "1", "--confirm", "-1"], "'-1' is not a number of users"),
        (["import", "a.csv", "--confirm", "all"], "'all' is not a number of users"),
        (["activity", "nonsense"], "nonsense"),
        (["undo"], "N"),
        (["undo", "1", "--confirm", "many"], "many"),
        (["recover"], "NEW.json"),
    ],
    ids=str,
)
def test_usage_error_is_one_line(store, arguments, says):
    assert says in refusal(*arguments)


def test_terminal_ui_requires_a_terminal(store):
    assert "terminal" in refusal()
    assert not store.exists()


# Stores


@pytest.mark.parametrize(
    "content", ["{", "not JSON", '{"users": {"1": {"user_name": "x"}}}', '{"users": []}']
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["export", "-"],
        ["import", "users.csv"],
        ["activity"],
        ["undo", "1"],
    ],
    ids=str,
)
def test_damaged_store_is_an_error_and_not_changed(home, store, content, arguments):
    users_file(home, ANNA)
    store.parent.mkdir()
    store.write_text(content)
    assert str(store) in refusal(*arguments)
    assert store.read_text() == content


@pytest.mark.parametrize(
    "path",
    [
        "folder",
        "",
        "x" * 300,
        "file/users.json",
        "/dev/null",
        "pipe",
        "~nobody-of-this-name/u.json",
    ],
    ids=lambda path: path[:20],
)
def test_invalid_store_path_is_an_error(home, path):
    (home / "folder").mkdir()
    (home / "file").write_bytes(b"{}")
    os.mkfifo(home / "pipe")
    refusal("list", "--store", path)


def test_relative_store_path_in_a_removed_folder_is_an_error(home, store, monkeypatch):
    (home / "gone").mkdir()
    monkeypatch.chdir(home / "gone")
    (home / "gone").rmdir()
    refusal("list", "--store", "users.json")


# Exports


def test_existing_file_is_not_overwritten_without_force(home, store):
    commit(store, ANNA)
    (home / "out.csv").write_bytes(b"precious")
    assert "--force" in refusal("export", "out.csv")
    assert "--force" in refusal("export", "out")
    assert "--force" in refusal("export", "--template", "out.csv")
    assert (home / "out.csv").read_bytes() == b"precious"


@pytest.mark.parametrize(
    "name", ["missing/out.csv", "folder.csv", "pipe.csv", "~nobody-of-this-name/x.csv"]
)
def test_export_to_an_invalid_path_is_an_error(home, store, name):
    commit(store, ANNA)
    (home / "folder.csv").mkdir()
    os.mkfifo(home / "pipe.csv")
    refusal("export", "--force", name)


@pytest.mark.parametrize("name", ["-", "out.csv"])
def test_surrogate_is_an_error_before_anything_is_written(home, store, name):
    commit_unchecked(
        store, *[user(f"n{number}") for number in range(1500)], user(location="a\ud800b")
    )
    assert "invalid character" in refusal("export", name)
    assert not (home / "out.csv").exists()


def test_file_name_may_start_with_a_tilde(home, store):
    commit(store, ANNA)
    qm_tui("export", "./~copy.csv")
    assert (home / "~copy.csv").exists()


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["export", "-"], ["info"]])
def test_unwritable_output_is_reported(store, arguments):
    commit(store, ANNA)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments), check=False, stdout=full, stderr=subprocess.PIPE, timeout=10
        )
    errors = done.stderr.decode()
    assert done.returncode not in (0, 1)
    assert "No space left" in errors
    assert "Unexpected error" not in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("closed", [0, 1, 2])
@pytest.mark.parametrize("arguments", [[], ["import", "--dry-run", "users.csv"], ["list"]], ids=str)
def test_closed_standard_stream_is_no_unexpected_error(home, store, arguments, closed):
    users_file(home, ANNA)
    done = subprocess.run(
        command(*arguments),
        check=False,
        capture_output=True,
        timeout=10,
        preexec_fn=lambda: os.close(closed),
    )
    assert b"Traceback" not in done.stderr
    assert done.returncode == (0 if arguments and closed != 1 else 2)


def test_debug_after_the_command_is_an_error(store):
    said = refusal("list", "--debug")
    assert said == "--debug must come before the command: qm-tui --debug list.\n"
