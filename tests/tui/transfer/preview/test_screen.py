"""The preview of an import: its texts, keys and buttons, and the import itself."""

import asyncio
import csv
import io
import stat
from functools import partial

import pytest
from textual.content import Content
from textual.widgets import Button, Input, Static

from qm_tui.config.preferences import load_preferences
from qm_tui.store import open_store
from qm_tui.transfer.options.import_options import (
    IMPORT_OPTION,
    EmptyCellAction,
    UnknownIdAction,
)
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview import view_model
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.transfer.preview.mapping_dialog import MappingDialog
from qm_tui.tui.transfer.preview.options_dialog import ImportOptionsDialog
from qm_tui.tui.transfer.preview.record_screen import RecordScreen
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.transfer.preview.summary import ProblemsDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work import session
from tests.helpers import HEADER, csv_text, write_file
from tests.tui.pages import (
    LARGE,
    SAMPLES,
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
from tests.tui.previews import (
    open_file,
    preview,
    records_of,
    rows_of,
    wait_until_imported,
    wait_until_planned,
)

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


def mixed(home, users):
    """Write a file with every kind of record, for a store with these users.

    One record is changed, one unchanged, one added, one has an unknown User ID, one has no
    Extension. The other users are not in the file.
    """
    new, stranger, faulty = sample_users(len(users) + 3)[len(users) :]
    rows = [
        users[0]._replace(location="Bergen"),
        users[1],
        new._replace(user_id=""),
        stranger._replace(user_id="elsewhere"),
        faulty._replace(user_id="", extension=""),
    ]
    return write_file(home, csv_text([HEADER, *rows]), "sales-emea.csv")


def words(pilot):
    """Return the text of the screen without lines."""
    return " ".join(shown(pilot).replace("│", " ").split())


def plan_of(screen):
    """Return the plan of a preview."""
    assert screen.preview is not None
    return screen.preview.plan


def current_filter(pilot):
    """Return the label of the current filter, which is in reverse video."""
    row = top(pilot).query_one("#filters", Static).content
    assert isinstance(row, Content)
    (span, *_) = [span for span in row.spans if "reverse" in str(span.style)]
    return row.plain[span.start : span.end].strip()


@pytest.fixture
def users(home):
    return sample_users(12)


@pytest.fixture
def file(home, users):
    return mixed(home, users)


@pytest.fixture
def app(home, users, file):
    return app_on(home / "users.json", users)


def stored(home):
    return open_store(home / "users.json").load().users


def generation(home):
    return open_store(home / "users.json").load().number


async def test_preview_shows_findings_and_result_and_writes_nothing(home, app, file):
    before = stored(home)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        text = words(pilot)
        assert "Import: sales-emea.csv" in text
        assert "Preview – nothing imported yet" in text
        assert "Read as UTF-8, comma, header in line 1." in text
        assert "Rejected 1 Unknown User ID a add and keep the ID" in text
        assert "1 Extension is" in text
        assert "c correct manually" in text
        assert "Licenses Unlimited" in text
        assert "7:Not in file 5 1 1 1 2 1 10" in text
        assert "[i Import 2 changes]" in text
        assert pilot.app.focused is top(pilot).query_one("#import")
        assert dict(stored(home)) == dict(before)


async def test_first_filter_is_rejected_then_warnings_then_all(home, users):
    clean = write_file(home, csv_text([HEADER, users[1]]), "clean.csv")
    warned = write_file(
        home, csv_text([HEADER, users[1]._replace(location="Lillehammer")]), "w.csv"
    )
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        for path, label in (
            (clean, "1:All"),
            (warned, "6:Warnings"),
            (mixed(home, users), "5:Rejected"),
        ):
            await preview(pilot, path)
            assert current_filter(pilot) == label
            await pilot.press("escape")
            await wait_until_imported(pilot)


EACH = [
    ("1", 5, "changed"),
    ("2", 1, "added"),
    ("3", 1, "Location: "),
    ("4", 1, "unchanged"),
    ("5", 2, "User ID"),
    ("6", 1, "Location 'Bergen' is not in use yet"),
    ("7", 10, "absent"),
]


@pytest.mark.parametrize(("key", "count", "said"), EACH, ids=[case[0] for case in EACH])
async def test_keys_filter_the_records(home, app, file, key, count, said):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        await pilot.press(key)
        await pilot.pause()
        assert len(rows_of(screen)) == count
        assert said in " ".join(rows_of(screen))
        assert pilot.app.focused is records_of(screen)


async def test_click_selects_a_filter(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        line = shown(pilot).split("\n")[screen.query_one("#filters").region.y]
        await pilot.click("#filters", offset=(line.index("3:Changed") + 2, 1))
        await pilot.pause()
        assert current_filter(pilot) == "3:Changed"
        assert len(rows_of(screen)) == 1


async def test_change_shows_both_values_except_for_secrets(home, users):
    other = users[0]._replace(password="PLANTED-NEW", salt="PLANTED-SALT")
    path = write_file(home, csv_text([HEADER, other]), "new.csv")
    async with app_on(home / "users.json", users).run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, path)
        assert "Password: changed (+1)" in rows_of(screen)[0]
        assert "PLANTED" not in shown(pilot)
        await pilot.press("escape")
        await wait_until_imported(pilot)
        path = write_file(home, csv_text([HEADER, users[0]._replace(location="Bergen")]), "new.csv")
        screen = await preview(pilot, path)
        await pilot.press("3")
        (row,) = rows_of(screen)
        assert "Bergen" in row


async def test_i_imports_from_anywhere_and_enter_only_on_the_button(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("1", "down", "i")
        await wait_until_imported(pilot)
        assert status_of(pilot) == "Imported: 1 added, 1 changed, 2 rejected"
        assert len(stored(home)) == 13


async def test_a_clean_file_is_imported_by_i_enter_enter(home, users, monkeypatch):
    (home / "incoming").mkdir()
    monkeypatch.chdir(home / "incoming")
    write_file(home / "incoming", csv_text([HEADER, users[0]]))
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("i")
        await pilot.pause(0.4)
        await pilot.press("enter")
        await wait_until_planned(pilot)
        await pilot.press("enter")
        await wait_until_imported(pilot)
        assert status_of(pilot) == "Imported: 1 added"


async def test_enter_opens_a_record_and_the_cursor_follows(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        await pilot.press("1", "home", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), RecordScreen)
        assert "Bergen" in shown(pilot)
        await pilot.press("n", "n", "escape")
        await pilot.pause()
        assert top(pilot) is screen
        assert records_of(screen).cursor_row == 2
        assert "nothing imported yet" in shown(pilot)


async def test_record_is_opened_by_clicks(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.click("#records", offset=(20, 2))
        await pilot.click("#records", offset=(20, 2))
        await pilot.pause()
        assert isinstance(top(pilot), RecordScreen)


async def test_key_of_a_fix_changes_the_option_and_keeps_filter_and_cursor(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        await pilot.press("1", "end", "a")
        await wait_until_planned(pilot)
        assert top(pilot) is screen
        text = words(pilot)
        assert "7:Not in file 5 2 1 1 1 1 10" in text
        assert "Options add unknown User IDs" in text
        assert current_filter(pilot) == "1:All"
        assert records_of(screen).cursor_row == 4
        await pilot.press("a")
        await wait_until_planned(pilot)
        assert plan_of(screen).rejected == 2
        assert "Options add" not in words(pilot)


async def test_click_on_a_fix_changes_the_option_and_on_a_group_shows_it(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        lines = shown(pilot).split("\n")
        y, line = next((y, text) for y, text in enumerate(lines) if "keep the ID" in text)
        group = next(y for y, text in enumerate(lines) if "1  Extension is" in text)
        await pilot.press("1")
        await pilot.click(offset=(20, group))
        await pilot.pause()
        assert current_filter(pilot) == "5:Rejected"
        assert records_of(screen).cursor_row == 1
        await pilot.click(offset=(line.index("keep the ID"), y))
        await wait_until_planned(pilot)
        assert screen.request.options.unknown_id is UnknownIdAction.ADD


async def test_no_import_while_planning_and_esc_keeps_the_last_plan(home, app, file, monkeypatch):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        monkeypatch.setattr("qm_tui.progress._YIELD_SECONDS", 0.3)
        monkeypatch.setattr("qm_tui.progress._WORK_SECONDS", 0)
        await pilot.press("a")
        await pilot.pause()
        assert "nothing imported yet" not in shown(pilot)
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is screen
        await pilot.press("escape")
        await pilot.pause()
        assert "nothing imported yet" in shown(pilot)
        assert top(pilot) is screen
        assert screen.request.options.unknown_id is UnknownIdAction.REJECT
        assert len(stored(home)) == 12


async def test_esc_during_reading_does_not_ask(home, app, monkeypatch):
    many = home / "many.csv"
    many.write_text(csv_text([HEADER, *(user._replace(user_id="") for user in sample_users(3000))]))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        monkeypatch.setattr("qm_tui.progress._YIELD_SECONDS", 0.2)
        monkeypatch.setattr("qm_tui.progress._WORK_SECONDS", 0)
        await open_file(pilot, many)
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(top(pilot), PreviewScreen) and "Reading" in shown(pilot):
                break
        assert "[Cancel]" in shown(pilot)
        assert pilot.app.focused is top(pilot).query_one("#leave")
        await pilot.press("escape")
        await wait_until_imported(pilot)
        assert top(pilot) is page_of(pilot)
        assert len(stored(home)) == 12


async def test_invalid_file_shows_an_error_and_returns_to_open(home, app, monkeypatch):
    path = write_file(home, csv_text([[*HEADER, "First Name"], ["x"] * 27]), "twice.csv")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        # a file can change between Open and the preview
        monkeypatch.setattr(OpenDialog, "check_path", lambda _self, path, _f: verdict(path))
        await open_file(pilot, path)
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(top(pilot), MessageDialog):
                break
        assert "First Name" in words(pilot)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), OpenDialog)
        assert str(top(pilot).query_one("#folder", Static).render()).endswith("~")


def verdict(path):
    from qm_tui.tui.transfer.files.file_dialog import PathCheck

    return PathCheck(path)


@pytest.mark.parametrize("how", ["escape", "q", "click"])
async def test_cancel_returns_to_the_users_page_and_changes_nothing(home, app, file, how):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await (pilot.click("#leave") if how == "click" else pilot.press(how))
        await wait_until_imported(pilot)
        assert top(pilot) is page_of(pilot)
        assert len(stored(home)) == 12
        assert page_of(pilot).session.may_change


async def test_corrections_are_shown_and_imported_and_discarding_asks(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        await pilot.press("end", "c")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), CorrectScreen)
        for letter in "4711":
            await pilot.press(letter)
        await pilot.press("f2")
        await pilot.pause(0.3)
        await pilot.press("escape")
        await wait_until_planned(pilot)
        assert "7:Not in file 5 2 1 1 1" in words(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmQuestion)
        assert "1 corrected record will be lost" in words(pilot)
        await pilot.press("escape", "ctrl+q")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmQuestion)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is screen
        await pilot.press("i")
        await wait_until_imported(pilot)
        assert "4711" in {user.extension for user in stored(home).values()}


async def test_correction_can_start_from_the_record(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("5", "end", "enter")
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), CorrectScreen)
        assert "line 6" in shown(pilot)


@pytest.mark.parametrize("how", ["key", "click"])
async def test_rejected_records_are_saved_next_to_the_file(home, app, file, how):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await (pilot.press("r") if how == "key" else pilot.click("#save-rejected"))
        await pilot.pause(0.4)
        assert isinstance(top(pilot), MessageDialog)
        assert "Saved 2 rejected records to ~/sales-emea-rejected.csv" in words(pilot)
        below = pilot.app.screen_stack[-2].query_one("#preview-state", Static)
        assert "Saving" not in str(below.render())
        saved = home / "sales-emea-rejected.csv"
        rows = list(csv.reader(io.StringIO(saved.read_text())))
        assert rows[0][0] == "Problems"
        assert [row[4] for row in rows[1:]] == ["elsewhere", ""]
        assert stat.S_IMODE(saved.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("key", "name"), [("r", "sales-emea-rejected.csv"), ("w", "sales-emea-preview.txt")]
)
async def test_existing_file_is_replaced_only_after_a_question(home, app, file, key, name):
    (home / name).write_text("precious")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        for answer in ("escape", "yes"):
            await pilot.press(key)
            await pilot.pause(0.3)
            assert isinstance(top(pilot), ConfirmQuestion)
            assert f"~/{name} already exists. Overwrite it?" in words(pilot)
            if answer == "escape":
                await pilot.press("escape")
                await pilot.pause(0.2)
                assert (home / name).read_text() == "precious"
            else:
                await pilot.click("#yes")
                await pilot.pause(0.3)
                assert (home / name).read_text() != "precious"
        assert isinstance(top(pilot), MessageDialog)


async def test_report_is_saved_next_to_the_file(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("w")
        await pilot.pause(0.3)
        assert "~/sales-emea-preview.txt" in words(pilot)
    text = (home / "sales-emea-preview.txt").read_text()
    assert "5 records: 1 added, 1 changed, 1 unchanged, 2 rejected" in text
    assert "Line 6" in text
    assert stat.S_IMODE((home / "sales-emea-preview.txt").stat().st_mode) == 0o600


async def test_failed_save_shows_an_error(home, app, file):
    (home / "sales-emea-preview.txt").mkdir()
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("w")
        await pilot.pause(0.3)
        await pilot.click("#yes")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), MessageDialog)
        assert "Cannot write ~/sales-emea-preview.txt: Is a directory" in words(pilot)


async def test_column_mapping_is_applied_and_reused(home, users):
    foreign = [{"Last Name": "Nachname"}.get(name, name) for name in HEADER]
    path = write_file(home, csv_text([foreign, users[0]._replace(user_id="")]), "hr.csv")
    async with app_on(home / "users.json").run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, path)
        assert "Press m to map columns to fields." in words(pilot)
        assert plan_of(screen).rejected == 1
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(top(pilot), MappingDialog)
        await pilot.press("f2")
        await wait_until_planned(pilot)
        assert plan_of(screen).rejected == 0
        await pilot.press("escape")
        await wait_until_imported(pilot)
        screen = await preview(pilot, path)
        assert plan_of(screen).rejected == 0
        assert "Press m to map columns to fields." not in words(pilot)


async def test_mapping_opens_immediately_if_the_header_is_unknown(home, users):
    header = ["Vorname", "Nachname", "Durchwahl", "Benutzername", "Telefon-IP", "Telefon-IP"]
    path = write_file(home, csv_text([header, ["Anna", "Berg", "0412", "anna", "", ""]]), "hr.csv")
    async with app_on(home / "users.json").run_test(size=LARGE) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, path)
        await pilot.pause()
        assert isinstance(top(pilot), MappingDialog)
        assert "Telefon-IP (column 6)" in words(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is screen
        assert "No column names are recognized." in words(pilot)
        await pilot.press("m")
        await pilot.pause()
        await pilot.press("f2")
        await wait_until_planned(pilot)
        assert top(pilot) is screen
        assert "Columns mapped with “hr”." in words(pilot)


async def test_incomplete_file_is_reported_above_everything_else(home, users):
    text = csv_text([HEADER, users[0], users[1]])
    path = write_file(home, text[: text.rindex(users[1].last_name)], "cut.csv")
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, path)
        text = str(top(pilot).query_one("#head", Static).content)
        assert text.startswith("The file seems to be incomplete: the last record has 2 of 26")


async def test_options_are_saved_for_the_next_run(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("a")
        await wait_until_planned(pilot)
        await pilot.press("b")
        screen = await wait_until_planned(pilot)
        screen.replan(screen.request.__class__(file, screen.request.options))
        await wait_until_planned(pilot)
        await pilot.pause(0.2)
    assert load_preferences().import_options.unknown_id is UnknownIdAction.ADD
    async with QmTuiApp(open_store(home / "users.json"), login="mheller").run_test(
        size=SMALL
    ) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, file)
        assert screen.request.options.unknown_id is UnknownIdAction.ADD
        assert screen.request.options.empty is EmptyCellAction.KEEP
        assert "[i Import 3 changes]" in words(pilot)


async def test_mass_change_requires_its_number(home):
    users = [user._replace(is_active="1") for user in sample_users(20)]
    path = write_file(home, csv_text([HEADER, *(user._replace(is_active="0") for user in users)]))
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, path)
        assert "This import inactivates 20 users" in words(pilot)
        await pilot.press("i")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmDialog)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is screen
        await pilot.click("#import")
        await pilot.pause()
        await pilot.press("1", "9", "enter")
        await pilot.pause()
        assert "The number does not match. Type 20" in words(pilot)
        top(pilot).query_one(Input).value = "20"
        await pilot.click("#yes")
        await wait_until_imported(pilot)
        assert status_of(pilot) == "Imported: 20 changed"
    assert {user.is_active for user in stored(home).values()} == {"0"}


async def test_all_or_nothing_disables_the_import(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(top(pilot), ImportOptionsDialog)
        await pilot.press(*["down"] * list(IMPORT_OPTION).index("all_or_nothing"), "space")
        await wait_until_planned(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "Import disabled: some records are rejected" in words(pilot)
        assert "[Import disabled]" in shown(pilot)
        assert top(pilot).query_one("#import", Button).disabled
        await pilot.press("i")
        await pilot.pause(0.2)
        assert isinstance(top(pilot), PreviewScreen)
    assert len(stored(home)) == 12


async def test_unchanged_file_writes_no_transaction(home, users):
    path = write_file(home, csv_text([HEADER, *users]))
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        before = generation(home)
        await preview(pilot, path)
        assert "[Nothing to import]" in shown(pilot)
        await pilot.press("i")
        await wait_until_imported(pilot)
        assert status_of(pilot) == "Nothing to import: all records are unchanged"
        assert generation(home) == before


async def test_outdated_preview_is_shown_again_before_importing(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        commit(home / "users.json", users[1]._replace(location="Elsewhere"))
        await pilot.press("i")
        await pilot.pause(0.2)
        screen = await wait_until_planned(pilot)
        text = words(pilot)
        assert "Another admin changed the store in the meantime. Nothing was imported." in text
        assert "7:Not in file 5 1 2 0 2 1 10" in text
        assert stored(home)[users[1].user_id].location == "Elsewhere"
        await pilot.press("i")
        await wait_until_imported(pilot)
        assert screen.preview is None
        assert status_of(pilot) == "Imported: 1 added, 2 changed, 2 rejected"


async def test_unrelated_change_by_another_admin_does_not_ask(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        commit(home / "users.json", users[7]._replace(location="Elsewhere"))
        await pilot.press("i")
        await wait_until_imported(pilot)
        assert status_of(pilot) == "Imported: 1 added, 1 changed, 2 rejected"
        assert stored(home)[users[7].user_id].location == "Elsewhere"


async def test_second_import_cannot_start_during_preview_or_import(home, app, file, monkeypatch):
    monkeypatch.setattr(session, "_NEW_JOB", 0)
    release = asyncio.Event()
    began = []

    async def held(work, *args):
        began.append(work)
        await release.wait()
        return await asyncio.get_running_loop().run_in_executor(None, partial(work, *args))

    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page = page_of(pilot)
        await preview(pilot, file)
        page.action_import()
        await pilot.pause(0.2)
        assert sum(isinstance(screen, OpenDialog) for screen in pilot.app.screen_stack) == 0
        monkeypatch.setattr(asyncio, "to_thread", held)
        await pilot.press("i")
        await pilot.pause(0.2)
        assert top(pilot) is page
        assert page.query_one("#import", Button).disabled
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is page
        release.set()
        await wait_until_imported(pilot)
        assert len(began) == 1
        assert not page.query_one("#import", Button).disabled


async def test_space_and_star_mark_users_not_in_the_file(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("7", "space")
        await pilot.pause()
        assert page_of(pilot).session.marks == {users[2].user_id}
        assert "1 marked" in shown(pilot)
        assert ">✓" in shown(pilot)
        await pilot.press("asterisk")
        await pilot.pause(0.3)
        assert len(page_of(pilot).session.marks) == 10
        await pilot.press("asterisk")
        await pilot.pause(0.3)
        assert not page_of(pilot).session.marks


async def test_marks_survive_the_import(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("3", "space", "2", "space", "i")
        await wait_until_imported(pilot)
        assert page_of(pilot).session.marks == {users[0].user_id}
        assert "13 users" in shown(pilot)
        assert " 1 marked" in shown(pilot)
        assert table_of(pilot).row_text(0, 60)[1] == "✓"


async def test_deleted_user_loses_the_mark(home, app, users):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("space", "down", "space")
        await pilot.pause()
        assert "12 users" in shown(pilot)
        assert " 2 marked" in shown(pilot)
        commit(home / "users.json", delete=users[0].user_id)
        for _ in range(100):
            await pilot.pause(0.05)
            if "11 users" in shown(pilot) and " 1 marked" in shown(pilot):
                break
        assert page_of(pilot).session.marks == {users[1].user_id}


async def test_star_on_the_users_page_marks_and_unmarks_all(home, app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("space", "asterisk")
        await pilot.pause()
        assert " 12 marked" in shown(pilot)
        await pilot.press("asterisk")
        await pilot.pause()
        assert "marked" not in shown(pilot)


async def test_keyboard_shortcuts_are_listed(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(top(pilot), KeysScreen)
        text = shown(pilot)
        assert "Filter records" in text
        assert "Options" in text
        await pilot.press("pagedown")
        await pilot.pause()
        assert "Save rejected records" in shown(pilot)


async def test_many_groups_leave_five_rows_for_records(home):
    app = app_on(home / "users.json", sample_users(60))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, SAMPLES / "users-with-errors.csv")
        assert records_of(screen).page_height == 5
        assert "more (v shows all)" in shown(pilot)
        await pilot.resize_terminal(*LARGE)
        await pilot.pause(0.2)
        assert records_of(screen).page_height >= 13


async def test_detected_encoding_is_shown_with_samples(home):
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, SAMPLES / "users-excel-de.csv")
        assert "Read as Windows-1252, semicolon, header in line 1." in words(pilot)
        assert "Samples:" in words(pilot)


async def test_unexpected_error_shows_one_sentence(home, app, file, monkeypatch):
    def fail(*_args, **_more):
        raise RuntimeError("PLANTED")

    monkeypatch.setattr(view_model, "prepare_import", fail)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await open_file(pilot, file)
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(top(pilot), MessageDialog):
                break
        assert "Unexpected error (RuntimeError)" in words(pilot)
        assert "PLANTED" not in words(pilot)


@pytest.mark.snapshot
@SIZES
def test_the_preview(home, users, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await preview(pilot, SAMPLES / "users-with-errors.csv")

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.snapshot
@SIZES
def test_the_preview_of_a_mixed_file(home, app, file, size, snap_compare):
    async def before(pilot):
        await wait_until_idle(pilot)
        await preview(pilot, file)
        await pilot.press("a")
        await wait_until_planned(pilot)
        await pilot.press("7", "space")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [(60, 16), SMALL, LARGE])
async def test_all_problems_can_be_seen_and_selected(home, size):
    app = app_on(home / "users.json", sample_users(60))
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        screen = await preview(pilot, SAMPLES / "users-with-errors.csv")
        assert screen.preview is not None
        groups = screen.preview.plan.groups
        await pilot.press("v")
        await wait_until(pilot, lambda: isinstance(top(pilot), ProblemsDialog))
        await wait_until(pilot, lambda: "Rejected" in words(pilot))
        await pilot.press("end")
        await wait_until(pilot, lambda: groups[-1].reason in words(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: top(pilot) is screen)
        await pilot.pause()
        assert records_of(screen).number == groups[-1].first


async def test_click_on_omitted_groups_shows_all(home):
    app = app_on(home / "users.json", sample_users(60))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, SAMPLES / "users-with-errors.csv")
        lines = shown(pilot).splitlines()
        row = next(row for row, line in enumerate(lines) if "more (v shows all)" in line)
        await pilot.click(offset=(4, row))
        await wait_until(pilot, lambda: isinstance(top(pilot), ProblemsDialog))


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("2", "No records will be added. Press 1 to show all records."),
        ("5", "No records are rejected. Press 1 to show all records."),
        ("7", "All users are in the file. Press 1 to show all records."),
    ],
)
async def test_filter_without_records_says_so(home, key, text):
    users = sample_users(3)
    path = write_file(home, csv_text([HEADER, *users]))
    async with app_on(home / "users.json", users).run_test(size=(60, 16)) as pilot:
        await wait_until_idle(pilot)
        await preview(pilot, path)
        assert "[Nothing to import]" in shown(pilot)
        assert text not in shown(pilot)
        await pilot.press(key)
        await pilot.pause()
        assert text in shown(pilot)
        await pilot.press("1")
        await pilot.pause()
        assert text not in shown(pilot)
