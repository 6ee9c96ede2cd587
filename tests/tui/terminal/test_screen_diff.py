"""What is sent to the terminal: only what it does not show, with the same result."""

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.tui.terminal.screen_diff import ERASE, ScreenDiff

_WIDTH, _HEIGHT = 32, 4
_STYLES = ("", "1", "38;5;253;48;5;234", "48;5;23")
_TEXT = st.text("ab  ─▼é漢e\u0301", max_size=5).map(lambda text: text.lstrip("\u0301") or "a")
"""No part starts with an accent: it would join what is before it."""


def _part(line: int, column: int, *segments: tuple[str, str]) -> str:
    styled = (f"\x1b[{style}m{text}\x1b[0m" if style else text for style, text in segments)
    return f"\x1b[{line};{column}H{''.join(styled)}"


def _drawing(parts: list[str]) -> str:
    return "\n".join([*parts, "\x1b[2;5H"])  # where the cursor rests


_PARTS = st.builds(
    lambda line, column, segments: _part(line, column, *segments),
    st.integers(1, _HEIGHT),
    st.integers(1, 10),
    st.lists(st.tuples(st.sampled_from(_STYLES), _TEXT), max_size=2),
)
_DRAWINGS = st.one_of(
    st.lists(_PARTS, min_size=1, max_size=4).map(_drawing),
    st.sampled_from([ERASE, "\x1b[?25l", "\x1b[?2026h"]),
)


class _Terminal:
    def __init__(self) -> None:
        self._screen = pyte.Screen(_WIDTH, _HEIGHT + 1)  # a line feed must not scroll
        self._screen.reset_mode(pyte.modes.DECAWM)
        self._stream = pyte.Stream(self._screen)

    def after(self, data: str) -> object:
        self._stream.feed(data)
        lines = self._screen.buffer
        cells = [[lines[y][x] for x in range(_WIDTH)] for y in range(_HEIGHT)]
        return cells, self._screen.cursor.x, self._screen.cursor.y


@given(st.lists(_DRAWINGS, max_size=8))
def test_screen_looks_as_if_all_was_sent(drawings):
    diff, whole, changed = ScreenDiff(), _Terminal(), _Terminal()
    for drawing in drawings:
        assert changed.after(diff.changes(drawing)) == whole.after(drawing)


@pytest.mark.parametrize(
    ("drawings", "sent"),
    [
        ([_part(1, 1, ("1", "abc")), _part(1, 1, ("1", "abc"))], ""),
        ([_part(1, 1, ("", "abc")), _part(1, 1, ("1", "abc"))], "\x1b[1;1H\x1b[1mabc\x1b[0m"),
        ([_part(1, 1, ("", "abc")), _part(1, 2, ("", "xc"))], "\x1b[1;2Hx"),
        ([_part(2, 3, ("", "ab")), _part(2, 3, ("", "ab")) + "\x1b[4;1H"], "\x1b[4;1H"),
        (
            [_part(1, 1, ("", "a" * 15)), _part(1, 1, ("", f"b{'a' * 13}b"))],
            "\x1b[1;1Hb\x1b[1;15Hb",
        ),
        ([_part(1, 1, ("", "漢")), _part(1, 1, ("", "漢"))], ""),
        # what a terminal may draw wider or narrower is drawn on blanks, and the rest at its place
        (
            [_part(1, 1, ("", "ab c")), _part(1, 1, ("", "xहि c"))],
            "\x1b[1;1H  \x1b[1;1Hxहि\x1b[1;3H c",
        ),
        (
            [_part(1, 3, ("1", "xy")), _part(1, 1, ("", "漢"))],
            "\x1b[1;1H  \x1b[1;1H漢\x1b[1;3H\x1b[1mxy\x1b[0m",
        ),
        ([_part(1, 1, ("", "漢")), _part(1, 2, ("", "x")), _part(1, 1, ("", " "))], "\x1b[1;1H "),
        ([_part(1, 1, ("", "a")), ERASE, _part(1, 1, ("", "a"))], "\x1b[1;1Ha"),
        ([_part(1, 1, ("", "a")), "\x1b[?1049h", _part(1, 1, ("", "a"))], "\x1b[1;1Ha"),
        ([_part(1, 1, ("", "a")), "\x1b[?2026l"], "\x1b[?2026l"),
    ],
)
def test_only_what_differs_is_sent(drawings, sent):
    diff = ScreenDiff()
    assert [diff.changes(drawing) for drawing in drawings][-1] == sent


def test_all_is_sent_after_the_screen_was_forgotten():
    diff, drawing = ScreenDiff(), _part(1, 1, ("1", "abc"))
    diff.changes(drawing)
    diff.forget()
    assert diff.changes(drawing) == drawing
