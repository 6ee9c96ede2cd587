"""A tour through the screens of the program in a real terminal."""

from typing import Final

from benchmarks.terminal import Terminal

_MOVES: Final = ("Up", "Down", "Left", "Right", "PgDn", "Space")
_NAMED: Final = {
    "Esc": "\x1b[27u",  # as newer terminals write it: never the first half of Alt and a letter
    "Enter": "\r",
    "Space": " ",
    "Tab": "\t",
    "Down": "\x1b[B",
    "Up": "\x1b[A",
    "Right": "\x1b[C",
    "Left": "\x1b[D",
    "F1": "\x1bOP",
    "F2": "\x1bOQ",
    "PgDn": "\x1b[6~",
    "Del": "\x1b[3~",
}


class Tour:
    """A tour through the screens of the program.

    Args:
        terminal: the terminal that it runs in.
    """

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def press(self, keys: str) -> None:
        """Press keys, and wait for the screen after each.

        Args:
            keys: names of keys, or texts to type, separated by blanks.
        """
        for key in keys.split():
            self._terminal.send(_NAMED.get(key, key))
            if key in _MOVES:
                self._terminal.settle(0.03)
            else:
                self._terminal.wait_until_idle()
        self._terminal.wait_until_idle()

    def see(self, keys: str, text: str) -> None:
        """Press keys, and wait for a text on the screen."""
        self.press(keys)
        self._terminal.wait_for(text)
