"""Pipes, devices and folders instead of small files of the program: nothing blocks."""

import os
import subprocess
from pathlib import Path

import pytest

from qm_tui import paths
from qm_tui.store import open_store
from tests.cli.test_program import command
from tests.helpers import ANNA, commit

SOON = 20.0


def _pipe(path):
    os.mkfifo(path)


def _zeros(path):
    path.symlink_to("/dev/zero")


def _folder(path):
    path.mkdir()


def _large(path):
    path.write_bytes(b"#" * (1024 * 1024 + 1))


ODD = [_pipe, _zeros, _folder, _large]


def _ran(*arguments, status, store):
    done = subprocess.run(
        [*command(), *arguments, "--store", str(store)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=SOON,
    )
    assert done.returncode == status, done.stderr
    assert b"Traceback" not in done.stderr
    return (done.stdout + done.stderr).decode()


@pytest.fixture
def store(home):
    commit(home / "users.json", ANNA)
    paths.settings_folder().mkdir(parents=True)
    return home / "users.json"


@pytest.mark.parametrize("make", ODD)
def test_special_settings_file_is_an_error(store, make):
    make(paths.settings_folder() / "settings.toml")
    assert "settings.toml" in _ran("list", status=2, store=store)


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", ["preferences.toml", "views.toml"])
def test_special_preferences_file_is_ignored(store, make, name):
    from qm_tui.config.preferences import Preferences, load_preferences
    from qm_tui.config.saved_views import SavedViews, load_views

    make(paths.settings_folder() / name)
    assert load_preferences() == Preferences()
    assert load_views() == SavedViews()
    assert "anna" in _ran("list", status=0, store=store)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (_pipe, "is not a regular file"),
        (_zeros, "is a symbolic link"),
        (_folder, "is not a regular file"),
    ],
)
@pytest.mark.parametrize("name", ["users.lock", "users.log"])
def test_special_store_file_is_an_error_without_blocking(store, make, what, name):
    path = store.with_name(name)
    path.unlink()
    make(path)
    said = _ran("set", "location=Bergen", "anna", status=2, store=store)
    assert f"{name} {what}" in said or (make is _folder and "Is a directory" in said)


@pytest.mark.parametrize("make", ODD)
def test_special_import_marker_is_ignored(store, make):
    make(store.with_name(".users.import.00"))
    opened = open_store(store)
    opened.load()
    assert opened.notices == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["list", "--filter", "zz:"], 2), (["list", "--nonsense"], 2), (["list"], 0)],
    ids=str,
)
def test_exit_status_is_the_same_if_errors_cannot_be_printed(store, arguments, status):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command(), *arguments, "--store", str(store)],
            stdout=subprocess.DEVNULL,
            stderr=full,
            check=False,
            timeout=SOON,
        )
    assert done.returncode == status


def test_unwritable_debug_log_is_an_error(store):
    log = paths.log_path()
    log.parent.parent.mkdir(parents=True)
    log.parent.symlink_to("/dev/full")
    said = _ran("--debug", "list", status=2, store=store)
    assert "Cannot write the debug log" in said
