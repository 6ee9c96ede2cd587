"""Lines to rows of cells: the CSV syntax, strictly, one malformed row at a time.

A row that breaks the syntax is handed on with its fault, alone: reading resumes at the line after
its first, so that a quote somebody forgot costs one row and not the rest of the file.
"""

import csv
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from qm_tui.transfer.lines import Lines
from qm_tui.users.fields import MAX_VALUE

BLANKS: Final = " \t\xa0\u202f"
"""Spaces, tabs and no-break spaces."""

MAX_ROW: Final = 256 * 1024
"""Characters that a row over several lines may have."""

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


class Row(NamedTuple):
    """One row of a file.

    Attributes:
        line: the line on which it starts, from 1.
        cells: its cells; none where it has a fault.
        fault: what is wrong with its syntax, and what to do; None where it could be read.
        printable: whether its cells hold printable characters only.
        tight: whether no cell has a blank at its start or end.
        quoted: whether there is a quote in it.
    """

    line: int
    cells: list[str]
    fault: tuple[str, str] | None
    printable: bool
    tight: bool
    quoted: bool


class _TooLong(Exception):  # noqa: N818 - a signal between two methods
    """A quoted cell or a row runs on and on."""


class _Feed:
    """The lines of a file, handed to `csv.reader` one at a time, and taken back if need be."""

    def __init__(self, source: Iterator[Lines]) -> None:
        self._source = source
        self.lines: list[str] = []
        self.at = 0
        """The place in `lines` of the next line."""
        self.base = 1
        """The number in the file of `lines[0]`."""
        self.overlong: frozenset[int] = frozenset()
        self.printable = True
        self.done = 0
        self._start = 0
        self._row_length = 0
        self._open_length = 0

    def more(self, keep_from: int) -> bool:
        """Read on, forgetting the lines before `keep_from`; False at the file's end."""
        block = next(self._source, None)
        if block is None:
            return False
        kept = self.lines[keep_from:]
        if kept:
            moved = len(kept)
            overlong = {at - keep_from for at in self.overlong if at >= keep_from}
            self.overlong = frozenset(overlong | {at + moved for at in block.overlong})
            self.lines = kept + block.lines
            self.printable = self.printable and block.printable
        else:
            self.overlong, self.lines, self.printable = block.overlong, block.lines, block.printable
        self.base += keep_from
        self.at -= keep_from
        self.done = block.done
        return True

    def begin(self) -> None:
        """The next line begins a row."""
        self._start = self.at
        self._row_length = self._open_length = 0

    def resume_after_first(self) -> None:
        """Take back all lines of the row but its first."""
        self.at = self._start + 1

    def is_on_first_line(self) -> bool:
        """Whether no line but the row's first was handed out."""
        return self.at == self._start + 1

    def first(self) -> tuple[str, int]:
        """The row's first line and its number."""
        return self.lines[self._start], self.base + self._start

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            start = self._start
            if not self.more(start):
                raise StopIteration
            self._start = 0
        line = self.lines[self.at]
        # Asked for a second line, the reader is inside a quoted cell. Lines without a quote
        # belong to that cell whole, so its length is known before it ends.
        if self.at > self._start:
            self._open_length = 0 if '"' in line else self._open_length + len(line) + 1
            if self._open_length > MAX_VALUE or self._row_length > MAX_ROW:
                raise _TooLong
            if self.at in self.overlong:
                raise _TooLong
        self._row_length += len(line)
        self.at += 1
        return line + "\n"


_UNCLOSED = (
    "A quote is opened and not closed",
    'Close the quote, or write "" for a quote inside a quoted cell.',
)
_TEXT_AFTER_QUOTE = (
    "There is text after a closing quote",
    'Put the whole cell into quotes, with "" for each quote inside it.',
)
_OVERLONG = (
    f"The line has more than a million characters, or a cell more than {MAX_VALUE:,}",
    "Shorten it.",
)
LONG_CELL = (
    f"A cell has more than {MAX_VALUE:,} characters",
    "Shorten it; a quote may be missing at the end of a cell before.",
)
_NUL = ("It holds a NUL character", "Remove it, or save the file as UTF-8 text again.")


class Rows:
    """The rows of a file, one after the other; blank ones are counted and passed over.

    Attributes:
        blank: the blank rows met so far.
        width: the columns of the file, once known; a row with a value beyond them has a fault.
    """

    def __init__(self, source: Iterator[Lines], delimiter: str, encoding_name: str) -> None:
        self.blank = 0
        self.width = 0
        self._feed = _Feed(source)
        self._delimiter = delimiter
        self._undecodable = (
            f"It holds bytes that are not {encoding_name}",
            f"Save the file as {encoding_name} again, or correct the characters in this line.",
        )

    @property
    def done(self) -> int:
        """The bytes of the file read so far."""
        return self._feed.done

    def __iter__(self) -> Iterator[Row]:
        feed = self._feed
        delimiter = self._delimiter
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
        nothing = delimiter + BLANKS
        before, after = " " + delimiter, delimiter + " "
        while feed.at < len(feed.lines) or feed.more(feed.at):
            at = feed.at
            line = feed.lines[at]
            if not line.strip(nothing):
                feed.at += 1
                self.blank += 1
                continue
            number = feed.base + at
            printable = feed.printable or line.isprintable()
            if '"' in line or not printable or at in feed.overlong:
                row = self._careful_row(feed, reader)
                if row is None:
                    self.blank += 1
                else:
                    yield row
                continue
            feed.at += 1
            cells = line.split(delimiter)
            if len(line) > MAX_VALUE and max(map(len, cells)) > MAX_VALUE:
                yield Row(number, [], LONG_CELL, True, True, False)
                continue
            if self.width and len(cells) > self.width and self._has_too_many(cells):
                yield Row(number, [], self._too_many(cells), True, True, False)
                continue
            tight = not (
                before in line or after in line or line[0] in BLANKS or line[-1] in BLANKS
            )
            if tight and delimiter != "\t" and "\t" in line:
                tight = printable = False
            yield Row(number, cells, None, printable, tight, False)

    def _careful_row(self, feed: _Feed, reader: "csv._reader") -> Row | None:  # type: ignore[name-defined]
        """The next row, where its first line is not plain; None where it is blank."""
        feed.begin()
        is_overlong = feed.at in feed.overlong
        cells: list[str] = []
        fault = None
        if is_overlong:
            feed.at += 1
            fault = _OVERLONG
        else:
            try:
                cells = next(reader)
            except (_TooLong, StopIteration):
                fault = _UNCLOSED
            except csv.Error as error:
                fault = _fault_of(error) if feed.is_on_first_line() else _UNCLOSED
        text = "".join(cells)
        first, number = feed.first()
        if fault is None:
            if _UNREADABLE.search(text):
                fault = _NUL if "\x00" in text else self._undecodable
            elif max(map(len, cells), default=0) > MAX_VALUE:
                fault = LONG_CELL
            elif not text.strip(BLANKS):
                return None
            elif self.width and self._has_too_many(cells):
                fault = self._too_many(cells)
        elif not is_overlong and _UNREADABLE.search(first):
            fault = _NUL if "\x00" in first else self._undecodable
        if fault is not None:
            feed.resume_after_first()
            return Row(number, [], fault, False, False, True)
        return Row(number, cells, None, text.isprintable(), False, True)

    def _has_too_many(self, cells: list[str]) -> bool:
        return any(cell.strip(BLANKS) for cell in cells[self.width :])

    def _too_many(self, cells: list[str]) -> tuple[str, str]:
        return (
            f"It has {len(cells)} values, the file has {self.width} columns",
            "Remove the value too many, or put a value that holds the delimiter into quotes.",
        )


def _fault_of(error: csv.Error) -> tuple[str, str]:
    reason = str(error)
    if "expected after" in reason:
        return _TEXT_AFTER_QUOTE
    if "field larger" in reason:
        return LONG_CELL
    return _UNCLOSED
