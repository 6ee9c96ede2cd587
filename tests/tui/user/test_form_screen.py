"""The form that adds or edits a user: validation, saving, conflicts, unsaved changes."""

import asyncio
from unittest.mock import Mock

import pytest
from textual import events
from textual.widgets import Input

from qm_tui.config.preferences import save_preferences
from qm_tui.store import open_store
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.tui.user.form import UserForm
from qm_tui.tui.user.form_rows import FormRow, SecretInput, TextRow
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.work.threads import DEBOUNCE
from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE
from qm_tui.users.passwords import has_local_password
from tests.helpers import ANNA, user
from tests.tui.pages import (
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    shown,
    status_of,
    table_of,
    top,
    wait_until,
    wait_until_idle,
)

BO = user("bo", phone_ip="10.0.0.18", location="Bergen")
CY = user("cy", extension="0500", department="Support", computer_recording_license="0",
          windows_login="")  # fmt: skip
NONE = {"unlimited_license": "0", "on_demand_license": "0"}
BOTH = ANNA._replace(unlimited_license="1", on_demand_license="1")


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def app(path):
    return app_on(path, [ANNA, BO, CY])


def form_of(pilot) -> UserForm:
    return top(pilot).query_one(UserForm)


def row_of(pilot, key: str) -> FormRow:
    row = form_of(pilot).row_for(FIELD[key])
    assert row is not None
    return row


def input_of(pilot, key: str) -> Input:
    editor = row_of(pilot, key).editor
    assert isinstance(editor, Input)
    return editor


def said_of(pilot, key: str) -> str:
    """Return the messages below a field."""
    return "\n".join(line.strip() for line in row_of(pilot, key).message.splitlines())


def said_of_row(pilot, editor) -> str:
    row = form_of(pilot).row_of(editor)
    assert row is not None
    return row.message


async def fill(pilot, key: str, text: str) -> None:
    """Replace the text of a field."""
    form_of(pilot).focus_row(row_of(pilot, key))
    await pilot.pause()
    input_of(pilot, key).value = text
    await pilot.pause()


async def turn(pilot, key: str, *keys: str) -> None:
    form_of(pilot).focus_row(row_of(pilot, key))
    await pilot.press(*keys)
    await pilot.pause()


async def opened(pilot, key: str = "e") -> None:
    await wait_until_idle(pilot)
    await pilot.press(key)
    await wait_until(pilot, lambda: isinstance(top(pilot), UserFormScreen))
    await form_of(pilot).is_complete.wait()
    await pilot.pause()


async def saved(pilot) -> None:
    await pilot.press("f2")
    await wait_until(pilot, lambda: not isinstance(top(pilot), UserFormScreen))
    await wait_until_idle(pilot)


async def says(pilot, key: str, text: str) -> None:
    """Wait until a message below a field contains a text."""
    await wait_until(pilot, lambda: text in said_of(pilot, key))


async def says_not(pilot, key: str, text: str) -> None:
    """Wait until the messages below a field do not contain a text."""
    await wait_until(pilot, lambda: text not in said_of(pilot, key))


async def wait_for_values_in_use(pilot) -> None:
    """Wait until the values in use are counted."""
    queries = page_of(pilot).session.queries
    await wait_until(pilot, lambda: bool(queries.values_of(FIELD["location"])))


def stored(path, user_id: str = ANNA.user_id):
    return open_store(path).load().user(user_id)


# What is shown


async def test_form_has_all_fields_shows_no_secrets_and_its_rows_do_not_move(app):
    async with app.run_test(size=(80, 60)) as pilot:
        await opened(pilot)
        rows = form_of(pilot).rows
        fields = [field for row in rows for field in row.fields]
        assert sorted(field.number for field in fields) == [field.number for field in FIELDS]
        text = shown(pilot)
        assert ANNA.password not in text
        assert ANNA.salt not in text
        for row in rows:
            is_marked = f"{row.title}*" in text
            assert is_marked == any(
                field.required and not field.is_secret for field in row.fields
            ), row.title
        for key, flag, below in (
            ("windows_login", "computer_recording_license", "dual_endpoints_enabled"),
            ("secondary_phone_ip", "dual_endpoints_enabled", "sip_uri"),
        ):
            line = row_of(pilot, flag).editor
            before = [row_of(pilot, name).region for name in (key, flag, below)]
            for offset, value in ((9, "0"), (1, "1")):
                await pilot.click(line, offset=(offset, 0))
                await pilot.pause()
                assert row_of(pilot, flag).values() == {flag: value}
                assert input_of(pilot, key).disabled is (value == "0")
                assert [row_of(pilot, name).region for name in (key, flag, below)] == before


async def test_wide_form_has_two_columns_in_the_same_order(app):
    async with app.run_test(size=(109, 40)) as pilot:
        await opened(pilot, "a")
        lefts = {}
        for width in (109, 110):
            await pilot.resize_terminal(width, 40)
            await pilot.pause()
            lefts[width] = [row.region.x for row in form_of(pilot).rows]
        assert len(set(lefts[109])) == 1
        assert lefts[110] == sorted(lefts[110])
        assert len(set(lefts[110])) == 2
        await turn(pilot, "additional_extensions", "tab")
        assert pilot.app.focused is input_of(pilot, "recording_profile")  # the second column
        await pilot.press("up")
        assert pilot.app.focused is input_of(pilot, "additional_extensions")


# Each rule is said at its field


WRONG = [
    ("first_name", "", "First Name is required"),
    ("last_name", " \xa0 ", "Last Name is required"),
    ("user_name", "BO", "User Name 'BO' is already used by Bo Bosen"),
    ("secondary_phone_ip", "x", "Secondary Phone IP 'x' is not a valid IP or MAC address"),
]


async def test_invalid_value_is_reported_when_focus_leaves_it_and_not_saved(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "")
        await pilot.pause(DEBOUNCE + 0.05)  # validated, but not shown while typing
        assert said_of(pilot, "first_name") == ""
        for key, text, sentence in WRONG:
            await fill(pilot, key, text)
            await pilot.press("tab")
            await says(pilot, key, f"! {sentence}")
            assert said_of(pilot, "agent_id") == ""
            await fill(pilot, key, getattr(ANNA, key))
            await pilot.press("tab")
            await says_not(pilot, key, "!")
        await fill(pilot, "extension", "")
        await fill(pilot, "agent_id", "7")
        await pilot.press("f2")
        await wait_until(pilot, lambda: "Not saved: " in shown(pilot))
        assert input_of(pilot, "extension").has_focus
    assert stored(path) == ANNA


async def test_suspicious_value_has_a_warning_and_is_saved(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await wait_for_values_in_use(pilot)
        for key, text, message in (
            ("location", "Bergen", ""),
            ("location", "", ""),
            ("location", "Olso", "? Location 'Olso' is not in use yet (did you mean 'Oslo'?)"),
            ("department", "Legal", "? Department Name 'Legal' is not in use yet"),
            ("user_name", "-anna", "? User Name '-anna' begins with a hyphen"),
        ):
            await fill(pilot, key, text)
            await pilot.press("tab")
            await says(pilot, key, message)
            if not message:
                await says_not(pilot, key, "?")
        await saved(pilot)
    assert stored(path) == ANNA._replace(location="Olso", department="Legal", user_name="-anna")


async def test_long_text_is_rejected_and_nonprintable_characters_are_removed(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        line = input_of(pilot, "first_name")
        line.insert_text_at_cursor("x" * 5000)
        await says(
            pilot, "first_name", "First Name would be too long: 5,004 characters (maximum 4,096)"
        )
        assert line.value == "Anna"
        line.insert_text_at_cursor("a\x1b[2J\u202eb\x00")
        await says(pilot, "first_name", "Removed 3 nonprintable characters")
        assert line.value == "Annaa[2Jb"
        line.value = "x" * MAX_VALUE
        await pilot.press("tab")
        await wait_until(pilot, lambda: said_of(pilot, "first_name") == "")


# Choices


async def test_licenses_are_one_choice_with_none_if_allowed_or_stored(home, path):
    for before, allows, options, key, licenses in (
        (ANNA, False, "[Unlimited] On-Demand", "right", ("0", "1")),
        (ANNA, True, "[Unlimited] On-Demand none", "left", ("0", "0")),
        (ANNA._replace(**NONE), False, "Unlimited On-Demand [none]", "right", ("1", "0")),
        (BOTH, False, "Unlimited On-Demand [both (invalid)]", "right", ("1", "0")),
    ):
        commit(path, before)
        save_preferences(import_options=ImportOptions(allow_unlicensed=allows))
        app = app_on(path)
        async with app.run_test(size=SMALL) as pilot:
            await opened(pilot)
            line = row_of(pilot, "on_demand_license").query_one(RadioRow)
            assert " ".join(str(line.render()).split()) == options
            await turn(pilot, "unlimited_license", key)
            await saved(pilot)
        user = stored(path)
        assert (user.unlimited_license, user.on_demand_license) == licenses


async def test_field_without_its_flag_is_disabled_and_keeps_value(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        assert not input_of(pilot, "windows_login").disabled
        await turn(pilot, "computer_recording_license", "space")
        assert input_of(pilot, "windows_login").disabled
        assert said_of(pilot, "windows_login") == "requires Computer Recording License"
        await turn(pilot, "dual_endpoints_enabled", "space")
        assert input_of(pilot, "secondary_phone_ip").disabled
        await turn(pilot, "computer_recording_license", "space")
        assert not input_of(pilot, "windows_login").disabled
        assert said_of(pilot, "windows_login") == ""
        await saved(pilot)
    assert stored(path) == ANNA._replace(dual_endpoints_enabled="0")


async def test_values_in_use_are_suggested(path):
    app = app_on(path, sample_users(200))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await wait_for_values_in_use(pilot)
        await opened(pilot)
        row = row_of(pilot, "security_profile")
        assert isinstance(row, TextRow)
        await fill(pilot, "security_profile", "")
        await pilot.press("S", "u")
        await wait_until(pilot, lambda: "In use: Supervisor" in shown(pilot))
        await pilot.press("right")
        await pilot.pause()
        assert row.values() == {"security_profile": "Supervisor"}


# Adding


async def test_user_is_added_with_hidden_password(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, "a")
        await pilot.press("f2")
        await says(pilot, "first_name", "First Name is required")
        assert "Password is required" in said_of(pilot, "password")
        for key, text in (
            ("first_name", "Zoë"),
            ("last_name", "Zimmer"),
            ("user_name", "zoe"),
            ("extension", "0042"),
        ):
            await fill(pilot, key, text)
        first, again = form_of(pilot).query(SecretInput)
        first.value = "planted-password"
        again.value = "another"
        await pilot.press("f2")
        await wait_until(pilot, lambda: again.has_focus)
        assert "The passwords do not match" in said_of_row(pilot, again)
        await wait_until(pilot, lambda: "Type the same password twice." in shown(pilot))
        assert "planted" not in shown(pilot)
        first.value = ""
        await pilot.press("f2")  # the help is that of the field with the error
        await wait_until(pilot, lambda: first.has_focus)
        assert "Type the same password twice." not in shown(pilot)
        first.value = "planted-password"
        again.value = "planted-password"
        await saved(pilot)
        assert status_of(pilot) == "Added Zoë Zimmer. Press u to undo."
        assert table_of(pilot).cursor_user_id not in (ANNA.user_id, BO.user_id, CY.user_id)
        added = stored(path, str(table_of(pilot).cursor_user_id))
        assert (added.first_name, added.extension, added.is_active) == ("Zoë", "0042", "1")
        assert (added.recording_service, added.unlimited_license) == ("Any", "1")
        assert has_local_password(added)
    for file in path.parent.rglob("*"):
        assert not file.is_file() or b"planted-password" not in file.read_bytes()


async def test_add_similar_copies_shared_values(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("enter")
        await pilot.pause()
        await pilot.press("a")
        await pilot.pause()
        await form_of(pilot).is_complete.wait()
        assert "Add a user based on Anna Berg" in shown(pilot)
        values: dict[str, str] = {}
        for row in form_of(pilot).rows:
            values |= row.values()
        assert (values["department"], values["location"]) == ("Sales", "Oslo")
        for key in ("first_name", "user_name", "extension", "phone_ip", "windows_login"):
            assert values[key] == "", key


async def test_filter_that_hides_saved_user_is_cleared(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", *"support", "enter")
        await opened(pilot)
        await fill(pilot, "department", "Sales")
        await saved(pilot)
        assert page_of(pilot).session.current_view.filter == ""
        assert table_of(pilot).cursor_user_id == CY.user_id


async def test_keys_typed_before_all_rows_are_mounted_reach_them(app, monkeypatch):
    monkeypatch.setattr("qm_tui.tui.user.form._YIELD_SECONDS", 0.05)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(top(pilot), UserFormScreen))
        values: dict[str, str] = {}
        for row in form_of(pilot).rows:
            values |= row.values()
        assert ANNA._replace(**values) == ANNA
        editors = [row.editor for row in form_of(pilot).rows]
        _, *others = [editor for editor in editors if editor and not editor.disabled]
        for _ in others:
            pilot.app.post_message(events.Key("tab", None))
        await wait_until(pilot, lambda: pilot.app.focused is others[-1])


# Leaving


async def test_esc_asks_only_if_there_are_changes(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        await pilot.press("e")
        await pilot.pause()
        await fill(pilot, "first_name", "Zoë")
        for _ in range(2):
            await pilot.press("escape")
            await pilot.pause()
            assert isinstance(top(pilot), ConfirmQuestion)
            await pilot.press("escape")
            await pilot.pause()
            assert input_of(pilot, "first_name").value == "Zoë"
        form = top(pilot)
        assert isinstance(form, UserFormScreen)
        assert form.unsaved
        await pilot.press("escape", "tab", "enter")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        await opened(pilot)
        await saved(pilot)
        assert status_of(pilot) == "No changes to save"
    assert open_store(path).load().number == 1


async def test_failed_save_keeps_form_open(app, path, monkeypatch):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "Zoë")
        with monkeypatch.context() as patch:
            full = Mock(side_effect=OSError(28, "No space"))
            patch.setattr("qm_tui.tui.user.save.save_edit", full)
            await pilot.press("f2")
            await wait_until(pilot, lambda: isinstance(top(pilot), MessageDialog))
        await pilot.press("enter")
        await pilot.pause()
        await asyncio.to_thread(commit, path, delete=ANNA.user_id)
        await pilot.press("f2")
        await wait_until(pilot, lambda: "Another admin deleted Anna Berg" in shown(pilot))
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(top(pilot), UserFormScreen)
        assert input_of(pilot, "first_name").value == "Zoë"


# Two admins


async def test_changes_of_different_fields_are_merged_and_a_taken_user_name_is_an_error(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "Zoë")
        await fill(pilot, "user_name", "zoe")
        await asyncio.to_thread(commit, path, ANNA._replace(location="Bergen"), user("zoe"))
        await pilot.press("f2")
        await says(pilot, "user_name", "is already used by Zoe Zoesen")
        assert isinstance(top(pilot), UserFormScreen)
        await fill(pilot, "user_name", ANNA.user_name)
        await saved(pilot)
    assert stored(path) == ANNA._replace(first_name="Zoë", location="Bergen")


@pytest.mark.parametrize(("key", "location"), [("f2", "Tromsø"), ("f3", "Bergen")])
async def test_conflict_shows_both_values_to_choose_from(app, path, key, location):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "location", "Tromsø")
        theirs = ANNA._replace(location="Bergen", agent_id="B-1")
        await asyncio.to_thread(commit, path, theirs)
        await pilot.press("f2")
        both = "Another admin changed Location to Bergen; your value is Tromsø."
        await says(pilot, "location", both)
        assert input_of(pilot, "location").has_focus
        assert input_of(pilot, "agent_id").value == "B-1"
        assert stored(path) == theirs
        if key == "f3":
            await pilot.click("#theirs")
            await pilot.pause()
            assert said_of(pilot, "location") == ""
            await fill(pilot, "first_name", "Zoë")
        await saved(pilot)
    first_name = "Zoë" if key == "f3" else "Anna"
    assert stored(path) == theirs._replace(location=location, first_name=first_name)
