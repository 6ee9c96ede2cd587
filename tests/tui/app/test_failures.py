"""Unexpected errors: one sentence and a private log without user data.

Each failure is planted in a separate process, in a real terminal.
"""

import re
import stat
import sys

import pytest

from benchmarks.terminal import Terminal
from qm_tui import paths
from qm_tui.store import open_store
from tests.tui.pages import sample_users, store_of

SECRET = "Zq7-Geheim-Wort"

_PLANTED = """
import sys
from qm_tui import cli

def boom(*given, **more):
    kept = {{"password": "{secret}"}}
    secret = "{secret}"
    raise RuntimeError(f"{{kept}} {{secret}} \\x1b]52;c;aGFja2Vk\\x07")

{plant}
cli.main(sys.argv[1:])
"""

FAILURES = {
    "a widget that draws": (
        "from qm_tui.tui.widgets.virtual_list import VirtualList; VirtualList.render_line = boom",
        [],
    ),
    "a widget that takes a key": (
        "from qm_tui.tui.work.marks import Marks; Marks.toggle = boom",
        [" "],
    ),
    "a question to the store for a key": (
        "from qm_tui.tui.work.marks import Marks; Marks.toggled = boom",
        ["*"],
    ),
    "a screen that is made": (
        "from qm_tui.tui.users.dialogs.counts import CountsDialog; CountsDialog.compose = boom",
        ["F"],
    ),
    "a worker that opens the store": (
        "from qm_tui.store.tinydb import TinyDBUserStore; TinyDBUserStore.load = boom",
        [],
    ),
    "a worker of a dialog": (
        "from qm_tui.tui.transfer.files import file_list; file_list.list_directory = boom",
        ["i"],
    ),
}


def _program(plant):
    return [sys.executable, "-c", _PLANTED.format(plant=plant, secret=SECRET)]


@pytest.fixture
def store(home):
    path = home / "users.json"
    store_of(path, [one._replace(password=SECRET, salt=SECRET) for one in sample_users(20)])
    return path


def _log():
    path = paths.log_path()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path.read_text()


@pytest.mark.parametrize(
    ("failure", "debug"),
    [*((one, ["--debug"]) for one in FAILURES), ("a widget that draws", [])],
    ids=lambda value: value if isinstance(value, str) else "debug" * len(value),
)
def test_unexpected_error_is_one_sentence_and_a_log(store, failure, debug):
    plant, keys = FAILURES[failure]
    with Terminal([*_program(plant), *debug, "--store", str(store)], columns=200) as terminal:
        if keys:
            terminal.wait_for("20 users")
            terminal.settle()
        for key in keys:
            terminal.send(key)
        assert terminal.wait_for_end() == 70
    said = terminal.received.rpartition(b"\x1b[?1049l")[2].decode()
    plain = re.sub(r"\x1b\[[?>=<]?[\d;]*[a-z]", "", said).strip()
    assert plain.startswith("Unexpected error (RuntimeError). ")
    assert str(paths.log_path()) in plain
    assert "\n" not in plain
    assert b"Traceback" not in terminal.received
    assert SECRET.encode() not in terminal.received
    assert b"]52" not in terminal.received
    text = _log()
    assert "in boom" in text
    assert "RuntimeError" in text
    assert SECRET not in text
    assert ("kept: dict of 1" in text) is bool(debug)
    assert (f"secret: str of {len(SECRET)}" in text) is bool(debug)
    assert open_store(store, read_only=True).load().total == 20


def test_failed_job_shows_an_error_and_the_program_goes_on(store):
    plant = "from qm_tui.tui.transfer import export_flow; export_flow.export_users = boom"
    with Terminal([*_program(plant), "--store", str(store)], columns=160, lines=40) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send("x")
        terminal.wait_for("Save As")
        terminal.settle()
        terminal.send("\r")
        terminal.wait_for("Unexpected error (RuntimeError)")
        terminal.settle()
        terminal.send("\x11")
        assert terminal.wait_for_end() == 70
    assert SECRET.encode() not in terminal.received
    assert "in boom" in _log()


_THREAD = """
import threading
from qm_tui.tui.users.page import UsersPage
ours = UsersPage.on_mount
def on_mount(page):
    threading.Thread(target=boom).start()
    class Dies:
        __del__ = boom
    Dies()
    import asyncio, gc
    async def fails():
        boom()
    loop = asyncio.get_running_loop()
    loop.create_task(fails())
    loop.call_later(0.1, gc.collect)  # a task that failed is reported when it is collected
    ours(page)
UsersPage.on_mount = on_mount
"""


def test_background_errors_are_logged_and_not_printed(store):
    with Terminal([*_program(_THREAD), "--store", str(store)]) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert b"Traceback" not in terminal.received
    assert b"boom" not in terminal.received
    text = _log()
    assert text.count("RuntimeError\n") == 3
    assert SECRET not in text


def test_debug_log_contains_screens_and_actions(store):
    with Terminal([*_program(""), "--debug", "--store", str(store)]) as terminal:
        terminal.wait_for("20 users")
        terminal.settle()
        terminal.send("/")
        terminal.settle()
        terminal.send(SECRET)
        terminal.settle()
        for _ in range(2):
            terminal.send("\x1b")
            terminal.settle(0.2)
        terminal.send("?")
        terminal.wait_for("Keyboard shortcuts")
        terminal.send("\x11")
        assert terminal.wait_for_end() == 0
    text = _log()
    for line in ("screen: KeysScreen, 80x24", "action: quit", "job started", "status 0"):
        assert line in text, line
    assert SECRET not in text
