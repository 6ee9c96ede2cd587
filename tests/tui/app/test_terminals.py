"""Small terminals, terminals without colors, and tmux."""

from qm_tui.tui.frame.navigation import NavigationPane
from qm_tui.tui.widgets.message_box import MessageDialog
from tests.helpers import needs_package
from tests.tui.pages import (
    SMALL,
    back_to_users,
    has_text,
    page_of,
    running,
    sample_users,
    shown,
    store_of,
    top,
    wait_until,
    words,
)
from tests.tui.terminal.test_real_terminal import PROGRAM
from tests.tui.tmux import Tmux, soon

SENTENCE = "Terminal too small: 58x14 (minimum 60x16, recommended 80x24)."


async def test_too_small_terminal_covers_what_is_open_and_keeps_it(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        app = pilot.app
        await pilot.press("down", "down", "slash", "e")
        await wait_until(pilot, lambda: "of 60 shown" in shown(pilot))
        before, focused = shown(pilot), app.focused
        await pilot.resize_terminal(58, 14)
        await pilot.press("x", "i", "escape", "down")
        await wait_until(pilot, lambda: words(pilot) == SENTENCE)
        await pilot.resize_terminal(*SMALL)
        await wait_until(pilot, lambda: shown(pilot) == before)
        assert app.focused is focused

        await pilot.resize_terminal(59, 24)
        app.push_screen(MessageDialog("Something ended."))
        await wait_until(pilot, lambda: "too small: 59x24" in words(pilot))
        await pilot.resize_terminal(*SMALL)
        await wait_until(pilot, lambda: has_text(pilot, "Something ended."))
        await pilot.resize_terminal(40, 10)
        await pilot.press("q")
        await wait_until(pilot, lambda: not app.is_running)


async def test_smallest_terminal_shows_how_to_leave_every_screen(home):
    async with running(home / "users.json", sample_users(60), (60, 16)) as pilot:
        for key in ("slash", "enter", "v", "c", "F", "L", "question_mark", "x", "i", "2"):
            await pilot.press(key)
            await pilot.pause()
            text = shown(pilot)
            assert len(text.splitlines()) <= 16
            assert any(way in text for way in ("[Cancel]", "Esc", "q quit", "[Back]")), text
            await back_to_users(pilot)


async def test_navigation_pane_is_hidden_by_default_in_narrow_terminals(home):
    def is_shown(pilot):
        return bool(top(pilot).query_one(NavigationPane).display)

    async with running(home / "users.json", sample_users(60)) as pilot:
        assert is_shown(pilot)
        await pilot.resize_terminal(79, 24)
        await wait_until(pilot, lambda: not is_shown(pilot))
        await pilot.press("n")
        assert is_shown(pilot)
        await pilot.resize_terminal(*SMALL)
        await pilot.press("n", "2")
        await wait_until(pilot, lambda: top(pilot) is not page_of(pilot))
        assert not is_shown(pilot)
        await pilot.press("n", "1")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot) and is_shown(pilot))


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


def test_tmux_without_colors_shows_the_cursor_marks_and_buttons(home):
    needs_package("tmux")
    store_of(home / "users.json", sample_users(60))
    command = (PROGRAM, "--store", str(home / "users.json"))
    tmux = Tmux(home, *command, TERM="screen", NO_COLOR="1", HOME=str(home))

    def is_reversed(text):
        return any(text in part for part in reversed_texts(tmux.text(with_attributes=True)))

    try:
        tmux.wait_for("60 users")
        soon(lambda: is_reversed("Jack") and is_reversed("First Name"))
        assert "\x1b[3" not in tmux.text(with_attributes=True).replace("\x1b[39m", "")  # no color
        tmux.send("Down", "Space")
        tmux.wait_for(">✓ ")
        tmux.send("/")
        tmux.wait_for("of 60 shown")
        tmux.send("active:no", "Enter")
        tmux.wait_for("not shown")
        tmux.send("Escape", "v")
        tmux.wait_for("Without recording profile")
        tmux.send("Tab", "Tab")
        soon(lambda: is_reversed("[Open]"))
        tmux.resize(58, 14)
        tmux.wait_for("too small: 58x14")
        tmux.resize(80, 24)
        tmux.wait_for("Without recording profile")
        tmux.send("C-q")
        soon(lambda: not tmux.is_there)  # the session ends with the program
    finally:
        tmux.end()
