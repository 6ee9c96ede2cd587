"""Ctrl+C, SIGTERM, SIGHUP and closed pipes: the messages are true."""

import array
import fcntl
import os
import signal
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui.store import open_store
from sample_data.generate import users
from tests.helpers import commit, files_of, user, users_file
from tests.program import command, run

MANY = 60_000
LONG = [user(f"n{number}") for number in range(3000)]
"""Users whose list is longer than a pipe holds."""


@pytest.fixture(scope="module")
def big(tmp_path_factory) -> Path:
    """A users file whose import takes some seconds."""
    return users_file(tmp_path_factory.mktemp("big"), *users(MANY))


@contextmanager
def importing(file: Path, ignored: str = "") -> Iterator[Terminal]:
    """Import a file with standard error on a terminal; yield when the file is being read."""
    trap = f'trap "" {ignored};' if ignored else ""
    start = ["sh", "-c", f'{trap} exec "$@" </dev/null >/dev/null', "sh"]
    with Terminal([*start, *command("import", file)]) as terminal:
        terminal.wait_for("Reading", 60)
        yield terminal


@contextmanager
def piped(*arguments: object):
    """Run the program with pipes, and yield it when its output is waiting for us to read it."""
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        unread = array.array("i", [0])
        ends = time.monotonic() + 60
        while unread[0] < 40_000 and time.monotonic() < ends:
            time.sleep(0.01)
            fcntl.ioctl(program.stdout, termios.FIONREAD, unread)
        yield program


def _after_the_end_of_the_pipe(program) -> bytes:
    """Close the pipe, and return what the program then says."""
    program.stdout.close()
    said: bytes = program.stderr.read()
    program.wait(timeout=60)
    return said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_canceled_import_writes_nothing(store, big, number):
    commit(store, user())
    before = files_of(store)
    with importing(big) as terminal:
        os.kill(terminal.pid, number)
        assert terminal.wait_for_end(60) == 130
    assert b"Canceled. Nothing was changed." in terminal.received
    assert b"Traceback" not in terminal.received
    is_told_later = number != signal.SIGINT  # after SIGHUP or SIGTERM the line may be unseen
    again = run("info").err
    assert ("was interrupted. Nothing was saved. Import the file again." in again) is is_told_later
    read = open_store(store)
    read.load()
    read.acknowledge_notices()
    assert files_of(store) == before


@pytest.mark.parametrize("name", ["INT", "HUP"])
def test_ignored_signal_stays_ignored_and_progress_is_drawn_and_cleared(store, big, name):
    with importing(big, name) as terminal:
        os.kill(terminal.pid, signal.Signals[f"SIG{name}"])
        assert terminal.wait_for_end(60) == 0
    assert b"\n" not in terminal.received
    assert terminal.received.endswith(b"\r\x1b[K")
    assert f"of {MANY:,}".encode() in terminal.received
    assert open_store(store).load().total == MANY


@pytest.mark.parametrize("line", ["list", "export - --for-excel"])
def test_canceled_command_reports_it(store, line):
    commit(store, *LONG)
    with piped(*line.split()) as program:
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=60)
    assert program.returncode == 130
    assert errors.startswith(b"Canceled.")
    assert errors.count(b"\n") == 1


@pytest.mark.parametrize("closes", [False, True], ids=["^C", "closed pipe"])
def test_end_of_the_report_after_the_commit_does_not_undo_an_import(home, store, closes):
    bad = [user(f"n{number}", is_active="x" * 50) for number in range(3000)]
    with piped("import", users_file(home, user(user_id=""), *bad)) as program:
        if closes:
            assert _after_the_end_of_the_pipe(program) == b""
        else:
            program.send_signal(signal.SIGINT)
            errors = program.communicate(timeout=60)[1]
            assert b"Nothing was changed" not in errors
            assert b"Traceback" not in errors
    assert open_store(store).load().total == 1
    assert program.returncode != 130, "130 means: canceled, and nothing was changed"


@pytest.mark.parametrize("line", ["list --filter n1|n2", "list --json", "export - --for-excel"])
def test_closed_pipe_is_no_error(store, line):
    commit(store, *LONG)
    with piped(*line.split()) as program:
        assert _after_the_end_of_the_pipe(program) == b""
    assert program.returncode == 141
