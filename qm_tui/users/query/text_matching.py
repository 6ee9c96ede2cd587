"""Text as it is compared: without case, and found with its accents as well as without."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

_BETWEEN: Final = "\x1e"
"""Between a text and the same without accents."""

FIELD_END: Final = "\x1f"
"""Before and after each field, where the texts of several are one."""

_NOWHERE: Final = str.maketrans(dict.fromkeys(_BETWEEN + FIELD_END, "\uffff"))
"""Makes of these two in a word what no text holds, so that the word is not found across fields."""

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
    # some that are taken apart are capitals then: ™, ℡
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    return bare.translate(_STROKES) if _HAS_STROKE.search(bare) else bare


def folded(text: str) -> str:
    """The text as words are looked for in it: without case, then also without accents."""
    plain = text.casefold()
    if plain.isascii():
        return plain
    plain = unicodedata.normalize("NFC", plain)
    bare = unaccented(plain)
    return plain if bare == plain else f"{plain}{_BETWEEN}{bare}"


def folded_fields(values: Iterable[str]) -> str:
    """The texts of several fields as one: `FIELD_END` stands before and after each."""
    return folded(f"{FIELD_END}{FIELD_END.join(values)}{FIELD_END}")


def begins_with(beginning: str) -> Callable[[str], bool]:
    """A test whether a text begins so, in one of its forms."""
    in_bare = _BETWEEN + beginning

    def test(text: str) -> bool:
        compared = folded(text)
        return compared.startswith(beginning) or in_bare in compared

    return test


def looked_for(text: str) -> str:
    """A word as it is looked for in what `folded` makes."""
    plain = text.casefold().translate(_NOWHERE)
    return plain if plain.isascii() else unicodedata.normalize("NFC", plain)


class Pattern:
    """What fits a whole text: some parts one after the other, and any characters between them.

    It takes no longer than looking for each part once, whatever the text.

    Args:
        pattern: the parts with `*` between them, as they are looked for.
    """

    def __init__(self, pattern: str) -> None:
        self._first, *self._middle, self._last = re.split(r"\*+", pattern)
        self._least = len(self._first) + len(self._last)
        ends = (FIELD_END + self._first, *self._middle, self._last + FIELD_END)
        self.parts: Final = tuple(part for part in ends if part != FIELD_END)
        """What stands, each somewhere, in the `folded_fields` of whatever fits."""

    def fits(self, text: str) -> bool:
        """Whether the text fits in one of its forms."""
        return any(map(self._fits_form, folded(text).split(_BETWEEN)))

    def fits_one_of(self, fields: str) -> bool:
        """Whether a field fits of `folded_fields`."""
        if len(self.parts) == 1:
            return self.parts[0] in fields
        return all(part in fields for part in self.parts) and any(
            map(self._fits_form, fields.split(FIELD_END))
        )

    def _fits_form(self, form: str) -> bool:
        if len(form) < self._least:
            return False
        if not form.startswith(self._first) or not form.endswith(self._last):
            return False
        at, end = len(self._first), len(form) - len(self._last)
        for part in self._middle:
            at = form.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True
