"""The one door through which foreign text reaches a terminal.

Users, file names and folder names are written by other people. Control characters among them
would move the cursor, write the clipboard or press keys on the admin's terminal; bidirectional
overrides would show one name and mean another. `visible` turns each of them into a picture that
says what stands there.
"""

import json
import re
import unicodedata
from typing import Final

MAX_MARKS: Final = 3
"""Combining marks on one letter; more are a tower over other lines."""


_MOST_KNOWN: Final = 20_000
"""The most characters of which it is kept what they are shown as."""

_UNIT: Final = 1024
_UNITS: Final = ("KB", "MB", "GB", "TB")

_BLANK_LETTERS: Final = "\u115f\u1160\u3164\uffa0\u2800"
"""Letters by their category that draw nothing."""


def _picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"‹U+{code:04X}›"


def _is_unsafe(character: str) -> bool:
    # Cc controls, Cf zero-width and bidi, Cs half pairs, Co private use, Cn unassigned,
    # Zl and Zp line and paragraph separators
    category = unicodedata.category(character)
    return category[0] == "C" or category in ("Zl", "Zp") or character in _BLANK_LETTERS


def is_mark(character: str) -> bool:
    """Whether a character is drawn onto the one before it, or is joined to it.

    The vowels and finals of Korean syllables are letters, and take no width of their own.
    """
    return (
        unicodedata.category(character)[0] == "M"
        or bool(unicodedata.combining(character))
        or "\u1161" <= character <= "\u11ff"
        or "\ud7b0" <= character <= "\ud7ff"
    )


class _MarkMet(Exception):
    """A mark is shown or not by how many stand before it."""


class _Shown(dict[int, str]):
    """What each character but a mark is shown as, by its code, found out when it is first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if is_mark(character):
            raise _MarkMet
        if len(self) >= _MOST_KNOWN:
            self.clear()
        shown = self[code] = _shown(character)
        return shown


def _shown(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " " if unicodedata.east_asian_width(character) != "F" else character
    return _picture(character) if _is_unsafe(character) else character


_SHOWN: Final = _Shown()


def visible(text: str, limit: int = 4096) -> str:
    """The text with everything that is not a plain visible character made a picture.

    At most `limit` characters of it are shown, with an ellipsis where it was cut. What comes back
    holds no control, bidirectional, zero-width or unassigned character, and no more than three
    combining marks in a row.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    try:
        return text.translate(_SHOWN)
    except _MarkMet:
        pass
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if is_mark(character) else 0
        if not marks:
            shown.append(_SHOWN[ord(character)])
        elif marks <= MAX_MARKS:
            shown.append(character)
    return "".join(shown)


_SUSPECT_IN_JSON: Final = re.compile("[\x7f-\xa0\xad\u0300-\U0010ffff]+")
"""Characters among which there may be some that a terminal obeys; most names have none of them."""


def json_text(value: object, indent: int | None = None) -> str:
    r"""A value as JSON that a terminal can be shown: what it might obey is written `\u009b`.

    That is what `visible` makes a picture of; whoever reads the JSON has the value as it is.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return _SUSPECT_IN_JSON.sub(lambda found: _escaped(found.group()), text)


def _escaped(text: str) -> str:
    written = []
    marks = 0
    for character in text:
        marks = marks + 1 if is_mark(character) else 0
        if marks > MAX_MARKS or _is_unsafe(character):
            written.append(json.dumps(character)[1:-1])
        else:
            written.append(character)
    return "".join(written)


def sentence(words: str) -> str:
    """The words with a full stop, unless they end as a sentence does."""
    return words if words.endswith((".", "?", "!")) else f"{words}."


def counted(number: int, what: str) -> str:
    """The number and what it counts: `1 record`, `2,310 records`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def size_text(size: int) -> str:
    """A size in few characters: `214 KB`, `1.2 MB`; what is not empty has at least 1 KB."""
    if not size:
        return "empty"
    amount = size / _UNIT
    for unit in _UNITS:
        if amount < _UNIT or unit == _UNITS[-1]:
            break
        amount /= _UNIT
    if unit == _UNITS[0] or amount >= 10:
        return f"{max(1, round(amount)):,} {unit}"
    return f"{amount:.1f} {unit}"


OF_ONE_WIDTH: Final = {
    0xFE0E: None,
    0xFE0F: None,
    **dict.fromkeys(range(0x1F3FB, 0x1F400)),
    **{0x1F1E6 + letter: 0x1F130 + letter for letter in range(26)},
}
"""Characters that terminals draw in different widths, which would shift the columns after them.

Left out are the signs that choose how an emoji is drawn and the colours of skin; the letters that
two by two make a flag are shown as letters in a square.
"""


def fitted(text: str, width: int) -> str:
    """The text, made visible, in exactly `width` cells of a terminal: padded, or cut with a "…"."""
    if text.isascii() and text.isprintable() and len(text) <= width:
        return text.ljust(width)
    text = visible(text).translate(OF_ONE_WIDTH)
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - most text is plain ASCII

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, max(0, width - 1)).rstrip() + "…", width)
