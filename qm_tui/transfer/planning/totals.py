"""What a plan counts: problems by reason, licenses, and the users whom the import takes from."""

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

UNKNOWN_ID: Final = "User ID is not known here"
ID_TWICE: Final = "User ID stands twice in the file"
ANOTHER_PERSON: Final = "User ID is that of another person here"
ONLY_ADDED: Final = "The user is here already, and users are only added"
ONLY_UPDATED: Final = "The user is not here yet, and users are only updated"

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
    """Problems, counted by what is wrong.

    A record counts once for each reason. Of records that are rejected after all, warnings are
    taken back.
    """

    def __init__(self) -> None:
        self.problems = 0
        self._records: dict[tuple[Severity, str, str], list[int]] = {}

    def add(self, number: int, faults: Sequence[Fault], *, updates: bool) -> None:
        """Count what is wrong with a record.

        Args:
            number: the record's number.
            faults: what is wrong with it.
            updates: whether it is about a user who is there.
        """
        self.problems += len(faults)
        for key in _keys(faults, updates=updates):
            count = self._records.setdefault(key, [0, number])
            count[0] += 1
            count[1] = min(count[1], number)

    def take_back(self, faults: Sequence[Fault], *, updates: bool) -> None:
        """Count it no more: the record is rejected for something else."""
        self.problems -= len(faults)
        for key in _keys(faults, updates=updates):
            self._records[key][0] -= 1

    def groups(self) -> list[Group]:
        """What was counted: rejections first, then the largest."""
        groups = [
            Group(severity, reason, records, CHOICE.get(cure), first)
            for (severity, reason, cure), (records, first) in self._records.items()
            if records
        ]
        return sorted(groups, key=_rank)


def _rank(group: Group) -> tuple[bool, int, int, str]:
    return group.severity is Severity.WARNING, -group.records, group.first, group.reason


def _keys(faults: Sequence[Fault], *, updates: bool) -> set[tuple[Severity, str, str]]:
    found = ((one, cure_of(one, updates=updates)) for one in faults)
    return {(one.severity, one.kind, cure.key if cure else "") for one, cure in found}


def cure_of(fault: Fault, *, updates: bool) -> Choice[Choices] | None:
    """The choice that would cure a fault; None where none would.

    Args:
        fault: the fault.
        updates: whether the record is about a user who is there.
    """
    cure = _CURES.get(fault.kind)
    if cure is None and updates and fault.is_missing:
        cure = CHOICE["empty"]
    return cure


class Totals:
    """How many users are active and have each license, and whom the import takes from.

    Attributes:
        hit: how many users it inactivates or unlicenses, or clears a value of.
        taken: how many of them by what it does to them.
    """

    def __init__(self) -> None:
        self.hit = 0
        self.taken = dict.fromkeys((INACTIVATES, UNLICENSES, CLEARS), 0)
        self._more = [0] * len(_COUNTED)

    def add_new(self, columns: Sequence[Sequence[str]]) -> None:
        """Count many new users, given by the values of each field."""
        for at, field in enumerate(_COUNTED):
            self._more[at] += columns[field.index].count("1")

    def add(self, user: User, stored: User | None, sign: int = 1) -> None:
        """Count a user who is added or changed; with a sign of -1 take it back."""
        if stored is None or _counted_of(user) != _counted_of(stored):
            self._count(user, stored, sign)
        taken = removed_by_change(stored, user) if stored is not None else ()
        self.hit += sign * bool(taken)
        for what in taken:
            self.taken[what] += sign

    def _count(self, user: User, stored: User | None, sign: int) -> None:
        for at, field in enumerate(_COUNTED):
            place = field.index
            had = stored is not None and stored[place] == "1"
            self._more[at] += sign * ((user[place] == "1") - had)

    def changes(self, state: State, tick: Tick) -> dict[str, Change]:
        """By field key, how many users have it set before and after."""
        before = [0] * len(_COUNTED)
        for users in in_steps(state.users.values(), len(state.users), tick):
            columns = zip(*map(_counted_of, users), strict=True)
            before = [sum(one) for one in zip(before, (c.count("1") for c in columns), strict=True)]
        return {
            field.key: Change(before[at], before[at] + self._more[at])
            for at, field in enumerate(_COUNTED)
        }


def in_steps(users: Iterable[User], total: int, tick: Tick) -> Iterable[list[User]]:
    """The users, a thousand at a time, with a tick after each thousand."""
    rest = iter(users)
    done = 0
    while batch := list(islice(rest, STEP)):
        yield batch
        done += len(batch)
        tick(Phase.CHECKING, done, total)
