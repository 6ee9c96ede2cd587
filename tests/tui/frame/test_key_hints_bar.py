"""The key hints: which are shown at which width, and clicks on them."""

import pytest

from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.frame.key_hints_bar import KeyHints
from tests.tui.pages import LARGE, SMALL, app_on, page_of, sample_users, shown, top, wait_until_idle


@pytest.fixture
def app(home):
    return app_on(home / "users.json", sample_users(60))


def line_of(pilot):
    return shown(pilot).splitlines()[-1].strip()


@pytest.mark.parametrize(
    ("size", "line"),
    [
        ((60, 16), "Enter details  Space mark  / filter  ? keys  q quit"),
        (SMALL, "Enter details  Space mark  / filter  m set field  u undo  ? keys  q quit"),
        (
            LARGE,
            "Enter details  Space mark  / filter  m set field  u undo  e edit  a add  A activate"
            "  P password  ? keys  q quit",
        ),
    ],
)
async def test_hints_fill_the_width(app, size, line):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        assert line_of(pilot) == line


async def test_no_hint_is_cut_at_any_width(app):
    async with app.run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        whole = line_of(pilot).split("  ")
        for width in range(60, 121, 3):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            words = line_of(pilot).split("  ")
            assert words[-2:] == ["? keys", "q quit"]
            assert words[:-2] == whole[: len(words) - 2]


async def test_hints_follow_the_focus(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash")
        await pilot.pause()
        assert line_of(pilot) == "Enter apply  Esc clear  Tab complete  F1 keys"
        await pilot.press("escape")
        await pilot.pause()
        assert line_of(pilot).startswith("Enter details")


@pytest.mark.parametrize(
    ("size", "keys", "hints"),
    [
        (SMALL, ["shift+tab"], "Enter open page  ← collapse  / filter"),
        (SMALL, ["tab"], "Enter press button  / filter"),
        (LARGE, ["enter", "tab"], "↓ scroll  / filter"),
    ],
)
async def test_hints_begin_with_the_keys_of_the_focused_part(app, size, keys, hints):
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        for key in keys:
            await pilot.press(key)
            await pilot.pause()
        assert line_of(pilot).startswith(hints)


async def test_unavailable_actions_have_no_hint(app):
    async with app.run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        assert "u undo" in line_of(pilot)
        page_of(pilot).begin_job()
        await pilot.pause()
        assert "u undo" not in line_of(pilot)


async def test_hints_are_not_redrawn_while_the_cursor_moves(app, monkeypatch):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        drawn = []
        render = KeyHints.render

        def drawing(line):
            drawn.append(line)
            return render(line)

        monkeypatch.setattr(KeyHints, "render", drawing)
        await pilot.press("down", "down", "right", "space", "pagedown", "s")
        await pilot.pause(0.3)
        assert not drawn
        await pilot.press("tab")
        await pilot.pause()
        assert drawn


@pytest.mark.parametrize("is_at_its_end", [False, True], ids=["begin", "end"])
@pytest.mark.parametrize(
    ("words", "done"),
    [
        ("? keys", lambda pilot: isinstance(top(pilot), KeysScreen)),
        ("Space mark", lambda pilot: "1 marked" in shown(pilot)),
        ("q quit", lambda pilot: not pilot.app.is_running),
    ],
)
async def test_click_on_a_hint_runs_its_action(app, words, done, is_at_its_end):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert not done(pilot)
        at = shown(pilot).splitlines()[-1].index(words)
        await pilot.click(offset=(at + (len(words) - 1) * is_at_its_end, 23))
        await pilot.pause(0.2)
        assert done(pilot)


async def test_click_between_hints_does_nothing(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        gap = shown(pilot).splitlines()[-1].index("  / filter")
        await pilot.click(offset=(gap, 23))
        await pilot.click(offset=(79, 23))
        await pilot.pause(0.2)
        assert top(pilot) is page_of(pilot)
        assert "marked" not in shown(pilot)
