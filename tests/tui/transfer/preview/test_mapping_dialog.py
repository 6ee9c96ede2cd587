"""The dialog to map the columns of a file to fields."""

import pytest

from qm_tui.paths import mappings_folder
from qm_tui.transfer.importing import ImportRequest, prepare_import
from qm_tui.transfer.mapping.mapping_file import read_mapping
from qm_tui.transfer.mapping.saved_mappings import save_mapping
from qm_tui.transfer.reading.mapped.templates import parse_template
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.tui.transfer.preview.mapping.dialog import MappingDialog
from qm_tui.tui.transfer.preview.mapping.field_picker import FieldList, FieldPicker
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.users.fields import FIELD
from tests.helpers import EMPTY_STATE, csv_text, write_file
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


def _dialog(folder, *, header=_HEADER, values=_VALUES, name="hr-export", mapping=None):
    """Return the dialog for a file with these columns; each has the same number of cells."""
    rows = [[column[row % len(column)] for column in values] for row in range(4)]
    path = write_file(folder, csv_text([header, *rows]), f"{name}.csv")
    request = ImportRequest(path, read_options=ReadOptions(mapping=mapping))
    return MappingDialog(prepare_import(request, EMPTY_STATE))


def _held(hand) -> dict[str, str]:
    """Return the key of the field of each column, by column name."""
    draft = hand.app.dialog.draft
    keys = [field.key if field else "" for field in draft.fields]
    return dict(zip(draft.names, keys, strict=True))


def _row(hand, name: str):
    return hand.app.dialog.draft.names.index(name)


_GUESSED = {
    "Vorname": "first_name",
    "Name": "last_name",
    "Durchwahl": "extension",
    "Kennung": "user_name",
    "Wort": "",
    "Notiz [red]": "",
    "Büro": "",
}


async def test_dialog_opens_with_guesses_and_fields_are_selected_by_keys_and_clicks(tmp_path):
    async with open_dialog(_dialog(tmp_path)) as hand:
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
        await hand.pilot.press("end", "up", "enter", *"loca", "enter", "f2")  # in one burst
        await hand.settle()
        held = _GUESSED | {
            "Vorname": "unlimited_license",
            "Durchwahl": "",  # "Vorname" had its field for a moment
            "Kennung": "department",
            "Büro": "location",
        }
        pairs = {name: FIELD[key] if key else None for name, key in held.items()}
        assert hand.app.result == ColumnMapping("hr-export", pairs)


async def test_column_is_ignored_or_loses_its_field(tmp_path):
    async with open_dialog(_dialog(tmp_path)) as hand:
        missing = hand.app.dialog.query_one("#mapping-missing")
        assert "Password, Is User Active" in str(missing.render())
        await hand.press("end", "up", "enter", *"last")
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


async def test_filter_narrows_the_fields(tmp_path):
    async with open_dialog(_dialog(tmp_path)) as hand:
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


async def test_values_are_shown_as_text_except_for_secrets(tmp_path):
    async with open_dialog(_dialog(tmp_path)) as hand:
        assert "0412  0414" in hand.screen_text  # a record has a control character
        assert "Notiz [red]" in hand.screen_text
        await hand.click("#columns", (60, _row(hand, "Notiz [red]") + 1))
        assert hand.app.is_open
        assert "\x1b" not in hand.screen_text
        await hand.press("home", *["down"] * 4, "enter", *"password", "enter")
        assert "Wort                   → Password                      (hidden)" in hand.screen_text
        assert "hunter2" not in hand.screen_text


async def test_name_and_a_mapped_column_are_required(tmp_path):
    async with open_dialog(_dialog(tmp_path, name="a\x1b[2J")) as hand:
        field = hand.app.dialog.query_one(SafeInput)
        assert field.value == "a␛[2J"
        field.value = ""
        await hand.press("f2")
        assert "Enter a name for this mapping." in hand.screen_text
        assert hand.app.focused is field
        field.value = " HR every week "
        await hand.press("shift+tab", *["delete", "down"] * 7, "f2")
        assert "No column is mapped." in hand.screen_text
        await hand.press("up", "enter", *"last", "enter", "tab", "enter")
        assert isinstance(hand.app.result, ColumnMapping)
        assert hand.app.result.name == "HR every week"


@pytest.mark.parametrize("way", ["q", "#cancel"])
async def test_closing_asks_only_if_the_mapping_was_edited(tmp_path, way):
    async with open_dialog(_dialog(tmp_path)) as hand:
        await hand.press("delete", "escape")
        assert isinstance(hand.app.screen, ConfirmQuestion)
        await hand.press("enter")
        assert _held(hand)["Vorname"] == ""
        await hand.press("enter", *"first", "enter")
        await (hand.click(way) if way.startswith("#") else hand.press(way))
        assert hand.app.result is None


# Values, defaults and templates


_HR = ["Given Name", "Surname", "Dept", "Personnel No", "Active", "Code"]
_PERSONS = [
    ("Jürgen", "Anna", "Łukasz"),
    ("Müller", "Berg", "Østby"),
    ("Vertrieb", "Technik"),
    ("A1", "A2", "A3", "A4"),
    ("yes", "no"),
    ("hunter2",),
]


def _hr(folder, mapping=None):
    return _dialog(folder, header=_HR, values=_PERSONS, name="hr", mapping=mapping)


def _example(hand) -> list[str]:
    shown = str(hand.app.dialog.query_one("#mapping-example").render())
    return [line.rstrip() for line in shown.splitlines()]


async def _give(hand, field: str, text: str):
    await hand.press("a", *field, "enter")
    await hand.press(*text, "enter")


async def test_values_defaults_and_templates_are_set_with_an_example_of_three_records(tmp_path):
    async with open_dialog(_hr(tmp_path)) as hand:
        assert _held(hand)["Dept"] == "department"
        await hand.press("home", *["down"] * 3, "enter", *"agent", "enter", "=")
        await hand.press("up", "v")
        assert "Vertrieb                              2 → Vertrieb" in hand.screen_text
        assert "all other values                        → unchanged" in hand.screen_text
        await hand.press("enter", *"Sales", "enter")
        assert "Vertrieb                              2 → Sales" in hand.screen_text
        assert "all other values                        → (rejected)" in hand.screen_text
        await hand.press("end", "enter", *"Other", "enter", "f2")
        await _give(hand, "ext", "0400")
        await _give(hand, "user name", "{Given Name|first|ascii|lower}.{Surname|ascii|lower}")
        assert _example(hand) == [
            "Exten  Department  User Name  First Name  Last Name  Agent  A",
            "0400   Sales       j.muller   Jürgen      Müller     A1     yes",
            "0400   Technik     a.berg     Anna        Berg       A2     no",
            "0400   Sales       l.ostby    Łukasz      Østby      A3     yes",
        ]
        await hand.press("f2")
        held = {
            "Given Name": FIELD["first_name"],
            "Surname": FIELD["last_name"],
            "Dept": FIELD["department"],
            "Personnel No": FIELD["agent_id"],
            "Active": FIELD["is_active"],
            "Code": None,
        }
        values = {"Vertrieb": "Sales", "Technik": "Technik", "*": "Other"}
        template = parse_template("{Given Name|first|ascii|lower}.{Surname|ascii|lower}")
        mapping = ColumnMapping(
            "hr",
            held,
            {FIELD["department"]: values},
            {FIELD["extension"]: "0400"},
            {FIELD["user_name"]: template},
            FIELD["agent_id"],
        )
        assert hand.app.result == mapping
    path = save_mapping(tmp_path, "hr", mapping, _HR)
    assert read_mapping(path) == mapping


async def test_mapping_is_edited_and_its_parts_are_removed(tmp_path):
    mapping = ColumnMapping(
        "hr",
        {"Active": FIELD["is_active"], "Personnel No": FIELD["agent_id"]},
        {FIELD["is_active"]: {"yes": "1", "no": "0"}},
        {FIELD["location"]: "Oslo"},
        {FIELD["user_name"]: parse_template("{Surname}")},
        FIELD["agent_id"],
    )
    async with open_dialog(_hr(tmp_path, mapping)) as hand:
        assert "→ Agent ID                      = match   A1" in hand.screen_text
        assert "→ Is User Active                2 values:  yes  no" in hand.screen_text
        assert "(new users)            → Location                      Oslo" in hand.screen_text
        await hand.press("home", *["down"] * 3, "=")
        assert "= match   A1" not in hand.screen_text
        assert hand.app.dialog.draft.match is None
        await hand.press("down", "v", "delete", "down", "delete", "f2")  # both as in the file
        assert hand.app.dialog.draft.values == {}
        await hand.press("end", "up", "delete")  # the location
        await hand.press("up", "enter", *["backspace"] * 9, "enter")  # the template
        assert hand.app.dialog.draft.given == {}
        await hand.press("escape")
        assert isinstance(hand.app.screen, ConfirmQuestion)


@pytest.mark.parametrize(
    ("field", "text", "message"),
    [
        ("active", "perhaps", "Is User Active must be 0 or 1, not 'perhaps'. Enter 0 or 1."),
        ("phone", "10.0.0.300", "Phone IP '10.0.0.300' is not a valid IP or MAC address."),
        ("user name", "{Surname|upper}", "unknown modifier upper; valid modifiers: first,"),
        ("user name", "{Surname}{", "a brace has no counterpart"),
    ],
)
async def test_invalid_value_is_refused_where_it_is_typed(tmp_path, field, text, message):
    async with open_dialog(_hr(tmp_path)) as hand:
        await _give(hand, field, text)
        assert message.split(". ")[0] in " ".join(hand.screen_text.replace("│", " ").split())
        await hand.press("escape")
        assert hand.app.dialog.draft.given == {}


async def test_template_with_an_unknown_column_cannot_be_applied(tmp_path):
    async with open_dialog(_hr(tmp_path)) as hand:
        await _give(hand, "user name", "{Vorname}")
        assert 'missing column "Vorname"' in _example(hand)[0]
        await hand.press("f2")
        assert hand.app.is_open
        assert 'missing column "Vorname"' in str(
            hand.app.dialog.query_one("#mapping-said").render()
        )


async def test_secrets_get_no_values_and_are_not_in_the_example(tmp_path):
    async with open_dialog(_hr(tmp_path)) as hand:
        await hand.press("home", *["down"] * 5, "v")
        assert "Map the column to a field first." in hand.screen_text
        await hand.press("enter", *"password", "enter", "v")
        assert "Values of secrets are not shown" in hand.screen_text
        await hand.press("=")
        assert "Password cannot identify users" in hand.screen_text
        assert "hunter2" not in hand.screen_text
        await hand.press("a", *"passw")
        assert "No fields match the filter." in hand.screen_text


async def test_required_fields_that_new_users_would_not_have_are_named(tmp_path):
    async with open_dialog(_hr(tmp_path)) as hand:
        for field, text in (
            *(("ext", "0400"), ("user name", "{Surname}"), ("recording serv", "Any")),
            *(("unlimited", "yes"), ("on-demand", "no")),
        ):
            await _give(hand, field, text)
        missing = str(hand.app.dialog.query_one("#mapping-missing").render())
        assert missing.startswith("Password has no column. In the preview, d adds users")
        await hand.press("home", *["down"] * 5, "enter", *"password", "enter")
        missing = str(hand.app.dialog.query_one("#mapping-missing").render())
        assert missing == "All required fields have a column or a value."


async def test_mapping_of_other_columns_is_not_replaced(home):
    folder = mappings_folder()
    other = ColumnMapping("hr", {"Kostenstelle": None, "Ruf": FIELD["first_name"]})
    saved = save_mapping(folder, "hr", other, ["Kostenstelle", "Ruf"])
    async with open_dialog(_hr(home)) as hand:
        name = hand.app.dialog.query_one("#mapping-name", SafeInput)
        assert name.value == "hr 2"
        name.value = "hr"
        await hand.press("f2")
        assert "The mapping hr is for files with other columns." in hand.screen_text
        assert hand.app.is_open
    assert read_mapping(saved) == other
    save_mapping(folder, "hr", other, _HR)
    async with open_dialog(_hr(home)) as hand:
        assert hand.app.dialog.query_one("#mapping-name", SafeInput).value == "hr"
