"""The dialog to pick one of the values in use of a field, in each place that opens it."""

from collections import Counter
from functools import partial
from threading import Event
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.target import Target
from qm_tui.tui.changes.value_picker import ValuePicker, count_values
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.user.field_form import FieldForm, FieldInput
from qm_tui.tui.user.form import UserForm
from qm_tui.tui.user.form_rows import TextRow
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import FIELD
from qm_tui.users.query.counts import count_field_values
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.query import these
from tests.helpers import ANNA, EMPTY_STATE, state_of, user
from tests.tui.dialogs import DialogApp, open_dialog
from tests.tui.operations import opens
from tests.tui.pages import SMALL, app_on, shown, store_of, top, wait_until
from tests.tui.records import REJECTED, planned

LOCATION = FIELD["location"]
HOSTILE = "Lyon\x1b]52;c;cm0=\x07\u202e"
COUNTS = {"Oslo": 5, "Oslo Nord": 3, "Moss": 2, HOSTILE: 1, "": 4}
USERS = {
    f"u-u{place}{number}": user(f"u{place}{number}", location=location)
    for place, (location, count) in enumerate(COUNTS.items())
    for number in range(count)
}


def picker(value: str = "") -> ValuePicker:
    return ValuePicker(LOCATION, value, partial(count_values, LOCATION, state_of(*USERS.values())))


def rows(hand: Any) -> list[str]:
    """The values shown with their numbers of users."""
    values = hand.app.dialog._rows
    return [" ".join(values.row_text(row, 40).split()) for row in range(values.row_count)]


@pytest.mark.parametrize(
    ("keys", "picked"),
    [
        ("down enter", "Oslo Nord"),
        ("n o r d enter", "Oslo Nord"),
        ("l y enter", HOSTILE),
        ("o s l o down up enter", "Oslo"),
        ("x y enter escape", None),
    ],
)
async def test_typing_narrows_and_enter_takes_the_current_value(keys, picked):
    async with open_dialog(picker(), (60, 16)) as hand:
        assert rows(hand)[:3] == ["> Oslo 5", "Oslo Nord 3", "Moss 2"]
        assert len(rows(hand)) == len(COUNTS) - 1
        assert "Location: values in use" in hand.screen_text
        *first, last = keys.split()
        await hand.press(*first)
        assert ("No values in use match." in hand.screen_text) == (picked is None)
        await hand.press(last)
        assert hand.app.result == picked


async def test_list_begins_with_the_text_of_the_input_and_takes_clicks():
    async with open_dialog(picker("os")) as hand:
        assert len(rows(hand)) == 3
        assert "> Oslo 5" in rows(hand)
        await hand.press("backspace")
        assert len(rows(hand)) == len(COUNTS) - 1
        await hand.click("#values-in-use", (4, 3))
        await hand.click("#values-in-use", (4, 3))
        assert hand.app.result == "Moss"


async def test_keys_typed_before_the_values_are_counted_pick_one_of_them():
    may_count = Event()

    def slowly(yield_control: Any) -> Any:
        may_count.wait(10)
        return count_values(LOCATION, state_of(*USERS.values()), yield_control)

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
    dialog = ValuePicker(LOCATION, "Oslo", partial(count_values, LOCATION, EMPTY_STATE))
    async with open_dialog(dialog) as hand:
        assert "No values in use yet." in hand.screen_text
        await hand.press("enter")
        assert hand.app.is_open


# Where it opens


async def picked(pilot: Any, *keys: str) -> None:
    """Open the picker with Down, and press keys in it."""
    await pilot.press("down")
    await wait_until(pilot, lambda: isinstance(top(pilot), ValuePicker))
    dialog: Any = top(pilot)
    await wait_until(pilot, lambda: dialog.is_mounted and not dialog._rows.is_counting)
    await pilot.press(*keys)
    await wait_until(pilot, lambda: top(pilot) is not dialog)


async def test_down_opens_values_in_use_in_the_user_form(home):
    app = app_on(home / "users.json", [ANNA, *USERS.values()])
    async with app.run_test(size=SMALL) as pilot:
        await opens(pilot, UserFormScreen, "e")
        form = top(pilot).query_one(UserForm)
        await form.is_complete.wait()
        row = next(row for row in form.rows if LOCATION in row.fields)
        assert isinstance(row, TextRow)
        form.focus_row(row)
        for typed, keys, value in (
            ("", ["escape"], ""),
            ("", ["enter"], "Oslo"),
            ("Lyon", ["enter"], HOSTILE),
        ):
            row.query_one(Input).value = typed
            await pilot.pause()
            assert "↓ values in use" in shown(pilot)
            await picked(pilot, *keys)
            assert row.values() == {"location": value}
            assert pilot.app.focused is row.editor
        assert "\x1b" not in shown(pilot)
        form.focus_row(form.rows[0])
        await pilot.press("down")
        await pilot.pause()
        assert form.row_of(pilot.app.focused) is form.rows[1]  # its values are not shared


async def test_set_field_takes_a_picked_value(tmp_path):
    session = Session(store_of(tmp_path / "users.json", USERS.values()), "mheller")
    session.store.load()
    target = Target(None, these(USERS), number=len(USERS))
    dialog = SetFieldDialog(session, target, allow_unlicensed=False)
    async with open_dialog(dialog) as hand:
        await hand.press("down", "down", "down", "enter")
        await picked(hand.pilot, "m", "o", "enter")
        assert dialog.query_one(Input).value == "Moss"
        pilot: Any = hand.pilot
        await wait_until(
            pilot,
            lambda: dialog.setting is not None and dialog.setting.values == {"location": "Moss"},
        )
        await hand.press("f2")
        assert hand.app.result.values == {"location": "Moss"}


async def test_rename_offers_the_other_values():
    groups: Counter[tuple[str, ...]] = Counter((name, "1") for name in ("Sales", "Sales", "IT", ""))
    values = count_field_values(groups, FILTER_FIELDS["department"], lambda: None)
    async with open_dialog(RenameDialog(values, "Sales")) as hand:
        await picked(hand.pilot, "enter")
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
