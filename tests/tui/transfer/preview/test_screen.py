"""The preview of an import: what it says, what its keys and buttons do, and what it leads to."""

import asyncio
import csv
import io
import stat
from functools import partial

import pytest
from textual.widgets import Button, Input, Static

from qm_tui.preferences import remembered
from qm_tui.store import open_store
from qm_tui.transfer.importing import commit as carry_out
from qm_tui.transfer.options.import_options import Empty, UnknownID
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.frame.key_help import KeysScreen
from qm_tui.tui.transfer import import_flow
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview import planner
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.transfer.preview.mapping_dialog import MappingDialog
from qm_tui.tui.transfer.preview.options_dialog import ChoicesDialog
from qm_tui.tui.transfer.preview.record_screen import RecordScreen
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work import job
from tests.helpers import HEADER, csv_text, written
from tests.tui.pages import (
    LARGE,
    SAMPLES,
    SMALL,
    app_on,
    commit,
    page_of,
    sample_users,
    settled,
    shown,
    status_of,
    table_of,
    top,
)
from tests.tui.previews import (
    choose,
    ended,
    import_file,
    planned,
    preview,
    records_of,
    rows_of,
)

SIZES = pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])


def mixed(home, users):
    """A file of every kind of record, for a store that holds the users.

    One is changed, one unchanged, one added, one unknown here, one without Extension; the others
    are not in it.
    """
    new, stranger, faulty = sample_users(len(users) + 3)[len(users) :]
    rows = [
        users[0]._replace(location="Bergen"),
        users[1],
        new._replace(user_id=""),
        stranger._replace(user_id="elsewhere"),
        faulty._replace(user_id="", extension=""),
    ]
    return written(home, csv_text([HEADER, *rows]), "sales-emea.csv")


def words(pilot):
    """What is on the screen, in words."""
    return " ".join(shown(pilot).replace("│", " ").split())


def plan_of(screen):
    """What becomes of each record."""
    assert screen.preview is not None
    return screen.preview.plan


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


async def test_it_shows_what_was_found_what_would_happen_and_writes_nothing(home, app, file):
    before = stored(home)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        text = words(pilot)
        assert "Import: sales-emea.csv" in text
        assert "Nothing is written yet" in text
        assert "Read as UTF-8, comma, header in line 1." in text
        assert "5 records = 1 added + 1 changed + 1 unchanged + 2 rejected" in text
        assert "Rejected 1 User ID is not known here a add, keeping the ID" in text
        assert "1 Extension is empty" in text
        assert "c correct one by one" in text
        assert "Licenses Unlimited" in text
        assert "7 not in file 10" in text
        assert "[i Import 3 records]" in text
        assert pilot.app.focused is top(pilot).query_one("#import")
        assert dict(stored(home)) == dict(before)


async def test_it_starts_with_what_wants_the_eye_rejected_then_warned_then_all(home, users):
    clean = written(home, csv_text([HEADER, users[1]]), "clean.csv")
    warned = written(home, csv_text([HEADER, users[1]._replace(location="Lillehammer")]), "w.csv")
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await settled(pilot)
        for path, label in ((clean, "1 ALL"), (warned, "6 WARNED"), (mixed(home, users), "5 REJ")):
            await preview(pilot, path)
            assert label in shown(pilot)
            await pilot.press("escape")
            await ended(pilot)


EACH = [
    ("1", 5, "changed"),
    ("2", 1, "added"),
    ("3", 1, "Location: "),
    ("4", 1, "unchanged"),
    ("5", 2, "User ID is not known here"),
    ("6", 1, "Location 'Bergen' is new here"),
    ("7", 10, "not named"),
]


@pytest.mark.parametrize(("key", "count", "said"), EACH, ids=[one[0] for one in EACH])
async def test_keys_filter_the_records(home, app, file, key, count, said):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        await pilot.press(key)
        await pilot.pause()
        assert len(rows_of(screen)) == count
        assert said in " ".join(rows_of(screen))
        assert pilot.app.focused is records_of(screen)


async def test_a_click_on_a_filter_chooses_it(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        line = shown(pilot).split("\n")[screen.query_one("#filters").region.y]
        await pilot.click("#filters", offset=(line.index("3 changed") + 2, 0))
        await pilot.pause()
        assert "3 CHANGED" in shown(pilot)
        assert len(rows_of(screen)) == 1


async def test_a_change_is_shown_before_and_after_and_a_secret_only_as_changed(home, users):
    other = users[0]._replace(password="PLANTED-NEW", salt="PLANTED-SALT")
    path = written(home, csv_text([HEADER, other]), "new.csv")
    async with app_on(home / "users.json", users).run_test(size=LARGE) as pilot:
        await settled(pilot)
        screen = await preview(pilot, path)
        assert "Password: changed (+1)" in rows_of(screen)[0]
        assert "PLANTED" not in shown(pilot)
        await pilot.press("escape")
        await ended(pilot)
        path = written(home, csv_text([HEADER, users[0]._replace(location="Bergen")]), "new.csv")
        screen = await preview(pilot, path)
        await pilot.press("3")
        (row,) = rows_of(screen)
        assert "Bergen" in row


async def test_i_imports_from_anywhere_and_enter_only_on_the_button(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("1", "down", "i")
        await ended(pilot)
        assert status_of(pilot) == "Imported 3 of 5 records, 2 rejected"
        assert len(stored(home)) == 13


async def test_a_clean_file_is_imported_by_i_enter_enter(home, users, monkeypatch):
    (home / "incoming").mkdir()
    monkeypatch.chdir(home / "incoming")
    written(home / "incoming", csv_text([HEADER, users[0]]))
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("i")
        await pilot.pause(0.4)
        await pilot.press("enter")
        await planned(pilot)
        await pilot.press("enter")
        await ended(pilot)
        assert status_of(pilot) == "Imported 1 of 1 record"


async def test_enter_on_a_record_opens_it_and_the_cursor_follows_to_where_it_was_left(
    home, app, file
):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        await pilot.press("1", "home", "enter")
        await pilot.pause()
        assert isinstance(top(pilot), RecordScreen)
        assert "Bergen" in shown(pilot)
        await pilot.press("n", "n", "escape")
        await pilot.pause()
        assert top(pilot) is screen
        assert records_of(screen).cursor_row == 2
        assert "Nothing is written yet" in shown(pilot)


async def test_a_record_is_opened_by_clicks(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.click("#records", offset=(20, 2))
        await pilot.click("#records", offset=(20, 2))
        await pilot.pause()
        assert isinstance(top(pilot), RecordScreen)


async def test_a_cures_key_makes_the_choice_at_once_and_keeps_filter_and_cursor(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        await pilot.press("1", "end", "a")
        await planned(pilot)
        assert top(pilot) is screen
        text = words(pilot)
        assert "5 records = 2 added + 1 changed + 1 unchanged + 1 rejected" in text
        assert "Chosen unknown IDs are added" in text
        assert "1 ALL" in text
        assert records_of(screen).cursor_row == 4
        await pilot.press("a")
        await planned(pilot)
        assert "2 rejected" in words(pilot)
        assert "Chosen" not in words(pilot)


async def test_a_click_on_a_cure_makes_the_choice_and_one_on_a_group_shows_its_first(
    home, app, file
):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        lines = shown(pilot).split("\n")
        y, line = next((y, one) for y, one in enumerate(lines) if "keeping the ID" in one)
        group = next(y for y, one in enumerate(lines) if "1  Extension is empty" in one)
        await pilot.press("1")
        await pilot.click(offset=(20, group))
        await pilot.pause()
        assert "5 REJECTED" in shown(pilot)
        assert records_of(screen).cursor_row == 1
        await pilot.click(offset=(line.index("keeping"), y))
        await planned(pilot)
        assert screen.asked.choices.unknown_id is UnknownID.ADD


async def test_while_it_plans_again_nothing_can_be_imported_and_esc_keeps_what_was(
    home, app, file, monkeypatch
):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        monkeypatch.setattr(job, "_REST", 0.3)
        monkeypatch.setattr(job, "_WORK", 0)
        await pilot.press("a")
        await pilot.pause()
        assert "Nothing is written yet" not in shown(pilot)
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is screen
        await pilot.press("escape")
        await pilot.pause()
        assert "Nothing is written yet" in shown(pilot)
        assert top(pilot) is screen
        assert screen.asked.choices.unknown_id is UnknownID.REJECT
        assert len(stored(home)) == 12


async def test_esc_while_the_file_is_read_goes_back_without_a_question(home, app, monkeypatch):
    many = home / "many.csv"
    many.write_text(csv_text([HEADER, *(one._replace(user_id="") for one in sample_users(3000))]))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        monkeypatch.setattr(job, "_REST", 0.2)
        monkeypatch.setattr(job, "_WORK", 0)
        await choose(pilot, many)
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(top(pilot), PreviewScreen) and "Reading" in shown(pilot):
                break
        assert "[Cancel]" in shown(pilot)
        assert pilot.app.focused is top(pilot).query_one("#leave")
        await pilot.press("escape")
        await ended(pilot)
        assert top(pilot) is page_of(pilot)
        assert len(stored(home)) == 12


async def test_a_file_that_is_refused_is_a_sentence_and_leads_back_to_open(home, app, monkeypatch):
    path = written(home, csv_text([[*HEADER, "First Name"], ["x"] * 27]), "twice.csv")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        # a file can become another between Open and the preview
        monkeypatch.setattr(OpenDialog, "judge", lambda _self, path, _f: verdict(path))
        await choose(pilot, path)
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(top(pilot), Message):
                break
        assert "First Name" in words(pilot)
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), OpenDialog)
        assert str(top(pilot).query_one("#folder", Static).render()).endswith("~")


def verdict(path):
    from qm_tui.tui.transfer.files.file_dialog import Verdict

    return Verdict(path)


@pytest.mark.parametrize("how", ["escape", "q", "click"])
async def test_leaving_goes_back_to_the_users_page_and_changes_nothing(home, app, file, how):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await (pilot.click("#leave") if how == "click" else pilot.press(how))
        await ended(pilot)
        assert top(pilot) is page_of(pilot)
        assert len(stored(home)) == 12
        assert page_of(pilot).session.may_change


async def test_corrections_are_seen_imported_and_asked_about_before_they_are_lost(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        await pilot.press("end", "c")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), CorrectScreen)
        for letter in "4711":
            await pilot.press(letter)
        await pilot.press("f2")
        await pilot.pause(0.3)
        await pilot.press("escape")
        await planned(pilot)
        assert "5 records = 2 added + 1 changed + 1 unchanged + 1 rejected" in words(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(top(pilot), Question)
        assert "1 corrected record would be lost" in words(pilot)
        await pilot.press("escape", "ctrl+q")
        await pilot.pause()
        assert isinstance(top(pilot), Question)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is screen
        await pilot.press("i")
        await ended(pilot)
        assert "4711" in {user.extension for user in stored(home).values()}


async def test_a_correction_can_be_begun_from_the_record(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("5", "end", "enter")
        await pilot.pause()
        await pilot.press("c")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), CorrectScreen)
        assert "line 6" in shown(pilot)


@pytest.mark.parametrize("how", ["key", "click"])
async def test_the_rejected_records_are_saved_beside_the_file_and_it_says_where(
    home, app, file, how
):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await (pilot.press("r") if how == "key" else pilot.click("#save-rejected"))
        await pilot.pause(0.4)
        assert isinstance(top(pilot), Message)
        assert "2 rejected records written to ~/sales-emea-rejected.csv" in words(pilot)
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
async def test_a_file_that_is_there_is_replaced_only_after_a_question(home, app, file, key, name):
    (home / name).write_text("precious")
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        for answer in ("escape", "yes"):
            await pilot.press(key)
            await pilot.pause(0.3)
            assert isinstance(top(pilot), Question)
            assert f"~/{name} exists already. Overwrite it?" in words(pilot)
            if answer == "escape":
                await pilot.press("escape")
                await pilot.pause(0.2)
                assert (home / name).read_text() == "precious"
            else:
                await pilot.click("#yes")
                await pilot.pause(0.3)
                assert (home / name).read_text() != "precious"
        assert isinstance(top(pilot), Message)


async def test_the_text_of_the_preview_is_saved_and_it_says_where(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("w")
        await pilot.pause(0.3)
        assert "~/sales-emea-preview.txt" in words(pilot)
    text = (home / "sales-emea-preview.txt").read_text()
    assert "5 records = 1 added + 1 changed + 1 unchanged + 2 rejected" in text
    assert "Line 6" in text
    assert stat.S_IMODE((home / "sales-emea-preview.txt").stat().st_mode) == 0o600


async def test_what_cannot_be_saved_is_a_sentence(home, app, file):
    (home / "sales-emea-preview.txt").mkdir()
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("w")
        await pilot.pause(0.3)
        await pilot.click("#yes")
        await pilot.pause(0.3)
        assert isinstance(top(pilot), Message)
        assert "~/sales-emea-preview.txt could not be written: Is a directory" in words(pilot)


async def test_columns_are_paired_and_the_pairing_is_found_again(home, users):
    foreign = [{"Last Name": "Nachname"}.get(one, one) for one in HEADER]
    path = written(home, csv_text([foreign, users[0]._replace(user_id="")]), "hr.csv")
    async with app_on(home / "users.json").run_test(size=LARGE) as pilot:
        await settled(pilot)
        screen = await preview(pilot, path)
        assert "m pairs columns with fields" in words(pilot)
        assert plan_of(screen).rejected == 1
        await pilot.press("m")
        await pilot.pause()
        assert isinstance(top(pilot), MappingDialog)
        await pilot.press("f2")
        await planned(pilot)
        assert plan_of(screen).rejected == 0
        await pilot.press("escape")
        await ended(pilot)
        screen = await preview(pilot, path)
        assert plan_of(screen).rejected == 0
        assert "m pairs columns with fields" not in words(pilot)


async def test_choices_are_remembered_by_the_next_run_and_the_reading_is_not(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("a")
        await planned(pilot)
        await pilot.press("b")
        screen = await planned(pilot)
        screen.ask(screen.asked.__class__(file, screen.asked.choices))
        await planned(pilot)
        await pilot.pause(0.2)
    assert remembered().import_choices.unknown_id is UnknownID.ADD
    async with QmTuiApp(open_store(home / "users.json"), login="mheller").run_test(
        size=SMALL
    ) as pilot:
        await settled(pilot)
        screen = await preview(pilot, file)
        assert screen.asked.choices.unknown_id is UnknownID.ADD
        assert screen.asked.choices.empty is Empty.KEEP
        assert "2 added" in words(pilot)


async def test_a_mass_change_wants_its_number(home):
    users = [one._replace(is_active="1") for one in sample_users(20)]
    path = written(home, csv_text([HEADER, *(one._replace(is_active="0") for one in users)]))
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, path)
        assert "A mass change" in words(pilot)
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
        assert "That is not the number: type 20" in words(pilot)
        top(pilot).query_one(Input).value = "20"
        await pilot.click("#yes")
        await ended(pilot)
        assert status_of(pilot) == "Imported 20 of 20 records"
    assert {one.is_active for one in stored(home).values()} == {"0"}


async def test_all_or_nothing_says_why_nothing_is_imported(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("o")
        await pilot.pause()
        assert isinstance(top(pilot), ChoicesDialog)
        await pilot.press(*["down"] * 7, "space")
        await planned(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert "Nothing is imported while records are rejected" in words(pilot)
        assert "[Nothing is imported]" in shown(pilot)
        assert top(pilot).query_one("#import", Button).disabled
        await pilot.press("i")
        await pilot.pause(0.2)
        assert isinstance(top(pilot), PreviewScreen)
    assert len(stored(home)) == 12


async def test_the_same_file_again_is_all_unchanged_and_no_transaction_is_written(home, users):
    path = written(home, csv_text([HEADER, *users]))
    async with app_on(home / "users.json", users).run_test(size=SMALL) as pilot:
        await settled(pilot)
        before = generation(home)
        await import_file(pilot, path)
        assert status_of(pilot) == "Imported 12 of 12 records, all unchanged"
        assert generation(home) == before


async def test_an_outcome_that_others_changed_is_shown_again_before_it_is_imported(
    home, app, users, file
):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        commit(home / "users.json", users[1]._replace(location="Elsewhere"))
        await pilot.press("i")
        await pilot.pause(0.2)
        screen = await planned(pilot)
        text = words(pilot)
        assert "Somebody changed the store meanwhile, and nothing was imported yet" in text
        assert "5 records = 1 added + 2 changed + 0 unchanged + 2 rejected" in text
        assert stored(home)[users[1].user_id].location == "Elsewhere"
        await pilot.press("i")
        await ended(pilot)
        assert screen.preview is None
        assert status_of(pilot) == "Imported 3 of 5 records, 2 rejected"


async def test_what_others_changed_elsewhere_makes_no_question(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        commit(home / "users.json", users[7]._replace(location="Elsewhere"))
        await pilot.press("i")
        await ended(pilot)
        assert status_of(pilot) == "Imported 3 of 5 records, 2 rejected"
        assert stored(home)[users[7].user_id].location == "Elsewhere"


async def test_a_second_import_cannot_begin_while_one_is_looked_at_or_runs(
    home, app, file, monkeypatch
):
    release = asyncio.Event()
    began = []

    async def held(work, *args):
        began.append(work)
        await release.wait()
        return await asyncio.get_running_loop().run_in_executor(None, partial(work, *args))

    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        page = page_of(pilot)
        await preview(pilot, file)
        page.action_import()
        await pilot.pause(0.2)
        assert sum(isinstance(one, OpenDialog) for one in pilot.app.screen_stack) == 0
        monkeypatch.setattr(asyncio, "to_thread", held)
        await pilot.press("i")
        await pilot.pause(0.2)
        assert top(pilot) is page
        assert page.query_one("#import", Button).disabled
        await pilot.press("i")
        await pilot.pause()
        assert top(pilot) is page
        release.set()
        await ended(pilot)
        assert len(began) == 1
        assert not page.query_one("#import", Button).disabled


async def test_space_and_star_mark_users_who_are_not_in_the_file(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
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


async def test_marks_outlive_the_import_and_a_record_marks_its_stored_user(home, app, users, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("3", "space", "2", "space", "i")
        await ended(pilot)
        assert page_of(pilot).session.marks == {users[0].user_id}
        assert "13 users" in shown(pilot)
        assert " 1 marked" in shown(pilot)
        assert table_of(pilot).row_text(0, 60)[1] == "✓"


async def test_a_user_who_is_gone_loses_the_mark(home, app, users):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
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


async def test_star_on_the_users_page_marks_all_and_none(home, app):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("space", "asterisk")
        await pilot.pause()
        assert " 12 marked" in shown(pilot)
        await pilot.press("asterisk")
        await pilot.pause()
        assert "marked" not in shown(pilot)


async def test_keys_that_work_here_are_listed(home, app, file):
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("question_mark")
        await pilot.pause()
        assert isinstance(top(pilot), KeysScreen)
        text = shown(pilot)
        assert "Which records are shown" in text
        assert "Options" in text
        assert "Save the rejected records" in text


async def test_many_groups_leave_five_rows_to_the_records(home):
    app = app_on(home / "users.json", sample_users(60))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        screen = await preview(pilot, SAMPLES / "users-with-errors.csv")
        assert records_of(screen).page_height == 5
        assert "more, w saves all" in shown(pilot)
        await pilot.resize_terminal(*LARGE)
        await pilot.pause(0.2)
        assert records_of(screen).page_height >= 13


async def test_a_guessed_encoding_is_said_with_samples(home):
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, SAMPLES / "users-excel-de.csv")
        assert "Read as Windows-1252, semicolon, header in line 1." in words(pilot)
        assert "Look right?" in words(pilot)


async def test_an_unexpected_error_is_one_sentence_and_leads_back_to_open(
    home, app, file, monkeypatch
):
    def fail(*_args, **_more):
        raise RuntimeError("PLANTED")

    monkeypatch.setattr(planner, "prepare", fail)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await choose(pilot, file)
        for _ in range(100):
            await pilot.pause(0.02)
            if isinstance(top(pilot), Message):
                break
        assert "failed unexpectedly (RuntimeError)" in words(pilot)
        assert "PLANTED" not in words(pilot)


async def test_a_plan_that_became_a_mass_change_is_shown_again(home, app, file, monkeypatch):
    from qm_tui.transfer.importing import ConfirmationRequired

    calls = []

    def first_refused(*args, **more):
        calls.append(args)
        if len(calls) == 1:
            raise ConfirmationRequired(11, 12)
        return carry_out(*args, **more)

    monkeypatch.setattr(import_flow, "commit", first_refused)
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("i")
        await pilot.pause(0.3)
        await planned(pilot)
        assert "Somebody changed the store meanwhile" in words(pilot)
        await pilot.press("i")
        await ended(pilot)
        assert len(stored(home)) == 13


@pytest.mark.snapshot
@SIZES
def test_the_preview(home, users, size, snap_compare):
    async def before(pilot):
        await settled(pilot)
        await preview(pilot, SAMPLES / "users-with-errors.csv")

    app = app_on(home / "users.json", sample_users(60))
    assert snap_compare(app, terminal_size=size, run_before=before)


@pytest.mark.snapshot
@SIZES
def test_the_preview_of_a_mixed_file(home, app, file, size, snap_compare):
    async def before(pilot):
        await settled(pilot)
        await preview(pilot, file)
        await pilot.press("a")
        await planned(pilot)
        await pilot.press("7", "space")
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
