"""What became of one user, and whom a transaction touched: all of it, and nothing of others."""

import os
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from qm_tui.progress import Cancelled
from qm_tui.store.changes.undo import undo
from qm_tui.store.errors import StoreError
from qm_tui.store.frames import framed
from qm_tui.store.history import Limits
from qm_tui.store.interface import Touch, UserStore
from qm_tui.store.journal_db import JournalDB
from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import User
from tests.helpers import ANNA, user, write_unchecked

BO, CY = user("bo"), user("cy")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "users.json"


def commit(path: Path, *changed: User, delete: tuple[str, ...] = (), why: str = "edit") -> int:
    """Change users as another process does; the number of the transaction."""
    store = opened(path)
    changes = {one.user_id: one for one in changed} | dict.fromkeys(delete)
    return write_unchecked(store, changes, why).generation


def opened(path: Path) -> UserStore:
    store = open_store(path)
    store.load()
    return store


def checkpoint(path: Path, **limits: Any) -> None:
    store = open_store(path, limits=Limits(**limits) if limits else None)
    store.load()
    assert store.checkpoint()


def segments(path: Path) -> list[Path]:
    return sorted(path.with_name(path.name + ".history").glob("*.journal"))


def said(touch: Touch) -> tuple[int, str]:
    """The transaction's number, and what it did to the user."""
    before, after = touch.done.before, touch.done.after
    if before is None:
        return touch.entry.number, "added"
    if after is None:
        return touch.entry.number, "deleted"
    return touch.entry.number, ", ".join(f"{key} {before[key]}>{after[key]}" for key in after)


def history(path: Path, user_id: str) -> list[tuple[int, str]]:
    return [said(one) for one in opened(path).user_history(user_id)]


# What became of a user


def a_life(path: Path, *, with_checkpoints: bool) -> None:
    """Bo is added, changed twice, deleted, and added again with the same User ID."""
    for made in (
        lambda: commit(path, ANNA, BO, why="import of staff.csv"),
        lambda: commit(path, ANNA._replace(location="Bergen")),
        lambda: commit(path, BO._replace(location="Bergen")),
        lambda: commit(path, BO._replace(location="", department="IT"), CY),
        lambda: commit(path, delete=(BO.user_id,)),
        lambda: commit(path, BO),
    ):
        made()
        if with_checkpoints:
            checkpoint(path)


@pytest.mark.parametrize("with_checkpoints", [False, True])
def test_it_is_told_newest_first_wherever_it_stands(path, with_checkpoints):
    a_life(path, with_checkpoints=with_checkpoints)
    assert len(segments(path)) == (6 if with_checkpoints else 0)
    assert history(path, BO.user_id) == [
        (6, "added"),
        (5, "deleted"),
        (4, "department Sales>IT, location Bergen>"),
        (3, "location Oslo>Bergen"),
        (1, "added"),
    ]
    assert history(path, ANNA.user_id) == [(2, "location Oslo>Bergen"), (1, "added")]
    assert history(path, CY.user_id) == [(4, "added")]
    assert history(path, "u-nobody") == []


def test_a_touch_bears_the_transaction_as_the_activity_log_has_it(path):
    a_life(path, with_checkpoints=True)
    commit(path, BO._replace(location="Rome"))
    store = opened(path)
    listed = {one.number: one for one in store.activity()}
    touches = list(store.user_history(BO.user_id))
    assert [one.entry for one in touches] == [listed[number] for number in (7, 6, 5, 4, 3, 1)]
    assert touches[-1].entry.why == "import of staff.csv"
    assert touches[-1].done.after == BO._asdict()


def test_an_undo_is_part_of_it(path):
    commit(path, ANNA, BO)
    commit(path, BO._replace(location="Bergen"))
    undo(opened(path), 2)
    store = opened(path)
    assert [said(one) for one in store.user_history(BO.user_id)] == [
        (3, "location Bergen>Oslo"),
        (2, "location Oslo>Bergen"),
        (1, "added"),
    ]
    assert next(store.user_history(BO.user_id)).entry.why == "undo of 2"


def test_it_is_found_in_the_parts_of_large_transactions(path):
    crowd = [user(f"n{number}") for number in range(1201)]
    commit(path, *crowd)
    commit(path, *(one._replace(location="Bergen") for one in crowd))
    checkpoint(path)
    commit(path, *(one._replace(location="Rome") for one in crowd))
    for one in (crowd[0], crowd[499], crowd[500], crowd[1200]):
        assert history(path, one.user_id) == [
            (3, "location Bergen>Rome"),
            (2, "location Oslo>Bergen"),
            (1, "added"),
        ]


def test_what_another_process_took_into_the_history_is_told_once(path):
    commit(path, ANNA, BO)
    store = opened(path)
    commit(path, BO._replace(location="Bergen"))
    store.load()
    checkpoint(path)
    commit(path, BO._replace(location="Rome"))
    known = [(2, "location Oslo>Bergen"), (1, "added")]
    assert [said(one) for one in store.user_history(BO.user_id)] == known
    store.load()
    assert [said(one) for one in store.user_history(BO.user_id)] == [
        (3, "location Bergen>Rome"),
        *known,
    ]


USER_IDS = (
    "u1",
    "u11",
    "xu1",
    "1",
    "0",
    '"',
    'u"1',
    "u\\",
    'u\\"1',
    '",',
    '["~","u1",',
    "~",
    "+",
    "null",
    "ü1",
    "\\u00fc1",
    "陈",
    "😀",
    "a\tb",
    "a\x7f",
    "\u2028",
    "\ud800",
    " u1",
)


@pytest.mark.parametrize("user_id", USER_IDS, ids=ascii)
def test_no_user_id_is_taken_for_another(path, user_id):
    users = [
        user(f"n{number}", user_id=one, location="Oslo") for number, one in enumerate(USER_IDS)
    ]
    commit(path, *users[::2])
    commit(path, *users[1::2])
    checkpoint(path)
    for one in users:
        commit(path, one._replace(location="Bergen"))
    number = USER_IDS.index(user_id)
    assert history(path, user_id) == [
        (3 + number, "location Oslo>Bergen"),
        (1 + number % 2, "added"),
    ]


@pytest.mark.parametrize("beside", ["null", "\ud800", "plain"], ids=ascii)
@pytest.mark.parametrize("user_id", ["ü1", "😀", 'ü"1'], ids=ascii)
def test_it_is_found_whatever_else_stands_in_the_frame(path, beside, user_id):
    one = user("zoe", user_id=user_id, department=beside)
    commit(path, one, BO)
    commit(path, one._replace(location="Bergen", agent_id=beside), CY)
    commit(path, delete=(user_id, BO.user_id))
    assert history(path, user_id) == [
        (3, "deleted"),
        (2, f"agent_id A-17>{beside}, location Oslo>Bergen"),
        (1, "added"),
    ]


@pytest.mark.parametrize(
    "value",
    ["u-bo", '"u-bo"', '["~","u-bo",', '["+",1,["a","b","c","u-bo",', '","u-bo","', "~", "+"],
)
def test_values_that_look_like_it_are_passed_over(path, value):
    commit(path, BO)
    looks_alike = user("cy", first_name=value, last_name=value, extension=value, agent_id=value)
    commit(path, looks_alike)
    commit(path, looks_alike._replace(location=value, first_name="~", extension="u-bo"))
    commit(path, delete=(CY.user_id,))
    assert history(path, BO.user_id) == [(1, "added")]
    assert history(path, CY.user_id)[0] == (4, "deleted")
    assert len(history(path, CY.user_id)) == 3


def test_other_programs_documents_that_look_like_it_are_passed_over(path):
    commit(path, BO)
    with JournalDB(path) as db:
        db.table("notes").insert({"rows": [["~", "u-bo", {"location": ["Oslo", "Rome"]}]]})
    commit(path, BO._replace(location="Bergen"))
    assert history(path, BO.user_id) == [(3, "location Oslo>Bergen"), (1, "added")]


def test_a_transaction_that_was_cut_off_is_no_part_of_it(path):
    commit(path, BO)
    store = opened(path)
    journal = path.with_name(path.name + ".journal")
    row = b'["~","u-bo",{"location":["Oslo","Nowhere"]}]'
    with journal.open("ab") as file:
        file.write(framed(b'{"part":1,"number":2,"users":[%b]}' % row))
        file.write(framed(b'{"part":2,"number":2,"users":[%b]}' % row)[:-9])
    store.checkpoint()
    commit(path, BO._replace(location="Bergen"))
    assert b"Nowhere" in segments(path)[0].read_bytes()
    assert history(path, BO.user_id) == [(2, "location Oslo>Bergen"), (1, "added")]
    assert list(opened(path).changed_user_ids(2)) == [BO.user_id]


def test_what_is_older_is_read_only_when_it_is_asked_for(path):
    a_life(path, with_checkpoints=True)
    third = segments(path)[2]
    content = bytearray(third.read_bytes())
    content[-20] ^= 1
    third.write_bytes(content + framed(b'{"number":99}'))
    store = opened(path)
    touches = store.user_history(BO.user_id)
    assert [number for number, _ in map(said, islice(touches, 3))] == [6, 5, 4]
    with pytest.raises(StoreError, match=r"The history of .* cannot be read: the frame at byte"):
        next(touches)


def test_it_can_be_cancelled(path):
    commit(path, *(user(f"n{number}", location="x" * 4000) for number in range(600)))

    def cancelling(phase, done, total):
        assert 0 < done <= total
        raise Cancelled

    with pytest.raises(Cancelled):
        list(opened(path).user_history("u-nobody", cancelling))
    with pytest.raises(Cancelled):
        list(opened(path).changed_user_ids(1, cancelling))


# What is no longer kept


def test_nothing_is_forgotten_while_all_journals_are_there(path):
    assert open_store(path).history_removed_until() is None
    a_life(path, with_checkpoints=True)
    assert opened(path).history_removed_until() is None


def test_what_is_too_old_is_no_part_of_it_and_it_is_known_until_when(path):
    a_life(path, with_checkpoints=True)
    for segment in segments(path)[:4]:
        os.utime(segment, (0, 0))
    commit(path, BO._replace(location="Rome"))
    checkpoint(path, days=1)
    store = opened(path)
    assert [number for number, _ in map(said, store.user_history(BO.user_id))] == [7, 6, 5]
    assert store.history_removed_until() == store.activity()[-4].time
    assert store.activity()[-4].number == 4


# Whom a transaction touched


def test_those_whom_it_added_or_changed_but_not_those_whom_it_deleted(path):
    commit(path, ANNA, BO)
    commit(path, ANNA._replace(location="Bergen"), CY, delete=(BO.user_id,))
    checkpoint(path)
    commit(path, CY._replace(location="Bergen"))
    store = opened(path)
    assert [list(store.changed_user_ids(number)) for number in (1, 2, 3)] == [
        [ANNA.user_id, BO.user_id],
        [ANNA.user_id, CY.user_id],
        [CY.user_id],
    ]


@pytest.mark.parametrize("with_checkpoints", [False, True])
@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        (1, 1, "anna bo"),
        (1, 2, "anna bo anna"),
        (2, 4, "anna bo bo cy"),
        (5, 5, ""),
        (5, 6, "bo"),
        (1, 6, "anna bo anna bo bo cy bo"),
        (6, 0, "bo"),
    ],
)
def test_several_in_a_row_are_asked_about_at_once(path, first, last, expected, with_checkpoints):
    a_life(path, with_checkpoints=with_checkpoints)
    names = {ANNA.user_id: "anna", BO.user_id: "bo", CY.user_id: "cy"}
    touched = opened(path).changed_user_ids(first, last=last)
    assert " ".join(names[one] for one in touched) == expected


def test_a_checkpoint_meanwhile_takes_nothing_away(path):
    a_life(path, with_checkpoints=True)
    commit(path, ANNA._replace(location="Rome"))
    store = opened(path)
    touched, touches = store.changed_user_ids(1, last=7), store.user_history(ANNA.user_id)
    first = [next(touched), said(next(touches))]
    assert store.checkpoint()
    assert len([*touched]) == 7
    assert first == [ANNA.user_id, (7, "location Bergen>Rome")]
    assert [*map(said, touches)] == [(2, "location Oslo>Bergen"), (1, "added")]


def test_all_of_a_large_transaction_are_told(path):
    crowd = [user(f"n{number}") for number in range(1201)]
    commit(path, *crowd)
    commit(path, *(one._replace(location="Bergen") for one in crowd))
    store = opened(path)
    user_ids = [one.user_id for one in crowd]
    assert list(store.changed_user_ids(1)) == user_ids
    assert list(store.changed_user_ids(1, last=2)) == user_ids * 2


@pytest.mark.parametrize("number", [0, 7, 70])
@pytest.mark.parametrize("with_checkpoints", [False, True])
def test_an_unknown_transaction_is_refused(path, number, with_checkpoints):
    a_life(path, with_checkpoints=with_checkpoints)
    with pytest.raises(StoreError, match=rf"There is no transaction {number}"):
        list(opened(path).changed_user_ids(number))


@pytest.mark.parametrize(("first", "last"), [(1, 0), (4, 0), (3, 6), (1, 4)])
def test_a_transaction_that_is_no_longer_kept_is_refused(path, first, last):
    a_life(path, with_checkpoints=True)
    for segment in segments(path)[:4]:
        segment.unlink()
    store = opened(path)
    assert list(store.changed_user_ids(5, last=6)) == [BO.user_id]
    with pytest.raises(StoreError, match=rf"What transaction {first} did is no longer kept"):
        list(store.changed_user_ids(first, last=last))
