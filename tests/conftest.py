"""Fixtures of all tests."""

import gc
import signal
from typing import Any
from weakref import ReferenceType, ref

import pytest

from qm_tui.store.tinydb.storage import LogStorage

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # under nohup the programs under test would inherit that they ignore it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish():
    """Let Python look for garbage among what a test makes only, and less often.

    All that the tests and libraries are stays to the end: to look through it again and again was
    a quarter of the time of the interface's tests.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def closed_stores():
    """Close all stores that a test opened: each holds descriptors, and may be writing its file."""
    opened: list[ReferenceType[LogStorage]] = []
    init = LogStorage.__init__

    def noted(self: LogStorage, *arguments: Any, **more: Any) -> None:
        init(self, *arguments, **more)
        opened.append(ref(self))

    LogStorage.__init__ = noted  # type: ignore[method-assign]
    yield
    LogStorage.__init__ = init  # type: ignore[method-assign]
    for one in opened:
        storage = one()
        if storage is not None:
            storage.close()


@pytest.fixture(autouse=True)
def home(closed_stores, tmp_path_factory, monkeypatch):
    """A home of its own, so that no test sees or touches the developer's store and settings."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("QM_TUI_STORE", raising=False)
    return folder
