"""Many records at once: those that change nothing, and new users of whom there is nothing to say.

To ask the same of each record takes twice as long as to read it. So a few hundred are asked
together, column by column, and only those with something to be said are judged one by one.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import Choices, Mode
from qm_tui.transfer.reading.reader import CleanRecords, Record
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.identity import name_keys
from qm_tui.users.validation import unsound_rows
from qm_tui.users.warnings import noteworthy_rows

_USER_ID_AT: Final = FIELD["user_id"].index
_USER_NAME_AT: Final = FIELD["user_name"].index
_EXTENSION_AT: Final = FIELD["extension"].index
_MANDATORY: Final = frozenset(field.index for field in FIELDS if field.mandatory)

Column = Sequence[str]


class NewUsers(NamedTuple):
    """New users of whom there is nothing to say.

    Attributes:
        places: their places in the batch.
        columns: for each of the 26 fields their values.
        keys: their User Names, comparable.
    """

    places: Sequence[int]
    columns: list[Column]
    keys: Sequence[str]


class Batch:
    """Some hundred records without a fault of their own.

    Args:
        found: the records. A value is None in all of them or in none.
        state: what the store holds.
        choices: what the admin chose.
        adds_unknown: whether a User ID that is not known is added.

    Attributes:
        number: the number of the first.
        line: the line of the first.
        with_user_id: how many have a User ID.
    """

    def __init__(
        self, found: CleanRecords, state: State, choices: Choices, *, adds_unknown: bool
    ) -> None:
        self.number, self.line = found.number, found.line
        self._rows: Sequence[Any] = found.values
        self._state, self._choices, self._adds_unknown = state, choices, adds_unknown
        self._columns: list[Any] = list(zip(*self._rows, strict=True))
        self._absent = {at for at, column in enumerate(self._columns) if column[0] is None}
        nothing = ("",) * len(self._rows)
        for at in self._absent:
            self._columns[at] = nothing
        self._user_ids: Column = self._columns[_USER_ID_AT]
        self._keys = list(name_keys(self._columns[_USER_NAME_AT]))
        self._is_left = bytearray(b"\1") * len(self._rows)
        self.with_user_id = sum(map(bool, self._user_ids))

    @property
    def is_mixed(self) -> bool:
        """Whether some have a User ID, and some have none."""
        return 0 < self.with_user_id < len(self._rows)

    @property
    def first_lines(self) -> dict[str, int]:
        """By User ID, a line in which it stands."""
        if not self.with_user_id:
            return {}
        lines = dict(
            zip(self._user_ids, range(self.line, self.line + len(self._rows)), strict=True)
        )
        lines.pop("", None)
        return lines

    def take_unchanged(self) -> list[tuple[int, User]]:
        """Take the records that equal a user in all they say: their places, and the users."""
        users, names = self._state.users, self._state.names
        present = [at for at in range(len(FIELDS)) if at not in self._absent | {_USER_ID_AT}]
        if not users or not present:
            return []
        said = itemgetter(*present)
        taken = []
        for at, (user_id, key, row) in enumerate(
            zip(self._user_ids, self._keys, self._rows, strict=True)
        ):
            stored = users.get(user_id or names.get(key, ""))
            if stored is not None and said(row) == said(stored):
                taken.append((at, stored))
                self._is_left[at] = False
        return taken

    def take_new(
        self,
        cautions: Callable[[list[Column]], set[int]],
        extensions: Collection[str],
        claimed: Collection[str],
    ) -> NewUsers | None:
        """Take the new users of whom there is nothing to say; None where there is none.

        Args:
            cautions: finds those with warnings that take the store to see.
            extensions: the extensions that somebody has.
            claimed: the names that records before claim.
        """
        if self._choices.mode is Mode.UPDATE or self._absent & _MANDATORY:
            return None
        left = [at for at, is_left in enumerate(self._is_left) if is_left]
        keys, own = self._keys, self._columns[_EXTENSION_AT]
        if len({keys[at] for at in left}) < len(left) or len({own[at] for at in left}) < len(left):
            return None  # the order matters in which these are judged
        users: Collection[str] = self._state.users or ()
        names: Collection[str] = self._state.names or ()
        places: Sequence[int] = [
            at
            for at in left
            if keys[at] not in claimed
            and keys[at] not in names
            and (not (one := self._user_ids[at]) or (self._adds_unknown and one not in users))
        ]
        if not places:
            return None
        columns = self._columns
        if len(places) < len(self._rows):
            columns = _columns_of(columns, places)
        said = unsound_rows(columns, allow_unlicensed=self._choices.allow_unlicensed)
        said |= noteworthy_rows(columns) | cautions(columns)
        own = columns[_EXTENSION_AT]
        said |= {at for at, extension in enumerate(own) if extension in extensions}
        if said:
            quiet = [at for at in range(len(places)) if at not in said]
            if not quiet:
                return None
            columns = _columns_of(columns, quiet)
            places = [places[at] for at in quiet]
        for at in places:
            self._is_left[at] = False
        return NewUsers(places, columns, [keys[at] for at in places])

    def others(self) -> Iterator[Record]:
        """The records that were not taken, one by one."""
        for at, (is_left, row) in enumerate(zip(self._is_left, self._rows, strict=True)):
            if is_left:
                yield Record(self.number + at, self.line + at, [*row], ())


def _columns_of(columns: list[Column], places: Sequence[int]) -> list[Column]:
    """The same columns with some of their values."""
    return [[column[at] for at in places] for column in columns]
