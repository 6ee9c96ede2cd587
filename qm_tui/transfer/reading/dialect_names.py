"""The encodings and delimiters of users files: their names, and what an admin types for them."""

import codecs
import string
from typing import Final

from qm_tui.errors import Refused
from qm_tui.text import visible
from qm_tui.transfer.reading.csv_rows import DELIMITER_SIGNS

ENCODINGS: Final = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252",
    "cp1250": "Windows-1250",
    "cp1251": "Windows-1251",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1257": "Windows-1257",
    "cp1258": "Windows-1258",
    "cp874": "Windows-874",
    "iso8859-1": "ISO-8859-1",
    "iso8859-2": "ISO-8859-2",
    "iso8859-5": "ISO-8859-5",
    "iso8859-7": "ISO-8859-7",
    "iso8859-9": "ISO-8859-9",
    "iso8859-15": "ISO-8859-15",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "mac-roman": "Mac Roman",
    "cp437": "DOS 437",
    "cp850": "DOS 850",
    "cp852": "DOS 852",
    "cp866": "DOS 866",
    "koi8-r": "KOI8-R",
    "koi8-u": "KOI8-U",
    "cp932": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "cp950": "Big5",
    "cp949": "EUC-KR",
}
"""The encodings that can be chosen, as Python names them, with the names that the admin sees.

Each extends ASCII, or is UTF-16, and keeps bytes that it does not allow apart from text. The first
four are those that are found out.
"""

DELIMITERS: Final = dict(
    zip(DELIMITER_SIGNS, ("comma", "semicolon", "tab", "vertical bar"), strict=True)
)
"""The delimiters that are found out, with their names; the first one wins a draw."""

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


def encoding_typed(text: str) -> str:
    """The encoding that an admin names, `cp1252` and `windows-1252` alike: a key of `ENCODINGS`.

    Raises:
        Refused: it is none of them.
    """
    typed = _plain(text)
    for key, name in ENCODINGS.items():
        if typed in (_plain(key), _plain(name)):
            return key
    if typed in _TYPED_ENCODINGS:
        return _TYPED_ENCODINGS[typed]
    try:
        meant = codecs.lookup(text.strip()).name
    except (LookupError, ValueError):
        meant = ""
    for key in ENCODINGS:
        if meant == codecs.lookup(key).name:
            return key
    msg = (
        f"{visible(text, 60) or 'An empty name'} is no encoding that can be chosen. Choose one of: "
        f"{', '.join(ENCODINGS.values())}."
    )
    raise Refused(msg)


def delimiter_typed(text: str) -> str:
    """The delimiter that an admin names, or types as it is: one character.

    Raises:
        Refused: it cannot be a delimiter.
    """
    # a tab that was typed as it is must not be trimmed away
    typed = text if text in _POSSIBLE_DELIMITERS else text.strip().casefold()
    delimiter = _TYPED_DELIMITERS.get(typed, typed)
    if delimiter in _POSSIBLE_DELIMITERS:
        return delimiter
    msg = (
        f"{visible(text, 60) or 'Nothing'} cannot be a delimiter. Choose comma, semicolon, tab, "
        "bar, or one punctuation character other than a quote."
    )
    raise Refused(msg)


def delimiter_name(delimiter: str) -> str:
    """A delimiter, as the admin sees it."""
    return DELIMITERS.get(delimiter) or f"delimiter {delimiter}"


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))
