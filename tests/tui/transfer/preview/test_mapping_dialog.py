"""The dialog to map the columns of a file to fields."""

import pytest

from qm_tui.transfer.mapping.guess import guess_columns
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.tui.transfer.preview.field_picker import FieldList, FieldPicker
from qm_tui.tui.transfer.preview.mapping_dialog import ColumnList, MappingDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.users.fields import FIELD
from tests.tui.dialogs import open_dialog

_HEADER = ["Problems", "Vorname", "Name", "Durchwahl", "Kennung", "Wort", "Notiz [red]", "Büro"]
_VALUES = [
    ("wrong",),
    ("Anna", "Bo"),
    ("Berg", "Ek"),
    ("0412", "0413", "0414"),
    ("anna", "bo"),
    ("hunter2",),
    ("[@click=app.exit]x", "a\x1b[2J"),
    ("Oslo",),
]


def _dialog(header=_HEADER, values=_VALUES, name="hr-export"):
    return MappingDialog(header, values, guess_columns(header, values), name)


def _held(hand) -> dict[str, str]:
    """Return the key of the field of each column, by column name."""
    columns = hand.app.dialog.query_one(ColumnList)
    keys = [field.key if field else "" for field in columns.fields]
    return dict(zip(columns.names, keys, strict=True))


def _row(hand, name: str):
    return hand.app.dialog.query_one(ColumnList).names.index(name)


_GUESSED = {
    "Vorname": "first_name",
    "Name": "last_name",
    "Durchwahl": "extension",
    "Kennung": "user_name",
    "Wort": "",
    "Notiz [red]": "",
    "Büro": "",
}


async def test_dialog_opens_with_guesses_and_fields_are_selected_by_keys_and_clicks():
    async with open_dialog(_dialog()) as hand:
        assert _held(hand) == _GUESSED
        await hand.press("home", "enter", "down", "down", "enter")
        assert _held(hand)["Vorname"] == "extension"
        await hand.press("enter", "pagedown", "up", "enter")
        assert _held(hand)["Vorname"] == "unlimited_license"
        row = _row(hand, "Kennung")
        for _ in range(2):
            assert not isinstance(hand.app.screen, FieldPicker)
            await hand.click("#columns", (4, row + 1))
        await hand.click("#fields", (4, 6))
        await hand.click("#fields", (4, 6))
        assert _held(hand)["Kennung"] == "department"
        await hand.pilot.press("end", "enter", *"loca", "enter", "f2")  # in one burst
        await hand.settle()
        held = _GUESSED | {
            "Vorname": "unlimited_license",
            "Durchwahl": "",  # "Vorname" had its field for a moment
            "Kennung": "department",
            "Büro": "location",
        }
        pairs = {name: FIELD[key] if key else None for name, key in held.items()}
        assert hand.app.result == ColumnMapping("hr-export", pairs)


async def test_column_is_ignored_or_loses_its_field():
    async with open_dialog(_dialog()) as hand:
        missing = hand.app.dialog.query_one("#mapping-missing")
        assert "Password, Is User Active" in str(missing.render())
        await hand.press("end", "enter", *"last")
        assert "mapped to Name" in hand.screen_text
        await hand.press("enter")
        assert _held(hand) == _GUESSED | {"Büro": "last_name", "Name": ""}
        await hand.press("delete")
        assert _held(hand)["Büro"] == ""
        assert "Last Name" in str(missing.render())
        await hand.press("home", "down", "down", "backspace")
        assert "Durchwahl                (ignored)" in hand.screen_text
        await hand.press("home", "enter", *"ign", "enter")
        assert _held(hand)["Vorname"] == ""


async def test_filter_narrows_the_fields():
    async with open_dialog(_dialog()) as hand:
        await hand.press("enter", *"rec")
        fields = hand.app.screen.query_one(FieldList)
        # names that start with the filter come first
        assert [field.name for field in fields.fields if field] == [
            "Recording Profile Name",
            "Recording Service IP Address",
            "Computer Recording License",
        ]
        await hand.press(*["backspace"] * 3, *"xyz", "enter")
        assert isinstance(hand.app.screen, FieldPicker)
        assert "No fields match the filter." in hand.screen_text
        await hand.press("backspace", "backspace", "backspace")
        assert fields.row_count == 27
        await hand.press("escape")
        assert _held(hand) == _GUESSED


async def test_values_are_shown_as_text_except_for_secrets():
    async with open_dialog(_dialog()) as hand:
        assert "0412  0413  0414" in hand.screen_text
        assert "Notiz [red]" in hand.screen_text
        await hand.click("#columns", (60, _row(hand, "Notiz [red]") + 1))
        assert hand.app.is_open
        assert "\x1b" not in hand.screen_text
        await hand.press("home", *["down"] * 4, "enter", *"password", "enter")
        assert "Wort                   → Password                      (hidden)" in hand.screen_text
        assert "hunter2" not in hand.screen_text


async def test_name_and_a_mapped_column_are_required():
    async with open_dialog(_dialog(name="a\x1b[2J")) as hand:
        field = hand.app.dialog.query_one(SafeInput)
        assert field.value == "a␛[2J"
        field.value = ""
        await hand.press("f2")
        assert "Enter a name for this mapping." in hand.screen_text
        assert hand.app.focused is field
        field.value = " HR every week "
        await hand.press("shift+tab", *["delete", "down"] * 7, "f2")
        assert "No column is mapped." in hand.screen_text
        await hand.press("enter", *"last", "enter", "tab", "enter")
        assert isinstance(hand.app.result, ColumnMapping)
        assert hand.app.result.name == "HR every week"


@pytest.mark.parametrize("way", ["q", "#cancel"])
async def test_closing_asks_only_if_the_mapping_was_edited(way):
    async with open_dialog(_dialog()) as hand:
        await hand.press("delete", "escape")
        assert isinstance(hand.app.screen, ConfirmQuestion)
        await hand.press("enter")
        assert _held(hand)["Vorname"] == ""
        await hand.press("enter", *"first", "enter")
        await (hand.click(way) if way.startswith("#") else hand.press(way))
        assert hand.app.result is None
