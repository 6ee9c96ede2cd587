"""What the terminal shows, so that only what differs is sent.

Textual sends each widget that was drawn again as a whole, and the whole screen when a screen is
opened, resumed or laid out. On a slow line that is seconds. Most of it is on the screen already.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, repeat
from operator import itemgetter
from typing import Final

_MOVE: Final = re.compile(r"\x1b\[(\d+);(\d+)H")
"""What starts each part of a drawing: the line and the column that it is written at."""

_TEXT: Final = re.compile(r"\x1b\[([0-9;]*)m([^\x1b]*)\x1b\[0m|([^\x1b]+)")
"""Text with its style, which is reset after it, or without."""

_OF_ONE_CELL: Final = re.compile(
    "[ -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u0384-\u0482\u048a-\u052f"
    "\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u25fc]*"
)
"""Text of which every terminal draws each character in one cell of its own."""

ERASE: Final = "\x1b[2J"
"""Erases the screen; all is drawn again after it."""

_OTHER_SCREEN: Final = "\x1b[?1049"
"""The start of what switches between the screen of the program and that of the shell."""

_GAP: Final = 10
"""Cells that are sent again rather than skipped: moving the cursor takes as many bytes."""


_Cell = tuple[str, str]
"""The style and the character of a cell."""

_UNKNOWN: Final[_Cell] = ("", "")


class ScreenDiff:
    """The cells of the terminal, as far as they are known."""

    def __init__(self) -> None:
        self._lines: dict[int, list[_Cell]] = {}

    def forget(self) -> None:
        """Send all that is drawn from now on: the terminal may show anything."""
        self._lines.clear()

    def changes(self, data: str) -> str:
        """Return what must be sent for the screen to look as if all data was sent.

        Args:
            data: what is to be written: a drawing of Textual, or control sequences.
        """
        before, *parts = _MOVE.split(data)
        if not parts or before:
            if parts or _OTHER_SCREEN in data or ERASE in data:
                self.forget()
            return data
        sent = list[str]()
        for line, column, text in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
            # a line feed is not needed: each part moves the cursor itself
            sent += self._changed_runs(int(line), int(column), text.removesuffix("\n"))
        line, column, text = parts[-3:]
        if not text:
            sent.append(f"\x1b[{line};{column}H")  # where the cursor rests
        return "".join(sent)

    def _changed_runs(self, line: int, column: int, text: str) -> Iterator[str]:
        """Yield what changes a line, and note it."""
        shown, start = self._lines.setdefault(line, []), column - 1
        cells = _cells(text)
        if cells is None:
            # its width is unknown, and an accent may join the character before it
            del shown[max(0, start - 1) :]
            yield f"\x1b[{line};{column}H{text}"
            return
        end = start + len(cells)
        shown += [_UNKNOWN] * (end - len(shown))
        if shown[start:end] == cells:
            return
        differing = [at for at, cell in enumerate(cells, start) if shown[at] != cell]
        shown[start:end] = cells
        first = last = differing[0]
        for at in differing[1:]:
            if at - last > _GAP:
                yield _drawn(line, first, shown[first : last + 1])
                first = at
            last = at
        yield _drawn(line, first, shown[first : last + 1])


def _cells(text: str) -> list[_Cell] | None:
    """Return the cells of text with styles; None if their number is not certain."""
    cells, end = list[_Cell](), 0
    for match in _TEXT.finditer(text):
        style, styled, plain = match.groups()
        characters = styled if plain is None else plain
        if match.start() != end or not _OF_ONE_CELL.fullmatch(characters):
            return None
        cells += zip(repeat(style or ""), characters, strict=False)
        end = match.end()
    return cells if end == len(text) else None


def _drawn(line: int, start: int, cells: Iterable[_Cell]) -> str:
    """Return what draws cells: one text for those of one style."""
    parts = [f"\x1b[{line};{start + 1}H"]
    for style, group in groupby(cells, itemgetter(0)):
        text = "".join(map(itemgetter(1), group))
        parts.append(f"\x1b[{style}m{text}\x1b[0m" if style else text)
    return "".join(parts)
