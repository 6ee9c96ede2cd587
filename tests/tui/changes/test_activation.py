"""The dialogs Activate or inactivate, and Delete: their texts, buttons, focus and results."""

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
DELETED = "Undo in qm-tui restores users, but not their recordings."


@pytest.fixture(autouse=True)
def sizes_count(monkeypatch):
    """The dialog is on an app with the breakpoints of ours."""
    monkeypatch.setattr(DialogApp, "HORIZONTAL_BREAKPOINTS", QmTuiApp.HORIZONTAL_BREAKPOINTS)
    monkeypatch.setattr(DialogApp, "VERTICAL_BREAKPOINTS", QmTuiApp.VERTICAL_BREAKPOINTS)


@pytest.mark.parametrize(
    ("dialog", "text", "labels", "focused"),
    [
        (ActivateDialog("Anna", ONE), "The user is active.", "Inactivate|Cancel", 0),
        (ActivateDialog("Anna", ALL_INACTIVE), "Activate 3 users?", "Activate 3|Cancel", 1),
        (
            ActivateDialog("Anna", MANY),
            "Anna: 100,000 active, 100,000 inactive.",
            "Inactivate 100,000|Activate 100,000|Cancel",
            2,
        ),
        (DeleteDialog("Anna", ONE, TOTAL), DELETED, "Inactivate instead|Delete|Cancel", 0),
        (DeleteDialog("Anna", ONE_INACTIVE, TOTAL), DELETED, "Delete|Cancel", 1),
        (
            DeleteDialog("Anna", SEVERAL, TOTAL),
            "Anna: 9 active, 3 inactive. This deletes 12 of 200,000 users.",
            "Inactivate 9|Delete 12 users|Cancel",
            0,
        ),
        (
            DeleteDialog("Anna", MANY, TOTAL),
            "Inactivating keeps the recordings.",
            "Inactivate 100,000|Delete 200,000 users|Cancel",
            0,
        ),
    ],
)
async def test_dialog_offers_only_effective_actions_and_focuses_the_safe_one(
    dialog, text, labels, focused
):
    async with open_dialog(dialog, (60, 16)) as hand:
        assert text in " ".join(hand.screen_text.replace("│", " ").split())
        captions = [f"[{label}]" for label in labels.split("|")]
        assert [str(button.label) for button in dialog.query(Button)] == captions
        assert all(caption in hand.screen_text for caption in captions)
        assert str(hand.app.focused.label) == captions[focused]


@pytest.mark.parametrize(
    ("dialog", "keys", "answer"),
    [
        (ActivateDialog("Anna", SEVERAL), "enter", None),
        (ActivateDialog("Anna", SEVERAL), "right enter", INACTIVATE),  # round the end
        # in a burst of keys, the first that closes it counts
        (ActivateDialog("Anna", SEVERAL), "left enter escape enter", ACTIVATE),
        (ActivateDialog("Anna", SEVERAL), "#activate", ACTIVATE),
        (DeleteDialog("Anna", ONE_INACTIVE, TOTAL), "enter", None),
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
