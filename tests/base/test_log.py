"""The log: private, without user data, and never a cause of errors."""

import os
import re
import stat
import sys
import threading
from enum import Enum
from pathlib import Path

import pytest

from qm_tui import log as logging
from qm_tui import paths
from qm_tui.crash import install_exception_hooks, log_and_describe
from qm_tui.log import debug, enable_debug, log, type_summary
from tests.helpers import ANNA
from tests.program import run

SECRET = "Zq7-Geheim-Wort"


@pytest.fixture
def more(monkeypatch):
    """Enable the debug log until the end of the test."""
    monkeypatch.setattr(logging, "_debug_enabled", threading.Event())
    enable_debug()


def _raised(error):
    secret, number, nothing, user, words = SECRET, 7, None, ANNA, [SECRET, SECRET]
    try:
        raise error
    except type(error) as raised:
        return raised if nothing is None and secret in words and number and user else error


class _Colour(Enum):
    RED = SECRET


class _Broken:
    def __len__(self):
        raise ValueError(SECRET)

    def __repr__(self):
        return SECRET


def test_value_is_logged_as_its_type():
    for value, kind in (
        (None, "None"),
        (12, "12"),
        (SECRET, "str of 15"),
        ({SECRET: SECRET}, "dict of 1"),
        (ANNA, "User of 26"),
        (_Colour.RED, "_Colour.RED"),
        (_Broken(), "_Broken"),
        (ValueError(SECRET), "ValueError"),
    ):
        assert type_summary(value) == kind


def test_debug_log_contains_types_of_local_variables(more):
    text = log(_raised(ValueError(SECRET))).read_text()
    for line in ("number: 7", "secret: str of 15", "user: User of 26", "words: list of 2"):
        assert line in text
    assert SECRET not in text
    assert ANNA.first_name not in text


def test_system_error_and_file_name_are_logged():
    text = log(_raised(PermissionError(13, SECRET, "/data/a\x1b]52;c;x\x07.csv"))).read_text()
    assert "PermissionError: Permission denied, /data/a␛]52;c;x␇.csv" in text
    assert SECRET not in text


def test_cyclic_causes_are_logged_once():
    first, second = ValueError(), KeyError()
    first.__context__, second.__context__ = second, first
    assert log(first).read_text().count("KeyError\n") == 1


def test_log_is_made_private_and_rotated_when_it_is_large(more):
    debug("begun")
    path, old = paths.log_path(), paths.log_path().with_name("qm-tui.log.old")
    path.chmod(0o644)
    debug("gone on")
    assert "gone on" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open("a") as file:
        file.write("x" * logging._MAX_SIZE)
    debug("anew")
    assert "begun" not in path.read_text()
    assert "begun" in old.read_text()
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir])
def test_log_that_cannot_be_written_is_reported_without_blocking(more, make):
    paths.log_path().unlink()
    make(paths.log_path())
    debug("nowhere")
    said = log_and_describe(ValueError())
    assert "See the log" not in said
    assert re.search(r"Cannot write the log \S+qm-tui\.log: ", said)
    with pytest.raises(OSError, match=r"qm-tui\.log"):
        enable_debug()
    done = run("--debug", "list")
    assert (done.code, "Cannot write the debug log" in done.err) == (2, True)


def test_errors_of_threads_are_logged(monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", None)
    monkeypatch.setattr(threading, "excepthook", None)
    install_exception_hooks()
    thread = threading.Thread(target=lambda: dict.fromkeys([0])[len(SECRET)])
    thread.start()
    thread.join()
    text = paths.log_path().read_text()
    assert "KeyError\n" in text
    assert SECRET not in text
