"""Missing users: active users of the store that a complete list of users does not contain.

Source: our choice, for lists that are imported regularly. A user is missing only if no record may
be about it: not even a rejected one, or one that cannot be parsed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple

from qm_tui.errors import UserError
from qm_tui.progress import CHUNK_SIZE, YieldControl, in_chunks
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.transfer.reading.records import Values
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.query.filter_parser import Term, parse_filter
from qm_tui.users.query.lookup import LookupKey
from qm_tui.users.query.query import Query, all_except

_ACTIVE: Final = parse_filter("active:yes")
_EXTENSION: Final = FIELD["extension"]
_ID, _USER_NAME = FIELD["user_id"].index, FIELD["user_name"].index
_FIRST_NAME, _LAST_NAME = FIELD["first_name"].index, FIELD["last_name"].index
_UNASKABLE: Final = re.compile("[\0\ud800-\udfff]")
"""What a record that is rejected may contain, but no question to a server: NUL, invalid bytes."""
_SEPARATORS: Final = re.compile(r'[,;\t|"\r\n]+')
_BUFFERED: Final = 20 * CHUNK_SIZE
"""The number of texts that are looked up together."""

_MIN_SHARE: Final = 0.5
"""The share of active users that a file must contain so that the others can be inactivated."""


class MissingAction(StrEnum):
    """What to do with active users that are not in the file."""

    REPORT = "report"
    INACTIVATE = "inactivate"


@dataclass(frozen=True, slots=True)
class MissingPolicy:
    """Which users can be missing, and what to do with them.

    Attributes:
        action: what to do with them.
        among: the filter of the users that should be in the file; None if all active users should.
    """

    action: MissingAction = MissingAction.REPORT
    among: tuple[Term, ...] | None = None


@dataclass(frozen=True, slots=True)
class MissingUsers:
    """The users that are missing.

    Attributes:
        action: what the import does with them.
        users: the users, in store order.
        expected: the number of active users that should be in the file.
        unknown: why no user counts as missing, as a sentence; empty if it is known.
    """

    action: MissingAction
    users: Sequence[User] = field(default=(), repr=False)
    expected: int = 0
    unknown: str = ""

    @property
    def inactivated(self) -> Sequence[User]:
        """Those that the import inactivates."""
        return self.users if self.action is MissingAction.INACTIVATE else ()


class Limit(NamedTuple):
    """The most users that an import may change, as a number or as a share.

    Attributes:
        number: the number, or the percentage.
        is_percentage: whether it is a percentage.
    """

    number: float
    is_percentage: bool

    def allows(self, users: int, total: int) -> bool:
        """Return whether so many users of a total are within the limit."""
        return users <= (total * self.number / 100 if self.is_percentage else self.number)

    def __str__(self) -> str:
        return f"{self.number:g}%" if self.is_percentage else f"{self.number:,g}"


class MissingUsersFinder:
    """Finds the missing users while records are planned.

    Args:
        state: the state of the store.
        policy: which users can be missing.
        match: the field that identifies users if a record has no User ID; None for User Name.
        rest: called about every millisecond of a question.
    """

    def __init__(
        self, state: State, policy: MissingPolicy, match: Field | None, rest: YieldControl
    ) -> None:
        self._state, self._policy, self._match, self._rest = state, policy, match, rest
        self._texts: list[str] = []
        self._values: dict[Field, list[str]] = {
            key: [] for key in (_EXTENSION, match) if key is not None
        }
        self._unparsed: list[Sequence[str]] = []
        self._in_rejected: set[str] = set()
        self._has_unknown = False
        self._prepared: object = None
        """What the store prepared to look up texts; for a file, an index of all users."""

    def add_rejected(self, values: Values) -> None:
        """Note that a record is rejected: the users that it may be about are not missing.

        Its Extension counts only if nothing else can name a user: many users may share one.

        Args:
            values: its values as they are in the file.
        """
        keys = [values[_ID], values[_USER_NAME]]
        if self._match is not None:
            keys.append(values[self._match.index])
            self._add_values(self._match, (keys[-1],))
        if not any(keys):
            self._add_values(_EXTENSION, (values[_EXTENSION.index],))
        name = f"{values[_FIRST_NAME] or ''} {values[_LAST_NAME] or ''}".strip()
        self._add_texts((values[_ID], values[_USER_NAME], name))

    def add_unparsed(self, cells: Sequence[str]) -> None:
        """Note that a record cannot be parsed, or that its values may be in the wrong fields.

        If none of its cells or neighboring cells names a user, it may be about any user.

        Args:
            cells: its cells as far as they are known.
        """
        parts = [part.strip() for cell in cells for part in _SEPARATORS.split(cell)]
        parts = [part for part in parts if part]
        if self._match is not None:
            self._add_values(self._match, parts)
        texts = (*parts, *map(" ".join, pairwise(parts)))
        self._unparsed.append(texts)
        self._add_texts(texts)

    def _add_values(self, key: Field, values: Iterable[str | None]) -> None:
        self._values[key] += _askable(values)

    def _add_texts(self, texts: Iterable[str | None]) -> None:
        self._texts += _askable(texts)
        if len(self._texts) >= _BUFFERED:
            self._look_up()

    def _look_up(self) -> None:
        state, rest = self._state, self._rest
        known: set[str] = set()
        """The texts that name users."""
        if self._texts and self._prepared is None:
            self._prepared = state.prepare_lookup(rest)
        for texts in in_chunks(dict.fromkeys(self._texts)):
            for text, found in zip(texts, state.lookup(texts, rest), strict=True):
                # an extension may be one of many
                if found.user_ids and found.key is not LookupKey.EXTENSION:
                    known.add(text)
                    self._in_rejected.update(found.user_ids)
        for key, wanted in self._values.items():
            for values in in_chunks(dict.fromkeys(wanted)):
                holders = state.holders(key.key, values, state.total, rest)
                self._in_rejected.update(*holders.values())
                if key == self._match:
                    known.update(value for value, user_ids in holders.items() if user_ids)
            wanted.clear()
        self._has_unknown |= any(map(known.isdisjoint, self._unparsed))
        self._unparsed.clear()
        self._texts.clear()

    def find(self, ids_in_file: set[str], incomplete: str) -> MissingUsers:
        """Return the missing users.

        Args:
            ids_in_file: the User IDs of the users that records were matched with.
            incomplete: why the file seems to be incomplete; empty if it does not.

        Raises:
            UserError: they would be inactivated, but the file is no list of all users.
        """
        policy, state, rest = self._policy, self._state, self._rest
        expected = Query((*_ACTIVE, *(policy.among or ())))
        total = state.count(expected, rest).number
        among = policy.among
        if among and not total and state.total and not state.count(Query(among), rest).number:
            raise UserError(
                "No users match --missing-of. Nothing was imported. Correct the filter."
            )
        self._look_up()
        if incomplete or self._has_unknown:
            why = (
                incomplete or "The file has a record that cannot be read, and names no known user."
            )
            return MissingUsers(policy.action, (), total, f"{why} No user counts as missing.")
        absent = expected.among(all_except(ids_in_file | self._in_rejected))
        users = [user for batch in state.stream(absent, rest) for user in batch]
        present = total - len(users)
        inactivates = policy.action is MissingAction.INACTIVATE
        if inactivates and policy.among is None and present < total * _MIN_SHARE:
            raise UserError(
                f"The file contains only {present:,} of {pluralize(total, 'active user')}. Nothing "
                "was imported. To inactivate users that are not in such a file, say which users "
                "it should contain: --missing-of FILTER."
            )
        return MissingUsers(policy.action, users, total)


def _askable(texts: Iterable[str | None]) -> Iterator[str]:
    """Yield the texts that a store can be asked for."""
    return (text for text in texts if text and not _UNASKABLE.search(text))
