"""How a file is written: its encoding, its delimiter, and whether it has a header.

Source: the users file, section 2. What the admin does not choose is found out, and said.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

from qm_tui.transfer.reading.columns import is_header, known_names
from qm_tui.transfer.reading.csv_rows import BLANKS, NOTHING, Row, Rows
from qm_tui.transfer.reading.dialect_names import DELIMITERS, ENCODINGS, delimiter_name
from qm_tui.transfer.reading.lines import BLOCK, lines_of
from qm_tui.transfer.reading.read_options import ReadAs
from qm_tui.transfer.reading.spreadsheet import unwrapped

_SAMPLE: Final = 64 * 1024
_SAMPLE_LINES: Final = 20

_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_SEP_LINE = re.compile(r'("?)sep=(?P<sign>[!#-/:-@\[-`{-~\t])\1[,;\t|]*', re.IGNORECASE)
_LONGEST_SEQUENCE: Final = 4
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_DIGITS: Final = re.compile("[0-9]+")
_VALUE: Final = re.compile(
    r"sip:|[^\s\\]+\\[^\s\\]|\d+\.\d+\.\d+\.\d+|[0-9a-f]{2}([:-])[0-9a-f]{2}\1|\+\d",
    re.IGNORECASE,
)
"""How a value begins, and the name of a column does not."""

_OTHER_FILES: Final = (
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"\x1f\x8b", "a compressed archive"),
    (b"\x7fELF", "a program"),
)
_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\r\x1a"))
_MOST_CONTROLS: Final = 0.1


class Dialect(NamedTuple):
    """How a file is written.

    Attributes:
        encoding: the encoding, as Python names it.
        delimiter: one character.
        has_sep_line: whether the first line says the delimiter (`sep=;`) and is no row.
        has_header: whether the first row names the columns.
    """

    encoding: str
    delimiter: str
    has_sep_line: bool
    has_header: bool

    @property
    def encoding_name(self) -> str:
        """The encoding, as the admin sees it."""
        return ENCODINGS[self.encoding]

    @property
    def delimiter_name(self) -> str:
        """The delimiter, as the admin sees it."""
        return delimiter_name(self.delimiter)


def not_a_text_file(start: bytes, encoding: str = "") -> str | None:
    """What a file is, going by its first bytes, if it is no text; else None.

    Args:
        start: its first bytes.
        encoding: the one that the admin chose, if any.
    """
    for signature, what in _OTHER_FILES:
        if start.startswith(signature):
            return what
    if encoding.startswith("utf-16") or start.startswith(_UTF16_MARKS):
        return None
    if start.count(0) * 3 > len(start):
        return (
            "UTF-16 without its mark (save it as UTF-8, or give --encoding utf-16-le), or no text"
        )
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return "no text" if controls > len(start) * _MOST_CONTROLS else None


def dialect_of(file: BinaryIO, read_as: ReadAs | None = None) -> Dialect:
    """How a file is written. It is read from its start, and left at its start.

    Args:
        file: the file.
        read_as: what the admin chose, which is not found out.
    """
    read_as = read_as or ReadAs()
    encoding = _chosen_encoding(file, read_as.encoding) or _encoding_of(file)
    sample = _sample_of(file)
    all_lines = _lines_of(sample, encoding)
    said = _SEP_LINE.fullmatch(all_lines[0]) if all_lines else None
    lines = [line for line in all_lines[bool(said) :] if line.strip(NOTHING)][:_SAMPLE_LINES]
    delimiter = read_as.delimiter or (said["sign"] if said else _delimiter_of(lines))
    dialect = Dialect(encoding, delimiter, said is not None, has_header=False)
    if read_as.header is not None:
        return dialect._replace(has_header=read_as.header)
    if read_as.mapping:
        return dialect._replace(has_header=True)
    rows = _rows_of(sample, dialect)
    first = rows.next_row()
    if first is None:
        return dialect
    # a header that cannot be read is a header all the same, and not the first record
    cells = cells_of(all_lines[first.line - 1], delimiter) if first.fault else first.cells
    has_header = is_header(cells) or _is_foreign_header(cells, _some_of(rows, _SAMPLE_LINES))
    return dialect._replace(has_header=has_header)


def first_rows(file: BinaryIO, dialect: Dialect) -> list[Row]:
    """Some rows from the beginning of a file, its header among them. It is left at its start.

    Only rows that can be read, and only those that are whole.
    """
    sample = _sample_of(file)
    rows = list(_some_of(_rows_of(sample, dialect), _SAMPLE_LINES))
    return rows[:-1] if len(sample) == _SAMPLE and len(rows) < _SAMPLE_LINES else rows


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, read leniently: to find things out, and to show them."""
    return next(csv.reader([line], delimiter=delimiter), [])


def _sample_of(file: BinaryIO) -> bytes:
    file.seek(0)
    sample = file.read(_SAMPLE)
    file.seek(0)
    return sample


def _rows_of(sample: bytes, dialect: Dialect) -> Rows:
    """The rows of a file's beginning, without the line that says the delimiter."""
    lines = lines_of(BytesIO(sample), dialect.encoding)
    rows = Rows(lines, dialect.delimiter, dialect.encoding_name)
    if dialect.has_sep_line:
        rows.next_row()
    return rows


def _some_of(rows: Rows, count: int) -> Iterator[Row]:
    """The next rows that can be read."""
    for _ in range(count):
        row = rows.next_row()
        if row is None:
            return
        if not row.fault:
            yield row


def _is_foreign_header(first: Sequence[str], others: Iterator[Row]) -> bool:
    """Whether a first row names columns, though few of the names are ours.

    A legal record has flags, and most have an extension: cells that are digits and nothing else.
    No name of a column is.
    """
    filled = [cell for cell in first if cell.strip(BLANKS)]
    if len(filled) < 2 or _holds_number(first) or any(map(_VALUE.match, filled)):
        return False
    hold = [_holds_number(row.cells) for row in others]
    return sum(hold) * 2 > len(hold)


def _holds_number(cells: Sequence[str]) -> bool:
    return any(_DIGITS.fullmatch(unwrapped(cell.strip(BLANKS))) for cell in cells)


def _chosen_encoding(file: BinaryIO, encoding: str) -> str:
    """The encoding that was chosen, in the form that takes the mark which the file begins with."""
    file.seek(0)
    start = file.read(4)
    if encoding == "utf-8" and start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    is_marked = start.startswith(_UTF16_MARKS)
    if encoding == "utf-16" and not is_marked:
        return "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
    own_mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(encoding)
    return "utf-16" if own_mark and start.startswith(own_mark) else encoding


def _encoding_of(file: BinaryIO) -> str:
    """UTF-16 and UTF-8 by their marks; UTF-8 if any sequence beyond ASCII is valid UTF-8."""
    file.seek(0)
    start = file.read(4)
    if start.startswith(_UTF16_MARKS):
        return "utf-16"
    if start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    file.seek(0)
    is_ascii = True
    carried = b""
    while block := file.read(BLOCK):
        if block.isascii() and not carried:
            continue
        is_ascii = False
        if _UTF8_SEQUENCE.search(carried + block):
            return "utf-8"
        # a sequence may be cut at the block's end
        tail = block[-_LONGEST_SEQUENCE + 1 :]
        carried = b"" if tail.isascii() else tail
    return "utf-8" if is_ascii else "cp1252"


def _lines_of(data: bytes, encoding: str) -> list[str]:
    return [line for block in lines_of(BytesIO(data), encoding) for line in block.lines]


def _delimiter_of(sample: list[str]) -> str:
    """The delimiter that makes most sense of the first lines: names of columns, then cells."""
    if not sample:
        return ","

    def sense(delimiter: str) -> tuple[int, int]:
        widths = sorted(len(cells_of(line, delimiter)) for line in sample)
        return known_names(cells_of(sample[0], delimiter)), widths[len(widths) // 2]

    return max(DELIMITERS, key=sense)
