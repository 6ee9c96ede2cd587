"""Symbols in the place of letters: a sign of damaged bytes, or of another encoding.

Source: the users file, section 2, "Encoding". Which symbols are unusual in a name is our choice.
Common symbols are unusual only next to letters of scripts with upper and lower case: names in other
scripts are written together with symbols (`㈱山田`). A check takes the time of a search for single
characters, so many records are checked as one text.
"""

import re
import unicodedata
from functools import cache, lru_cache
from typing import Final

from qm_tui.transfer.reading.csv_rows import CleanRowBatch
from qm_tui.users.fields import Field
from qm_tui.users.issues import Issue, Severity, truncate

_REPLACEMENT: Final = "\ufffd"
_LETTERS: Final = "A-Za-zÀ-ÖØ-öø-\u02afΆ-\u0481\u048a-\u0556\u0561-\u0587\u1e00-\u1fff"
"""Letters of scripts with upper and lower case."""

_LATIN: Final = "A-Za-zÀ-ÖØ-öø-ɏ\u1e00-\u1eff"

_AFTER: Final = "©°¡¿§¶•¼½¾"
"""Symbols that are unusual after a letter; `5°`, `©` and `• x` are usual."""
_BETWEEN: Final = "®™℠№„‚“”‹›«»‰†‡¹²³ªº"
"""Symbols that are unusual between letters."""
_ACUTE: Final = "´"
_SECOND_BYTES: Final = "€‚ƒ„†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ¡-º¼-¿"
"""The second bytes of UTF-8 letters as Windows-1252, except for usual punctuation."""
_PUNCTUATION_BYTES: Final = "‘’“”–—…»"
_MODIFIERS: Final = range(0x2B0, 0x300)
_USUAL_MODIFIERS: Final = "ʹʺʻʼʽʾʿˀˁˈˊˋ"
_GREEK: Final = (range(0x370, 0x400), range(0x1F00, 0x2000))
"""Blocks with accents that are typed before Greek capital letters."""
_RARE: Final = (range(0x2300, 0x2500), range(0x27C0, 0x2C00))
"""Blocks of technical symbols and rare arrows, which are unusual next to any letter."""
_USUAL_PUNCTUATION: Final = (range(0x2000, 0x2070), range(0x3000, 0x3040), range(0xFE10, 0x10000))
"""Blocks of punctuation of all scripts; that of one script is unusual next to a Latin letter."""
_HISTORIC: Final = range(0x800, 0x860)
"""Blocks of scripts without living names; their punctuation is unusual anywhere."""
_SQUARED_WORDS: Final = range(0x3000, 0x3400)
"""The block of `㈱` and its like."""


_LETTER_ENCODED_TWICE: Final = re.compile(f"[ÄÅ][{_SECOND_BYTES}{_PUNCTUATION_BYTES}]")


@lru_cache(4096)
def _is_suspect(character: str) -> bool:
    """Return whether a character may be unusual at its place."""
    category = unicodedata.category(character)
    return not character.isascii() and (
        category[0] == "S"
        or category in ("Co", "Cn", "Lm")
        or _is_of_one_script(ord(character), category)
        or character in f"{_AFTER}{_BETWEEN}ÂÃ"
    )


def _is_of_one_script(code: int, category: str) -> bool:
    """Return whether a character is punctuation that only one script has."""
    usual = any(code in block for block in _USUAL_PUNCTUATION)
    return category[0] == "P" and code > 0xFF and not usual


def _may_be_odd(text: str) -> bool:
    """Return whether a text may have an odd character, also without its ASCII characters."""
    return any(map(_is_suspect, set(text))) or _LETTER_ENCODED_TWICE.search(text) is not None


def _character_class(codes: set[int]) -> str:
    """Return the characters with these codes as ranges, which are compiled fast."""
    starts = sorted(code for code in codes if code - 1 not in codes)
    ends = sorted(code for code in codes if code + 1 not in codes)
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


@cache
def _odd_character() -> re.Pattern[str]:
    """Return the pattern of a character that is unusual at its place, in any encoding.

    It is built when the first suspect character is found, which takes as long as reading a
    thousand records.
    """
    lost, near, foreign = set[int](), set[int](), set[int]()
    for code, category in enumerate(map(unicodedata.category, map(chr, range(0x10000)))):
        if category in ("Co", "Cn"):
            lost.add(code)
        elif _is_of_one_script(code, category):
            (lost if code in _HISTORIC else foreign).add(code)
        elif category[0] == "S" and code > 0x7F:
            (foreign if any(code in block for block in _GREEK) else near).add(code)
    near |= {code for code in _MODIFIERS if unicodedata.category(chr(code)) == "Lm"}
    near -= {*_SQUARED_WORDS, *map(ord, _USUAL_MODIFIERS + _AFTER + _BETWEEN + _ACUTE)}
    rare = {code for block in _RARE for code in block} & near
    lost_class = f"{_REPLACEMENT}{_character_class(lost)}\U000f0000-\U0010ffff"
    near_class, foreign_class, rare_class = map(_character_class, (near, foreign, rare))
    second = f"(?=[{_SECOND_BYTES}]|[{_PUNCTUATION_BYTES}][{_LETTERS}])"
    alone = "(?<![^\\n].)(?![^\\n])"  # values are searched with a line break between them
    after, before = f"(?<=[{_LETTERS}].)", f"(?=[{_LETTERS}])"
    symbols = f"{lost_class}{near_class}{foreign_class}{_AFTER}{_BETWEEN}{_ACUTE}"
    return re.compile(
        f"[{symbols}ÂÃÄÅ](?:"
        f"(?<=[{lost_class}])|(?<=[{near_class}])(?:{after}|{before}|{alone})"
        f"|(?<=[{rare_class}])(?:(?<=[^\\x00-\\x7f\\s].)|(?=[^\\x00-\\x7f\\s]))"
        f"|(?<=[{foreign_class}])(?:(?<=[{_LATIN}].)|(?=[{_LATIN}]))"
        f"|(?<=[{_AFTER}])(?<!\\b[Nn]°){after}|(?<=[{_BETWEEN}]){after}{before}"
        # O´Brien and d´amico are usual
        f"|(?<=´)(?<!\\b[DLOdlo]´){after}(?=[a-zß-ÿ])"
        # a letter that was encoded twice
        f"|(?<=[ÂÃÄÅ]){second}|(?<=[a-zß-ÿ][ÂÃ]))",
        re.DOTALL,
    )


_ODD_IN_WINDOWS_1252: Final = re.compile(
    # neither a letter nor usual punctuation
    "[\xa1-\xa6\xa8\xa9\xac\xae\xaf\xb1-\xb3\xb5\xb6\xb8\xb9\xbc-\xbf\xd7\xf7†‡ˆ‰•˜™ƒ€]"
    # the second byte of a letter after another one
    "|(?<![0-9MNn])[ªº]|(?<=[^\\W\\d_])[§‚„]"
    # the first byte of a letter before another one
    "|(?<=[a-zß-ÿ])Å|[ÂÃ](?=[0-9])|[Â-ô](?=[#$%*+<=>^`{|}~\\[\\]])"
    # a letter in the encoding of a console
    "|(?<=[a-zß-ÿ])[–—](?=[a-zß-ÿ])"
)


class SymbolCheck:
    """The check of a file's values.

    Args:
        detected: the encoding, if it was detected; empty if it was set by an option.
    """

    def __init__(self, detected: str) -> None:
        # damaged UTF-8 is valid Windows-1252
        self._is_windows_1252 = detected == "cp1252"

    def _search(self, text: str) -> re.Match[str] | None:
        match = _odd_character().search(text) if _may_be_odd(text) else None
        if match is None and self._is_windows_1252:
            match = _ODD_IN_WINDOWS_1252.search(text)
        return match

    def finds_any(self, batch: CleanRowBatch) -> bool:
        """Return whether a value of the rows may have an `issue`."""
        if not self._is_windows_1252 and not _may_be_odd(batch.beyond_ascii):
            return False
        return self._search("\n".join(map("\n".join, batch.rows))) is not None

    def issue(self, field: Field, value: str) -> Issue | None:
        """Return the warning of a value with such a symbol, or None; none for secrets."""
        match = None if field.is_secret or value.isascii() else self._search(value)
        if match is None:
            return None
        symbol = match.group()
        found = f"{field.name} '{truncate(value)}' contains"
        if symbol == _REPLACEMENT:
            return Issue(
                field,
                f"{found} '{symbol}' instead of a lost character",
                "Enter the value again, or export the file again in UTF-8.",
                Severity.WARNING,
                f"{field.name} contains the replacement of a lost character",
            )
        return Issue(
            field,
            f"{found} '{symbol}', which is unusual",
            "Check the value, and the encoding of the file.",
            Severity.WARNING,
            f"{field.name} contains an unusual symbol; the encoding may be wrong",
        )
