"""Validation of User Names on the store as it will be after an import.

Source: the users file, section 3, "Duplicates". Two users may swap names. If two would have the
same name, the later record is rejected. The user of a rejected record retains its stored name,
which may cause another record to be rejected, and so on.
"""

from array import array
from collections.abc import Sequence
from itertools import islice, repeat
from operator import le
from typing import Final, NamedTuple

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.state import State
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, shortened

_USER_NAME: Final = FIELD["user_name"]

NAME_OF_A_USER: Final = "User Name is already in use"
"""The error of records that may be meant to update the user with this name."""

NAME_OF_ANOTHER: Final = "User Name belongs to another user"
NAME_TWICE: Final = "Duplicate User Name in the file"


class MatchedRecord(NamedTuple):
    """A record with the stored user that it would change.

    Attributes:
        number: its number.
        line: the line on which it starts.
        user: the user after it.
        stored: the user before it; None if it would add a user.
    """

    number: int
    line: int
    user: User
    stored: User | None


class NameClaims:
    """The users after accepted records, and the names that they claim.

    The data is in parallel lists: for 100,000 users that takes a tenth of the time that one object
    for each would take.
    """

    def __init__(self) -> None:
        self.numbers: array[int] = array("q")
        self.lines: array[int] = array("q")
        self.user_ids: list[str] = []
        self.keys: list[str] = []
        """The claimed names, as `name_key` makes them comparable."""
        self.stored: list[User | None] = []
        self.users: list[User | None] = []
        """The users; None if the caller does not need them."""
        self.claimed: set[str] = set()
        """The same names, without duplicates."""

    def add(self, judged: MatchedRecord) -> None:
        """Add the claim of a record."""
        user = judged.user
        key = name_key(user.user_name)
        self.numbers.append(judged.number)
        self.lines.append(judged.line)
        self.user_ids.append(user.user_id)
        self.keys.append(key)
        self.stored.append(judged.stored)
        self.users.append(user)
        self.claimed.add(key)

    def add_new(
        self,
        numbers: Sequence[int],
        lines: Sequence[int],
        user_ids: Sequence[str],
        keys: Sequence[str],
        users: Sequence[User] | None,
    ) -> None:
        """Add the claims of many new users; without the users, if only the names matter."""
        self.numbers.extend(numbers)
        self.lines.extend(lines)
        self.user_ids += user_ids
        self.keys += keys
        self.stored += repeat(None, len(keys))
        self.users += repeat(None, len(keys)) if users is None else users
        self.claimed.update(keys)

    def in_file_order(self) -> None:
        """Sort them by the numbers of the records: an earlier record has priority."""
        numbers = self.numbers
        if all(map(le, numbers, islice(numbers, 1, None))):
            return
        order = sorted(range(len(numbers)), key=numbers.__getitem__)
        self.numbers = array("q", map(numbers.__getitem__, order))
        self.lines = array("q", map(self.lines.__getitem__, order))
        self.user_ids = list(map(self.user_ids.__getitem__, order))
        self.keys = list(map(self.keys.__getitem__, order))
        self.stored = list(map(self.stored.__getitem__, order))
        self.users = list(map(self.users.__getitem__, order))


def name_taken(user_name: str, owner: User, *, is_new: bool) -> Fault:
    """Return the error of a User Name that another user has.

    Args:
        user_name: the name.
        owner: the user that has it.
        is_new: whether the record has no User ID, and may be meant for the owner.
    """
    name = f"{owner.first_name} {owner.last_name}".strip()
    return Fault(
        _USER_NAME,
        f"User Name '{shortened(user_name)}' is already used by {shortened(name)}",
        "Use another User Name, or add the User ID of that user to update the user."
        if is_new
        else "Use another User Name, or correct the record that should release this one.",
        reason=NAME_OF_A_USER if is_new else NAME_OF_ANOTHER,
    )


def name_twice(user_name: str, line: int) -> Fault:
    """Return the error of a User Name that an earlier record claims.

    Args:
        user_name: the name.
        line: the line of that record.
    """
    return Fault(
        _USER_NAME,
        f"User Name '{shortened(user_name)}' is already used in line {line}",
        "Use a unique User Name for each user.",
        reason=NAME_TWICE,
    )


def name_conflicts(claims: NameClaims, state: State, tick: Tick = no_tick) -> dict[int, Fault]:
    """Return the errors of the claims that must be rejected, by their index."""
    keys, owners = claims.keys, state.names
    if len(claims.claimed) == len(keys) and not (owners and any(key in owners for key in keys)):
        return {}  # all names are new, and each is claimed once
    return _Settlement(claims, state, tick).rejected


class _Settlement:
    """Resolves conflicting claims."""

    def __init__(self, claims: NameClaims, state: State, tick: Tick) -> None:
        self._claims = claims
        self._first_to_claim: dict[str, int] = {}
        self._to_settle: list[int] = []
        self.rejected: dict[int, Fault] = {}
        contested = self._take_claims(state, tick)
        for index, owner in contested:
            self._reject_taken(index, owner)
        self._settle()

    def _take_claims(self, state: State, tick: Tick) -> list[tuple[int, User]]:
        """Reject later claims to a name; return the claims to names that stored users retain."""
        claims = self._claims
        released: set[str] = set()
        contested: list[tuple[int, str, str]] = []
        for index, key in enumerate(claims.keys):
            if not index % STEP:
                tick(Phase.CHECKING, index, len(claims.keys))
            first = self._first_to_claim.setdefault(key, index)
            if first != index:
                self._reject(index, self._claimed_already(index, first))
            owner_id = state.names.get(key)
            if owner_id is not None and owner_id != claims.user_ids[index]:
                contested.append((index, key, owner_id))
            stored = claims.stored[index]
            if stored is not None and name_key(stored.user_name) != key:
                released.add(name_key(stored.user_name))
        return [
            (index, state.users[owner_id])
            for index, key, owner_id in contested
            if key not in released
        ]

    def _claimed_already(self, index: int, first: int) -> Fault:
        return name_twice(self._name(index), self._claims.lines[first])

    def _reject(self, index: int, fault: Fault) -> None:
        if index not in self.rejected:
            self.rejected[index] = fault
            self._to_settle.append(index)

    def _reject_taken(self, index: int, owner: User) -> None:
        is_new = self._claims.stored[index] is None
        self._reject(index, name_taken(self._name(index), owner, is_new=is_new))

    def _name(self, index: int) -> str:
        user = self._claims.users[index]
        return self._claims.keys[index] if user is None else user.user_name

    def _settle(self) -> None:
        """Reject claims to the stored names of users with rejected records."""
        claims = self._claims
        while self._to_settle:
            stored = claims.stored[self._to_settle.pop()]
            if stored is None:
                continue
            claimant = self._first_to_claim.get(name_key(stored.user_name))
            if claimant is not None and claims.user_ids[claimant] != stored.user_id:
                self._reject_taken(claimant, stored)
