"""Text as it is compared: without case, and found with its accents as well as without."""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

_BETWEEN: Final = "\x1e"
"""Between a text and the same without accents. No word holds a control character."""

FIELD_END: Final = "\x1f"
"""Between two fields, where the texts of several are one."""

FIELD_ENDS: Final = _BETWEEN + FIELD_END
"""What can stand around a field's text there."""

_MARKS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")
_LETTERS: Final = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
}
"""Letters that Unicode does not take apart, and that have no key on other keyboards."""

_STROKES: Final = str.maketrans(_LETTERS)
_HAS_STROKE: Final = re.compile(f"[{''.join(_LETTERS)}]")


def unaccented(text: str) -> str:
    """Text without what is written above and below its letters: `müller` becomes `muller`.

    Its letters must be small ones.
    """
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text))
    return bare.translate(_STROKES) if _HAS_STROKE.search(bare) else bare


def folded(text: str) -> str:
    """The text as words are looked for in it: without case, then also without accents."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    plain = unicodedata.normalize("NFC", plain)
    bare = unaccented(plain)
    return plain if bare == plain else f"{plain}{_BETWEEN}{bare}"


def forms(text: str) -> list[str]:
    """The forms that a text is compared in: without case, and where it differs, bare."""
    return folded(text).split(_BETWEEN)


def begins_with(beginning: str) -> Callable[[str], bool]:
    """A test whether a text begins so, in one of its forms."""
    in_bare = _BETWEEN + beginning

    def test(text: str) -> bool:
        compared = folded(text)
        return compared.startswith(beginning) or in_bare in compared

    return test


def looked_for(text: str) -> str:
    """A word as it is looked for in what `folded` makes."""
    return unicodedata.normalize("NFC", text.casefold())
