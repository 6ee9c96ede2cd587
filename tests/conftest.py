"""Fixtures of all tests."""

import gc
import signal
from collections import Counter
from typing import Any
from weakref import ReferenceType, ref

import pytest
from hypothesis import HealthCheck, settings

from qm_tui.store.tinydb.storage import LogStorage
from qm_tui.text import pluralize
from tests.helpers import PACKAGE_MISSING

pytest_plugins = ["tests.postgres.fixtures"]

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # under nohup the programs under test would inherit the ignored signal
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# `make test` tries the same few inputs each time. Other ones, and more, are tried with the option
# --hypothesis-profile: "thorough" in `make test-long`, "fuzz" in `make fuzz`
settings.register_profile(
    "fast",
    deadline=None,
    max_examples=25,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
for name, count in (("thorough", 100), ("fuzz", 1000)):
    settings.register_profile(
        name, settings.get_profile("fast"), max_examples=count, derandomize=False
    )
settings.load_profile("fast")


def pytest_collection_finish():
    """Limit garbage collection to objects of the tests, and make it less frequent.

    The objects of modules live until the end. Scanning them repeatedly took a quarter of the time
    of the tests of the terminal UI.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter):
    """List the missing packages, each with the number of tests that were skipped for it."""
    reasons = (
        report.longrepr[2].partition(PACKAGE_MISSING)
        for report in terminalreporter.stats.get("skipped", ())
    )
    packages = Counter(package for _, found, package in reasons if found)
    if packages:
        terminalreporter.section("packages that are not installed")
    for package, count in sorted(packages.items()):
        terminalreporter.write_line(f"{package}: {pluralize(count, 'test')} skipped")


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
