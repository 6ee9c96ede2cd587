"""The one check that every change of a user passes: its rules, and its name among all names.

The import asks the same rules of many records at once (`qm_tui.transfer.planning.planner`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, repeat
from typing import Final, cast

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.state import Changes, State
from qm_tui.store.user_names import NAME_TWICE, MatchedRecord, NameClaims, name_conflicts
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, shortened
from qm_tui.users.validation import (
    control_fault,
    faults_of,
    faults_of_update,
    is_of_update,
    length_fault,
    unprintable_rows,
    unsound_rows,
)

_NOWHERE: Final = 0
_USER_NAME: Final = FIELD["user_name"]


@dataclass(frozen=True, slots=True)
class ValidationOptions:
    """By which rules changes are checked.

    Attributes:
        allow_unlicensed: whether users may have neither of the licenses 14 and 15 (ours).
        previously_stored: by User ID, users as they once stood in the store. A value that stood
            there may come back, whatever the rules say of it: else what was deleted could be lost.
        validated_version: the version of the state on which the same rules were validated
            already, while the plan of an import was made; 0 if on none. On that very state they
            are not validated again, which would take a quarter of the time of the import; on any
            other they are.
    """

    allow_unlicensed: bool = False
    previously_stored: Mapping[str, User] = field(default_factory=dict)
    validated_version: int = 0


USUAL: Final = ValidationOptions()
"""The rules of the users file, without a choice."""


def validate_change(
    user: User, stored: User | None, terms: ValidationOptions = USUAL
) -> list[Fault]:
    """The faults that a change would make of a user by itself.

    Args:
        user: the user as it would be.
        stored: the user as it is; None where it would be added.
        terms: by which rules it is checked.
    """
    before = terms.previously_stored.get(user.user_id)
    if user == before:
        return []
    allows = terms.allow_unlicensed
    if stored is None:
        found = faults_of(user, allow_unlicensed=allows)
    else:
        found = faults_of_update(user, stored, allow_unlicensed=allows)
    for one, value in zip(FIELDS, user, strict=True):
        if value and (stored is None or value != stored[one.index]):
            fault = control_fault(one, value) or length_fault(one, value)
            if fault is not None:
                found = [other for other in found if other.field is not one] + [fault]
    if before is not None:
        found = [one for one in found if is_of_update(one, user, before)]
    return found


def validate_changes(
    changes: Changes, state: State, tick: Tick = no_tick, terms: ValidationOptions = USUAL
) -> Mapping[str, list[Fault]]:
    """The faults that changes would make, by User ID; users without any are left out.

    User Names are judged on the store as it would be after all changes that have no other fault:
    two users may swap names. Of two that would bear one name, the later change is at fault.
    """
    faults: dict[str, list[Fault]] = {}
    claims = NameClaims()
    for new, changed in _steps(changes, state, tick):
        found = _faults_of(new, changed, terms)
        faults |= found
        _claim(claims, new, changed, found)
    given_up = {user_id for user_id, user in changes.items() if user is None}
    for at, fault in name_conflicts(claims, _without(state, given_up), tick).items():
        faults[claims.user_ids[at]] = [_of_change(fault, claims.users[at])]
    return faults


def any_invalid(changes: Changes, state: State, tick: Tick, terms: ValidationOptions) -> bool:
    """Whether a user would break a rule by itself, whatever User Names the others have."""
    return any(_faults_of(new, changed, terms) for new, changed in _steps(changes, state, tick))


def _steps(
    changes: Changes, state: State, tick: Tick
) -> Iterator[tuple[Sequence[User], Sequence[tuple[User, User]]]]:
    """Some changes after the other: the users who are new, and those who change, as they were."""
    users = state.users
    user_ids, others = iter(changes), iter(changes.values())
    for done in range(0, len(changes), STEP):
        tick(Phase.CHECKING, done, len(changes))
        some = list(islice(others, STEP))
        new, changed = [], []
        if not users and None not in some:
            new = some  # all are new, as where users move to here
        else:
            for user_id, user in zip(islice(user_ids, STEP), some, strict=True):
                stored = users.get(user_id)
                if user is None or user is stored:
                    continue
                if stored is None:
                    new.append(user)
                else:
                    changed.append((user, stored))
        yield cast("list[User]", new), changed


def _faults_of(
    new: Sequence[User], changed: Sequence[tuple[User, User]], terms: ValidationOptions
) -> dict[str, list[Fault]]:
    found = dict(_faults_of_new(new, terms))
    found.update(_faults_of_changed(changed, terms))
    return found


def _faults_of_new(
    users: Sequence[User], terms: ValidationOptions
) -> Iterator[tuple[str, list[Fault]]]:
    """The faults of users who would be added. Most have none, which is found out of all at once."""
    if not users:
        return
    columns = list(zip(*users, strict=True))
    suspects = unsound_rows(columns, allow_unlicensed=terms.allow_unlicensed)
    suspects |= unprintable_rows(columns)
    for at in sorted(suspects):
        if found := validate_change(users[at], None, terms):
            yield users[at].user_id, found


def _faults_of_changed(
    pairs: Sequence[tuple[User, User]], terms: ValidationOptions
) -> Iterator[tuple[str, list[Fault]]]:
    """The faults of users who would be changed: only what changes is looked at."""
    if not pairs:
        return
    users, stored = zip(*pairs, strict=True)
    columns, before = list(zip(*users, strict=True)), zip(*stored, strict=True)
    places = {
        at for at, (one, other) in enumerate(zip(columns, before, strict=True)) if one != other
    }
    suspects = unsound_rows(columns, allow_unlicensed=terms.allow_unlicensed, places=places)
    suspects |= unprintable_rows([columns[at] for at in places])
    for at in sorted(suspects):
        if found := validate_change(users[at], stored[at], terms):
            yield users[at].user_id, found


def _claim(
    claims: NameClaims,
    new: Sequence[User],
    changed: Sequence[tuple[User, User]],
    faults: Mapping[str, list[Fault]],
) -> None:
    """Claim the names of those without a fault who do not bear them yet."""
    for user, stored in changed:
        if user.user_name != stored.user_name and user.user_id not in faults:
            claims.add(MatchedRecord(_NOWHERE, _NOWHERE, user, stored))
    sound = [user for user in new if user.user_id not in faults] if faults else new
    nowhere = list(repeat(_NOWHERE, len(sound)))
    claims.add_new(
        nowhere,
        nowhere,
        [user.user_id for user in sound],
        [name_key(user.user_name) for user in sound],
        sound,
    )


def _of_change(fault: Fault, user: User | None) -> Fault:
    """The fault of a name, in words for a change that is no record of a file."""
    if fault.reason == NAME_TWICE:
        name = shortened(user.user_name) if user is not None else ""
        message = f"{_USER_NAME.name} '{name}' would belong to two users"
        return fault._replace(message=message, reason="")
    return fault._replace(remedy=f"Choose another {_USER_NAME.name}.")


def _without(state: State, user_ids: set[str]) -> State:
    """The state without the names of users who are about to be deleted."""
    if not user_ids:
        return state
    names = {key: user_id for key, user_id in state.names.items() if user_id not in user_ids}
    return State(state.number, state.users, names)
