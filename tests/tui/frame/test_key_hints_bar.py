"""The key hints: which are shown at which width, and clicks on them."""

from functools import partial

from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.frame.key_hints_bar import KeyHints
from tests.tui.pages import (
    LARGE,
    SMALL,
    back_to_users,
    has_text,
    page_of,
    running,
    sample_users,
    shown,
    top,
    wait_until,
)

WIDTHS = {
    (60, 16): "Enter details  Space mark  / filter  ? keys  q quit",
    SMALL: "Enter details  Space mark  / filter  m set field  u undo  ? keys  q quit",
    LARGE: "Enter details  Space mark  / filter  m set field  u undo  e edit  a add  A activate"
    "  P password  ? keys  q quit",
}


def line_of(pilot):
    return shown(pilot).splitlines()[-1].strip()


def begins(pilot, hints):
    return line_of(pilot).startswith(hints)


async def test_hints_fill_the_width_and_none_is_cut(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        for size, line in WIDTHS.items():
            await pilot.resize_terminal(*size)
            await wait_until(pilot, partial(begins, pilot, line))
        whole = line_of(pilot).split("  ")
        for width in range(60, 120, 7):
            await pilot.resize_terminal(width, 24)
            await pilot.pause()
            words = line_of(pilot).split("  ")
            assert words[-2:] == ["? keys", "q quit"]
            assert words[:-2] == whole[: len(words) - 2]


async def test_hints_follow_the_focus_and_what_is_available(home):
    async with running(home / "users.json", sample_users(60), LARGE) as pilot:
        await pilot.press("slash")
        await wait_until(
            pilot, partial(begins, pilot, "Enter apply  Esc clear  Tab complete  F1 keys")
        )
        await pilot.press("escape")
        await wait_until(pilot, partial(begins, pilot, "Enter details"))
        for keys, hints in (
            (["shift+tab"], "Enter open page  ← collapse  / filter"),
            (["tab", "enter", "tab"], "↓ scroll  / filter"),
            (["tab"], "Enter press button  / filter"),
        ):
            await pilot.press(*keys)
            await wait_until(pilot, partial(begins, pilot, hints))
        assert "u undo" in line_of(pilot)
        page_of(pilot).begin_job()
        await wait_until(pilot, lambda: "u undo" not in line_of(pilot))


async def test_hints_are_not_redrawn_while_the_cursor_moves(home, monkeypatch):
    async with running(home / "users.json", sample_users(60)) as pilot:
        drawn = []
        render = KeyHints.render

        def drawing(line):
            drawn.append(line)
            return render(line)

        monkeypatch.setattr(KeyHints, "render", drawing)
        await pilot.press("down", "down", "right", "space", "pagedown", "s")
        await wait_until(pilot, lambda: bool(page_of(pilot).session.query.sort))
        assert not drawn
        await pilot.press("tab")
        await wait_until(pilot, lambda: bool(drawn))


async def test_click_on_a_hint_runs_its_action_and_between_hints_nothing(home):
    async with running(home / "users.json", sample_users(60)) as pilot:
        line = shown(pilot).splitlines()[-1]
        for x in (line.index("  / filter"), 79):
            await pilot.click(offset=(x, 23))
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        at = line.index("Space mark")
        await pilot.click(offset=(at, 23))
        await wait_until(pilot, partial(has_text, pilot, "1 marked"))
        await pilot.click(offset=(at + len("Space mark") - 1, 23))
        await wait_until(pilot, lambda: not page_of(pilot).session.marks)
        await pilot.click(offset=(shown(pilot).splitlines()[-1].index("? keys"), 23))
        await wait_until(pilot, lambda: isinstance(top(pilot), KeysScreen))
        await back_to_users(pilot)
        await pilot.click(offset=(shown(pilot).splitlines()[-1].index("q quit"), 23))
        await wait_until(pilot, lambda: not pilot.app.is_running)
