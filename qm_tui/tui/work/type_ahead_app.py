"""The base class of the app: its keys and pasted text go through the key queue.

Screen readers, braille displays and input methods follow the terminal's cursor. It stays hidden,
since the program draws its own; with each frame Textual moves it to `App.cursor_position`.
"""

from collections.abc import Mapping
from functools import partial
from math import inf
from pathlib import PurePath
from typing import Any, Protocol, runtime_checkable

from textual import events, on
from textual.actions import ActionParseResult
from textual.app import App, ReturnType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.geometry import Offset
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget
from textual.widgets import OptionList, Tree

from qm_tui.tui.terminal.input_driver import InputRead, Typed
from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.widgets.dialog import drawn_at, note_drawn, redraw_pending
from qm_tui.tui.work.flow import show_screen
from qm_tui.tui.work.key_queue import KeyQueue, KeyRefused


@runtime_checkable
class HasCursor(Protocol):
    """A widget that has a cursor, as Textual's inputs."""

    @property
    def cursor_screen_offset(self) -> Offset:
        """The position of the cursor on the screen."""


class TypeAheadApp(ReliableTimers, App[ReturnType]):
    """An app in which keys typed ahead go to the screen that they were meant for.

    The terminal's cursor is on the current row, or in the edited field.
    """

    def __init__(
        self,
        driver_class: type[Driver] | None = None,
        css_path: list[str | PurePath] | None = None,
    ) -> None:
        super().__init__(driver_class, css_path)
        self.key_queue = KeyQueue(self, super().on_event, self.show_notice)

    def on_mount(self) -> None:
        self.screen_change_signal.subscribe(self, self._note_screen)
        self._note_screen(self.screen)  # the handler of the subclass has shown it

    def _note_screen(self, screen: Screen[Any]) -> None:
        if drawn_at(screen) == inf:
            redraw_pending(screen)

    def post_display_hook(self) -> None:
        """Note which screen was drawn, as soon as it has been sent to the terminal."""
        if self.screen_stack:
            note_drawn(self.screen)

    def show_notice(self, text: str) -> None:
        """Say that keys were dropped, without taking the focus."""
        self.notify(text, markup=False)

    async def on_event(self, event: events.Event) -> None:
        """Queue keys, clicks and pasted text. What comes back from its widget is forwarded."""
        if isinstance(event, Typed) and not event.is_forwarded:
            await self.key_queue.put(event)
        else:
            await super().on_event(event)

    @on(KeyRefused)
    def _key_refused(self) -> None:
        self.key_queue.drop_current_read()

    @on(InputRead)
    def _input_read(self, event: InputRead) -> None:
        self.key_queue.begin_read(event)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Run an action, unless its screen is being closed: its widgets may be gone."""
        if default_namespace is not None and not self._is_open(default_namespace):
            return False
        return await super().run_action(action, default_namespace, namespaces)

    def _is_open(self, node: DOMNode) -> bool:
        screens = (parent for parent in node.ancestors_with_self if isinstance(parent, Screen))
        return node is self or next(screens, None) in self.screen_stack

    async def push_screen_wait(  # type: ignore[override]
        self, screen: Screen[ScreenResultType], *, mode: str | None = None
    ) -> ScreenResultType:
        """Show a screen, and return its result.

        A screen of a flow waits until those that were opened in the meantime are closed.
        """
        show = partial(super().push_screen_wait, screen, mode=mode)
        return await show_screen(self, screen, show)

    @property
    def cursor_position(self) -> Offset:
        """The position of the cursor, computed when a frame is written.

        Widgets cannot set it: theirs is outdated once they are scrolled or moved.
        """
        return _cursor_of(self.focused) if self.screen_stack else Offset()

    @cursor_position.setter
    def cursor_position(self, position: Offset) -> None:
        pass


def _cursor_of(widget: Widget | None) -> Offset:
    """Return the position of the cursor in a focused widget: of a button, the first character."""
    if widget is None:
        return Offset()
    if isinstance(widget, HasCursor):
        return widget.cursor_screen_offset
    row = int(widget.scroll_offset.y)
    if isinstance(widget, Tree):
        row = widget.cursor_line
    elif isinstance(widget, OptionList):
        row = widget.highlighted or 0  # each option has one line
    return widget.content_region.offset + Offset(0, max(0, row - int(widget.scroll_offset.y)))
