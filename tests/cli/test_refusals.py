"""Whatever the command line refuses: one sentence on standard error, status 2, nothing done."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_program import command, home, qm_tui, store, users_file
from tests.helpers import ANNA, HEADER, commit, commit_unchecked, csv_text, user, written

__all__ = ["home", "store"]


def refusal(*arguments: object) -> str:
    """Run the program; its one sentence, if it refused."""
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
    return written(folder, b"\x89PNG\r\n\x1a\n" + bytes(100), "picture.csv")


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
        (lambda _: "", "an empty text names no file"),
        (lambda _: os.fsdecode(b"\xff\xfe.csv"), "does not exist"),
        (lambda _: "evil\x1b[2J\nx.csv", "does not exist"),
        (_folder, "folder"),
        (lambda _: "/dev/null", "device"),
        (_fifo, "pipe"),
        (_png, "picture"),
        (lambda folder: written(folder, "x", "users.txt"), ".csv"),
        (lambda folder: written(folder, ""), "no records"),
        (lambda folder: written(folder, csv_text([HEADER])), "no records"),
        (lambda folder: written(folder, csv_text([[*HEADER, "Location"], ANNA])), "Location"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--json"]], ids=str)
def test_what_is_no_users_file_is_not_imported(home, store, make, says, options):
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
        (["activity", "0"], "'0' is not the number of a transaction"),
        (["undo", "x\x1b[2J"], "is not the number of a transaction"),
        (["undo", "1", "--confirm", "-1"], "'-1' is not a number of users"),
        (["import", "a.csv", "--confirm", "all"], "'all' is not a number of users"),
        (["activity", "nonsense"], "nonsense"),
        (["undo"], "N"),
        (["undo", "1", "--confirm", "many"], "many"),
        (["recover"], "NEW.json"),
    ],
    ids=str,
)
def test_a_wrong_call_is_answered_with_one_sentence(store, arguments, says):
    assert says in refusal(*arguments)


def test_without_a_terminal_the_interface_is_not_opened(store):
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
def test_a_broken_store_is_refused_by_every_command_and_untouched(home, store, content, arguments):
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
def test_what_can_be_no_store_is_refused(home, path):
    (home / "folder").mkdir()
    (home / "file").write_bytes(b"{}")
    os.mkfifo(home / "pipe")
    refusal("list", "--store", path)


def test_a_store_named_in_a_folder_that_is_gone_is_refused(home, store, monkeypatch):
    (home / "gone").mkdir()
    monkeypatch.chdir(home / "gone")
    (home / "gone").rmdir()
    refusal("list", "--store", "users.json")


# Exports


def test_an_existing_file_is_not_overwritten_without_force(home, store):
    commit(store, ANNA)
    (home / "out.csv").write_bytes(b"precious")
    assert "--force" in refusal("export", "out.csv")
    assert "--force" in refusal("export", "out")
    assert "--force" in refusal("export", "--template", "out.csv")
    assert (home / "out.csv").read_bytes() == b"precious"


@pytest.mark.parametrize(
    "name", ["missing/out.csv", "folder.csv", "pipe.csv", "~nobody-of-this-name/x.csv"]
)
def test_a_place_where_no_file_can_be_is_refused(home, store, name):
    commit(store, ANNA)
    (home / "folder.csv").mkdir()
    os.mkfifo(home / "pipe.csv")
    refusal("export", "--force", name)


@pytest.mark.parametrize("name", ["-", "out.csv"])
def test_half_a_character_is_refused_before_anything_is_written(home, store, name):
    commit_unchecked(
        store, *[user(f"n{number}") for number in range(1500)], user(location="a\ud800b")
    )
    assert "half a character" in refusal("export", name)
    assert not (home / "out.csv").exists()


def test_a_file_whose_name_begins_with_a_tilde_is_a_file(home, store):
    commit(store, ANNA)
    qm_tui("export", "./~copy.csv")
    assert (home / "~copy.csv").exists()


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"], ["export", "-"], ["info"]])
def test_output_that_cannot_be_written_is_said(store, arguments):
    commit(store, ANNA)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command(*arguments), check=False, stdout=full, stderr=subprocess.PIPE, timeout=10
        )
    errors = done.stderr.decode()
    assert done.returncode not in (0, 1)
    assert "No space left" in errors
    assert "unexpectedly" not in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("closed", [0, 1, 2])
@pytest.mark.parametrize("arguments", [[], ["import", "--dry-run", "users.csv"], ["list"]], ids=str)
def test_a_closed_standard_stream_is_no_crash(home, store, arguments, closed):
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


def test_debug_goes_before_the_command_and_that_is_said(store):
    said = refusal("list", "--debug")
    assert said == "--debug goes before the command: qm-tui --debug list. Try qm-tui --help.\n"
