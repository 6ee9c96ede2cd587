"""The dialog Rename: the effect of a typed value, the result, and its change."""

from collections import Counter

import pytest
from textual.widgets import Button, Input, Static

from qm_tui.store.changes.bulk import plan_bulk
from qm_tui.tui.counts.rename import RenamePlan
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.widgets.message_box import HasUnsavedText
from qm_tui.users.fields import FIELD, MAX_VALUE
from qm_tui.users.query.counts import count_field_values
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from tests.helpers import ANNA, state_of
from tests.tui.dialogs import open_dialog

NAMES_IN_USE = ["Sales EMEA"] * 312 + ["Sales Nord"] * 88 + [""] * 40 + ["IT"]


def values_of(names):
    by = FILTER_FIELDS["department"]
    groups: Counter[tuple[str, ...]] = Counter((name, ANNA.is_active) for name in names)
    return count_field_values(groups, by, lambda: None)


def dialog_of(value="Sales EMEA", names=NAMES_IN_USE):
    return RenameDialog(values_of(names), value)


def field_of(hand):
    return hand.app.dialog.query_one(Input)


def said(hand):
    return str(hand.app.dialog.query_one("#rename-outcome", Static).content)


def button(hand):
    return str(hand.app.dialog.query_one("#yes", Button).label)


def unsaved(hand):
    return hand.app.dialog.unsaved


async def typed(hand, text):
    """Replace the selected text, or append."""
    field_of(hand).replace(text, *sorted(field_of(hand).selection))
    await hand.settle()


@pytest.mark.parametrize(
    ("value", "text", "sentence", "words"),
    [
        (  # blanks around it are removed, and it may be similar to its old name
            "Sales EMEA",
            "  Sales EMAE ",
            "Sets Department Name to Sales EMAE for 312 users.",
            "[Rename for 312 users]",
        ),
        (
            "Sales EMEA",
            "Sales Nord",
            "Sales Nord is already used by 88 users. After merging: 400 users.",
            "[Merge 312 users]",
        ),
        (
            "IT",
            "   ",
            "Clears Department Name for 1 user. In total, 41 users will have none.",
            "[Clear for 1 user]",
        ),
        (
            "",
            "IT",
            "IT is already used by 1 user. In total, 41 users will have it.",
            "[Merge 40 users]",
        ),
        ("", "HR", "Sets Department Name to HR for 40 users.", "[Set for 40 users]"),
    ],
)
async def test_dialog_shows_the_effect_while_typing(value, text, sentence, words):
    async with open_dialog(dialog_of(value)) as hand:
        await typed(hand, text)
        assert said(hand) == sentence
        assert button(hand) == words
        assert words in hand.screen_text
        await hand.press("enter")
        given = hand.app.result
        assert (given.value, given.new) == (value, text.strip())
        assert given.effect_text == sentence


async def test_dialog_warns_of_a_name_similar_to_another_one():
    async with open_dialog(dialog_of("IT")) as hand:
        for text, warning in (
            ("sales nord", "'sales nord' is not in use yet (did you mean 'Sales Nord'?)."),
            ("17", "'17' contains only digits."),
            ("Legal", ""),
        ):
            field_of(hand).select_all()
            await typed(hand, text)
            expected = f"? Department Name {warning}" if warning else ""
            assert "\n".join(said(hand).splitlines()[1:]) == expected
            assert expected in " ".join(hand.screen_text.replace("│", "").split())


@pytest.mark.parametrize(
    ("value", "sentence"),
    [("IT", "Type a different name."), ("", "Type the new value.")],
)
async def test_dialog_requires_a_new_value(value, sentence):
    async with open_dialog(dialog_of(value)) as hand:
        assert said(hand) == sentence
        await hand.press("enter")
        assert hand.app.is_open
        await hand.press("f2")
        assert hand.app.is_open
        assert field_of(hand).has_focus


async def test_too_long_value_is_rejected():
    async with open_dialog(dialog_of("IT")) as hand:
        await typed(hand, "x" * (MAX_VALUE + 1))
        assert said(hand) == "! Too long (maximum 4,096 characters)."
        assert field_of(hand).value == "IT"
        await typed(hand, "x" * MAX_VALUE)
        assert said(hand).startswith("Sets Department Name to xxx")
        await hand.press("enter")
        assert hand.app.result.new == "x" * MAX_VALUE
        assert len(hand.app.result.change.action.details) < 180


def test_rename_changes_users_with_exactly_the_value():
    users = {
        name: ANNA._replace(user_id=name, department=name)
        for name in ("Sales", "sales", "", "Sales Nord")
    }
    for value, new, details in (
        ("Sales", "sales", "'Sales' → 'sales'"),
        ("Sales", "", "'Sales' → (empty)"),
        ("", "IT", "(empty) → 'IT'"),
    ):
        change = RenamePlan(FIELD["department"], value, new, 1, 0).change
        assert change.action.details == details
        changed = {value: users[value]._replace(department=new)}
        assert plan_bulk(change, state_of(*users.values())).changes == changed


LINE_BREAK = "a\x1b[31mb\nc"


async def test_control_characters_of_the_old_value_are_reported():
    async with open_dialog(dialog_of(LINE_BREAK, [LINE_BREAK])) as hand:
        assert hand.screen_text.replace("\n", "").isprintable()
        await hand.press("end", "d")
        assert said(hand).startswith("! Department Name contains")
        assert "U+001B" in said(hand)
        await hand.press("enter")
        assert hand.app.is_open
        await hand.press("ctrl+u")
        await typed(hand, "ab\x1b\u202ec")
        assert field_of(hand).value == "abc"
        await hand.press("f2")
        assert hand.app.result.new == "abc"


async def test_tab_completes_a_value_in_use():
    async with open_dialog(dialog_of("IT")) as hand:
        for text, whole in (
            ("sales", "Sales EMEA"),  # the most frequent one
            ("sales nord", "Sales Nord"),
        ):
            field_of(hand).select_all()
            await typed(hand, text)
            assert f"{text}{whole[len(text) :]}" in hand.screen_text  # before it is accepted
            await hand.press("tab")
            assert field_of(hand).value == whole
            assert field_of(hand).has_focus
        await hand.press("tab")
        assert not field_of(hand).has_focus


async def test_values_with_control_characters_are_not_suggested():
    async with open_dialog(dialog_of("IT", ["IT", "ab\x1b[31m", "ab\u202e"])) as hand:
        await typed(hand, "a")
        assert hand.screen_text.replace("\n", "").isprintable()
        await hand.press("tab")
        assert field_of(hand).value == "a"


@pytest.mark.parametrize("press", [["escape"], ["tab", "q"], ["#no"]])
async def test_cancel_without_changes_does_not_ask(press):
    async with open_dialog(dialog_of("IT")) as hand:
        for key in press:
            await (hand.click(key) if key.startswith("#") else hand.press(key))
        assert hand.app.result is None


async def test_cancel_asks_before_discarding_the_new_name():
    async with open_dialog(dialog_of()) as hand:
        assert isinstance(hand.app.dialog, HasUnsavedText)
        assert unsaved(hand) == ""
        await typed(hand, "Sales Europe")
        assert unsaved(hand) == "The new name has not been saved"
        await hand.press("escape")
        assert "Discard the new name?" in hand.screen_text
        await hand.press("enter")
        assert hand.app.screen is hand.app.dialog
        assert field_of(hand).value == "Sales Europe"
        await hand.press("escape", "tab", "enter")
        assert hand.app.result is None


async def test_keys_in_one_burst_are_all_handled():
    async with open_dialog(dialog_of()) as hand:
        await hand.pilot.press("H", "R", "enter", "enter", "escape")
        await hand.settle()
        assert hand.app.result.new == "HR"


async def test_keys_of_other_screens_replace_the_selected_value():
    async with open_dialog(dialog_of()) as hand:
        assert "Rename Sales EMEA (312 users)" in hand.screen_text
        await hand.press("question_mark", "q", "slash", "1")
        assert field_of(hand).value == "?q/1"
        assert hand.app.is_open


async def test_dialog_shows_a_long_name_and_all_buttons():
    name = "陳" * 200
    async with open_dialog(dialog_of(name, [name])) as hand:
        await typed(hand, f"{name}2")
        assert "[Rename for 1 user]" in hand.screen_text
        assert "[Cancel]" in hand.screen_text
        await hand.click("#yes")
        assert hand.app.result.new == f"{name}2"
