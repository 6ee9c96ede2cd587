"""The form to correct rejected records."""

from dataclasses import replace
from typing import Any

import pytest
from textual import events
from textual.widgets import Static

from qm_tui.store import open_store
from qm_tui.transfer.importing import ImportRequest, commit_import, prepare_import
from qm_tui.transfer.options.import_options import ImportOptions, ShortRecords
from qm_tui.transfer.planning.plan import Result
from qm_tui.transfer.planning.record_check import RecordValidator
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.user.field_form import FieldForm, FieldInput, FieldRow
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.users.fields import FIELD, FIELDS
from tests.helpers import EDIT, HEADER, csv_text, state_of, users_of, write_file
from tests.tui.dialogs import DialogDriver, open_dialog
from tests.tui.pages import SMALL, wait_until
from tests.tui.records import BEN, CARA, MANY_ISSUES, REJECTED, planned

NARROW = (60, 20)


VALIDATED: list[list[str | None]] = []
"""The values that were validated, in order."""


@pytest.fixture(autouse=True)
def _values_are_noted(monkeypatch):
    validate = RecordValidator.validate

    def validate_and_note(validator, number, line, values):
        VALIDATED.append(list(values))
        return validate(validator, number, line, values)

    monkeypatch.setattr(RecordValidator, "validate", validate_and_note)
    VALIDATED.clear()


@pytest.fixture
def prepared(tmp_path):
    return planned(tmp_path)


class Form(DialogDriver):
    """Actions in the form, and what it shows."""

    @property
    def focused(self) -> str:
        field = self.app.screen.query_one(FieldForm).focused_field
        return field.key if field else ""

    @property
    def fields(self):
        return [row.input.field.key for row in self.app.dialog.query(FieldRow)]

    def line(self, key) -> FieldInput:
        lines = self.app.dialog.query(FieldInput)
        return next(line for line in lines if line.field.key == key)

    def message(self, name) -> str:  # type: ignore[override]
        line = self.app.dialog.query_one(f"#correct-{name}", Static)
        return str(line.content) if line.display else ""

    async def fill(self, key, text):
        """Replace the value of a field by typing."""
        self.line(key).focus()
        await self.pilot.pause()
        await self.pilot.press("end", "ctrl+u", *text)
        await self.judged()

    async def judged(self):
        """Wait until what was typed is validated and shown."""
        form = self.app.dialog.query_one(FieldForm)
        pilot: Any = self.pilot
        await wait_until(pilot, lambda: VALIDATED[-1:] == [form.values])
        await self.settle()


def faults_of(prepared, number):
    """Return the problems of a record by field key."""
    faults = prepared.plan.outcomes[number - 1].issues
    return {fault.field.key: fault for fault in faults if fault.field is not None}


def form_in(hand):
    return Form(hand.app, hand.pilot)


async def correct_the_first(form):
    for key, text in (
        ("extension", "0777"),
        ("phone_ip", "10.0.0.25"),
        ("is_active", "1"),
        ("location", "Oslo"),
    ):
        await form.fill(key, text)


@pytest.mark.parametrize("size", [SMALL, NARROW])
async def test_invalid_fields_come_first(prepared, size):
    async with open_dialog(CorrectScreen(prepared, REJECTED), size) as hand:
        form = form_in(hand)
        assert "Correct record 1, line 2 (1 of 3)" in hand.screen_text
        assert form.fields[:4] == ["extension", "phone_ip", "is_active", "location"]
        assert len(set(form.fields)) == len(FIELDS)
        assert form.focused == "extension"
        assert form.message("count") == "4 errors"
        assert form.message("help") == faults_of(prepared, 1)["extension"].fix
        assert f"! {faults_of(prepared, 1)['extension'].message}" in hand.screen_text
        assert "1 line cannot be parsed. Correct it in the file" in form.message("passed-over")


async def test_every_field_can_be_reached(prepared):
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        for key in form.fields:
            assert form.focused == key
            assert f" {FIELD[key].name} " in hand.screen_text
            await form.press("tab")
        assert str(hand.app.focused.label) == "[F2 Save and next]"
        await form.press("shift+tab")
        assert form.focused == form.fields[-1]
        # space toggles only yes/no fields
        active = form.line("is_active")
        active.focus()
        for value in ("1", "0", "1"):
            await form.press("space")
            assert active.value == value
        await form.fill("department", "")
        await form.press("a", "space", "b")
        assert form.line("department").value == "a b"


async def test_record_is_validated_while_typing_and_esc_asks(prepared):
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await form.fill("extension", "0777")
        assert form.message("count") == "3 errors"
        assert faults_of(prepared, 1)["extension"].message not in hand.screen_text
        await form.fill("sip_uri", "dan@example.com")
        assert form.message("count") == "4 errors"
        await form.fill("sip_uri", "")
        await correct_the_first(form)
        assert form.message("count") == "no errors left"
        await form.press("escape")
        assert isinstance(hand.app.screen, ConfirmQuestion)
        await form.press("escape")
        assert hand.app.is_open
        await form.click("#save")
        assert "Correct record 2" in hand.screen_text
        await form.press("escape")  # nothing was typed here
        assert sorted(hand.app.result) == [1]


async def test_f2_saves_and_the_corrections_can_be_imported(prepared, home):
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await correct_the_first(form)
        await form.press("f2")
        assert "Correct record 2, line 3 (2 of 3)" in hand.screen_text
        assert form.fields[:2] == ["extension", "recording_service"]
        assert "Stored value: 0412" in form.message("help")
        await form.fill("extension", "0412")
        await form.fill("recording_service", "Any")
        await form.press("f2")
        assert "Correct record 6, line 7 (3 of 3)" in hand.screen_text
        await form.fill("extension", "0778")
        await form.fill("user_name", "fay")
        await form.press("f2")
        corrections = hand.app.result
    assert isinstance(corrections, dict)
    assert sorted(corrections) == [1, 2, 6]
    store = open_store(home / "users.json")
    with store.transaction(EDIT) as transaction:
        transaction.commit({"u-ben": BEN, "u-cara": CARA})
    again = prepare_import(replace(prepared.request, corrections=corrections), store.state)
    assert (again.plan.counts[Result.ADDED], again.plan.counts[Result.CHANGED]) == (3, 2)
    assert commit_import(again, store).committed
    users = users_of(open_store(home / "users.json").load())
    dan = next(user for user in users.values() if user.user_name == "dan")
    wanted = {"extension": "0777", "phone_ip": "10.0.0.25", "is_active": "1", "location": "Oslo"}
    assert dan == MANY_ISSUES._replace(user_id=dan.user_id, **wanted)
    assert users["u-cara"] == CARA._replace(location="Bergen")


async def test_f2_accepts_a_short_record_and_its_warning_stays(tmp_path):
    row = list(MANY_ISSUES._replace(phone_ip="", is_active="1", extension="0777", sip_uri=""))
    path = write_file(tmp_path, csv_text([HEADER, row[:-1]]))
    options = ImportOptions(short_records=ShortRecords.REJECT)
    short = prepare_import(ImportRequest(path, options), state_of(BEN))
    assert short.plan.rejected == 1
    async with open_dialog(CorrectScreen(short, [1])) as hand:
        form = form_in(hand)
        assert "25 values for 26 columns" in form.message("record")
        for key, value in (("recording_service", "Any"), ("location", "Oslo")):
            await form.fill(key, value)
        await form.press("f2")
        corrections = hand.app.result
    assert isinstance(corrections, dict)
    plan = prepare_import(replace(short.request, corrections=corrections), short.state).plan
    assert [str(issue.severity) for issue in plan.issues if issue.field is None] == ["warning"]
    assert plan.counts[Result.ADDED] == 1


async def test_second_f2_leaves_an_invalid_record_rejected(prepared):
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await form.fill("extension", "0777")
        await form.press("f2")
        assert form.message("said").startswith("Still invalid: Phone IP '10.0.0.256'")
        assert "(and 2 more errors). Press F2 again to leave the record" in form.message("said")
        assert form.focused == "phone_ip"
        await form.fill("phone_ip", "?")
        assert form.message("said") == ""
        await form.press("f2")
        assert "Correct record 1" in hand.screen_text
        await form.press("f2")
        assert "Correct record 2" in hand.screen_text
        await form.press("escape")
        corrections = hand.app.result
    assert corrections[1][FIELD["phone_ip"].index] == "?"
    again = prepare_import(replace(prepared.request, corrections=corrections), prepared.state)
    assert again.plan.outcomes is not None
    assert again.plan.outcomes[0].result is Result.REJECTED


async def test_validation_includes_corrected_records_and_discarding_keeps_them(prepared):
    """Records 1 and 6 have the same User Name."""
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await correct_the_first(form)
        await form.press("f2", "f2", "f2")
        assert "Correct record 6" in hand.screen_text
        assert "User Name 'dan' is already used in line 2" in hand.screen_text
        await form.fill("extension", "0779")
        await form.press("escape")
        await form.click("#yes")
        assert sorted(hand.app.result) == [1]


async def test_form_starts_with_the_selected_record_and_wraps_around(prepared):
    async with open_dialog(CorrectScreen(prepared, REJECTED, begin_with=6)) as hand:
        assert "Correct record 6" in hand.screen_text
        await hand.press("f2", "f2")
        assert "Correct record 1" in hand.screen_text
        await hand.press("f2", "f2", "f2", "f2")
        assert hand.app.result is None  # unchanged records have no correction
    async with open_dialog(CorrectScreen(prepared, [3])) as hand:
        assert hand.app.result is None
        assert "1 line cannot be parsed" in hand.screen_text


async def test_secrets_are_masked_and_kept_until_edited(prepared):
    async with open_dialog(CorrectScreen(prepared, REJECTED), (80, 60)) as hand:
        form = form_in(hand)
        password = form.line("password")
        assert (password.value, password.password) == ("", True)
        assert str(password.placeholder) == "(as in the file)"
        assert MANY_ISSUES.password not in hand.screen_text
        values = form.app.dialog.query_one(FieldForm).values
        assert values[password.field.index] == MANY_ISSUES.password
        await form.fill("password", "ENC new")
        assert "ENC new" not in hand.screen_text
        assert form.app.dialog.query_one(FieldForm).values[password.field.index] == "ENC new"


async def test_control_character_of_the_file_is_kept_until_deleted(prepared):
    place = FIELD["location"].index
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        location = form.line("location")
        location.focus()
        assert location.value == "Os␇lo"
        await form.press("end", "x")
        assert form.app.dialog.query_one(FieldForm).values[place] == "Os\alox"
        await form.press("left", "left", "left", "backspace")
        assert form.app.dialog.query_one(FieldForm).values[place] == "Oslox"
        await form.judged()
        assert form.message("count") == "3 errors"
        await form.fill("extension", "")
        form.line("extension").post_message(events.Paste("0\x1b[2J4\u202e13\x07"))
        await form.judged()
        assert form.line("extension").value == "0[2J413"


async def test_keys_in_one_burst_keep_their_order(prepared):
    async with open_dialog(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        keys = "0 7 7 7 down end ctrl+u 1 0 . 0 . 0 . 5 tab end ctrl+u 1 down ctrl+u A f2"
        for key in keys.split():
            character = key if len(key) == 1 else None
            hand.app.post_message(events.Key(key, character))
        await wait_until(form.pilot, lambda: "Correct record 2" in hand.screen_text)
        await form.press("escape")
        values = hand.app.result[1]
    wanted = {"extension": "0777", "phone_ip": "10.0.0.5", "is_active": "1", "location": "A"}
    assert {key: values[FIELD[key].index] for key in wanted} == wanted


async def test_field_without_a_column_can_be_filled(tmp_path):
    rows = [["First Name", "User ID", "Extension"], ["Cara", "u-cara", ""]]
    prepared = prepare_import(ImportRequest(write_file(tmp_path, csv_text(rows))), state_of(CARA))
    async with open_dialog(CorrectScreen(prepared, [1])) as hand:
        form = form_in(hand)
        assert str(form.line("location").placeholder) == "(not in the file)"
        await form.fill("extension", "0999")
        await form.fill("location", "Bergen")
        await form.press("f2")
        corrections = hand.app.result
    again = prepare_import(replace(prepared.request, corrections=corrections), prepared.state)
    assert again.plan.outcomes is not None
    assert again.plan.outcomes[0].user == CARA._replace(extension="0999", location="Bergen")
    assert corrections[1][FIELD["agent_id"].index] is None
