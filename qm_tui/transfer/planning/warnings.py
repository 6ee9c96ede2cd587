"""Warnings that depend on the store or on spreadsheets.

Source: the users file, section 3, "Warnings". Warnings of a single user are in
`qm_tui.users.warnings`.
"""

from array import array
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.progress import CHUNK_SIZE, YieldControl, in_chunks, no_rest
from qm_tui.store.look_alikes import UsersByKey, look_alike_issue
from qm_tui.store.state import State
from qm_tui.transfer.planning.stored_users import StoredUsers
from qm_tui.transfer.reading.spreadsheet import is_formula
from qm_tui.transfer.spreadsheet import has_number_format
from qm_tui.users.fields import FIELD, FIELDS, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, Severity, truncate, value_issue
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.warnings import user_warnings

_EXTENSION: Final = FIELD["extension"]
_EXTENSION_AT: Final = _EXTENSION.index
_TEXT_FIELDS: Final = tuple(
    field for field in FIELDS if field.kind not in (Kind.SECRET, Kind.FLAG, Kind.ID)
)
_text_values: Final = itemgetter(*(field.index for field in _TEXT_FIELDS))
_NOTHING: Final = ("",) * len(_TEXT_FIELDS)

_NUMBERED_FIELDS: Final = tuple(
    field
    for field in FIELDS
    if field.key in ("extension", "agent_id", "user_name") or field.kind in (Kind.LIST, Kind.SECRET)
)
"""Fields with values that may look like a number but are none."""


_HOLDERS: Final = 10
"""The number of users with an extension that are asked for at first; and by how many times more if
all of them get other extensions."""


class RecordContext(NamedTuple):
    """The store and the other records of a file, as far as they concern a single record.

    Questions about all users for each record that is typed would take too long. The plan has the
    problems of the record, but not that another user has its extension, and no counts of licenses.

    Attributes:
        in_use: the values in use in the store.
        names_given_up: User Names, normalized, that no user of the store has after the import.
    """

    in_use: ValuesInUse
    names_given_up: Collection[str]


class ImportWarnings:
    """Finds the warnings of users for a store.

    Args:
        state: the state of the store.
        in_use: the values in use in it.
    """

    def __init__(self, state: UsersByKey, in_use: ValuesInUse) -> None:
        self._state, self._in_use = state, in_use

    def for_user(self, user: User, stored: User | None) -> list[Issue]:
        """Return the warnings of a user who is added or changed, also those of the user alone.

        Args:
            user: the user after the import.
            stored: the user before; values that do not change have no warnings.
        """
        look_alike = look_alike_issue(user, stored, self._state)
        return [
            *_both_names_changed(user, stored),
            *([look_alike] if look_alike else ()),
            *self.of_values(user, stored),
        ]

    def of_values(self, user: User, stored: User | None) -> list[Issue]:
        """Return the same warnings, except those of a name among other names."""
        return [
            *user_warnings(user, stored),
            *self._in_use.issues(user, stored),
            *_formulas(user, stored),
            *(_number_formats(user) if stored is None else ()),
        ]

    def new_value_errors(self, user: User, stored: User | None) -> Iterator[Issue]:
        """Yield the errors of a user if values not in use yet are rejected."""
        for issue in self._in_use.issues(user, stored):
            name = issue.field.name if issue.field else ""
            yield issue._replace(
                severity=Severity.ERROR, fix=f"Correct {name}, or accept values not in use yet."
            )


def _both_names_changed(user: User, stored: User | None) -> Iterator[Issue]:
    """Yield a warning if both names change, which only an option allows."""
    if (
        stored is not None
        and user.last_name != stored.last_name
        and normalize_user_name(user.user_name) != normalize_user_name(stored.user_name)
    ):
        name = " ".join(filter(None, (stored.first_name, stored.last_name)))
        yield Issue(
            FIELD["user_id"],
            f"User ID belongs to {truncate(name)}; User Name and Last Name will both change",
            "Check that the User ID belongs to the same person.",
            Severity.WARNING,
            "User Name and Last Name will both change",
        )


def _formulas(user: User, stored: User | None) -> Iterator[Issue]:
    before = _NOTHING if stored is None else _text_values(stored)
    for field, value, old_value in zip(_TEXT_FIELDS, _text_values(user), before, strict=True):
        if value is not old_value and value != old_value and is_formula(value):
            yield value_issue(
                field,
                value,
                "would be run as a formula by a spreadsheet",
                "Check the value. Turn on “Guard formulas” when you export.",
                Severity.WARNING,
            )


def _number_formats(user: User) -> Iterator[Issue]:
    """Yield warnings for values of a new user that look like numbers of a spreadsheet."""
    for field in _NUMBERED_FIELDS:
        value = user[field.index]
        if has_number_format(value):
            yield value_issue(
                field,
                value,
                "looks like a number altered by a spreadsheet",
                "Check the value. In the spreadsheet, format the column as text.",
                Severity.WARNING,
            )


class ExtensionUsage:
    """The number of users with each extension of a file, during the import.

    Args:
        stored: the users of the store; None if they do not count.
        shared: the extension that new users share on purpose, if there is one.

    Attributes:
        counts: the numbers of users by extension, as far as records changed them.
    """

    def __init__(self, stored: StoredUsers | None, shared: str = "") -> None:
        self.counts: dict[str, int] = {}
        self._stored, self._shared = stored, shared
        self._held: list[str] = []
        self._lines: array[int] = array("q")
        self._moved: set[str] = set()
        self._void: set[int] = set()

    def are_used(self, users: Sequence[User]) -> bool:
        """Return whether an extension of new users is used twice, or by another user."""
        extensions = [user.extension for user in users if user.extension != self._shared]
        return (
            len(set(extensions)) < len(extensions)
            or not self.counts.keys().isdisjoint(extensions)
            or bool(self._stored and self._stored.numbers(extensions))
        )

    def add_new(self, users: Sequence[User], lines: Sequence[int]) -> None:
        """Count new users in these lines, whose extensions are not used, as `move` does."""
        extensions = [user.extension for user in users]
        self.counts.update(dict.fromkeys(extensions, 1))
        self._held += extensions
        self._lines.extend(lines)

    def move(self, user: User, stored: User | None, line: int) -> bool:
        """Count a user who is added or changed; return whether another user has the extension."""
        extension = user[_EXTENSION_AT]
        if stored is not None:
            before = stored[_EXTENSION_AT]
            if before == extension:
                return False
            self._change(before, -1)
            self._moved.add(user.user_id)
        self._held.append(extension)
        self._lines.append(line)
        return self._change(extension, 1) > 1 and extension != self._shared

    def _change(self, extension: str, more: int) -> int:
        """Add to the number of users with an extension, and return it."""
        number = self.counts.get(extension)
        if number is None:
            found = self._stored.numbers((extension,)) if self._stored else {}
            number = found.get(extension, 0)
        self.counts[extension] = number + more
        return number + more

    def revert(self, user: User, stored: User | None, line: int) -> None:
        """Count the user as before: the record in this line is rejected."""
        before = stored[_EXTENSION_AT] if stored is not None else None
        if before == user[_EXTENSION_AT]:
            return
        self.counts[user[_EXTENSION_AT]] -= 1
        self._void.add(line)
        if before is not None:
            self.counts[before] += 1
            self._moved.discard(user.user_id)

    def first_holders(self, extensions: set[str], rest: YieldControl) -> dict[str, list[str | int]]:
        """Return by extension two users who have it after the import: their names or lines.

        Args:
            extensions: the extensions.
            rest: called about every millisecond of a question about all users.
        """
        holders: dict[str, list[str | int]] = {extension: [] for extension in extensions}
        if self._stored is not None:
            for user in users_who_keep(extensions, self._stored.state, self._moved, 2, rest):
                if user.extension in holders:  # unless it has changed in the meantime
                    holders[user.extension].append(holder_name(user))
        for extension, line in zip(self._held, self._lines, strict=True):
            listed = holders.get(extension)
            if listed is not None and len(listed) < 2 and line not in self._void:
                listed.append(line)
        return holders


def users_who_keep(
    extensions: Iterable[str],
    state: State,
    moved: Container[str],
    number: int,
    rest: YieldControl = no_rest,
) -> Iterator[User]:
    """Yield the first stored users of each extension who keep it, grouped by extension.

    Args:
        extensions: the extensions.
        state: the state of the store.
        moved: the User IDs of users who do not keep their extension.
        number: the number of users of each extension that are wanted.
        rest: called about every millisecond of a question about all users.
    """
    wanted, at_most = list(extensions), _HOLDERS
    while wanted:
        # in memory, each question is a pass over all users
        size = len(wanted) if state.is_at_hand else CHUNK_SIZE
        unknown: list[str] = []
        for batch in in_chunks(wanted, rest, size):
            kept: list[str] = []
            holders = state.holders(_EXTENSION.key, batch, at_most, rest)
            for extension, user_ids in holders.items():
                first = [user_id for user_id in user_ids if user_id not in moved][:number]
                if len(first) < number and len(user_ids) >= at_most:
                    unknown.append(extension)
                else:
                    kept += first
            for some in in_chunks(kept, rest):
                yield from filter(None, state.users(some))
        wanted, at_most = unknown, at_most * _HOLDERS


def holder_name(user: User) -> str:
    """Return the name of a user for `duplicate_extension_issue`."""
    return truncate(" ".join(filter(None, (user.first_name, user.last_name))))


def duplicate_extension_issue(extension: str, holder: str | int | None) -> Issue:
    """Return the warning of an extension that another user has.

    Args:
        extension: the extension.
        holder: the name of the other user, or the line of its record; None if unknown.
    """
    if holder is None:
        use = "by another user"
    else:
        use = f"in line {holder}" if isinstance(holder, int) else f"by {holder}"
    return Issue(
        _EXTENSION,
        f"Extension {truncate(extension)} is also used {use}",
        "No action needed if they share it.",
        Severity.WARNING,
        "Duplicate Extension",
    )
