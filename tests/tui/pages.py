"""The terminal UI for tests: stores with known users, and functions that wait."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager, closing
from math import inf
from pathlib import Path
from typing import Any

from textual import events
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from qm_tui.progress import no_rest
from qm_tui.store import open_store
from qm_tui.store.interface import Action, UserStore
from qm_tui.store.state import FIRST, State
from qm_tui.tui.activity.page import ActivityPage
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.keys.checks import checked_keys
from qm_tui.tui.users.page import UsersPage
from qm_tui.tui.users.table import UsersDataTable
from qm_tui.tui.widgets.dialog import drawn_at
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.tui.work.marks import Marks
from qm_tui.tui.work.type_ahead_app import TypeAheadApp
from qm_tui.tui.work.user_query import load_window
from qm_tui.tui.work.user_rows import UserRows
from qm_tui.users.fields import User
from qm_tui.users.query.query import ALL, Query
from sample_data import generate
from tests.helpers import EDIT, write_unchecked

SAMPLES = Path(__file__).parents[2] / "sample_data"

SMALL, LARGE = (80, 24), (120, 40)


def sample_users(count: int) -> list[User]:
    """Generated users with fixed User IDs."""
    users = enumerate(generate.users(count), start=1)
    return [user._replace(user_id=f"u{number:011}") for number, user in users]


def store_of(path: Path, users: Iterable[User] = ()) -> UserStore:
    """A store with the users."""
    store = open_store(path)
    changes = {user.user_id: user for user in users}
    if changes:
        write_unchecked(store, changes)
    return store


def commit(path: Path, *users: User, action: Action = EDIT, delete: str = "") -> int:
    """Change users as another admin; return the number of the transaction."""
    changes: dict[str, User | None] = {one.user_id: one for one in users}
    if delete:
        changes[delete] = None
    with closing(open_store(path)) as store:
        return write_unchecked(store, changes, action).number


def app_on(
    path: Path, users: Iterable[User] = (), keys: Mapping[str, str] | None = None
) -> QmTuiApp:
    """The app on a store with the users, and with keys as in the settings."""
    store_of(path, users).close()
    return QmTuiApp(open_store(path), login="mheller", keys=checked_keys(keys or {}))


@asynccontextmanager
async def running(
    path: Path,
    users: Iterable[User] = (),
    size: tuple[int, int] = SMALL,
    keys: Mapping[str, str] | None = None,
) -> AsyncIterator[Pilot[str]]:
    """The app on a store with the users, with all of them loaded, and with keys that are set."""
    async with started(app_on(path, users, keys), size) as pilot:
        yield pilot


@asynccontextmanager
async def started(app: QmTuiApp, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[str]]:
    """The app, with all users loaded."""
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        yield pilot


async def back_to_users(pilot: Pilot[str]) -> None:
    """Close all dialogs, and return to the Users page with all users."""
    for _ in range(9):
        if top(pilot) is page_of(pilot) and not page_of(pilot).session.current_view.filter:
            break
        if isinstance(top(pilot), ConfirmQuestion):  # whether to discard what was typed
            await pilot.click("#yes")
        else:
            await pilot.press("escape")
        await pilot.pause()
    await wait_until(pilot, lambda: top(pilot) is page_of(pilot))


async def opened(pilot: Pilot[str], *keys: str) -> Screen[object]:
    """Press keys, and return the dialog that they open."""
    below = top(pilot)
    await pilot.press(*keys)
    await wait_until(pilot, lambda: top(pilot) is not below and drawn_at(top(pilot)) < inf)
    return top(pilot)


async def is_on_top(pilot: Pilot[str], kind: type[Screen[Any]]) -> None:
    """Wait until a screen of a kind is on top."""
    await wait_until(pilot, lambda: isinstance(top(pilot), kind))


def words(pilot: Pilot[str]) -> str:
    """The text on the screen in one line, without borders."""
    return " ".join(shown(pilot).replace("│", " ").split())


def page_of(pilot: Pilot[str]) -> UsersPage:
    """The Users page, even if it is hidden."""
    return pilot.app.get_screen("users", UsersPage)


def activity_of(pilot: Pilot[str]) -> ActivityPage:
    """The Activity page, even if it is hidden."""
    return pilot.app.get_screen("activity", ActivityPage)


def top(pilot: Pilot[str]) -> Screen[object]:
    """The current screen or dialog."""
    return pilot.app.screen


def table_of(pilot: Pilot[str]) -> UsersDataTable:
    """The users table."""
    return page_of(pilot).query_one(UsersDataTable)


def rows_of(state: State, query: Query = ALL, marks: Marks | None = None) -> UserRows:
    """The rows of the users of a query, of which the first are loaded."""
    marks = Marks() if marks is None else marks
    window = load_window(marks, state, query, FIRST, no_rest)
    return UserRows(state, query, state.count(query), window, marks)


def users_in(table: UsersDataTable) -> list[User]:
    """The users of the table from top to bottom; those that it holds are compared."""
    if table.rows is None:
        return []
    users = [one for users in table.rows.state.stream(table.rows.query) for one in users]
    assert len(users) == table.row_count
    for row, user in enumerate(users):
        assert table.user_at(row) in (None, user)
    return users


def status_of(pilot: Pilot[str]) -> str:
    """The message in the Actions bar."""
    return str(page_of(pilot).query_one("#status", Static).render())


async def wait_until_idle(pilot: Pilot[str]) -> None:
    """Wait until no job is running and everything is drawn."""
    await pilot.pause()
    await wait_until(pilot, lambda: not page_of(pilot).is_busy)
    await pilot.pause()


async def wait_until(pilot: Pilot[str], is_so: Callable[[], bool]) -> None:
    """Wait until a condition is true, even on a busy machine."""
    for _ in range(500):
        if is_so():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"the condition never became true:\n{shown(pilot)}")


async def type_text(pilot: Pilot[str], text: str) -> None:
    """Replace the text of the focused input."""
    field = pilot.app.focused
    field.value = text  # type: ignore[union-attr]
    await pilot.pause()


def shown(pilot: Pilot[str]) -> str:
    """The text on the screen, line by line."""
    # as Textual does before it draws: the screens below a dialog are drawn for this screen
    visible_screen_stack.set(pilot.app._background_screens)
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def has_text(pilot: Pilot[str], text: str) -> bool:
    """Whether a text is on the screen."""
    return text in shown(pilot)


async def press_at_once(pilot: Pilot[str], *keys: str) -> None:
    """Send keys in one burst, as over a slow connection."""
    assert isinstance(pilot.app, TypeAheadApp)
    queue = pilot.app.key_queue
    for key in keys:
        character = {"slash": "/", "escape": None}.get(key, key)
        pilot.app.post_message(events.Key(key, character))
    await pilot.pause()
    await wait_until(pilot, lambda: queue.is_empty)
    await pilot.pause()
