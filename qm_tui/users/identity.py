"""Identity of users: the generated User ID, and User Names in the form in which they are compared.

Two spellings of one User Name are one name, and letters of another script can make another name
look like it (users file, field 7).
"""

import os
import re
from typing import Final
from unicodedata import normalize

from qm_tui.unicode_tables import IGNORABLE_RANGES, LOOK_ALIKE_LETTERS

_LETTERS: Final = b"abcdefghijkmnpqrstuvwxyz23456789"
"""Base 32 without similar characters (0 and o, 1 and l) (our choice)."""

_ANY_BYTE_TO_LETTER: Final = _LETTERS * (256 // len(_LETTERS))
_LENGTH: Final = 11

_IGNORABLE: Final = re.compile(
    f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in IGNORABLE_RANGES)}]+"
)
_LOOK_ALIKES: Final = str.maketrans(
    {letter: plain for plain, letters in LOOK_ALIKE_LETTERS.items() for letter in letters}
)


def new_user_ids(count: int) -> list[str]:
    """Generate User IDs: `u` and 11 random letters and digits each.

    They are random so that they are unique across installations: with ten million users, the
    probability of a collision is one in 700. They start with a letter and never look like a number
    with an exponent, so that spreadsheets do not convert them to numbers or dates.
    """
    text = os.urandom(count * _LENGTH).translate(_ANY_BYTE_TO_LETTER).decode()
    return ["u" + text[start : start + _LENGTH] for start in range(0, count * _LENGTH, _LENGTH)]


def fold_text(text: str) -> str:
    """Return a text without case, invisible characters and differences of encoding.

    Texts that are equal for Unicode's identifiers have one form (NFKC_Casefold): composed and
    decomposed letters, full-width ones, and any of them with a zero-width character. The form of a
    form is itself.
    """
    if text.isascii():
        return text.casefold()
    folded = _fold_once(text)
    while (again := _fold_once(folded)) != folded:
        folded = again
    return folded


def _fold_once(text: str) -> str:
    # invisible characters first: they would prevent that letters and marks are composed
    return normalize("NFKC", normalize("NFKD", _IGNORABLE.sub("", text)).casefold())


def normalize_user_name(user_name: str) -> str:
    """Return a User Name as it is compared: by `fold_text`, trimmed (users file, field 7).

    A name that does not change is reused: 100,000 copies would take six megabytes.
    """
    key = fold_text(user_name).strip()
    return user_name if key == user_name else key


def look_alike_key(user_name: str) -> str:
    """Return a normalized User Name with letters of other scripts as the ones that they look like.

    Two different names with one key look alike. A name of ASCII characters is its own key: l and 1
    are no look-alikes (users file, field 7).
    """
    # before and after: Unicode decomposes some of the letters into others
    plain = normalize("NFKD", user_name.translate(_LOOK_ALIKES)).translate(_LOOK_ALIKES)
    return normalize_user_name(plain)
