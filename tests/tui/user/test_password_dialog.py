"""The dialog that changes a password: typed twice, never shown."""

import pytest

from qm_tui.store import open_store
from qm_tui.tui.user.password_dialog import PasswordDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.users.passwords import LOCAL_HASH_NOTE, has_local_password
from tests.helpers import ANNA, user
from tests.tui.pages import (
    SMALL,
    app_on,
    page_of,
    shown,
    status_of,
    top,
    wait_until,
    wait_until_idle,
)

BO = user("bo")
PLANTED = "planted-pass word"


@pytest.fixture
def path(home):
    return home / "users.json"


@pytest.fixture
def app(path):
    return app_on(path, [ANNA, BO])


def words(pilot) -> str:
    return " ".join(word for word in shown(pilot).split() if word not in "│─╭╮╰╯")


async def opened(pilot) -> PasswordDialog:
    await wait_until_idle(pilot)
    await pilot.press("P")
    await pilot.pause()
    dialog = top(pilot)
    assert isinstance(dialog, PasswordDialog)
    return dialog


async def left(pilot) -> None:
    await wait_until(pilot, lambda: top(pilot) is page_of(pilot))


async def test_password_is_saved_and_undone(app, path):
    async with app.run_test(size=SMALL) as pilot:
        dialog = await opened(pilot)
        assert LOCAL_HASH_NOTE in words(pilot)
        await pilot.press(*"planted")
        assert "planted" not in shown(pilot)
        assert dialog._first.value == "planted"
        await pilot.press("enter", *"planted", "enter")
        await left(pilot)
        assert status_of(pilot) == "Changed the password of Anna Berg. Press u to undo."
        anna = open_store(path).load().user(ANNA.user_id)
        assert anna is not None
        assert has_local_password(anna)
        assert anna._replace(password=ANNA.password, salt=ANNA.salt) == ANNA
        await pilot.press("u")
        await wait_until(pilot, lambda: top(pilot) is not page_of(pilot))
        await pilot.press("right", "enter")
        await left(pilot)
    assert open_store(path).load().user(ANNA.user_id) == ANNA
    for file in path.parent.rglob("*"):
        assert not file.is_file() or b"planted" not in file.read_bytes()


async def test_invalid_password_is_not_saved(app, path):
    async with app.run_test(size=SMALL) as pilot:
        dialog = await opened(pilot)
        await pilot.press("f2")
        await pilot.pause()
        assert "! The password must not be empty." in shown(pilot)
        dialog._first.value = PLANTED
        dialog._again.value = "another"
        await pilot.press("f2")
        await pilot.pause()
        assert "The passwords do not match" in words(pilot)
        assert dialog._again.has_focus
        for text in ("a\tb", "a\x1b[2Jb", "\u202ex"):
            dialog._first.insert_text_at_cursor(text)
            await pilot.pause()
            assert "unsupported character" in words(pilot)
            assert dialog._first.value == ""
        dialog._first.insert_text_at_cursor("x" * 5000)
        await pilot.pause()
        assert "maximum 4,096 characters" in words(pilot)
        assert "xxxx" not in shown(pilot)
    assert open_store(path).load().number == 1


async def test_esc_asks_if_password_was_typed(app):
    async with app.run_test(size=SMALL) as pilot:
        await opened(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
        dialog = await opened(pilot)
        dialog._first.value = PLANTED
        assert dialog.unsaved
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(top(pilot), ConfirmQuestion)
        await pilot.press("escape")
        await pilot.pause()
        assert dialog._first.value == PLANTED
        await pilot.press("escape", "tab", "enter")
        await pilot.pause()
        assert top(pilot) is page_of(pilot)
