"""The dialog to pick one of the values in use of a field, in each place that opens it."""

from functools import partial
from threading import Event
from typing import Any

import pytest
from textual import events
from textual.widgets import Button, Input

from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.value_picker import ValuePicker, values_in_use
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.user.field_form import FieldForm, FieldInput
from qm_tui.users.fields import CATEGORICAL, FIELD
from qm_tui.users.query.counts import count_field_values
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from tests.helpers import ANNA, user
from tests.tui.changes.test_set_field_dialog import session  # noqa: F401 - a fixture
from tests.tui.dialogs import DialogApp, open_dialog
from tests.tui.pages import LARGE, SMALL, app_on, shown, top, wait_until
from tests.tui.records import REJECTED, planned
from tests.tui.user.test_form_screen import fill, input_of, opened, row_of

LOCATION = FIELD["location"]
HOSTILE = "Lyon\x1b]52;c;cm0=\x07\u202e"
COUNTS = {"Oslo": 5, "Oslo Nord": 3, "Moss": 2, HOSTILE: 1, "": 4}
USERS = {
    f"u{place}-{number}": user(f"u{place}{number}", location=location)
    for place, (location, count) in enumerate(COUNTS.items())
    for number in range(count)
}


def pilot_of(hand) -> Any:
    return hand.pilot


def picker(value=""):
    return ValuePicker(LOCATION, value, partial(values_in_use, LOCATION, USERS))


def rows(hand):
    """The values shown with their numbers of users."""
    values = hand.app.dialog._rows
    return [values.row_text(row, 40).split() for row in range(values.row_count)]


def current(hand):
    return hand.app.dialog._rows.cursor_value


@pytest.mark.parametrize("size", [SMALL, LARGE, (60, 16)])
async def test_values_in_use_are_listed_with_their_users(size):
    async with open_dialog(picker(), size) as hand:
        found = rows(hand)
        assert [" ".join(row).removeprefix("> ") for row in found[:3]] == [
            "Oslo 5",
            "Oslo Nord 3",
            "Moss 2",
        ]
        assert len(found) == len(COUNTS) - 1
        assert "Location: values in use" in hand.screen_text
        assert "Oslo Nord" in hand.screen_text


@pytest.mark.parametrize(
    ("keys", "picked"),
    [
        ("enter", "Oslo"),
        ("down enter", "Oslo Nord"),
        ("pagedown up enter", "Moss"),
        ("M enter", "Moss"),
        ("n o r d enter", "Oslo Nord"),
        ("l y enter", HOSTILE),
        ("o s l o down up enter", "Oslo"),
        ("x y enter", None),
        ("m escape", None),
    ],
)
async def test_typing_narrows_and_enter_takes_the_current_value(keys, picked):
    async with open_dialog(picker()) as hand:
        await hand.press(*keys.split())
        if picked is None and keys.endswith("enter"):
            assert hand.app.is_open
            assert "No values in use match." in hand.screen_text
            await hand.press("escape")
        assert hand.app.result == picked


@pytest.mark.parametrize(
    ("value", "first", "count"),
    [("Moss", "Moss", 4), ("os", "Oslo", 3), ("", "Oslo", 4), ("Osl", "Oslo", 2)],
)
async def test_list_begins_with_the_text_of_the_input(value, first, count):
    async with open_dialog(picker(value)) as hand:
        assert current(hand) == first
        assert len(rows(hand)) == count
        await hand.press("backspace")
        assert len(rows(hand)) == len(COUNTS) - 1


async def test_value_is_picked_by_mouse():
    async with open_dialog(picker()) as hand:
        await hand.click("#values-in-use", (4, 2))
        assert current(hand) == "Oslo Nord"
        await hand.click("#select")
        assert hand.app.result == "Oslo Nord"
    async with open_dialog(picker()) as hand:
        for _ in range(2):
            await hand.click("#values-in-use", (4, 3))
        assert hand.app.result == "Moss"
    async with open_dialog(picker()) as hand:
        await hand.click("#cancel")
        assert hand.app.result is None


async def test_keys_typed_before_the_values_are_counted_pick_one_of_them():
    may_count = Event()

    def slowly(yield_control):
        may_count.wait(10)
        return values_in_use(LOCATION, USERS, yield_control)

    dialog = ValuePicker(LOCATION, "", slowly)
    app = DialogApp(dialog)
    async with app.run_test(size=SMALL) as running:
        pilot: Any = running
        await wait_until(pilot, lambda: dialog.is_mounted)
        for key in ("M", "o", "enter"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await wait_until(pilot, lambda: dialog.query_one(Input).value == "Mo")
        assert app.is_open
        assert "counting…" in shown(pilot)
        may_count.set()
        await wait_until(pilot, lambda: not app.is_open)
        assert app.result == "Moss"


async def test_empty_store_has_no_values_to_pick():
    dialog = ValuePicker(LOCATION, "Oslo", partial(values_in_use, LOCATION, {}))
    async with open_dialog(dialog) as hand:
        assert "No values in use yet." in hand.screen_text
        await hand.press("enter")
        assert hand.app.is_open


# Where it opens


async def picked(pilot, *keys):
    """Open the picker with Down, and press keys in it."""
    await pilot.press("down")
    await wait_until(pilot, lambda: isinstance(top(pilot), ValuePicker))
    dialog: Any = top(pilot)
    await wait_until(pilot, lambda: dialog.is_mounted and not dialog._rows.is_counting)
    await pilot.press(*keys)
    await wait_until(pilot, lambda: top(pilot) is not dialog)


@pytest.fixture
def app(home):
    return app_on(home / "users.json", [ANNA, *USERS.values()])


def picker_has_values(field):
    return bool(ANNA[field.index])


async def test_down_opens_values_in_use_in_the_user_form(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        for field in filter(picker_has_values, CATEGORICAL):
            await fill(pilot, field.key, "")
            assert "↓ values in use" in shown(pilot)
            row = row_of(pilot, field.key)
            await picked(pilot, "escape")
            assert row.values() == {field.key: ""}
            await picked(pilot, "enter")
            value = "Oslo" if field is LOCATION else ANNA[field.index]
            assert row.values() == {field.key: value}
            assert pilot.app.focused is row.editor
        await fill(pilot, "location", "Lyon")
        await picked(pilot, "enter")
        assert row_of(pilot, "location").values() == {"location": HOSTILE}
        assert "\x1b" not in shown(pilot)


async def test_down_moves_where_values_are_not_shared(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("down")
        assert input_of(pilot, "last_name").has_focus
        await pilot.press("down", "tab", "tab", "down")
        assert input_of(pilot, "location").has_focus


async def test_set_field_takes_a_picked_value(session):  # noqa: F811
    dialog = SetFieldDialog(session, [ANNA.user_id], "Anna Berg", allow_unlicensed=False)
    async with open_dialog(dialog) as hand:
        await hand.press("down", "down", "down", "enter")
        assert dialog.selected.field is LOCATION
        await picked(hand.pilot, "m", "o", "enter")
        assert dialog.query_one(Input).value == "Moss"
        button = dialog.query_one("#yes", Button)
        await wait_until(pilot_of(hand), lambda: not button.disabled)
        await hand.press("f2")
        assert hand.app.result.values == {"location": "Moss"}


async def test_rename_offers_the_other_values():
    users = [ANNA._replace(department=name) for name in ("Sales", "Sales", "IT", "")]
    values = count_field_values(users, FILTER_FIELDS["department"], lambda: None)
    async with open_dialog(RenameDialog(values, "Sales")) as hand:
        await hand.pilot.press("down")
        await wait_until(pilot_of(hand), lambda: isinstance(top(pilot_of(hand)), ValuePicker))
        await hand.settle()
        assert isinstance(dialog := top(pilot_of(hand)), ValuePicker)
        assert dialog._rows.row_count == 1
        await hand.press("enter")
        assert hand.app.dialog.query_one(Input).value == "IT"
        await hand.press("enter")
        assert hand.app.result.new == "IT"


async def test_correct_takes_a_picked_value(tmp_path):
    dialog = CorrectScreen(planned(tmp_path), REJECTED)
    async with open_dialog(dialog) as hand:
        form = dialog.query_one(FieldForm)
        form.focus_field(LOCATION)
        await hand.settle()
        assert "↓ values in use" in hand.screen_text
        await picked(hand.pilot, "backspace", "enter")
        focused = hand.app.focused
        assert isinstance(focused, FieldInput)
        assert (focused.field, focused.typed) == (LOCATION, "Oslo")
        assert form.values[LOCATION.index] == "Oslo"
        form.focus_field(FIELD["extension"])
        await hand.press("down")
        assert hand.app.screen is dialog
