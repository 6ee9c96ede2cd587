"""The preview of an import: its texts, keys and buttons, and the import itself."""

import asyncio
import stat
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from qm_tui import progress
from qm_tui.config.preferences import load_preferences
from qm_tui.store import open_store
from qm_tui.transfer.options.import_options import (
    IMPORT_OPTION,
    EmptyCellAction,
    UnknownIdAction,
)
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.transfer.files.file_dialog import PathCheck
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview import view_model
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.transfer.preview.mapping.dialog import MappingDialog
from qm_tui.tui.transfer.preview.options_dialog import ImportOptionsDialog
from qm_tui.tui.transfer.preview.record_screen import RecordScreen
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.transfer.preview.summary import ProblemsDialog
from qm_tui.tui.widgets.markable_list import MarkableList
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work import session
from qm_tui.users.fields import User
from qm_tui.users.query.query import these
from tests.helpers import HEADER, csv_text, users_of, write_file
from tests.tui.operations import opens, text_of
from tests.tui.pages import (
    LARGE,
    SAMPLES,
    SMALL,
    app_on,
    commit,
    has_text,
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


def mixed(home: Path, users: list[User]) -> Path:
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


def plan_of(screen: PreviewScreen) -> ImportPlan:
    """Return the plan of a preview."""
    assert screen.preview is not None
    return screen.preview.plan


def current_filter(pilot: Pilot[str]) -> str:
    """Return the label of the current filter, which is in reverse video."""
    row = top(pilot).query_one("#filters", Static).content
    assert isinstance(row, Content)
    (span, *_) = [span for span in row.spans if "reverse" in str(span.style)]
    return row.plain[span.start : span.end].strip()


async def show(pilot: Pilot[str], path: Path) -> PreviewScreen:
    """Select a file by keys, and wait for its preview."""
    await wait_until_idle(pilot)
    screen = await preview(pilot, path)
    await opens(pilot, PreviewScreen)
    return screen


async def leave(pilot: Pilot[str], *keys: str) -> None:
    """Press keys, and wait for the Users page."""
    await pilot.press(*keys)
    await wait_until_imported(pilot)
    assert top(pilot) is page_of(pilot)


@pytest.fixture
def users(home):
    return sample_users(12)


@pytest.fixture
def file(home, users):
    return mixed(home, users)


@pytest.fixture
def app(home, users, file):
    return app_on(home / "users.json", users)


def stored(home: Path) -> dict[str, User]:
    return users_of(open_store(home / "users.json").load())


# What it shows


async def test_preview_shows_findings_and_result_and_writes_nothing(home, app, file):
    before = stored(home)
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        text = text_of(pilot)
        for part in (
            "Import: sales-emea.csv",
            "Preview – nothing imported yet",
            "Rejected 1 Unknown User ID a add and keep the ID",
            "1 Extension is",
            "c correct manually",
            "Licenses Unlimited",
            "7:Not in file 5 1 1 1 2 1 10",
            "[i Import 2 changes]",
        ):
            assert part in text
        assert pilot.app.focused is screen.query_one("#import")
        for key, count, said in (
            ("1", 5, "changed"),
            ("2", 1, "added"),
            ("3", 1, "Location: "),
            ("4", 1, "unchanged"),
            ("5", 2, "User ID"),
            ("6", 1, "Location 'Bergen' is not in use yet"),
            ("7", 10, "absent"),
        ):
            await pilot.press(key)
            await pilot.pause()
            assert len(rows_of(screen)) == count
            assert said in " ".join(rows_of(screen))
            assert pilot.app.focused is records_of(screen)
        line = shown(pilot).split("\n")[screen.query_one("#filters").region.y]
        await pilot.click("#filters", offset=(line.index("3:Changed") + 2, 1))
        await pilot.pause()
        assert current_filter(pilot) == "3:Changed"
        await pilot.click("#leave")
        await leave(pilot)
        assert page_of(pilot).session.may_change
        assert stored(home) == before


async def test_first_filter_and_values_of_a_change(home, users):
    def written(row: User, name: str) -> Path:
        return write_file(home, csv_text([HEADER, row]), name)

    secret = users[0]._replace(password="PLANTED-NEW", salt="PLANTED-SALT")
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        for path, label, row in (
            (mixed(home, users), "5:Rejected", "User ID"),
            (
                written(users[1]._replace(location="Lillehammer"), "w.csv"),
                "6:Warnings",
                "Lillehammer",
            ),
            (written(secret, "s.csv"), "1:All", "Password: changed (+1)"),
        ):
            screen = await show(pilot, path)
            assert current_filter(pilot) == label
            assert row in " ".join(rows_of(screen))
            assert "PLANTED" not in shown(pilot)
            await leave(pilot, "escape")
        await show(pilot, written(users[1], "same.csv"))
        assert current_filter(pilot) == "1:All"
        await pilot.press("5")
        text = "No records are rejected. Press 1 to show all records."
        await wait_until(pilot, lambda: has_text(pilot, text))


async def test_findings_of_the_file_are_shown(home, users):
    text = csv_text([HEADER, users[0], users[1]])
    path = write_file(home, text[: text.rindex(users[1].last_name)], "cut.csv")
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await show(pilot, path)
        head = str(top(pilot).query_one("#head", Static).content)
        assert head.startswith("The file seems to be incomplete: the last record has 2 of 26")
        await leave(pilot, "q")
        await show(pilot, SAMPLES / "users-excel-de.csv")
        assert "Read as Windows-1252, semicolon, header in line 1." in text_of(pilot)
        assert "Samples:" in text_of(pilot)


async def test_all_problems_can_be_seen_and_selected(home):
    app = app_on(home / "users.json", sample_users(60))
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, SAMPLES / "users-with-errors.csv")
        assert records_of(screen).page_height == 5
        lines = shown(pilot).splitlines()
        row = next(row for row, line in enumerate(lines) if "more (v shows all)" in line)
        await pilot.click(offset=(4, row))
        await opens(pilot, ProblemsDialog)
        await pilot.press("escape")
        last = plan_of(screen).groups[-1]
        for size in ((60, 16), LARGE):
            await wait_until(pilot, lambda: top(pilot) is screen)
            await pilot.resize_terminal(*size)
            await opens(pilot, ProblemsDialog, "v")
            await wait_until(pilot, lambda: "Rejected" in text_of(pilot))
            await pilot.press("end")
            await wait_until(pilot, lambda: last.reason in text_of(pilot))
            await pilot.press("enter")
            await wait_until(pilot, lambda: records_of(screen).number == last.first)
        assert records_of(screen).page_height >= 13


# Records and options


async def test_records_are_opened_and_the_cursor_follows(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        await opens(pilot, RecordScreen, "1", "home", "enter")
        assert "Bergen" in shown(pilot)
        await pilot.press("n", "n", "escape")
        await wait_until(pilot, lambda: top(pilot) is screen)
        assert records_of(screen).cursor_row == 2
        await pilot.click("#records", offset=(20, 2))
        await pilot.click("#records", offset=(20, 2))
        await opens(pilot, RecordScreen)
        await pilot.press("escape")
        await wait_until(pilot, lambda: top(pilot) is screen)
        await opens(pilot, RecordScreen, "5", "end", "enter")
        await opens(pilot, CorrectScreen, "c")
        assert "line 6" in shown(pilot)


async def test_fix_changes_the_option_and_keeps_filter_and_cursor(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        await pilot.press("1", "end", "a")
        await wait_until_planned(pilot)
        assert "7:Not in file 5 2 1 1 1 1 10" in text_of(pilot)
        assert "Options add unknown User IDs" in text_of(pilot)
        assert current_filter(pilot) == "1:All"
        assert records_of(screen).cursor_row == 4
        await pilot.press("a")
        await wait_until_planned(pilot)
        assert plan_of(screen).rejected == 2
        assert "Options add" not in text_of(pilot)
        lines = shown(pilot).split("\n")
        y, line = next((y, text) for y, text in enumerate(lines) if "keep the ID" in text)
        await pilot.click(offset=(20, next(y for y, text in enumerate(lines) if "1  Ext" in text)))
        await pilot.pause()
        assert current_filter(pilot) == "5:Rejected"
        assert records_of(screen).cursor_row == 1
        await pilot.click(offset=(line.index("keep the ID"), y))
        await wait_until_planned(pilot)
        assert screen.request.options.unknown_id is UnknownIdAction.ADD


async def test_options_are_saved_for_the_next_run(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, file)
        for key in ("a", "b"):
            await pilot.press(key)
            await wait_until_planned(pilot)
        assert load_preferences().import_options.unknown_id is UnknownIdAction.ADD
        await wait_until(
            pilot, lambda: load_preferences().import_options.empty is EmptyCellAction.KEEP
        )
    async with QmTuiApp(open_store(home / "users.json")).run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        assert screen.request.options.unknown_id is UnknownIdAction.ADD
        assert "[i Import 3 changes]" in text_of(pilot)
        await opens(pilot, ImportOptionsDialog, "o")
        await pilot.press(*["down"] * list(IMPORT_OPTION).index("all_or_nothing"), "space")
        await wait_until_planned(pilot)
        await pilot.press("escape")
        await wait_until(pilot, lambda: has_text(pilot, "[Import disabled]"))
        assert "Import disabled: some records are rejected" in text_of(pilot)
        assert screen.query_one("#import", Button).disabled
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is screen


async def test_no_import_while_planning_and_esc_keeps_the_last_plan(home, app, file, monkeypatch):
    many = home / "many.csv"
    many.write_text(csv_text([HEADER, *(user._replace(user_id="") for user in sample_users(3000))]))
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        monkeypatch.setattr(progress, "_YIELD_SECONDS", 0.3)
        monkeypatch.setattr(progress, "_WORK_SECONDS", 0)
        await pilot.press("a")
        await wait_until(pilot, lambda: screen.is_planning)
        assert "nothing imported yet" not in shown(pilot)
        await pilot.press("i", "escape")
        await wait_until(pilot, lambda: has_text(pilot, "nothing imported yet"))
        assert top(pilot) is screen
        assert screen.request.options.unknown_id is UnknownIdAction.REJECT
        await leave(pilot, "escape")
        await open_file(pilot, many)  # Esc while a file is read does not ask
        await opens(pilot, PreviewScreen)
        await wait_until(pilot, lambda: has_text(pilot, "Reading"))
        assert pilot.app.focused is top(pilot).query_one("#leave")
        await leave(pilot, "escape")
    assert len(stored(home)) == 12


# Errors


async def test_file_that_cannot_be_read_is_reported(home, app, file, monkeypatch):
    twice = write_file(home, csv_text([[*HEADER, "First Name"], ["x"] * 27]), "twice.csv")
    # a file can change between Open and the preview
    monkeypatch.setattr(OpenDialog, "check_path", lambda _self, path, _folder: PathCheck(path))

    def fail(*_args: Any, **_more: Any) -> None:
        raise RuntimeError("PLANTED")

    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await open_file(pilot, twice)
        await opens(pilot, MessageDialog)
        assert "First Name" in text_of(pilot)
        await opens(pilot, OpenDialog, "enter")
        assert str(top(pilot).query_one("#folder", Static).render()).endswith("~")
        await pilot.press("escape")
        await wait_until_imported(pilot)
        monkeypatch.setattr(view_model, "prepare_import", fail)
        await open_file(pilot, file)
        await opens(pilot, MessageDialog)
        assert "Unexpected error (RuntimeError)" in text_of(pilot)
        assert "PLANTED" not in text_of(pilot)


# Corrections, files and mappings


async def test_corrections_are_shown_and_imported_and_discarding_asks(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        await opens(pilot, CorrectScreen, "end", "c")
        await pilot.press(*"4711", "f2")
        await wait_until(pilot, lambda: has_text(pilot, "(2 of 2)"))
        await pilot.press("escape")
        await wait_until(pilot, lambda: "7:Not in file 5 2 1 1 1" in text_of(pilot))
        await opens(pilot, ConfirmQuestion, "escape")
        assert "1 corrected record will be lost" in text_of(pilot)
        await pilot.press("escape")
        await opens(pilot, ConfirmQuestion, "ctrl+q")
        await pilot.press("escape")
        await wait_until(pilot, lambda: top(pilot) is screen)
        await leave(pilot, "i")
        assert "4711" in {user.extension for user in stored(home).values()}


async def test_files_are_saved_and_replaced_only_after_a_question(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        for key, name, said in (
            ("r", "sales-emea-rejected.csv", "Saved 2 rejected records to ~/"),
            ("w", "sales-emea-preview.txt", "Report saved to ~/"),
        ):
            path = home / name
            path.write_text("precious")
            await opens(pilot, ConfirmQuestion, key)
            assert f"~/{name} already exists. Overwrite it?" in text_of(pilot)
            await pilot.press("escape")
            await wait_until(pilot, lambda: top(pilot) is screen)
            assert path.read_text() == "precious"
            await opens(pilot, ConfirmQuestion, key)
            await pilot.click("#yes")
            await opens(pilot, MessageDialog)
            assert f"{said}{name}" in text_of(pilot)
            assert "Saving" not in str(screen.query_one("#preview-state", Static).render())
            await pilot.press("enter")
            await wait_until(pilot, lambda: top(pilot) is screen)
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert "elsewhere" in (home / "sales-emea-rejected.csv").read_text()
        report = (home / "sales-emea-preview.txt").read_text()
        assert "5 records: 1 added, 1 changed, 1 unchanged, 2 rejected" in report
        (home / "sales-emea-preview.txt").unlink()
        (home / "sales-emea-preview.txt").mkdir()
        await opens(pilot, ConfirmQuestion, "w")
        await pilot.click("#yes")
        await opens(pilot, MessageDialog)
        assert "Cannot write ~/sales-emea-preview.txt: Is a directory" in text_of(pilot)


async def test_column_mapping_is_applied_and_reused(home, users):
    foreign = [{"Last Name": "Nachname"}.get(name, name) for name in HEADER]
    path = write_file(home, csv_text([foreign, users[0]._replace(user_id="")]), "hr.csv")
    header = ["Vorname", "Nachname", "Durchwahl", "Benutzername", "Telefon-IP", "Telefon-IP"]
    unknown = csv_text([header, ["Anna", "Berg", "0412", "anna", "", ""]])
    async with app_on(home / "users.json").run_test(size=LARGE) as pilot:
        screen = await show(pilot, path)
        assert "Press m to map columns to fields." in text_of(pilot)
        assert plan_of(screen).rejected == 1
        await opens(pilot, MappingDialog, "m")
        await pilot.press("f2")
        await wait_until(pilot, lambda: plan_of(screen).rejected == 0)
        await leave(pilot, "escape")
        screen = await show(pilot, path)
        assert plan_of(screen).rejected == 0
        assert "Press m to map columns to fields." not in text_of(pilot)
        await leave(pilot, "escape")
        # it opens immediately if the header is unknown
        screen = await preview(pilot, write_file(home, unknown, "de.csv"))
        await opens(pilot, MappingDialog)
        assert "Telefon-IP (column 6)" in text_of(pilot)
        await pilot.press("escape")
        await wait_until(pilot, lambda: top(pilot) is screen)
        assert "No column names are recognized." in text_of(pilot)
        await opens(pilot, MappingDialog, "m")
        await pilot.press("f2")
        await wait_until(pilot, lambda: "Columns mapped with “de”." in text_of(pilot))


# The import


async def test_a_clean_file_is_imported_by_i_enter_enter(home, users, monkeypatch):
    (home / "incoming").mkdir()
    monkeypatch.chdir(home / "incoming")
    write_file(home / "incoming", csv_text([HEADER, users[0]]))
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await opens(pilot, OpenDialog, "i")
        await pilot.press("enter")
        await wait_until_planned(pilot)
        await opens(pilot, PreviewScreen)
        await leave(pilot, "enter")
        assert status_of(pilot) == "Imported: 1 added"
        before = page_of(pilot).store.state.number
        await show(pilot, write_file(home, csv_text([HEADER, users[0]]), "same.csv"))
        assert "[Nothing to import]" in shown(pilot)
        await leave(pilot, "i")
        assert status_of(pilot) == "Nothing to import: all records are unchanged"
        assert open_store(home / "users.json").load().number == before


async def test_mass_change_requires_its_number(home):
    users = [user._replace(is_active="1") for user in sample_users(20)]
    path = write_file(home, csv_text([HEADER, *(user._replace(is_active="0") for user in users)]))
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        screen = await show(pilot, path)
        assert "This import inactivates 20 users" in text_of(pilot)
        await opens(pilot, ConfirmDialog, "i")
        await pilot.press("escape")
        await wait_until(pilot, lambda: top(pilot) is screen)
        await pilot.click("#import")
        await opens(pilot, ConfirmDialog)
        await pilot.press("1", "9", "enter")
        await wait_until(pilot, lambda: "The number does not match. Type 20" in text_of(pilot))
        top(pilot).query_one(Input).value = "20"
        await pilot.click("#yes")
        await leave(pilot)
        assert status_of(pilot) == "Imported: 20 changed"
    assert {user.is_active for user in stored(home).values()} == {"0"}


async def test_outdated_preview_is_shown_again_before_importing(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        # a change of a user that the import does not change does not matter
        commit(home / "users.json", users[7]._replace(location="Elsewhere"))
        commit(home / "users.json", users[1]._replace(location="Elsewhere"))
        await pilot.press("i")
        await wait_until(pilot, lambda: top(pilot) is not screen)
        screen = await wait_until_planned(pilot)
        await opens(pilot, PreviewScreen)
        text = text_of(pilot)
        assert "Another admin changed the store in the meantime. Nothing was imported." in text
        assert "7:Not in file 5 1 2 0 2 1 10" in text
        assert stored(home)[users[1].user_id].location == "Elsewhere"
        commit(home / "users.json", users[8]._replace(location="Elsewhere"))
        await leave(pilot, "1", "down", "i")
        assert screen.preview is None
        assert status_of(pilot) == "Imported: 1 added, 2 changed, 2 rejected"
        for user in (users[7], users[8]):
            assert stored(home)[user.user_id].location == "Elsewhere"


async def test_second_import_cannot_start_during_preview_or_import(home, app, file, monkeypatch):
    monkeypatch.setattr(session, "_NEW_JOB", 0)
    release, began = asyncio.Event(), []

    async def held(work: Any, *args: Any) -> Any:
        began.append(work)
        await release.wait()
        return await asyncio.get_running_loop().run_in_executor(None, partial(work, *args))

    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, file)
        page = page_of(pilot)
        page.action_import()
        await pilot.pause()
        assert not any(isinstance(screen, OpenDialog) for screen in pilot.app.screen_stack)
        monkeypatch.setattr(asyncio, "to_thread", held)
        await pilot.press("i")
        await wait_until(pilot, lambda: top(pilot) is page and bool(began))
        assert page.query_one("#import", Button).disabled
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is page
        assert len(began) == 1
        release.set()
        await wait_until_imported(pilot)
        assert not page.query_one("#import", Button).disabled


# Marks


async def test_users_are_marked_in_the_preview_and_stay_marked(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, file)
        marks = page_of(pilot).session.marks
        await pilot.press("7", "space")
        await wait_until(pilot, lambda: marks.selection == these([users[2].user_id]))
        assert "1 marked" in shown(pilot)
        assert ">✓" in shown(pilot)
        await pilot.press("asterisk")
        await wait_until(pilot, lambda: marks.number == 10)
        await pilot.press("asterisk")
        await wait_until(pilot, lambda: not marks)
        await leave(pilot, "3", "space", "2", "space", "i")
        assert marks.selection == these([users[0].user_id])
        await wait_until(pilot, lambda: has_text(pilot, "13 users"))
        assert " 1 marked" in shown(pilot)
        assert table_of(pilot).row_text(0, 60)[1] == "✓"


async def test_range_of_records_or_of_absent_users_is_marked(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        marks = page_of(pilot).session.marks
        await pilot.press("7", "down", "V", "down", "down")
        assert "V mark to here  Esc cancel" in shown(pilot)
        await pilot.press("escape", "up", "V", "down", "V")
        absent = [users[4].user_id, users[5].user_id]
        await wait_until(pilot, lambda: marks.selection == these(absent))
        assert records_of(screen).absent is not None
        await pilot.press("1", "V", "G", "V")  # added ones have no user yet
        await wait_until(pilot, lambda: marks.number > 2)
        assert marks.selection == these([users[0].user_id, users[1].user_id, *absent])


@pytest.mark.parametrize("keys", [["space"], ["asterisk"], ["V", "down", "V"]])
async def test_records_without_a_stored_user_cannot_be_marked(home, app, users, file, keys):
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, file)
        await pilot.press("2", *keys)
        await wait_until(pilot, lambda: has_text(pilot, "Only users in the store can be marked."))
        assert not page_of(pilot).session.marks
        await pilot.press("1")
        await wait_until(pilot, lambda: has_text(pilot, "Preview – nothing imported yet"))


async def test_range_ends_with_a_message_if_other_records_are_shown(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        screen = await show(pilot, file)
        await pilot.press("1", "V", "down", "2")
        await wait_until(pilot, lambda: has_text(pilot, MarkableList.RangeDropped.text))
        assert records_of(screen).range_start is None


async def test_deleted_user_loses_the_mark(home, app, users):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("space", "down", "space")
        await wait_until(pilot, lambda: has_text(pilot, " 2 marked"))
        commit(home / "users.json", delete=users[0].user_id)
        await wait_until(pilot, lambda: has_text(pilot, " 1 marked"))
        assert page_of(pilot).session.marks.selection == these([users[1].user_id])
