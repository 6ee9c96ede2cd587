"""Templates: values for new users, made from other columns of their record.

`{Given Name|first|lower}.{Surname|ascii|lower}` takes two columns by their names, or two fields.
Modifiers follow the name, and are applied from left to right.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from qm_tui.text import sanitize

_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_BRACE: Final = re.compile(r"[{}]")
_SEPARATOR: Final = "|"
_BASE_LETTER: Final = re.compile(r"LATIN (SMALL|CAPITAL) LETTER ([A-Z]) WITH ")
_IN_ASCII: Final = {
    "ß": "ss",
    "ẞ": "SS",
    "æ": "ae",
    "Æ": "AE",
    "œ": "oe",
    "Œ": "OE",
    "þ": "th",
    "Þ": "TH",
    "ð": "d",
    "Ð": "D",
    "ı": "i",
    "\N{RIGHT SINGLE QUOTATION MARK}": "'",
    "\N{HYPHEN}": "-",
}
"""Letters and signs without another form that Unicode knows."""


class InvalidTemplate(ValueError):
    """A template is invalid. The text is why, without a full stop."""


class Placeholder(NamedTuple):
    """A part of a template that a column of the record replaces.

    Attributes:
        column: the name of the column, or of a field.
        modifiers: the names of the modifiers.
    """

    column: str
    modifiers: tuple[str, ...] = ()

    def apply(self, values: Sequence[str]) -> Sequence[str]:
        """Return values with the modifiers; empty where one of them cannot be applied."""
        for modifier in self.modifiers:
            values = list(map(MODIFIERS[modifier], values))
        return values


class Template(NamedTuple):
    """A template for the value of a field.

    Attributes:
        text: the text of the template, unparsed.
        parts: its literal texts and its placeholders, in order.
    """

    text: str
    parts: tuple[str | Placeholder, ...]


def parse_template(text: str) -> Template:
    """Return the template that an admin wrote.

    Raises:
        InvalidTemplate: it has no placeholder, an unpaired brace or an unknown modifier.
    """
    text = text.strip()
    parts: list[str | Placeholder] = []
    end = 0
    for match in _PLACEHOLDER.finditer(text):
        parts += (text[end : match.start()], _placeholder(match[1]))
        end = match.end()
    parts.append(text[end:])
    if any(isinstance(part, str) and _BRACE.search(part) for part in parts):
        msg = "a brace has no counterpart"
        raise InvalidTemplate(msg)
    if len(parts) == 1:
        msg = "it names no column, for example {First Name}"
        raise InvalidTemplate(msg)
    return Template(text, tuple(part for part in parts if part))


def _placeholder(text: str) -> Placeholder:
    column, *modifiers = (part.strip() for part in text.split(_SEPARATOR))
    if not column:
        msg = "the braces {} contain no column name"
        raise InvalidTemplate(msg)
    for modifier in modifiers:
        if not modifier:
            msg = f"a modifier is missing after {_SEPARATOR}; valid modifiers: {_VALID}"
            raise InvalidTemplate(msg)
        if modifier not in MODIFIERS:
            msg = f"unknown modifier {sanitize(modifier, 40)}; valid modifiers: {_VALID}"
            raise InvalidTemplate(msg)
    return Placeholder(column, tuple(modifiers))


def _first(value: str) -> str:
    if value.isascii():
        return value[:1]
    return unicodedata.normalize("NFC", value)[:1]


def _ascii(value: str) -> str:
    """Return a value in ASCII, without accents; empty if one of its letters has no such form."""
    if value.isascii():
        return value
    letters = map(_letter_in_ascii, unicodedata.normalize("NFC", value))
    text = "".join(letters)
    return text if text.isascii() else ""


def _letter_in_ascii(letter: str) -> str:
    known = _IN_ASCII.get(letter, letter)
    base = unicodedata.normalize("NFKD", known)
    base = "".join(character for character in base if not unicodedata.combining(character))
    if not base.isascii():
        match = _BASE_LETTER.match(unicodedata.name(letter, ""))
        if match:
            return match[2] if match[1] == "CAPITAL" else match[2].lower()
    return base


MODIFIERS: Final[Mapping[str, Callable[[str], str]]] = {
    "first": _first,
    "lower": str.lower,
    "ascii": _ascii,
}
"""What a placeholder can do with its value."""

_VALID: Final = ", ".join(MODIFIERS)
