"""Pipes, devices and folders instead of small files of the program: nothing blocks."""

import os
from pathlib import Path

import pytest

from qm_tui import paths
from qm_tui.config.preferences import Preferences, load_preferences
from qm_tui.config.saved_views import SavedViews, load_views
from qm_tui.store import open_store
from tests.helpers import ANNA, commit
from tests.program import refusal, run


def _zeros(path):
    path.symlink_to("/dev/zero")


def _large(path):
    path.write_bytes(b"#" * (1024 * 1024 + 1))


ODD = pytest.mark.parametrize("make", [os.mkfifo, _zeros, Path.mkdir, _large])


@pytest.fixture
def store(home, monkeypatch):
    commit(home / "users.json", ANNA)
    paths.settings_folder().mkdir(parents=True)
    monkeypatch.setenv("QM_TUI_STORE", str(home / "users.json"))
    return home / "users.json"


@ODD
def test_special_file_is_an_error_as_settings_and_otherwise_ignored(store, make):
    for name in ("preferences.toml", "views.toml"):
        make(paths.settings_folder() / name)
    make(store.with_name(".users.import.00"))
    assert load_preferences() == Preferences()
    assert load_views() == SavedViews()
    assert run("list").code == 0
    opened = open_store(store)
    opened.load()
    assert opened.notices == []
    make(paths.settings_folder() / "settings.toml")
    assert "settings.toml" in refusal("list")


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (os.mkfifo, "is not a regular file"),
        (_zeros, "is a symbolic link"),
        (Path.mkdir, "is not a regular file"),
    ],
)
@pytest.mark.parametrize("name", ["users.lock", "users.log"])
def test_special_store_file_is_an_error_without_blocking(store, make, what, name):
    path = store.with_name(name)
    path.unlink()
    make(path)
    code, out, said = run("set", "location=Bergen", "anna")
    assert (code, out) == (2, "")
    assert f"{name} {what}" in said or (make is Path.mkdir and "Is a directory" in said)
