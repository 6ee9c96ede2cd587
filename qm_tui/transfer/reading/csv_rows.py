"""Lines to rows of cells: the CSV syntax, strictly, one malformed row at a time.

A row that breaks the syntax is handed on with its fault, alone: reading resumes at the line after
its first, so that a quote somebody forgot costs one row and not the rest of the file.
"""

import csv
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from qm_tui.transfer.reading.lines import Lines
from qm_tui.transfer.reading.spreadsheet import FORMULA_SIGNS, GUARD, unguarded, unwrapped
from qm_tui.users.fields import MAX_VALUE

BLANKS: Final = " \t\xa0\u202f"
"""Spaces, tabs and no-break spaces."""

DELIMITER_SIGNS: Final = ",;\t|"
"""The delimiters that are found out; another one must be said in the file (`sep=`)."""

NOTHING: Final = DELIMITER_SIGNS + BLANKS
"""What a line before the first row may hold and still be passed over."""

MAX_ROW: Final = 256 * 1024
"""Characters that a row over several lines may have."""

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")


class CleanRows(NamedTuple):
    """Rows of which nothing needs to be asked: printable, tight, and of the file's width.

    Attributes:
        line: the line on which the first of them stands; the others stand on the lines after it.
        rows: the cells of each.
    """

    line: int
    rows: list[list[str]]


class Row(NamedTuple):
    """One row of a file.

    Attributes:
        line: the line on which it starts, from 1.
        cells: its cells; none where it has a fault.
        fault: what is wrong with its syntax, and what to do; None where it could be read.
        printable: whether its cells hold printable characters only.
        tight: whether no cell has a blank at its start or end.
        may_be_dressed: whether a cell of it may be wrapped or guarded for a spreadsheet.
    """

    line: int
    cells: list[str]
    fault: tuple[str, str] | None
    printable: bool
    tight: bool
    may_be_dressed: bool


_new = tuple.__new__


# Patterns that begin with one character are looked for five times faster than two in a row.


def _loose_after(edges: str) -> re.Pattern[str]:
    """What finds a space beside one of these characters."""
    return re.compile(f" (?:(?=[{edges}])|(?<=[{edges}] ))")


def _guarded_after(edges: str) -> re.Pattern[str]:
    """What finds a cell that is guarded for a spreadsheet, behind one of these characters."""
    return re.compile(f"{GUARD}(?<=[{edges}]{GUARD}){GUARD}*[{re.escape(FORMULA_SIGNS)}]")


_SIGNS: Final = frozenset(FORMULA_SIGNS)
_LOOSE_LINE: Final = _loose_after("\n")
_GUARDED_LINE: Final = _guarded_after("\n")


def _is_loose(text: str, loose: re.Pattern[str] = _LOOSE_LINE) -> bool:
    """Whether one of the lines of a text begins or ends with a space."""
    return text[:1] == " " or text[-1:] == " " or loose.search(text) is not None


def _is_guarded(text: str, guarded: re.Pattern[str] = _GUARDED_LINE) -> bool:
    """Whether one of the lines of a text begins as a cell that is guarded for a spreadsheet."""
    return (text[:1] == GUARD and text.lstrip(GUARD)[:1] in _SIGNS) or guarded.search(
        text
    ) is not None


def _is_dressed(text: str) -> bool:
    """Whether a line of a text may be a cell that is wrapped or guarded for a spreadsheet."""
    return '="' in text or _is_guarded(text)


class _Unclosed(Exception):
    """A row cannot end well: a quoted cell or the row runs on and on, or its quotes are odd."""


class _Feed:
    """The lines of a file, handed to `csv.reader` one at a time, and taken back if need be."""

    def __init__(self, source: Iterator[Lines], delimiter: str) -> None:
        self._source = source
        edges = re.escape(delimiter) + "\n"
        self._loose, self._guarded = _loose_after(edges), _guarded_after(edges)
        self._tab_is_text = delimiter != "\t"
        self.lines: list[str] = []
        self.at = 0
        """The place in `lines` of the next line."""
        self.base = 1
        """The number in the file of `lines[0]`."""
        self.overlong: frozenset[int] = frozenset()
        self.printable = True
        """Whether no cell of the lines holds an unprintable character."""
        self._start = 0
        self._row_length = 0
        self._open_length = 0
        self._quotes = 0

    def more(self, keep_from: int) -> bool:
        """Read on, forgetting the lines before `keep_from`; False at the file's end."""
        block = next((block for block in self._source if block.lines), None)
        if block is None:
            return False
        kept = self.lines[keep_from:]
        printable = block.printable and not (self._tab_is_text and "\t" in block.text)
        if kept:
            moved = len(kept)
            overlong = {at - keep_from for at in self.overlong if at >= keep_from}
            self.overlong = frozenset(overlong | {at + moved for at in block.overlong})
            self.lines = kept + block.lines
            self.printable = self.printable and printable
        else:
            self.overlong, self.lines = block.overlong, block.lines
            self.printable = printable
        self.base += keep_from
        self.at -= keep_from
        return True

    def is_loose(self, text: str) -> bool:
        """Whether a cell of lines without quotes may begin or end with a space."""
        # of all blanks only the space is printable
        return _is_loose(text, self._loose)

    def is_guarded(self, text: str) -> bool:
        """Whether a cell of lines without quotes may be guarded for a spreadsheet."""
        return _is_guarded(text, self._guarded)

    def begin(self) -> None:
        """The next line begins a row."""
        self._start = self.at
        self._row_length = self._open_length = self._quotes = 0

    def text(self) -> str:
        """The row's lines in one piece."""
        return "\n".join(self.lines[self._start : self.at])

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
            self._quotes += self.lines[self.at - 1].count('"')
            if not self._quotes % 2:
                # Within a quoted cell there is one without its partner. Rows that the reader
                # takes to span lines all the same would be taken back from each of these lines.
                raise _Unclosed
            self._open_length = 0 if '"' in line else self._open_length + len(line) + 1
            if self._open_length > MAX_VALUE or self._row_length > MAX_ROW:
                raise _Unclosed
            if self.at in self.overlong:
                raise _Unclosed
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
    "The line has more than a million characters",
    "Shorten it.",
)
LONG_CELL = (
    f"A cell has more than {MAX_VALUE:,} characters",
    "Shorten it; a quote may be missing at the end of a cell before.",
)
_NUL = ("The record holds a NUL character", "Remove it, or save the file as UTF-8 text again.")


class Rows:
    """The rows of a file, one after the other; blank ones are counted and passed over.

    Attributes:
        blank: the blank rows met so far.
        width: the columns of the file, once known; a row with a value beyond them has a fault.
    """

    def __init__(self, source: Iterator[Lines], delimiter: str, encoding_name: str) -> None:
        self.blank = 0
        self.width = 0
        self._feed = _Feed(source, delimiter)
        self._delimiter = delimiter
        self._reader = csv.reader(self._feed, delimiter=delimiter, strict=True)
        cell = rf'(?:"(?:[^"]++|"")*+"|[^"{re.escape(delimiter)}]*+)'
        self._strict = re.compile(rf"{cell}(?:{re.escape(delimiter)}{cell})*+")
        self._undecodable = (
            f"The record holds bytes that are not {encoding_name}",
            f"Save the file as {encoding_name} again, or correct the characters in this line.",
        )

    def next_row(self) -> Row | None:
        """The next row that is not blank; None at the file's end."""
        feed = self._feed
        nothing = self._delimiter + NOTHING
        while feed.at < len(feed.lines) or feed.more(feed.at):
            if feed.lines[feed.at].strip(nothing):
                row = self._careful_row()
                if row is not None:
                    return row
            else:
                feed.at += 1
            self.blank += 1
        return None

    def __iter__(self) -> Iterator[CleanRows | Row]:
        """The rest of the rows: many at a time while they are clean, else one by one.

        Asking the same of each line takes longer than splitting it. So it is asked of some
        hundred lines at once, and of each line only where the answer is not plain.
        """
        feed = self._feed
        nothing = self._delimiter + BLANKS
        while feed.at < len(feed.lines) or feed.more(feed.at):
            clean = self._clean_rows()
            if clean is not None:
                yield clean
                continue
            while feed.at < len(feed.lines):
                if not feed.lines[feed.at].strip(nothing):
                    feed.at += 1
                    self.blank += 1
                    continue
                row = self._careful_row()
                if row is None:
                    self.blank += 1
                else:
                    yield row

    def _clean_rows(self) -> CleanRows | None:
        """All rows of the lines at hand, if each is on one line and there is nothing to be asked.

        None where there is, and then no line is used up.
        """
        feed, delimiter = self._feed, self._delimiter
        lines = feed.lines[feed.at :] if feed.at else feed.lines
        if not self.width or feed.overlong or not feed.printable:
            return None
        if max(map(len, lines)) > MAX_VALUE:
            return None
        quoted = [line for line in lines if '"' in line]
        plain = "\n".join([line for line in lines if '"' not in line] if quoted else lines)
        if feed.is_loose(plain) or feed.is_guarded(plain):
            return None
        if delimiter * (self.width - 1) in plain:
            return None  # a row that may be empty
        if not quoted:
            rows = [line.split(delimiter) for line in lines]
        else:
            try:
                parsed = list(csv.reader(quoted, delimiter=delimiter, strict=True))
            except csv.Error:
                return None
            if len(parsed) != len(quoted):
                return None  # a quoted cell spans lines
            text = "\n".join(map("\n".join, parsed))
            if "\n" * (self.width - 1) in text or _is_loose(text) or _is_dressed(text):
                return None
            rest = iter(parsed)
            rows = [next(rest) if '"' in line else line.split(delimiter) for line in lines]
        if set(map(len, rows)) != {self.width}:
            return None
        clean = CleanRows(feed.base + feed.at, rows)
        feed.at = len(feed.lines)
        return clean

    def _careful_row(self) -> Row | None:
        """The next row, whatever is in it; None where it is blank."""
        feed = self._feed
        feed.begin()
        first, number = feed.first()
        cells: list[str] = []
        fault = None
        if feed.at in feed.overlong:
            feed.at += 1
            fault = _OVERLONG
        else:
            try:
                cells = next(self._reader)
            except (_Unclosed, StopIteration):
                fault = _UNCLOSED
            except csv.Error as error:
                fault = _fault_of(error) if feed.is_on_first_line() else _UNCLOSED
            if fault and _UNREADABLE.search(first):
                fault = self._unreadable(first)
        # a line break cannot stand in a cell that spans no lines, so it can part the cells here
        text = "\n".join(cells)
        if fault is None:
            fault = self._fault_of_cells(cells, text)
        if fault is not None:
            feed.resume_after_first()
            return Row(number, [], fault, False, False, True)
        if not text or not text.strip(BLANKS + "\n"):
            return None
        is_printable = feed.printable or text.replace("\n", "").isprintable()
        if not feed.is_on_first_line():
            return Row(number, cells, None, False, False, True)
        is_tight = is_printable and not _is_loose(text) and not _is_dressed(text)
        return _new(Row, (number, cells, None, is_printable, is_tight, not is_tight))

    def _fault_of_cells(self, cells: list[str], text: str) -> tuple[str, str] | None:
        """What is wrong with a row whose quotes the reader made sense of."""
        feed = self._feed
        if not feed.printable and _UNREADABLE.search(text):
            return self._unreadable(text)
        if len(text) > MAX_VALUE and any(
            len(unguarded(unwrapped(cell))) > MAX_VALUE for cell in cells
        ):
            return LONG_CELL
        if not feed.is_on_first_line() and not self._strict.fullmatch(feed.text()):
            # a quote that was never closed met one that opens a later cell
            return _UNCLOSED
        if len(cells) > self.width > 0 and self._has_too_many(cells):
            return self._too_many(cells)
        return None

    def _unreadable(self, text: str) -> tuple[str, str]:
        return _NUL if "\x00" in text else self._undecodable

    def _has_too_many(self, cells: list[str]) -> bool:
        return any(cell.strip(BLANKS) for cell in cells[self.width :])

    def _too_many(self, cells: list[str]) -> tuple[str, str]:
        return (
            f"The record has {len(cells)} values, the file has {self.width} columns",
            "Remove the value too many, or put a value that holds the delimiter into quotes.",
        )


def _fault_of(error: csv.Error) -> tuple[str, str]:
    reason = str(error)
    if "expected after" in reason:
        return _TEXT_AFTER_QUOTE
    if "field larger" in reason:
        return LONG_CELL
    return _UNCLOSED
