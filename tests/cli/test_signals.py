"""Ctrl+C, SIGTERM, SIGHUP and closed pipes: the messages are true."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from qm_tui.store import open_store
from tests.cli.test_program import as_it_is, command, home, store
from tests.helpers import HEADER, commit, csv_text, user, write_file

__all__ = ["home", "store"]

ROOT = Path(__file__).parents[2]
MANY = 60_000


@pytest.fixture(scope="module")
def big(tmp_path_factory) -> Path:
    """A users file whose import takes some seconds."""
    path: Path = tmp_path_factory.mktemp("big") / "big.csv"
    with path.open("wb") as file:
        subprocess.run(
            [sys.executable, ROOT / "sample_data" / "generate.py", str(MANY)],
            check=True,
            stdout=file,
            timeout=60,
        )
    return path


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
            command(*arguments), stdin=subprocess.DEVNULL, stderr=theirs, **more
        ) as program:
            os.close(theirs)
            ends = time.monotonic() + 20
            while until not in shown and time.monotonic() < ends:
                if select.select([ours], [], [], 0.1)[0]:
                    shown += os.read(ours, 4096)
            assert until in shown
            yield program, said
            try:
                while True:
                    assert select.select([ours], [], [], 20)[0]
                    shown += os.read(ours, 4096)
            except OSError:
                pass  # the other end of the terminal is closed
            program.wait(timeout=20)
            said.append(shown.decode(errors="replace"))
    finally:
        os.close(ours)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_canceled_import_writes_nothing(store, big, number):
    commit(store, user())
    before = as_it_is(store)
    with running("import", big, until=b"Reading", stdout=subprocess.PIPE) as (program, said):
        program.send_signal(number)
    assert program.returncode == 130
    assert "Canceled. Nothing was changed." in said[0]
    assert "Traceback" not in said[0]
    is_told_later = number != signal.SIGINT  # after SIGHUP or SIGTERM the line may be unseen
    again = subprocess.run(command("info"), check=True, capture_output=True, timeout=20).stderr
    assert (b"was interrupted. Nothing was saved. Import the file again." in again) is is_told_later
    read = open_store(store)
    read.load()
    read.acknowledge_notices()
    assert as_it_is(store) == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ignored_signal_stays_ignored(store, big, number):
    with running(
        "import",
        big,
        until=b"Reading",
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    ) as (program, _):
        program.send_signal(number)
    assert program.returncode == 0
    assert len(open_store(store).load().users) == MANY


@pytest.mark.parametrize(
    "arguments", [["list"], ["list", "--json"], ["export", "-", "--for-excel"]], ids=str
)
def test_canceled_command_reports_it(store, arguments):
    commit(store, *[user(f"n{number}") for number in range(3000)])
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        _wait_until_it_waits_for_us(program)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=20)
    assert program.returncode == 130
    assert errors.startswith(b"Canceled.")
    assert errors.count(b"\n") == 1


def _wait_until_it_waits_for_us(program: subprocess.Popen[bytes]) -> None:
    """Wait until the output is blocked: it is larger than a pipe, and we do not read it."""
    assert program.stdout is not None
    assert select.select([program.stdout], [], [], 20)[0]
    time.sleep(0.3)


def _import_that_has_more_to_say_than_a_pipe_holds(home) -> Path:
    bad = [user(f"n{number}", is_active="x" * 50) for number in range(3000)]
    return write_file(home, csv_text([HEADER, user(user_id=""), *bad]))


def test_cancel_after_the_commit_does_not_claim_that_nothing_was_changed(home, store):
    file = _import_that_has_more_to_say_than_a_pipe_holds(home)
    with subprocess.Popen(
        command("import", file), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        _wait_until_it_waits_for_us(program)
        program.send_signal(signal.SIGINT)
        _, errors = program.communicate(timeout=20)
    assert len(open_store(store).load().users) == 1
    assert program.returncode != 130, "130 means: canceled, and nothing was changed"
    assert b"Nothing was changed" not in errors
    assert b"Traceback" not in errors


def test_closed_pipe_does_not_undo_an_import(home, store):
    file = _import_that_has_more_to_say_than_a_pipe_holds(home)
    with subprocess.Popen(
        command("import", file), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == b""
    assert len(open_store(store).load().users) == 1
    assert program.returncode in (1, 141)


@pytest.mark.parametrize(
    "arguments", [["list"], ["list", "--json"], ["export", "-", "--for-excel"]], ids=str
)
def test_closed_pipe_is_no_error(store, arguments):
    commit(store, *[user(f"n{number}") for number in range(3000)])
    with subprocess.Popen(
        command(*arguments), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline()
        program.stdout.close()
        assert program.stderr.read() == b""
    assert program.returncode in (0, 141, -signal.SIGPIPE)


def test_progress_is_drawn_on_terminals_and_cleared(store, big):
    with running("import", big, until=b"Reading", stdout=subprocess.DEVNULL) as (program, said):
        pass
    assert program.returncode == 0
    assert "\n" not in said[0]
    assert said[0].endswith("\r\x1b[K")
    assert f"of {MANY:,}" in said[0]


def test_big_import_is_complete(store, big):
    done = subprocess.run(
        command("import", big), check=False, capture_output=True, timeout=60, text=True
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"Imported {MANY:,} of {MANY:,} records." in done.stdout
    users = open_store(store).load().users
    assert len(users) == MANY
    assert all(user_id.startswith("u") and len(user_id) == 12 for user_id in users)
