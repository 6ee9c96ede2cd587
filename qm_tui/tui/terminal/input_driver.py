"""Input from the terminal: keys, clicks and pastes. Nothing pasted acts as a key.

A terminal puts marks around pasted text. Textual looks for keys between them, too: after an escape
character in untrusted text, the following letters would act as keys. If a terminal puts no marks
around it, it is recognized by its length and its lines.

Delete `PasteParser` when Textual's parser takes all characters between the marks as text:
https://github.com/Textualize/textual/blob/v8.2.8/src/textual/_xterm_parser.py#L201
"""

import asyncio
import os
import re
import signal
import time
from codecs import getincrementaldecoder
from collections.abc import Iterable, Sequence
from selectors import EVENT_READ, SelectSelector
from typing import Any, Final

from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import InBandWindowResize

from qm_tui.tui.terminal.screen_diff import ScreenDiff

_ESCAPE: Final = "\x1b"
_START: Final = "\x1b[200~"
_END: Final = "\x1b[201~"
_REPLACEMENT: Final = "\x1a"
"""Replaces an escape character in pasted text: a control character, which fields remove."""

_READ_SIZE: Final = 4096
"""Bytes."""

_WAIT: Final = 0.05
"""Seconds."""

_ESCAPE_DELAY: Final = 0.1
"""Seconds after which Esc is not the start of a sequence."""

_ESCAPE_KEY: Final = re.compile(
    "\x1b(?!$|\x7f|\\[|O[A-Za-z]|\\\\|[PX^_\\]][^\x1b\x07]*(?:\x1b\\\\|\x07))"
)
"""Esc that does not start a sequence: of a key, of the mouse, or of an answer of the terminal.

Alt and Backspace, which delete a word, remain one key.
"""

MAX_TYPED: Final = 64
"""Characters that may arrive at once; more are taken for pasted text without marks."""

_MIN_LINES: Final = 2
"""Lines that must not arrive at once."""


Typed = events.Key | events.Paste | events.MouseDown | events.MouseUp


class InputRead(Message):
    """A part of the input was read; the keys that follow are from it.

    Args:
        typed: the keys, clicks and pasted texts.

    Attributes:
        last: the last of them.
        is_paste: whether they look like pasted text without marks: more than `MAX_TYPED`
            characters, or several lines.
    """

    def __init__(self, typed: Sequence[Typed]) -> None:
        super().__init__()
        self.last = typed[-1]
        keys = [key for key in typed if isinstance(key, events.Key)]
        characters = lines = 0
        is_line = False
        for key in keys:
            characters += key.is_printable
            lines += is_line and key.key == "enter"
            is_line = key.is_printable or (is_line and key.key != "enter")
        self.is_paste = characters > MAX_TYPED or lines >= _MIN_LINES


class PasteParser(XTermParser):
    """A parser of terminal input that treats everything between the marks of a paste as text."""

    def __init__(self) -> None:
        super().__init__()
        self._is_pasting = False
        self._before = self._held = ""
        self._escaped_at = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """Yield the messages for the next part of the input; an empty one is the end.

        Textual takes Esc and the key after it for one key with Alt. There are no such keys here.

        Args:
            data: the part; it may start and end anywhere.
        """
        text = self._without_escapes(data)
        if data and not text:
            return
        if self._escaped_at and text:
            text, self._escaped_at = _ESCAPE + text, 0.0
        *parts, rest = _ESCAPE_KEY.split(text)
        for part in parts:
            yield from super().feed(part) if part else ()
            yield _escape_key()
        if rest.endswith(_ESCAPE):  # a sequence may follow
            rest, self._escaped_at = rest[:-1], time.monotonic()
        if rest or not data:
            yield from super().feed(rest)

    def tick(self) -> Iterable[Message]:
        """Yield Esc if nothing has followed it."""
        if self._escaped_at and time.monotonic() - self._escaped_at >= _ESCAPE_DELAY:
            self._escaped_at = 0.0
            yield _escape_key()
        yield from super().tick()

    def _without_escapes(self, data: str) -> str:
        rest, self._held = self._held + data, ""
        parts = []
        while rest:
            part, rest = self._pasted(rest) if self._is_pasting else self._typed(rest)
            parts.append(part)
        return "".join(parts)

    def _typed(self, text: str) -> tuple[str, str]:
        """Return the text up to and including the mark that starts a paste, and the rest."""
        joined = self._before + text  # the mark may be split between two parts
        start = joined.find(_START)
        if start < 0:
            self._before = joined[1 - len(_START) :]
            return text, ""
        self._before, self._is_pasting = "", True
        end = start + len(_START) - (len(joined) - len(text))
        return text[:end], text[end:]

    def _pasted(self, text: str) -> tuple[str, str]:
        """Return pasted text up to an escape character, and the rest."""
        before, escape, after = text.partition(_ESCAPE)
        if not escape:
            return before, ""
        if (escape + after).startswith(_END):
            self._is_pasting = False
            return before + _END, after[len(_END) - 1 :]
        if _END.startswith(escape + after):
            self._held = escape + after
            return before, ""
        return before + _REPLACEMENT, after


def _escape_key() -> events.Key:
    return events.Key("escape", _ESCAPE)


def _with_enter(message: Message) -> Message:
    """Return Enter for a line feed: an Enter typed before the program has set up the terminal."""
    is_line_feed = isinstance(message, events.Key) and message.key == "ctrl+j"
    return events.Key("enter", "\r") if is_line_feed else message


class TerminalDriver(LinuxDriver):
    """Textual's driver, with a safe parser of pastes, and tolerant of invalid UTF-8.

    It sends only what the terminal does not show yet.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._screen = ScreenDiff()

    def write(self, data: str) -> None:
        """Write what changes the screen."""
        changes = self._screen.changes(data)
        if changes:
            super().write(changes)

    def process_message(self, message: Message) -> None:
        """Send a message to the app. After a change of the size the terminal may show anything."""
        if isinstance(message, events.Resize | InBandWindowResize):
            self._screen.forget()
        super().process_message(message)

    def start_application_mode(self) -> None:
        """Start application mode, and handle size changes in order.

        If a signal handler is interrupted by that of a later size, the older size would come last.
        """
        before = signal.getsignal(signal.SIGWINCH)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        handler = signal.getsignal(signal.SIGWINCH)
        if callable(handler) and handler is not before:  # not yet started in the background
            loop = asyncio.get_running_loop()

            def resized() -> None:
                self._screen.forget()
                handler(signal.SIGWINCH, None)

            loop.add_signal_handler(signal.SIGWINCH, resized)

    def run_input_thread(self) -> None:
        """Read the input until the program ends."""
        parser, decoder = PasteParser(), getincrementaldecoder("utf-8")("replace")
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            is_last = False
            while not is_last:
                is_last = self.exit_event.is_set()
                if selector.select(_WAIT):
                    text = decoder.decode(os.read(self.fileno, _READ_SIZE))
                    self._send([_with_enter(one) for one in parser.feed(text)] if text else [])
                self._send(list(parser.tick()))

    def _send(self, messages: Sequence[Message]) -> None:
        typed = [message for message in messages if isinstance(message, Typed)]
        if typed:
            self.process_message(InputRead(typed))
        for message in messages:
            self.process_message(message)
