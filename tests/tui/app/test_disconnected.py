"""The terminal UI while the server of the store cannot be reached, and afterward."""

from contextlib import asynccontextmanager

import pytest
from textual.widgets import Input, TextArea

from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.transfer import export_flow
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.screen import WAITING, PreviewScreen
from qm_tui.tui.user import details_pane
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.users.dialogs.mark_list import MarkListDialog
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work import background, key_queue, threads
from qm_tui.tui.work.session import WRITABLE_AGAIN
from tests.store.slow_store import DISCONNECTED, SlowStore
from tests.tui.pages import (
    back_to_users,
    commit,
    has_text,
    is_on_top,
    opened,
    page_of,
    press_at_once,
    sample_users,
    shown,
    started,
    status_of,
    store_of,
    table_of,
    top,
    type_text,
    wait_until,
    wait_until_idle,
    words,
)
from tests.tui.screens import SCREENS, FixedDay, app_with_file, visit, wait_until_drawn

USERS = sample_users(200)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Ask again soon, and do not let keys wait for long."""
    for module in (threads, background):
        monkeypatch.setattr(module, "ASK_AGAIN", 0.05)
    monkeypatch.setattr("qm_tui.tui.work.current_view.ASK_AGAIN", 0.05)
    monkeypatch.setattr(details_pane, "ASK_AGAIN", 0.05)
    monkeypatch.setattr("qm_tui.tui.work.live_updates._POLL_EVERY", 0.05)
    monkeypatch.setattr(key_queue, "MAX_WAIT", 0.2)


@pytest.fixture
def folder(home, monkeypatch):
    """The folder of a file to import, which is the current one."""
    monkeypatch.setattr(export_flow, "date", FixedDay)
    monkeypatch.setattr(details_pane, "HISTORY_DELAY", 60)  # else it may or may not be drawn
    incoming = home / "incoming"
    incoming.mkdir()
    monkeypatch.chdir(incoming)
    monkeypatch.setenv("PWD", str(incoming))
    return home


class Server:
    """The app on a store with a line that can go down."""

    def __init__(self, pilot, store):
        self.pilot, self.store = pilot, store
        self.session = page_of(pilot).session

    def goes_down_unnoticed(self):
        """The line goes down, which the next question finds out."""
        self.store.line.is_down = self.store.line.is_unnoticed = True

    async def goes_down(self):
        self.store.line.is_down = True
        await wait_until(self.pilot, lambda: self.session.read_only_reason == DISCONNECTED)

    async def comes_back(self):
        self.store.line.is_down = False
        await wait_until(self.pilot, lambda: not self.session.read_only_reason)


@asynccontextmanager
async def server(path, users=USERS):
    """The app on a slow store with users."""
    store = SlowStore(store_of(path, users), 0)
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        yield Server(pilot, store)


@pytest.fixture
def path(home):
    return home / "users.json"


async def test_header_says_so_and_the_store_is_read_only_meanwhile(path):
    async with server(path) as on:
        pilot, page = on.pilot, page_of(on.pilot)
        assert "not connected" not in shown(pilot)
        await on.goes_down()
        await wait_until(pilot, lambda: has_text(pilot, "not connected"))
        assert "not connected" in shown(pilot).splitlines()[0]
        assert "read-only" in shown(pilot).splitlines()[0]
        assert status_of(pilot) == DISCONNECTED
        await pilot.press("e", "u", "D", "i")
        await pilot.pause()
        assert top(pilot) is page
        assert status_of(pilot) == DISCONNECTED
        commit(path, USERS[0]._replace(first_name="Changed"))
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "* Changed"))
        assert "not connected" not in shown(pilot)
        assert status_of(pilot) == WRITABLE_AGAIN
        assert isinstance(await opened(pilot, "e"), UserFormScreen)


async def _text(pilot, status):
    page_of(pilot).session.set_status(status)
    await pilot.pause()
    pilot.app.screen.refresh()  # a page below a dialog may not be drawn again otherwise
    await wait_until_drawn(pilot, 3)
    return shown(pilot)


async def test_all_screens_are_as_before_when_the_line_was_down(folder):
    store = SlowStore(app_with_file(folder)._session.store, 0)
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        on, different = Server(pilot, store), {}
        async for name in visit(pilot):
            before, status = shown(pilot), on.session.status_text
            await on.goes_down()
            await pilot.pause()
            await on.comes_back()
            after = await _text(pilot, status)
            if after != before:
                different[name] = before, after
        assert different == {}


async def test_all_keys_are_harmless_while_the_line_is_down(folder):
    store = SlowStore(app_with_file(folder)._session.store, 0)
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        on, number = Server(pilot, store), store.state.number
        await on.goes_down()
        for keys, _ in SCREENS.values():
            for key in keys.split():
                await press_at_once(pilot, key)
                assert "Unexpected error" not in shown(pilot)
        await on.comes_back()
        assert store.state.number == number
        await back_to_users(pilot)
        await wait_until(pilot, lambda: table_of(pilot).row_count == 200)
        assert isinstance(await opened(pilot, "e"), UserFormScreen)


async def test_filter_typed_meanwhile_is_answered_afterward(path):
    async with server(path) as on:
        pilot, bar = on.pilot, page_of(on.pilot).filter_bar
        await on.goes_down()
        await pilot.press("slash", *"muller")
        await wait_until(pilot, lambda: bar.has_error)
        assert "Not connected. The list changes later." in words(pilot)
        assert "list unchanged" in shown(pilot)
        assert table_of(pilot).row_count == 200
        await on.comes_back()
        await wait_until(pilot, lambda: not bar.has_error)
        assert bar.field.value == "muller"
        assert 0 < table_of(pilot).row_count < 200
        await on.goes_down()
        await pilot.press("escape", "right", "s")
        await wait_until(pilot, lambda: "Not connected. The list" in on.session.status_text)
        assert not bar.display
        await on.comes_back()
        await wait_until(pilot, lambda: table_of(pilot).row_count == 200)
        view = on.session.view
        assert view is not None
        await wait_until(pilot, lambda: on.session.view.query == on.session.query)
        assert on.session.query.sort


async def test_rows_and_the_details_of_a_user_come_afterward(path):
    async with server(path) as on:
        pilot, table = on.pilot, table_of(on.pilot)
        await on.goes_down()
        await pilot.press("end")
        await pilot.pause()
        assert table.user_at(199) is None
        await on.comes_back()
        await wait_until(pilot, lambda: table.user_at(199) == USERS[199])
        await on.goes_down()
        await opened(pilot, "enter")
        assert USERS[199].extension not in shown(pilot)
        assert has_text(pilot, "Loading…")
        await on.comes_back()
        await wait_until(pilot, lambda: USERS[199].extension in shown(pilot))
        await wait_until(pilot, lambda: "No changes" in words(pilot) or "Add" in words(pilot))
        history = top(pilot).query_one(details_pane.DetailsPane)
        await on.goes_down()
        history._request_history()
        await wait_until(pilot, lambda: any(DISCONNECTED in line for line in history.lines))
        await on.comes_back()
        await wait_until(pilot, lambda: not any(DISCONNECTED in line for line in history.lines))


async def test_form_stays_open_and_saves_afterward(path):
    async with server(path) as on:
        pilot = on.pilot
        form = await opened(pilot, "e")
        await type_text(pilot, "Typed")
        on.goes_down_unnoticed()
        await pilot.press("f2")
        await wait_until(pilot, lambda: DISCONNECTED in words(pilot))
        await on.goes_down()
        await pilot.press("f2")
        await pilot.pause()
        while isinstance(top(pilot), MessageDialog):
            await pilot.press("escape")
        assert top(pilot) is form
        assert DISCONNECTED in words(pilot)
        assert form.query(Input).first().value == "Typed"
        await on.comes_back()
        await pilot.press("f2")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
        await wait_until(pilot, lambda: status_of(pilot).startswith("Saved Typed"))
        await wait_until(pilot, lambda: has_text(pilot, "~ Typed"))


async def test_saved_change_is_reported_if_the_line_goes_down_then(path, monkeypatch):
    async with server(path) as on:
        pilot, line = on.pilot, on.store.line
        await opened(pilot, "e")
        await type_text(pilot, "Typed")
        view_after = on.session.view_after

        def view_without_line(*args, **kwargs):
            line.is_down = True
            return view_after(*args, **kwargs)

        monkeypatch.setattr(on.session, "view_after", view_without_line)
        await pilot.press("f2")
        await wait_until(pilot, lambda: top(pilot) is page_of(pilot))
        assert line.is_down
        await on.goes_down()
        assert status_of(pilot).startswith("Saved Typed")
        assert table_of(pilot).user_at(0) == USERS[0]
        await on.comes_back()
        await wait_until(pilot, lambda: table_of(pilot).user_at(0) != USERS[0])


async def test_marks_of_a_query_and_of_a_list(path):
    async with server(path) as on:
        pilot, marks = on.pilot, on.session.marks
        await pilot.press("asterisk")
        await wait_until(pilot, lambda: marks.number == 200)
        await on.goes_down()
        await pilot.press("asterisk")
        await wait_until(pilot, lambda: not on.session.is_marking)
        assert marks.number == 200
        await on.comes_back()
        dialog = await opened(pilot, "L")
        assert isinstance(dialog, MarkListDialog)
        await on.goes_down()
        dialog.query_one(TextArea).text = USERS[3].user_name
        await pilot.pause(0.2)
        assert top(pilot) is dialog
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "1 of 1 entry matched"))


@pytest.mark.parametrize("keys", [("A",), ("D",), ("u",), ("x", "enter")])
async def test_operation_that_had_begun_says_that_nothing_was_changed(path, keys, monkeypatch):
    monkeypatch.chdir(path.parent)
    async with server(path) as on:
        pilot, number = on.pilot, on.store.state.number
        *first, last = keys
        if first:
            await opened(pilot, *first)
        on.goes_down_unnoticed()
        await pilot.press(last)
        await wait_until(pilot, lambda: DISCONNECTED in words(pilot))
        if keys != ("u",):
            await is_on_top(pilot, MessageDialog)
            await pilot.press("escape")
        await wait_until_idle(pilot)
        assert top(pilot) is page_of(pilot)
        await on.comes_back()
        assert on.store.state.number == number
        assert not list(path.parent.glob("users-*.csv"))
        assert isinstance(await opened(pilot, "e"), UserFormScreen)


async def test_bulk_change_is_planned_when_the_server_can_be_reached(path):
    async with server(path) as on:
        pilot = on.pilot
        await pilot.press("space", "down", "space")
        dialog = await opened(pilot, "m")
        await pilot.press("tab")
        on.goes_down_unnoticed()
        await type_text(pilot, "Oslo")
        await wait_until(pilot, lambda: DISCONNECTED in words(pilot))
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "[F2 Apply to 2 users]"))
        on.goes_down_unnoticed()
        await pilot.press("f2")
        await is_on_top(pilot, MessageDialog)
        assert DISCONNECTED in words(pilot)
        await on.comes_back()
        assert dialog not in pilot.app.screen_stack
        assert on.store.state.number == 1


@pytest.mark.parametrize("is_noticed", [False, True])
async def test_undo_that_had_begun_says_that_nothing_was_changed(path, is_noticed):
    async with server(path) as on:
        pilot = on.pilot
        commit(path, USERS[0]._replace(first_name="Changed"))
        await wait_until(pilot, lambda: has_text(pilot, "* Changed"))
        await opened(pilot, "u")
        await wait_until(pilot, lambda: has_text(pilot, "[Undo edit]"))
        if is_noticed:
            await on.goes_down()
        else:
            on.goes_down_unnoticed()
        on.session.set_status("")
        await pilot.press("tab", "enter")
        await wait_until(pilot, lambda: DISCONNECTED in words(pilot))
        assert isinstance(top(pilot), MessageDialog) is not is_noticed
        await on.comes_back()
        assert on.store.state.number == 2


async def test_preview_of_an_import_stays_open_with_its_corrections(folder):
    store = SlowStore(app_with_file(folder)._session.store, 0)
    async with started(QmTuiApp(store, login="mheller")) as pilot:
        on, number = Server(pilot, store), store.state.number
        await opened(pilot, "i")
        on.goes_down_unnoticed()
        await pilot.press("enter")
        await is_on_top(pilot, MessageDialog)
        assert DISCONNECTED in words(pilot)
        await pilot.press("escape")
        await on.comes_back()
        await is_on_top(pilot, OpenDialog)
        await pilot.press("enter")
        await wait_until(pilot, lambda: has_text(pilot, "[i Import 53 changes]"))
        await opened(pilot, "c")
        await wait_until(pilot, lambda: has_text(pilot, "1 of 7"))
        await type_text(pilot, "12345")
        await on.goes_down()
        await pilot.press("f2")
        await wait_until(pilot, lambda: DISCONNECTED in words(pilot))
        await on.comes_back()
        await pilot.press("f2")
        await wait_until(pilot, lambda: has_text(pilot, "2 of 7"))
        await on.goes_down()
        await pilot.press("escape")
        await is_on_top(pilot, PreviewScreen)
        await wait_until(pilot, lambda: has_text(pilot, WAITING))
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "[i Import 54 changes]"))
        on.goes_down_unnoticed()
        await pilot.press("i")
        await on.goes_down()
        await is_on_top(pilot, PreviewScreen)
        await wait_until(pilot, lambda: has_text(pilot, WAITING))
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "[i Import 54 changes]"))
        assert DISCONNECTED in words(pilot)
        await on.goes_down()
        await pilot.press("i")
        await is_on_top(pilot, MessageDialog)
        await pilot.press("escape")
        await is_on_top(pilot, PreviewScreen)
        assert store.state.number == number
        await on.comes_back()
        await pilot.press("i")
        await wait_until(pilot, lambda: status_of(pilot).startswith("Imported: 54 changed"))


async def test_activity_and_a_transaction_come_afterward(path):
    async with server(path) as on:
        pilot = on.pilot
        await on.goes_down()
        await pilot.press("2")
        await pilot.pause()
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "1 transaction"))
        await on.goes_down()
        await opened(pilot, "enter")
        await pilot.pause()
        assert not has_text(pilot, USERS[0].user_name)
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, USERS[0].first_name))
        await pilot.press("escape", "5")
        await on.goes_down()
        await pilot.press("3")
        await on.comes_back()
        await wait_until(pilot, lambda: has_text(pilot, "license:unlimited"))
