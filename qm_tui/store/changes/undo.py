"""Undo of a transaction: field by field, without touching later changes.

A value that the transaction wrote is reverted if it is still stored. A value that has been changed
since then is not, and neither is one that would break a rule or give one User Name to two users;
each of them is listed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Final, NamedTuple

from qm_tui.progress import Phase, ProgressCallback, ignore_progress, in_chunks
from qm_tui.store.changes.action_text import noun_text
from qm_tui.store.changes.mass_change import required_confirmation
from qm_tui.store.changes.plan import NothingToChange, Plan
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    Action,
    TransactionKind,
    TransactionSummary,
    UserChange,
    UserStore,
)
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.text import pluralize, with_full_stop
from qm_tui.users.fields import FIELD, FIELDS, Field, User, user_from_mapping
from qm_tui.users.issues import Issue

_REVERTED_TOGETHER: Final = (
    ("password", "salt"),
    ("unlimited_license", "on_demand_license"),
)
"""Fields that are reverted together or not at all: one without the other would lock a user out, or
break the rule of the licenses."""

_LICENSES: Final = _REVERTED_TOGETHER[1]
Values = Mapping[str, str]
_CHANGED_SINCE: Final = "changed since then"


@dataclass(frozen=True, slots=True)
class SkippedRevert:
    """A value or a user that is not reverted.

    Attributes:
        user_id: the user.
        name: the user's name, for people.
        field: the field that is not reverted; None for the whole user.
        reason: why, without a full stop.
        is_invalid: whether the reason is a rule; otherwise it is a later change.
    """

    user_id: str
    name: str
    field: Field | None
    reason: str
    is_invalid: bool = False


class FieldRevert(NamedTuple):
    """A field that an undo reverts.

    Attributes:
        field: the field.
        before: the value before the undo.
        after: the value after it.
    """

    field: Field
    before: str
    after: str


@dataclass(slots=True, kw_only=True)
class UndoPlan(Plan):
    """What the undo of a transaction would do to a state of a store.

    Values that have been stored before are valid.

    Attributes:
        store: the store.
        transaction: the transaction.
        skipped: what is not reverted.
        reverted: the number of users that are reverted.
        removed: the number of added users that are deleted.
        stored: the user that it changes, as stored, if it is only one.
    """

    nothing_done: ClassVar[str] = "Nothing was undone."

    store: UserStore
    transaction: TransactionSummary
    skipped: list[SkippedRevert] = field(default_factory=list)
    reverted: int = 0
    removed: int = 0
    stored: User | None = None

    @property
    def action(self) -> Action:
        """What it is, for the activity log; the undo of an undo is a redo."""
        undone = self.transaction.action
        if undone.kind is TransactionKind.UNDO:
            return Action(TransactionKind.REDO, undone.subject, undone.details)
        details = noun_text(undone, self.transaction.users)
        return Action(TransactionKind.UNDO, f"{self.number}", details)

    @property
    def subject(self) -> str:
        """The undo, at the beginning of a sentence."""
        return f"The undo of transaction {self.number:,}"

    @property
    def mass_effect(self) -> str:
        """What it does to so many users that it must be confirmed."""
        return f"{self.subject} is a mass change: {with_full_stop(self.effect_text)}"

    def again(self, state: State, progress: ProgressCallback) -> "UndoPlan":
        """Return the undo of the same transaction, planned for another state."""
        return _make_plan(self.store, self.number, state, progress)

    @property
    def restored(self) -> int:
        """The number of deleted users that are added again."""
        return len(self.added)

    @property
    def number(self) -> int:
        """The number of the transaction."""
        return self.transaction.number

    @property
    def effect_text(self) -> str:
        """What it would do: `3 users will be reverted, 1 user will be deleted`."""
        return self._in_words("will be reverted", "will be restored", "will be deleted")

    @property
    def result_text(self) -> str:
        """What it did: `3 users reverted, 1 user deleted`."""
        return self._in_words("reverted", "restored", "deleted")

    def _in_words(self, *words: str) -> str:
        numbers = (self.reverted, self.restored, self.removed)
        parts = [
            f"{pluralize(number, 'user')} {word}"
            for number, word in zip(numbers, words, strict=True)
            if number
        ]
        return ", ".join(parts) or "no changes"

    @property
    def skipped_text(self) -> str:
        """What is not reverted: `2 values and 1 user`; empty if all is."""
        users = sum(one.field is None for one in self.skipped)
        counts = ((len(self.skipped) - users, "value"), (users, "user"))
        return " and ".join(pluralize(number, what) for number, what in counts if number)

    @property
    def obstacle(self) -> str:
        """Why nothing can be undone, as a sentence; empty if there are changes."""
        number = f"Transaction {self.number:,}"
        if self.changes:
            return ""
        if not self.skipped:
            return f"{number} has already been undone."
        if any(one.is_invalid for one in self.skipped):
            return f"{number} cannot be undone: its values have changed or would be invalid."
        return f"{number} cannot be undone: all of its values have been changed since then."

    @property
    def only_user(self) -> User | None:
        """The user that it changes, as stored or as restored; None if it changes several."""
        if len(self.changes) != 1:
            return None
        ((_, after),) = self.changes.items()
        return self.stored or after

    @property
    def field_reverts(self) -> Sequence[FieldRevert]:
        """The fields that it reverts, if it reverts one user and does nothing else."""
        user = self.only_user
        after = None if user is None else self.changes[user.user_id]
        if user is None or after is None:
            return ()
        return [
            FieldRevert(one, old, new)
            for one, old, new in zip(FIELDS, user, after, strict=True)
            if old != new
        ]

    def has_same_effect(self, other: "UndoPlan") -> bool:
        """Whether it does the same as another, whatever else has changed in the store."""
        mine, others = self.changes, other.changes
        if mine.keys() != others.keys() or self.skipped != other.skipped:
            return False
        # user by user: comparing the dictionaries is one long call that delays every key
        return all(mine[user_id] == others[user_id] for user_id in mine)


def plan_undo(
    store: UserStore, number: int, progress: ProgressCallback = ignore_progress
) -> UndoPlan:
    """Return what the undo of a transaction would do now.

    Raises:
        NothingToChange: the transaction changed no users.
        StoreError: there is no such transaction, or its changes are no longer available.
    """
    return _make_plan(store, number, store.state, progress)


def _make_plan(store: UserStore, number: int, state: State, progress: ProgressCallback) -> UndoPlan:
    transaction = _transaction(store, number)
    planner = _Planner(store, transaction, state)
    done = 0
    for changes in in_chunks(store.transaction_changes(number, progress)):
        stored_users = state.users([change.user_id for change in changes])
        for change, stored in zip(changes, stored_users, strict=True):
            planner.add(change, stored)
        done += len(changes)
        progress(Phase.CHECKING, done, transaction.users)
    return planner.finish(progress)


def _transaction(store: UserStore, number: int) -> TransactionSummary:
    transactions = store.transactions()
    transaction = next((one for one in transactions if one.number == number), None)
    if transaction is None:
        raise StoreError(f"There is no transaction {number:,} in this store.")
    if transaction.is_available and not transaction.users:
        raise NothingToChange(f"Nothing to undo: transaction {number:,} changed no users.")
    return transaction


class _Planner:
    """Builds the plan, user by user."""

    def __init__(self, store: UserStore, transaction: TransactionSummary, state: State) -> None:
        self._state = state
        self._changes: dict[str, UserChange] = {}
        self._stored: dict[str, User] = {}
        self._stored_before: dict[str, User] = {}
        options = ValidationOptions(previously_stored=self._stored_before)
        self._plan = UndoPlan(store=store, transaction=transaction, state=state, options=options)

    def add(self, change: UserChange, stored: User | None) -> None:
        """Revert the change of one user, as far as it has not been changed since then.

        Args:
            change: the change.
            stored: the user as it is now.
        """
        if stored is not None:
            self._stored[change.user_id] = stored
        if change.before is None:  # it was added
            if stored is not None and stored._asdict() != change.after:
                self._skip(change, None, _CHANGED_SINCE)
            elif stored is not None:
                self._set(change, None)
        elif change.after is None:  # it was deleted
            user = user_from_mapping(dict(change.before))
            if stored is None:
                self._stored_before[change.user_id] = user
                self._set(change, user)
            elif stored != user:
                self._skip(change, None, "a user with this User ID has been added since then")
        elif stored is None:
            self._skip(change, None, "deleted since then")
        else:
            self._revert(change, change.before, change.after, stored)

    def _revert(self, change: UserChange, before: Values, after: Values, stored: User) -> None:
        values = list(stored)
        changed_since = {
            key for key in after if values[FIELD[key].index] not in (after[key], before[key])
        }
        for group in _REVERTED_TOGETHER:
            if changed_since.intersection(group):
                changed_since.update(key for key in group if key in after)
        for key in before:
            if key in changed_since:
                self._skip(change, FIELD[key], _CHANGED_SINCE)
            else:
                values[FIELD[key].index] = before[key]
        user: User = tuple.__new__(User, values)
        if user != stored:
            licenses = {key: before[key] for key in _LICENSES if key in before}
            if licenses:  # a user that was allowed to have no license may have none again
                self._stored_before[change.user_id] = stored._replace(**licenses)
            self._set(change, user)

    def _set(self, change: UserChange, user: User | None) -> None:
        self._plan.changes[change.user_id] = user
        self._changes[change.user_id] = change

    def _skip(
        self, change: UserChange, field: Field | None, reason: str, *, is_invalid: bool = False
    ) -> None:
        name = _name(self._stored.get(change.user_id), change)
        self._plan.skipped.append(SkippedRevert(change.user_id, name, field, reason, is_invalid))

    def finish(self, progress: ProgressCallback) -> UndoPlan:
        """Exclude what would break a rule, and count."""
        plan = self._plan
        while issues := validate_changes(plan.changes, self._state, progress, plan.options):
            for user_id, found in issues.items():
                self._exclude(user_id, found)
        for user_id, user in plan.changes.items():
            plan.removed += user is None
            if user is not None and user_id not in self._stored:
                plan.added.add(user_id)
        plan.reverted = len(plan.changes) - plan.removed - plan.restored
        if len(plan.changes) == 1:
            plan.stored = self._stored.get(next(iter(plan.changes)))
        plan.required_confirmation = required_confirmation(plan.changes, self._state, progress)
        return plan

    def _exclude(self, user_id: str, issues: Sequence[Issue]) -> None:
        """Do not revert the values that would break a rule."""
        change, stored = self._changes[user_id], self._stored.get(user_id)
        user = self._plan.changes[user_id]
        if stored is None or user is None:
            reason = f"cannot be restored: {issues[0].message}"
            self._skip(change, None, reason, is_invalid=True)
            del self._plan.changes[user_id]
            return
        values = user._asdict()
        messages = {issue.field.key: issue.message for issue in issues if issue.field}
        for group in _REVERTED_TOGETHER:
            for key in group:
                if key in messages:
                    for other in group:
                        messages.setdefault(other, messages[key])
        reverted = [key for key in change.before or {} if values[key] != stored[FIELD[key].index]]
        for key in [key for key in reverted if key in messages] or reverted:
            message = messages.get(key, issues[0].message)
            self._skip(change, FIELD[key], f"would be invalid: {message}", is_invalid=True)
            values[key] = stored[FIELD[key].index]
        remaining = user_from_mapping(values)
        if remaining == stored:
            del self._plan.changes[user_id]
        else:
            self._plan.changes[user_id] = remaining


def _name(stored: User | None, change: UserChange) -> str:
    values = stored._asdict() if stored else {**(change.before or {}), **(change.after or {})}
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    return name or values.get("user_name") or change.user_id
