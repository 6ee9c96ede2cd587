"""Options for reading a file, and the names of their values; what they do not set is detected."""

import codecs
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from qm_tui.errors import UserError
from qm_tui.text import sanitize
from qm_tui.transfer.reading.mapped.templates import Template
from qm_tui.users.fields import Field

ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    **{f"cp125{number}": f"Windows-125{number}" for number in (2, 0, 1, 3, 4, 5, 6, 7, 8)},
    "cp874": "Windows-874",
    **{f"iso8859-{number}": f"ISO-8859-{number}" for number in (1, 2, 5, 7, 9, 15)},
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "mac-roman": "Mac Roman",
    **{f"cp{number}": f"DOS {number}" for number in (437, 850, 852, 866)},
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "cp932": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "cp950": "Big5",
    "cp949": "EUC-KR",
}
"""The supported encodings, by their Python names, with the names for people.

Each extends ASCII, or is UTF-16, and keeps invalid bytes apart from text. The first four are
detected.
"""

DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
"""The delimiters that are detected, with their names; in a tie the first one wins."""

_TYPED_ENCODINGS: Final = {
    "ansi": "cp1252",
    "big5": "cp950",
    "euckr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "cp936": "gb18030",
    "macintosh": "mac-roman",
    "shiftjis": "cp932",
    "sjis": "cp932",
    "utf8bom": "utf-8-sig",
}
_TYPED_DELIMITERS: Final = {
    "comma": ",",
    "semicolon": ";",
    "tab": "\t",
    "\\t": "\t",
    "bar": "|",
    "vertical bar": "|",
    "pipe": "|",
    "colon": ":",
}
_POSSIBLE_DELIMITERS: Final = frozenset(string.punctuation + "\t") - frozenset("\"'")


def parse_encoding(text: str) -> str:
    """Return the encoding that an admin typed, `cp1252` or `windows-1252`: a key of `ENCODINGS`.

    Raises:
        UserError: the encoding is not supported.
    """
    typed = _normalize(text)
    for key, name in ENCODINGS.items():
        if typed in (_normalize(key), _normalize(name)):
            return key
    if typed in _TYPED_ENCODINGS:
        return _TYPED_ENCODINGS[typed]
    try:
        codec = codecs.lookup(text.strip()).name
    except (LookupError, ValueError):
        codec = ""
    for key in ENCODINGS:
        if codec == codecs.lookup(key).name:
            return key
    problem = f"Unknown encoding {sanitize(text, 60)}" if text.strip() else "The encoding is empty"
    msg = f"{problem}. Supported: {', '.join(ENCODINGS.values())}."
    raise UserError(msg)


def parse_delimiter(text: str) -> str:
    """Return the delimiter that an admin typed by name or as a character.

    Raises:
        UserError: it cannot be a delimiter.
    """
    # a tab character must not be trimmed
    typed = text if text in _POSSIBLE_DELIMITERS else text.strip().casefold()
    delimiter = _TYPED_DELIMITERS.get(typed, typed)
    if delimiter in _POSSIBLE_DELIMITERS:
        return delimiter
    problem = (
        f"Invalid delimiter {sanitize(text, 60)}" if text.strip() else "The delimiter is empty"
    )
    msg = (
        f"{problem}. Use comma, semicolon, tab, bar, or a single punctuation character other than "
        "a quote."
    )
    raise UserError(msg)


def delimiter_name(delimiter: str) -> str:
    """Return the name of a delimiter for people."""
    return DELIMITERS.get(delimiter) or f"delimiter {delimiter}"


def _normalize(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


ANY_VALUE: Final = "*"
"""In the values of a mapping, all values that are not listed."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """How the columns and the values of another program's file become those of users.

    Columns that it does not contain are mapped by their names. Defaults and templates give values
    to new users only, if the column is absent or the cell is empty; an update then keeps the stored
    value.

    Attributes:
        name: the name under which it is saved.
        columns: by column name, as in the file, the field; None to ignore the column.
        values: by field, the values for those of the file, which are compared without case.
            `ANY_VALUE` stands for all others but the empty one; without it they are rejected, and
            with `ANY_VALUE` as their value they stay as they are.
        defaults: by field, the value of new users.
        templates: by field, how the value of new users is made from other columns.
        match: the field that identifies users if a record has no User ID; None for User Name.
    """

    name: str = ""
    columns: Mapping[str, Field | None] = field(default_factory=dict)
    values: Mapping[Field, Mapping[str, str]] = field(default_factory=dict)
    defaults: Mapping[Field, str] = field(default_factory=dict)
    templates: Mapping[Field, Template] = field(default_factory=dict)
    match: Field | None = None

    def value_of(self, field: Field, cell: str) -> str | None:
        """Return the value of a field for one of the file; None if it is not listed."""
        values = self.values.get(field)
        if not values:
            return cell
        listed = {known.casefold(): to for known, to in values.items() if known != ANY_VALUE}
        other = values.get(ANY_VALUE) if cell else ""
        return listed.get(cell.casefold(), cell if other == ANY_VALUE else other)

    def cell_of(self, field: Field, value: str, cell: str) -> str:
        """Return what the file must contain for a value of a field: the cell, if it means that."""
        if self.value_of(field, cell) == value:
            return cell
        values = self.values.get(field, {})
        return next((known for known, to in values.items() if to == value != known), value)

    @property
    def given(self) -> set[Field]:
        """The fields for which new users get a value."""
        return {*self.defaults, *self.templates}

    @property
    def is_more_than_names(self) -> bool:
        """Whether columns with the names of their fields would not be read in the same way."""
        return self.changes_values or self.match is not None

    @property
    def changes_values(self) -> bool:
        """Whether it does more than to assign columns to fields."""
        return bool(self.values or self.defaults or self.templates)


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """The options for reading a file.

    Attributes:
        encoding: one of `ENCODINGS`, as Python names it; empty to detect it.
        delimiter: one character; empty to detect it.
        header: whether the first row contains the column names; None to detect it.
        mapping: the column mapping; None to map columns by their names.
    """

    encoding: str = ""
    delimiter: str = ""
    header: bool | None = None
    mapping: ColumnMapping | None = None
