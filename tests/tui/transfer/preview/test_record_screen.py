"""The details of a record: its problems, each field before and after, the next record."""

import pytest

from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.tui.transfer.preview.record_screen import RecordScreen, RecordScreenResult
from qm_tui.users.fields import FIELDS
from tests.helpers import EMPTY_STATE, HEADER, csv_text, user, write_file
from tests.tui.dialogs import DialogDriver, open_dialog
from tests.tui.pages import LARGE
from tests.tui.records import MANY_ISSUES, UPDATE, planned

NARROW = (60, 20)


@pytest.fixture
def outcomes(tmp_path):
    return planned(tmp_path).plan.outcomes


def screen_of(outcomes, number, among=True):
    return RecordScreen(outcomes[number - 1], outcomes if among else (), number - 1)


async def all_text(hand: DialogDriver):
    """Return the whole text of the record, read by scrolling."""
    seen = []
    await hand.press("home")
    for _ in range(40):
        lines = [line.strip("│╭╮╰╯ ") for line in hand.screen_text.splitlines()]
        seen += [line for line in lines if line not in seen]
        before = hand.screen_text
        await hand.press("down")
        if hand.screen_text == before:
            break
    return " ".join(" ".join(seen).split())


@pytest.mark.parametrize("size", [LARGE, NARROW])
async def test_rejected_record_shows_all_problems_and_fields(outcomes, size):
    async with open_dialog(screen_of(outcomes, 1), size) as hand:
        assert "Record 1, line 2: rejected" in hand.screen_text
        text = await all_text(hand)
        for fault in outcomes[0].issues:
            assert f"! {fault.message}." in text
            assert fault.fix in text
        for field in FIELDS:
            assert field.name in text
        assert "! Extension (empty)" in text
        assert "! Phone IP 10.0.0.256" in text
        assert "Os␇lo" in text


async def test_rejected_short_record_shows_no_value(tmp_path):
    short = user(first_name="HUNTER2", location="HUNTER2", sip_uri="HUNTER2")[:25]
    with UsersFile(write_file(tmp_path, csv_text([HEADER, short]))) as file:
        plan = plan_import(file.read(), EMPTY_STATE, detail=PlanDetail.RECORDS)
    async with open_dialog(screen_of(plan.outcomes, 1), LARGE) as hand:
        text = await all_text(hand)
        assert "(no name)" in text
        assert "Location set" in text
        assert "HUNTER2" not in text


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (
            2,  # problems and changes come first
            [
                "Stored value → file value",
                "! Extension                     0412 → (empty)",
                "! Recording Service IP Address  Any → no. 1",
                "~ Location                      Oslo → Bergen",
                "  First Name                    Cara",
            ],
        ),
        (
            4,
            ["Record 4, line 5: changed", "Before → after", "A-17 → (empty)", "Sales → Sales EMEA"],
        ),
        (5, ["Record 5, line 6: added", "First Name                    Gil"]),
    ],
)
async def test_record_shows_its_values_and_changes(outcomes, number, parts):
    async with open_dialog(screen_of(outcomes, number), LARGE) as hand:
        places = [hand.screen_text.find(part) for part in parts]
        assert -1 not in places
        assert places == sorted(places)
        assert all(issue.message in hand.screen_text for issue in outcomes[number - 1].issues)


@pytest.mark.parametrize("number", [1, 2, 4, 5])
async def test_secrets_are_never_shown(outcomes, number):
    async with open_dialog(screen_of(outcomes, number), (80, 60)) as hand:
        text = hand.screen_text
        for secret in (MANY_ISSUES.password, MANY_ISSUES.salt, UPDATE.password):
            assert secret not in text
        words = {1: ("set", "set"), 2: ("set", "set"), 4: ("changes", "set → not set")}
        password, salt = words.get(number, ("set", "not set"))
        lines = [line.strip("│ ?~") for line in text.splitlines()]
        assert f"Password                      {password}" in lines
        assert f"Salt Value                    {salt}" in lines


async def test_only_a_rejected_record_that_was_parsed_can_be_corrected(outcomes):
    for number, text in ((3, "The line cannot be parsed."), (4, "changed")):
        async with open_dialog(screen_of(outcomes, number, among=False)) as hand:
            assert text in hand.screen_text
            assert "Correct]" not in hand.screen_text
            assert "Next]" not in hand.screen_text
            await hand.press("c", "n", "p")
            assert hand.app.is_open
            assert f"Record {number}," in hand.screen_text
            await hand.press("q")
            assert hand.app.result == RecordScreenResult(number, correct=False)
    for way in ("c", "#correct"):
        async with open_dialog(screen_of(outcomes, 1)) as hand:
            await (hand.click(way) if way.startswith("#") else hand.press(way))
            assert hand.app.result == RecordScreenResult(1, correct=True)


async def test_n_p_and_arrow_keys_browse_records(outcomes):
    async with open_dialog(screen_of(outcomes, 1)) as hand:
        for key, number in (("n", 2), ("right", 3), ("left", 2), ("p", 1), ("p", 1)):
            await hand.press(key)
            assert f"Record {number}," in hand.screen_text
        assert "p Previous" not in hand.screen_text
        await hand.click("#next")
        assert "2 of 6" in hand.screen_text
        await hand.press("escape")
        assert hand.app.result == RecordScreenResult(2, correct=False)
