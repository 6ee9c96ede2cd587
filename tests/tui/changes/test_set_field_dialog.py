"""The dialog that sets a field for several users: the effect, the suggestions, the result."""

import asyncio

import pytest
from textual.widgets import Button, Input, OptionList, Static

from qm_tui.store import open_store
from qm_tui.store.changes.bulk import plan_bulk
from qm_tui.tui.changes import set_field_dialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion, HasUnsavedText
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import MAX_VALUE
from tests.helpers import ANNA, commit_unchecked, user
from tests.tui.dialogs import open_dialog
from tests.tui.pages import LARGE, SMALL

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])

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
    """The effect is computed without a pause after the last key."""
    monkeypatch.setattr(set_field_dialog, "DEBOUNCE", 0.001)


@pytest.fixture
def session(tmp_path):
    commit_unchecked(tmp_path / "users.json", *USERS, BROKEN)
    store = open_store(tmp_path / "users.json")
    session = Session(store, "mheller")
    session.query_runner.prepare(store.load().users)
    return session


def dialog_on(session, users=(*USERS, BROKEN), *, allow_unlicensed=False):
    user_ids = [one.user_id for one in users]
    who = f"{len(user_ids)} marked users"
    return SetFieldDialog(session, user_ids, who, allow_unlicensed=allow_unlicensed)


async def known(hand):
    """Wait until the effect is shown."""
    await hand.settle()
    for _ in range(200):
        if said(hand, "outcome") != "Checking…":
            break
        await hand.pilot.pause(0.01)
    await hand.settle()


async def choose(hand, name):
    fields = hand.app.dialog.query_one(OptionList)
    fields.highlighted = FIELDS.index(name)
    await hand.press("tab")


async def typed(hand, text):
    """Replace the text of the input."""
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
            "Sets Location to Oslo for 7 of 9 users.\n1 already has this value.\n"
            "! 1 user cannot be changed: Last Name is",
            "[F2 Apply to 7 users]",
        ),
        # blanks around a value are removed
        (
            "location",
            "  Bergen ",
            "Sets Location to Bergen for 8 of 9 users.",
            "[F2 Apply to 8 users]",
        ),
        ("location", "", "Clears Location for 8 of 9 users.", "[F2 Apply to 8 users]"),
        ("recording service", "", "! Recording Service IP Address is", "[F2 Apply]"),
        ("recording service", "a b", "! Recording Service IP Address 'a b' is", "[F2 Apply]"),
        ("location", "[@click=app.quit]x[/]", "Location to [@click", "[F2 Apply to 8 users]"),
    ],
)
async def test_dialog_shows_the_effect_of_a_value(session, field, value, outcome, label):
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, field)
        await typed(hand, value)
        assert outcome in said(hand, "outcome")
        assert str(button(hand).label) == label
        is_rejected = label == "[F2 Apply]"
        assert button(hand).disabled == is_rejected
        await hand.press("f2")
        plan = hand.app.result
        if is_rejected:
            assert hand.app.is_open
        else:
            assert plan.change.values == {"location": value.strip()}
            assert str(len(plan.changes)) in label


@pytest.mark.parametrize(
    ("value", "warning"),
    [
        ("Olso", "? Location 'Olso' is not in use yet (did you mean 'Oslo'?)."),
        ("Oslo", ""),
    ],
)
@SIZES
async def test_dialog_shows_the_warning_of_a_value(session, value, warning, size):
    async with open_dialog(dialog_on(session), size=size) as hand:
        await choose(hand, "location")
        await typed(hand, value)
        assert said(hand, "outcome").partition("?")[1:] == warning.partition("?")[1:]
        assert warning in hand.screen_text
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": value}


async def test_button_is_as_wide_as_its_number(session, monkeypatch):
    monkeypatch.setattr(set_field_dialog, "pluralize", lambda _number, what: f"100,000 {what}s")
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "Voss")
        assert "[F2 Apply to 100,000 users]" in hand.screen_text


async def test_value_that_all_users_have_cannot_be_applied(session):
    async with open_dialog(dialog_on(session, USERS[:1])) as hand:
        await choose(hand, "location")
        await typed(hand, "Oslo")
        assert "1 user already has this value." in said(hand, "outcome")
        await hand.press("enter")
        assert hand.app.is_open


@pytest.mark.parametrize(
    ("field", "turns", "allow", "values"),
    [
        ("license", 0, False, {"unlimited_license": "1", "on_demand_license": "0"}),
        ("license", 1, False, {"unlimited_license": "0", "on_demand_license": "1"}),
        # with two options, the second turn selects the first again
        ("license", 2, False, {"unlimited_license": "1", "on_demand_license": "0"}),
        ("license", 2, True, {"unlimited_license": "0", "on_demand_license": "0"}),
        ("computer recording", 0, False, {"computer_recording_license": "1"}),
        ("computer recording", 1, False, {"computer_recording_license": "0"}),
    ],
)
async def test_option_sets_its_values(session, field, turns, allow, values):
    async with open_dialog(dialog_on(session, allow_unlicensed=allow)) as hand:
        await choose(hand, field)
        assert isinstance(hand.app.focused, RadioRow)
        await hand.press(*["right"] * turns)
        await known(hand)
        assert hand.app.dialog._values == values
        await hand.press("f2")
        if not hand.app.is_open:
            assert hand.app.result.change.values == values
            assert hand.app.result.change.options.allow_unlicensed == allow


@pytest.mark.parametrize(
    ("text", "in_use", "taken"),
    [
        ("", "In use: Oslo Nord", ""),
        ("Os", "In use: Oslo Nord  Oslo   → accept the first", "Oslo Nord"),
        ("os", "In use: Oslo Nord  Oslo   → accept the first", "Oslo Nord"),
        ("Oslo", "In use: Oslo Nord   → accept the first", "Oslo Nord"),
        # a value with nonprintable characters is not suggested
        ("Ly", "In use: Lyon", "Ly"),
        ("xyz", "", "xyz"),
    ],
)
async def test_values_in_use_are_suggested_and_accepted(session, text, in_use, taken):
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, text)
        assert said(hand, "in-use").startswith(in_use)
        assert ("accept" in said(hand, "in-use")) == (taken != text)
        assert "\x1b" not in hand.screen_text
        await hand.press("right")
        assert hand.app.dialog.query_one(Input).value == taken


async def test_rejected_text_is_reported(session):
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "a\x1bb")
        assert hand.app.dialog.query_one(Input).value == "ab"
        assert said(hand, "in-use") == "! Removed 1 nonprintable character."
        await typed(hand, "x" * (MAX_VALUE + 1))
        assert hand.app.dialog.query_one(Input).value == "ab"
        assert said(hand, "in-use") == "! Too long: 4,097 characters (maximum 4,096)."


async def test_keys_in_one_burst_accept_only_a_shown_effect(session):
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "Vos")
        field, dialog = hand.app.dialog.query_one(Input), hand.app.dialog
        field.insert_text_at_cursor("s")
        dialog.action_change()  # before the dialog has handled the last letter
        await known(hand)
        assert hand.app.is_open
        assert "Sets Location to Voss" in said(hand, "outcome")
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": "Voss"}


async def test_field_is_not_cleared_before_its_input_had_the_focus(session):
    async with open_dialog(dialog_on(session, USERS)) as hand:
        hand.app.dialog.query_one(OptionList).highlighted = FIELDS.index("location")
        await known(hand)
        assert str(button(hand).label) == "[F2 Apply to 8 users]"
        await hand.press("f2")
        assert hand.app.is_open
        assert isinstance(hand.app.focused, Input)
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": ""}


async def test_result_for_an_older_value_is_ignored(session, monkeypatch):
    begun, plans = asyncio.Event(), plan_bulk
    loop = asyncio.get_running_loop()
    go_on = asyncio.Event()

    def slow(change, state, tick):
        if change.values == {"location": "Slow"}:
            loop.call_soon_threadsafe(begun.set)
            asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(5)
            plan = plans(change, state)  # too late to cancel it
        else:
            plan = plans(change, state, tick)
        return plan

    monkeypatch.setattr(set_field_dialog, "plan_bulk", slow)
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        field = hand.app.dialog.query_one(Input)
        field.value = "Slow"
        await asyncio.wait_for(begun.wait(), 5)
        field.value = "Moss"
        await hand.pilot.pause(0.05)
        go_on.set()
        await known(hand)
        assert "Sets Location to Moss" in said(hand, "outcome")
        assert str(button(hand).label) == "[F2 Apply to 6 users]"
        await hand.press("f2")
        assert hand.app.result.change.values == {"location": "Moss"}


@pytest.mark.parametrize("way", ["escape", "#no"])
async def test_cancel_asks_before_discarding_a_value(session, way):
    async def leave(hand):
        await (hand.click(way) if way[0] == "#" else hand.press(way))

    async with open_dialog(dialog_on(session)) as hand:
        dialog = hand.app.dialog
        assert isinstance(dialog, HasUnsavedText)
        assert dialog.unsaved == ""
        await choose(hand, "location")
        await typed(hand, "Voss")
        assert dialog.unsaved
        await leave(hand)
        assert type(hand.app.screen) is ConfirmQuestion
        await hand.press("enter")  # the safe button
        assert hand.app.is_open
        assert hand.app.screen.query_one(Input).value == "Voss"
        await leave(hand)
        await hand.press("tab", "enter")
        assert not hand.app.is_open
        assert hand.app.result is None


async def test_cancel_without_a_value_does_not_ask(session):
    async with open_dialog(dialog_on(session)) as hand:
        await hand.press("escape")
        assert not hand.app.is_open
        assert hand.app.result is None
