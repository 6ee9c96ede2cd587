"""What is no store is refused with a sentence; what cannot be written leaves it as it was."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from qm_tui.store.errors import StoreBusy, StoreError
from qm_tui.store.state import EMPTY
from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, user
from tests.store.test_tinydb_store import checkpoint, commit

BO = user("bo")
ROOT = Path(__file__).parent.parent.parent
_NOBODY = 65534


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Without root's right to read and write everything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(_NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def _document(one: User) -> dict[str, str]:
    return dict(zip(KEYS, one, strict=True))


def _tables(*users: User, **meta: object) -> str:
    tables: dict[str, object] = {"_meta": {"1": meta}} if meta else {}
    tables["users"] = {str(n): _document(one) for n, one in enumerate(users, start=1)}
    return json.dumps(tables)


def _refusal(path: Path) -> str:
    with pytest.raises(StoreError) as refused:
        open_store(path).load()
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "Errno" not in sentence
    return sentence


_NO_ID = _document(ANNA._replace(user_id=""))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("no JSON", "line 1"),
        ('{"users":\n {x', "line 2"),
        ("[]", "no tables"),
        ('{"users": {"1": []}}', "no TinyDB document"),
        ('{"users": {"a": {"user_id": "u1"}}}', "no TinyDB document"),
        (json.dumps({"users": {"7": _NO_ID}}), "document 7.*no User ID"),
        ('{"users": {"7": {"user_name": "bo"}}}', "document 7.*no User ID"),
        ('{"users": {"7": {"user_id": null}}}', "document 7.*no User ID"),
        ('{"users": {"7": {"user_id": "u1", "location": 1.5}}}', "document 7.*location"),
        ('{"users": {"7": {"user_id": "u1", "password": ["PW"]}}}', "document 7.*password"),
        (_tables(ANNA, BO, ANNA), "documents 1 and 3.*same User ID"),
        (_tables(ANNA, format=3), "later version"),
        (_tables(ANNA, format="2.0"), "later version"),
        ('{"_meta": {"1": {"format": 3}}, "users": {"1": {"id": 7}}}', "later version"),
        ('{"users":{"1":{"user_id":"u1","x":' + "[" * 9000 + "]" * 9000 + "}}}", "JSON"),
        ('{\n"users":{\n"1":{"x":' + "[" * 9000 + "]" * 9000 + "}\n}\n}\n", "line 3"),
    ],
    ids=lambda value: value[:40],
)
def test_a_file_that_is_no_store_is_refused_with_the_reason(path, content, says):
    path.write_text(content)
    sentence = _refusal(path)
    assert re.search(rf"{re.escape(str(path))}.*{says}", sentence)
    assert "ENC-anna-PW" not in sentence
    store = open_store(path)
    with pytest.raises(StoreError), store.transaction("edit"):
        pytest.fail("a broken store must not be written")
    assert store.state is EMPTY
    assert path.read_text() == content


def test_documents_of_a_later_batch_with_the_same_user_id_are_noticed(path):
    commit(path, *[user(f"n{number}") for number in range(2000)])
    checkpoint(path)
    lines = path.read_bytes().splitlines(keepends=True)
    lines[-3] = lines[-3].replace(b"u-n1999", b"u-n0")
    path.write_bytes(b"".join(lines))
    assert re.search("documents 1 and 2000 .* same User ID", _refusal(path))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(StoreError, match=r"is a folder.*users\.json\.$"):
        open_store(tmp_path)


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/null")])
def test_a_pipe_or_a_device_is_refused_and_not_waited_for(path, make):
    make(path)
    script = (
        "import sys; from pathlib import Path; from qm_tui.store.tinydb_store import *\n"
        "try: open_store(Path(sys.argv[1])).load()\n"
        "except StoreError as refused: print(refused)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path],
        check=False,
        capture_output=True,
        text=True,
        timeout=5,
    )
    assert str(path) in done.stdout


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.with_name("x" * 300),
        lambda path: path / "users.json",
    ],
    ids=["long", "below a file"],
)
def test_a_path_that_no_file_can_have_is_refused(path, make):
    path.write_text("{}")
    assert _refusal(make(path))


def test_a_symlink_loop_is_refused(path):
    path.symlink_to(path)
    assert "symbolic links" in _refusal(path)


def test_an_unreadable_file_is_refused(path):
    commit(path, ANNA)
    os.chown(path, 0, 0) if os.geteuid() == 0 else path.chmod(0)
    folder = os.open(path.parent, os.O_RDONLY)
    path.parent.chmod(0o755)
    here = Path.cwd()
    try:
        os.fchdir(folder)  # the folders above may be private
        with _as_nobody():
            assert "Permission denied" in _refusal(Path(path.name))
    finally:
        os.chdir(here)
        os.close(folder)


def test_a_store_in_an_unreadable_folder_is_refused(path):
    commit(path, ANNA)
    path.parent.chmod(0)
    try:
        with _as_nobody():
            assert "Permission denied" in _refusal(path)
    finally:
        path.parent.chmod(0o700)


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = open_store(tmp_path / "file" / "data" / "users.json")
    with (
        pytest.raises(StoreError, match=r"folder .* cannot be made: .*\.$"),
        store.transaction("edit"),
    ):
        pytest.fail("there is no place for it")


def test_a_store_that_vanished_is_not_taken_for_an_empty_one(path):
    commit(path, ANNA)
    store = open_store(path)
    state = store.load()
    path.unlink()
    with pytest.raises(StoreError, match="gone"):
        store.load()
    with pytest.raises(StoreError, match="gone"), store.transaction("edit"):
        pytest.fail("the users would be lost")
    assert store.state is state
    assert not path.exists()


def test_a_hostile_path_is_shown_as_pictures(tmp_path):
    folder = tmp_path / "a\x1b[2J\u202e"
    folder.mkdir()
    with pytest.raises(StoreError) as refused:
        open_store(folder)
    assert not {"\x1b", "\u202e"} & set(str(refused.value))


def test_a_writer_in_another_store_object_is_said(path):
    commit(path, ANNA)
    with (
        open_store(path).transaction("edit"),
        pytest.raises(StoreBusy, match=r"busy.*Nothing .*\.$"),
    ):
        open_store(path, wait=0).transaction("edit").__enter__()


def test_a_store_is_locked_whichever_way_leads_to_it(tmp_path, path):
    commit(path, ANNA)
    (tmp_path / "other").mkdir()
    link = tmp_path / "other" / "link.json"
    link.symlink_to(path)
    with (
        open_store(path).transaction("edit"),
        pytest.raises(StoreBusy),
        open_store(link, wait=0).transaction("edit"),
    ):
        pytest.fail("two writers at a time")
