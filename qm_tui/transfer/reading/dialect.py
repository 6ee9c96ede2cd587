"""Detection of a file's encoding, delimiter and header.

Source: the users file, section 2. What is not set by an option is detected, and reported.
"""

import codecs
import re
from collections.abc import Collection, Sequence
from io import BytesIO
from itertools import islice
from typing import BinaryIO, Final, NamedTuple

from qm_tui.text import trim
from qm_tui.transfer.reading.columns import is_problems_column, known_names, normalize_header
from qm_tui.transfer.reading.csv_rows import Row, Rows
from qm_tui.transfer.reading.lines import BLOCK, LineBlock, find_end_mark, read_lines
from qm_tui.transfer.reading.read_options import DELIMITERS, ENCODINGS, ReadOptions, delimiter_name
from qm_tui.transfer.reading.spreadsheet import from_text_formula
from qm_tui.users.fields import FIELD, FIELDS
from qm_tui.users.validation import parse_flag

_SAMPLE: Final = 64 * 1024
_SAMPLE_ROWS: Final = 20

_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_SEP_LINE = re.compile(r'("?)sep=(?P<sign>[!#-/:-@\[-`{-~\t])\1[,;\t|]*', re.IGNORECASE)
_MAX_SEQUENCE: Final = 4
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

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
        header_line: the line of the header; 0 for a file without one.
        has_unknown_names: whether the header has to be mapped, as few of its names are known.
        end: the offset of a Ctrl+Z at the end of the file; None if there is none.
    """

    encoding: str
    delimiter: str
    has_sep_line: bool
    header_line: int = 0
    has_unknown_names: bool = False
    end: int | None = None

    @property
    def has_header(self) -> bool:
        """Whether the file has a header."""
        return self.header_line > 0

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
    end = find_end_mark(file, encoding)
    blocks = _first_lines(file, encoding, end)
    first_line = next((line for block in blocks for line in block.lines), "")
    sep_line = _SEP_LINE.fullmatch(first_line)
    delimiter = read_options.delimiter or (sep_line["sign"] if sep_line else "")
    candidates = [
        Dialect(encoding, candidate, sep_line is not None, end=end)
        for candidate in ([delimiter] if delimiter else DELIMITERS)
    ]
    samples = [_some_rows(blocks, candidate) for candidate in candidates]
    known = known_names(read_options.mapping)
    scores = [_delimiter_score(rows, known) for rows in samples]
    best = scores.index(max(scores))
    line, has_unknown_names = locate_header(samples[best], known, read_options)
    return candidates[best]._replace(header_line=line, has_unknown_names=has_unknown_names)


def first_rows(file: BinaryIO, dialect: Dialect) -> list[Row]:
    """Return the first rows after the header of a file. The file is left at its start.

    Only complete rows that can be parsed are returned.
    """
    blocks = _first_lines(file, dialect.encoding, dialect.end)
    rows = _some_rows(blocks, dialect)
    is_cut = len(rows) < _SAMPLE_ROWS and bool(blocks) and blocks[-1].done == _SAMPLE
    return [
        row
        for row in rows[: -1 if is_cut else None]
        if row.line > dialect.header_line and not row.error
    ]


def _first_lines(file: BinaryIO, encoding: str, end: int | None) -> list[LineBlock]:
    """Return the lines at the start of a file, the last of which may be incomplete."""
    file.seek(0)
    sample = file.read(_SAMPLE)
    file.seek(0)
    return list(read_lines(BytesIO(sample), encoding, end))


def _some_rows(blocks: Sequence[LineBlock], dialect: Dialect) -> list[Row]:
    """Return the first rows of a file, without the line that names the delimiter."""
    rows = Rows(iter(blocks), dialect.delimiter, dialect.encoding_name)
    if dialect.has_sep_line:
        rows.next_row()
    return list(islice(iter(rows.next_row, None), _SAMPLE_ROWS))


def _delimiter_score(rows: Sequence[Row], known: Collection[str]) -> tuple[int, int, int]:
    """Return how well a delimiter fits: names in the header, rows of 26 cells, cells of most rows.

    In a tie, the first delimiter wins.
    """
    widths = sorted(len(row.cells) for row in rows)
    return (
        find_header(rows, known)[1],
        widths.count(len(FIELDS)),
        widths[len(widths) // 2] if widths else 0,
    )


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


_SEARCHED: Final = 10
"""The number of rows in which the header is searched."""

_MIN_NAMES: Final = 8
_MIN_RECORD: Final = 20
_MIN_FILLED: Final = 4
"""Cells, and cells with a value, that make a row above the header a record (our choice)."""

_FLAGS: Final = tuple(
    FIELD[key].index for key in ("is_active", "unlimited_license", "on_demand_license")
)


def find_header(rows: Sequence[Row], known: Collection[str]) -> tuple[Row | None, int]:
    """Return the header among the first rows of a file, and the number of known names in it.

    A rejected-records file may have many columns that are ignored, so its first column is enough.

    Args:
        rows: the first rows.
        known: the normalized names that count.
    """
    width = max((len(row.cells) for row in rows), default=0)
    for row in rows[:_SEARCHED]:
        if is_header(row, known, width):
            return row, _count_known(row, known)
    return None, 0


def is_header(row: Row, known: Collection[str], width: int) -> bool:
    """Return whether the cells of a row are names of columns.

    Args:
        row: the row.
        known: the normalized names that count.
        width: the number of columns of the file.
    """
    names, filled = _count_known(row, known), _count_filled(row)
    has_enough = names == filled if width < _MIN_NAMES else names >= _MIN_NAMES
    return (names * 2 > filled and has_enough) or (names > 1 and is_problems_column(row.cells[0]))


def locate_header(
    rows: Sequence[Row], known: Collection[str], read_options: ReadOptions
) -> tuple[int, bool]:
    """Return the line of the header, and whether its columns have to be mapped.

    The line is 0 for a file without a header. A header that cannot be parsed is still a header, and
    not the first record; but a row that cannot be parsed does not tell whether its names are
    unknown.

    Args:
        rows: the first rows of the file.
        known: the normalized names that count.
        read_options: the options for reading it.
    """
    if read_options.header is False or not rows:
        return 0, False
    header, _ = find_header(rows, known)
    if header is not None:
        return header.line, False
    top = rows[0]
    if read_options.mapping is not None and read_options.mapping.columns:
        return top.line, False
    if read_options.header:
        return top.line, _count_known(top, known) * 2 < _count_filled(top)
    first = next((row for row in rows if not row.error), None)
    if first is None:
        return 0, False
    if any(_flags_of(first)):
        return 0, False
    # a damaged record is no header if only records follow it
    others = [row for row in rows[:_SEARCHED] if row is not first and len(row.cells) == len(FIELDS)]
    is_damaged = len(first.cells) != len(FIELDS) and bool(others)
    if is_damaged and all(all(_flags_of(row)) for row in others):
        return 0, False
    return first.line, True


def _flags_of(row: Row) -> list[str | None]:
    """Return the flags of a record in standard order; None for what is no flag."""
    cells = [row.cells[index] for index in _FLAGS if index < len(row.cells)]
    return [parse_flag(trim(from_text_formula(trim(cell)))) for cell in cells]


def is_record_above_header(row: Row) -> bool:
    """Return whether a row above the header is a record, and no title (our choice)."""
    return len(row.cells) >= _MIN_RECORD and _count_filled(row) >= _MIN_FILLED


def _count_filled(row: Row) -> int:
    return sum(1 for cell in row.cells if trim(cell))


def _count_known(row: Row, known: Collection[str]) -> int:
    return sum(1 for cell in row.cells if normalize_header(from_text_formula(trim(cell))) in known)
