"""A change of several users at once: the same values for all of them, or their deletion.

It is planned, shown, and carried out in one transaction on the newest state. If another admin
changed the store so that it would affect other users, it is shown again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from qm_tui.gc_control import no_garbage_collection
from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.changes.mass_change import required_confirmation
from qm_tui.store.errors import STORE_CHANGED, ConfirmationRequired, StoreError
from qm_tui.store.interface import Action, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import USUAL, ValidationOptions, validate_changes
from qm_tui.text import counted
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.issues import Fault


@dataclass(frozen=True, slots=True)
class BulkChange:
    """A change of several users.

    Attributes:
        action: what it is, for the activity log.
        whom: returns the User IDs of the users in a state; users that do not exist are skipped.
        values: by field key, the values to set; None to delete the users.
        terms: the options of the validation.
    """

    action: Action
    whom: Callable[[State], Iterable[str]]
    values: Mapping[str, str] | None
    terms: ValidationOptions = USUAL

    @property
    def deletes(self) -> bool:
        """Whether it deletes the users."""
        return self.values is None


@dataclass(slots=True)
class BulkPlan:
    """What a change would do to a state of a store.

    Attributes:
        change: the change.
        state: the state.
        changes: the changed users as they would be, by User ID.
        same: the number of users that already have the values.
        gone: the number of users that do not exist.
        left_out: the errors of users that cannot be changed, by User ID.
        must_confirm: the number that confirms it, if it is a mass change or deletes more than one
            user; otherwise 0.
    """

    change: BulkChange
    state: State
    changes: dict[str, User | None] = field(default_factory=dict)
    same: int = 0
    gone: int = 0
    left_out: Mapping[str, list[Fault]] = field(default_factory=dict)
    must_confirm: int = 0

    @property
    def users(self) -> int:
        """The number of users it applies to, including those that do not change."""
        return len(self.changes) + self.same + len(self.left_out)

    def has_outcome_of(self, other: "BulkPlan") -> bool:
        """Whether it does the same to the same users as another, whatever else has changed.

        If it deletes users, none of their values may have changed.
        """
        if self.changes.keys() != other.changes.keys() or self.left_out != other.left_out:
            return False
        if not self.change.deletes or self.state.version == other.state.version:
            return True
        mine, others = self.state.users, other.state.users
        return all(mine[user_id] == others[user_id] for user_id in self.changes)


class NothingToChange(StoreError):
    """No users would change."""


class BulkChanged(StoreError):
    """Another admin changed the store, so the change would do something else. Nothing was changed.

    Attributes:
        plan: what it would do now.
    """

    def __init__(self, plan: BulkPlan) -> None:
        super().__init__(f"{STORE_CHANGED} Nothing was changed.")
        self.plan = plan


def chosen(user_ids: Iterable[str]) -> Callable[[State], Iterable[str]]:
    """Return a function that returns these User IDs for any state."""
    fixed = tuple(user_ids)
    return lambda _state: fixed


def having(searched: Field, value: str) -> Callable[[State], Iterable[str]]:
    """Return a function that returns the User IDs of all users with exactly this value."""
    index = searched.index
    return lambda state: (user_id for user_id, user in state.users.items() if user[index] == value)


def plan_bulk(change: BulkChange, state: State, tick: Tick = no_tick) -> BulkPlan:
    """Return what a change would do to a state. Nothing is written.

    Args:
        change: the change.
        state: the state.
        tick: the progress; it may raise `Cancelled`.
    """
    plan = BulkPlan(change, state)
    new_values = [(FIELD[key].index, value) for key, value in (change.values or {}).items()]
    users = state.users
    for done, user_id in enumerate(change.whom(state)):
        if not done % STEP:
            tick(Phase.CHECKING, done, max(done, len(users)))
        stored = users.get(user_id)
        if stored is None:
            plan.gone += 1
        elif change.deletes:
            plan.changes[user_id] = None
        elif all(stored[index] == value for index, value in new_values):
            plan.same += 1
        else:
            values = list(stored)
            for index, value in new_values:
                values[index] = value
            plan.changes[user_id] = tuple.__new__(User, values)
    plan.left_out = validate_changes(plan.changes, state, tick, change.terms)
    for user_id in plan.left_out:
        del plan.changes[user_id]
    if change.deletes:
        plan.must_confirm = len(plan.changes) if len(plan.changes) > 1 else 0
    else:
        plan.must_confirm = required_confirmation(plan.changes, state, tick)
    return plan


def commit_bulk(
    store: UserStore,
    change: BulkChange,
    *,
    confirmed: int = 0,
    expected: BulkPlan | None = None,
    tick: Tick = no_tick,
) -> BulkPlan:
    """Carry out a change in one transaction, which can be undone.

    Args:
        store: the store.
        change: the change.
        confirmed: the number that the admin typed to confirm a mass change.
        expected: the plan that the admin has seen.
        tick: the progress; if it raises `Cancelled`, nothing is changed.

    Returns:
        The plan that was carried out.

    Raises:
        ConfirmationRequired: it is a mass change, and `confirmed` is not its number; or a number
            was confirmed that is not the number of affected users.
        BulkChanged: it would do something else than expected.
        NothingToChange: no users would change.
        StoreError: the store could not be written; nothing was changed.
    """
    with no_garbage_collection(), store.transaction(change.action) as transaction:
        state = transaction.state
        plan = expected
        if plan is None or plan.state.version != state.version:
            plan = plan_bulk(change, state, tick)
        if expected is not None and not plan.has_outcome_of(expected):
            raise BulkChanged(plan)
        if not plan.changes:
            raise NothingToChange(_why_nothing(plan))
        _require_confirmation(plan, confirmed)
        transaction.commit(plan.changes, tick, change.terms)
    return plan


_LICENSES: Final = frozenset(one.key for one in FIELD.values() if one.key.endswith("_license"))


def _mass_effect(change: BulkChange) -> str:
    """Return what a mass change does to the affected users, before `3 users`."""
    if change.values is None:
        return "delete"
    if change.values.keys() == {"is_active"}:
        return "inactivate"
    if change.values.keys() <= _LICENSES:
        return "remove licenses from"
    if len(change.values) == 1:
        (key,) = change.values
        return f"clear {FIELD[key].name} for"
    return "inactivate, remove licenses from, or clear values for"


def _why_nothing(plan: BulkPlan) -> str:
    if plan.left_out:
        fault = next(iter(plan.left_out.values()))[0]
        return f"Nothing was changed. {fault.message}. {fault.remedy}"
    if plan.same:
        have = "has" if plan.same == 1 else "have"
        return f"Nothing to change: {counted(plan.same, 'user')} already {have} this value."
    return "Nothing was changed: the users do not exist."


def _require_confirmation(plan: BulkPlan, confirmed: int) -> None:
    wanted, count = plan.must_confirm, len(plan.changes)
    if wanted and confirmed != wanted:
        users = f"{wanted:,} of {counted(len(plan.state.users), 'user')}"
        msg = f"This would {_mass_effect(plan.change)} {users}. Nothing was changed."
        raise ConfirmationRequired(msg, wanted)
    if confirmed and not wanted and confirmed != count:
        msg = f"This affects {counted(count, 'user')}, not {confirmed:,}. Nothing was changed."
        raise ConfirmationRequired(msg, count)
