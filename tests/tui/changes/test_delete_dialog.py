"""Delete: what it says, the safe answer first, and the number that must be typed."""

import pytest
from textual.widgets import Button

from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activate_dialog import HowMany
from qm_tui.tui.changes.delete_dialog import Answer, DeleteDialog
from tests.tui.dialogs import DialogApp, opened

ONE, ONE_INACTIVE, SEVERAL, ALL_INACTIVE = (
    HowMany(1, 0),
    HowMany(0, 1),
    HowMany(9, 3),
    HowMany(0, 3),
)


@pytest.fixture
def sizes_count(monkeypatch):
    """The dialog is on an app that tells it how much room there is, as ours does."""
    monkeypatch.setattr(DialogApp, "HORIZONTAL_BREAKPOINTS", QmTuiApp.HORIZONTAL_BREAKPOINTS)
    monkeypatch.setattr(DialogApp, "VERTICAL_BREAKPOINTS", QmTuiApp.VERTICAL_BREAKPOINTS)


@pytest.mark.parametrize(
    ("how_many", "who", "labels"),
    [
        (ONE, "Anna.", ["[Inactivate 1]", "[Delete 1 user]", "[Cancel]"]),
        (ONE_INACTIVE, "Anna.", ["[Delete 1 user]", "[Cancel]"]),
        (
            SEVERAL,
            "Anna: 9 active, 3 inactive.",
            ["[Inactivate 9]", "[Delete 12 users]", "[Cancel]"],
        ),
        (ALL_INACTIVE, "Anna: 3 inactive.", ["[Delete 3 users]", "[Cancel]"]),
        (
            HowMany(100_000, 3),
            "Anna: 100,000 active, 3 inactive.",
            ["[Inactivate 100,000]", "[Delete 100,003 users]", "[Cancel]"],
        ),
    ],
)
async def test_it_says_what_deleting_means_and_the_answer_that_loses_nothing_comes_first(
    sizes_count, how_many, who, labels
):
    dialog = DeleteDialog("Anna", how_many)
    async with opened(dialog, (60, 16)) as hand:
        text = " ".join(hand.screen_text.replace("│", " ").split())
        assert who in text
        assert "deleting a user deletes the user's recordings too. Inactivating keeps them." in text
        assert "u takes either back; recordings that the suite deleted do not come back." in text
        assert [str(one.label) for one in dialog.query(Button)] == labels
        for label in labels:
            assert label in hand.screen_text
        wanted = "[Cancel]" if how_many.active == 0 else labels[0]
        assert str(hand.app.focused.label) == wanted


@pytest.mark.parametrize(
    ("how_many", "keys", "given"),
    [
        (ONE, ("enter",), Answer.INACTIVATE),
        (ONE, ("right", "enter"), Answer.DELETE),
        (ONE, ("escape",), None),
        (ONE, ("q",), None),
        (ONE_INACTIVE, ("enter",), None),
        (ONE_INACTIVE, ("left", "enter"), Answer.DELETE),
        (SEVERAL, ("enter",), Answer.INACTIVATE),
        (SEVERAL, ("shift+tab", "1", "2", "enter"), Answer.DELETE),
        (SEVERAL, ("up", "1", "2", "down", "down", "enter"), Answer.DELETE),
        (SEVERAL, ("right", "enter", "1", "2", "enter"), Answer.DELETE),
        (SEVERAL, ("up", "1", "2", "escape"), None),
    ],
)
async def test_what_keys_answer(how_many, keys, given):
    async with opened(DeleteDialog("Anna", how_many)) as hand:
        await hand.press(*keys)
        assert not hand.app.is_open
        assert hand.app.result == given


@pytest.mark.parametrize("typed", ["", "1", "13", "yes", "012"])
async def test_no_other_number_deletes(typed):
    async with opened(DeleteDialog("12 marked users", SEVERAL)) as hand:
        await hand.press("up", *typed, "enter")
        assert hand.app.is_open
        assert "Nothing is deleted yet: type 12 first" in hand.screen_text
        await hand.click("#yes")
        assert hand.app.is_open
        assert hand.app.focused.id == "confirm"


@pytest.mark.parametrize(
    ("selector", "given"),
    [("#inactivate", Answer.INACTIVATE), ("#yes", Answer.DELETE), ("#no", None)],
)
async def test_what_clicks_answer(selector, given):
    async with opened(DeleteDialog("Anna", ONE)) as hand:
        await hand.click(selector)
        assert hand.app.result == given
