"""Write the tables of docs/keys.md: the keys that the program shows for `?`, and all actions.

    python -m scripts.make_keys_page

Opens every screen of the program without a terminal, presses F1 there and reads the list. The text
around the tables is written by hand, in the page itself.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from textual.pilot import Pilot
from textual.screen import Screen

from qm_tui.store import open_store
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.frame.key_help import KeyDescription, KeysScreen
from qm_tui.tui.keys.actions import ACTIONS
from qm_tui.tui.keys.keymap import default_keys
from qm_tui.tui.keys.names import key_name
from scripts.splice import code, escaped, spliced, table

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "keys.md"

_SIZE: Final = (80, 24)
_POLL: Final = 0.02
_POLLS_PER_PRESS: Final = 250
_PRESSES: Final = 5


class Section(NamedTuple):
    """A table of the page.

    Attributes:
        title: its heading.
        paths: one or more ways there from the Users page, each to another focus. A way is a list
            of keys. `key/n` waits for another screen, with n screens on top of the page.
    """

    title: str
    paths: tuple[str, ...]


PAGES: Final = (
    Section("Users page", ("",)),
    Section("Activity page", ("2/0",)),
    Section("Licenses page", ("3/0",)),
    Section("Profiles page", ("4/0",)),
    Section("Departments and Locations pages", ("5/0",)),
)
"""What all of these have in common comes first, in a table of its own."""

OTHERS: Final = (
    Section("Navigation pane", ("shift+tab", "shift+tab left")),
    Section("Filter field", ("slash",)),
    Section("Details of a user", ("down enter/1",)),
    Section("Form of a user", ("e/1",)),
    Section("Set a field", ("m/1",)),
    Section("Password", ("P/1",)),
    Section("Columns", ("c/1",)),
    Section("Views", ("v/1",)),
    Section("Counts", ("F/1",)),
    Section("Mark users from a list", ("L/1",)),
    Section("Open and Save As", ("i/1", "i/1 down", "x/1", "x/1 down")),
    Section("Import preview", ("i/1 enter/1", "i/1 enter/1 down")),
    Section("Import options", ("i/1 enter/1 o/2",)),
    Section("Record of the preview", ("i/1 enter/1 down enter/2",)),
    Section("Correction of a record", ("i/1 enter/1 c/2",)),
    Section("Column mapping", ("i/1 enter/1 m/2",)),
    Section("Transaction", ("2/0 enter/1",)),
    Section("Rename a value", ("5/0 e/1",)),
)

ON_USERS_PAGE: Final = ("Navigation pane", "Filter field")
"""Parts of the Users page: of its keys, they list only those that do something else there."""


async def _until(pilot: Pilot[str], is_so: Callable[[], bool]) -> bool:
    for _ in range(_POLLS_PER_PRESS):
        if is_so():
            return True
        await pilot.pause(_POLL)
    return False


async def _ready(pilot: Pilot[str]) -> None:
    """Wait until the screen on top is complete and has no work left."""

    def is_ready() -> bool:
        top = pilot.app.screen
        working = (one for one in pilot.app.workers if not one.is_finished)
        return top.is_mounted and all(
            not one.node.is_attached or one.node.screen is not top for one in working
        )

    for _ in range(_PRESSES):
        if await _until(pilot, is_ready):
            return await pilot.pause()
    msg = f"{type(pilot.app.screen).__name__} is still busy"
    raise TimeoutError(msg)


async def _open(pilot: Pilot[str], step: str) -> None:
    """Press a key; again, if it had no effect because the screen was still busy."""
    key, _, depth = step.partition("/")
    app, before = pilot.app, pilot.app.screen

    def is_open() -> bool:
        return app.screen is not before and len(app.screen_stack) - 2 == int(depth)

    for _ in range(_PRESSES):
        if app.screen is before:
            await pilot.press(key)
        if not depth or await _until(pilot, is_open):
            return await _ready(pilot)
    msg = f"{key} opens nothing on {type(before).__name__}"
    raise TimeoutError(msg)


async def _listed(pilot: Pilot[str], path: str) -> tuple[KeyDescription, ...]:
    """The keys that `?` lists at the end of a path; afterward the Users page is on top again."""
    app = pilot.app
    users: Screen[object] = app.screen
    await _ready(pilot)
    focused = app.focused
    for step in path.split():
        await _open(pilot, step)
    await _open(pilot, f"f1/{len(app.screen_stack) - 1}")
    shown = app.screen
    assert isinstance(shown, KeysScreen)  # noqa: S101 - F1 opens it everywhere
    for _ in range(_PRESSES):
        if app.screen is users:
            break
        await pilot.press("escape")
        await _ready(pilot)
    users.set_focus(focused)
    await pilot.pause()
    return shown.keys


async def _all_listed(store: Path) -> dict[str, list[KeyDescription]]:
    """The keys of each section."""
    app = QmTuiApp(open_store(store), login="admin")
    listed = {}
    async with app.run_test(size=_SIZE) as pilot:
        for section in (*PAGES, *OTHERS):
            found = [await _listed(pilot, path) for path in section.paths]
            listed[section.title] = [key for keys in found for key in keys]
    return listed


def _pairs(keys: Iterable[KeyDescription]) -> dict[tuple[str, str], None]:
    """Each key by itself, with what it does, in order."""
    return {(one, key.label): None for key in keys for one in key.keys.split()}


def _rows(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the rows of a table: keys that do the same are in one row."""
    together: dict[str, list[str]] = {}
    for key, words in pairs:
        together.setdefault(words, []).append(key)
    for words, keys in together.items():
        yield " ".join(map(code, keys)), escaped(words)


def tables() -> str:
    """The tables of the page."""
    with TemporaryDirectory() as home, chdir(home):
        os.environ |= {"HOME": home, "LC_ALL": "C.UTF-8"}
        path = Path(home, "users.json")
        source = ROOT / "sample_data" / "users-with-errors.csv"
        Path(home, source.name).write_bytes(source.read_bytes())
        store = open_store(path)
        import_users(ImportRequest(ROOT / "sample_data" / "users.csv"), store)
        store.close()
        listed = {title: _pairs(keys) for title, keys in asyncio.run(_all_listed(path)).items()}
    pages = [listed[section.title] for section in PAGES]
    common = {pair: None for pair in pages[0] if all(pair in page for page in pages)}
    parts = {"Every page": common}
    for title, pairs in listed.items():
        known = common | (pages[0] if title in ON_USERS_PAGE else {})
        parts[title] = {pair: None for pair in pairs if pair not in known}
    head = ("Key", "Action")
    return "".join(
        f"\n## {title}\n\n{table(head, *_rows(pairs))}" for title, pairs in parts.items()
    )


def actions() -> str:
    """The table of the actions."""
    rows = (
        (code(name), " ".join(map(code, map(key_name, default_keys(name)))), escaped(action.words))
        for name, action in ACTIONS.items()
    )
    return table(("Action", "Default keys", "Description"), *rows)


def page() -> str:
    """The text of the page, with the tables as they are now."""
    return spliced(PAGE, "actions", actions(), spliced(PAGE, "keys", tables()))


if __name__ == "__main__":
    PAGE.write_text(page())
