"""Counts of a plan: problems by reason, licenses, and users affected by a mass change."""

from collections.abc import Iterable, Sequence
from itertools import islice
from operator import itemgetter
from typing import Final

from qm_tui.progress import STEP, Phase, Tick
from qm_tui.store.changes.mass_change import CLEARS, INACTIVATES, UNLICENSES, removed_by_change
from qm_tui.store.state import State
from qm_tui.store.user_names import NAME_OF_A_USER
from qm_tui.transfer.options.choice import Choice
from qm_tui.transfer.options.import_options import CHOICE, Choices
from qm_tui.transfer.planning.plan import Change, Group
from qm_tui.transfer.planning.updating import CLEARED, EATEN
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.issues import Fault, Severity
from qm_tui.users.validation import UNLICENSED

UNKNOWN_ID: Final = "Unknown User ID"
ID_TWICE: Final = "Duplicate User ID in the file"
ANOTHER_PERSON: Final = "User ID belongs to a different person"
ONLY_ADDED: Final = "User already exists (import mode: add only)"
ONLY_UPDATED: Final = "User does not exist (import mode: update only)"

_CURES: Final[dict[str, Choice[Choices]]] = {
    UNKNOWN_ID: CHOICE["unknown_id"],
    ANOTHER_PERSON: CHOICE["allow_renamed"],
    ONLY_ADDED: CHOICE["mode"],
    ONLY_UPDATED: CHOICE["mode"],
    NAME_OF_A_USER: CHOICE["match_user_name"],
    UNLICENSED: CHOICE["allow_unlicensed"],
    **{EATEN.format(field.name): CHOICE["take_numbers"] for field in FIELDS},
    **{CLEARED.format(field.name): CHOICE["empty"] for field in FIELDS},
}

_COUNTED: Final = tuple(
    FIELD[key]
    for key in (
        "is_active",
        "unlimited_license",
        "on_demand_license",
        "computer_recording_license",
    )
)
_counted_of = itemgetter(*(field.index for field in _COUNTED))


class Reasons:
    """Counts of problems by reason.

    A record counts once for each reason. The warnings of a record that is rejected later are
    subtracted.
    """

    def __init__(self) -> None:
        self.problems = 0
        self._records: dict[tuple[Severity, str, str], list[int]] = {}

    def add(self, number: int, faults: Sequence[Fault], *, updates: bool) -> None:
        """Count the problems of a record.

        Args:
            number: the record's number.
            faults: its problems.
            updates: whether it updates a user.
        """
        self.problems += len(faults)
        for key in _keys(faults, updates=updates):
            count = self._records.setdefault(key, [0, number])
            count[0] += 1
            count[1] = min(count[1], number)

    def take_back(self, faults: Sequence[Fault], *, updates: bool) -> None:
        """Subtract the problems of a record that is rejected for another reason."""
        self.problems -= len(faults)
        for key in _keys(faults, updates=updates):
            self._records[key][0] -= 1

    def groups(self) -> list[Group]:
        """Return the counts: rejections first, then the largest."""
        groups = [
            Group(severity, reason, records, CHOICE.get(cure), first)
            for (severity, reason, cure), (records, first) in self._records.items()
            if records
        ]
        return sorted(groups, key=_rank)


def _rank(group: Group) -> tuple[bool, int, int, str]:
    return group.severity is Severity.WARNING, -group.records, group.first, group.reason


def _keys(faults: Sequence[Fault], *, updates: bool) -> set[tuple[Severity, str, str]]:
    cures = ((fault, cure_of(fault, updates=updates)) for fault in faults)
    return {(fault.severity, fault.kind, cure.key if cure else "") for fault, cure in cures}


def cure_of(fault: Fault, *, updates: bool) -> Choice[Choices] | None:
    """Return the option that fixes a problem, or None.

    Args:
        fault: the problem.
        updates: whether the record updates a user.
    """
    cure = _CURES.get(fault.kind)
    if cure is None and updates and fault.is_missing:
        cure = CHOICE["empty"]
    return cure


class Totals:
    """Counts of active users, of users with each license, and of users affected by a mass change.

    Attributes:
        hit: the number of users who are inactivated, lose licenses, or get a value cleared.
        taken: the number of users for each of these effects.
    """

    def __init__(self) -> None:
        self.hit = 0
        self.taken = dict.fromkeys((INACTIVATES, UNLICENSES, CLEARS), 0)
        self._more = [0] * len(_COUNTED)

    def add_new(self, columns: Sequence[Sequence[str]]) -> None:
        """Count many new users, given the values of each field."""
        for index, field in enumerate(_COUNTED):
            self._more[index] += columns[field.index].count("1")

    def add(self, user: User, stored: User | None, sign: int = 1) -> None:
        """Count a user who is added or changed; a sign of -1 subtracts it."""
        if stored is None or _counted_of(user) != _counted_of(stored):
            self._count(user, stored, sign)
        effects = removed_by_change(stored, user) if stored is not None else ()
        self.hit += sign * bool(effects)
        for effect in effects:
            self.taken[effect] += sign

    def _count(self, user: User, stored: User | None, sign: int) -> None:
        for index, field in enumerate(_COUNTED):
            place = field.index
            had = stored is not None and stored[place] == "1"
            self._more[index] += sign * ((user[place] == "1") - had)

    def changes(self, state: State, tick: Tick) -> dict[str, Change]:
        """Return by field key how many users have a flag set before and after."""
        before = [0] * len(_COUNTED)
        for users in in_steps(state.users.values(), len(state.users), tick):
            columns = zip(*map(_counted_of, users), strict=True)
            counts = (column.count("1") for column in columns)
            before = [sum(pair) for pair in zip(before, counts, strict=True)]
        return {
            field.key: Change(before[index], before[index] + self._more[index])
            for index, field in enumerate(_COUNTED)
        }


def in_steps(users: Iterable[User], total: int, tick: Tick) -> Iterable[list[User]]:
    """Yield the users a thousand at a time, and call the progress callback after each."""
    rest = iter(users)
    done = 0
    while batch := list(islice(rest, STEP)):
        yield batch
        done += len(batch)
        tick(Phase.CHECKING, done, total)
