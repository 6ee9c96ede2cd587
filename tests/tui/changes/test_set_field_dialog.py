"""The dialog that gives a field of several users one value: what it says, offers and gives."""

import asyncio

import pytest
from textual.widgets import Button, Input, OptionList, Static

from qm_tui.store import open_store
from qm_tui.store.changes.bulk import plan_bulk
from qm_tui.tui.changes import set_field_dialog
from qm_tui.tui.changes.set_field_dialog import ChangeDialog
from qm_tui.tui.widgets.message_box import HoldsText, Question
from qm_tui.tui.widgets.option_row import ChoiceLine
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import MAX_VALUE
from tests.helpers import ANNA, commit_unchecked, user
from tests.tui.dialogs import opened

FIELDS = (
    "recording profile",
    "security profile",
    "department",
    "location",
    "recording service",
    "license",
    "computer recording",
)
HOSTILE = "Lyon\x1b]52;c;cm0=\x07"
USERS = (
    ANNA._replace(location="Oslo"),
    *(user(f"n{at}", location="Oslo Nord") for at in range(3)),
    *(user(f"m{at}", location="Moss") for at in range(2)),
    *(user(f"l{at}", location=HOSTILE) for at in range(2)),
)
BROKEN = user("bo", last_name="", location="Rome")


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Whom a value changes is asked with no pause after the last key."""
    monkeypatch.setattr(set_field_dialog, "_PAUSE", 0.001)


@pytest.fixture
def session(tmp_path):
    commit_unchecked(tmp_path / "users.json", *USERS, BROKEN)
    store = open_store(tmp_path / "users.json")
    session = Session(store, "mheller")
    session.listing.prepare(store.load().users)
    return session


def dialog_on(session, users=(*USERS, BROKEN), *, allow_unlicensed=False):
    user_ids = [one.user_id for one in users]
    who = f"{len(user_ids)} marked users"
    return ChangeDialog(session, user_ids, who, allow_unlicensed=allow_unlicensed)


async def known(hand):
    """Wait until it is said what the value does."""
    await hand.settle()
    for _ in range(200):
        if said(hand, "outcome") != "Counting …":
            break
        await hand.pilot.pause(0.01)
    await hand.settle()


async def choose(hand, name):
    fields = hand.app.dialog.query_one(OptionList)
    fields.highlighted = FIELDS.index(name)
    await hand.press("tab")


async def typed(hand, text):
    """Put a text into the line in place of what stands there."""
    field = hand.app.dialog.query_one(Input)
    field.replace(text, 0, len(field.value))
    await known(hand)


def said(hand, name):
    return str(hand.app.dialog.query_one(f"#change-{name}", Static).content)


def button(hand):
    return hand.app.dialog.query_one("#yes", Button)


@pytest.mark.parametrize(
    ("field", "value", "outcome", "label"),
    [
        (
            "location",
            "Oslo",
            "7 of 9 users get Location Oslo.\n1 has it already.\n"
            "! 1 cannot be changed: Last Name is empty: every user needs one.",
            "[F2 Change 7 users]",
        ),
        # blanks around a value are not meant
        ("location", "  Bergen ", "8 of 9 users get Location Bergen.", "[F2 Change 8 users]"),
        ("location", "", "Left empty: 8 of 9 users lose Location.", "[F2 Change 8 users]"),
        ("recording service", "", "! Recording Service IP Address is empty", "[F2 Change nobody]"),
        ("recording service", "a b", "'a b' is no recording service", "[F2 Change nobody]"),
        ("location", "[@click=app.quit]x[/]", "get Location [@click", "[F2 Change 8 users]"),
    ],
)
async def test_it_says_whom_a_value_changes(session, field, value, outcome, label):
    async with opened(dialog_on(session)) as hand:
        await choose(hand, field)
        await typed(hand, value)
        assert outcome in said(hand, "outcome")
        assert str(button(hand).label) == label
        assert button(hand).disabled == ("nobody" in label)
        await hand.press("f2")
        plan = hand.app.result
        if "nobody" in label:
            assert hand.app.is_open
        else:
            assert plan.change.values == {"location": value.strip()}
            assert str(len(plan.changes)) in label


async def test_the_button_is_as_wide_as_its_number(session, monkeypatch):
    monkeypatch.setattr(set_field_dialog, "counted", lambda _number, what: f"100,000 {what}s")
    async with opened(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "Voss")
        assert "[F2 Change 100,000 users]" in hand.screen_text


async def test_of_users_who_have_it_all_nobody_changes(session):
    async with opened(dialog_on(session, USERS[:1])) as hand:
        await choose(hand, "location")
        await typed(hand, "Oslo")
        assert "1 has it already." in said(hand, "outcome")
        await hand.press("enter")
        assert hand.app.is_open


@pytest.mark.parametrize(
    ("field", "turns", "allow", "values"),
    [
        ("license", 0, False, {"unlimited_license": "1", "on_demand_license": "0"}),
        ("license", 1, False, {"unlimited_license": "0", "on_demand_license": "1"}),
        # with two choices the third turn is the second choice again
        ("license", 2, False, {"unlimited_license": "1", "on_demand_license": "0"}),
        ("license", 2, True, {"unlimited_license": "0", "on_demand_license": "0"}),
        ("computer recording", 0, False, {"computer_recording_license": "1"}),
        ("computer recording", 1, False, {"computer_recording_license": "0"}),
    ],
)
async def test_what_a_choice_gives(session, field, turns, allow, values):
    async with opened(dialog_on(session, allow_unlicensed=allow)) as hand:
        await choose(hand, field)
        assert isinstance(hand.app.focused, ChoiceLine)
        await hand.press(*["right"] * turns)
        await known(hand)
        assert hand.app.dialog._values == values
        await hand.press("f2")
        if not hand.app.is_open:
            assert hand.app.result.change.values == values
            assert hand.app.result.change.terms.allow_unlicensed == allow


@pytest.mark.parametrize(
    ("text", "in_use", "taken"),
    [
        ("", "In use: Oslo Nord", ""),
        ("Os", "In use: Oslo Nord  Oslo   → takes the first", "Oslo Nord"),
        ("os", "In use: Oslo Nord  Oslo   → takes the first", "Oslo Nord"),
        ("Oslo", "In use: Oslo Nord   → takes the first", "Oslo Nord"),
        # what cannot be shown as it is is not put into the line
        ("Ly", "In use: Lyon", "Ly"),
        ("xyz", "", "xyz"),
    ],
)
async def test_values_in_use_are_suggested_and_taken_with_the_arrow(session, text, in_use, taken):
    async with opened(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, text)
        assert said(hand, "in-use").startswith(in_use)
        assert ("takes" in said(hand, "in-use")) == (taken != text)
        assert "\x1b" not in hand.screen_text
        await hand.press("right")
        assert hand.app.dialog.query_one(Input).value == taken


async def test_what_is_not_taken_is_said(session):
    async with opened(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "a\x1bb")
        assert hand.app.dialog.query_one(Input).value == "ab"
        assert said(hand, "in-use") == "! 1 character that cannot be shown: left out."
        await typed(hand, "x" * (MAX_VALUE + 1))
        assert hand.app.dialog.query_one(Input).value == "ab"
        assert "4,097 characters, 4,096 at most" in said(hand, "in-use")


async def test_keys_in_one_burst_agree_to_nothing_that_was_not_shown(session):
    async with opened(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "Vos")
        field, dialog = hand.app.dialog.query_one(Input), hand.app.dialog
        field.insert_text_at_cursor("s")
        dialog.action_change()  # before the dialog was told of the last letter
        await known(hand)
        assert hand.app.is_open
        assert "get Location Voss." in said(hand, "outcome")
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": "Voss"}


async def test_no_field_is_cleared_before_its_line_was_looked_at(session):
    async with opened(dialog_on(session, USERS)) as hand:
        hand.app.dialog.query_one(OptionList).highlighted = FIELDS.index("location")
        await known(hand)
        assert str(button(hand).label) == "[F2 Change 8 users]"
        await hand.press("f2")
        assert hand.app.is_open
        assert isinstance(hand.app.focused, Input)
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": ""}


async def test_a_newer_question_overtakes_an_older_one(session, monkeypatch):
    begun, plans = asyncio.Event(), plan_bulk
    loop = asyncio.get_running_loop()
    go_on = asyncio.Event()

    def slow(change, state, tick):
        if change.values == {"location": "Slow"}:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(5)
            plan = plans(change, state)  # it was too late to stop it
        else:
            plan = plans(change, state, tick)
        return plan

    monkeypatch.setattr(set_field_dialog, "plan_bulk", slow)
    async with opened(dialog_on(session)) as hand:
        await choose(hand, "location")
        field = hand.app.dialog.query_one(Input)
        field.value = "Slow"
        await asyncio.wait_for(begun.wait(), 5)
        field.value = "Moss"
        await hand.pilot.pause(0.05)
        go_on.set()
        await known(hand)
        assert "get Location Moss." in said(hand, "outcome")
        assert str(button(hand).label) == "[F2 Change 6 users]"
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": "Moss"}


@pytest.mark.parametrize("way", ["escape", "#no"])
async def test_leaving_asks_where_something_was_typed(session, way):
    async def leave(hand):
        await (hand.click(way) if way[0] == "#" else hand.press(way))

    async with opened(dialog_on(session)) as hand:
        dialog = hand.app.dialog
        assert isinstance(dialog, HoldsText)
        assert dialog.unsaved == ""
        await choose(hand, "location")
        await typed(hand, "Voss")
        assert dialog.unsaved
        await leave(hand)
        assert type(hand.app.screen) is Question
        await hand.press("enter")  # the safe answer
        assert hand.app.is_open
        assert hand.app.screen.query_one(Input).value == "Voss"
        await leave(hand)
        await hand.press("tab", "enter")
        assert not hand.app.is_open
        assert hand.app.result is None


async def test_leaving_does_not_ask_where_nothing_was_typed(session):
    async with opened(dialog_on(session)) as hand:
        await hand.press("escape")
        assert not hand.app.is_open
        assert hand.app.result is None
