"""The form that adds or edits a user: validation, saving, conflicts, unsaved changes."""

import asyncio

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
from qm_tui.users.fields import FIELD, FIELDS, MAX_VALUE
from qm_tui.users.passwords import has_local_password
from tests.helpers import ANNA, sample_cases, user
from tests.tui.pages import (
    LARGE,
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
    await pilot.pause()
    assert isinstance(top(pilot), UserFormScreen)
    await form_of(pilot).is_complete.wait()
    await pilot.pause()


async def saved(pilot) -> None:
    await pilot.press("f2")
    for _ in range(100):
        await pilot.pause(0.02)
        if not isinstance(top(pilot), UserFormScreen):
            break
    await wait_until_idle(pilot)


def stored(path, user_id: str = ANNA.user_id):
    return open_store(path).load().users[user_id]


# What is shown


async def test_form_has_all_fields_and_shows_no_secrets(app):
    async with app.run_test(size=(120, 60)) as pilot:
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


# Each rule is said at its field


WRONG = [
    ("first_name", "", "First Name is required"),
    ("last_name", " \xa0 ", "Last Name is required"),
    ("extension", "", "Extension is required"),
    ("user_name", "", "User Name is required"),
    ("user_name", "BO", "User Name 'BO' is already used by Bo Bosen"),
    ("phone_ip", "10.0.0.300", "Phone IP '10.0.0.300' is not a valid IP or MAC address"),
    ("secondary_phone_ip", "x", "Secondary Phone IP 'x' is not a valid IP or MAC address"),
    ("recording_service", "", "Recording Service IP Address is required"),
    ("recording_service", "a b", "Recording Service IP Address 'a b' is not an IP address, Any or"),
    ("windows_login", "anna", "Windows Login 'anna' is not a valid Windows login"),
    ("sip_uri", "anna@example.com", "SIP URI 'anna@example.com' is not a valid SIP URI"),
]


async def test_error_is_shown_when_focus_leaves_field(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        for key, text, sentence in WRONG:
            await fill(pilot, key, text)
            await pilot.press("tab")
            await pilot.pause()
            assert f"! {sentence}" in said_of(pilot, key)
            assert said_of(pilot, "agent_id") == ""
            await fill(pilot, key, getattr(ANNA, key))
            await pilot.press("tab")
            await pilot.pause()
            assert "!" not in said_of(pilot, key)


async def test_no_error_is_shown_while_typing(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "")
        await pilot.pause(0.2)  # what is typed is judged when it pauses
        assert said_of(pilot, "first_name") == ""


@pytest.mark.parametrize(("key", "text", "sentence"), WRONG[1::3])
async def test_invalid_value_is_not_saved_and_gets_focus(app, path, key, text, sentence):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, key, text)
        await fill(pilot, "agent_id", "7")
        await pilot.press("f2")
        await wait_until(pilot, lambda: "Not saved: " in shown(pilot))
        assert f"! {sentence}" in said_of(pilot, key)
        assert input_of(pilot, key).has_focus
    assert stored(path) == ANNA


async def test_warning_does_not_prevent_saving(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "windows_login", "")
        await pilot.press("tab")
        await pilot.pause()
        assert "? Windows Login is empty" in said_of(pilot, "windows_login")
        await saved(pilot)
    assert stored(path) == ANNA._replace(windows_login="")


@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("location", "Olso", "? Location 'Olso' is not in use yet (did you mean 'Oslo'?)"),
        ("department", "Legal", "? Department Name 'Legal' is not in use yet"),
        ("location", "Bergen", ""),
        ("location", "", ""),
        ("user_name", "-anna", "? User Name '-anna' begins with a hyphen"),
        ("private_extensions", "415x", "? Private Extensions '415x' contains letters"),
    ],
)
async def test_suspicious_value_has_a_warning(app, path, key, text, message):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await wait_until(pilot, lambda: app._session.query_runner.values_of(FIELD["location"]))
        await fill(pilot, key, text)
        await pilot.press("tab")
        await pilot.pause()
        assert said_of(pilot, key) == message
        await saved(pilot)
    assert getattr(stored(path), key) == text


async def test_long_text_is_rejected_and_nonprintable_characters_are_removed(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        line = input_of(pilot, "first_name")
        line.insert_text_at_cursor("x" * 5000)
        await pilot.pause(0.05)
        assert "First Name would be too long: 5,004 characters (maximum 4,096)" in said_of(
            pilot, "first_name"
        )
        assert line.value == "Anna"
        line.insert_text_at_cursor("a\x1b[2J\u202eb\x00")
        await pilot.pause(0.05)
        assert "Removed 3 nonprintable characters" in said_of(pilot, "first_name")
        assert line.value == "Annaa[2Jb"
        line.value = "x" * MAX_VALUE
        await pilot.press("tab")
        await pilot.pause()
        assert said_of(pilot, "first_name") == ""


@pytest.mark.parametrize(
    "name",
    sample_cases(
        ["אבגד הוז", "محمد", "👩‍👩‍👧 Zoë", "陈大文", "e\u0301" * 20, "Müller-Åkesson"], [0, 2, 4]
    ),
    ids=ascii,
)
async def test_names_of_any_script_do_not_shift_form(app, path, name):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", name)
        await pilot.press("tab")
        await pilot.pause()
        lines = app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in lines} == {80}
        assert all(strip.text.rstrip().endswith(("│", "╮", "╯")) for strip in lines)
        await saved(pilot)
        assert {strip.cell_length for strip in app.screen._compositor.render_strips()} == {80}
    assert stored(path).first_name == name


# Choices


async def test_licenses_are_one_choice(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        line = row_of(pilot, "on_demand_license").query_one(RadioRow)
        assert str(line.render()).split() == ["[Unlimited]", "On-Demand"]
        await turn(pilot, "on_demand_license", "right")
        await saved(pilot)
    assert (stored(path).unlimited_license, stored(path).on_demand_license) == ("0", "1")


async def test_no_license_is_a_choice_if_allowed_or_stored(home, path):
    for begins_with, allows, options in (
        (ANNA, True, ["[Unlimited]", "On-Demand", "none"]),
        (ANNA._replace(**NONE), False, ["Unlimited", "On-Demand", "[none]"]),
        (ANNA._replace(unlimited_license="1", on_demand_license="1"), False, None),
    ):
        commit(path, begins_with)
        save_preferences(import_options=ImportOptions(allow_unlicensed=allows))
        app = app_on(path)
        async with app.run_test(size=SMALL) as pilot:
            await opened(pilot)
            line = row_of(pilot, "unlimited_license").query_one(RadioRow)
            if options is None:
                assert "[both (invalid)]" in str(line.render())
            else:
                assert str(line.render()).split() == options
            if allows:
                await turn(pilot, "unlimited_license", "left")
                await saved(pilot)
                assert stored(path) == ANNA._replace(**NONE)


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


async def test_rows_below_field_do_not_move_when_its_flag_changes(app):
    async with app.run_test(size=(80, 60)) as pilot:
        await opened(pilot)
        for key, flag, below in (
            ("windows_login", "computer_recording_license", "dual_endpoints_enabled"),
            ("secondary_phone_ip", "dual_endpoints_enabled", "sip_uri"),
        ):
            row = row_of(pilot, flag)
            before = [row_of(pilot, name).region for name in (key, flag, below)]
            for _ in range(2):
                await pilot.click(row.editor, offset=(9 if input_is_used(pilot, key) else 1, 0))
                await pilot.pause(0.2)
                assert [row_of(pilot, name).region for name in (key, flag, below)] == before


def input_is_used(pilot, key: str) -> bool:
    return not input_of(pilot, key).disabled


async def test_click_selects_choice(app):
    async with app.run_test(size=(100, 60)) as pilot:
        await opened(pilot)
        row = row_of(pilot, "is_active")
        assert row.values() == {"is_active": "1"}
        await pilot.click(row.query_one(RadioRow), offset=(9, 0))
        await pilot.pause()
        assert row.values() == {"is_active": "0"}


async def test_values_in_use_are_suggested(path):
    app = app_on(path, sample_users(200))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.pause(0.2)  # the values are found in the background
        await pilot.press("e")
        await pilot.pause(0.1)
        await form_of(pilot).is_complete.wait()
        row = row_of(pilot, "security_profile")
        assert isinstance(row, TextRow)
        await fill(pilot, "security_profile", "")
        await pilot.press("S", "u")
        await pilot.pause(0.2)
        assert "In use: Supervisor" in shown(pilot)
        await pilot.press("right")
        await pilot.pause()
        assert row.values() == {"security_profile": "Supervisor"}


# Adding


async def test_user_is_added_with_hidden_password(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, "a")
        await pilot.press("f2")
        await pilot.pause(0.05)
        assert "First Name is required" in said_of(pilot, "first_name")
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
        await pilot.pause(0.05)
        assert "The passwords do not match" in said_of_row(pilot, again)
        assert "planted" not in shown(pilot)
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
        await pilot.pause(0.1)
        await pilot.press("e")
        await pilot.pause()
        await fill(pilot, "department", "Sales")
        await saved(pilot)
        assert page_of(pilot).session.current_view.filter == ""
        assert table_of(pilot).cursor_user_id == CY.user_id


async def test_help_is_that_of_the_field_with_the_error(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot, "a")
        for key, text in (
            ("first_name", "Zoë"),
            ("last_name", "Zimmer"),
            ("user_name", "zoe"),
            ("extension", "0042"),
            ("agent_id", "7"),
        ):
            await fill(pilot, key, text)
        first, again = form_of(pilot).query(SecretInput)
        first.value = "planted-password"
        await pilot.press("f2")
        await wait_until(pilot, lambda: again.has_focus)
        await wait_until(pilot, lambda: "Type the same password twice." in shown(pilot))
        first.value = ""
        await pilot.press("f2")
        await wait_until(pilot, lambda: first.has_focus)
        assert "Type the same password twice." not in shown(pilot)


@pytest.mark.parametrize("seconds", [0.0, 0.05])
async def test_keys_typed_before_all_rows_are_mounted_reach_them(app, monkeypatch, seconds):
    monkeypatch.setattr("qm_tui.tui.user.form._YIELD_SECONDS", seconds)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(top(pilot), UserFormScreen))
        editors = [row.editor for row in form_of(pilot).rows]
        _, *others = [editor for editor in editors if editor and not editor.disabled]
        for _ in others:
            pilot.app.post_message(events.Key("tab", None))
        await wait_until(pilot, lambda: pilot.app.focused is others[-1])


async def test_new_row_has_its_options_before_it_is_mounted(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("e")
        await wait_until(pilot, lambda: isinstance(top(pilot), UserFormScreen))
        values: dict[str, str] = {}
        for row in form_of(pilot).rows:
            values |= row.values()
        assert ANNA._replace(**values) == ANNA


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
    assert stored(path) == ANNA


async def test_unchanged_user_is_not_saved(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await saved(pilot)
        assert status_of(pilot) == "No changes to save"
    assert open_store(path).load().number == 1


async def test_write_error_keeps_form_open(app, path, monkeypatch):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "Zoë")
        monkeypatch.setattr(
            "qm_tui.tui.user.save.save_edit", lambda *_, **__: _raise(OSError(28, "No space"))
        )
        await pilot.press("f2")
        await wait_until_idle(pilot)
        await pilot.pause(0.05)
        assert isinstance(top(pilot), MessageDialog)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(top(pilot), UserFormScreen)
        assert input_of(pilot, "first_name").value == "Zoë"


def _raise(error: Exception) -> None:
    raise error


# Two admins


async def test_changes_of_different_fields_are_merged(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "Zoë")
        await asyncio.to_thread(commit, path, ANNA._replace(location="Bergen"))
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
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        assert "Another admin changed Location to Bergen; your value is Tromsø." in said_of(
            pilot, "location"
        )
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


async def test_user_deleted_by_another_admin_keeps_form_open(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "first_name", "Zoë")
        await asyncio.to_thread(commit, path, delete=ANNA.user_id)
        await pilot.press("f2")
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        assert "Another admin deleted Anna Berg" in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert input_of(pilot, "first_name").value == "Zoë"


async def test_user_name_taken_by_another_admin_is_an_error(app, path):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await fill(pilot, "user_name", "zoe")
        await asyncio.to_thread(commit, path, user("zoe"))
        await pilot.press("f2")
        await wait_until_idle(pilot)
        await pilot.pause(0.1)
        assert isinstance(top(pilot), UserFormScreen)
        assert "is already used by Zoe Zoesen" in said_of(pilot, "user_name")


# Pictures


@pytest.mark.snapshot
@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
@pytest.mark.parametrize("what", ["edit", "add", "faults"])
def test_the_form(home, what, size, snap_compare):
    users = sample_users(60)

    async def before(pilot):
        await wait_until_idle(pilot)
        await pilot.pause(0.2)
        await pilot.press("a" if what == "add" else "e")
        await pilot.pause(0.1)
        await form_of(pilot).is_complete.wait()
        await pilot.pause()
        if what == "faults":
            await fill(pilot, "last_name", "")
            await fill(pilot, "phone_ip", "10.0.0.300")
            await pilot.press("f2")
            await pilot.pause(0.1)

    app = app_on(home / "users.json", users)
    assert snap_compare(app, terminal_size=size, run_before=before)
