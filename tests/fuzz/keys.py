"""Random input while every screen opens slowly: `python -m tests.fuzz.keys MINUTES`.

Each round opens a screen, moves the focus to one of its widgets, and types bursts of keys with 0 to
300 ms in between. Some bursts are followed by a text, a click, another size, or a change by another
admin. The time between the mount of a widget and the moment when it is ready, and the
time of all work in threads, is lengthened at random, so that keys arrive before a screen is ready
and after it has been closed. Stops at the first crash, with the seed and the keys of its round.
"""

import asyncio
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pytest
from textual import events
from textual.css.query import NoMatches
from textual.keys import _character_to_key
from textual.message_pump import MessagePump
from textual.pilot import OutOfBounds, Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.worker import WorkerFailed

from qm_tui import crash
from qm_tui.store import open_store
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.terminal.input_driver import InputRead
from tests.helpers import EMPTY_STATE, users_of
from tests.tui.pages import SAMPLES, commit, sample_users, shown, store_of

_FILE: Final = "users-with-errors.csv"
_PREVIEW: Final = ("i", *_FILE, "enter")

ROUTES: Final[tuple[tuple[str, ...], ...]] = (
    (),
    *[(key,) for key in "eamAPDvcFLux/:?23456i"],
    ("enter",),
    ("enter", "e"),
    ("asterisk", "m"),
    ("asterisk", "D"),
    ("asterisk", "A"),
    ("2", "enter"),
    ("2", "u"),
    ("4", "r"),
    ("5", "r"),
    ("x", "tab", "tab", "tab", "enter"),
    _PREVIEW,
    *[(*_PREVIEW, key) for key in "ocmw5r"],
    (*_PREVIEW, "down", "enter"),
    (*_PREVIEW, "7", "enter"),
)
"""Keys that lead to each screen."""

_KEYS: Final = (
    "up down left right pageup pagedown home end enter escape tab shift+tab space asterisk slash "
    "backspace delete f1 f2 f3 plus minus full_stop less_than_sign question_mark colon ctrl+p "
    "ctrl+u ctrl+w ctrl+d ctrl+f ctrl+b 1 2 3 4 5 6 7 n u i x e a A m P D s S v c F L V y Y j k g "
    "G h l o r z b w q"
)
_LIKELY: Final = "down down enter enter escape escape tab colon f2 space e a m A D P i u"
_TEXTS: Final = (
    *("Sales Nord", "department:sales", "marked:yes", "9", "CORP\\x", "[@click=app.quit]x[/]"),
    *("日本 👩‍👩‍👧 שלום", "\x1b[2J\u202e", "x" * 5000, "u00000000001\nnobody", "users.csv"),
)
_SIZES: Final = ((80, 24), (120, 40), (60, 16), (59, 15))
_SECRETS: Final = ("ENC-", "planted-salt")
_BURSTS: Final = 30
_MAX_PAUSE: Final = 0.3

_WHILE_CLOSING: Final = (WorkerFailed, NoMatches)
"""Errors that Textual raises again at the end; those before the exit are in `failure`."""


def key_events(keys: Sequence[str]) -> list[events.Key]:
    """Return the events of keys that are named as Textual names them."""
    made = []
    for key in keys:
        character = key if len(key) == 1 else {"slash": "/", "colon": ":", "space": " "}.get(key)
        name = _character_to_key(key) if len(key) == 1 else key
        made.append(events.Key(name, character))
    return made


@contextmanager
def widened_gaps(chance: random.Random) -> Iterator[None]:
    """Delay the mount of screens and widgets, and all work in threads, by random times."""
    mount, to_thread = MessagePump._pre_process, asyncio.to_thread

    async def slow_mount(self: MessagePump) -> bool:
        if isinstance(self, Screen):
            await asyncio.sleep(chance.choice((0, 0.01, 0.1)))
        elif isinstance(self, Widget) and chance.random() < 0.1:
            await asyncio.sleep(chance.choice((0, 0.01, 0.03)))
        return await mount(self)

    async def slow_thread(work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(chance.choice((0, 0.02, 0.1)))
        made = await to_thread(work, *args, **kwargs)
        await asyncio.sleep(chance.choice((0, 0.02, 0.1)))
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(MessagePump, "_pre_process", slow_mount)
        patch.setattr(asyncio, "to_thread", slow_thread)
        yield


async def play(home: Path, seed: int) -> list[object]:
    """Play one round.

    Args:
        home: an empty folder.
        seed: makes the keys; the times also depend on the machine.

    Returns:
        The keys.

    Raises:
        AssertionError: the program crashed, reported an unexpected error, or stored invalid users.
    """
    chance = random.Random(seed)  # noqa: S311 - the same keys for the same seed
    shutil.copy(SAMPLES / _FILE, home)
    path = home / "store" / "users.json"
    store_of(path, [user._replace(salt="planted-salt") for user in sample_users(40)])
    app = QmTuiApp(open_store(path), login="anybody")
    route = chance.choice(ROUTES)
    done: list[object] = [route]
    crash._error_reported.clear()
    errors: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: errors.append(context))
    with widened_gaps(chance), suppress(*_WHILE_CLOSING):
        async with app.run_test(size=chance.choice(_SIZES)) as pilot:
            await _send(app, key_events(route))
            for _ in range(chance.randrange(6)):
                await _send(app, key_events(["tab"]))
            for _ in range(_BURSTS):
                names = _LIKELY if chance.random() < 0.4 else _KEYS
                keys = chance.choices(names.split(), k=chance.choice((1, 1, 2, 5)))
                done.append(keys)
                await _send(app, key_events(keys))
                await asyncio.sleep(chance.random() * _MAX_PAUSE)
                if app.failure is not None or not app.is_running:
                    break
                done.append(await _disturb(pilot, path, chance))
                text = shown(pilot)
                assert not any(secret in text for secret in _SECRETS), done
            await asyncio.sleep(_MAX_PAUSE)
            assert app.failure is not None or _is_consistent(app), done
            app.exit()
            await asyncio.sleep(_MAX_PAUSE)
    if app.failure is not None:
        raise AssertionError(done) from app.failure
    assert not errors, (errors, done)
    assert not crash.error_was_reported(), done
    state = open_store(path).load()
    # the keys may have changed the import option
    options = ValidationOptions(allow_unlicensed=True)
    assert validate_changes(users_of(state), EMPTY_STATE, options=options) == {}, done
    return done


async def _disturb(pilot: Pilot[str], path: Path, chance: random.Random) -> object:
    """Type a text, click, change the size, commit as another admin, or do nothing; return it."""
    app, way = pilot.app, chance.random()
    if way < 0.12:
        text = chance.choice(_TEXTS)
        app.post_message(events.Paste(text))
        return text[:40]
    if way < 0.2:
        offset = chance.randrange(app.size.width), chance.randrange(app.size.height)
        with suppress(OutOfBounds):
            await pilot.click(offset=offset)
        return offset
    if way < 0.24:
        size = chance.choice(_SIZES)
        await pilot.resize_terminal(*size)
        return size
    if way < 0.3:
        changed = chance.choice(sample_users(30))
        location = chance.choice(("Oslo", "", "Bergen"))
        await asyncio.to_thread(commit, path, changed._replace(location=location))
        return changed.user_id
    return None


def _is_consistent(app: QmTuiApp) -> bool:
    """Whether the table shows the state of the store, unless it is just being changed or read."""
    session = app._session
    if session.view is None or session.is_busy or session.store.has_external_changes():
        return True
    return session.store.state.total == session.view.state.total


async def _send(app: QmTuiApp, keys: list[events.Key]) -> None:
    if keys:
        app.post_message(InputRead(keys))
    for key in keys:
        app.post_message(key)
    await asyncio.sleep(0)


def run(minutes: float, seed: int) -> None:
    """Play rounds for a time, and print the result.

    Raises:
        AssertionError: the program crashed; the seed has been printed.
    """
    end, rounds, count = time.monotonic() + minutes * 60, 0, 0
    while time.monotonic() < end:
        with tempfile.TemporaryDirectory() as folder:
            os.environ["HOME"] = folder
            os.chdir(folder)
            try:
                done = asyncio.run(play(Path(folder), seed))
            except BaseException as error:
                print(f"seed {seed} failed after {rounds:,} rounds: {error!r}")
                raise
            finally:
                os.chdir("/")
        count += sum(len(keys) for keys in done if isinstance(keys, list | tuple))
        rounds, seed = rounds + 1, seed + 1
    print(f"{rounds:,} rounds, {count:,} keys in {minutes:g} minutes: 0 crashes")


if __name__ == "__main__":
    run(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time()))
