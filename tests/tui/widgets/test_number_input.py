"""The input for the number that confirms a mass change."""

import pytest
from textual import events

from qm_tui.tui.changes.choice_dialog import ConfirmDialog, NumberField
from tests.tui.dialogs import open_dialog


@pytest.mark.parametrize(
    ("typed", "value", "is_confirmed"),
    [
        ("1204", "1204", True),
        ("q1x,2 04", "1,204", True),
        ("١٢٠٤", "", False),
        ("-12", "12", False),
    ],
)
@pytest.mark.parametrize("is_pasted", [False, True])
async def test_number_field_accepts_only_digits_and_commas(typed, value, is_confirmed, is_pasted):
    dialog = ConfirmDialog(1204, "This deletes 1,204 users.", title="Delete?", yes="Delete")
    async with open_dialog(dialog) as hand:
        field = dialog.query_one(NumberField)
        if is_pasted:
            field.post_message(events.Paste(typed))
        else:
            for character in typed:
                field.post_message(events.Key(character, character))
        await hand.settle()
        assert field.value == value
        assert field.is_confirmed is is_confirmed
        assert hand.app.is_open
