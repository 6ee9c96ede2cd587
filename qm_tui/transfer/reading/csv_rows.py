"""CSV syntax: lines to rows of cells, parsed strictly, one malformed row at a time.

A row with a syntax error is yielded alone: parsing resumes at the line after its first, so that a
missing quote costs one row and not the rest of the file.
"""

import csv
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from qm_tui.text import is_visible, pluralize, trim
from qm_tui.transfer.reading.lines import MAX_LINE, LineBlock
from qm_tui.transfer.reading.spreadsheet import GUARD, from_text_formula, unescape_formula
from qm_tui.transfer.spreadsheet import FORMULA_PREFIXES
from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.issues import Issue

BLANKS: Final = " \t\xa0\u202f"
"""Spaces, tabs and no-break spaces."""

DELIMITER_CHARACTERS: Final = ",;\t|"
"""The delimiters that are detected; another one must be named in the file (`sep=`)."""

BYTE_ORDER_MARK: Final = "\ufeff"

NOTHING: Final = DELIMITER_CHARACTERS + BLANKS
"""Characters of lines that are skipped before the first row."""

MAX_ROW: Final = 256 * 1024
"""Maximum length of a row over several lines, in characters."""

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


class CleanRowBatch(NamedTuple):
    """Rows without anything to check: printable, trimmed, and with the file's number of cells.

    Attributes:
        line: the line of the first row; the others are on the lines after it.
        rows: the cells of each.
        end: the line end of each.
        beyond_ascii: all characters beyond ASCII in them, and maybe in the rows before them.
    """

    line: int
    rows: list[list[str]]
    end: str
    beyond_ascii: str

    def single_rows(self) -> "Iterator[Row]":
        """Yield the rows one by one."""
        for line, cells in enumerate(self.rows, start=self.line):
            yield Row(line, cells, self.end, None, True, True, False)


class Row(NamedTuple):
    """One row of a file.

    Attributes:
        line: the line on which it starts, from 1.
        cells: its cells; if it has an error, those of its first line, for messages only.
        end: the line end of its last line; empty if the file ends without one.
        error: why the row is rejected; None if it can be read.
        is_printable: whether its cells contain only visible characters.
        is_stripped: whether no cell begins or ends with a blank.
        may_be_escaped: whether a cell may be wrapped or guarded for a spreadsheet.
        warnings: signs that its cells may be damaged.
    """

    line: int
    cells: list[str]
    end: str
    error: Issue | None
    is_printable: bool
    is_stripped: bool
    may_be_escaped: bool
    warnings: tuple[Issue, ...] = ()


# A search for a pattern that begins with a single literal, and a rare one, is five times faster.
_OUTER_SPACE: Final = re.compile(r" (?:(?![^\n])|(?<![^\n] ))")
_GUARDED: Final = re.compile(rf"{GUARD}(?<![^\n]{GUARD}){GUARD}*+[{re.escape(FORMULA_PREFIXES)}]")


def _has_outer_spaces(text: str) -> bool:
    """Return whether one of the cells, each in its own line, begins or ends with a space."""
    # of all blanks only the space is printable
    return _OUTER_SPACE.search(text) is not None


def _is_escaped(text: str) -> bool:
    """Return whether one of the cells, each in its own line, may be wrapped or guarded."""
    return '="' in text or _GUARDED.search(text) is not None


class _UnclosedQuote(Exception):
    """A row has no end: a quoted cell or the row is too long, or its quotes do not match."""


class _LineFeeder:
    """The lines of a file for `csv.reader`, one at a time; lines can be read again."""

    def __init__(self, source: Iterator[LineBlock], delimiter: str) -> None:
        self._source = source
        self._tab_is_text = delimiter != "\t"
        self.lines: list[str] = []
        self.ends: list[str] = []
        """The line ends of `lines`."""
        self.marked: list[int] = []
        """The numbers of the lines that began with a byte order mark."""
        self.at = 0
        """The index in `lines` of the next line."""
        self.base = 1
        """The line number of `lines[0]`."""
        self.overlong: frozenset[int] = frozenset()
        self.is_printable = True
        """Whether all cells of the lines contain only printable characters."""
        self.beyond_ascii = ""
        """The characters beyond ASCII in the lines."""
        self._start = 0
        self._row_length = 0
        self._open_length = 0
        self._quotes = 0

    def more(self, keep_from: int) -> bool:
        """Read the next block, dropping the lines before `keep_from`; return False at the end."""
        block = next((block for block in self._source if block.lines), None)
        if block is None:
            return False
        remaining = self.lines[keep_from:]
        count = len(remaining)
        self.base += keep_from
        self.at -= keep_from
        lines = block.lines
        printable = block.is_printable and not (self._tab_is_text and "\t" in block.text)
        if not printable and BYTE_ORDER_MARK in block.text:
            self.marked += [
                number
                for number, line in enumerate(lines, start=self.base + count)
                if line.startswith(BYTE_ORDER_MARK)
            ]
            lines = [line.lstrip(BYTE_ORDER_MARK) for line in lines]
        if remaining:
            overlong = {index - keep_from for index in self.overlong if index >= keep_from}
            self.overlong = frozenset(overlong | {index + count for index in block.overlong})
            self.lines = remaining + lines
            self.ends = self.ends[keep_from:] + block.ends
            self.is_printable = self.is_printable and printable
            self.beyond_ascii += block.beyond_ascii
        else:
            self.overlong, self.lines, self.ends = block.overlong, lines, block.ends
            self.is_printable, self.beyond_ascii = printable, block.beyond_ascii
        return True

    def begin(self) -> None:
        """Start a row at the next line."""
        self._start = self.at
        self._row_length = self._open_length = self._quotes = 0

    def text(self) -> str:
        """Return the row's lines as one text."""
        return "\n".join(self.lines[self._start : self.at])

    def resume_after_first(self) -> None:
        """Continue with the line after the row's first."""
        self.at = self._start + 1

    def end(self) -> str:
        """Return the line end of the line read last."""
        return self.ends[self.at - 1]

    def is_on_first_line(self) -> bool:
        """Return whether only the row's first line has been read."""
        return self.at == self._start + 1

    def first(self) -> tuple[str, int]:
        """Return the row's first line and its number."""
        return self.lines[self._start], self.base + self._start

    def __iter__(self) -> "_LineFeeder":
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines):
            start = self._start
            if not self.more(start):
                raise StopIteration
            self._start = 0
        line = self.lines[self.at]
        # If the reader needs a second line, it is inside a quoted cell. Lines without a quote
        # are part of that cell, so its length is known before it ends.
        if self.at > self._start:
            self._quotes += self.lines[self.at - 1].count('"')
            if not self._quotes % 2:
                # A quoted cell contains an unmatched quote. If the reader went on over more
                # lines, they would be parsed again after each of these lines.
                raise _UnclosedQuote
            self._open_length = 0 if '"' in line else self._open_length + len(line) + 1
            if self._open_length > MAX_VALUE or self._row_length > MAX_ROW:
                raise _UnclosedQuote
            if self.at in self.overlong:
                raise _UnclosedQuote
        self._row_length += len(line)
        self.at += 1
        return line + "\n"


UNCLOSED: Final = Issue(
    None,
    "Unclosed quote",
    'Close the quote, or double it ("") inside a quoted cell.',
)
TEXT_AFTER_QUOTE: Final = Issue(
    None,
    "Text after a closing quote",
    'Quote the whole cell, and double each quote inside it ("").',
)
_OVERLONG: Final = Issue(
    None,
    f"The line is too long (maximum {MAX_LINE:,} characters)",
    "Shorten the line.",
)
_LONG_CELL: Final = Issue(
    None,
    f"A cell is too long (maximum {MAX_VALUE:,} characters)",
    "Shorten the cell, or check for a missing closing quote before it.",
)
_NUL: Final = Issue(
    None, "The record contains a NUL character", "Remove it, or save the file as UTF-8."
)


class Rows:
    """The rows of a file. Blank rows are counted and skipped.

    Attributes:
        blank: the number of blank rows so far.
        width: the number of cells of a row, once known; only such rows are yielded many at a time.
        extra: the number of cells at the end of such rows that must be empty.
        marked: the lines so far that began with a byte order mark, which was removed.
    """

    def __init__(self, source: Iterator[LineBlock], delimiter: str, encoding_name: str) -> None:
        self.blank = 0
        self.width = self.extra = 0
        self._feed = _LineFeeder(source, delimiter)
        self.marked = self._feed.marked
        self._delimiter = delimiter
        self._reader = csv.reader(self._feed, delimiter=delimiter, strict=True)
        cell = rf'(?:"(?:[^"]++|"")*+"|[^"{re.escape(delimiter)}]*+)'
        self._strict = re.compile(rf"{cell}(?:{re.escape(delimiter)}{cell})*+")
        self._undecodable = Issue(
            None,
            f"The record contains bytes that are not valid {encoding_name}",
            f"Save the file as {encoding_name} again, or correct the characters in this line.",
        )

    def next_row(self) -> Row | None:
        """Return the next row that is not blank, or None at the end."""
        feed = self._feed
        nothing = self._delimiter + NOTHING
        while feed.at < len(feed.lines) or feed.more(feed.at):
            if feed.lines[feed.at].strip(nothing):
                row = self._parse_row()
                if row is not None:
                    return row
            else:
                feed.at += 1
            self.blank += 1
        return None

    def __iter__(self) -> Iterator[CleanRowBatch | Row]:
        """Yield the remaining rows: many at a time while they are clean, otherwise one by one.

        Checking each line takes longer than splitting it. So some hundred lines are checked
        together, and single lines only if the result is not clear.
        """
        feed = self._feed
        nothing = self._delimiter + BLANKS
        while feed.at < len(feed.lines) or feed.more(feed.at):
            clean = self._clean_rows()
            if clean is not None:
                yield clean
                continue
            while feed.at < len(feed.lines):
                if not feed.lines[feed.at].strip(nothing) and feed.ends[feed.at]:
                    feed.at += 1
                    self.blank += 1
                    continue
                row = self._parse_row()
                if row is None:
                    self.blank += 1
                else:
                    yield row

    def _clean_rows(self) -> CleanRowBatch | None:
        """Return the rows of all buffered lines if each is on one line and needs no check.

        Otherwise, return None without consuming a line.
        """
        feed, delimiter = self._feed, self._delimiter
        lines = feed.lines[feed.at :] if feed.at else feed.lines
        end = feed.ends[feed.at]
        if not self.width or feed.overlong or not feed.is_printable:
            return None
        if not end or feed.ends.count(end) < len(feed.ends):
            return None
        if max(map(len, lines)) > MAX_VALUE:
            return None
        quoted = [line for line in lines if '"' in line]
        text = "\n".join([line for line in lines if '"' not in line] if quoted else lines)
        text = text.replace(delimiter, "\n")
        if not quoted:
            rows = [line.split(delimiter) for line in lines]
        else:
            try:
                parsed = list(csv.reader(quoted, delimiter=delimiter, strict=True))
            except csv.Error:
                return None
            if len(parsed) != len(quoted):
                return None  # a quoted cell spans lines
            rest = iter(parsed)
            rows = [next(rest) if '"' in line else line.split(delimiter) for line in lines]
            unquoted = "\n".join(map("\n".join, parsed))
            if '="' in unquoted:
                return None
            text += "\n" + unquoted
        if _has_outer_spaces(text) or _GUARDED.search(text):
            return None
        if "\n" * (self.width - 1) in text:
            return None  # a row that may be empty
        if set(map(len, rows)) != {self.width}:
            return None
        if self.extra and any(any(row[-self.extra :]) for row in rows):
            return None
        clean = CleanRowBatch(feed.base + feed.at, rows, end, feed.beyond_ascii)
        feed.at = len(feed.lines)
        return clean

    def _parse_row(self) -> Row | None:
        """Return the next row with all checks, or None if it is blank."""
        feed = self._feed
        feed.begin()
        first, number = feed.first()
        cells: list[str] = []
        error = None
        if feed.at in feed.overlong:
            feed.at += 1
            error = _OVERLONG
        else:
            try:
                cells = next(self._reader)
            except (_UnclosedQuote, StopIteration):
                error = UNCLOSED
            except csv.Error as problem:
                error = _csv_error(problem) if feed.is_on_first_line() else UNCLOSED
            if error and _UNREADABLE.search(first):
                error = self._unreadable(first)
        # a cell on one line contains no line break, so a line break can separate the cells here
        text = "\n".join(cells)
        if error is None:
            error = self._cells_error(cells, text)
        if error is not None:
            feed.resume_after_first()
            cells = split_row(first, self._delimiter)
            return Row(number, cells, feed.end(), error, False, False, True)
        end = feed.end()
        # delimiters at the end of a file may be the start of a record
        is_cut = not end and number > 1 and 1 < len(cells) < self.width
        if not trim(text) and not is_cut:
            return None
        is_printable = feed.is_printable or is_visible(text.replace("\n", ""))
        if not feed.is_on_first_line():
            return Row(number, cells, end, None, False, False, True)
        is_tight = is_printable and not _has_outer_spaces(text) and not _is_escaped(text)
        return Row(number, cells, end, None, is_printable, is_tight, not is_tight)

    def _cells_error(self, cells: list[str], text: str) -> Issue | None:
        """Return the error of a row that the reader could parse, if any."""
        feed = self._feed
        if not feed.is_printable and _UNREADABLE.search(text):
            return self._unreadable(text)
        if len(text) > MAX_VALUE and any(
            len(unescape_formula(from_text_formula(cell))) > MAX_VALUE for cell in cells
        ):
            return _LONG_CELL
        if not feed.is_on_first_line() and not self._strict.fullmatch(feed.text()):
            # a quote that was never closed met one that opens a later cell
            return UNCLOSED
        return self.long_issue(cells) if self.width else None

    def long_issue(self, cells: list[str]) -> Issue | None:
        """Return the error of a row with more cells than the file has columns, or None."""
        columns = self.width - self.extra
        if len(cells) <= self.width and not any(map(trim, cells[columns:])):
            return None
        last = max((index for index, cell in enumerate(cells, start=1) if trim(cell)), default=0)
        if not last:
            return None  # a blank row
        return Issue(
            None,
            f"{max(len(cells) - self.extra, last)} values for {pluralize(columns, 'column')}",
            "Remove the extra values, or quote values that contain the delimiter.",
            reason="More values than columns",
        )

    def _unreadable(self, text: str) -> Issue:
        return _NUL if "\x00" in text else self._undecodable


def split_row(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, parsed leniently, for detection and messages."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def _csv_error(error: csv.Error) -> Issue:
    message = str(error)
    if "expected after" in message:
        return TEXT_AFTER_QUOTE
    if "field larger" in message:
        return _LONG_CELL
    return UNCLOSED
