"""The one check that every change of a user passes: its rules, and its name among all names.

The import asks the same rules of many records at once (`qm_tui.transfer.planning`).
"""

from collections.abc import Mapping
from typing import Final

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.interface import Changes, State
from qm_tui.store.naming import Claims, Judged, name_conflicts
from qm_tui.users.fields import FIELDS, User
from qm_tui.users.problems import Fault
from qm_tui.users.rules import control_fault, faults_of, faults_of_update, length_fault

_NOWHERE: Final = 0


def faults_of_change(user: User, stored: User | None) -> list[Fault]:
    """The faults that a change would make of a user by itself.

    Args:
        user: the user as it would be.
        stored: the user as it is; None where it would be added.
    """
    found = faults_of(user) if stored is None else faults_of_update(user, stored)
    for field, value in zip(FIELDS, user, strict=True):
        if value and (stored is None or value != stored[field.index]):
            fault = control_fault(field, value) or length_fault(field, value)
            if fault is not None:
                found = [one for one in found if one.field is not field] + [fault]
    return found


def faults_of_changes(
    changes: Changes, state: State, tick: Tick = no_tick
) -> Mapping[str, list[Fault]]:
    """The faults that changes would make, by User ID; users without any are left out.

    User Names are judged on the store as it would be after all changes that have no other fault:
    two users may swap names. Of two that would bear one name, the later change is at fault.
    """
    faults: dict[str, list[Fault]] = {}
    claims = Claims()
    given_up = {user_id for user_id, user in changes.items() if user is None}
    for done, (user_id, user) in enumerate(changes.items(), start=1):
        if not done % STEP:
            tick(Phase.CHECKING, done, len(changes))
        if user is None:
            continue
        stored = state.users.get(user_id)
        found = faults_of_change(user, stored)
        if found:
            faults[user_id] = found
        else:
            claims.add(Judged(_NOWHERE, _NOWHERE, user, stored))
    for at, fault in name_conflicts(claims, _without(state, given_up), tick).items():
        faults[claims.user_ids[at]] = [fault]
    return faults


def _without(state: State, user_ids: set[str]) -> State:
    """The state without the names of users who are about to be deleted."""
    if not user_ids:
        return state
    names = {key: user_id for key, user_id in state.names.items() if user_id not in user_ids}
    return State(state.generation, state.users, names)
