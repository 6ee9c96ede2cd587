"""Filters by date of change and by import."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import date
from typing import cast

import pytest

from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store import activity_filters, open_store
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, RetentionPolicy, TransactionKind, UserStore
from qm_tui.store.memory.activity_index import ActivityIndex
from qm_tui.store.tinydb import TinyDBUserStore
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import FilterSyntaxError
from tests.helpers import ANNA, EDIT, IMPORT, undo, user

BO, CY, DI = user("bo"), user("cy"), user("di")
NAMES = {one.user_id: one.user_name for one in (ANNA, BO, CY, DI)}

At = Callable[[str], None]


@pytest.fixture
def at(clock) -> At:
    """Sets the clock, to a moment in UTC."""
    set_to: At = clock.set_to
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


def test_changed_uses_days_of_the_local_time_zone(store, at, zone):
    moments = ["10-24T21:30", "10-24T22:30", "10-25T22:30", "10-25T23:30"]
    for moment, one in zip(moments, (ANNA, BO, CY, DI), strict=True):
        at(f"2026-{moment}")
        commit(store, one)
    at("2026-10-25T23:30")
    for name, today, found in (
        ("UTC", "2026-10-25", "cy di"),
        ("Europe/Berlin", "2026-10-26", "bo cy"),  # a day of 25 hours
        ("Pacific/Auckland", "2026-10-26", "anna bo"),
    ):
        zone(name)
        past = ActivityIndex(store)
        assert activity_filters.today() == date.fromisoformat(today)
        assert changed(past, "2026-10-25") == found


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


def test_later_transactions_than_a_given_one_do_not_count(store, at):
    commit(store, ANNA, action=IMPORT)
    commit(store, BO)
    commit(store, CY, action=IMPORT)
    past = ActivityIndex(store)
    day = date.fromisoformat("2026-11-20")
    for until, found, last in (
        (None, (ANNA, BO, CY), CY),
        (3, (ANNA, BO, CY), CY),
        (2, (ANNA, BO), ANNA),
        (1, (ANNA,), ANNA),
    ):
        assert past.changed(day, day, until) == {one.user_id for one in found}
        assert past.imported(0, until) == {last.user_id}
    with pytest.raises(FilterSyntaxError, match="Transaction 3 is not an import"):
        past.imported(3, 2)


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
    def refused(*_: object, **__: object) -> None:
        raise StoreError("The history cannot be read: it is on fire.")

    monkeypatch.setattr(store, "transactions", refused)
    with pytest.raises(FilterSyntaxError, match=r"^The history cannot be read: it is on fire.$"):
        ActivityIndex(store).imported(0)


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
    """Those of one question are the beginning of others', also after a wrong clock."""
    for day, one in zip((10, 12, 11, 13), (ANNA, BO, CY, ANNA), strict=True):
        at(f"2026-11-{day}T08:00")
        commit(store, *moved(one, to=f"Rome {day}"))
    past = ActivityIndex(store)
    assert changed(past, "2026-11-11") == "cy"
    spans = [(f"2026-11-{first}", f"2026-11-{last}") for first in (10, 11) for last in (11, 12, 13)]
    for span in [*spans, *reversed(spans), *spans[::2]]:
        assert changed(past, *span) == changed(ActivityIndex(store), *span)
