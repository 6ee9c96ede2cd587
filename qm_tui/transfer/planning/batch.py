"""Many records at once: those that change nothing, and new users without any problem.

Validating each record takes twice as long as reading it. So a few hundred are validated together,
column by column, and single records only if they have problems.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, Final, NamedTuple, cast

from qm_tui.store.overlay import get_each
from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import ImportMode, ImportOptions
from qm_tui.transfer.reading.reader import CleanRecordBatch, Record
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.identity import normalize_user_names
from qm_tui.users.validation import invalid_rows
from qm_tui.users.warnings import column_texts, rows_with_warnings

_USER_ID_AT: Final = FIELD["user_id"].index
_USER_NAME_AT: Final = FIELD["user_name"].index
_EXTENSION_AT: Final = FIELD["extension"].index
_REQUIRED: Final = frozenset(field.index for field in FIELDS if field.required)

Column = Sequence[str]


class InsertColumns(NamedTuple):
    """New users without any problem.

    Attributes:
        indexes: their indexes in the batch.
        columns: for each field, their values.
        keys: their User Names, in a form for comparison.
    """

    indexes: Sequence[int]
    columns: list[Column]
    keys: Sequence[str]


class RecordBatch:
    """Some hundred records without errors of their own.

    Args:
        found: the records. Values of a field are None in all of them or in none.
        state: the state of the store.
        options: the import options.
        adds_unknown: whether unknown User IDs are added.

    Attributes:
        number: the number of the first.
        line: the line of the first.
        with_user_id: how many have a User ID.
    """

    def __init__(
        self, found: CleanRecordBatch, state: State, options: ImportOptions, *, adds_unknown: bool
    ) -> None:
        self.number, self.line = found.number, found.line
        self._rows: Sequence[Any] = found.values
        self._state, self._options, self._adds_unknown = state, options, adds_unknown
        self._columns: list[Any] = list(zip(*self._rows, strict=True))
        self._absent = {index for index, column in enumerate(self._columns) if column[0] is None}
        empty_column = ("",) * len(self._rows)
        for index in self._absent:
            self._columns[index] = empty_column
        self._user_ids: Column = self._columns[_USER_ID_AT]
        self._keys = normalize_user_names(self._columns[_USER_NAME_AT])
        self._is_left = bytearray(b"\1") * len(self._rows)
        self.with_user_id = sum(map(bool, self._user_ids))

    @property
    def is_mixed(self) -> bool:
        """Whether some records have a User ID, and some have none."""
        return 0 < self.with_user_id < len(self._rows)

    @property
    def first_lines(self) -> dict[str, int]:
        """By User ID, a line that contains it."""
        if not self.with_user_id:
            return {}
        lines = dict(
            zip(self._user_ids, range(self.line, self.line + len(self._rows)), strict=True)
        )
        lines.pop("", None)
        return lines

    @property
    def has_remaining(self) -> bool:
        """Whether some records have not been removed."""
        return any(self._is_left)

    def pop_unchanged(self) -> list[tuple[int, User]]:
        """Remove and return the records that change nothing: their indexes, and the users."""
        users = self._state.users
        present = [
            index for index in range(len(FIELDS)) if index not in self._absent | {_USER_ID_AT}
        ]
        if not users or not present:
            return []
        stored = list(get_each(users, self._stored_ids()))
        if None not in stored and self._are_equal(stored, present):
            self._is_left = bytearray(len(self._rows))
            return list(enumerate(cast("list[User]", stored)))
        values_of = itemgetter(*present)
        unchanged = []
        for index, (user, row) in enumerate(zip(stored, self._rows, strict=True)):
            if user is not None and values_of(row) == values_of(user):
                unchanged.append((index, user))
                self._is_left[index] = False
        return unchanged

    def _stored_ids(self) -> Iterable[str | None]:
        """Return the User ID of each record or, without one, of the user with its User Name."""
        if self.with_user_id == len(self._rows):
            return self._user_ids
        owners = get_each(self._state.names, self._keys)
        if not self.with_user_id:
            return owners
        return (
            user_id or owner_id for user_id, owner_id in zip(self._user_ids, owners, strict=True)
        )

    def _are_equal(self, users: Sequence[Any], present: Sequence[int]) -> bool:
        """Return whether each record equals the user at its index, field by field."""
        columns = list(zip(*users, strict=True))
        return all(self._columns[index] == columns[index] for index in present)

    def pop_insertable(
        self,
        warnings: Callable[[list[Column], list[str]], set[int]],
        extensions: Collection[str],
        claimed: Collection[str],
    ) -> InsertColumns | None:
        """Remove and return the new users without any problem, or None.

        Args:
            warnings: returns the indexes of users with warnings that depend on the store, given the
                values and the `column_texts`.
            extensions: the extensions in use.
            claimed: the User Names of earlier records.
        """
        if self._options.mode is ImportMode.UPDATE or self._absent & _REQUIRED:
            return None
        remaining = [index for index, is_left in enumerate(self._is_left) if is_left]
        keys, used_extensions = self._keys, self._columns[_EXTENSION_AT]
        if len({keys[index] for index in remaining}) < len(remaining) or len(
            {used_extensions[index] for index in remaining}
        ) < len(remaining):
            return None  # duplicates must be handled in file order
        users: Collection[str] = self._state.users or ()
        names: Collection[str] = self._state.names or ()
        places: Sequence[int] = [
            index
            for index in remaining
            if keys[index] not in claimed
            and keys[index] not in names
            and (
                not (user_id := self._user_ids[index])
                or (self._adds_unknown and user_id not in users)
            )
        ]
        if not places:
            return None
        columns = self._columns
        if len(places) < len(self._rows):
            columns = _columns_of(columns, places)
        with_problems = invalid_rows(columns, allow_unlicensed=self._options.allow_unlicensed)
        texts = column_texts(columns)
        with_problems |= rows_with_warnings(columns, texts) | warnings(columns, texts)
        used_extensions = columns[_EXTENSION_AT]
        with_problems |= {
            index for index, extension in enumerate(used_extensions) if extension in extensions
        }
        if with_problems:
            without_problems = [index for index in range(len(places)) if index not in with_problems]
            if not without_problems:
                return None
            columns = _columns_of(columns, without_problems)
            places = [places[index] for index in without_problems]
        for index in places:
            self._is_left[index] = False
        return InsertColumns(places, columns, [keys[index] for index in places])

    def remaining(self) -> Iterator[Record]:
        """Yield the remaining records, one by one."""
        for index, (is_left, row) in enumerate(zip(self._is_left, self._rows, strict=True)):
            if is_left:
                yield Record(self.number + index, self.line + index, [*row], ())


def _columns_of(columns: list[Column], places: Sequence[int]) -> list[Column]:
    """Return the columns with only the values at these indexes."""
    return [[column[index] for index in places] for column in columns]
