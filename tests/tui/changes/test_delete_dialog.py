"""The dialog Delete: its text, its buttons, the focus and the number that confirms it."""

import pytest
from textual.widgets import Button

from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activation import INACTIVATE, ActiveCounts, DeleteDialog
from qm_tui.tui.changes.choice_dialog import YES
from tests.tui.dialogs import DialogApp, open_dialog

ONE, ONE_INACTIVE, SEVERAL, ALL_INACTIVE = (
    ActiveCounts(1, 0),
    ActiveCounts(0, 1),
    ActiveCounts(9, 3),
    ActiveCounts(0, 3),
)


TOTAL = 200_000


@pytest.fixture
def sizes_count(monkeypatch):
    """The dialog is on an app with the breakpoints of ours."""
    monkeypatch.setattr(DialogApp, "HORIZONTAL_BREAKPOINTS", QmTuiApp.HORIZONTAL_BREAKPOINTS)
    monkeypatch.setattr(DialogApp, "VERTICAL_BREAKPOINTS", QmTuiApp.VERTICAL_BREAKPOINTS)


@pytest.mark.parametrize(
    ("how_many", "said", "labels"),
    [
        (ONE, "Delete Anna?", ["[Inactivate instead]", "[Delete]", "[Cancel]"]),
        (ONE_INACTIVE, "Delete Anna?", ["[Delete]", "[Cancel]"]),
        (
            SEVERAL,
            "Anna: 9 active, 3 inactive.",
            ["[Inactivate 9]", "[Delete 12 users]", "[Cancel]"],
        ),
        (SEVERAL, "Delete 12 users?", ["[Inactivate 9]", "[Delete 12 users]", "[Cancel]"]),
        (
            SEVERAL,
            "This deletes 12 of 200,000 users.",
            ["[Inactivate 9]", "[Delete 12 users]", "[Cancel]"],
        ),
        (ALL_INACTIVE, "Anna: 3 inactive.", ["[Delete 3 users]", "[Cancel]"]),
        (
            ActiveCounts(100_000, 3),
            "Anna: 100,000 active, 3 inactive.",
            ["[Inactivate 100,000]", "[Delete 100,003 users]", "[Cancel]"],
        ),
    ],
)
async def test_dialog_shows_the_effect_and_focuses_the_safe_button(
    sizes_count, how_many, said, labels
):
    dialog = DeleteDialog("Anna", how_many, TOTAL)
    async with open_dialog(dialog, (60, 16)) as hand:
        text = " ".join(hand.screen_text.replace("│", " ").split())
        assert said in text
        assert "recordings are deleted, too." in text
        assert ("Inactivating keeps the recordings." in text) == bool(how_many.active)
        assert "Undo in qm-tui restores users, but not their recordings." in text
        assert [str(one.label) for one in dialog.query(Button)] == labels
        for label in labels:
            assert label in hand.screen_text
        wanted = "[Cancel]" if how_many.active == 0 else labels[0]
        assert str(hand.app.focused.label) == wanted


async def test_wide_dialog_shows_complete_captions(sizes_count):
    dialog = DeleteDialog("Anna", ActiveCounts(100_000, 3), TOTAL)
    async with open_dialog(dialog, (80, 24)) as hand:
        for label in ("[Inactivate 100,000 instead]", "[Delete 100,003 users]", "[Cancel]"):
            assert label in hand.screen_text


@pytest.mark.parametrize(
    ("how_many", "keys", "given"),
    [
        (ONE, ("enter",), INACTIVATE),
        (ONE, ("right", "enter"), YES),
        (ONE, ("escape",), None),
        (ONE, ("q",), None),
        (ONE_INACTIVE, ("enter",), None),
        (ONE_INACTIVE, ("left", "enter"), YES),
        (SEVERAL, ("enter",), INACTIVATE),
        (SEVERAL, ("shift+tab", "1", "2", "enter"), YES),
        (SEVERAL, ("up", "1", "2", "down", "down", "enter"), YES),
        (SEVERAL, ("right", "enter", "1", "2", "enter"), YES),
        (SEVERAL, ("up", "1", "2", "escape"), None),
    ],
)
async def test_keys_return_the_action(how_many, keys, given):
    async with open_dialog(DeleteDialog("Anna", how_many, TOTAL)) as hand:
        await hand.press(*keys)
        assert not hand.app.is_open
        assert hand.app.result == given


@pytest.mark.parametrize("typed", ["", "1", "13", "yes", "012"])
async def test_wrong_number_deletes_nothing(typed):
    async with open_dialog(DeleteDialog("12 marked users", SEVERAL, TOTAL)) as hand:
        await hand.press("up", *typed, "enter")
        assert hand.app.is_open
        message = "The number does not match. Type 12, or press Esc to cancel."
        assert message in hand.screen_text
        await hand.click("#yes")
        assert hand.app.is_open
        assert hand.app.focused.id == "confirm"


@pytest.mark.parametrize(
    ("selector", "given"),
    [("#inactivate", INACTIVATE), ("#yes", YES), ("#no", None)],
)
async def test_clicks_return_the_action(selector, given):
    async with open_dialog(DeleteDialog("Anna", ONE, TOTAL)) as hand:
        await hand.click(selector)
        assert hand.app.result == given
