"""Detection of a file's encoding, delimiter and header.

Source: the users file, section 2. What is not set by an option is detected, and reported.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

from qm_tui.transfer.reading.columns import count_known_names, is_header
from qm_tui.transfer.reading.csv_rows import BLANKS, NOTHING, Row, Rows
from qm_tui.transfer.reading.dialect_names import DELIMITERS, ENCODINGS, delimiter_name
from qm_tui.transfer.reading.lines import BLOCK, read_lines
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.spreadsheet import from_text_formula

_SAMPLE: Final = 64 * 1024
_SAMPLE_LINES: Final = 20

_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_SEP_LINE = re.compile(r'("?)sep=(?P<sign>[!#-/:-@\[-`{-~\t])\1[,;\t|]*', re.IGNORECASE)
_MAX_SEQUENCE: Final = 4
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_DIGITS: Final = re.compile("[0-9]+")
_VALUE: Final = re.compile(
    r"sip:|[^\s\\]+\\[^\s\\]|\d+\.\d+\.\d+\.\d+|[0-9a-f]{2}([:-])[0-9a-f]{2}\1|\+\d",
    re.IGNORECASE,
)
"""The start of values, but not of column names."""

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
_BINARY: Final = "a binary file"
_CONTROLS: Final = bytes(set(range(0x20)) - set(b"\t\n\r\x1a"))
_MAX_CONTROLS: Final = 0.1


class Dialect(NamedTuple):
    """The format of a file.

    Attributes:
        encoding: the encoding, as Python names it.
        delimiter: one character.
        has_sep_line: whether the first line is not a row, but names the delimiter (`sep=;`).
        has_header: whether the first row contains the column names.
    """

    encoding: str
    delimiter: str
    has_sep_line: bool
    has_header: bool

    @property
    def encoding_name(self) -> str:
        """The name of the encoding for people."""
        return ENCODINGS[self.encoding]

    @property
    def delimiter_name(self) -> str:
        """The name of the delimiter for people."""
        return delimiter_name(self.delimiter)


def binary_file_type(start: bytes, encoding: str = "") -> str | None:
    """Return the kind of a file that is not text, by its first bytes; None for text.

    Args:
        start: the first bytes.
        encoding: the encoding set by an option, if any.
    """
    for signature, kind in _OTHER_FILES:
        if start.startswith(signature):
            return kind
    if encoding.startswith("utf-16") or start.startswith(_UTF16_MARKS):
        return None
    if start.count(0) * 3 > len(start):
        return (
            f"{_BINARY}, or UTF-16 without a byte order mark (save it as UTF-8, or use --encoding "
            "utf-16-le)"
        )
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return _BINARY if controls > len(start) * _MAX_CONTROLS else None


def detect_dialect(file: BinaryIO, read_options: ReadOptions | None = None) -> Dialect:
    """Detect the format of a file. The file is read from its start, and left at its start.

    Args:
        file: the file.
        read_options: what is set by options, and not detected.
    """
    read_options = read_options or ReadOptions()
    encoding = _explicit_encoding(file, read_options.encoding) or _detect_encoding(file)
    sample = _sample_of(file)
    all_lines = _lines_of(sample, encoding)
    sep_line = _SEP_LINE.fullmatch(all_lines[0]) if all_lines else None
    lines = [line for line in all_lines[bool(sep_line) :] if line.strip(NOTHING)][:_SAMPLE_LINES]
    delimiter = read_options.delimiter or (
        sep_line["sign"] if sep_line else _detect_delimiter(lines)
    )
    dialect = Dialect(encoding, delimiter, sep_line is not None, has_header=False)
    if read_options.header is not None:
        return dialect._replace(has_header=read_options.header)
    if read_options.mapping:
        return dialect._replace(has_header=True)
    rows = _rows_of(sample, dialect)
    first = rows.next_row()
    if first is None:
        return dialect
    # a header that cannot be parsed is still a header, and not the first record
    cells = split_row(all_lines[first.line - 1], delimiter) if first.error else first.cells
    has_header = is_header(cells) or _is_unknown_header(cells, _some_of(rows, _SAMPLE_LINES))
    return dialect._replace(has_header=has_header)


def first_rows(file: BinaryIO, dialect: Dialect) -> list[Row]:
    """Return rows from the start of a file, with its header. The file is left at its start.

    Only complete rows that can be parsed are returned.
    """
    sample = _sample_of(file)
    rows = list(_some_of(_rows_of(sample, dialect), _SAMPLE_LINES))
    return rows[:-1] if len(sample) == _SAMPLE and len(rows) < _SAMPLE_LINES else rows


def split_row(line: str, delimiter: str) -> list[str]:
    """Return the cells of one line, parsed leniently, for detection and display."""
    return next(csv.reader([line], delimiter=delimiter), [])


def _sample_of(file: BinaryIO) -> bytes:
    file.seek(0)
    sample = file.read(_SAMPLE)
    file.seek(0)
    return sample


def _rows_of(sample: bytes, dialect: Dialect) -> Rows:
    """Return the rows of a file's start, without the line that names the delimiter."""
    lines = read_lines(BytesIO(sample), dialect.encoding)
    rows = Rows(lines, dialect.delimiter, dialect.encoding_name)
    if dialect.has_sep_line:
        rows.next_row()
    return rows


def _some_of(rows: Rows, count: int) -> Iterator[Row]:
    """Yield the next rows that can be parsed."""
    for _ in range(count):
        row = rows.next_row()
        if row is None:
            return
        if not row.error:
            yield row


def _is_unknown_header(first: Sequence[str], others: Iterator[Row]) -> bool:
    """Return whether the first row contains column names, though few of them are known.

    A valid record has flags, and most have an extension: cells that contain only digits. Column
    names do not.
    """
    filled = [cell for cell in first if cell.strip(BLANKS)]
    if len(filled) < 2 or _holds_number(first) or any(map(_VALUE.match, filled)):
        return False
    with_number = [_holds_number(row.cells) for row in others]
    return sum(with_number) * 2 > len(with_number)


def _holds_number(cells: Sequence[str]) -> bool:
    return any(_DIGITS.fullmatch(from_text_formula(cell.strip(BLANKS))) for cell in cells)


def _explicit_encoding(file: BinaryIO, encoding: str) -> str:
    """Return the selected encoding, in the variant that expects the file's byte order mark."""
    file.seek(0)
    start = file.read(4)
    if encoding == "utf-8" and start.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    is_marked = start.startswith(_UTF16_MARKS)
    if encoding == "utf-16" and not is_marked:
        return "utf-16-be" if start[:1] == b"\0" else "utf-16-le"
    expected_mark = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}.get(
        encoding
    )
    return "utf-16" if expected_mark and start.startswith(expected_mark) else encoding


def _detect_encoding(file: BinaryIO) -> str:
    """Detect UTF-16 and UTF-8 by their BOM, and UTF-8 by a valid sequence beyond ASCII."""
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
        # a sequence may continue in the next block
        tail = block[-_MAX_SEQUENCE + 1 :]
        carried = b"" if tail.isascii() else tail
    return "utf-8" if is_ascii else "cp1252"


def _lines_of(data: bytes, encoding: str) -> list[str]:
    return [line for block in read_lines(BytesIO(data), encoding) for line in block.lines]


def _detect_delimiter(sample: list[str]) -> str:
    """Return the delimiter that yields the most column names, then the most cells."""
    if not sample:
        return ","

    def score(delimiter: str) -> tuple[int, int]:
        widths = sorted(len(split_row(line, delimiter)) for line in sample)
        return count_known_names(split_row(sample[0], delimiter)), widths[len(widths) // 2]

    return max(DELIMITERS, key=score)
