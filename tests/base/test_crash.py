"""Unexpected errors: a message and a private log, both without secrets."""

import stat

from qm_tui import __version__, paths
from qm_tui.crash import STATUS
from qm_tui.log import log
from qm_tui.store.tinydb import TinyDBUserStore
from tests.helpers import ANNA, HEADER, csv_text, write_file
from tests.program import run

SECRET = "Zq7-Geheim-Wort"


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


def test_log_is_private_and_errors_are_appended(umask):
    umask(0)
    path = log(_error())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert log(_error()) == path == paths.log_path()
    assert path.read_text().count("ValueError\n") == 2


def _boom(*_arguments, **_more) -> None:
    raise RuntimeError(SECRET)


def test_command_exits_with_the_status_of_unexpected_errors(home, monkeypatch):
    file = write_file(home, csv_text([HEADER, ANNA]))
    monkeypatch.setattr(TinyDBUserStore, "load", _boom)
    for arguments in (["list"], ["info"], ["export", file.with_name("out.csv")], ["import", file]):
        done = run(*arguments)
        assert (done.code, done.out, done.err.count("\n")) == (STATUS, "", 1)
        for text in ("RuntimeError", str(paths.log_path())):
            assert text in done.err
        assert SECRET not in done.err + paths.log_path().read_text()
    assert STATUS == 70
    assert "in _boom" in paths.log_path().read_text()


def test_unexpected_error_in_a_commit_does_not_change_the_store(home, monkeypatch):
    file = write_file(home, csv_text([HEADER, ANNA]))
    store = home / "users.json"
    assert run("import", "--store", store, file).code == 0
    files = [home / name for name in ("users.json", "users.log", "users.lock")]
    before = [path.read_bytes() for path in files]
    write_file(home, csv_text([HEADER, ANNA._replace(location="Bergen")]))
    monkeypatch.setattr("qm_tui.store.tinydb.log.os.fdatasync", _boom)
    done = run("import", "--store", store, file)
    assert (done.code, SECRET in done.out + done.err) == (70, False)
    assert [path.read_bytes() for path in files] == before
    assert not list(home.glob(".users*"))
