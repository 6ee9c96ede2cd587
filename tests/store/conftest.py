"""Fixtures of the tests of the store."""

from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import pytest

from qm_tui.store.changes import activity_index
from qm_tui.store.tinydb import log, storage


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a store is to be."""
    return tmp_path / "users.json"


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

    for module in (activity_index, log, storage):
        monkeypatch.setattr(module, "datetime", Time)
    return clock
