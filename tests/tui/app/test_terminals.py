"""Small terminals, terminals without colors, and tmux."""

import os
import subprocess
import time

import pytest

from qm_tui.tui.frame.navigation import NavigationPane
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.widgets.too_small import TerminalTooSmall
from tests.helpers import needs_package
from tests.tui.pages import (
    LARGE,
    SMALL,
    app_on,
    page_of,
    sample_users,
    shown,
    store_of,
    table_of,
    top,
    wait_until_idle,
)
from tests.tui.terminal.test_real_terminal import PROGRAM
from tests.tui.users.test_filter import bar_of, listed

SENTENCE = "Terminal too small: 58x14 (minimum 60x16, recommended 80x24)."


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(60))


async def resized(pilot, width, height):
    await pilot.resize_terminal(width, height)
    await pilot.pause()


def words(pilot):
    return " ".join(shown(pilot).split())


async def test_too_small_terminal_shows_a_message_and_keeps_the_screen(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("down", "down", "slash", "e")
        await listed(pilot)
        before = shown(pilot)
        await resized(pilot, 58, 14)
        assert words(pilot) == SENTENCE
        await pilot.press("x", "i", "escape", "down")
        assert words(pilot) == SENTENCE
        await resized(pilot, *SMALL)
        assert not top(pilot).query(TerminalTooSmall)
        assert shown(pilot) == before
        assert pilot.app.focused is bar_of(pilot).field
        assert bar_of(pilot).field.value == "e"


async def test_dialog_stays_open_in_a_too_small_terminal(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("v", "down")
        await pilot.pause()
        dialog, before = top(pilot), shown(pilot)
        await resized(pilot, 59, 24)
        assert "too small: 59x24" in words(pilot)
        await resized(pilot, *SMALL)
        assert top(pilot) is dialog
        assert shown(pilot) == before


async def test_dialog_that_opens_in_a_too_small_terminal_is_covered(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await resized(pilot, 58, 14)
        pilot.app.push_screen(MessageDialog("Something ended."))
        await pilot.pause(0.1)
        assert words(pilot) == SENTENCE
        await resized(pilot, *SMALL)
        assert "Something ended." in shown(pilot)


async def test_quit_works_in_a_too_small_terminal(app):
    async with app.run_test(size=(40, 10)) as pilot:
        await wait_until_idle(pilot)
        assert "too small: 40x10" in words(pilot)
        await pilot.press("q")
        await pilot.pause(0.1)
        assert not pilot.app.is_running


async def test_many_sizes_leave_the_screen_intact(app):
    async with app.run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("down", "down", "down", "right")
        for number in range(100):
            await pilot.resize_terminal(40 + number % 90, 10 + number % 35)
        await resized(pilot, *SMALL)
        assert not top(pilot).query(TerminalTooSmall)
        assert table_of(pilot).cursor_row == 3
        assert pilot.app.focused is table_of(pilot)
        assert ">  " in shown(pilot)


@pytest.mark.parametrize(
    "keys",
    [[], ["slash"], ["enter"], ["v"], ["c"], ["F"], ["L"], ["question_mark"], ["x"], ["i"], ["2"]],
    ids="-".join,
)
async def test_smallest_terminal_shows_how_to_leave_every_screen(app, keys):
    async with app.run_test(size=(60, 16)) as pilot:
        await wait_until_idle(pilot)
        await pilot.press(*keys)
        await pilot.pause(0.2)
        text = shown(pilot)
        assert len(text.splitlines()) <= 16
        ways_out = ("[Cancel]", "Esc", "q quit", "[Back]")
        assert any(one in text for one in ways_out), text


async def test_navigation_pane_is_hidden_by_default_in_narrow_terminals(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        pane = page_of(pilot).query_one(NavigationPane)
        assert pane.display
        await resized(pilot, 79, 24)
        assert not bool(pane.display)
        await pilot.press("n")
        assert pane.display
        await resized(pilot, *SMALL)
        await pilot.press("n", "2")
        await pilot.pause(0.1)
        assert not top(pilot).query_one(NavigationPane).display
        await pilot.press("n", "1")
        await pilot.pause(0.1)
        assert page_of(pilot).query_one(NavigationPane).display


class Tmux:
    """A separate tmux server with one session."""

    def __init__(self, folder, *command, **environment):
        self._socket = str(folder / "tmux")
        variables = [f"{name}={value}" for name, value in environment.items()]
        self._do("new-session", "-d", "-x", "80", "-y", "24", "env", *variables, *command)

    def _do(self, *arguments):
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("TMUX", "COLUMNS", "LINES"):  # if they are set, the size never changes
            environment.pop(name, None)
        done = subprocess.run(
            ["tmux", "-S", self._socket, "-f", os.devnull, *arguments],
            check=True,
            capture_output=True,
            env=environment,
            timeout=10,
        )
        return done.stdout.decode()

    def send(self, *keys):
        self._do("send-keys", *keys)

    def resize(self, width, height):
        self._do("resize-window", "-x", str(width), "-y", str(height))

    def text(self, *, with_attributes=False):
        return self._do("capture-pane", "-p", *(["-e"] if with_attributes else []))

    @property
    def cursor(self):
        """The column and the line of the cursor."""
        return self._do("display-message", "-p", "#{cursor_x},#{cursor_y}").strip()

    def wait_for(self, text, *, gone=False):
        end = time.monotonic() + 15
        while (text in self.text()) is gone:
            assert time.monotonic() < end, f"{text!r}\n{self.text()}"
            time.sleep(0.05)

    @property
    def is_there(self):
        """Whether the session exists."""
        asked = ["tmux", "-S", self._socket, "has-session"]
        return subprocess.run(asked, check=False, capture_output=True).returncode == 0

    def end(self):
        subprocess.run(
            ["tmux", "-S", self._socket, "kill-server"], check=False, capture_output=True
        )


def soon(is_so):
    """Wait until a condition is true."""
    end = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.05)


def reversed_texts(screen):
    """The parts of a screen in reverse video."""
    found = []
    for line in screen.splitlines():
        is_reversed = False
        for part in ("m" + line).split("\x1b["):
            codes, _, text = part.partition("m")
            for code in codes.split(";"):
                is_reversed = code == "7" or (is_reversed and code not in ("", "0", "27"))
            if is_reversed and text.strip():
                found.append(text)
    return found


def test_tmux_without_colors_shows_all_states(home):
    needs_package("tmux")
    store_of(home / "users.json", sample_users(60))
    tmux = Tmux(
        home,
        *(PROGRAM, "--store", str(home / "users.json")),
        TERM="screen",
        NO_COLOR="1",
        HOME=str(home),
    )
    try:
        tmux.wait_for("60 users")
        tmux.wait_for(">  Jack")
        soon(lambda: any("Jack" in one for one in reversed_texts(tmux.text(with_attributes=True))))
        screen = tmux.text(with_attributes=True)
        assert "\x1b[3" not in screen.replace("\x1b[39m", "")  # no color
        assert any("First Name" in one for one in reversed_texts(screen))  # the current column
        assert any("Jack" in one for one in reversed_texts(screen))  # the cursor
        tmux.send("Down", "Space")
        tmux.wait_for("1 marked")
        tmux.wait_for(">✓ ")
        tmux.send("/")
        tmux.wait_for("of 60 shown")
        tmux.send("active:no")
        tmux.send("Enter")
        tmux.wait_for("not shown")
        tmux.send("Escape")
        tmux.wait_for("of 60 shown", gone=True)
        tmux.send("?")
        tmux.wait_for("Keyboard shortcuts")
        tmux.send("Escape")
        tmux.wait_for("Keyboard shortcuts", gone=True)
        tmux.send(":")
        tmux.wait_for("Search for commands")
        tmux.send("view")
        tmux.wait_for("Open or save a view")
        tmux.send("Escape")
        tmux.wait_for("Open or save a view", gone=True)
        tmux.send("v")
        tmux.wait_for("Without recording profile")
        tmux.send("Tab", "Tab")
        soon(
            lambda: any("[Open]" in one for one in reversed_texts(tmux.text(with_attributes=True)))
        )
        tmux.send("Escape")
        tmux.wait_for("Without recording profile", gone=True)
        tmux.send("n")
        tmux.wait_for("Administration", gone=True)
        tmux.resize(58, 14)
        tmux.wait_for("too small: 58x14")
        tmux.resize(80, 24)
        tmux.wait_for("1 marked")
        assert "60 users" in tmux.text()
        tmux.send("q")
        soon(lambda: not tmux.is_there)  # the session ends with the program
    finally:
        tmux.end()
