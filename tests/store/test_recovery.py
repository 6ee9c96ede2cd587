"""Recovery: all that can be read is in the new store, and all that cannot is named."""

import json
import random
from pathlib import Path

import pytest
from tinydb import TinyDB

from qm_tui.store.errors import StoreError
from qm_tui.store.frames import framed
from qm_tui.store.rebuilding import Recovery
from qm_tui.store.recovery import recovered
from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import User
from tests.helpers import ANNA, user
from tests.store.test_tinydb_store import checkpoint, commit

BO, CY = user("bo"), user("cy")
MANY = [user(f"n{number}") for number in range(1200)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "users.json"


def _recovered(path: Path) -> tuple[Recovery, dict[str, User]]:
    """What was recovered, and the users of the new store; the damaged one is as it was."""
    target = path.parent.parent / "new" / "new.json"
    before = _files(path)
    found = recovered(path, target)
    assert _files(path) == before
    store = open_store(target)
    users = dict(store.load().users)
    assert not store.notices
    assert found.users == len(users)
    with TinyDB(target, access_mode="r") as database:
        assert len(database.table("users")) == len(users)
    return found, users


def _files(path: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(one): (one.read_bytes(), one.stat().st_mtime_ns)
        for one in path.parent.rglob("*")
        if one.is_file()
    }


def _journal(path: Path) -> Path:
    return path.with_name(path.name + ".journal")


def _edit(path: Path, old: bytes, new: bytes) -> int:
    """Damage a file at the first place that holds this; the offset of that line."""
    data = path.read_bytes()
    at = data.index(old)
    path.write_bytes(data[:at] + new + data[at + len(old) :])
    return data.rfind(b"\n", 0, at) + 1


def _places(found: Recovery) -> list[str]:
    return [str(one) for one in found.losses]


@pytest.fixture
def edited(path):
    """A snapshot with three users, and four transactions in the journal after it."""
    commit(path, ANNA, BO, CY)
    checkpoint(path)
    commit(path, BO._replace(location="Bergen"))
    commit(path, ANNA._replace(department="Support"))
    commit(path, user("di"), delete=("u-cy",))
    commit(path, BO._replace(location="Rome"))
    return path


def test_a_whole_store_is_recovered_wholly_history_included(edited):
    users = dict(open_store(edited).load().users)
    activity = _opened(edited).activity()
    found, new = _recovered(edited)
    assert new == users
    assert list(new) == list(users)
    assert (found.losses, found.notes, found.transactions) == ([], [], 4)
    store = _opened(edited.parent.parent / "new" / "new.json")
    assert [(one.number, one.why, one.can_undo) for one in store.activity()] == [
        (one.number, one.why, one.can_undo) for one in activity
    ]
    assert [one.user_id for one in store.transaction_changes(4)] == ["u-di", "u-cy"]
    assert len(list(store.transaction_changes(1))) == 3


def _opened(path: Path):
    store = open_store(path)
    store.load()
    return store


# The journal


def test_a_damaged_frame_is_left_out_and_the_next_are_applied(edited):
    offset = _edit(_journal(edited), b'"Support"', b'"Sup\xff\xff\xff\xff"')
    found, users = _recovered(edited)
    assert _places(found) == [
        f"users.json.journal, byte {offset:,}, transaction 3, user {ANNA.user_id}: "
        "the frame is damaged."
    ]
    assert users[ANNA.user_id].department == ANNA.department
    assert users["u-bo"].location == "Rome"
    assert set(users) == {ANNA.user_id, "u-bo", "u-di"}


def test_a_change_of_a_user_that_is_lost_is_named_with_its_fields(edited):
    commit(edited, user("di", location="Paris", password="NEW-SECRET"))
    _edit(_journal(edited), b'"di"', b'"dx"')
    found, users = _recovered(edited)
    assert len(found.losses) == 2
    assert "transaction 4, users u-di, u-cy: the frame is damaged" in _places(found)[0]
    assert "transaction 6, user u-di: it changed Password, Location of a user" in _places(found)[1]
    assert "NEW-SECRET" not in "".join(_places(found))
    assert "u-di" not in users
    assert "u-cy" in users, "what deleted it is lost"


def test_two_frames_whose_line_end_is_lost_are_both_read(edited):
    data = bytearray(_journal(edited).read_bytes())
    lines = [at for at, byte in enumerate(data) if byte == ord("\n")]
    data[lines[2]] = 0
    _journal(edited).write_bytes(data)
    found, users = _recovered(edited)
    assert users == dict(_users_after(edited, data, lines[2]))
    assert found.transactions == 4


def _users_after(path: Path, data: bytearray, at: int) -> dict[str, User]:
    """The users of the store before the line end was lost."""
    damaged = _journal(path).read_bytes()
    _journal(path).write_bytes(data[:at] + b"\n" + data[at + 1 :])
    users = dict(open_store(path).load().users)
    _journal(path).write_bytes(damaged)
    return users


def test_a_torn_end_is_no_loss(edited):
    users = dict(open_store(edited).load().users)
    with _journal(edited).open("ab") as file:
        file.write(b'00000100 deadbeef {"number":6,"ti')
    found, new = _recovered(edited)
    assert new == users
    assert found.losses == []
    assert "never finished" in found.notes[0]


def test_a_damaged_last_frame_is_a_loss_for_it_may_have_been_saved(edited):
    _edit(_journal(edited), b'"Rome"', b'"Rime"')
    found, users = _recovered(edited)
    assert "transaction 5, user u-bo: the frame is damaged" in _places(found)[0]
    assert users["u-bo"].location == "Bergen"


@pytest.mark.parametrize("more", [False, True])
def test_of_a_large_transaction_the_good_parts_are_applied(path, more):
    commit(path, ANNA)
    commit(path, *MANY)
    if more:
        commit(path, BO)
    _edit(_journal(path), b"sip:n600@", b"sip:n6x0@")
    found, users = _recovered(path)
    assert len(users) == 701 + more
    assert "transaction 2" in _places(found)[0]
    assert "and 495 more: a part of the transaction is damaged" in _places(found)[0]


def test_a_large_transaction_whose_closing_frame_is_lost_is_applied_if_others_follow(path):
    commit(path, ANNA)
    commit(path, *MANY)
    commit(path, BO)
    _edit(_journal(path), b'"parts":', b'"pxrts":')
    found, users = _recovered(path)
    assert len(users) == 1202
    assert len(found.losses) == 1
    assert "transaction 2: the frame is damaged" in _places(found)[0]


def test_missing_transactions_are_named(edited):
    lines = _journal(edited).read_bytes().splitlines(keepends=True)
    _journal(edited).write_bytes(b"".join([*lines[:2], *lines[4:]]))
    found, users = _recovered(edited)
    assert "transactions 3 to 4 are missing" in _places(found)[0]
    assert users["u-bo"].location == "Rome"


def test_without_its_header_a_journal_is_applied(edited):
    users = dict(open_store(edited).load().users)
    _edit(_journal(edited), b'"journal"', b'"jxurnal"')
    found, new = _recovered(edited)
    assert new == users
    assert _places(found) == ["users.json.journal, byte 0: the header is damaged."]


def test_a_new_store_can_be_changed_and_goes_on_counting(edited):
    _edit(_journal(edited), b'"Support"', b'"Supxort"')
    _recovered(edited)
    new = edited.parent.parent / "new" / "new.json"
    assert commit(new, user("ed")).generation == 6
    checkpoint(new)
    assert [one.number for one in _opened(new).activity()] == [6, 5, 4, 2, 1]


# The snapshot


def test_a_bad_line_of_the_snapshot_is_left_out_where_nothing_stands_in(path):
    commit(path, ANNA, BO, CY)
    checkpoint(path)
    commit(path, BO._replace(location="Bergen"))
    path.with_name("users.json~").unlink()
    _edit(path, b'"user_name":"bo"', b'"user_name":"bo')
    found, users = _recovered(path)
    assert set(users) == {ANNA.user_id, "u-cy"}
    assert _places(found)[0] == "users.json, line 7, user u-bo: it cannot be read."
    assert (
        "transaction 2, user u-bo: it changed Location of a user that is lost"
        in (_places(found)[1])
    )


def test_the_snapshot_before_and_the_history_stand_in(edited):
    commit(edited, user("ed"))
    users = dict(open_store(edited).load().users)
    _edit(edited, b'"user_name":"bo"', b'"user_name":"bo')
    found, new = _recovered(edited)
    assert new == users
    assert found.losses == []
    assert "users.json~ was read in its place, and the history that" in found.notes[0]


@pytest.mark.parametrize("content", [None, b"", b"\x00" * 4096, b"not JSON"], ids=str)
def test_a_snapshot_that_is_wholly_lost_is_made_again_of_the_one_before(edited, content):
    users = dict(open_store(edited).load().users)
    if content is None:
        edited.unlink()
    else:
        edited.write_bytes(content)
    found, new = _recovered(edited)
    assert new == users
    assert "users.json~ was read in its place" in found.notes[0]


def test_without_any_snapshot_the_journal_alone_is_read(path):
    commit(path, ANNA)
    commit(path, BO)
    commit(path, BO._replace(location="Bergen"))
    path.unlink()
    found, users = _recovered(path)
    assert users == {ANNA.user_id: ANNA, "u-bo": BO._replace(location="Bergen")}
    assert _places(found) == ["users.json: it is not there."]


def test_a_snapshot_that_ends_too_early_says_so(path):
    commit(path, *MANY)
    checkpoint(path)
    path.with_name("users.json~").unlink()
    data = path.read_bytes()
    end = data.index(b"\n", len(data) // 2) + 1
    path.write_bytes(data[:end])
    found, users = _recovered(path)
    assert _places(found) == [
        f"users.json, byte {end:,}: the file ends {len(data) - end:,} bytes too early."
    ]
    assert 500 < len(users) < 700


def test_a_damaged_file_of_another_program_is_read_document_by_document(path):
    path.parent.mkdir()
    with TinyDB(path) as database:
        database.table("users").insert_multiple(one._asdict() for one in (ANNA, BO, CY))
    _edit(path, b'"user_id": "u-bo"', b'"user_id": u-bo"')
    found, users = _recovered(path)
    assert users == {ANNA.user_id: ANNA, "u-cy": CY}
    assert "document 2 cannot be read" in _places(found)[0]


def test_a_value_that_another_program_changed_is_taken_and_said(edited):
    _edit(
        edited, b'"department":"Sales","user_name":"bo"', b'"department":"SALES","user_name":"bo"'
    )
    found, users = _recovered(edited)
    assert (users["u-bo"].department, users["u-bo"].location) == ("SALES", "Rome")
    assert "it was changed since qm-tui wrote it" in _places(found)[0]


def test_what_other_programs_keep_is_recovered_too(path):
    commit(path, ANNA)
    checkpoint(path)
    tables = json.loads(path.read_bytes())
    tables["notes"] = {"1": {"text": "half \ud800", "number": 2**70}}
    tables["users"]["1"]["hobby"] = "chess"
    path.write_text(json.dumps(tables))
    commit(path, BO)
    _recovered(path)
    new = json.loads((path.parent.parent / "new" / "new.json").read_bytes())
    assert new["notes"] == tables["notes"]
    assert new["users"]["1"]["hobby"] == "chess"


def test_a_restored_snapshot_is_led_on_by_the_history(path):
    commit(path, ANNA)
    checkpoint(path)
    old = path.read_bytes()
    commit(path, BO)
    checkpoint(path)
    commit(path, CY)
    path.write_bytes(old)
    with pytest.raises(StoreError, match="do not belong"):
        open_store(path).load()
    found, users = _recovered(path)
    assert set(users) == {ANNA.user_id, "u-bo", "u-cy"}
    assert found.losses == []


def test_two_users_with_one_user_name_are_named(path):
    commit(path, ANNA, BO)
    checkpoint(path)
    commit(path, BO._replace(user_name="other"))
    commit(path, CY._replace(user_name="bo"))
    _edit(_journal(path), b'["bo","other"]', b'["bo","othxr"]')
    found, users = _recovered(path)
    assert len(users) == 3
    assert "Users u-bo and u-cy have one User Name: give one of them another" in found.notes


@pytest.mark.parametrize("name", ["users.json", "users.json.journal"])
def test_a_later_version_is_refused(edited, name):
    file = edited.with_name(name)
    if name == "users.json":
        _edit(file, b'"format":2', b'"format":9')
    else:
        rest = file.read_bytes().split(b"\n", 1)[1]
        file.write_bytes(framed(b'{"journal":9,"snapshot":"x","first":1,"fields":[]}') + rest)
    with pytest.raises(StoreError, match="later version"):
        recovered(edited, edited.with_name("new.json"))


# Any damage


@pytest.mark.parametrize("seed", range(40))
def test_whatever_byte_is_damaged_only_what_it_belongs_to_is_lost(path, seed):
    chance = random.Random(seed)  # noqa: S311 - the same each time
    commit(path, *MANY[:40])
    checkpoint(path)
    path.with_name("users.json~").unlink()
    for number in range(40):
        commit(path, MANY[number]._replace(location=f"Place {number}"))
    victim = chance.choice([path, _journal(path)])
    data = bytearray(victim.read_bytes())
    whole = {one.user_id: one for one in open_store(path).load().users.values()}
    at = chance.randrange(len(data))
    data[at : at + chance.choice([1, 1, 50])] = chance.choice([b"\x00", b"\n", b'"', b"\xff"])
    if bytes(data) == victim.read_bytes():
        return
    victim.write_bytes(data)
    found, users = _recovered(path)
    assert found.losses
    assert set(users) <= set(whole)
    assert len(users) >= 39
    assert sum(users[key] != whole[key] for key in users) <= 2


def test_a_file_that_is_nothing_but_noise_is_refused_in_a_sentence(path):
    path.parent.mkdir()
    chance = random.Random(1)  # noqa: S311 - the same each time
    path.write_bytes(chance.randbytes(100_000))
    _journal(path).write_bytes(chance.randbytes(100_000))
    with pytest.raises(StoreError, match="Nothing of the store"):
        recovered(path, path.with_name("new.json"))
    assert not path.with_name("new.json").exists()
