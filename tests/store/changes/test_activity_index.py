"""What a filter asks of the past: days are the admin's, imports are told from edits."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from qm_tui.progress import Tick, no_tick
from qm_tui.store import open_store
from qm_tui.store.changes import activity_index
from qm_tui.store.changes.activity_index import ActivityIndex
from qm_tui.store.changes.undo import undo
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, RetentionPolicy, TransactionKind, UserStore
from qm_tui.store.tinydb import TinyDBUserStore, log, storage
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import FilterFault
from tests.helpers import ANNA, user

BO, CY, DI = user("bo"), user("cy"), user("di")
NAMES = {one.user_id: one.user_name for one in (ANNA, BO, CY, DI)}

At = Callable[[str], None]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "users.json"


@pytest.fixture
def at(monkeypatch) -> At:
    """Sets the clock, to a moment in UTC."""

    class Clock(datetime):
        moment = datetime(2026, 11, 20, 12, tzinfo=UTC)

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Clock":
            return cast("Clock", cls.moment.astimezone(tz))

    def set_to(moment: str) -> None:
        Clock.moment = datetime.fromisoformat(moment).replace(tzinfo=UTC)

    for module in (activity_index, log, storage):
        monkeypatch.setattr(module, "datetime", Clock)
    return set_to


@pytest.fixture(autouse=True)
def zone(monkeypatch) -> Iterator[Callable[[str], None]]:
    """Sets the zone of the admin; it is UTC until then."""

    def set_to(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    set_to("UTC")
    yield set_to
    monkeypatch.undo()
    time.tzset()


class Reading(TinyDBUserStore):
    """A store that remembers which transactions were read."""

    read: list[range]

    def changed_user_ids(
        self, number: int, tick: Tick = no_tick, *, last: int = 0
    ) -> Iterator[str]:
        self.read.append(range(number, max(number, last) + 1))
        return super().changed_user_ids(number, tick, last=last)


@pytest.fixture
def store(path) -> Reading:
    store = open_store(path)
    store.load()
    store.__class__ = Reading
    reading = cast("Reading", store)
    reading.read = []
    return reading


def commit(store: UserStore, *users: User, delete: tuple[str, ...] = (), why: str = "edit") -> int:
    kind = TransactionKind.IMPORT if why.startswith("import of ") else TransactionKind.EDIT
    with store.transaction(Action(kind, why)) as transaction:
        changes = {one.user_id: one for one in users} | dict.fromkeys(delete)
        return transaction.commit(changes).number


def moved(*users: User, to: str) -> list[User]:
    return [one._replace(location=to) for one in users]


def changed(past: ActivityIndex, first: str, last: str = "") -> str:
    """The names of those who were changed on some days."""
    group = past.changed(date.fromisoformat(first), date.fromisoformat(last or first))
    return " ".join(name for key, name in NAMES.items() if key in group)


def imported(past: ActivityIndex, number: int = 0) -> str:
    """The names of those whom an import added or changed."""
    group = past.imported(number)
    return " ".join(name for key, name in NAMES.items() if key in group)


# Days


def test_those_who_were_added_or_changed_on_a_day_are_told_and_not_those_who_were_deleted(
    store, at
):
    at("2026-11-20T08:00")
    commit(store, ANNA, BO, CY)
    at("2026-11-21T08:00")
    commit(store, *moved(ANNA, to="Rome"), DI)
    at("2026-11-22T08:00")
    commit(store, delete=(BO.user_id,))
    past = ActivityIndex(store)
    assert changed(past, "2026-11-19") == ""
    assert changed(past, "2026-11-20") == "anna bo cy"
    assert changed(past, "2026-11-21") == "anna di"
    assert changed(past, "2026-11-22") == ""
    assert changed(past, "2026-11-23") == ""
    assert changed(past, "2026-11-21", "2026-11-22") == "anna di"
    assert changed(past, "2026-11-20", "2026-11-22") == "anna bo cy di"
    group = past.changed(date.min, date.max)
    assert all(key in group for key in NAMES)


@pytest.mark.parametrize(
    ("name", "today", "days"),
    [
        ("UTC", "2026-11-20", ["2026-11-20", "2026-11-20", "2026-11-21"]),
        ("Europe/Berlin", "2026-11-20", ["2026-11-20", "2026-11-21", "2026-11-21"]),
        ("America/Los_Angeles", "2026-11-20", ["2026-11-19", "2026-11-20", "2026-11-20"]),
        ("Pacific/Auckland", "2026-11-21", ["2026-11-20", "2026-11-21", "2026-11-21"]),
    ],
)
def test_a_day_is_that_of_the_admins_clock(store, at, zone, name, today, days):
    for moment, one in [("20T00:30", ANNA), ("20T23:30", BO), ("21T00:30", CY)]:
        at(f"2026-11-{moment}")
        commit(store, one)
    at("2026-11-20T12:30")
    zone(name)
    past = ActivityIndex(store)
    assert past.today() == date.fromisoformat(today)
    for one in set(days):
        names = [name for name, day in zip(("anna", "bo", "cy"), days, strict=True) if day == one]
        assert changed(past, one) == " ".join(names)


def test_the_day_on_which_clocks_are_set_back_has_25_hours(store, at, zone):
    zone("Europe/Berlin")
    for moment, one in [("24T21:30", ANNA), ("24T22:30", BO), ("25T22:30", CY), ("25T23:30", DI)]:
        at(f"2026-10-{moment}")
        commit(store, one)
    assert changed(ActivityIndex(store), "2026-10-25") == "bo cy"


def test_a_clock_that_was_wrong_mixes_no_days(store, at):
    for day, one in [("20", ANNA), ("19", BO), ("20", CY)]:
        at(f"2026-11-{day}T08:00")
        commit(store, one)
    past = ActivityIndex(store)
    assert changed(past, "2026-11-20") == "anna cy"
    assert changed(past, "2026-11-19") == "bo"


# Imports


def test_the_last_import_is_the_last_whatever_came_after_it(store):
    commit(store, ANNA, why="import of first.csv, 1 added")
    commit(store, BO, CY, why="import of second.csv, 2 added")
    commit(store, DI)
    commit(store, *moved(ANNA, to="Rome"))
    past = ActivityIndex(store)
    assert imported(past) == imported(past, 2) == "bo cy"
    assert imported(past, 1) == "anna"
    undo(store, 2)
    assert store.transactions()[0].reason == "undo of 2"
    assert imported(past) == "bo cy"
    commit(store, *moved(DI, to="Rome"), why="import of third.csv, 1 changed")
    assert imported(past) == "di"


def test_what_is_no_import_is_said(store):
    past = ActivityIndex(store)
    with pytest.raises(FilterFault, match=r"Nothing was imported yet. Import a file first."):
        past.imported(0)
    commit(store, ANNA)
    for number in (1, 2, 1234):
        with pytest.raises(FilterFault, match=rf"Transaction {number:,} is no import. Activity"):
            past.imported(number)
    with pytest.raises(FilterFault, match=r"Nothing was imported yet"):
        past.imported(0)


# What is no longer kept


def test_what_is_no_longer_kept_is_said_and_later_days_are_told(path, at):
    nothing = RetentionPolicy(bytes=0, segment_bytes=0, segment_ratio=0)
    for day, one in [("18", ANNA), ("19", BO), ("20", CY)]:
        at(f"2026-11-{day}T08:00")
        with closing(open_store(path, retention=nothing)) as store:
            commit(store, one, why="edit" if one is CY else f"import of {day}.csv")
    store = open_store(path)
    store.load()
    assert [one.is_available for one in store.transactions()] == [True, False, False]
    past = ActivityIndex(store)
    assert changed(past, "2026-11-20", "2026-11-21") == "cy"
    for first in ("2026-11-17", "2026-11-19"):
        with pytest.raises(
            FilterFault, match="Who was changed on 2026-11-19 and before is no long"
        ):
            changed(past, first, "2026-11-21")
    with pytest.raises(FilterFault, match=r"Whom import 2 added or changed is no longer kept. Ask"):
        past.imported(0)
    with pytest.raises(FilterFault, match=r"Whom import 1 added or changed is no longer kept. Ask"):
        past.imported(1)


def test_what_keeps_the_history_from_being_read_is_said(store, monkeypatch):
    commit(store, ANNA, why="import of staff.csv")

    def refused(*_: object, **__: object) -> None:
        msg = "The history cannot be read: it is on fire."
        raise StoreError(msg)

    past = ActivityIndex(store)
    for method in ("changed_user_ids", "transactions"):
        monkeypatch.setattr(store, method, refused)
        for ask in (lambda: past.imported(0), lambda: past.changed(date.min, date.max)):
            with pytest.raises(FilterFault, match=r"^The history cannot be read: it is on fire.$"):
                ask()
    monkeypatch.undo()
    assert imported(past) == "anna"


# What is known already


def test_what_was_read_is_not_read_again_and_what_comes_later_is(store, at):
    commit(store, ANNA, BO)
    past = ActivityIndex(store)
    for _ in range(3):
        assert changed(past, "2026-11-20") == "anna bo"
    assert store.read == [range(1, 2)]
    commit(store, *moved(BO, to="Rome"), CY)
    commit(store, delete=(ANNA.user_id,))
    for _ in range(2):
        assert changed(past, "2026-11-20") == "anna bo cy"
    assert store.read == [range(1, 2), range(2, 4)]


def test_what_others_commit_is_known_once_the_store_is_read(store, path, at):
    commit(store, ANNA)
    past = ActivityIndex(store)
    assert changed(past, "2026-11-20") == "anna"
    commit(open_store(path), BO, why="import of others.csv")
    assert changed(past, "2026-11-20") == "anna"
    store.refresh()
    assert changed(past, "2026-11-20") == "anna bo"
    assert imported(past) == "bo"


def test_answers_are_the_same_in_whatever_order_is_asked(store, at):
    """Those of one question are the beginning of others'."""
    for day, one in enumerate((ANNA, BO, CY, DI, ANNA, BO), start=10):
        at(f"2026-11-{day}T08:00")
        commit(store, *moved(one, to=f"Rome {day}"))
    past = ActivityIndex(store)
    spans = [(first, last) for first in range(10, 16) for last in range(first, 16)]
    for (first, last), (other, end) in pairwise(sorted(spans) + sorted(spans, reverse=True)):
        for begin, until in ((other, end), (first, last)):
            expected = changed(ActivityIndex(store), f"2026-11-{begin}", f"2026-11-{until}")
            assert changed(past, f"2026-11-{begin}", f"2026-11-{until}") == expected


def test_marks_are_those_of_the_moment(store):
    marks = {ANNA.user_id}
    past = ActivityIndex(store, lambda: marks)
    assert ANNA.user_id in past.marked()
    marks.clear()
    assert ANNA.user_id not in past.marked()


def test_reading_can_be_cancelled_and_asked_for_again(path, at):
    class Stopped(Exception):
        pass

    crowd = [user(f"n{number}") for number in range(1500)]
    store = open_store(path)
    commit(store, ANNA, *crowd)
    ticks = 0

    def tick(*_: object) -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 1:
            raise Stopped

    past = ActivityIndex(store, tick=tick)
    with pytest.raises(Stopped):
        changed(past, "2026-11-20")
    assert changed(past, "2026-11-20") == "anna"
    assert ticks > 1


def test_a_store_that_holds_nothing_has_no_past(path: Path):
    past = ActivityIndex(open_store(path))
    assert changed(past, "2026-11-20") == ""
