"""Snapshot, journal and history: what leads from one to the other, and what does not."""

import json
import os
import re
import stat
from pathlib import Path

import pytest
from tinydb import TinyDB

from qm_tui.store.errors import StoreError, StoreReadOnly
from qm_tui.store.frames import framed
from qm_tui.store.history import Limits
from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import KEYS, User
from tests.helpers import ANNA, user, write_unchecked
from tests.store.test_tinydb_store import checkpoint, commit

BO, CY = user("bo"), user("cy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _users(path: Path) -> list[User]:
    return list(open_store(path).load().users.values())


def _refusal(path: Path) -> str:
    with pytest.raises(StoreError) as refused:
        open_store(path).load()
    assert str(refused.value).endswith(".")
    return str(refused.value)


def _document(one: User) -> dict[str, str]:
    return dict(zip(KEYS, one, strict=True))


# Checkpoints


def test_a_checkpoint_moves_the_journal_into_the_history_and_keeps_the_last_snapshot(path):
    commit(path, ANNA)
    first = path.read_bytes()
    checkpoint(path)
    assert _beside(path, "~").read_bytes() == first
    assert [one.suffix for one in sorted(_beside(path, ".history").iterdir())] == [
        ".journal",
        ".summary",
    ]
    assert _beside(path, ".journal").read_bytes().count(b"\n") == 1
    assert _users(path) == [ANNA]
    assert ANNA.user_id in path.read_text()


def test_a_checkpoint_without_changes_does_nothing(path):
    store = open_store(path)
    store.load()
    assert not store.checkpoint()
    commit(path, ANNA)
    assert store.checkpoint()
    before = path.stat()
    assert not store.checkpoint()
    assert path.stat() == before


def test_a_small_journal_is_no_reason_for_a_checkpoint(path):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    assert not store.checkpoint(only_if_large=True)


def test_others_go_on_after_a_checkpoint_without_reading_all_again(path, monkeypatch):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    commit(path, BO)
    checkpoint(path)
    commit(path, CY)
    monkeypatch.setattr("qm_tui.store.snapshot.Reading.parts", lambda _: pytest.fail("read"))
    update = store.refresh()
    assert update is not None
    assert update.added == {BO.user_id, CY.user_id}
    assert not update.changed
    assert list(store.state.users.values()) == [ANNA, BO, CY]
    assert not store.has_external_changes()


def test_others_go_on_after_two_checkpoints_too(path):
    commit(path, ANNA)
    store = open_store(path)
    store.load()
    for one in (BO, CY):
        commit(path, one)
        checkpoint(path)
    commit(path, ANNA._replace(location="X"))
    update = store.refresh()
    assert update is not None
    assert update.added == {BO.user_id, CY.user_id}
    assert update.changed == {ANNA.user_id}


def test_the_activity_log_goes_through_checkpoints(path):
    for one in (ANNA, BO, CY):
        commit(path, one)
        checkpoint(path)
    store = open_store(path)
    store.load()
    assert [(one.number, one.added, one.can_undo) for one in store.activity()] == [
        (3, 1, True),
        (2, 1, True),
        (1, 1, True),
    ]
    assert [done.user_id for done in store.transaction_changes(2)] == [BO.user_id]


def test_what_is_too_old_or_too_much_is_no_longer_kept_but_still_listed(path):
    for one in (ANNA, BO):
        commit(path, one)
        checkpoint(path)
    store = open_store(path, limits=Limits(90, 0))
    store.load()
    with store.transaction("edit") as transaction:
        transaction.commit({CY.user_id: CY})
    store.checkpoint()
    assert [(one.number, one.can_undo) for one in store.activity()] == [
        (3, False),
        (2, False),
        (1, False),
    ]
    with pytest.raises(StoreError, match="no longer"):
        list(store.transaction_changes(1))


def test_old_segments_go_and_young_ones_stay(path):
    for one in (ANNA, BO):
        commit(path, one)
        checkpoint(path)
    oldest = min(_beside(path, ".history").glob("*.journal"))
    os.utime(oldest, (0, 0))
    commit(path, CY)
    checkpoint(path)
    store = open_store(path)
    store.load()
    assert [one.can_undo for one in store.activity()] == [True, True, False]


@pytest.mark.parametrize("crash_at", ["history", "snapshot", "journal"])
def test_a_checkpoint_that_was_cut_off_is_completed_by_the_next_writer(path, monkeypatch, crash_at):
    commit(path, ANNA)
    commit(path, BO)
    journal = _beside(path, ".journal").read_bytes()
    snapshot = path.read_bytes()
    checkpoint(path)
    if crash_at != "journal":
        path.write_bytes(snapshot)
    _beside(path, ".journal").write_bytes(journal)
    if crash_at == "history":
        for one in _beside(path, ".history").iterdir():
            one.unlink()
    assert _users(path) == [ANNA, BO]
    commit(path, CY)
    assert _users(path) == [ANNA, BO, CY]
    store = open_store(path)
    store.load()
    assert [one.number for one in store.activity()] == [3, 2, 1]
    checkpoint(path)
    assert _users(path) == [ANNA, BO, CY]
    assert [one.number for one in open_store(path).activity()] == [3, 2, 1]


# Files that do not belong together


def test_a_copy_without_its_journal_is_read_and_said(path):
    commit(path, ANNA)
    checkpoint(path)
    commit(path, BO)
    _beside(path, ".journal").unlink()
    store = open_store(path)
    assert list(store.load().users.values()) == [ANNA]
    assert "without its journal" in store.notices[0]
    commit(path, CY)
    assert _users(path) == [ANNA, CY]


def test_a_journal_that_vanished_under_an_open_store_is_said_and_loses_nothing(path):
    commit(path, ANNA)
    store = open_store(path)
    state = store.load()
    journal = _beside(path, ".journal")
    kept = journal.rename(path.with_name("kept"))
    with pytest.raises(StoreError, match=r"journal .* is gone"):
        store.refresh()
    with pytest.raises(StoreError, match=r"journal .* is gone"), store.transaction("edit"):
        pytest.fail("the changes in it would be lost")
    assert store.state is state
    kept.rename(journal)
    with store.transaction("edit") as transaction:
        transaction.commit({BO.user_id: BO})
    assert _users(path) == [ANNA, BO]


def test_a_journal_without_its_snapshot_is_refused(path):
    commit(path, ANNA)
    path.unlink()
    assert "is not there, but its journal" in _refusal(path)
    _beside(path, ".journal").unlink()
    assert _users(path) == []


def test_a_snapshot_from_a_backup_beside_another_journal_is_refused(path):
    commit(path, ANNA)
    checkpoint(path)
    backup = path.read_bytes()
    commit(path, BO)
    checkpoint(path)
    commit(path, CY)
    path.write_bytes(backup)
    assert "do not belong together" in _refusal(path)


def test_a_snapshot_from_a_backup_beside_an_empty_journal_is_taken(path):
    commit(path, ANNA)
    checkpoint(path)
    backup = path.read_bytes()
    commit(path, BO)
    checkpoint(path)
    path.write_bytes(backup)
    assert _users(path) == [ANNA]
    commit(path, CY)
    assert _users(path) == [ANNA, CY]


@pytest.mark.parametrize("value", [b'"journal":2', b'"journal":99'])
def test_a_journal_of_a_later_version_is_refused(path, value):
    commit(path, ANNA)
    lines = _beside(path, ".journal").read_bytes().splitlines(keepends=True)
    lines[0] = framed(lines[0][18:-1].replace(b'"journal":1', value))
    _beside(path, ".journal").write_bytes(b"".join(lines))
    assert "later version" in _refusal(path)


@pytest.mark.parametrize("content", [b"", b"x", b"{}\n", b"\0" * 100])
def test_a_journal_that_is_none_is_refused(path, content):
    commit(path, ANNA)
    _beside(path, ".journal").write_bytes(content)
    assert re.search(r"users\.json\.journal.*byte 0.*recover", _refusal(path))


def test_damage_before_a_good_frame_is_refused_with_file_and_offset(path):
    for one in (ANNA, BO, CY):
        commit(path, one)
    journal = _beside(path, ".journal")
    lines = journal.read_bytes().splitlines(keepends=True)
    offset = len(lines[0] + lines[1])
    journal.write_bytes(b"".join(lines).replace(b"bo@", b"b0@"))
    assert re.search(rf"users\.json\.journal.*byte {offset:,}.*qm-tui recover", _refusal(path))
    before = journal.read_bytes()
    with pytest.raises(StoreError), open_store(path).transaction("edit"):
        pytest.fail("a damaged store must not be written")
    assert journal.read_bytes() == before


def test_damage_in_a_large_transaction_that_was_acknowledged_is_refused(path):
    commit(path, *[user(f"n{number}") for number in range(1200)])
    journal = _beside(path, ".journal")
    journal.write_bytes(journal.read_bytes().replace(b"n700@", b"n70x@"))
    assert "damaged" in _refusal(path)


def test_a_torn_end_is_nothing_and_is_cut_by_the_next_writer(path):
    commit(path, ANNA)
    commit(path, BO)
    journal = _beside(path, ".journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])
    assert _users(path) == [ANNA]
    assert journal.read_bytes() == whole[:-20]
    commit(path, CY)
    assert _users(path) == [ANNA, CY]


def test_a_last_change_that_the_disk_has_damaged_is_said_and_kept_beside(path):
    commit(path, ANNA)
    commit(path, BO)
    journal = _beside(path, ".journal")
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20] + b"?" + whole[-19:])
    end = journal.read_bytes().splitlines(keepends=True)[-1]
    store = open_store(path)
    assert list(store.load().users.values()) == [ANNA]
    assert "the disk has damaged the last change, or the power failed" in store.notices[0]
    assert "qm-tui recover" in store.notices[0]
    commit(path, CY)
    assert _users(path) == [ANNA, CY]
    (kept,) = path.parent.glob("users.json.journal.left-out-*")
    assert kept.read_bytes() == end
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    commit(path, BO)
    assert _users(path) == [ANNA, CY, BO]
    assert list(path.parent.glob("*left-out*")) == [kept]


# Other programs


def test_a_change_of_another_program_is_taken_over_as_changed_outside(path):
    commit(path, ANNA, BO)
    checkpoint(path)
    store = open_store(path)
    store.load()
    with TinyDB(path, encoding="utf-8") as db:
        db.table("users").update({"location": "Bergen"}, doc_ids=[1])
        db.table("notes").insert({"text": "x"})
    update = store.refresh()
    assert update is not None
    assert update.changed == {ANNA.user_id}
    with store.transaction("edit") as transaction:
        transaction.commit({CY.user_id: CY})
    assert [(one.number, one.why, one.changed) for one in store.activity()] == [
        (3, "edit", 0),
        (2, "changed outside qm-tui", 1),
        (1, "edit", 0),
    ]
    (done,) = store.transaction_changes(2)
    assert (done.before, done.after) == ({"location": "Oslo"}, {"location": "Bergen"})
    assert _users(path) == [ANNA._replace(location="Bergen"), BO, CY]
    assert json.loads(path.read_bytes())["notes"] == {"1": {"text": "x"}}


def test_a_change_by_hand_is_noticed_as_well(path):
    commit(path, ANNA)
    checkpoint(path)
    path.write_text(path.read_text().replace("Oslo", "Otta"))
    assert _users(path) == [ANNA._replace(location="Otta")]
    commit(path, BO)
    store = open_store(path)
    store.load()
    outside = store.activity()[1]
    assert (outside.why, outside.changed) == ("changed outside qm-tui", 1)
    (done,) = store.transaction_changes(outside.number)
    assert (done.before, done.after) == ({"location": "Oslo"}, {"location": "Otta"})


def test_a_change_of_another_program_whose_past_is_gone_is_taken_over_without(path):
    commit(path, ANNA)
    checkpoint(path)
    path.write_text(path.read_text().replace("Oslo", "Otta"))
    _beside(path, "~").unlink()
    commit(path, BO)
    store = open_store(path)
    store.load()
    outside = store.activity()[1]
    assert (outside.why, outside.users, outside.can_undo) == ("changed outside qm-tui", 0, False)


def test_a_change_of_another_program_over_a_journal_with_changes_is_refused(path):
    commit(path, ANNA)
    checkpoint(path)
    commit(path, BO)
    with TinyDB(path, encoding="utf-8") as db:
        db.table("users").update({"location": "Bergen"})
    before = path.read_bytes(), _beside(path, ".journal").read_bytes()
    assert "changed by another program" in _refusal(path)
    assert (path.read_bytes(), _beside(path, ".journal").read_bytes()) == before


def test_a_plain_tinydb_file_is_taken_over_with_its_half_characters(path):
    documents = {"1": _document(ANNA._replace(location="a\ud800b")), "7": _document(BO)}
    path.write_text(json.dumps({"users": documents, "n\udfff": {"1": {"big": 2**70}}}))
    old = path.read_bytes()
    commit(path, CY)
    assert _users(path) == [ANNA._replace(location="a\ud800b"), BO, CY]
    assert _beside(path, "~").read_bytes() == old
    changed = BO._replace(location="c\udfff")
    write_unchecked(open_store(path), {BO.user_id: changed})
    checkpoint(path)
    assert _users(path)[1].location == "c\udfff"
    assert json.loads(path.read_bytes())["n\udfff"] == {"1": {"big": 2**70}}


def test_a_store_of_the_first_version_is_taken_over(path):
    tables = {"_meta": {"1": {"format": 1, "generation": 7}}, "users": {"1": _document(ANNA)}}
    path.write_text(json.dumps(tables))
    assert commit(path, BO).generation == 8
    assert _users(path) == [ANNA, BO]


# Looking only


def test_a_store_opened_for_looking_only_is_not_written(path):
    commit(path, ANNA)
    before = {one: one.stat() for one in path.parent.iterdir()}
    store = open_store(path, read_only=True)
    assert list(store.load().users.values()) == [ANNA]
    assert "looking only" in store.read_only
    for change in (lambda: store.transaction("edit").__enter__(), store.checkpoint):
        with pytest.raises(StoreReadOnly):
            change()
    assert {one: one.stat() for one in path.parent.iterdir()} == before
    commit(path, BO)
    update = store.refresh()
    assert update is not None
    assert update.added == {BO.user_id}
