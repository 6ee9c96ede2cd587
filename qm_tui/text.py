"""Sanitizing of untrusted text, and small texts.

The values of users and the names of files come from other people. Control characters in them could
move the cursor, write to the clipboard or send keys; bidirectional overrides could show a different
name. Two names that differ only in characters without a picture would look the same. `sanitize`
replaces each of them with a visible symbol.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from typing import Final

from qm_tui.unicode_tables import IGNORABLE_RANGES

MAX_MARKS: Final = 3
"""The maximum number of combining marks on a letter; more would cover other lines."""


_MAX_CACHED: Final = 20_000
"""The maximum number of characters of which properties are cached."""

_UNIT: Final = 1024
_UNITS: Final = ("KB", "MB", "GB", "TB")

_IGNORABLE: Final = re.compile(
    f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in IGNORABLE_RANGES)}]"
)
_BRAILLE_BLANK: Final = "\u2800"
"""A symbol by its Unicode category that is drawn as a blank."""

_ASCII_BLANKS: Final = " \t\n\v\f\r"
_BLANK: Final = re.compile(
    r"[ \t\n\v\f\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]"
)
"""A character with the Unicode property White_Space."""


def _control_picture(character: str) -> str:
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"‹U+{code:04X}›"


@lru_cache(_MAX_CACHED)
def _is_unsafe(character: str) -> bool:
    # Cc control, Cf format, Cs surrogate, Co private use, Cn unassigned, Zl and Zp line and
    # paragraph separators; fillers and variation selectors are letters and marks
    category = unicodedata.category(character)
    return (
        category[0] == "C"
        or category in ("Zl", "Zp")
        or character == _BRAILLE_BLANK
        or _IGNORABLE.match(character) is not None
    )


@lru_cache(_MAX_CACHED)
def is_combining_mark(character: str) -> bool:
    """Whether a character is drawn onto the one before it, or joined to it.

    The vowels and finals of Korean syllables are letters, but have no width. Variation selectors
    are marks by their Unicode category, but are not drawn.
    """
    category = unicodedata.category(character)
    is_joined = "\u1161" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
    is_mark = category[0] == "M" or bool(unicodedata.combining(character))
    return (is_mark or (is_joined and category == "Lo")) and not _IGNORABLE.match(character)


class _CombiningMarkFound(Exception):
    """The text has a combining mark. Whether it is kept depends on the characters before it."""


class _Replacements(dict[int, str]):
    """The replacement of each character by its code, computed when it is first used."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if is_combining_mark(character):
            raise _CombiningMarkFound
        if len(self) >= _MAX_CACHED:
            self.clear()
        shown = self[code] = _replacement(character)
        return shown


def _replacement(character: str) -> str:
    if unicodedata.category(character) == "Zs":
        return " " if unicodedata.east_asian_width(character) != "F" else character
    return _control_picture(character) if _is_unsafe(character) else character


_REPLACEMENTS: Final = _Replacements()


def sanitize(text: str, limit: int = 4096) -> str:
    """Return the text with every character that is not visible replaced by a symbol.

    The result has no control, bidirectional, default-ignorable or unassigned characters, and at
    most three combining marks in a row. A text of more than `limit` characters is cut, with an
    ellipsis at the end.
    """
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if text.isascii() and text.isprintable():
        return text
    try:
        return text.translate(_REPLACEMENTS)
    except _CombiningMarkFound:
        pass
    shown = []
    marks = 0
    for character in text:
        marks = marks + 1 if is_combining_mark(character) else 0
        if not marks:
            shown.append(_REPLACEMENTS[ord(character)])
        elif marks <= MAX_MARKS:
            shown.append(character)
    return "".join(shown)


_SUSPECT_IN_JSON: Final = re.compile("[\x7f-\xa0\xad\u0300-\U0010ffff]+")
"""Characters that may need to be escaped. Most names have none of them."""


def json_text(value: object, indent: int | None = None) -> str:
    r"""Return a value as JSON that is safe for a terminal.

    The characters that `sanitize` would replace are escaped (`\u009b`), so no value is altered.
    """
    separators = (",", ":") if indent is None else None
    text = json.dumps(value, ensure_ascii=False, indent=indent, separators=separators)
    return _SUSPECT_IN_JSON.sub(lambda match: _escaped(match.group()), text)


def _escaped(text: str) -> str:
    parts = []
    marks = 0
    for character in text:
        marks = marks + 1 if is_combining_mark(character) else 0
        if marks > MAX_MARKS or _is_unsafe(character):
            parts.append(json.dumps(character)[1:-1])
        else:
            parts.append(character)
    return "".join(parts)


def trim(text: str) -> str:
    """Return the text without the characters at both ends that are blank or invisible.

    These are all kinds of Unicode white space, line breaks included, and all default-ignorable
    code points, for example byte order marks (users file, section 2).
    """
    if text.isascii():
        return text.strip(_ASCII_BLANKS)
    start, end = 0, len(text)
    while start < end and _is_blank(text[start]):
        start += 1
    while end > start and _is_blank(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_blank(character: str) -> bool:
    return bool(_BLANK.match(character) or _IGNORABLE.match(character))


def is_visible(text: str) -> bool:
    """Return whether every character is printable, and none is default-ignorable.

    Fast also for a text of many thousand characters.
    """
    if not text.isprintable():
        return False
    return text.isascii() or not any(map(text.__contains__, _invisible_printable()))


@cache
def _invisible_printable() -> str:
    """Return the default-ignorable characters that Python takes for printable: marks, fillers."""
    return "".join(
        chr(code)
        for first, last in IGNORABLE_RANGES
        for code in range(first, last + 1)
        if chr(code).isprintable()
    )


def with_full_stop(text: str) -> str:
    """Return the words with a full stop, unless they end with one, or with a `?` or a `!`."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def pluralize(number: int, noun: str) -> str:
    """Return a number and a noun: `1 record`, `2,310 records`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def listed(names: Sequence[str], conjunction: str = "and") -> str:
    """Return names as a list: `a`, `a and b`, `a, b and c`."""
    *others, last = names
    return f"{', '.join(others)} {conjunction} {last}" if others else last


def most_similar(text: str, known: Iterable[str], least: float = 0.75) -> str:
    """Return the text that is most similar to another one; empty if none is similar enough.

    Args:
        text: the other one.
        known: the texts to compare with.
        least: the least similarity, from 0 to 1.
    """
    # late: takes 15 ms to import, and is rarely needed
    from rapidfuzz import process  # noqa: PLC0415
    from rapidfuzz.distance import OSA  # noqa: PLC0415

    match = process.extractOne(
        text,
        list(known),
        processor=str.casefold,
        scorer=OSA.normalized_similarity,
        score_cutoff=least,
    )
    return match[0] if match else ""


def size_text(size: int) -> str:
    """Return a size in bytes as text: `214 KB`, `1.2 MB`, `empty`; at least `1 KB` if not empty."""
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
    **dict.fromkeys(range(0x1F3FB, 0x1F400)),
    **{0x1F1E6 + letter: 0x1F130 + letter for letter in range(26)},
}
"""Replacements of characters that terminals draw in different widths.

They would shift the columns after them. Skin tones of emoji are removed; the letters of flags are
shown as squared letters.
"""


_CUT: Final = " … "


def pad_or_truncate(text: str, width: int) -> str:
    """Return the sanitized text in exactly `width` terminal cells: padded, or cut with a `…`."""
    if text.isascii() and text.isprintable() and len(text) <= width:
        return text.ljust(width)
    text = sanitize(text).translate(OF_ONE_WIDTH)
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - most text is plain ASCII

    if cell_len(text) <= width:
        return set_cell_size(text, width)
    return set_cell_size(set_cell_size(text, max(0, width - 1)).rstrip() + "…", width)


def truncate_middle(text: str, width: int) -> str:
    """Return the sanitized text in at most `width` terminal cells, its middle replaced by a `…`."""
    text = sanitize(text).translate(OF_ONE_WIDTH)
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415 - as above

    if cell_len(text) <= width:
        return text
    room = max(0, width - len(_CUT))
    end = text[len(text) - room // 2 :]
    while cell_len(end) > room // 2:
        end = end[1:]
    return f"{set_cell_size(text, room - room // 2)}{_CUT}{end}"
