"""Finds users by what people call them: ID, name, extension.

A text is looked for as, in this order, and the first that finds anyone counts:

1. a User ID, exactly;
2. a User Name, whatever its case;
3. an Extension, exactly;
4. one of the Additional Extensions, exactly;
5. a name, whatever its case: `Anna Berg`, `Berg, Anna` or `Berg Anna`; with its accents first,
   and where that finds nobody, without them.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from qm_tui.users.fields import User
from qm_tui.users.identity import name_key
from qm_tui.users.query.sorting import Rest
from qm_tui.users.query.text_matching import looked_for, unaccented

_AT_ONCE: Final = 500
"""Users that are looked at between two rests: a millisecond or two."""

_LONGEST_NAME: Final = 200
"""Characters up to which a text can be a name."""

_MOST_WORDS: Final = 8
"""Words up to which a name is tried in other orders."""


class By(Enum):
    """What a text was found to be."""

    NOTHING = auto()
    USER_ID = auto()
    USER_NAME = auto()
    EXTENSION = auto()
    NAME = auto()


class Found(NamedTuple):
    """Whom a text names.

    Attributes:
        by: what it is.
        user_ids: the users; several may have it.
    """

    by: By
    user_ids: Sequence[str]


NOBODY: Final = Found(By.NOTHING, ())
"""What names nobody."""


class _Index:
    """Users by a text that several may share."""

    def __init__(self) -> None:
        self._first: dict[str, str] = {}
        self._several: dict[str, list[str]] = {}

    def add(self, text: str, user_id: str) -> None:
        first = self._first.setdefault(text, user_id)
        if first != user_id:
            several = self._several.setdefault(text, [first])
            if several[-1] != user_id:
                several.append(user_id)

    def get(self, text: str) -> Sequence[str]:
        first = self._first.get(text)
        return () if first is None else self._several.get(text, (first,))


class Directory:
    """Knows users by all that people call them.

    Args:
        users: the users by User ID.
        names: the User ID of each user by User Name, as `name_key` makes it comparable.
        rest: called each millisecond or two of work.

    Attributes:
        users: the users by User ID.
    """

    def __init__(self, users: Mapping[str, User], names: Mapping[str, str], rest: Rest) -> None:
        self.users, self._names = users, names
        self._extensions, self._others = _Index(), _Index()
        self._full_names, self._bare_names = _Index(), _Index()
        for number, user in enumerate(users.values()):
            if not number % _AT_ONCE:
                rest()
            self._add(user)

    def _add(self, user: User) -> None:
        user_id = user.user_id
        self._extensions.add(user.extension, user_id)
        if user.additional_extensions:
            for one in user.additional_extensions.split(","):
                self._others.add(one.strip(), user_id)
        if user.first_name and user.last_name:
            name = looked_for(_spaced(f"{user.first_name} {user.last_name}"))
            self._full_names.add(name, user_id)
            if not name.isascii():
                self._bare_names.add(unaccented(name), user_id)

    def found(self, text: str) -> Found:
        """Whom a text names."""
        if not text:
            return NOBODY
        if text in self.users:
            return Found(By.USER_ID, (text,))
        user_id = self._names.get(name_key(text))
        if user_id is not None:
            return Found(By.USER_NAME, (user_id,))
        by_extension = self._extensions.get(text) or self._others.get(text)
        if by_extension:
            return Found(By.EXTENSION, by_extension)
        return self.found_by_name(text)

    def found_by_name(self, text: str) -> Found:
        """Whom a text names that is a first and a last name, in either order."""
        if len(text) > _LONGEST_NAME:
            return NOBODY
        orders = list(_orders(looked_for(_spaced(text))))
        for order in orders:
            found = self._full_names.get(order)
            if found:
                return Found(By.NAME, found)
        for order in orders:
            bare = unaccented(order)
            found = (*self._full_names.get(bare), *self._bare_names.get(bare))
            if found:
                return Found(By.NAME, tuple(dict.fromkeys(found)))
        return NOBODY


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _orders(name: str) -> Iterator[str]:
    """A name as it may stand in the store, the first name first."""
    yield name
    if "," in name:
        words = name.split(",")
        for at in range(1, min(len(words), _MOST_WORDS)):
            last, first = ",".join(words[:at]).strip(), ",".join(words[at:]).strip()
            yield f"{first} {last}"
    else:
        words = name.split(" ")
        if len(words) <= _MOST_WORDS:
            for at in range(1, len(words)):
                yield " ".join((*words[at:], *words[:at]))
