"""Identity of users: the generated User ID, and User Names compared without case."""

import os
from collections.abc import Iterable, Iterator
from typing import Final

_LETTERS: Final = b"abcdefghijkmnpqrstuvwxyz23456789"
"""Base 32 without similar characters (0 and o, 1 and l) (our choice)."""

_ANY_BYTE_TO_LETTER: Final = _LETTERS * (256 // len(_LETTERS))
_LENGTH: Final = 11


def new_user_ids(count: int) -> list[str]:
    """Generate User IDs: `u` and 11 random letters and digits each.

    They are random so that they are unique across installations: with ten million users, the
    probability of a collision is one in 700. They start with a letter and never look like a number
    with an exponent, so that spreadsheets do not convert them to numbers or dates.
    """
    text = os.urandom(count * _LENGTH).translate(_ANY_BYTE_TO_LETTER).decode()
    return ["u" + text[start : start + _LENGTH] for start in range(0, count * _LENGTH, _LENGTH)]


def normalize_user_name(user_name: str) -> str:
    """Return a User Name as it is compared: without case (users file, field 7)."""
    return user_name.casefold()


def normalize_user_names(user_names: Iterable[str]) -> Iterator[str]:
    """Yield `normalize_user_name` of many User Names quickly.

    Names that do not change are reused: 100,000 copies would take six megabytes.
    """
    return (
        name if (key := name.casefold()) == name else key  # the same string, not an equal one
        for name in user_names
    )
