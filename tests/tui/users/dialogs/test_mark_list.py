"""The dialog that marks users from a typed or pasted list."""

import asyncio

import pytest
from textual import events
from textual.widgets import Button, Static

from qm_tui.tui.users.dialogs.ambiguous_entries import UnresolvedList
from qm_tui.tui.users.dialogs.mark_list import MarkListDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.tui.widgets.text_area import MAX_LINES, SafeTextArea, sanitize_lines
from qm_tui.users.fields import User
from tests.helpers import state_of
from tests.tui.dialogs import DialogApp, open_dialog


def _user(user_id, first, last, extension, user_name):
    return User(first, last, extension, user_id, user_name=user_name)


USERS = [
    _user("u-anna", "Anna", "Berg", "0413", "aberg"),
    _user("u-bjorn", "Björn", "Åkesson", "0415", "bakesson"),
    _user("u-kim1", "Kim", "Lee", "0430", "klee"),
    _user("u-kim2", "Kim", "Lee", "0431", "klee[red]2"),
]
LIST = "0413\nÅkesson, Björn\nKim Lee\nnobody [@click=app.exit]x\nnobody2\nnobody2\n"


def _dialog(users=USERS):
    return MarkListDialog(state_of(*users))


def _text(hand):
    return hand.app.dialog.query_one(SafeTextArea)


async def _paste(hand, text):
    hand.app.post_message(events.Paste(text))
    await _resolved(hand)


async def _resolved(hand):
    """Wait until the users of the list as it is now are found."""
    await hand.settle()
    for _ in range(500):
        if not hand.app.dialog.must_wait("f2"):
            break
        await hand.pilot.pause(0.02)
    await hand.settle()


def _count(hand):
    return str(hand.app.dialog.query_one("#mark-list-count", Static).content)


def _said(hand):
    return str(hand.app.dialog.query_one("#mark-list-said", Static).content)


def _button(hand):
    return hand.app.dialog.query_one("#mark", Button)


async def test_users_are_marked_in_list_order_and_others_listed_with_line():
    async with open_dialog(_dialog()) as hand:
        await _paste(hand, LIST)
        assert _count(hand) == (
            "2 of 6 entries matched, 3 not found, 1 ambiguous (Space marks all matches)"
        )
        shown = hand.screen_text
        assert "     4  nobody [@click=app.exit]x       not found " in shown
        assert "     5  nobody2                         not found, 2 times" in shown
        assert "     3  Kim Lee                         2 users: klee, klee[red]2" in shown
        assert str(_button(hand).label) == "[F2 Mark 2 users]"
        await hand.click("#mark")
        assert hand.app.result == ["u-anna", "u-bjorn"]


async def test_burst_of_keys_is_in_list_before_f2():
    async with open_dialog(_dialog()) as hand:
        await hand.pilot.press(*"xx", "backspace", "backspace", *"aberg", "enter", *"klee", "f2")
        await hand.settle()
        assert hand.app.result == ["u-anna", "u-kim1"]


async def test_space_marks_all_matches_of_entry():
    async with open_dialog(_dialog()) as hand:
        await _paste(hand, LIST)
        await hand.press("tab", "space")
        assert ">✓      3  Kim Lee" in hand.screen_text
        assert str(_button(hand).label) == "[F2 Mark 4 users]"
        await hand.press("space")
        assert str(_button(hand).label) == "[F2 Mark 2 users]"
        await hand.press("down", "space", "up", "space", "f2")
        assert hand.app.result == ["u-anna", "u-bjorn", "u-kim1", "u-kim2"]


async def test_enter_goes_to_line_of_entry():
    async with open_dialog(_dialog()) as hand:
        await _paste(hand, LIST)
        await hand.press("tab", "down", "enter")
        assert hand.app.focused is _text(hand)
        assert _text(hand).cursor_location == (3, 0)
        await hand.press("ctrl+k", *"klee", "f2")
        assert hand.app.result == ["u-anna", "u-bjorn", "u-kim1"]


async def test_without_match_nothing_can_be_marked():
    async with open_dialog(_dialog()) as hand:
        unresolved = hand.app.dialog.query_one(UnresolvedList)
        assert _button(hand).disabled
        await hand.press("f2")
        assert "No users match the list yet." in _said(hand)
        await _paste(hand, "who")
        assert unresolved.display
        assert _button(hand).disabled
        await hand.press("f2")
        assert hand.app.is_open
        await hand.press("backspace")
        assert _said(hand) == ""
        await hand.press("ctrl+u", *"aberg")
        await _resolved(hand)
        assert not unresolved.display
        assert _count(hand) == "1 of 1 entry matched"
        await hand.press("ctrl+u", "escape")  # an empty list closes without a question
        assert hand.app.result is None


@pytest.mark.parametrize("way", ["escape", "#cancel"])
async def test_typed_list_is_discarded_after_confirmation(way):
    async with open_dialog(_dialog()) as hand:
        await hand.press("q")
        assert _text(hand).text == "q"

        async def leave():
            await (hand.click(way) if way.startswith("#") else hand.press(way))
            assert isinstance(hand.app.screen, ConfirmQuestion)

        await leave()
        await hand.press("enter")
        assert hand.app.is_open
        await leave()
        await hand.press("right", "enter")
        assert hand.app.result is None


# Pasted text


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [
        ("a\r\nb\rc\n", "a\nb\nc\n"),
        ("a\x0bb\x0cc\x85d\u2028e\u2029f\x1dg", "a\nb\nc\nd\ne\nf\ng"),
        ("Anna\xa0Berg\u2003x\ty", "Anna Berg x\ty"),
        ("\x1b]52;c;cm0=\x07a\x9b2Jb\x7f\x00", "]52;c;cm0=a2Jb"),
        ("a\u202eb\u200bc\ufeffd\u2066e", "abcde"),
        ("e" + "\u0301" * 9 + "x", "e" + "\u0301" * 3 + "x"),
        ("陳 Łukasik ß", "陳 Łukasik ß"),
        ("[]^-\\\x1b", "[]^-\\"),
    ],
)
def test_control_characters_are_removed(pasted, kept):
    assert sanitize_lines(pasted) == kept


async def test_pasted_text_is_sanitized():
    async with open_dialog(_dialog()) as hand:
        await _paste(hand, "\x1b]52;c;cm0=\x07a\u202eb\r\nc")
        assert _text(hand).text == "]52;c;cm0=ab\nc"
        _text(hand).text = "\x1ba\x07"
        assert _text(hand).text == "a"


async def test_list_above_maximum_is_rejected():
    async with open_dialog(_dialog()) as hand:
        await hand.press(*"aberg")
        await _paste(hand, "x\n" * MAX_LINES)
        assert "Too much text (maximum 10,000 lines" in _said(hand)
        assert _text(hand).text == "aberg"
        await _paste(hand, "x" * 100_001)
        assert _text(hand).text == "aberg"
        await _paste(hand, ("x" * 9_999 + "\n") * 50)
        assert _text(hand).text == "aberg"


@pytest.mark.parametrize(
    ("count", "steps"), [(2_000, 3), pytest.param(MAX_LINES, 15, marks=pytest.mark.long)]
)
async def test_long_list_is_pasted_in_steps_before_later_keys(count, steps):
    users = [_user(f"u{n}", "A", f"Åkesson{n}", f"{n}", f"name{n}") for n in range(count)]
    async with open_dialog(_dialog(users)) as hand:
        seen: set[int] = set()

        async def look():
            while hand.app.is_open:
                seen.add(_text(hand).document.line_count)
                await asyncio.sleep(0)

        looking = asyncio.create_task(look())
        hand.app.post_message(events.Paste("\n".join(f"Åkesson{n}, A" for n in range(count - 1))))
        await hand.pilot.press("enter", *f"name{count - 1}", "f2")
        await hand.settle()
        await looking
        assert hand.app.result == [one.user_id for one in users]
        assert len(seen) > steps


async def test_ctrl_z_undoes_only_small_changes():
    async with open_dialog(_dialog()) as hand:
        await _paste(hand, "aberg\n" * 20)
        await hand.press("f7", "delete")
        assert _text(hand).text == ""
        await hand.press("ctrl+z")
        assert _text(hand).text == "aberg\n" * 20
        await _paste(hand, "klee\n" * 2000)
        await hand.press("f7", "delete", "ctrl+z")
        assert _text(hand).text == ""


async def test_very_long_line_is_not_wrapped():
    async with open_dialog(_dialog()) as hand:
        assert _text(hand).soft_wrap
        await _paste(hand, "; ".join(["aberg"] * 1000))
        assert not _text(hand).soft_wrap
        assert str(_button(hand).label) == "[F2 Mark 1 user]"


@pytest.mark.snapshot
def test_a_list_that_is_not_all_settled(snap_compare):
    async def before(pilot):
        while not pilot.app.screen.query(UnresolvedList):
            await pilot.pause()
        pilot.app.post_message(events.Paste(LIST))
        while not any(rows.row_count for rows in pilot.app.screen.query(UnresolvedList)):
            await pilot.pause(0.02)
        await pilot.press("tab", "space")
        await pilot.pause()

    assert snap_compare(DialogApp(_dialog()), run_before=before)
