"""Keys typed ahead: they go to the screen that they were meant for, in order, and never confirm."""

import asyncio
import threading
from functools import partial
from typing import Any

import pytest
from textual import events
from textual.keys import _character_to_key
from textual.screen import Screen

from qm_tui.config.preferences import load_preferences
from qm_tui.store.tinydb import TinyDBUserStore
from qm_tui.transfer.exporting.export import export_users
from qm_tui.tui.changes.activation import DeleteDialog
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.undo_dialog import UndoDialog
from qm_tui.tui.changes.value_picker import ValuePicker
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.terminal.input_driver import MAX_TYPED, InputRead
from qm_tui.tui.transfer.files.file_dialog import FileDialog
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.correct_screen import CorrectScreen
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.transfer.save_dialog import SaveDialog
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.users.dialogs.counts import CountsDialog
from qm_tui.tui.users.filter_bar import FilterBar
from qm_tui.tui.users.page import UsersPage
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work import key_queue
from qm_tui.tui.work.flow import is_deciding
from qm_tui.users.query.query import NO_SELECTION
from tests.helpers import users_of
from tests.tui.pages import (
    SAMPLES,
    app_on,
    back_to_users,
    has_text,
    is_on_top,
    page_of,
    running,
    sample_users,
    shown,
    status_of,
    table_of,
    top,
    wait_until,
    wait_until_idle,
)

ENTER, ESCAPE, DOWN, TAB, F2 = "\r", "\x1b", "\x02", "\t", "\x03"
"""Keys in a burst; the others are their characters."""

_NAMED = {ENTER: "enter", ESCAPE: "escape", DOWN: "down", TAB: "tab", F2: "f2"}


def keys_of(burst):
    """The key events of a burst."""
    keys = []
    for character in burst:
        if character in _NAMED:
            keys.append(events.Key(_NAMED[character], None))
        else:
            keys.append(events.Key(_character_to_key(character), character))
    return keys


def type_at_once(pilot, burst):
    """Send the keys of a burst as if they came in one read."""
    keys = keys_of(burst)
    pilot.app.post_message(InputRead(keys))
    for key in keys:
        pilot.app.post_message(key)


async def typed(pilot, burst):
    """Type a burst, and wait until it was handled."""
    type_at_once(pilot, burst)
    arrived = asyncio.Event()
    pilot.app.call_later(arrived.set)
    await arrived.wait()
    await wait_until(pilot, lambda: pilot.app.key_queue.is_empty)
    await pilot.pause()


def held_loading(app, monkeypatch):
    """Keep the app from loading its users until the returned event is set."""
    load, may_load = app._session.store.load, threading.Event()

    def load_later(*args):
        may_load.wait(30)
        return load(*args)

    monkeypatch.setattr(app._session.store, "load", load_later)
    return may_load


def field_of(pilot):
    """The text in the file dialog on top."""
    dialog = top(pilot)
    assert isinstance(dialog, FileDialog)
    return dialog.field.value


def preview_of(pilot):
    """The preview on top."""
    screen = top(pilot)
    assert isinstance(screen, PreviewScreen)
    return screen.preview


def stored(pilot):
    return users_of(page_of(pilot).store.state)


@pytest.fixture
def path(home, monkeypatch):
    monkeypatch.chdir(home)
    return home / "users.json"


async def test_keys_typed_ahead_fill_fields_and_move_and_never_confirm(home, path):
    cases: list[tuple[str, type[Screen[Any]], str]] = [
        ("xDaily.csv", SaveDialog, "Daily.csv"),
        ("i/tmp/ab i.csv", OpenDialog, "/tmp/ab i.csv"),
        (":export" + ENTER + "Daily.csv", SaveDialog, "Daily.csv"),
        (f"inone.csv{ENTER}5jj", OpenDialog, "none.csv"),  # the rest is dropped
        ("e" + TAB * 22, UserFormScreen, "Edit Jack"),
        ("e" + DOWN * 22, ValuePicker, "values in use"),
        (f"/laura{ENTER}e", UserFormScreen, "Edit Laura"),
        (f"/zzz{ENTER}e", UsersPage, "No users are shown"),
        ("D" + ENTER + ENTER, DeleteDialog, "Inactivating keeps the recordings"),
        ("5eSales" + F2, RenameDialog, "Rename"),
        ("*m" + TAB + "Oslo" + F2, SetFieldDialog, "Set a field"),
    ]
    async with running(path, sample_users(20)) as pilot:
        before = stored(pilot)
        for burst, screen, text in cases:
            await typed(pilot, burst)
            await is_on_top(pilot, screen)
            await wait_until(pilot, partial(has_text, pilot, text))
            if isinstance(top(pilot), FileDialog):
                assert field_of(pilot) == text
            assert len(pilot.app.screen_stack) <= 4
            await back_to_users(pilot)
            page_of(pilot).session.marks.replace(NO_SELECTION)
        assert stored(pilot) == before
    assert not list(home.glob("*.csv"))


async def test_keys_typed_ahead_that_confirm_nothing_dangerous_act(home, path):
    async with running(path, sample_users(20)) as pilot:
        await typed(pilot, "eAdam" + F2)
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
        assert any("Adam" in user.first_name for user in stored(pilot).values())
        await typed(pilot, "m" + TAB + "Oslo" + F2)
        await wait_until_idle(pilot)
        assert sum("Oslo" in user for user in stored(pilot).values()) == 1
        await typed(pilot, "u" + TAB + ENTER)
        await wait_until(pilot, lambda: isinstance(top(pilot), UndoDialog))
        await back_to_users(pilot)
        assert sum("Oslo" in user for user in stored(pilot).values()) == 1
        await typed(pilot, f"xD{ENTER}")
        await wait_until(pilot, lambda: isinstance(top(pilot), MessageDialog))
        await back_to_users(pilot)
        await typed(pilot, "D")
        await pilot.press("enter")
        await wait_until_idle(pilot)
        assert not isinstance(top(pilot), DeleteDialog)
    assert [path.name for path in home.glob("*.csv")] == ["D.csv"]


@pytest.mark.parametrize("confirming", [ENTER, "i"])
async def test_keys_typed_ahead_never_import(path, confirming):
    async with running(path, sample_users(3)) as pilot:
        await typed(pilot, f"i{SAMPLES / 'users.csv'}{ENTER}{confirming}")
        await wait_until(pilot, lambda: isinstance(top(pilot), PreviewScreen))
        await wait_until(pilot, lambda: preview_of(pilot) is not None)
        await pilot.pause()
        assert isinstance(top(pilot), PreviewScreen)
        assert len(stored(pilot)) == 3
        await pilot.press("enter")
        await wait_until(pilot, lambda: len(stored(pilot)) > 3)


async def test_keys_after_an_invalid_filter_are_dropped(path):
    async with running(path, sample_users(3)) as pilot:
        await typed(pilot, f"/foo:bar{ENTER}eDx")
        assert page_of(pilot).query_one(FilterBar).field.value == "foo:bar"
        await typed(pilot, "x")
        assert page_of(pilot).query_one(FilterBar).field.value == "foo:barx"


async def test_key_of_a_preview_that_opens_a_screen_is_kept(path):
    async with running(path, sample_users(3)) as pilot:
        await typed(pilot, f"i{SAMPLES / 'users-with-errors.csv'}{ENTER}cZed")
        await wait_until(pilot, lambda: isinstance(top(pilot), CorrectScreen))
        assert "Zed" in shown(pilot)


async def test_keys_typed_while_the_users_are_loaded_wait(home, monkeypatch):
    app = app_on(home / "users.json", sample_users(20))
    may_load = held_loading(app, monkeypatch)
    async with app.run_test() as pilot:
        type_at_once(pilot, "i/tmp/users.csv")
        await pilot.pause()
        assert page_of(pilot).session.view is None
        may_load.set()
        await wait_until(pilot, lambda: isinstance(top(pilot), OpenDialog))
        await wait_until(pilot, lambda: field_of(pilot) == "/tmp/users.csv")
        assert page_of(pilot).session.current_view.filter == ""


async def test_keys_that_wait_too_long_are_dropped_with_a_notice(home, monkeypatch):
    monkeypatch.setattr(key_queue, "MAX_WAIT", 0.1)
    app = app_on(home / "users.json", sample_users(20))
    may_load = held_loading(app, monkeypatch)
    async with app.run_test() as pilot:
        type_at_once(pilot, "iD")
        await wait_until(pilot, lambda: status_of(pilot) == key_queue.TIMED_OUT)
        may_load.set()
        await wait_until_idle(pilot)
        assert top(pilot) is page_of(pilot)


async def test_escape_drops_the_keys_that_wait(home, monkeypatch):
    app = app_on(home / "users.json", sample_users(20))
    may_load = held_loading(app, monkeypatch)
    async with app.run_test() as pilot:
        type_at_once(pilot, "i/tmp/users.csv")
        await pilot.pause()
        await pilot.press("escape")
        may_load.set()
        await wait_until(pilot, lambda: page_of(pilot).session.view is not None)
        await pilot.pause()
        assert not any(isinstance(screen, OpenDialog) for screen in pilot.app.screen_stack)


async def test_text_pasted_without_marks_is_ignored_in_a_list_but_not_in_a_field(path, monkeypatch):
    async with running(path, sample_users(20)) as pilot:
        for text in ("a" * (MAX_TYPED + 1), f"anna{ENTER}berg{ENTER}", f"D{ENTER}D{ENTER}x"):
            page_of(pilot).session.set_status("")
            type_at_once(pilot, text)
            type_at_once(pilot, "xD" + ENTER)  # the next part of the paste
            await typed(pilot, "x")
            assert top(pilot) is page_of(pilot)
            assert status_of(pilot) == key_queue.PASTE_IGNORED
        assert len(stored(pilot)) == 20
        monkeypatch.setattr(key_queue, "_PASTE_GAP", 0)  # no next part of this paste follows
        await typed(pilot, "a" * (MAX_TYPED + 1))
        await typed(pilot, "i")
        await typed(pilot, "a" * 200)
        assert field_of(pilot) == "a" * 200


@pytest.mark.parametrize(
    ("burst", "is_paste"),
    [
        ("a" * MAX_TYPED, False),
        ("a" * (MAX_TYPED + 1), True),
        (DOWN * 200, False),
        (f"i{ENTER}{ENTER}", False),
        (f"/scan{ENTER}e", False),
        (f"a{ENTER}b{ENTER}", True),
        (f"a{TAB}{ENTER}b{ENTER}", True),
        (f"{ENTER}a{ENTER}", False),
    ],
)
def test_read_looks_like_a_paste(burst, is_paste):
    assert InputRead(keys_of(burst)).is_paste is is_paste


async def test_key_that_is_unavailable_says_why_and_the_rest_of_its_read_is_dropped(
    path, monkeypatch
):
    async with running(path, sample_users(20)) as pilot:
        monkeypatch.setattr(TinyDBUserStore, "read_only_reason", "The store is read-only.")
        await wait_until(pilot, lambda: bool(page_of(pilot).session.read_only_reason))
        await typed(pilot, "iq")
        assert top(pilot) is page_of(pilot)
        assert "read-only" in status_of(pilot)
        await typed(pilot, DOWN)
        assert table_of(pilot).cursor_row == 1

        page_of(pilot).session.set_status("")
        first, *others = keys_of("ixF")
        pilot.app.post_message(InputRead([first, *others]))
        pilot.app.post_message(first)
        await wait_until(pilot, lambda: "read-only" in status_of(pilot))
        for key in others:  # they come later
            pilot.app.post_message(key)
        await typed(pilot, DOWN)
        assert top(pilot) is page_of(pilot)
        assert table_of(pilot).cursor_row == 2


async def test_escape_cancels_a_dialog_that_is_slow_to_open(home, monkeypatch):
    may_open = threading.Event()

    def load_later():
        may_open.wait(30)
        return load_preferences()

    monkeypatch.setattr("qm_tui.tui.changes.bulk_fields.load_preferences", load_later)
    async with running(home / "users.json", sample_users(20)) as pilot:
        type_at_once(pilot, "mxyz")
        await wait_until(pilot, lambda: is_deciding(pilot.app))
        await pilot.press("escape")
        await wait_until(pilot, lambda: not is_deciding(pilot.app))
        may_open.set()
        await typed(pilot, DOWN)
        assert top(pilot) is page_of(pilot)
        assert table_of(pilot).cursor_row == 1


async def test_dialog_of_a_job_waits_until_others_are_closed(home, monkeypatch):
    may_export = threading.Event()
    monkeypatch.chdir(home)

    def export_later(*args, **kwargs):
        may_export.wait(30)
        return export_users(*args, **kwargs)

    monkeypatch.setattr("qm_tui.tui.transfer.export_flow.export_users", export_later)
    async with running(home / "users.json", sample_users(20)) as pilot:
        await typed(pilot, "xD" + ENTER)
        await wait_until(pilot, lambda: page_of(pilot).is_busy)
        await typed(pilot, "F")
        may_export.set()
        await wait_until_idle(pilot)
        assert isinstance(top(pilot), CountsDialog)
        await typed(pilot, ESCAPE)
        await wait_until(pilot, lambda: isinstance(top(pilot), MessageDialog))


async def test_action_of_a_closed_screen_does_nothing(home):
    async with running(home / "users.json", sample_users(20)) as pilot:
        await typed(pilot, "F")
        dialog = top(pilot)
        await typed(pilot, ESCAPE)
        assert not await pilot.app.run_action("show_keys", dialog)
        assert top(pilot) is page_of(pilot)
