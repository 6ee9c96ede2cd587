"""Rejected records are corrected in a form, and imported then."""

from dataclasses import replace

import pytest
from textual import events
from textual.widgets import Static

from qm_tui.store import open_store
from qm_tui.transfer.importing import commit, prepare
from qm_tui.transfer.planning.plan import Result
from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.user.field_form import FieldForm, FieldInput, FieldRow
from qm_tui.tui.widgets.message_box import Question
from qm_tui.users.fields import FIELD, FIELDS
from tests.helpers import EDIT, some_of
from tests.tui.dialogs import DialogApp, Hand, opened
from tests.tui.pages import LARGE, SMALL
from tests.tui.records import BEN, CARA, MANY_FAULTS, REJECTED, planned

NARROW = (60, 20)


@pytest.fixture
def prepared(tmp_path):
    return planned(tmp_path)


class Form(Hand):
    """What somebody does in the form, and what they see."""

    @property
    def focused(self) -> str:
        field = self.app.screen.query_one(FieldForm).focused_field
        return field.key if field else ""

    @property
    def fields(self):
        return [row.input.field.key for row in self.app.dialog.query(FieldRow)]

    def line(self, key) -> FieldInput:
        lines = self.app.dialog.query(FieldInput)
        return next(one for one in lines if one.field.key == key)

    def said(self, name) -> str:  # type: ignore[override]
        line = self.app.dialog.query_one(f"#correct-{name}", Static)
        return str(line.content) if line.display else ""

    async def fill(self, key, text):
        """Type a value in place of what stands in a field, key by key."""
        self.line(key).focus()
        await self.pilot.pause()
        await self.pilot.press("end", "ctrl+u", *text)
        await self.judged()

    async def judged(self):
        await self.pilot.pause(0.3)


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


@pytest.mark.parametrize("size", [SMALL, LARGE, NARROW])
async def test_the_faulty_fields_come_first_under_the_cursor(prepared, size):
    async with opened(CorrectScreen(prepared, REJECTED), size) as hand:
        form = form_in(hand)
        assert "Correct record 1, line 2 (1 of 3)" in hand.screen_text
        assert form.fields[:4] == ["extension", "phone_ip", "is_active", "location"]
        assert len(set(form.fields)) == len(FIELDS)
        assert form.focused == "extension"
        assert form.said("count") == "4 problems"
        assert form.said("help") == "Fill in Extension."
        assert "! Extension is empty: every user needs one" in hand.screen_text
        assert "1 line could not be read: correct it in the file" in form.said("passed-over")


@pytest.mark.parametrize("size", some_of([SMALL, LARGE, NARROW], [0]))
async def test_every_field_is_reached_and_seen(prepared, size):
    async with opened(CorrectScreen(prepared, REJECTED), size) as hand:
        form = form_in(hand)
        for key in form.fields:
            assert form.focused == key
            assert f" {FIELD[key].name} " in hand.screen_text
            await form.press("down")
        assert str(hand.app.focused.label) == "[F2 Save, next]"
        await form.press("shift+tab")
        assert form.focused == form.fields[-1]


async def test_it_is_judged_again_while_it_is_typed(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await form.fill("extension", "0777")
        assert form.said("count") == "3 problems"
        assert "Extension is empty" not in hand.screen_text
        await form.fill("sip_uri", "dan@example.com")
        assert form.said("count") == "4 problems"
        await form.fill("sip_uri", "")
        await correct_the_first(form)
        assert form.said("count") == "no problem left"


async def test_f2_saves_and_goes_to_the_next_and_the_store_takes_it(prepared, home):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await correct_the_first(form)
        await form.press("f2")
        assert "Correct record 2, line 3 (2 of 3)" in hand.screen_text
        assert form.fields[:2] == ["extension", "recording_service"]
        assert "Stored: 0412" in form.said("help")
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
    again = prepare(replace(prepared.asked, corrections=corrections), store.state)
    assert again.plan.outcomes is not None
    assert [one.result for one in again.plan.outcomes] == [
        Result.ADDED,
        Result.CHANGED,
        Result.REJECTED,
        Result.CHANGED,
        Result.ADDED,
        Result.ADDED,
    ]
    assert commit(again, store).committed
    users = open_store(home / "users.json").load().users
    dan = next(one for one in users.values() if one.user_name == "dan")
    wanted = {"extension": "0777", "phone_ip": "10.0.0.25", "is_active": "1", "location": "Oslo"}
    assert dan == MANY_FAULTS._replace(user_id=dan.user_id, **wanted)
    assert users["u-cara"] == CARA._replace(location="Bergen")


async def test_the_button_saves_as_f2_does(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await correct_the_first(form)
        await form.click("#save")
        assert "Correct record 2" in hand.screen_text


async def test_a_record_that_is_still_wrong_is_kept_out_if_f2_is_pressed_again(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await form.fill("extension", "0777")
        await form.press("f2")
        assert form.said("said").startswith("Still wrong: Phone IP '10.0.0.256'")
        assert "and 2 problems more. F2 again keeps the record rejected." in form.said("said")
        assert form.focused == "phone_ip"
        await form.fill("phone_ip", "?")
        assert form.said("said") == ""
        await form.press("f2")
        assert "Correct record 1" in hand.screen_text
        await form.press("f2")
        assert "Correct record 2" in hand.screen_text
        await form.press("escape")
        corrections = hand.app.result
    assert corrections[1][FIELD["phone_ip"].index] == "?"
    again = prepare(replace(prepared.asked, corrections=corrections), prepared.state)
    assert again.plan.outcomes is not None
    assert again.plan.outcomes[0].result is Result.REJECTED


async def test_a_record_left_as_it_is_leaves_no_correction(prepared):
    async with opened(CorrectScreen(prepared, [1, 3])) as hand:
        await hand.press("f2", "f2")
        assert hand.app.result is None


async def test_a_corrected_record_is_known_when_the_next_is_judged(prepared):
    """Records 1 and 6 have one User Name."""
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await correct_the_first(form)
        await form.press("f2", "f2", "f2")
        assert "Correct record 6" in hand.screen_text
        assert "User Name 'dan' stands in line 2 already" in hand.screen_text


async def test_it_begins_with_the_record_that_was_chosen_and_comes_round(prepared):
    async with opened(CorrectScreen(prepared, REJECTED, begin_with=6)) as hand:
        assert "Correct record 6" in hand.screen_text
        await hand.press("f2", "f2")
        assert "Correct record 1" in hand.screen_text


async def test_where_nothing_could_be_read_that_is_said(prepared):
    async with opened(CorrectScreen(prepared, [3])) as hand:
        assert hand.app.result is None
        assert "1 line could not be read" in hand.screen_text


async def test_esc_asks_only_where_something_typed_would_be_lost(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await form.fill("extension", "0777")
        await form.press("escape")
        assert isinstance(hand.app.screen, Question)
        await form.press("escape")
        assert hand.app.is_open
        await form.fill("extension", "")
        await form.press("escape")
        assert hand.app.result is None


async def test_esc_may_leave_what_was_typed_and_keeps_what_was_saved(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await correct_the_first(form)
        await form.press("f2")
        await form.fill("extension", "0777")
        await form.press("escape")
        await form.click("#yes")
        assert sorted(hand.app.result) == [1]


async def test_secrets_are_masked_and_stay_as_in_the_file_until_typed(prepared):
    async with opened(CorrectScreen(prepared, REJECTED), (80, 60)) as hand:
        form = form_in(hand)
        password = form.line("password")
        assert (password.value, password.password) == ("", True)
        assert str(password.placeholder) == "(as in the file)"
        assert MANY_FAULTS.password not in hand.screen_text
        values = form.app.dialog.query_one(FieldForm).values
        assert values[password.field.index] == MANY_FAULTS.password
        await form.fill("password", "ENC new")
        assert "ENC new" not in hand.screen_text
        assert form.app.dialog.query_one(FieldForm).values[password.field.index] == "ENC new"


async def test_space_turns_a_flag_over_and_is_a_space_elsewhere(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        active = form.line("is_active")
        active.focus()
        for value in ("1", "0", "1"):
            await form.press("space")
            assert active.value == value
        await form.fill("department", "")
        await form.press("a", "space", "b")
        assert form.line("department").value == "a b"


async def test_nothing_that_a_terminal_would_obey_gets_in(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        await form.fill("extension", "")
        form.line("extension").post_message(events.Paste("0\x1b[2J4\u202e13\x07"))
        await form.judged()
        assert form.line("extension").value == "0[2J413"


async def test_a_character_that_cannot_be_shown_stays_until_its_picture_is_deleted(prepared):
    place = FIELD["location"].index
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        location = form.line("location")
        location.focus()
        assert location.value == "Os␇lo"
        await form.press("end", "x")
        assert form.app.dialog.query_one(FieldForm).values[place] == "Os\alox"
        await form.press("left", "left", "left", "backspace")
        assert form.app.dialog.query_one(FieldForm).values[place] == "Oslox"
        await form.judged()
        assert form.said("count") == "3 problems"


async def test_keys_that_come_in_one_burst_are_taken_in_their_order(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        form = form_in(hand)
        keys = "0 7 7 7 down end ctrl+u 1 0 . 0 . 0 . 5 tab end ctrl+u 1 down ctrl+u A f2"
        for key in keys.split():
            character = key if len(key) == 1 else None
            hand.app.post_message(events.Key(key, character))
        await form.settle()
        await form.judged()
        assert "Correct record 2" in hand.screen_text
        await form.press("escape")
        values = hand.app.result[1]
    by_key = {one.key: values[one.index] for one in FIELDS}
    assert by_key["extension"] == "0777"
    assert by_key["phone_ip"] == "10.0.0.5"
    assert by_key["is_active"] == "1"
    assert by_key["location"] == "A"


async def test_a_field_without_a_column_can_be_filled_and_else_stays_absent(tmp_path):
    from qm_tui.transfer.importing import Asked
    from tests.helpers import csv_text, state_of, written

    rows = [["First Name", "User ID", "Extension"], ["Cara", "u-cara", ""]]
    prepared = prepare(Asked(written(tmp_path, csv_text(rows))), state_of(CARA))
    async with opened(CorrectScreen(prepared, [1])) as hand:
        form = form_in(hand)
        assert str(form.line("location").placeholder) == "(not in the file)"
        await form.fill("extension", "0999")
        await form.fill("location", "Bergen")
        await form.press("f2")
        corrections = hand.app.result
    again = prepare(replace(prepared.asked, corrections=corrections), prepared.state)
    assert again.plan.outcomes is not None
    assert again.plan.outcomes[0].user == CARA._replace(extension="0999", location="Bergen")
    assert corrections[1][FIELD["agent_id"].index] is None


async def test_f1_lists_the_keys(prepared):
    async with opened(CorrectScreen(prepared, REJECTED)) as hand:
        await hand.press("f1")
        assert isinstance(hand.app.screen, KeysScreen)
        for words in ("Save, next record", "Next field", "Turn a flag over"):
            assert words in hand.screen_text


SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


@pytest.mark.snapshot
@SIZES
def test_the_form(prepared, size, snap_compare):
    async def before(pilot):
        await pilot.pause(0.4)

    app = DialogApp(CorrectScreen(prepared, REJECTED))
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.snapshot
@SIZES
def test_a_record_that_is_still_wrong(prepared, size, snap_compare):
    async def before(pilot):
        await pilot.pause(0.4)
        await pilot.press(*"0777", "f2")
        await pilot.pause(0.4)

    app = DialogApp(CorrectScreen(prepared, REJECTED))
    assert snap_compare(app, terminal_size=size, run_before=before)
