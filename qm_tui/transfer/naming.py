"""User Names, judged on the store as it will be after the import.

Source: the users file, section 3, "Duplicates". Two users may swap names. Of two that would end
with the same name the later record is rejected; a user whose record is rejected keeps the name it
has, which may cost another record its name, and so on until nothing more is rejected.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.interface import State
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import name_key
from qm_tui.users.problems import Fault, shortened

_USER_NAME: Final = FIELD["user_name"]


class Judged(NamedTuple):
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


def name_taken(user_name: str, owner: User) -> Fault:
    """The fault of a User Name that another user has."""
    name = f"{owner.first_name} {owner.last_name}".strip()
    return Fault(
        _USER_NAME,
        f"User Name '{shortened(user_name)}' belongs to {shortened(name)} already",
        "Choose another User Name, or write that user's User ID into the record to update it.",
    )


def name_conflicts(
    claims: Sequence[Judged], state: State, tick: Tick = no_tick
) -> dict[int, Fault]:
    """The claims that must be rejected, by their place, each with the reason."""
    owners = state.names
    keys = [name_key(claim.user.user_name) for claim in claims]
    if len(set(keys)) == len(keys) and not (owners and any(key in owners for key in keys)):
        return {}  # all names are new, and each is claimed once
    first_to_claim: dict[str, int] = {}
    given_up: set[str] = set()
    later: list[tuple[int, int]] = []
    contested: list[tuple[int, str, str]] = []
    for at, (_, _, user, stored) in enumerate(claims):
        if not at % STEP:
            tick(Phase.CHECKING, at, len(claims))
        key = keys[at]
        first = first_to_claim.setdefault(key, at)
        if first != at:
            later.append((at, first))
        owner_id = owners.get(key)
        if owner_id is not None and owner_id != user.user_id:
            contested.append((at, key, owner_id))
        if stored is not None:
            old = name_key(stored.user_name)
            if old != key:
                given_up.add(old)

    rejected: dict[int, Fault] = {}
    to_settle: list[int] = []

    def reject(at: int, fault: Fault) -> None:
        if at not in rejected:
            rejected[at] = fault
            to_settle.append(at)

    for at, first in later:
        reject(
            at,
            Fault(
                _USER_NAME,
                f"User Name '{shortened(claims[at].user.user_name)}' stands in line "
                f"{claims[first].line} already",
                "Give each user a User Name of its own.",
            ),
        )
    for at, key, owner_id in contested:
        if key not in given_up:
            reject(at, name_taken(claims[at].user.user_name, state.users[owner_id]))
    while to_settle:
        stored = claims[to_settle.pop()].stored
        if stored is None:
            continue
        # this user keeps its old name after all: nobody else can have it
        claimant = first_to_claim.get(name_key(stored.user_name))
        if claimant is not None and claims[claimant].user.user_id != stored.user_id:
            reject(claimant, name_taken(claims[claimant].user.user_name, stored))
    return rejected
