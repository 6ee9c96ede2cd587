"""The dialog that opens, saves and deletes views."""

import pytest
from textual.widgets import Static

from qm_tui.config.saved_views import load_views, save_views, views_path
from qm_tui.tui.users.dialogs.views import ViewList, ViewsDialog
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.users.query.columns import DEFAULT_LAYOUT, ColumnPlacement, Layout
from qm_tui.users.query.views import ALL_USERS, BUILT_IN, MAX_NAME, SavedView, SortKey
from tests.tui.dialogs import open_dialog

NARROW = Layout((ColumnPlacement("extension", 6), ColumnPlacement("last_name", 12)), 1)
ORDER = (SortKey("extension"), SortKey("last_name", descending=True))
SALES = SavedView("Sales", 'department:="Sales EMEA"', ORDER, NARROW)
OSLO = SavedView("Oslo", "location:oslo")
OWN = (SALES, OSLO)
SHOWN = SavedView("All users", "location:oslo -trainee", (SortKey("extension"),), DEFAULT_LAYOUT)
"""The current view, which differs from the saved views."""


def lines_of(hand):
    return hand.app.dialog.query_one(ViewList)


def row_of(hand, row, width=76):
    return " ".join(lines_of(hand).row_text(row, width).split())


def said(hand):
    return str(hand.app.dialog.query_one("#views-said", Static).content)


def kept():
    return load_views().saved


async def test_built_in_views_come_first():
    async with open_dialog(ViewsDialog(ALL_USERS, OWN)) as hand:
        assert lines_of(hand).views == (*BUILT_IN, SALES, OSLO)
        assert row_of(hand, 0) == "> * All users"
        assert row_of(hand, 1) == "Active active:yes"
        assert row_of(hand, 5) == "Duplicate extensions duplicate:extension by Extension"
        assert row_of(hand, 9, 160) == (
            'Sales department:="Sales EMEA" by Extension, then Last Name (descending)'
        )
        assert "Current    All users" in hand.screen_text


@pytest.mark.parametrize(
    ("current", "row", "text", "now"),
    [
        (SALES, 9, "> * Sales department", "Current    Sales   by Ext"),
        (
            SavedView("SALES", SALES.filter, ORDER, DEFAULT_LAYOUT),
            9,
            "> * Sales (modified) dep",
            "Current    SALES (modified)",
        ),
        (SHOWN, 0, "> * All users (modified)", "Current    All users (modified)   by Ext"),
        (SavedView("Gone", "x"), 0, "> All users", "Current    Gone (not saved)"),
    ],
)
async def test_current_view_is_marked_and_has_cursor(current, row, text, now):
    async with open_dialog(ViewsDialog(current, OWN)) as hand:
        assert lines_of(hand).cursor_row == row
        assert row_of(hand, row).startswith(text)
        assert sum("*" in row_of(hand, at)[:4] for at in range(10)) == ("*" in text)
        assert now in hand.screen_text


async def test_long_name_leaves_room_for_modified():
    own = SavedView("n" * MAX_NAME, "x")
    current = SavedView(own.name, "y")
    async with open_dialog(ViewsDialog(current, [own])) as hand:
        assert "… (modified) x" in row_of(hand, 9)


@pytest.mark.parametrize(
    ("keys", "view"),
    [
        (["j", "enter"], BUILT_IN[1]),
        (["G", "k", "enter"], SALES),
        (["down", "tab", "tab", "enter"], BUILT_IN[1]),
        (["a", "escape", "v"], None),
        (["down", "tab", "tab", "tab", "enter"], None),
    ],
)
async def test_keys_return_view_or_none(keys, view):
    async with open_dialog(ViewsDialog(SHOWN, OWN)) as hand:
        await hand.press(*keys)
        assert not hand.app.is_open
        assert hand.app.result == view
    assert not views_path().exists()


async def test_second_click_returns_view():
    async with open_dialog(ViewsDialog(SHOWN, OWN)) as hand:
        for _ in range(2):
            await hand.click("#view-lines", (10, 2))
        assert hand.app.result == BUILT_IN[1]


# Saving


@pytest.mark.parametrize("how", ["enter", "hint"])
async def test_current_view_is_saved_and_returned(how):
    save_views(saved=OSLO)
    save_views(saved=SALES)  # by another session, after this one has read them
    async with open_dialog(ViewsDialog(SHOWN, [OSLO])) as hand:
        await hand.press("a", *"aDvq", "space", "space")
        await (hand.press("enter") if how == "enter" else hand.click("#view-name-line .key-hint"))
        view = SavedView("aDvq", SHOWN.filter, SHOWN.sort, SHOWN.layout)
        assert hand.app.result == view
    assert kept() == (OSLO, SALES, view)


async def test_saved_view_is_replaced_after_confirmation():
    save_views(saved=SALES)
    save_views(saved=OSLO)
    changed = SavedView("Sales", "department:sales", (), NARROW)
    async with open_dialog(ViewsDialog(changed, OWN)) as hand:
        await hand.press("a", "enter")
        assert isinstance(hand.app.screen, ConfirmQuestion)
        assert "Replace the view Sales?" in hand.screen_text
        await hand.press("enter")
        assert hand.app.is_open
        assert kept() == OWN
        await hand.press("enter", "right", "enter")
        assert hand.app.result == changed
    assert kept() == (changed, OSLO)


async def test_unchanged_view_is_saved_without_confirmation():
    save_views(saved=SALES)
    async with open_dialog(ViewsDialog(SALES, [SALES])) as hand:
        await hand.press("a", "enter")
        assert hand.app.result == SALES


async def test_invalid_name_is_rejected():
    async with open_dialog(ViewsDialog(SHOWN, ())) as hand:
        await hand.press("a")
        for name, sentence in (
            ("  ", "Enter a name"),
            (" last IMPORT ", "Last import is a built-in view and cannot be replaced."),
        ):
            await hand.press(*("space" if one == " " else one for one in name), "enter")
            assert hand.app.is_open
            assert said(hand).startswith(sentence)
            await hand.press("x")
            assert said(hand) == ""
            await hand.press("ctrl+u")
    assert kept() == ()


async def test_name_has_maximum_length():
    async with open_dialog(ViewsDialog(SHOWN, ())) as hand:
        await hand.press("a", *("x" * (MAX_NAME + 3)), "enter")
    assert [one.name for one in kept()] == ["x" * MAX_NAME]


async def test_write_error_is_shown(home):
    (home / ".config").write_text("a file")
    async with open_dialog(ViewsDialog(SHOWN, ())) as hand:
        await hand.press("a", "x", "enter")
        assert hand.app.is_open
        assert "Cannot write ~/.config/qm-tui/views.toml. The view was not saved." in said(hand)


# Deleting


async def test_saved_view_is_deleted_after_confirmation():
    save_views(saved=SALES)
    save_views(saved=OSLO)
    async with open_dialog(ViewsDialog(SALES, OWN)) as hand:
        assert await hand.pilot.click(hand.app.dialog.query(KeyHint).last())
        await hand.settle()
        assert "Delete the view Sales? No users are affected." in hand.screen_text
        await hand.press("escape")
        assert kept() == OWN
        await hand.press("D", "tab", "enter")
        assert kept() == (OSLO,)
        assert lines_of(hand).views == (*BUILT_IN, OSLO)
        assert "Current    Sales (not saved)" in hand.screen_text
        await hand.press("enter")
        assert hand.app.result == OSLO


async def test_built_in_view_cannot_be_deleted():
    async with open_dialog(ViewsDialog(ALL_USERS, OWN)) as hand:
        for view in BUILT_IN:
            await hand.press("D")
            assert said(hand) == f"{view.name} is a built-in view and cannot be deleted."
            await hand.press("down")
            assert said(hand) == ""


async def test_del_in_name_deletes_no_view():
    save_views(saved=SALES)
    async with open_dialog(ViewsDialog(SALES, OWN)) as hand:
        await hand.press("a", "home", "delete", "enter")
        assert hand.app.result == SavedView("ales", SALES.filter, SALES.sort, SALES.layout)
    assert [one.name for one in kept()] == ["Sales", "ales"]


HOSTILE = SavedView("[b]x[/b]\x1b[2J\u202e", '[@click=app.quit]"\x1b]52;c;eA==\x07" [/x]')


async def test_untrusted_views_are_sanitized():
    async with open_dialog(ViewsDialog(HOSTILE, [HOSTILE])) as hand:
        for key in ("end", "a", "escape", "D"):
            await hand.press(key)
            assert hand.screen_text.replace("\n", "").isprintable()
            assert "[b]x[/b]␛[2J‹U+202E›" in hand.screen_text
            assert "[@click=app.quit]" in hand.screen_text
