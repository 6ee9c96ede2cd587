"""Orders of names that do not depend on the locales of a system.

A store on a server is sorted by one order for all admins, whatever their locales are. Case and
accents do not matter, except for the letters that a language counts as letters of their own.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from qm_tui.users.query.sorting import plain_name_key

_AFTER: Final = "\x7f"
"""Comes after all letters without an accent, so that `z` and this is after `zz`."""


class NameOrder(NamedTuple):
    """An order of names.

    Attributes:
        description: which letters are special, for the admin.
        letters: by letter of the language, how it is sorted.
    """

    description: str
    letters: Mapping[str, str]


def _at_the_end(letters: str) -> dict[str, str]:
    return {letter: f"z{_AFTER}{place}" for place, letter in enumerate(letters)}


DEFAULT_NAME_ORDER: Final = "latin"

NAME_ORDERS: Final[Mapping[str, NameOrder]] = {
    DEFAULT_NAME_ORDER: NameOrder("without accents: ä is a, ñ is n", {}),
    "german-phonebook": NameOrder("ä is ae, ö is oe, ü is ue", {"ä": "ae", "ö": "oe", "ü": "ue"}),
    "spanish": NameOrder("ñ comes after n", {"ñ": f"n{_AFTER}"}),
    "swedish": NameOrder("å, ä, ö come after z (also Finnish)", _at_the_end("åäö")),
    "danish": NameOrder("æ, ø, å come after z (also Norwegian)", _at_the_end("æøå")),
}
"""The orders of names by their names."""


def name_key_of(order: str) -> Callable[[str], str]:
    """Return the function that returns the sort key of a name in an order.

    Raises:
        KeyError: there is no such order.
    """
    letters = str.maketrans(dict(NAME_ORDERS[order].letters))
    if not letters:
        return plain_name_key

    def key(value: str) -> str:
        folded = value.casefold()
        if folded.isascii():
            return folded
        return plain_name_key(unicodedata.normalize("NFC", folded).translate(letters))

    return key
