"""Unexpected errors: a message and a private log, both without secrets."""

import os
import resource
import stat
import sys

import pytest

from qm_tui import __version__, cli, paths
from qm_tui.crash import STATUS, log_and_describe, report_crash
from qm_tui.log import log
from qm_tui.store.tinydb import TinyDBUserStore
from tests.helpers import ANNA, HEADER, csv_text, write_file

SECRET = "Zq7-Geheim-Wort"


@pytest.fixture(autouse=True)
def _ends_with_an_exception(monkeypatch):
    """End the program with an exception, and leave the limits as they are: the tests continue."""
    monkeypatch.setattr(os, "_exit", sys.exit)
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)


def _fails(password: str) -> None:
    kept = {"password": password}
    try:
        raise KeyError(password)
    except KeyError as error:
        msg = f"no such user: {kept}"
        raise ValueError(msg) from error


def _error() -> Exception:
    try:
        _fails(SECRET)
    except ValueError as error:
        return error
    raise AssertionError


def test_log_contains_the_traceback_without_values():
    text = log(_error()).read_text()
    assert __version__ in text
    assert "in _fails" in text
    assert "ValueError\n" in text
    assert "KeyError\n" in text
    assert SECRET not in text
    assert "no such user:" not in text.replace('msg = f"no such user:', "")


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_log_is_private(home, umask):
    before = os.umask(umask)
    try:
        path = log(_error())
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_second_error_is_appended_to_the_log():
    assert log(_error()) == log(_error())
    assert paths.log_path().read_text().count("ValueError\n") == 2


def test_message_contains_the_error_type_and_the_log():
    sentence = log_and_describe(_error())
    assert "ValueError" in sentence
    assert str(paths.log_path()) in sentence
    assert "\n" not in sentence
    assert SECRET not in sentence


def test_unwritable_log_is_reported_in_the_message(home):
    (home / ".local").write_bytes(b"")
    sentence = log_and_describe(_error())
    assert "ValueError" in sentence
    assert "Cannot write the log" in sentence
    assert "See the log" not in sentence


def test_unexpected_error_prints_one_line_and_returns_its_status(capsys):
    assert report_crash(_error()) == STATUS == 70
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.count("\n") == 1
    assert SECRET not in errors


def _boom(*_arguments, **_more) -> None:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    "arguments", [["list"], ["info"], ["export", "out.csv"], ["import", "users.csv"]], ids=str
)
def test_command_exits_with_the_status_of_unexpected_errors(home, monkeypatch, capsys, arguments):
    monkeypatch.chdir(home)
    write_file(home, csv_text([HEADER, ANNA]))
    monkeypatch.setattr(TinyDBUserStore, "load", _boom)
    with pytest.raises(SystemExit) as end:
        cli.main(arguments)
    assert end.value.code == 70
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors.count("\n") == 1
    assert "Traceback" not in errors
    assert SECRET not in errors + paths.log_path().read_text()
    assert "in _boom" in paths.log_path().read_text()


def test_unexpected_error_in_a_commit_does_not_change_the_store(home, monkeypatch, capsys):
    monkeypatch.chdir(home)
    write_file(home, csv_text([HEADER, ANNA]))
    with pytest.raises(SystemExit) as end:
        cli.main(["import", "--store", "users.json", "users.csv"])
    assert end.value.code == 0
    files = [home / name for name in ("users.json", "users.log", "users.lock")]
    before = [path.read_bytes() for path in files]
    write_file(home, csv_text([HEADER, ANNA._replace(location="Bergen")]))
    monkeypatch.setattr("qm_tui.store.tinydb.log.os.fdatasync", _boom)
    with pytest.raises(SystemExit) as end:
        cli.main(["import", "--store", "users.json", "users.csv"])
    assert end.value.code == 70
    assert [path.read_bytes() for path in files] == before
    assert {one.name for one in home.iterdir()} >= {"users.json", "users.csv"}
    assert not list(home.glob(".users*"))
    assert SECRET not in "".join(capsys.readouterr())
