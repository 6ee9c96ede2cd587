"""Lookup of users by ID, name or extension.

A text is compared with these values in this order, up to the first that matches:

1. the User ID (exact);
2. the User Name (as `normalize_user_name` compares it);
3. the Extension (exact);
4. each of the Additional Extensions (exact);
5. the name (ignoring case): `Anna Berg`, `Berg, Anna` or `Berg Anna`; first with accents, then
   without.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl
from qm_tui.users.fields import User
from qm_tui.users.identity import normalize_user_name, users_without_own_name
from qm_tui.users.query.text_matching import search_pattern, strip_accents

_CHUNK: Final = 500
"""The number of users between two calls of `yield_control`: one or two milliseconds."""

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


class _Index:
    """An index of users by a text that several users may share."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._multiple: dict[str, list[str]] = {}

    def add(self, text: str, user_id: str) -> None:
        first = self._first.setdefault(text, user_id)
        if first != user_id:
            several = self._multiple.setdefault(text, [first])
            if several[-1] != user_id:
                several.append(user_id)

    def get(self, text: str) -> Sequence[str]:
        first = self._first.get(text)
        return () if first is None else self._multiple.get(text, (first,))


class UserLookup:
    """An index of users by User ID, User Name, extension and name.

    Args:
        users: the users by User ID.
        names: the User IDs by `normalize_user_name` of the User Name.
        yield_control: called every one or two milliseconds.

    Attributes:
        users: the users by User ID.
    """

    def __init__(
        self, users: Mapping[str, User], names: Mapping[str, str], yield_control: YieldControl
    ) -> None:
        self.users, self._names = users, names
        self._without_own_name = users_without_own_name(users, names)
        self._extensions, self._others = _Index(), _Index()
        self._full_names, self._bare_names = _Index(), _Index()
        for number, user in enumerate(users.values()):
            if not number % _CHUNK:
                yield_control()
            self._add(user)

    def _add(self, user: User) -> None:
        user_id = user.user_id
        self._extensions.add(user.extension, user_id)
        if user.additional_extensions:
            for extension in user.additional_extensions.split(","):
                self._others.add(extension.strip(), user_id)
        if user.first_name and user.last_name:
            name = search_pattern(_collapse_spaces(f"{user.first_name} {user.last_name}"))
            self._full_names.add(name, user_id)
            if not name.isascii():
                self._bare_names.add(strip_accents(name), user_id)

    def find(self, text: str) -> LookupResult:
        """Return the users for a text."""
        if not text:
            return NOT_FOUND
        if text in self.users:
            return LookupResult(LookupKey.USER_ID, (text,))
        key = normalize_user_name(text)
        user_id = self._names.get(key)
        if user_id is not None:
            others = self._without_own_name.get(key, ())
            return LookupResult(LookupKey.USER_NAME, (user_id, *others))
        by_extension = self._extensions.get(text) or self._others.get(text)
        if by_extension:
            return LookupResult(LookupKey.EXTENSION, by_extension)
        return self.find_by_name(text)

    def find_by_name(self, text: str) -> LookupResult:
        """Return the users for a first and a last name, in either order."""
        if len(text) > _MAX_NAME:
            return NOT_FOUND
        orders = list(_orders(search_pattern(_collapse_spaces(text))))
        for order in orders:
            user_ids = self._full_names.get(order)
            if user_ids:
                return LookupResult(LookupKey.NAME, user_ids)
        for order in orders:
            bare = strip_accents(order)
            user_ids = (*self._full_names.get(bare), *self._bare_names.get(bare))
            if user_ids:
                return LookupResult(LookupKey.NAME, tuple(dict.fromkeys(user_ids)))
        return NOT_FOUND


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
