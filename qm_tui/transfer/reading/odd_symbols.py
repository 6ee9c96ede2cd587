"""Symbols in the place of letters: a sign of damaged bytes, or of another encoding.

Source: the users file, section 2, "Encoding". Which symbols are unusual in a name is our choice.
Only letters of scripts with upper and lower case have neighbors here: names in other scripts are
written together with symbols (`㈱山田`). A check takes the time of a search for single characters,
so many records are checked as one text.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

from qm_tui.users.fields import Field
from qm_tui.users.issues import Issue, Severity, truncate

_REPLACEMENT: Final = "\ufffd"
_LETTERS: Final = "A-Za-zÀ-ÖØ-öø-\u02afΆ-\u0481\u048a-\u0556\u0561-\u0587\u1e00-\u1fff"
"""Letters of scripts with upper and lower case."""

_AFTER: Final = "©°¡¿§¶•¼½¾"
"""Symbols that are unusual after a letter; `5°`, `©` and `• x` are usual."""
_BETWEEN: Final = "®™℠№„‚“”‹›«»‰†‡¹²³ªº"
"""Symbols that are unusual between letters."""
_ACUTE: Final = "´"
_SECOND_BYTES: Final = "€‚ƒ„†‡ˆ‰Š‹ŒŽ•˜™š›œžŸ¡-º¼-¿"
"""The second bytes of UTF-8 letters as Windows-1252, except for usual punctuation."""
_PUNCTUATION_BYTES: Final = "‘’“”–—…»"
_MODIFIERS: Final = range(0x2B0, 0x300)
_USUAL_MODIFIERS: Final = frozenset("ʹʺʻʼʽʾʿˀˁˈˊˋ")
_USUAL_BLOCKS: Final = (range(0x370, 0x400), range(0x1F00, 0x2000), range(0x3000, 0x3400))
"""Greek accents that are typed before capital letters, and squared words (`㈱`)."""


@cache
def _odd_character() -> re.Pattern[str]:
    """Return the pattern of a character that is unusual at its place, in any encoding."""
    lost, near = [_REPLACEMENT, "\U000f0000-\U0010ffff"], []
    for code in range(0x80, 0x10000):
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Co", "Cn"):
            lost.append(character)
        elif (
            category[0] == "S"
            and character not in _AFTER + _BETWEEN + _ACUTE
            and not any(code in block for block in _USUAL_BLOCKS)
        ) or (category == "Lm" and code in _MODIFIERS and character not in _USUAL_MODIFIERS):
            near.append(character)
    lost_class, near_class = "".join(lost), "".join(near)
    second = f"(?=[{_SECOND_BYTES}]|[{_PUNCTUATION_BYTES}][{_LETTERS}])"
    after, before = f"(?<=[{_LETTERS}].)", f"(?=[{_LETTERS}])"
    return re.compile(
        f"[{lost_class}{near_class}{_AFTER}{_BETWEEN}{_ACUTE}ÂÃÄÅ](?:"
        f"(?<=[{lost_class}])|(?<=[{near_class}])(?:{after}|{before})"
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
        self._patterns = [_ODD_IN_WINDOWS_1252] if detected == "cp1252" else []

    def _search(self, text: str) -> re.Match[str] | None:
        for pattern in (_odd_character(), *self._patterns):
            match = pattern.search(text)
            if match is not None:
                return match
        return None

    def finds_any(self, rows: Sequence[Sequence[str]]) -> bool:
        """Return whether a value of the rows may have an `issue`."""
        return self._search("\n".join(map("\n".join, rows))) is not None

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
