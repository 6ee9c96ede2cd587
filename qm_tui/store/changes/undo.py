"""Taking a transaction back: field by field, and nothing that came after it.

What a transaction made of a value is taken back if it still stands. A value that was changed since
is kept, and so is one whose return would break a rule or give a name to two users; each is named.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.store.changes.mass_change import required_confirmation
from qm_tui.store.errors import ConfirmationRequired, StoreError
from qm_tui.store.interface import (
    Action,
    TransactionKind,
    TransactionSummary,
    UserChange,
    UserStore,
)
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.text import counted
from qm_tui.users.fields import FIELD, Field, User, user_from_mapping
from qm_tui.users.issues import Fault

_TOGETHER: Final = (
    ("password", "salt"),
    ("unlimited_license", "on_demand_license"),
)
"""Fields that are taken back together or not at all: one without the other would lock a user out,
or break the rule of the licenses."""

_LICENSES: Final = _TOGETHER[1]
_CHANGED_SINCE: Final = "it was changed since"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is not taken back.

    Attributes:
        user_id: the user.
        name: the user's name, for people.
        field: the field that keeps its value; None where it is the user as a whole.
        reason: why, without a full stop.
    """

    user_id: str
    name: str
    field: Field | None
    reason: str


@dataclass(slots=True)
class UndoPlan:
    """What taking a transaction back would do to one state of a store.

    Attributes:
        number: the transaction.
        reason: what it was.
        version: the state's version.
        changes: the users as they would be, by User ID.
        kept: what is not taken back.
        restored: how many users come back.
        changed: how many change back.
        removed: how many are removed again.
        must_confirm: the number that the admin must type, because it is a mass change; or 0.
        terms: by which rules it is checked: what stood in the store before may come back.
    """

    number: int
    reason: str
    version: int
    changes: dict[str, User | None] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    restored: int = 0
    changed: int = 0
    removed: int = 0
    must_confirm: int = 0
    terms: ValidationOptions = field(default_factory=ValidationOptions)

    @property
    def counts(self) -> str:
        """What it does, in words: "3 users change back, 1 user is removed again"."""
        return self._in_words(
            ("changes back", "change back"),
            ("comes back", "come back"),
            ("is removed again", "are removed again"),
        )

    @property
    def done(self) -> str:
        """What it did, in words: "3 users changed back, 1 user removed again"."""
        return self._in_words(("changed back",) * 2, ("brought back",) * 2, ("removed again",) * 2)

    def _in_words(self, *words: tuple[str, str]) -> str:
        said = (
            (number, one, many)
            for number, (one, many) in zip(
                (self.changed, self.restored, self.removed), words, strict=True
            )
        )
        parts = [
            f"{counted(number, 'user')} {one if number == 1 else many}"
            for number, one, many in said
            if number
        ]
        return ", ".join(parts) or "nothing changes"

    def has_outcome_of(self, other: "UndoPlan") -> bool:
        """Whether it does the same as another, whatever else became of the store."""
        mine, others = self.changes, other.changes
        if mine.keys() != others.keys() or self.kept != other.kept:
            return False
        # one by one: all at once is one long call, for which every key would wait
        return all(mine[user_id] == others[user_id] for user_id in mine)


class NothingToUndo(StoreError):
    """Nothing of the transaction can be taken back."""


class PlanChanged(StoreError):
    """Somebody changed something meanwhile, so that another plan must be looked at first.

    Attributes:
        plan: that plan.
    """

    def __init__(self, sentence: str, plan: UndoPlan) -> None:
        super().__init__(sentence)
        self.plan = plan


def plan_undo(store: UserStore, number: int, tick: Tick = no_tick) -> UndoPlan:
    """What taking back a transaction would do now.

    Raises:
        StoreError: there is no such transaction, or what it did is no longer kept.
    """
    return _planned(store, number, store.state, tick)


def undo(
    store: UserStore,
    number: int,
    *,
    confirmed: int = 0,
    expected: UndoPlan | None = None,
    tick: Tick = no_tick,
) -> UndoPlan:
    """Take back a transaction, in a transaction of its own, which can be taken back as well.

    Args:
        store: the store.
        number: the transaction.
        confirmed: the number that the admin typed, for a mass change.
        expected: the plan that the admin has seen.
        tick: told how far it is; it may raise `Cancelled`.

    Returns:
        The plan that was carried out.

    Raises:
        ConfirmationRequired: it is a mass change, and `confirmed` is not its number; or a
            number was confirmed that is not that of the users it is about.
        PlanChanged: it would do something else than expected.
        NothingToUndo: nothing of it can be taken back.
        StoreError: there is no such transaction, what it did is no longer kept, or the store
            could not be written.
    """
    with store.transaction(Action(TransactionKind.UNDO, f"undo of {number}")) as transaction:
        plan = _planned(store, number, transaction.state, tick)
        if expected is not None and not plan.has_outcome_of(expected):
            msg = "Somebody changed the store meanwhile. Nothing was undone yet."
            raise PlanChanged(msg, plan)
        if not plan.changes:
            kept = "what it changed was changed since" if plan.kept else "it is undone already"
            msg = f"Nothing of transaction {number:,} can be taken back: {kept}."
            raise NothingToUndo(msg)
        users = len(plan.changes)
        if confirmed and not plan.must_confirm and confirmed != users:
            msg = (
                f"Undoing transaction {number:,} is about {counted(users, 'user')} and not "
                f"{confirmed:,}. Nothing was undone; give the right number, or none."
            )
            raise ConfirmationRequired(msg, users)
        if plan.must_confirm and confirmed != plan.must_confirm:
            msg = (
                f"Undoing transaction {number:,} would delete, inactivate or unlicense "
                f"{counted(plan.must_confirm, 'user')}, or clear values of theirs. Nothing was "
                f"undone; confirm it with the number {plan.must_confirm}."
            )
            raise ConfirmationRequired(msg, plan.must_confirm)
        transaction.commit(plan.changes, tick, plan.terms)
    return plan


def _planned(store: UserStore, number: int, state: State, tick: Tick) -> UndoPlan:
    transaction = _transaction(store, number)
    planner = _Planner(transaction, state)
    for at, done in enumerate(store.transaction_changes(number, tick), start=1):
        planner.add(done)
        if not at % STEP:
            tick(Phase.CHECKING, at, transaction.users)
    return planner.finish(tick)


def _transaction(store: UserStore, number: int) -> TransactionSummary:
    transaction = next((one for one in store.transactions() if one.number == number), None)
    if transaction is None:
        msg = f"There is no transaction {number:,} in this store."
        raise StoreError(msg)
    if not transaction.users:
        msg = f"Transaction {number:,} changed no user: there is nothing to undo."
        raise NothingToUndo(msg)
    return transaction


class _Planner:
    """Makes the plan, user by user."""

    def __init__(self, transaction: TransactionSummary, state: State) -> None:
        self._state = state
        self._plan = UndoPlan(transaction.number, transaction.reason, state.version)
        self._undone: dict[str, UserChange] = {}
        self._as_they_were: dict[str, User] = {}
        self._plan.terms = ValidationOptions(previously_stored=self._as_they_were)

    def add(self, done: UserChange) -> None:
        """Take back what was done to one user, if it still stands."""
        stored = self._state.users.get(done.user_id)
        if done.before is None:
            self._remove(done, stored)
        elif done.after is None:
            self._restore(done, stored)
        elif stored is None:
            self._keep(done, None, "the user was deleted since")
        else:
            self._change_back(done, stored)

    def _remove(self, done: UserChange, stored: User | None) -> None:
        """Remove a user that was added."""
        if stored is None:
            return
        if stored._asdict() != done.after:
            self._keep(done, None, _CHANGED_SINCE)
            return
        self._set(done, None)

    def _restore(self, done: UserChange, stored: User | None) -> None:
        """Bring back a user that was deleted."""
        user = user_from_mapping(dict(done.before or {}))
        if stored is None:
            self._as_they_were[done.user_id] = user
            self._set(done, user)
        elif stored != user:
            self._keep(done, None, "a user with this User ID was added since")

    def _change_back(self, done: UserChange, stored: User) -> None:
        before, after = done.before or {}, done.after or {}
        values = stored._asdict()
        held = {key for key in after if values[key] not in (after[key], before[key])}
        for together in _TOGETHER:
            if held.intersection(together):
                held.update(key for key in together if key in after)
        for key in before:
            if key in held:
                self._keep(done, FIELD[key], _CHANGED_SINCE)
            else:
                values[key] = before[key]
        user = user_from_mapping(values)
        if user != stored:
            licenses = {key: before[key] for key in _LICENSES if key in before}
            if licenses:  # whoever had none was allowed to, and may have none again
                self._as_they_were[done.user_id] = stored._replace(**licenses)
            self._set(done, user)

    def _set(self, done: UserChange, user: User | None) -> None:
        self._plan.changes[done.user_id] = user
        self._undone[done.user_id] = done

    def _keep(self, done: UserChange, kept: Field | None, reason: str) -> None:
        name = _name(self._state.users.get(done.user_id), done)
        self._plan.kept.append(Kept(done.user_id, name, kept, reason))

    def finish(self, tick: Tick) -> UndoPlan:
        """Leave out what would break a rule, and count."""
        plan = self._plan
        while faults := validate_changes(plan.changes, self._state, tick, plan.terms):
            for user_id, found in faults.items():
                self._leave_out(user_id, found)
        users = self._state.users
        for user_id, user in plan.changes.items():
            plan.removed += user is None
            plan.restored += user is not None and user_id not in users
        plan.changed = len(plan.changes) - plan.removed - plan.restored
        plan.must_confirm = required_confirmation(plan.changes, self._state, tick)
        return plan

    def _leave_out(self, user_id: str, faults: Iterable[Fault]) -> None:
        """Keep the values whose return would break a rule."""
        done, stored = self._undone[user_id], self._state.users.get(user_id)
        user = self._plan.changes[user_id]
        if stored is None or user is None:
            for fault in faults:
                self._keep(done, None, f"it cannot come back: {fault.message}")
                break
            del self._plan.changes[user_id]
            return
        values = user._asdict()
        at_fault = {fault.field.key: fault.message for fault in faults if fault.field}
        for together in _TOGETHER:
            for key in together:
                if key in at_fault:
                    for other in together:
                        at_fault.setdefault(other, at_fault[key])
        returned = [key for key in done.before or {} if values[key] != stored[FIELD[key].index]]
        kept = [key for key in returned if key in at_fault] or returned
        for key in kept:
            reason = at_fault.get(key) or next((one.message for one in faults), "")
            self._keep(done, FIELD[key], f"it would break a rule: {reason}")
            values[key] = stored[FIELD[key].index]
        back = user_from_mapping(values)
        if back == stored:
            del self._plan.changes[user_id]
        else:
            self._plan.changes[user_id] = back


def _name(stored: User | None, done: UserChange) -> str:
    values = stored._asdict() if stored else {**(done.before or {}), **(done.after or {})}
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    return name or values.get("user_name") or done.user_id
