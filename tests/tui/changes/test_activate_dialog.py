"""The dialog Activate or inactivate: its text, its buttons, the focus and the result."""

import pytest
from textual.widgets import Button

from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activation import ACTIVATE, INACTIVATE, ActivateDialog, ActiveCounts
from tests.tui.dialogs import DialogApp, open_dialog


@pytest.fixture
def sizes_count(monkeypatch):
    """The dialog is on an app with the breakpoints of ours."""
    monkeypatch.setattr(DialogApp, "HORIZONTAL_BREAKPOINTS", QmTuiApp.HORIZONTAL_BREAKPOINTS)
    monkeypatch.setattr(DialogApp, "VERTICAL_BREAKPOINTS", QmTuiApp.VERTICAL_BREAKPOINTS)


@pytest.mark.parametrize(
    ("active", "inactive", "said", "labels", "focused"),
    [
        (1, 0, "The user is active.", ["[Inactivate]", "[Cancel]"], "[Inactivate]"),
        (0, 1, "The user is inactive.", ["[Activate]", "[Cancel]"], "[Activate]"),
        (9, 0, "Anna: 9 active.", ["[Inactivate 9]", "[Cancel]"], "[Cancel]"),
        (0, 3, "Anna: 3 inactive.", ["[Activate 3]", "[Cancel]"], "[Cancel]"),
        (
            100_000,
            100_000,
            "Anna: 100,000 active, 100,000 inactive.",
            ["[Inactivate 100,000]", "[Activate 100,000]", "[Cancel]"],
            "[Cancel]",
        ),
    ],
)
async def test_dialog_offers_only_effective_actions(
    sizes_count, active, inactive, said, labels, focused
):
    dialog = ActivateDialog("Anna", ActiveCounts(active, inactive))
    async with open_dialog(dialog, (60, 16)) as hand:
        assert said in hand.screen_text
        assert [str(one.label) for one in dialog.query(Button)] == labels
        assert str(hand.app.focused.label) == focused
        for label in labels:
            assert label in hand.screen_text


@pytest.mark.parametrize(
    ("keys", "given"),
    [
        (("enter",), None),
        (("escape",), None),
        (("q",), None),
        (("left", "enter"), ACTIVATE),
        (("shift+tab", "shift+tab", "enter"), INACTIVATE),
        (("right", "enter"), INACTIVATE),  # round the end
        # in a burst of keys, the first that closes it counts
        (("left", "enter", "escape", "enter"), ACTIVATE),
    ],
)
async def test_keys_return_the_action(keys, given):
    async with open_dialog(ActivateDialog("12 marked users", ActiveCounts(9, 3))) as hand:
        await hand.press(*keys)
        assert hand.app.result == given
        assert not hand.app.is_open


@pytest.mark.parametrize(
    ("selector", "given"), [("#inactivate", INACTIVATE), ("#activate", ACTIVATE), ("#no", None)]
)
async def test_clicks_return_the_action(selector, given):
    async with open_dialog(ActivateDialog("12 marked users", ActiveCounts(9, 3))) as hand:
        await hand.click(selector)
        assert hand.app.result == given
