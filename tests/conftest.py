"""Fixtures of all tests."""

import signal

import pytest

if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    # under nohup the programs under test would inherit that they ignore it
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def home(tmp_path_factory, monkeypatch):
    """A home of its own, so that no test sees or touches the developer's store and settings."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(folder))
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("QM_TUI_STORE", raising=False)
    return folder
