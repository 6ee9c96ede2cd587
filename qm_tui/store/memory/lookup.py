"""An index of the users of a store in memory, for the lookup of what an admin wrote."""

from collections.abc import Mapping, Sequence
from typing import Final

from qm_tui.progress import YieldControl
from qm_tui.store.memory.maps import UserMaps
from qm_tui.users.fields import User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.query.lookup import NOT_FOUND, LookupKey, LookupResult, name_key, name_keys
from qm_tui.users.query.text_matching import strip_accents

_CHUNK: Final = 500
"""The number of users between two calls of `rest`: one or two milliseconds."""


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
        maps: the users.
        without_own_name: those whose User Name belongs to an earlier user, by the comparable name.
        rest: called every one or two milliseconds.
    """

    def __init__(
        self, maps: UserMaps, without_own_name: Mapping[str, Sequence[str]], rest: YieldControl
    ) -> None:
        self._users, self._names = maps.users, maps.names
        self._without_own_name = without_own_name
        self._extensions, self._others = _Index(), _Index()
        self._full_names, self._bare_names = _Index(), _Index()
        for number, user in enumerate(maps.users.values()):
            if not number % _CHUNK:
                rest()
            self._add(user)

    def _add(self, user: User) -> None:
        user_id = user.user_id
        self._extensions.add(user.extension, user_id)
        if user.additional_extensions:
            for extension in user.additional_extensions.split(","):
                self._others.add(extension.strip(), user_id)
        if user.first_name and user.last_name:
            name = name_key(user.first_name, user.last_name)
            self._full_names.add(name, user_id)
            if not name.isascii():
                self._bare_names.add(strip_accents(name), user_id)

    def find(self, text: str) -> LookupResult:
        """Return the users for a text."""
        if not text:
            return NOT_FOUND
        if text in self._users:
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
        orders = name_keys(text)
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
