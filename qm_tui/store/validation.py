"""Validation of every change of a user: the rules, and its User Name among all User Names.

The import validates many records at once by the same rules (`qm_tui.transfer.planning.planner`).
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
    """Options of the validation of changes.

    Attributes:
        allow_unlicensed: whether users may have neither of the licenses 14 and 15 (ours).
        previously_stored: by User ID, users as they were stored before. A value that has been
            stored may be restored even if it is invalid; otherwise a deleted user could be lost.
        validated_version: the version of the state on which the plan of an import has been
            validated; 0 if on none. On this state it is not validated again, which would take a
            quarter of the time of the import.
    """

    allow_unlicensed: bool = False
    previously_stored: Mapping[str, User] = field(default_factory=dict)
    validated_version: int = 0


USUAL: Final = ValidationOptions()
"""The rules of the users file, with the default options."""


def validate_change(
    user: User, stored: User | None, terms: ValidationOptions = USUAL
) -> list[Fault]:
    """Return the errors of a changed user, apart from its User Name among all User Names.

    Args:
        user: the user as it would be.
        stored: the user as it is; None if it would be added.
        terms: the options.
    """
    before = terms.previously_stored.get(user.user_id)
    if user == before:
        return []
    allows = terms.allow_unlicensed
    if stored is None:
        faults = faults_of(user, allow_unlicensed=allows)
    else:
        faults = faults_of_update(user, stored, allow_unlicensed=allows)
    for checked, value in zip(FIELDS, user, strict=True):
        if value and (stored is None or value != stored[checked.index]):
            fault = control_fault(checked, value) or length_fault(checked, value)
            if fault is not None:
                faults = [other for other in faults if other.field is not checked] + [fault]
    if before is not None:
        faults = [fault for fault in faults if is_of_update(fault, user, before)]
    return faults


def validate_changes(
    changes: Changes, state: State, tick: Tick = no_tick, terms: ValidationOptions = USUAL
) -> Mapping[str, list[Fault]]:
    """Return the errors of changes, by User ID, of the users that have any.

    User Names are validated on the store as it would be after all changes that are otherwise valid:
    two users may swap names. If two would have one name, the later change has the error.
    """
    faults: dict[str, list[Fault]] = {}
    claims = NameClaims()
    for new, changed in _steps(changes, state, tick):
        found = _faults_of(new, changed, terms)
        faults |= found
        _claim(claims, new, changed, found)
    deleted = {user_id for user_id, user in changes.items() if user is None}
    for index, fault in name_conflicts(claims, _without(state, deleted), tick).items():
        faults[claims.user_ids[index]] = [_of_change(fault, claims.users[index])]
    return faults


def any_invalid(changes: Changes, state: State, tick: Tick, terms: ValidationOptions) -> bool:
    """Whether a user would break a rule, apart from its User Name among all User Names."""
    return any(_faults_of(new, changed, terms) for new, changed in _steps(changes, state, tick))


def _steps(
    changes: Changes, state: State, tick: Tick
) -> Iterator[tuple[Sequence[User], Sequence[tuple[User, User]]]]:
    """Yield the changes in batches: the new users, and the changed ones with their stored state."""
    users = state.users
    user_ids, others = iter(changes), iter(changes.values())
    for done in range(0, len(changes), STEP):
        tick(Phase.CHECKING, done, len(changes))
        batch = list(islice(others, STEP))
        new, changed = [], []
        if not users and None not in batch:
            new = batch  # all are new, as in the first import into a store
        else:
            for user_id, user in zip(islice(user_ids, STEP), batch, strict=True):
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
    """Yield the errors of new users. A fast check of all of them excludes most."""
    if not users:
        return
    columns = list(zip(*users, strict=True))
    suspects = unsound_rows(columns, allow_unlicensed=terms.allow_unlicensed)
    suspects |= unprintable_rows(columns)
    for index in sorted(suspects):
        if found := validate_change(users[index], None, terms):
            yield users[index].user_id, found


def _faults_of_changed(
    pairs: Sequence[tuple[User, User]], terms: ValidationOptions
) -> Iterator[tuple[str, list[Fault]]]:
    """Yield the errors of changed users. Only the changed values are validated."""
    if not pairs:
        return
    users, stored = zip(*pairs, strict=True)
    columns, before = list(zip(*users, strict=True)), zip(*stored, strict=True)
    places = {
        index for index, (new, old) in enumerate(zip(columns, before, strict=True)) if new != old
    }
    suspects = unsound_rows(columns, allow_unlicensed=terms.allow_unlicensed, places=places)
    suspects |= unprintable_rows([columns[index] for index in places])
    for index in sorted(suspects):
        if found := validate_change(users[index], stored[index], terms):
            yield users[index].user_id, found


def _claim(
    claims: NameClaims,
    new: Sequence[User],
    changed: Sequence[tuple[User, User]],
    faults: Mapping[str, list[Fault]],
) -> None:
    """Claim the names of the users without errors, if the names are new."""
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
    """Return the error of a name, in words for a change that does not come from a file."""
    if fault.reason == NAME_TWICE:
        name = shortened(user.user_name) if user is not None else ""
        message = f"{_USER_NAME.name} '{name}' would be used by two users"
        return fault._replace(message=message, reason="")
    return fault._replace(remedy=f"Use another {_USER_NAME.name}.")


def _without(state: State, user_ids: set[str]) -> State:
    """Return the state without the names of users that will be deleted."""
    if not user_ids:
        return state
    names = {key: user_id for key, user_id in state.names.items() if user_id not in user_ids}
    return State(state.number, state.users, names)
