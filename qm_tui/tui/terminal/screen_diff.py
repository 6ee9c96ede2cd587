"""What the terminal shows, so that only what differs is sent.

Textual sends each widget that was drawn again as a whole, and the whole screen when a screen is
opened, resumed or laid out. On a slow line that is seconds. Most of it is on the screen already.
"""

import re
from collections.abc import Iterator
from itertools import repeat
from typing import Final

from rich.cells import cell_len

_MOVE: Final = re.compile(r"\x1b\[(\d+);(\d+)H")
"""What starts each part of a drawing: the line and the column that it is written at."""

_TEXT: Final = re.compile(r"\x1b\[([0-9;]*)m([^\x1b]*)\x1b\[0m|([^\x1b]+)")
"""Text with its style, which is reset after it, or without."""

_ONE_CELL_EACH: Final = (
    " -~\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u0384-\u0482\u048a-\u052f"
    "\u2010-\u2027\u2030-\u205e\u2190-\u2193\u2500-\u25fc"
)
"""The characters that every terminal draws in one cell of their own."""

_RUN: Final = re.compile(
    f"([{_ONE_CELL_EACH}]+(?![^{_ONE_CELL_EACH}]))|(.[^{_ONE_CELL_EACH}]*)", re.DOTALL
)
"""Such characters, or others with the character that they may join. Terminals differ in the width
of accents, vowel signs and emoji."""

ERASE: Final = "\x1b[2J"
"""Erases the screen; all is drawn again after it."""

_OTHER_SCREEN: Final = "\x1b[?1049"
"""The start of what switches between the screen of the program and that of the shell."""

_GAP: Final = 10
"""Cells that are sent again rather than skipped: moving the cursor takes as many bytes."""


_Cell = tuple[str, str, int]
"""The style, the text, and the place in the text, or `_CERTAIN` for a single character."""

_CERTAIN: Final = -1
_UNKNOWN: Final[_Cell] = ("", "", _CERTAIN)


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
        _cut(shown, start)
        _cut(shown, end)
        shown[start:end] = cells
        uncertain = next((at for at in differing if shown[at][2] != _CERTAIN), None)
        if uncertain is not None:
            # it may have been drawn over what follows it
            uncertain -= shown[uncertain][2]
            end = next((at for at in range(end, len(shown)) if shown[at] is _UNKNOWN), len(shown))
            differing = [at for at in differing if at < uncertain]
            differing += range(uncertain, end)
        first = last = differing[0]
        for at in differing[1:]:
            gap = shown[last + 1 : at]
            if len(gap) >= _GAP or any(cell[2] != _CERTAIN for cell in gap):
                yield _drawn(line, first, shown[first : last + 1])
                first = at
            last = at
        yield _drawn(line, first, shown[first : last + 1])


def _cut(shown: list[_Cell], at: int) -> None:
    """Forget a text of uncertain width of which only the cells on one side remain."""
    if at < len(shown) and shown[at][2] > 0:
        start = at - shown[at][2]
        end = next((place for place in range(at, len(shown)) if shown[place][2] <= 0), len(shown))
        shown[start:end] = [_UNKNOWN] * (end - start)


def _cells(text: str) -> list[_Cell] | None:
    """Return the cells of text with styles; None if it is something else."""
    cells, end = list[_Cell](), 0
    for match in _TEXT.finditer(text):
        style, styled, plain = match.groups()
        if match.start() != end:
            return None
        for run in _RUN.finditer(styled if plain is None else plain):
            certain, uncertain = run.groups()
            if certain is not None:
                cells += zip(repeat(style or ""), certain, repeat(_CERTAIN), strict=False)
                continue
            width = cell_len(uncertain)
            if not width or not uncertain.isprintable():
                return None
            cells += ((style or "", uncertain, place) for place in range(width))
        end = match.end()
    return cells if end == len(text) else None


def _drawn(line: int, start: int, cells: list[_Cell]) -> str:
    """Return what draws cells.

    Text of uncertain width is drawn on blanks, and what follows it at its own place.
    """
    parts, needs_move, at = list[str](), True, 0
    while at < len(cells):
        style, text, place = cells[at]
        move = f"\x1b[{line};{start + at + 1}H"
        end = at + 1
        if place == _CERTAIN:
            while end < len(cells) and cells[end][0] == style and cells[end][2] == _CERTAIN:
                end += 1
            text = "".join(cell[1] for cell in cells[at:end])
            parts += [move * needs_move, _styled(style, text)]
        else:
            while end < len(cells) and cells[end][2] > 0:
                end += 1
            parts += [move, _styled(style, " " * (end - at)), move, _styled(style, text)]
        needs_move = place != _CERTAIN
        at = end
    return "".join(parts)


def _styled(style: str, text: str) -> str:
    return f"\x1b[{style}m{text}\x1b[0m" if style else text
