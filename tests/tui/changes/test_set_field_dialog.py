"""The dialog that sets a field for several users: the effect, the suggestions, the result."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from textual.widgets import Button, Input, OptionList, Static

from qm_tui.store import open_store
from qm_tui.store.changes.bulk import plan_bulk
from qm_tui.tui.changes import bulk_fields, set_field_dialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.target import Target
from qm_tui.tui.widgets.message_box import ConfirmQuestion, HasUnsavedText
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import MAX_VALUE, User
from qm_tui.users.query.query import these
from tests.helpers import ANNA, commit_unchecked, user
from tests.tui.dialogs import open_dialog
from tests.tui.pages import LARGE, wait_until

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
    monkeypatch.setattr(set_field_dialog, "DEBOUNCE", 0)


@pytest.fixture
def session(tmp_path):
    commit_unchecked(tmp_path / "users.json", *USERS, BROKEN)
    store = open_store(tmp_path / "users.json")
    session = Session(store, "mheller")
    session.queries.prepare(store.load())
    return session


def dialog_on(
    session: Session, users: Sequence[User] = (*USERS, BROKEN), *, allow_unlicensed: bool = False
) -> SetFieldDialog:
    marked = these(one.user_id for one in users)
    target = Target(None, marked, number=len(users))
    return SetFieldDialog(session, target, allow_unlicensed=allow_unlicensed)


async def known(hand: Any) -> None:
    """Wait until the effect is shown."""
    await wait_until(hand.pilot, lambda: not hand.app.dialog.must_wait("f2"))
    await hand.settle()


async def choose(hand: Any, name: str) -> None:
    hand.app.dialog.query_one(OptionList).highlighted = FIELDS.index(name)
    hand.app.dialog.query_one(OptionList).focus()
    await hand.press("tab")


async def typed(hand: Any, text: str) -> None:
    """Replace the text of the input."""
    field = hand.app.dialog.query_one(Input)
    field.replace(text, 0, len(field.value))
    await hand.pilot.pause()
    await known(hand)


def said(hand: Any, name: str) -> str:
    return str(hand.app.dialog.query_one(f"#change-{name}", Static).content)


async def test_dialog_shows_the_effect_and_warnings_of_a_value(session):
    cases = [
        # blanks around a value are removed
        (
            "  Oslo ",
            "Sets Location to Oslo for 7 of 9 users.\n1 already has this value.\n"
            "! 1 user cannot be changed: Last Name is",
            "[F2 Apply to 7 users]",
        ),
        ("[@click=app.quit]x[/]", "Location to [@click", "[F2 Apply to 8 users]"),
        (
            "Olso",
            "\n? Location 'Olso' is not in use yet (did you mean 'Oslo'?).",
            "[F2 Apply to 8 users]",
        ),
    ]
    async with open_dialog(dialog_on(session), LARGE) as hand:
        await choose(hand, "location")
        for value, outcome, label in cases:
            await typed(hand, value)
            assert outcome in said(hand, "outcome")
            assert label in hand.screen_text
        await hand.press("f2")
        plan = hand.app.result.plan
        assert (plan.change.values, len(plan.changes)) == ({"location": "Olso"}, 8)


async def test_value_without_effect_cannot_be_applied(session):
    async with open_dialog(dialog_on(session, USERS[:1])) as hand:
        for field, value, outcome in (
            ("recording service", "a b", "! Recording Service IP Address 'a b' is"),
            ("location", "Oslo", "No change: 1 user already has this value."),
        ):
            await choose(hand, field)
            await typed(hand, value)
            assert outcome in said(hand, "outcome")
            assert hand.app.dialog.query_one("#yes", Button).disabled
            await hand.press("f2", "enter")
            assert hand.app.is_open


@pytest.mark.parametrize(
    ("field", "turns", "allow", "values"),
    [
        # with two options, the second turn selects the first again
        ("license", 2, False, {"unlimited_license": "1", "on_demand_license": "0"}),
        ("license", 2, True, {"unlimited_license": "0", "on_demand_license": "0"}),
        ("computer recording", 1, False, {"computer_recording_license": "0"}),
    ],
)
async def test_option_sets_its_values(session, field, turns, allow, values):
    async with open_dialog(dialog_on(session, USERS, allow_unlicensed=allow)) as hand:
        await choose(hand, field)
        assert isinstance(hand.app.focused, RadioRow)
        await hand.press(*["right"] * turns)
        await known(hand)
        setting = hand.app.dialog.setting
        assert setting.values == values
        assert setting.plan.change.options.allow_unlicensed == allow


async def test_values_in_use_are_suggested_and_accepted(session):
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        field = hand.app.dialog.query_one(Input)
        for text, in_use, taken in (
            ("", "In use: Oslo Nord", ""),
            ("os", "In use: Oslo Nord  Oslo   → accept the first", "Oslo Nord"),
            # a value with nonprintable characters is not suggested
            ("Ly", "In use: Lyon", "Ly"),
            ("xyz", "", "xyz"),
        ):
            await typed(hand, text)
            assert said(hand, "in-use").startswith(in_use)
            assert ("accept" in said(hand, "in-use")) == (taken != text)
            assert "\x1b" not in hand.screen_text
            await hand.press("right")
            assert field.value == taken
        await typed(hand, "a\x1bb")
        assert field.value == "ab"
        assert said(hand, "in-use") == "! Removed 1 nonprintable character."
        await typed(hand, "x" * (MAX_VALUE + 1))
        assert field.value == "ab"
        assert said(hand, "in-use") == "! Too long: 4,097 characters (maximum 4,096)."


async def test_keys_in_one_burst_accept_only_a_shown_effect(session):
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        await typed(hand, "Vos")
        hand.app.dialog.query_one(Input).insert_text_at_cursor("s")
        hand.app.dialog.action_change()  # before the dialog has handled the last letter
        await hand.pilot.pause()
        await known(hand)
        assert hand.app.is_open
        assert "Sets Location to Voss" in said(hand, "outcome")
        await hand.press("f2")
        assert hand.app.result.values == {"location": "Voss"}


async def test_field_is_not_cleared_before_its_input_had_the_focus(session):
    async with open_dialog(dialog_on(session, USERS)) as hand:
        hand.app.dialog.query_one(OptionList).highlighted = FIELDS.index("location")
        await hand.pilot.pause()
        await known(hand)
        await hand.press("f2")
        assert hand.app.is_open
        assert isinstance(hand.app.focused, Input)
        await hand.press("f2")
        assert hand.app.result.values == {"location": ""}


async def test_result_for_an_older_value_is_ignored(session, monkeypatch):
    begun, go_on, loop = asyncio.Event(), asyncio.Event(), asyncio.get_running_loop()

    def slow(change, state, progress):
        if change.values != {"location": "Slow"}:
            return plan_bulk(change, state, progress)
        loop.call_soon_threadsafe(begun.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result(5)
        return plan_bulk(change, state)  # too late to cancel it

    monkeypatch.setattr(bulk_fields, "plan_bulk", slow)
    async with open_dialog(dialog_on(session)) as hand:
        await choose(hand, "location")
        field = hand.app.dialog.query_one(Input)
        field.value = "Slow"
        await asyncio.wait_for(begun.wait(), 5)
        field.value = "Moss"
        await hand.pilot.pause()
        go_on.set()
        await known(hand)
        assert "Sets Location to Moss for 6" in said(hand, "outcome")


@pytest.mark.parametrize("way", ["escape", "#no"])
async def test_cancel_asks_before_discarding_a_value(session, way):
    async def leave(hand: Any) -> None:
        await (hand.click(way) if way[0] == "#" else hand.press(way))

    async with open_dialog(dialog_on(session)) as hand:
        dialog = hand.app.dialog
        assert isinstance(dialog, HasUnsavedText)
        await choose(hand, "location")
        await typed(hand, "Voss")
        assert dialog.unsaved
        await leave(hand)
        assert type(hand.app.screen) is ConfirmQuestion
        await hand.press("enter")  # the safe button
        assert hand.app.is_open
        await typed(hand, "")
        assert dialog.unsaved == ""
        await leave(hand)
        assert hand.app.result is None


@pytest.mark.parametrize(
    ("keys", "name", "shown"),
    [
        ("loc", "location", "Field: loc"),
        ("RECORDING S", "recording service", "Field: RECORDING S"),
        ("lic", "license", "Field: lic"),
        ("locx", "location", '! No field has a word that starts with "locx".'),
        ("zip", "recording profile", '! No field has a word that starts with "zip".'),
    ],
)
async def test_typing_finds_a_field(session, keys, name, shown):
    async with open_dialog(dialog_on(session)) as hand:
        await hand.press(*(key.replace(" ", "space") for key in keys))
        await known(hand)
        assert (
            hand.app.dialog.selected.name
            == bulk_fields.bulk_fields(allow_unlicensed=False)[FIELDS.index(name)].name
        )
        assert said(hand, "in-use") == shown


async def test_search_for_a_field_starts_again_after_a_move(session):
    async with open_dialog(dialog_on(session)) as hand:
        await hand.press(*"loc", "backspace", "up", *"se")
        assert hand.app.dialog.selected.name == "Security Profile Name"
        assert said(hand, "in-use") == "Field: se"


async def test_text_that_is_no_field_sets_no_other_field(session):
    async with open_dialog(dialog_on(session)) as hand:
        for key in (*"zz", "tab", *"Bad", "enter", "f2"):
            await hand.press(key)
        assert hand.app.is_open
        assert hand.app.dialog.query_one(Input).value == ""
        assert said(hand, "in-use").startswith("! No field has a word that starts with")
        assert hand.app.focused is hand.app.dialog.query_one(OptionList)
        await hand.press("down", "tab")
        assert hand.app.focused is hand.app.dialog.query_one(Input)
