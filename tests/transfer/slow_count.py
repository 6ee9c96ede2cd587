"""An independent count of records, character by character: slow, without other code."""

import re

from qm_tui.transfer.reading.dialect import Dialect
from qm_tui.transfer.reading.spreadsheet import from_text_formula, unescape_formula
from qm_tui.users.fields import MAX_VALUE

_BLANKS = " \t\xa0\u202f"


def slow_count(data: bytes, dialect: Dialect, width: int) -> tuple[int, list[int]]:
    """Return the number of blank lines, and the line on which each record starts."""
    counter = _Counter(_lines(data, dialect.encoding), dialect.delimiter)
    if dialect.has_sep_line:
        counter.at += 1
    if dialect.has_header:
        counter.pass_over_header()
    counter.width = width
    counter.count()
    return counter.blank, counter.starts


def _lines(data: bytes, encoding: str) -> list[str]:
    wide = encoding.startswith("utf-16")
    odd = len(data) % 2 if wide else 0
    text = data[: len(data) - odd].decode(encoding, "surrogatepass" if wide else "surrogateescape")
    lines = re.split("\r\n|\r|\n", text + "\ud800" * odd)
    return lines[:-1] if lines[-1] == "" else lines


class _Counter:
    def __init__(self, lines: list[str], delimiter: str) -> None:
        self.lines = lines
        self.delimiter = delimiter
        self.width = 0
        self.at = 0
        self.blank = 0
        self.starts: list[int] = []

    def pass_over_header(self) -> None:
        nothing = self.delimiter + ",;|" + _BLANKS
        while self.at < len(self.lines):
            cells, after = self._row()
            is_blank = not self.lines[self.at].strip(nothing) or _is_blank(cells)
            self.at = self.at + 1 if not self.lines[self.at].strip(nothing) else after
            if not is_blank:
                return
            self.blank += 1

    def count(self) -> None:
        while self.at < len(self.lines):
            if not self.lines[self.at].strip(self.delimiter + _BLANKS):
                self.blank += 1
                self.at += 1
                continue
            cells, after = self._row()
            if _is_blank(cells):
                self.blank += 1
            else:
                self.starts.append(self.at + 1)
            self.at = after

    def _row(self) -> tuple[list[str] | None, int]:
        """The cells of the row at hand, None if it is malformed; and where the next one begins."""
        cells, lines = self._cells()
        is_faulty = (
            cells is None
            or any(re.search("[\0\ud800-\udfff]", cell) for cell in cells)
            or any(len(unescape_formula(from_text_formula(cell))) > MAX_VALUE for cell in cells)
            or (self.width and any(cell.strip(_BLANKS) for cell in cells[self.width :]))
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
    return cells is not None and not any(cell.strip(_BLANKS + "\n") for cell in cells)
