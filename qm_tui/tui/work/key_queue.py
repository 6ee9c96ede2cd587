"""Keys typed ahead: each key goes to the screen that it was meant for, in order.

On a connection that stalls, ten keys may arrive at once. Textual sends all of them to the widget
that has the focus when they arrive, before the first of them has opened a screen. Here a key is
sent when the one before it has been handled, and when the screen that it opened can take it.

Keys typed ahead fill fields and move. They never confirm: a screen that confirms something takes
Enter and the keys of its buttons only if they were typed after it had been drawn.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import Any, ClassVar, Final, NamedTuple, Protocol, runtime_checkable

from textual import events
from textual.app import App, ScreenStackError
from textual.dom import DOMNode
from textual.errors import NoWidget
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen
from textual.widgets import Input, TextArea

from qm_tui.tui.keys.keymap import is_key_of, is_move
from qm_tui.tui.terminal.input_driver import InputRead, Typed
from qm_tui.tui.widgets.dialog import Confirms, drawn_at
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.flow import cancel_opening, is_deciding

MAX_WAIT: Final = 5.0
"""Seconds that keys wait for a screen before they are dropped."""

_POLL_EVERY: Final = 0.01
"""Seconds between two checks whether a screen can take a key."""

_PASTE_GAP: Final = 0.1
"""Seconds within which the next part of pasted text arrives."""

_ROUNDS: Final = 3
"""How often messages are awaited after a key. A key may post a message, for example that a button
was pressed, and its handler another one; each goes up from the focus to the app."""

_HARMLESS: Final = (
    *("move", "to_list", "show_filter", "cursor_", "scroll_", "delete_"),
    *("app.focus_", "screen.focus_"),
)
"""The actions that a key typed ahead may run on a screen that confirms something."""

_NO_TEXT: Final = "replacement_character"
"""What bytes that are not text become."""

TIMED_OUT: Final = "Keys typed while the screen opened were ignored. Type them again."
PASTE_IGNORED: Final = "Text that arrived at once, like a paste, was ignored."
DEAD_KEYS: Final = "A key that does nothing here was ignored, with the keys that came after it."


@runtime_checkable
class HoldsKeys(Protocol):
    """A screen that cannot take every key at once."""

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait, for example until a file has been read.

        Args:
            key: the key; empty for pasted text.
        """


@runtime_checkable
class ExplainsKeys(Protocol):
    """A screen that says why a key does nothing."""

    def explain_key(self, key: str) -> bool:
        """Show why a key is unavailable now; return whether it is."""


@runtime_checkable
class TakesText(Protocol):
    """A widget that is no input, but takes characters as text."""

    takes_text: ClassVar[bool]


class KeyRefused(Message):
    """The last key had no effect, because something is invalid.

    The keys that came with it were typed for the next screen, and are dropped.
    """


class _Typed(NamedTuple):
    """A key, a click or pasted text, and the read that it came with."""

    event: Typed
    read: InputRead | None

    @property
    def key(self) -> str:
        """The key; empty for pasted text and clicks."""
        return self.event.key if isinstance(self.event, events.Key) else ""

    @property
    def is_text(self) -> bool:
        """Whether it is a character or pasted text."""
        if isinstance(self.event, events.Key):
            return self.event.is_printable
        return isinstance(self.event, events.Paste)

    @property
    def is_click(self) -> bool:
        """Whether it is the start or the end of a click."""
        return isinstance(self.event, events.MouseEvent)


class KeyQueue:
    """The keys and clicks of an app that have not been handled yet.

    Args:
        app: the app.
        deliver: sends a key to the widget that has the focus.
        notify: shows a sentence to the admin.
    """

    def __init__(
        self,
        app: App[Any],
        deliver: Callable[[events.Event], Awaitable[None]],
        notify: Callable[[str], None],
    ) -> None:
        self._app, self._deliver, self._notify = app, deliver, notify
        self._waiting: deque[_Typed] = deque()
        self._read: InputRead | None = None
        self._dropped: InputRead | None = None
        self._current: _Typed | None = None
        self._task: asyncio.Task[None] | None = None
        self._unsettled: DOMNode | None = None
        self._ignored_until = 0.0

    @property
    def is_empty(self) -> bool:
        """Whether all keys have been handled."""
        return self._task is None

    def begin_read(self, read: InputRead) -> None:
        """Note that the following keys come from a read."""
        self._read = read

    async def put(self, event: Typed) -> None:
        """Handle a key, after those before it.

        Keys that quit do not wait, and Esc not for a screen that is slow to open: they drop the
        keys that wait. Esc cancels what is being opened; without that it goes to the screen on top.
        """
        typed = _Typed(event, self._read)
        if typed.read is not None and event is typed.read.last:
            self._read = None
        if is_key_of(typed.key, "app.quit"):
            self._waiting.clear()
            await self._deliver(event)
            return
        if typed.read is not None and typed.read is self._dropped:
            return
        head = self._waiting[0] if self._waiting else typed
        if typed.key == "escape" and not self._can_take(head) and not self._holds_escape:
            self._waiting.clear()
            screen = self._top
            if cancel_opening(self._app):
                return
            if screen is not None and screen.is_mounted and not self._is_early(typed, screen):
                await self._deliver(event)
                return
        is_at_rest = self._task is None and (self._takes_text or not self._is_pasted(typed))
        if is_at_rest and self._is_quick(typed) and self._can_take(typed):
            self._unsettled, self._current = self._focus, typed
            await self._deliver(event)
            return
        self._waiting.append(typed)
        if self._task is None:
            self._task = asyncio.create_task(self._run())
            self._task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._task = None
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._app.call_later(_raise, error)

    # Screens

    @property
    def _holds_escape(self) -> bool:
        """Whether Esc must wait, too: what the screen does is short and cannot be canceled."""
        screen: object = self._top
        return isinstance(screen, HoldsKeys) and screen.must_wait("escape")

    @property
    def _focus(self) -> DOMNode | None:
        """What takes the next key."""
        screen = self._top
        return screen and (screen.focused or screen)

    @property
    def _top(self) -> Screen[Any] | None:
        try:
            return self._app.screen
        except ScreenStackError:
            return None

    def _can_take(self, typed: _Typed) -> bool:
        """Whether the screen on top is the one that a key was meant for, and can take it."""
        screen = self._top
        if screen is None or not screen.is_mounted or is_deciding(self._app):
            return False
        if not typed.is_text and self._is_early(typed, screen):
            return True  # it is dropped
        must_wait = isinstance(screen, HoldsKeys) and screen.must_wait(typed.key)
        return drawn_at(screen) < inf and (typed.is_click or not must_wait)

    # Handling

    async def _run(self) -> None:
        while self._waiting and self._app.is_running:
            typed = self._waiting[0]
            if await self._ready_for(typed):
                self._waiting.popleft()
                await self._handle(typed)
        self._waiting.clear()

    async def _ready_for(self, typed: _Typed) -> bool:
        """Wait until a key can be taken; return False if it was dropped."""
        if not self._is_quick(typed):
            await self._settle()
        end = time.monotonic() + MAX_WAIT
        while not self._can_take(typed):
            await asyncio.sleep(_POLL_EVERY)
            if not self._waiting or self._waiting[0] is not typed or not self._app.is_running:
                return False
            if time.monotonic() > end:
                self._waiting.clear()
                self._notify(TIMED_OUT)
                return False
        return bool(self._waiting) and self._waiting[0] is typed

    async def _handle(self, typed: _Typed) -> None:
        screen = self._app.screen
        takes_text = self._takes_text
        if not takes_text and self._is_pasted(typed):
            self._drop_read(typed, PASTE_IGNORED)
        elif self._is_early(typed, screen):
            if typed.is_text:
                self._drop_read(typed)
        elif typed.is_text and not takes_text and self._is_dead(typed, screen):
            self._drop_read(typed, DEAD_KEYS)
        elif (
            isinstance(screen, ExplainsKeys)
            and not (takes_text and typed.is_text)
            and screen.explain_key(typed.key)
        ):
            self._drop_read(typed)
        else:
            self._unsettled = self._target(typed, screen)
            self._current = typed
            self._app.call_later(self._deliver, typed.event)
            if not self._is_quick(typed):
                await self._settle()

    def _target(self, typed: _Typed, screen: Screen[Any]) -> DOMNode:
        """Return the widget that handles a key or a click."""
        if isinstance(typed.event, events.MouseEvent):
            with suppress(NoWidget):
                return screen.get_widget_at(typed.event.x, typed.event.y)[0]
        return screen.focused or screen

    def _is_quick(self, typed: _Typed) -> bool:
        """Whether a key neither opens anything nor moves the focus, so that the next can follow."""
        if typed.is_click:
            return False
        if self._takes_text:
            return typed.is_text
        return isinstance(self._focus, VirtualList) and is_move(typed.key)

    @property
    def _takes_text(self) -> bool:
        return isinstance(self._focus, Input | TextArea | TakesText)

    def _is_early(self, typed: _Typed, screen: Screen[Any]) -> bool:
        """Whether a key would confirm what had not been drawn yet when it was typed."""
        if not isinstance(screen, Confirms) or typed.event.time > drawn_at(screen):
            return False
        if typed.is_click:
            return True
        if not screen.may_confirm(typed.key):
            return False
        if typed.key == "escape":
            return not screen.takes_early_escape
        if typed.is_text and self._takes_text:
            return False
        active = screen.active_bindings.get(typed.key)
        return active is None or not active.binding.action.startswith(_HARMLESS)

    def _is_dead(self, typed: _Typed, screen: Screen[Any]) -> bool:
        """Whether a character does nothing here, and more keys came with it for another screen."""
        has_more = typed.read is not None and typed.event is not typed.read.last
        return has_more and typed.key not in (_NO_TEXT, *screen.active_bindings)

    def _is_pasted(self, typed: _Typed) -> bool:
        """Whether a key is part of pasted text without marks."""
        if not typed.is_text and typed.key != "enter":
            return False
        is_next_part = typed.event.time < self._ignored_until
        return is_next_part or (typed.read is not None and typed.read.is_paste)

    def drop_current_read(self) -> None:
        """Drop the keys that came with the one that was sent last."""
        if self._current is not None:
            self._drop_read(self._current)

    def _drop_read(self, typed: _Typed, notice: str = "") -> None:
        """Drop the keys of the same read, and say so."""
        if notice == PASTE_IGNORED:
            self._ignored_until = time.monotonic() + _PASTE_GAP
        self._dropped = typed.read
        while self._waiting and typed.read is not None and self._waiting[0].read is typed.read:
            self._waiting.popleft()
        if notice:
            self._notify(notice)

    async def _settle(self) -> None:
        """Wait until the last key, and the messages that it led to, have been handled."""
        start, self._unsettled = self._unsettled, None
        if start is None:
            return
        await self._handled_by(self._app)
        for _ in range(_ROUNDS):
            node = start if start.is_running and start.is_attached else self._focus
            while node is not None:
                await self._handled_by(node)
                node = node.parent

    async def _handled_by(self, pump: MessagePump) -> None:
        """Wait until a widget has handled the messages that it has now."""
        handled = asyncio.Event()
        if not pump.call_later(handled.set):
            return
        while not handled.is_set() and pump.is_running and self._app.is_running:
            try:
                await asyncio.wait_for(handled.wait(), _POLL_EVERY)
            except TimeoutError:
                continue


def _raise(error: BaseException) -> None:
    raise error
