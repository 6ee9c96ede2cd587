"""Users as TinyDB documents: flat mappings from field key to string."""

from collections.abc import Collection, ItemsView, Iterable, Iterator, Mapping
from itertools import repeat
from typing import Any, Final

from qm_tui.users.fields import (
    FIELD,
    FIELDS,
    KEYS,
    SHARED_PLACES,
    Kind,
    User,
    user_from_mapping,
    values_of,
)


class NotAUser(Exception):
    """A document that is no user. The text says why, without its values."""


_USER_ID_AT = FIELD["user_id"].index
_BLANK: dict[str, Any] = dict.fromkeys(KEYS)


class UserDocuments(Mapping[int, dict[str, Any]]):
    """A TinyDB table of users, made while it is written.

    Args:
        users: the users by document ID, in the order of the file.
        extras: by document ID, what another program keeps in a document beside our fields.
    """

    def __init__(self, users: Mapping[int, User], extras: Mapping[int, dict[str, Any]]) -> None:
        self.users = users
        self.extras = extras

    def __getitem__(self, number: int) -> dict[str, Any]:
        # a copy has its final size from the start, which takes a quarter off
        document = _BLANK.copy()
        document.update(zip(KEYS, self.users[number]))  # noqa: B905 - both have 26
        if number in self.extras:
            document |= self.extras[number]
        return document

    def __iter__(self) -> Iterator[int]:
        return iter(self.users)

    def __len__(self) -> int:
        return len(self.users)

    def items(self) -> ItemsView[int, dict[str, Any]]:
        """The documents with their IDs, one after the other."""
        return _Items(self)


class _Items(ItemsView[int, dict[str, Any]]):
    """A view that asks its mapping directly, which takes a quarter off once more."""

    def __init__(self, documents: UserDocuments) -> None:
        super().__init__(documents)
        self._documents = documents

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        numbers = self._documents.users
        return zip(numbers, map(self._documents.__getitem__, numbers), strict=True)


_NAMES: Final = (FIELD["first_name"].index, FIELD["last_name"].index)
_FLAGS: Final = tuple(field.index for field in FIELDS if field.kind is Kind.FLAG)
_SHARED: Final = (*SHARED_PLACES, *_NAMES, *_FLAGS)
"""Where the values stand that become one string: names repeat too among many users, and each flag
that the parser makes would be a string of its own."""


class Reader:
    """Makes users of documents; equal values of fields that repeat become one string."""

    def __init__(self) -> None:
        self._shared: dict[str, str] = {}

    def plain_users(self, documents: Collection[dict[str, Any]]) -> list[User]:
        """The users of many documents; none where one of them says more or less than ours do.

        Made column by column, which takes a third of the time of one after the other.
        """
        try:
            columns = list(zip(*map(values_of, documents), strict=True))
            for column in columns:
                "".join(column)  # fails on anything but text
        except (KeyError, TypeError):
            return []
        if not columns or "" in columns[_USER_ID_AT] or not _all_are_of_own_size(documents):
            return []
        return self._users_of(columns)

    def users_of(self, rows: Iterable[Iterable[str]]) -> list[User]:
        """The users of many rows of 26 texts, in the order of the fields."""
        return self._users_of(list(zip(*rows, strict=True)))

    def _users_of(self, columns: list[tuple[str, ...]]) -> list[User]:
        share = self._shared.setdefault
        for place in _SHARED:
            columns[place] = tuple(map(share, columns[place], columns[place]))
        return list(map(tuple.__new__, repeat(User), zip(*columns, strict=True)))

    def user(self, document: dict[str, Any]) -> tuple[User, dict[str, Any]]:
        """The user that a document describes, and what else the document holds.

        Fields that it lacks are empty.

        Raises:
            NotAUser: a value is neither text nor a number, or there is no User ID.
        """
        extras: dict[str, Any] = {}
        try:
            user = user_from_mapping(document)
            "".join(user)  # fails on anything but text
            has_more = len(document) > len(KEYS)
        except (KeyError, TypeError):
            user = User(*[_text(key, document.get(key)) for key in KEYS])
            has_more = True
        if has_more:
            extras = {key: value for key, value in document.items() if key not in User._fields}
        if not user.user_id:
            msg = "has no User ID (user_id)"
            raise NotAUser(msg)
        return self.shared(user), extras

    def shared(self, user: User) -> User:
        """The user, with the values that many users have taken from those before.

        A department that a thousand users share is then one string and not a thousand.
        """
        known = self._shared
        values = list(user)
        for place in _SHARED:
            value = values[place]
            values[place] = known.setdefault(value, value)
        return tuple.__new__(User, values)


def _all_are_of_own_size(documents: Collection[dict[str, Any]]) -> bool:
    return set(map(len, documents)) == {len(KEYS)}


def _text(key: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(int(value))
    msg = f"holds something other than text in {key}"
    raise NotAUser(msg)
