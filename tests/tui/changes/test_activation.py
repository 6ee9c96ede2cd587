"""The dialogs Activate or inactivate, and Delete: their texts, buttons, focus and results."""

from typing import Any

import pytest
from textual import events
from textual.widgets import Button

from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.activation import (
    ACTIVATE,
    INACTIVATE,
    ActivateDialog,
    ActiveCounts,
    DeleteDialog,
)
from qm_tui.tui.changes.choice_dialog import YES, ConfirmDialog, NumberField
from tests.tui.dialogs import DialogApp, open_dialog

ONE, ONE_INACTIVE, SEVERAL, ALL_INACTIVE, MANY = (
    ActiveCounts(1, 0),
    ActiveCounts(0, 1),
    ActiveCounts(9, 3),
    ActiveCounts(0, 3),
    ActiveCounts(100_000, 100_000),
)
TOTAL = 200_000


@pytest.fixture(autouse=True)
def sizes_count(monkeypatch):
    """The dialog is on an app with the breakpoints of ours."""
    monkeypatch.setattr(DialogApp, "HORIZONTAL_BREAKPOINTS", QmTuiApp.HORIZONTAL_BREAKPOINTS)
    monkeypatch.setattr(DialogApp, "VERTICAL_BREAKPOINTS", QmTuiApp.VERTICAL_BREAKPOINTS)


def shown_by(hand: Any, labels: list[str]) -> str:
    """Check the buttons, and return the text of the dialog in one line."""
    assert [str(one.label) for one in hand.app.dialog.query(Button)] == labels
    for label in labels:
        assert label in hand.screen_text
    return " ".join(hand.screen_text.replace("│", " ").split())


@pytest.mark.parametrize(
    ("counts", "title", "text", "labels", "focused"),
    [
        (ONE, "Inactivate Anna?", "The user is active.", ["[Inactivate]", "[Cancel]"], 0),
        (ONE_INACTIVE, "Activate Anna?", "is inactive.", ["[Activate]", "[Cancel]"], 0),
        (ALL_INACTIVE, "Activate 3 users?", "Anna: 3 inactive.", ["[Activate 3]", "[Cancel]"], 1),
        (
            MANY,
            "Activate or inactivate 200,000 users?",
            "Anna: 100,000 active, 100,000 inactive.",
            ["[Inactivate 100,000]", "[Activate 100,000]", "[Cancel]"],
            2,
        ),
    ],
)
async def test_dialog_offers_only_effective_actions(counts, title, text, labels, focused):
    async with open_dialog(ActivateDialog("Anna", counts), (60, 16)) as hand:
        shown = shown_by(hand, labels)
        assert title in shown
        assert text in shown
        assert str(hand.app.focused.label) == labels[focused]


@pytest.mark.parametrize(
    ("counts", "title", "text", "labels"),
    [
        (ONE, "Delete Anna?", "", ["[Inactivate instead]", "[Delete]", "[Cancel]"]),
        (ONE_INACTIVE, "Delete Anna?", "", ["[Delete]", "[Cancel]"]),
        (
            SEVERAL,
            "Delete 12 users?",
            "Anna: 9 active, 3 inactive. This deletes 12 of 200,000 users.",
            ["[Inactivate 9]", "[Delete 12 users]", "[Cancel]"],
        ),
        (
            ALL_INACTIVE,
            "Delete 3 users?",
            "Anna: 3 inactive.",
            ["[Delete 3 users]", "[Cancel]"],
        ),
        (
            MANY,
            "Delete 200,000 users?",
            "",
            ["[Inactivate 100,000]", "[Delete 200,000 users]", "[Cancel]"],
        ),
    ],
)
async def test_delete_shows_the_effect_and_focuses_the_safe_button(counts, title, text, labels):
    async with open_dialog(DeleteDialog("Anna", counts, TOTAL), (60, 16)) as hand:
        shown = shown_by(hand, labels)
        assert title in shown
        assert text in shown
        assert "recordings are deleted, too." in shown
        assert ("Inactivating keeps the recordings." in shown) == bool(counts.active)
        assert "Undo in qm-tui restores users, but not their recordings." in shown
        safe = labels[0] if counts.active else "[Cancel]"
        assert str(hand.app.focused.label) == safe


async def test_wide_dialog_shows_complete_captions():
    async with open_dialog(DeleteDialog("Anna", MANY, TOTAL)) as hand:
        shown_by(hand, ["[Inactivate 100,000 instead]", "[Delete 200,000 users]", "[Cancel]"])


@pytest.mark.parametrize(
    ("dialog", "keys", "answer"),
    [
        (ActivateDialog("Anna", SEVERAL), "enter", None),
        (ActivateDialog("Anna", SEVERAL), "q", None),
        (ActivateDialog("Anna", SEVERAL), "shift+tab shift+tab enter", INACTIVATE),
        (ActivateDialog("Anna", SEVERAL), "right enter", INACTIVATE),  # round the end
        # in a burst of keys, the first that closes it counts
        (ActivateDialog("Anna", SEVERAL), "left enter escape enter", ACTIVATE),
        (ActivateDialog("Anna", SEVERAL), "#activate", ACTIVATE),
        (ActivateDialog("Anna", SEVERAL), "#no", None),
        (DeleteDialog("Anna", ONE, TOTAL), "enter", INACTIVATE),
        (DeleteDialog("Anna", ONE, TOTAL), "right enter", YES),
        (DeleteDialog("Anna", ONE, TOTAL), "escape", None),
        (DeleteDialog("Anna", ONE, TOTAL), "#yes", YES),
        (DeleteDialog("Anna", ONE_INACTIVE, TOTAL), "enter", None),
        (DeleteDialog("Anna", SEVERAL, TOTAL), "shift+tab 1 2 enter", YES),
        (DeleteDialog("Anna", SEVERAL, TOTAL), "up 1 2 down down enter", YES),
        (DeleteDialog("Anna", SEVERAL, TOTAL), "right enter 1 2 enter", YES),
        (DeleteDialog("Anna", SEVERAL, TOTAL), "up 1 2 escape", None),
    ],
)
async def test_keys_and_clicks_return_the_action(dialog, keys, answer):
    async with open_dialog(dialog) as hand:
        await (hand.click(keys) if keys.startswith("#") else hand.press(*keys.split()))
        assert hand.app.result == answer


async def test_wrong_number_deletes_nothing():
    async with open_dialog(DeleteDialog("12 marked users", SEVERAL, TOTAL)) as hand:
        field = hand.app.dialog.query_one(NumberField)
        for typed in ("", "1", "13", "yes", "012"):
            field.value = ""
            field.focus()
            await hand.press(*typed, "enter")
            message = "The number does not match. Type 12, or press Esc to cancel."
            assert message in hand.screen_text
            await hand.click("#yes")
            assert hand.app.is_open
            assert hand.app.focused is field


async def test_number_field_accepts_only_digits_and_commas():
    dialog = ConfirmDialog(1204, "This deletes 1,204 users.", title="Delete?", yes="Delete")
    async with open_dialog(dialog) as hand:
        field = dialog.query_one(NumberField)
        for typed, value in (("1204", "1204"), ("q1x,2 04", "1,204"), ("١٢٠٤", ""), ("-12", "12")):
            for pasted in (False, True):
                field.value = ""
                for text in [typed] if pasted else typed:
                    event = events.Paste(text) if pasted else events.Key(text, text)
                    field.post_message(event)
                await hand.settle()
                assert field.value == value
                assert field.is_confirmed is (value.replace(",", "") == "1204")
        assert hand.app.is_open
