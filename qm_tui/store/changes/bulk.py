"""A change of several users at once: the same values for all of them, or their deletion.

It is planned, shown, and carried out in one transaction on the newest state. If another admin
changed the store so that it would affect other users, it is shown again.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, ignore_progress, in_chunks
from qm_tui.store.changes.mass_change import required_confirmation
from qm_tui.store.changes.plan import Plan, commit_plan
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.look_alikes import look_alike_issue
from qm_tui.store.state import State
from qm_tui.store.validation import DEFAULT_OPTIONS, ValidationOptions, validate_changes
from qm_tui.store.values_in_use import values_in_use
from qm_tui.text import pluralize
from qm_tui.users.fields import CATEGORICAL, FIELD, Field, User
from qm_tui.users.issues import Issue, field_number
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.query.filter_parser import exact_term
from qm_tui.users.query.query import Query
from qm_tui.users.warnings import combined_warnings, value_warnings


@dataclass(frozen=True, slots=True)
class BulkChange:
    """A change of several users.

    Attributes:
        action: what it is, for the activity log.
        select: yields the User IDs of the users in a state, some hundred at a time; users that do
            not exist are skipped.
        values: by field key, the values to set; None to delete the users.
        options: the options of the validation.
    """

    action: Action
    select: Callable[[State], Iterable[Sequence[str]]]
    values: Mapping[str, str] | None
    options: ValidationOptions = DEFAULT_OPTIONS

    @property
    def deletes(self) -> bool:
        """Whether it deletes the users."""
        return self.values is None


@dataclass(slots=True, kw_only=True)
class BulkPlan(Plan):
    """What a change would do to a state of a store.

    A deletion of more than one user must be confirmed, too.

    Attributes:
        change: the change.
        unchanged: the number of users that already have the values.
        missing: the number of users that do not exist.
        skipped: the errors of users that cannot be changed, by User ID.
        stored: the users as they are, by User ID, of those that change or cannot be changed.
    """

    change: BulkChange
    unchanged: int = 0
    missing: int = 0
    skipped: Mapping[str, list[Issue]] = field(default_factory=dict)
    stored: dict[str, User] = field(default_factory=dict)

    @property
    def users(self) -> int:
        """The number of users it applies to, including those that do not change."""
        return len(self.changes) + self.unchanged + len(self.skipped)

    @property
    def action(self) -> Action:
        """What it is, for the activity log."""
        return self.change.action

    @property
    def obstacle(self) -> str:
        """Why no users would change: an error, the same values, or no such users."""
        if self.skipped:
            issue = next(iter(self.skipped.values()))[0]
            return f"Nothing was changed. {issue.message}. {issue.fix}"
        if self.unchanged:
            users = pluralize(self.unchanged, "user")
            have = "has" if self.unchanged == 1 else "have"
            return f"Nothing to change: {users} already {have} this value."
        return "Nothing was changed: the users do not exist."

    @property
    def mass_effect(self) -> str:
        """What it does, and to how many of all users."""
        users = pluralize(self.state.total, "user")
        return f"This would {_mass_effect(self.change)} {self.required_confirmation:,} of {users}."

    def again(self, state: State, progress: ProgressCallback) -> "BulkPlan":
        """Return the same change, planned for another state."""
        return plan_bulk(self.change, state, progress)

    def has_same_effect(self, other: "BulkPlan") -> bool:
        """Whether it does the same to the same users as another, whatever else has changed.

        If it deletes users, none of their values may have changed.
        """
        if self.changes.keys() != other.changes.keys() or self.skipped != other.skipped:
            return False
        mine, others = self.stored, other.stored
        return not self.change.deletes or all(mine[key] == others[key] for key in self.changes)


def by_ids(user_ids: Iterable[str]) -> Callable[[State], Iterable[Sequence[str]]]:
    """Return a function that yields these User IDs for any state."""
    fixed = tuple(user_ids)
    return lambda _state: in_chunks(fixed)


def by_query(query: Query) -> Callable[[State], Iterable[Sequence[str]]]:
    """Return a function that yields the User IDs that a query finds."""
    return lambda state: state.ids(query)


def by_field_value(searched: Field, value: str) -> Callable[[State], Iterable[Sequence[str]]]:
    """Return a function that yields the User IDs of all users with exactly this value."""
    return by_query(Query((exact_term(searched, value),)))


def plan_bulk(
    change: BulkChange, state: State, progress: ProgressCallback = ignore_progress
) -> BulkPlan:
    """Return what a change would do to a state. Nothing is written.

    Args:
        change: the change.
        state: the state.
        progress: the progress; it may raise `Cancelled`.
    """
    plan = BulkPlan(change=change, state=state, options=change.options)
    new_values = [(FIELD[key].index, value) for key, value in (change.values or {}).items()]
    done = 0
    for user_ids in change.select(state):
        progress(Phase.CHECKING, done, max(done, state.total))
        done += len(user_ids)
        for user_id, stored in zip(user_ids, state.users(user_ids), strict=True):
            if stored is None:
                plan.missing += 1
                continue
            if change.deletes:
                plan.changes[user_id] = None
            elif all(stored[index] == value for index, value in new_values):
                plan.unchanged += 1
                continue
            else:
                values = list(stored)
                for index, value in new_values:
                    values[index] = value
                plan.changes[user_id] = tuple.__new__(User, values)
            plan.stored[user_id] = stored
    plan.skipped = validate_changes(plan.changes, state, progress, change.options)
    for user_id in plan.skipped:
        del plan.changes[user_id]
    if change.deletes:
        plan.required_confirmation = len(plan.changes) if len(plan.changes) > 1 else 0
    else:
        plan.required_confirmation = required_confirmation(plan.changes, state, progress)
    return plan


def bulk_warnings(
    plan: BulkPlan, progress: ProgressCallback = ignore_progress
) -> Mapping[Issue, int]:
    """Return the warnings that a change causes, in field order, with the number of users of each.

    A rename to a value not in use yet is a warning only if other users have a similar value.

    Args:
        plan: the plan of the change.
        progress: the progress; it may raise `Cancelled`.
    """
    counts = Counter[Issue]()
    pairs = [(user, plan.stored[key]) for key, user in plan.changes.items() if user]
    for issue in _value_warnings(plan, progress) if pairs else ():
        index = field_number(issue) - 1
        counts[issue] = sum(user[index] != stored[index] for user, stored in pairs)
    for done, (user, stored) in enumerate(pairs):
        if not done % CHUNK_SIZE:
            progress(Phase.CHECKING, done, len(pairs))
        for issue in combined_warnings(user, stored):
            counts[issue] += 1
        look_alike = look_alike_issue(user, stored, plan.state)
        if look_alike is not None:
            counts[look_alike] += 1
    return {issue: counts[issue] for issue in sorted(counts, key=field_number) if counts[issue]}


def _value_warnings(plan: BulkPlan, progress: ProgressCallback) -> Iterator[Issue]:
    """Yield the warnings of the values that a change sets."""
    values = {FIELD[key]: value for key, value in (plan.change.values or {}).items() if value}
    is_rename = plan.change.action.kind is TransactionKind.RENAME
    in_use = ValuesInUse()
    if any(one in CATEGORICAL for one in values):
        changed = Counter(
            (one.key, plan.stored[user_id][one.index])
            for one in values
            for user_id in (plan.changes if is_rename else ())
        )
        rest = partial(progress, Phase.CHECKING, 0, plan.state.total)
        in_use = values_in_use(plan.state, rest, changed)
    for one, value in values.items():
        if one in CATEGORICAL:
            issue = in_use.issue(one, value, only_if_similar=is_rename)
            if issue is not None:
                yield issue
        yield from value_warnings(one, value)


def commit_bulk(
    store: UserStore,
    change: BulkChange,
    *,
    confirmed: int = 0,
    progress: ProgressCallback = ignore_progress,
) -> BulkPlan:
    """Carry out a change that was not shown before, whatever it does; return its plan.

    Raises:
        StoreError: as `commit_plan`.
    """
    plan = plan_bulk(change, store.state, progress)
    return commit_plan(store, plan, confirmed=confirmed, accept_any_effect=True, progress=progress)


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
