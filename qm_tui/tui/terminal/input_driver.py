"""What comes from the terminal: keys, clicks, and pastes, of which nothing is taken for a key.

A terminal puts marks around what is pasted. Textual looks for keys between them too: an escape
within a text that others wrote would make the letters behind it act.
"""

import asyncio
import os
import signal
from codecs import getincrementaldecoder
from collections.abc import Iterable
from selectors import EVENT_READ, SelectSelector
from typing import Final

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

_ESCAPE: Final = "\x1b"
_START: Final = "\x1b[200~"
_END: Final = "\x1b[201~"
_INSTEAD: Final = "\x1a"
"""Stands for an escape in what is pasted: a control character, which no field takes."""

_AT_ONCE: Final = 4096
_WAIT: Final = 0.1


class PasteParser(XTermParser):
    """Makes messages of what comes in. Between the marks of a paste there is nothing but text."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._is_pasting = False
        self._before = self._held = ""

    def feed(self, data: str) -> Iterable[Message]:
        """The messages that some more text makes; an empty text is the end.

        Args:
            data: the text, which may begin and end anywhere.
        """
        text = self._without_escapes(data)
        return super().feed(text) if text or not data else ()

    def _without_escapes(self, data: str) -> str:
        rest, self._held = self._held + data, ""
        done = []
        while rest:
            some, rest = self._pasted(rest) if self._is_pasting else self._typed(rest)
            done.append(some)
        return "".join(done)

    def _typed(self, text: str) -> tuple[str, str]:
        """What is no paste, up to the mark that begins one, as it is; and what is behind that."""
        known = self._before + text  # the mark may have come in pieces
        at = known.find(_START)
        if at < 0:
            self._before = known[1 - len(_START) :]
            return text, ""
        self._before, self._is_pasting = "", True
        end = at + len(_START) - (len(known) - len(text))
        return text[:end], text[end:]

    def _pasted(self, text: str) -> tuple[str, str]:
        """What is pasted, up to an escape; and what is behind that."""
        before, escape, behind = text.partition(_ESCAPE)
        if not escape:
            return before, ""
        if (escape + behind).startswith(_END):
            self._is_pasting = False
            return before + _END, behind[len(_END) - 1 :]
        if _END.startswith(escape + behind):
            self._held = escape + behind
            return before, ""
        return before + _INSTEAD, behind


class TerminalDriver(LinuxDriver):
    """Reads the terminal as Textual's own does, but for pastes, and for bytes that are no UTF-8."""

    def start_application_mode(self) -> None:
        """Take the terminal, and learn of its sizes in their order.

        A signal handler that another one of a later size interrupts would tell the older size last.
        """
        before = signal.getsignal(signal.SIGWINCH)
        super().start_application_mode()  # type: ignore[no-untyped-call]
        tell = signal.getsignal(signal.SIGWINCH)
        if callable(tell) and tell is not before:  # a program in the background is not started yet
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGWINCH, tell, signal.SIGWINCH, None)

    def run_input_thread(self) -> None:
        """Take what comes in, until the program ends."""
        parser, decoder = PasteParser(self._debug), getincrementaldecoder("utf-8")("replace")
        with SelectSelector() as selector:
            selector.register(self.fileno, EVENT_READ)
            is_last = False
            while not is_last:
                is_last = self.exit_event.is_set()
                if selector.select(_WAIT):
                    text = decoder.decode(os.read(self.fileno, _AT_ONCE))
                    for message in parser.feed(text) if text else ():
                        self.process_message(message)
                for message in parser.tick():
                    self.process_message(message)
