"""Ctrl+C, SIGTERM, SIGHUP and closed pipes: the messages are true."""

import array
import fcntl
import os
import pty
import select
import signal
import subprocess
import termios
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

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
def running(*arguments: object, until: bytes, **more):
    """Run the program with standard error on a terminal; yield when it has shown `until` there.

    Everything shown there is appended to the list after its end.
    """
    ours, theirs = pty.openpty()
    shown = b""
    said: list[str] = []
    try:
        with subprocess.Popen(
            command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            **more,
        ) as program:
            os.close(theirs)
            ends = time.monotonic() + 60
            while until not in shown and time.monotonic() < ends:
                if select.select([ours], [], [], 0.1)[0]:
                    shown += os.read(ours, 4096)
            assert until in shown
            yield program, said
            try:
                while True:
                    assert select.select([ours], [], [], 60)[0]
                    shown += os.read(ours, 4096)
            except OSError:
                pass  # the other end of the terminal is closed
            program.wait(timeout=60)
            said.append(shown.decode(errors="replace"))
    finally:
        os.close(ours)


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
    with running("import", big, until=b"Reading") as (program, said):
        program.send_signal(number)
    assert program.returncode == 130
    assert "Canceled. Nothing was changed." in said[0]
    assert "Traceback" not in said[0]
    is_told_later = number != signal.SIGINT  # after SIGHUP or SIGTERM the line may be unseen
    again = run("info").err
    assert ("was interrupted. Nothing was saved. Import the file again." in again) is is_told_later
    read = open_store(store)
    read.load()
    read.acknowledge_notices()
    assert files_of(store) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ignored_signal_stays_ignored_and_progress_is_drawn_and_cleared(store, big, number):
    with running(
        "import",
        big,
        until=b"Reading",
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    ) as (program, said):
        program.send_signal(number)
    assert program.returncode == 0
    assert "\n" not in said[0]
    assert said[0].endswith("\r\x1b[K")
    assert f"of {MANY:,}" in said[0]
    found = open_store(store).load().users
    assert len(found) == MANY
    assert all(user_id.startswith("u") and len(user_id) == 12 for user_id in found)


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
    assert len(open_store(store).load().users) == 1
    assert program.returncode != 130, "130 means: canceled, and nothing was changed"


@pytest.mark.parametrize("line", ["list --filter n1|n2", "list --json", "export - --for-excel"])
def test_closed_pipe_is_no_error(store, line):
    commit(store, *LONG)
    with piped(*line.split()) as program:
        assert _after_the_end_of_the_pipe(program) == b""
    assert program.returncode == 141
