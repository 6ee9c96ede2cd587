"""Fixtures of the tests of the store."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from pathlib import Path

import pytest

from qm_tui.store import activity_filters
from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.store.tinydb import log, storage
from tests.store.kinds import DATABASES, FILE, KINDS, OPENED, SERVERS, new_store, state_with


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store is to be."""
    return tmp_path / "users.json"


@pytest.fixture(
    params=[
        pytest.param(one, marks=getattr(pytest.mark, SERVERS[one]) if one in SERVERS else ())
        for one in KINDS
    ]
)
def kind(request, tmp_path: Path) -> Iterator[str]:
    """A kind of store that fulfills the contract."""
    if request.param not in SERVERS:
        yield str(request.param)
        return
    DATABASES[tmp_path] = request.getfixturevalue(f"{SERVERS[request.param]}_store_url")
    yield str(request.param)
    for store in OPENED:
        store.close()
    OPENED.clear()
    del DATABASES[tmp_path]


@pytest.fixture
def store(kind: str, tmp_path: Path) -> UserStore:
    """An empty store of each kind."""
    return new_store(kind, tmp_path)


@pytest.fixture
def second(kind: str, tmp_path: Path) -> Callable[[], UserStore]:
    """Opens the same store as another program does, if the store can be opened twice."""
    if kind not in (FILE, *SERVERS):
        pytest.skip("no other program can open this store")

    def opened() -> UserStore:
        other = new_store(kind, tmp_path)
        other.load()
        return other

    return opened


@pytest.fixture
def given(kind: str, tmp_path: Path) -> Callable[..., State]:
    """Returns a state of a store of each kind with given users."""
    return partial(state_with, kind, tmp_path)


class Clock:
    """The clock of new transactions and segments, and of filters by date.

    Attributes:
        now: what it shows.
    """

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def go(self, days: float) -> None:
        self.now += timedelta(days=days)

    def set_to(self, moment: str) -> None:
        """Set it, to a moment in UTC."""
        self.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch) -> Clock:
    clock = Clock()

    class Time(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return clock.now.astimezone(tz)

    for module in (activity_filters, log, storage):
        monkeypatch.setattr(module, "datetime", Time)
    return clock
