"""Lookup of users by ID, name or extension.

A text is compared with these values in this order, up to the first that matches:

1. the User ID (exact);
2. the User Name (as `normalize_user_name` compares it);
3. the Extension (exact);
4. each of the Additional Extensions (exact);
5. the name (ignoring case): `Anna Berg`, `Berg, Anna` or `Berg Anna`; first with accents, then
   without.
"""

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple, Protocol

from qm_tui.progress import YieldControl
from qm_tui.users.fields import User
from qm_tui.users.query.text_matching import search_pattern

_MAX_NAME: Final = 200
"""The maximum length of a name in characters."""

_MAX_WORDS: Final = 8
"""The maximum number of words of a name that are tried in other orders."""


class LookupKey(Enum):
    """The value by which a user was found."""

    NOTHING = auto()
    USER_ID = auto()
    USER_NAME = auto()
    EXTENSION = auto()
    NAME = auto()


class LookupResult(NamedTuple):
    """The users for a text.

    Attributes:
        key: the value by which they were found.
        user_ids: the users; several if the value is ambiguous.
    """

    key: LookupKey
    user_ids: Sequence[str]


NOT_FOUND: Final = LookupResult(LookupKey.NOTHING, ())
"""No users."""


class Directory(Protocol):
    """Finds users by what an admin wrote."""

    def lookup(
        self, texts: Sequence[str], rest: YieldControl, *, only_names: bool
    ) -> list[LookupResult]:
        """Return the users of each text; with `only_names`, by first and last name only."""

    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        """Return the users with these User IDs."""


def name_key(first_name: str, last_name: str) -> str:
    """Return a first and a last name as they are compared."""
    return search_pattern(_collapse_spaces(f"{first_name} {last_name}"))


def name_keys(text: str) -> list[str]:
    """Return the comparable names that a text may mean, with the first name first."""
    if len(text) > _MAX_NAME:
        return []
    return list(_orders(search_pattern(_collapse_spaces(text))))


def _collapse_spaces(text: str) -> str:
    return " ".join(text.split())


def _orders(name: str) -> Iterator[str]:
    """Yield the possible forms of a name with the first name first, as in the index."""
    yield name
    if "," in name:
        words = name.split(",")
        for end in range(1, min(len(words), _MAX_WORDS)):
            last, first = ",".join(words[:end]).strip(), ",".join(words[end:]).strip()
            yield f"{first} {last}"
    else:
        words = name.split(" ")
        if len(words) <= _MAX_WORDS:
            for start in range(1, len(words)):
                yield " ".join((*words[start:], *words[:start]))
