"""One change of many users: values that all of them are given, or their deletion.

It is planned, looked at, and carried out in one transaction on the newest state. Where others
changed the store meanwhile so that it would be about other users, it is looked at again.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from qm_tui.gc_control import no_garbage_collection
from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.changes.mass_change import required_confirmation
from qm_tui.store.errors import ConfirmationRequired, StoreError
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import USUAL, ValidationOptions, validate_changes
from qm_tui.text import counted
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.issues import Fault


@dataclass(frozen=True, slots=True)
class BulkChange:
    """A change of some users.

    Attributes:
        kind: what it is, for programs.
        reason: what it is, for the activity log: "inactivate", "Location of 9 users".
        whom: given a state, the User IDs of the users; one who is not there is passed over.
        values: by field key, the values that all of them are given; None where they are deleted.
        terms: by which rules the change is checked.
    """

    kind: TransactionKind
    reason: str
    whom: Callable[[State], Iterable[str]]
    values: Mapping[str, str] | None
    terms: ValidationOptions = USUAL

    @property
    def deletes(self) -> bool:
        """Whether it deletes the users."""
        return self.values is None


@dataclass(slots=True)
class BulkPlan:
    """What a change would do to one state of a store.

    Attributes:
        change: the change.
        state: the state.
        changes: the users as they would be, by User ID; those who change.
        same: how many have all the values already.
        gone: how many are not there, or no longer.
        left_out: the users who cannot be changed, by User ID, and which rules that would break.
        must_confirm: the number that the admin must type, because it is a mass change, or deletes
            more than one user; or 0.
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
        """How many users it is about, those who do not change included."""
        return len(self.changes) + self.same + len(self.left_out)

    def has_outcome_of(self, other: "BulkPlan") -> bool:
        """Whether it does the same to the same users as another, whatever else became of them.

        Of users who are deleted all must be as it was.
        """
        if self.changes.keys() != other.changes.keys() or self.left_out != other.left_out:
            return False
        if not self.change.deletes or self.state.version == other.state.version:
            return True
        mine, others = self.state.users, other.state.users
        return all(mine[user_id] == others[user_id] for user_id in self.changes)


class NothingToChange(StoreError):
    """No user would change."""


class BulkChanged(StoreError):
    """Somebody changed something meanwhile, so that another plan must be looked at first.

    Attributes:
        plan: that plan.
    """

    def __init__(self, plan: BulkPlan) -> None:
        super().__init__("Somebody changed the store meanwhile. Nothing was changed yet.")
        self.plan = plan


def chosen(user_ids: Iterable[str]) -> Callable[[State], Iterable[str]]:
    """Users who were chosen one by one: those User IDs, whatever became of the store."""
    fixed = tuple(user_ids)
    return lambda _state: fixed


def having(one: Field, value: str) -> Callable[[State], Iterable[str]]:
    """All users who have exactly this value in a field."""
    place = one.index
    return lambda state: (user_id for user_id, user in state.users.items() if user[place] == value)


def plan_bulk(change: BulkChange, state: State, tick: Tick = no_tick) -> BulkPlan:
    """What a change would do to a state. Nothing is written.

    Args:
        change: the change.
        state: the state.
        tick: told how far it is; it may raise `Cancelled`.
    """
    plan = BulkPlan(change, state)
    given = [(FIELD[key].index, value) for key, value in (change.values or {}).items()]
    users = state.users
    for done, user_id in enumerate(change.whom(state)):
        if not done % STEP:
            tick(Phase.CHECKING, done, max(done, len(users)))
        stored = users.get(user_id)
        if stored is None:
            plan.gone += 1
        elif change.deletes:
            plan.changes[user_id] = None
        elif all(stored[place] == value for place, value in given):
            plan.same += 1
        else:
            values = list(stored)
            for place, value in given:
                values[place] = value
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
        confirmed: the number that the admin typed, for a mass change.
        expected: the plan that the admin has seen.
        tick: told how far it is; it may raise `Cancelled`, which leaves the store as it was.

    Returns:
        The plan that was carried out.

    Raises:
        ConfirmationRequired: it is a mass change, and `confirmed` is not its number; or a
            number was confirmed that is not that of the users who change.
        BulkChanged: it would do something else than expected.
        NothingToChange: no user would change.
        StoreError: the store could not be written; it is as it was.
    """
    action = Action(change.kind, change.reason)
    with no_garbage_collection(), store.transaction(action) as transaction:
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


_DOES: Final = "inactivate or unlicense {users}, or clear values of theirs"


def _why_nothing(plan: BulkPlan) -> str:
    if plan.left_out:
        fault = next(iter(plan.left_out.values()))[0]
        return f"Nothing was changed. {fault.message}. {fault.remedy}"
    if plan.same:
        return f"Nothing was changed: {counted(plan.same, 'user')} had the value already."
    return "Nothing was changed: no such user is there."


def _require_confirmation(plan: BulkPlan, confirmed: int) -> None:
    wanted, count = plan.must_confirm, len(plan.changes)
    if wanted and confirmed != wanted:
        users = counted(wanted, "user")
        does = f"delete {users}" if plan.change.deletes else _DOES.format(users=users)
        msg = f"This would {does}. Nothing was changed; confirm it with the number {wanted}."
        raise ConfirmationRequired(msg, wanted)
    if confirmed and not wanted and confirmed != count:
        msg = (
            f"This is about {counted(count, 'user')} and not {confirmed:,}. Nothing was changed; "
            "give the right number, or none."
        )
        raise ConfirmationRequired(msg, count)
