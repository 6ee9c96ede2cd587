"""An independent count of records, character by character: slow, without other code."""

import csv
import re

from qm_tui.text import trim
from qm_tui.transfer.reading.columns import Columns
from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.spreadsheet import from_text_formula, unescape_formula
from qm_tui.users.fields import MAX_VALUE

_BLANKS = " \t\xa0\u202f"


def slow_count(data: bytes, dialect: Dialect, columns: Columns) -> tuple[int, list[int]]:
    """Return the number of blank lines, and the line on which each record starts."""
    lines, is_ended = _lines(data[: dialect.end], dialect.encoding)
    counter = _Counter(lines, dialect.delimiter, is_ended or dialect.end is not None)
    if dialect.has_sep_line:
        counter.at += 1
    if dialect.has_header:
        counter.pass_over_header(dialect.header_line)
    counter.width, counter.extra = columns.width, columns.extra
    counter.count()
    return counter.blank, counter.starts


def _lines(data: bytes, encoding: str) -> tuple[list[str], bool]:
    """Return the lines, and whether the last one has a line end."""
    wide = encoding.startswith("utf-16")
    odd = len(data) % 2 if wide else 0
    text = data[: len(data) - odd].decode(encoding, "surrogatepass" if wide else "surrogateescape")
    lines = [line.lstrip("\ufeff") for line in re.split("\r\n|\r|\n", text + "\ud800" * odd)]
    is_ended = re.search("[\r\n]\\Z", text + "\ud800" * odd) is not None
    return (lines[:-1] if is_ended or not text + "\ud800" * odd else lines), is_ended


class _Counter:
    def __init__(self, lines: list[str], delimiter: str, is_ended: bool) -> None:
        self.lines = lines
        self.delimiter = delimiter
        self.is_ended = is_ended
        self.width = self.extra = 0
        self.at = 0
        self.blank = 0
        self.header: list[str] = []
        self.starts: list[int] = []

    def pass_over_header(self, line: int) -> None:
        nothing = self.delimiter + ",;|" + _BLANKS
        while self.at < len(self.lines):
            if not self.lines[self.at].strip(nothing):
                self.blank += 1
                self.at += 1
                continue
            start = self.at
            cells, self.at = self._row()
            if start + 1 >= line:
                self.header = [trim(cell) for cell in cells or ()]
                return
            if _is_blank(cells):
                self.blank += 1
                continue
            if cells is None:
                cells = next(csv.reader([self.lines[start]], delimiter=self.delimiter))
            if len(cells) >= 20 and sum(1 for cell in cells if trim(cell)) > 3:
                self.starts.append(start + 1)

    def count(self) -> None:
        while self.at < len(self.lines):
            is_last = not self.is_ended and 0 < self.at == len(self.lines) - 1
            if not self.lines[self.at].strip(self.delimiter + _BLANKS) and not is_last:
                self.blank += 1
                self.at += 1
                continue
            start = self.at
            cells, self.at = self._row()
            is_start = is_last and cells is not None and 1 < len(cells) < self.width
            if _is_blank(cells) and not is_start:
                self.blank += 1
            elif not cells or not self.header or [trim(cell) for cell in cells] != self.header:
                self.starts.append(start + 1)

    def _row(self) -> tuple[list[str] | None, int]:
        """The cells of the row at hand, None if it is malformed; and where the next one begins."""
        cells, lines = self._cells()
        is_faulty = (
            cells is None
            or any(re.search("[\0\ud800-\udfff]", cell) for cell in cells)
            or any(len(unescape_formula(from_text_formula(cell))) > MAX_VALUE for cell in cells)
            or (self.width and len(cells) > self.width)
            or (self.width and any(trim(cell) for cell in cells[self.width - self.extra :]))
        )
        return (None, self.at + 1) if is_faulty else (cells, self.at + lines)

    def _cells(self) -> tuple[list[str] | None, int]:
        line, used = self.lines[self.at], 1
        cells: list[str] = []
        place = 0
        has_loose_quote = False
        while True:
            if line[place : place + 1] != '"':
                end = line.find(self.delimiter, place)
                cell = line[place:] if end < 0 else line[place:end]
                has_loose_quote |= '"' in cell
                cells.append(cell)
                place += len(cell)
            else:
                place += 1
                cell = ""
                while True:
                    if place >= len(line):
                        if self.at + used >= len(self.lines):
                            return None, 1
                        line += "\n" + self.lines[self.at + used]
                        used += 1
                    elif line[place : place + 2] == '""':
                        cell += '"'
                        place += 2
                        continue
                    elif line[place] == '"':
                        place += 1
                        break
                    cell += line[place]
                    place += 1
                cells.append(cell)
                if place < len(line) and line[place] != self.delimiter:
                    return None, 1
            if place >= len(line):
                break
            place += 1
        return (None, 1) if used > 1 and has_loose_quote else (cells, used)


def _is_blank(cells: list[str] | None) -> bool:
    return cells is not None and not any(map(trim, cells))
