"""Tables as TinyDB is given them: copies, so that nobody changes what the store holds by accident.

A document is copied when it is asked for. What was never asked for is known to be as it was, so
a change costs what it touches and not what the table holds.
"""

import json
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from typing import Any, Final, TypeVar, cast

from qm_tui.store.contents import Contents
from qm_tui.store.documents import UserDocuments
from qm_tui.store.snapshot import USERS

Document = dict[str, Any]
Documents = Mapping[str, Document]
"""A table: by document ID, the document."""


T = TypeVar("T")


def copied(value: T) -> T:
    """A value of JSON that shares nothing with the one that it was made of."""
    made: object = value
    if isinstance(value, dict):
        made = {key: _copied_if_nested(one) for key, one in value.items()}
    elif isinstance(value, list):
        made = [_copied_if_nested(one) for one in value]
    return cast("T", made)


def _copied_if_nested(value: object) -> object:
    return copied(value) if isinstance(value, (dict, list)) else value


DEEPEST: Final = 100
"""Lists and mappings inside one another. What is deeper might not be read back everywhere."""


def is_too_deep(value: object, left: int = DEEPEST) -> bool:
    """Whether more lists and mappings stand inside one another than can be kept."""
    if not isinstance(value, (dict, list, tuple)):
        return False
    within = value.values() if isinstance(value, dict) else value
    return not left or any(is_too_deep(one, left - 1) for one in within)


def as_json(document: Mapping[str, Any]) -> dict[str, Any]:
    """A document as it will be read back: text keys, lists for tuples.

    Raises:
        TypeError: it holds something that JSON has no form for.
        ValueError: it holds a number that JSON does not have.
    """
    made: dict[str, Any] = json.loads(json.dumps(dict(document), allow_nan=False))
    return made


def is_same(one: object, other: object) -> bool:
    """Whether two values are the same in JSON, which tells 1 from 1.0 and from true."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(is_same, one.values(), other.values()))
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other


class Copies(MutableMapping[str, Document]):
    """A table that can be changed without changing the one it is made of.

    Args:
        source: the documents. They must not be changed any more by anybody else.
    """

    def __init__(self, source: Mapping[str, Document]) -> None:
        self.source = source
        self._own: dict[str, Document] = {}
        self._gone: set[str] = set()

    def __getitem__(self, number: str) -> Document:
        if number in self._own:
            return self._own[number]
        if number in self._gone:
            raise KeyError(number)
        self._own[number] = made = copied(self.source[number])
        return made

    def __setitem__(self, number: str, document: Document) -> None:
        self._own[number] = document

    def __delitem__(self, number: str) -> None:
        if number not in self:
            raise KeyError(number)
        self._own.pop(number, None)
        if number in self.source:
            self._gone.add(number)

    def __contains__(self, number: object) -> bool:
        return number in self._own or (number in self.source and number not in self._gone)

    def __iter__(self) -> Iterator[str]:
        for number in self.source:
            if number in self:
                yield number
        for number in list(self._own):
            if number not in self.source:
                yield number

    def __len__(self) -> int:
        added = sum(number not in self.source for number in self._own)
        back = sum(number in self._own for number in self._gone)
        return len(self.source) - len(self._gone) + back + added

    def __repr__(self) -> str:
        return repr(dict(self))

    def clear(self) -> None:
        """Take all documents out."""
        self._own.clear()
        self._gone = set(self.source)

    @property
    def touched(self) -> Iterator[str]:
        """The IDs of the documents that may not be as they were."""
        yield from self._own
        yield from (number for number in self._gone if number not in self._own)


class Numbered(MutableMapping[int, Document]):
    """A table with its document IDs as numbers, as TinyDB changes it.

    Args:
        table: the table, with its document IDs as text.
    """

    def __init__(self, table: MutableMapping[str, Document]) -> None:
        self._table = table

    def __getitem__(self, number: int) -> Document:
        return self._table[str(number)]

    def __setitem__(self, number: int, document: Document) -> None:
        self._table[str(number)] = document

    def __delitem__(self, number: int) -> None:
        del self._table[str(number)]

    def __contains__(self, number: object) -> bool:
        return str(number) in self._table

    def __iter__(self) -> Iterator[int]:
        return map(int, self._table)

    def __len__(self) -> int:
        return len(self._table)

    def clear(self) -> None:
        """Take all documents out."""
        self._table.clear()


class UsersTable(Mapping[str, dict[str, Any]]):
    """The table of users, to be read only. It is made when it is first looked at.

    Args:
        contents: what the store holds. It shows the users as they are when it is first looked at.
        lock: held by whoever moves the contents on.
    """

    def __init__(self, contents: Contents, lock: AbstractContextManager[object]) -> None:
        self._contents: Contents | None = contents
        self._lock = lock
        self._documents = UserDocuments({}, {})

    def _made(self) -> UserDocuments:
        with self._lock:
            if self._contents is not None:
                contents = self._contents
                users = {contents.numbers[key]: user for key, user in contents.state.users.items()}
                self._documents = UserDocuments(users, dict(contents.extras))
                self._contents = None
        return self._documents

    def __getitem__(self, number: str) -> dict[str, Any]:
        if not (isinstance(number, str) and number.isdecimal() and str(int(number)) == number):
            raise KeyError(number)
        documents = self._made()
        document = documents[int(number)]
        return copied(document) if int(number) in documents.extras else document

    def __iter__(self) -> Iterator[str]:
        return map(str, self._made())

    def __len__(self) -> int:
        return len(self._made())

    def __repr__(self) -> str:
        return f"<{len(self)} documents of the table {USERS}>"
