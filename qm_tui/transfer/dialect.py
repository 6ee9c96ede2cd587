"""How a file is written: its encoding, its delimiter, and whether it has a header.

Source: the users file, section 2. Everything found out here is said to the admin.
"""

import csv
import re
from io import BytesIO
from typing import BinaryIO, Final, NamedTuple

from qm_tui.transfer.columns import is_header, known_names
from qm_tui.transfer.lines import BLOCK, lines_of
from qm_tui.transfer.rows import DELIMITER_SIGNS, NOTHING, Rows

DELIMITERS: Final = dict(
    zip(DELIMITER_SIGNS, ("comma", "semicolon", "tab", "vertical bar"), strict=True)
)
"""The delimiters that are found out, with their names; the first one wins a draw."""

ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
}
"""The encodings that are found out, with the names that the admin sees."""

_SAMPLE: Final = 64 * 1024
_SAMPLE_LINES: Final = 20

_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]"
    rb"|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
_SEP_LINE = re.compile(r'"?sep=([!#-/:-@\[-`{-~\t])"?[,;\t|]*', re.IGNORECASE)
_LONGEST_SEQUENCE: Final = 4

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
        return DELIMITERS.get(self.delimiter) or f"delimiter {self.delimiter}"


def not_a_text_file(start: bytes) -> str | None:
    """What a file is, going by its first bytes, if it is no text; else None."""
    for signature, what in _OTHER_FILES:
        if start.startswith(signature):
            return what
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    if start.count(0) * 3 > len(start):
        return "UTF-16 without its mark (save it as UTF-8), or no text"
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return "no text" if controls > len(start) * _MOST_CONTROLS else None


def dialect_of(file: BinaryIO) -> Dialect:
    """How a file is written. It is read from its start, and left at its start."""
    encoding = _encoding_of(file)
    file.seek(0)
    sample = file.read(_SAMPLE)
    file.seek(0)
    all_lines = _lines_of(sample, encoding)
    said = _SEP_LINE.fullmatch(all_lines[0]) if all_lines else None
    lines = [line for line in all_lines[bool(said) :] if line.strip(NOTHING)][:_SAMPLE_LINES]
    delimiter = said.group(1) if said else _delimiter_of(lines)
    rows = Rows(lines_of(BytesIO(sample), encoding), delimiter, encoding)
    first = rows.next_row()
    if said:
        first = rows.next_row()
    if first is None:
        return Dialect(encoding, delimiter, said is not None, has_header=False)
    # a header that cannot be read is a header all the same, and not the first record
    cells = cells_of(all_lines[first.line - 1], delimiter) if first.fault else first.cells
    return Dialect(encoding, delimiter, said is not None, is_header(cells))


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of one line, read leniently: to find things out, and to show them."""
    return next(csv.reader([line], delimiter=delimiter), [])


def _encoding_of(file: BinaryIO) -> str:
    """UTF-16 and UTF-8 by their marks; UTF-8 if any sequence beyond ASCII is valid UTF-8."""
    file.seek(0)
    start = file.read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if start.startswith(b"\xef\xbb\xbf"):
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
