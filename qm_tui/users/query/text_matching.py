"""Text for comparison and search: by `fold_text`, and both with and without accents."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final

from qm_tui.users.identity import fold_text

BETWEEN: Final = "\x1e"
"""The separator between a text and the same text without accents."""

FIELD_END: Final = "\x1f"
"""The delimiter before and after each field in the joined text of several fields."""

_NOWHERE: Final = str.maketrans(dict.fromkeys(BETWEEN + FIELD_END, "\uffff"))
"""Replaces the separators in a word, so that it does not match across fields."""

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
"""Letters that Unicode does not decompose, and that have no key on other keyboards."""

_STROKES: Final = str.maketrans(_LETTERS)
_HAS_STROKE: Final = re.compile(f"[{''.join(_LETTERS)}]")


def strip_accents(text: str) -> str:
    """Return a lower-case text without accents: `muller` for `müller`."""
    # some characters decompose into capitals: ™, ℡
    bare = _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()
    return bare.translate(_STROKES) if _HAS_STROKE.search(bare) else bare


def fold_for_search(text: str) -> str:
    """Return a text for search: by `fold_text`, followed by the text without accents."""
    plain = fold_text(text)
    if plain.isascii():
        return plain
    bare = strip_accents(plain)
    return plain if bare == plain else f"{plain}{BETWEEN}{bare}"


def fold_fields(values: Iterable[str]) -> str:
    """Return several fields as one text for search, with `FIELD_END` before and after each."""
    text = f"{FIELD_END}{FIELD_END.join(values)}{FIELD_END}"
    return text.lower() if text.isascii() else fold_for_search(text)


def prefix_matcher(beginning: str) -> Callable[[str], bool]:
    """Return a function that tests whether a text, with or without accents, has a prefix."""
    in_bare = BETWEEN + beginning

    def test(text: str) -> bool:
        if text.isascii():
            return text.lower().startswith(beginning)
        compared = fold_for_search(text)
        return compared.startswith(beginning) or in_bare in compared

    return test


def search_pattern(text: str) -> str:
    """Return a word for search in the result of `fold_for_search`."""
    return fold_text(text.translate(_NOWHERE))


class Pattern:
    """A pattern for a whole text: parts in this order, with any characters between them.

    Matching searches for each part once, whatever the text.

    Args:
        pattern: the parts, separated by `*`, as `search_pattern` returns them.
    """

    def __init__(self, pattern: str) -> None:
        self._first, *self._middle, self._last = re.split(r"\*+", pattern)
        self._min_length = len(self._first) + len(self._last)
        ends = (FIELD_END + self._first, *self._middle, self._last + FIELD_END)
        self.parts: Final = tuple(part for part in ends if part != FIELD_END)
        """The parts that the `fold_fields` of a matching user contain."""

    def matches(self, text: str) -> bool:
        """Return whether a text matches, with or without accents."""
        return any(map(self._matches_form, fold_for_search(text).split(BETWEEN)))

    def matches_any(self, fields: str) -> bool:
        """Return whether one of the fields in a result of `fold_fields` matches."""
        if len(self.parts) == 1:
            return self.parts[0] in fields
        return all(part in fields for part in self.parts) and any(
            map(self._matches_form, fields.split(FIELD_END))
        )

    def _matches_form(self, form: str) -> bool:
        if len(form) < self._min_length:
            return False
        if not form.startswith(self._first) or not form.endswith(self._last):
            return False
        start, end = len(self._first), len(form) - len(self._last)
        for part in self._middle:
            start = form.find(part, start, end)
            if start < 0:
                return False
            start += len(part)
        return True
