"""Fixtures of all tests."""

import gc
import signal
from typing import Any
from weakref import ReferenceType, ref

import pytest

from qm_tui.store.tinydb.storage import LogStorage

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # under nohup the programs under test would inherit the ignored signal
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish():
    """Limit garbage collection to objects of the tests, and make it less frequent.

    The objects of modules live until the end. Scanning them repeatedly took a quarter of the time
    of the tests of the terminal UI.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def closed_stores():
    """Close all stores that a test opened: each has open files, and may still write."""
    opened: list[ReferenceType[LogStorage]] = []
    init = LogStorage.__init__

    def recorded(self: LogStorage, *arguments: Any, **more: Any) -> None:
        init(self, *arguments, **more)
        opened.append(ref(self))

    LogStorage.__init__ = recorded  # type: ignore[method-assign]
    yield
    LogStorage.__init__ = init  # type: ignore[method-assign]
    for reference in opened:
        storage = reference()
        if storage is not None:
            storage.close()


@pytest.fixture(autouse=True)
def home(closed_stores, tmp_path_factory, monkeypatch):
    """Use an empty home folder, so that no test uses the store and settings of the developer."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("QM_TUI_STORE", raising=False)
    return folder
