"""User Names, judged on the store as it will be after the import.

Source: the users file, section 3, "Duplicates". Two users may swap names. Of two that would end
with the same name the later record is rejected; a user whose record is rejected keeps the name it
has, which may cost another record its name, and so on until nothing more is rejected.
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

NAME_OF_A_USER: Final = "User Name belongs to a user who is here already"
"""What is wrong with records that may be meant for a user who is there."""

NAME_OF_ANOTHER: Final = "User Name belongs to another user"
NAME_TWICE: Final = "User Name stands twice in the file"


class MatchedRecord(NamedTuple):
    """A record, held against the store.

    Attributes:
        number: its number.
        line: the line on which it starts.
        user: the user that it would leave behind.
        stored: the user that it would change; None where it would add one.
    """

    number: int
    line: int
    user: User
    stored: User | None


class NameClaims:
    """The users that accepted records would leave behind, and the names they claim.

    Kept in lists side by side: a hundred thousand are added, and asked for their names, in a
    tenth of the time that an object for each would take.
    """

    def __init__(self) -> None:
        self.numbers: array[int] = array("q")
        self.lines: array[int] = array("q")
        self.user_ids: list[str] = []
        self.keys: list[str] = []
        """The names claimed, comparable."""
        self.stored: list[User | None] = []
        self.users: list[User | None] = []
        """The users; None where whoever counts has no need of one."""
        self.claimed: set[str] = set()
        """The same names, each once."""

    def add(self, judged: MatchedRecord) -> None:
        """Add one."""
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
        """Add many new users; None for the users where only their names matter."""
        self.numbers.extend(numbers)
        self.lines.extend(lines)
        self.user_ids += user_ids
        self.keys += keys
        self.stored += repeat(None, len(keys))
        self.users += repeat(None, len(keys)) if users is None else users
        self.claimed.update(keys)

    def in_file_order(self) -> None:
        """Put them into the order of their numbers, in which they are judged."""
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
    """The fault of a User Name that another user has.

    Args:
        user_name: the name.
        owner: who has it.
        is_new: whether the record has no User ID, and may be meant for the owner.
    """
    name = f"{owner.first_name} {owner.last_name}".strip()
    return Fault(
        _USER_NAME,
        f"User Name '{shortened(user_name)}' belongs to {shortened(name)} already",
        "Choose another User Name, or write that user's User ID into the record to update it."
        if is_new
        else "Choose another User Name, or correct the record that was to give it up.",
        reason=NAME_OF_A_USER if is_new else NAME_OF_ANOTHER,
    )


def name_twice(user_name: str, line: int) -> Fault:
    """The fault of a User Name that a record before claims.

    Args:
        user_name: the name.
        line: the line of that record.
    """
    return Fault(
        _USER_NAME,
        f"User Name '{shortened(user_name)}' stands in line {line} already",
        "Give each user a User Name of its own.",
        reason=NAME_TWICE,
    )


def name_conflicts(claims: NameClaims, state: State, tick: Tick = no_tick) -> dict[int, Fault]:
    """The claims that must be rejected, by their place, each with the reason."""
    keys, owners = claims.keys, state.names
    if len(claims.claimed) == len(keys) and not (owners and any(key in owners for key in keys)):
        return {}  # all names are new, and each is claimed once
    return _Settlement(claims, state, tick).rejected


class _Settlement:
    """Who gets which name, where it is not plain."""

    def __init__(self, claims: NameClaims, state: State, tick: Tick) -> None:
        self._claims = claims
        self._first_to_claim: dict[str, int] = {}
        self._to_settle: list[int] = []
        self.rejected: dict[int, Fault] = {}
        contested = self._take_claims(state, tick)
        for at, owner in contested:
            self._reject_taken(at, owner)
        self._settle()

    def _take_claims(self, state: State, tick: Tick) -> list[tuple[int, User]]:
        """Reject later claims to a name; those whose name a stored user keeps are returned."""
        claims = self._claims
        given_up: set[str] = set()
        contested: list[tuple[int, str, str]] = []
        for at, key in enumerate(claims.keys):
            if not at % STEP:
                tick(Phase.CHECKING, at, len(claims.keys))
            first = self._first_to_claim.setdefault(key, at)
            if first != at:
                self._reject(at, self._claimed_already(at, first))
            owner_id = state.names.get(key)
            if owner_id is not None and owner_id != claims.user_ids[at]:
                contested.append((at, key, owner_id))
            stored = claims.stored[at]
            if stored is not None and name_key(stored.user_name) != key:
                given_up.add(name_key(stored.user_name))
        return [
            (at, state.users[owner_id]) for at, key, owner_id in contested if key not in given_up
        ]

    def _claimed_already(self, at: int, first: int) -> Fault:
        return name_twice(self._name(at), self._claims.lines[first])

    def _reject(self, at: int, fault: Fault) -> None:
        if at not in self.rejected:
            self.rejected[at] = fault
            self._to_settle.append(at)

    def _reject_taken(self, at: int, owner: User) -> None:
        is_new = self._claims.stored[at] is None
        self._reject(at, name_taken(self._name(at), owner, is_new=is_new))

    def _name(self, at: int) -> str:
        user = self._claims.users[at]
        return self._claims.keys[at] if user is None else user.user_name

    def _settle(self) -> None:
        """A user whose record is rejected keeps its old name: nobody else can have it."""
        claims = self._claims
        while self._to_settle:
            stored = claims.stored[self._to_settle.pop()]
            if stored is None:
                continue
            claimant = self._first_to_claim.get(name_key(stored.user_name))
            if claimant is not None and claims.user_ids[claimant] != stored.user_id:
                self._reject_taken(claimant, stored)
