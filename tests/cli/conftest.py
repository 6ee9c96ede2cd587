"""Fixtures of the tests of the command line."""

from pathlib import Path

import pytest


@pytest.fixture
def home(home, monkeypatch) -> Path:
    """Run the program in the home folder."""
    monkeypatch.chdir(home)
    folder: Path = home
    return folder


@pytest.fixture
def store(home: Path, monkeypatch) -> Path:
    """Return the path of the store, set by the environment. It does not exist yet."""
    path = home / "store" / "users.json"
    monkeypatch.setenv("QM_TUI_STORE", str(path))
    return path
