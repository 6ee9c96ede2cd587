"""What identifies a user: the User ID that the store gives, and the User Name without case."""

import os
from collections.abc import Iterable, Iterator
from typing import Final

_LETTERS: Final = b"abcdefghijkmnpqrstuvwxyz23456789"
"""Base 32 without look-alikes (0 and o, 1 and l) (ours)."""

_ANY_BYTE_TO_LETTER: Final = _LETTERS * (256 // len(_LETTERS))
_LENGTH: Final = 11


def new_user_ids(count: int) -> list[str]:
    """So many new User IDs: `u` and 11 random letters and digits each.

    Random so that they are unique across installations: among ten million users the chance that
    any two share an ID is one in 700. They start with a letter and hold no exponent form, so that
    no spreadsheet takes one for a number or a date.
    """
    text = os.urandom(count * _LENGTH).translate(_ANY_BYTE_TO_LETTER).decode()
    return ["u" + text[at : at + _LENGTH] for at in range(0, count * _LENGTH, _LENGTH)]


def name_key(user_name: str) -> str:
    """The User Name as it is compared: without case (users file, field 7)."""
    return user_name.casefold()


def name_keys(user_names: Iterable[str]) -> Iterator[str]:
    """The User Names as they are compared: many at once, and as fast as that goes.

    One that is the same is not made anew: a hundred thousand of them would take six megabytes.
    """
    return (
        name if (key := name.casefold()) == name else key  # the same string, not an equal one
        for name in user_names
    )
