"""Filters by date of change and by import."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, tzinfo
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store import open_store
from qm_tui.store.changes import activity_index
from qm_tui.store.changes.activity_index import ActivityIndex
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, RetentionPolicy, TransactionKind, UserStore
from qm_tui.store.tinydb import TinyDBUserStore, log, storage
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import FilterSyntaxError
from tests.helpers import ANNA, EDIT, IMPORT, undo, user

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
        self, number: int, progress: ProgressCallback = ignore_progress, *, last: int = 0
    ) -> Iterator[str]:
        self.read.append(range(number, max(number, last) + 1))
        return super().changed_user_ids(number, progress, last=last)


@pytest.fixture
def store(path) -> Reading:
    store = open_store(path)
    store.load()
    store.__class__ = Reading
    reading = cast("Reading", store)
    reading.read = []
    return reading


def commit(
    store: UserStore, *users: User, delete: tuple[str, ...] = (), action: Action = EDIT
) -> int:
    with store.transaction(action) as transaction:
        changes = {one.user_id: one for one in users} | dict.fromkeys(delete)
        return transaction.commit(changes).number


def moved(*users: User, to: str) -> list[User]:
    return [one._replace(location=to) for one in users]


def changed(past: ActivityIndex, first: str, last: str = "") -> str:
    """The names of those who were changed on some days."""
    group = past.changed(date.fromisoformat(first), date.fromisoformat(last or first))
    return " ".join(name for key, name in NAMES.items() if key in group)


def imported(past: ActivityIndex, number: int = 0) -> str:
    """Return the names of the users that an import added or changed."""
    group = past.imported(number)
    return " ".join(name for key, name in NAMES.items() if key in group)


# Days


def test_changed_finds_added_and_changed_but_not_deleted_users(store, at):
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
def test_changed_uses_days_of_the_local_time_zone(store, at, zone, name, today, days):
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


def test_changed_includes_all_25_hours_of_a_day(store, at, zone):
    zone("Europe/Berlin")
    for moment, one in [("24T21:30", ANNA), ("24T22:30", BO), ("25T22:30", CY), ("25T23:30", DI)]:
        at(f"2026-10-{moment}")
        commit(store, one)
    assert changed(ActivityIndex(store), "2026-10-25") == "bo cy"


def test_changed_separates_days_after_a_wrong_clock(store, at):
    for day, one in [("20", ANNA), ("19", BO), ("20", CY)]:
        at(f"2026-11-{day}T08:00")
        commit(store, one)
    past = ActivityIndex(store)
    assert changed(past, "2026-11-20") == "anna cy"
    assert changed(past, "2026-11-19") == "bo"


# Imports


def test_imported_finds_the_last_import_before_other_transactions(store):
    commit(store, ANNA, action=IMPORT)
    commit(store, BO, CY, action=IMPORT)
    commit(store, DI)
    commit(store, *moved(ANNA, to="Rome"))
    past = ActivityIndex(store)
    assert imported(past) == imported(past, 2) == "bo cy"
    assert imported(past, 1) == "anna"
    undo(store, 2)
    assert store.transactions()[0].kind is TransactionKind.UNDO
    assert imported(past) == "bo cy"
    commit(store, *moved(DI, to="Rome"), action=IMPORT)
    assert imported(past) == "di"


def test_imported_rejects_other_transactions(store):
    past = ActivityIndex(store)
    with pytest.raises(FilterSyntaxError, match=r"There is no import yet. Import a file first."):
        past.imported(0)
    commit(store, ANNA)
    for number in (1, 2, 1234):
        with pytest.raises(
            FilterSyntaxError, match=rf"Transaction {number:,} is not an import. Activity"
        ):
            past.imported(number)
    with pytest.raises(FilterSyntaxError, match=r"There is no import yet"):
        past.imported(0)


# Changes that are no longer available


def test_changes_that_are_no_longer_available_are_an_error(path, at):
    nothing = RetentionPolicy(bytes=0, segment_bytes=0, segment_ratio=0)
    for day, one in [("18", ANNA), ("19", BO), ("20", CY)]:
        at(f"2026-11-{day}T08:00")
        with closing(open_store(path, retention=nothing)) as store:
            commit(store, one, action=EDIT if one is CY else IMPORT)
    store = open_store(path)
    store.load()
    assert [one.is_available for one in store.transactions()] == [True, False, False]
    past = ActivityIndex(store)
    assert changed(past, "2026-11-20", "2026-11-21") == "cy"
    for first in ("2026-11-17", "2026-11-19"):
        with pytest.raises(
            FilterSyntaxError, match="Changes on or before 2026-11-19 are no longer available"
        ):
            changed(past, first, "2026-11-21")
    with pytest.raises(FilterSyntaxError, match=r"The changes of import 2 are no longer available"):
        past.imported(0)
    with pytest.raises(FilterSyntaxError, match=r"The changes of import 1 are no longer available"):
        past.imported(1)


def test_error_of_the_store_is_an_error_of_the_filter(store, monkeypatch):
    commit(store, ANNA, action=IMPORT)

    def refused(*_: object, **__: object) -> None:
        msg = "The history cannot be read: it is on fire."
        raise StoreError(msg)

    past = ActivityIndex(store)
    for method in ("changed_user_ids", "transactions"):
        monkeypatch.setattr(store, method, refused)
        for ask in (lambda: past.imported(0), lambda: past.changed(date.min, date.max)):
            with pytest.raises(
                FilterSyntaxError, match=r"^The history cannot be read: it is on fire.$"
            ):
                ask()
    monkeypatch.undo()
    assert imported(past) == "anna"


# What is known already


def test_transactions_are_read_once(store, at):
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


def test_commits_of_other_programs_are_found_after_refresh(store, path, at):
    commit(store, ANNA)
    past = ActivityIndex(store)
    assert changed(past, "2026-11-20") == "anna"
    commit(open_store(path), BO, action=IMPORT)
    assert changed(past, "2026-11-20") == "anna"
    store.refresh()
    assert changed(past, "2026-11-20") == "anna bo"
    assert imported(past) == "bo"


def test_answers_do_not_depend_on_the_order_of_the_filters(store, at):
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


def test_marked_returns_the_current_marks(store):
    marks = {ANNA.user_id}
    past = ActivityIndex(store, lambda: marks)
    assert ANNA.user_id in past.marked()
    marks.clear()
    assert ANNA.user_id not in past.marked()


def test_reading_can_be_canceled_and_repeated(path, at):
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

    past = ActivityIndex(store, progress=tick)
    with pytest.raises(Stopped):
        changed(past, "2026-11-20")
    assert changed(past, "2026-11-20") == "anna"
    assert ticks > 1


def test_empty_store_has_no_activity(path: Path):
    past = ActivityIndex(open_store(path))
    assert changed(past, "2026-11-20") == ""
