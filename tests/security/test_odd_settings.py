"""Pipes, devices and folders where a small file of our own should be: nothing waits for them."""

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
def test_settings_that_are_no_small_file_are_refused(store, make):
    make(paths.settings_folder() / "settings.toml")
    assert "settings.toml" in _ran("list", status=2, store=store)


@pytest.mark.parametrize("make", ODD)
@pytest.mark.parametrize("name", ["choices.toml", "views.toml"])
def test_what_is_remembered_is_passed_over(store, make, name):
    from qm_tui.preferences import Remembered, remembered
    from qm_tui.saved_views import RememberedViews, remembered_views

    make(paths.settings_folder() / name)
    assert remembered() == Remembered()
    assert remembered_views() == RememberedViews()
    assert "anna" in _ran("list", status=0, store=store)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (_pipe, "is a pipe, a device or a folder, not a file"),
        (_zeros, "is a link"),
        (_folder, "is a pipe, a device or a folder, not a file"),
    ],
)
@pytest.mark.parametrize("name", ["users.lock", "users.log"])
def test_files_of_the_store_that_are_none_are_refused_at_once(store, make, what, name):
    path = store.with_name(name)
    path.unlink()
    make(path)
    said = _ran("set", "location=Bergen", "anna", status=2, store=store)
    assert f"{name} {what}" in said or (make is _folder and "Is a directory" in said)


@pytest.mark.parametrize("make", ODD)
def test_a_marker_of_an_import_that_is_none_is_passed_over(store, make):
    make(store.with_name(".users.import.00"))
    opened = open_store(store)
    opened.load()
    assert opened.notices == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [(["list", "--filter", "zz:"], 2), (["list", "--nonsense"], 2), (["list"], 0)],
    ids=str,
)
def test_where_errors_cannot_be_said_the_status_is_the_same(store, arguments, status):
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command(), *arguments, "--store", str(store)],
            stdout=subprocess.DEVNULL,
            stderr=full,
            check=False,
            timeout=SOON,
        )
    assert done.returncode == status


def test_a_log_that_cannot_be_written_is_said_where_more_is_wanted(store):
    log = paths.log_path()
    log.parent.parent.mkdir(parents=True)
    log.parent.symlink_to("/dev/full")
    said = _ran("--debug", "list", status=2, store=store)
    assert "--debug cannot write the log" in said
