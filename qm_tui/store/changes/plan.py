"""What every change of several users has in common: planned, shown, confirmed, carried out.

A plan says what a change would do to a state of the store. The admin sees it and confirms it; then
`commit_plan` carries it out in one transaction, on the newest state. If another admin changed the
store so that the change would do something else, nothing is done, and the plan is shown again.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Self, TypeVar

from qm_tui.gc_control import gc_paused
from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.changes.retry import retry_conflicts
from qm_tui.store.errors import STORE_CHANGED, ConfirmationRequired, StoreError
from qm_tui.store.interface import Action, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import DEFAULT_OPTIONS, ValidationOptions
from qm_tui.text import pluralize
from qm_tui.users.fields import User

PlanT = TypeVar("PlanT")
AnyPlan = TypeVar("AnyPlan", bound="Plan")


@dataclass(slots=True, kw_only=True)
class Plan(ABC):
    """What a change of users would do to a state of a store.

    Attributes:
        state: the state.
        changes: the changed users as they would be, by User ID. They are valid.
        added: the User IDs of those that are not stored now.
        required_confirmation: the number that confirms it, if it is a mass change; otherwise 0.
        options: the options of the validation.
    """

    nothing_done: ClassVar[str] = "Nothing was changed."
    """Ends each sentence about a plan that was not carried out."""

    state: State
    changes: dict[str, User | None] = field(default_factory=dict)
    added: set[str] = field(default_factory=set)
    required_confirmation: int = 0
    options: ValidationOptions = DEFAULT_OPTIONS

    @property
    @abstractmethod
    def action(self) -> Action:
        """What it is, for the activity log."""

    @property
    @abstractmethod
    def obstacle(self) -> str:
        """Why no users would change, as sentences; meaningful only if `changes` is empty."""

    @property
    @abstractmethod
    def mass_effect(self) -> str:
        """What it does to so many users that it must be confirmed, as a sentence."""

    @property
    def subject(self) -> str:
        """The change, at the beginning of a sentence: `This`."""
        return "This"

    @abstractmethod
    def again(self, state: State, progress: ProgressCallback) -> Self:
        """Return the same change, planned for another state."""

    @abstractmethod
    def has_same_effect(self, other: Self) -> bool:
        """Whether it does the same as another, whatever else has changed in the store."""


class NothingToChange(StoreError):
    """A change would not change any users."""


class PlanOutdated(StoreError, Generic[PlanT]):
    """Another admin changed the store, so the change would do something else. Nothing was done.

    Attributes:
        plan: what it would do now.
    """

    def __init__(self, plan: PlanT, nothing_done: str = Plan.nothing_done) -> None:
        super().__init__(f"{STORE_CHANGED} {nothing_done}")
        self.plan = plan


def commit_plan(
    store: UserStore,
    plan: AnyPlan,
    *,
    confirmed: int = 0,
    accept_any_effect: bool = False,
    progress: ProgressCallback = ignore_progress,
) -> AnyPlan:
    """Carry out a plan in one transaction, which can be undone.

    If the store has changed since the plan was made, it is made again.

    Args:
        store: the store.
        plan: the plan that the admin has seen.
        confirmed: the number that the admin typed to confirm a mass change.
        accept_any_effect: whether to carry it out, too, if it does something else by now.
        progress: the progress; if it raises `Cancelled`, nothing is changed.

    Returns:
        The plan that was carried out.

    Raises:
        ConfirmationRequired: it is a mass change, and `confirmed` is not its number; or a number
            was confirmed that is not the number of affected users.
        PlanOutdated: it would do something else, or must be confirmed with another number.
        NothingToChange: no users would change.
        StoreError: the store could not be written; nothing was changed.
    """
    return retry_conflicts(
        lambda: _commit_once(
            store,
            plan,
            confirmed=confirmed,
            accept_any_effect=accept_any_effect,
            progress=progress,
        )
    )


def _commit_once(
    store: UserStore,
    plan: AnyPlan,
    *,
    confirmed: int,
    accept_any_effect: bool,
    progress: ProgressCallback,
) -> AnyPlan:
    with gc_paused(), store.transaction(plan.action) as transaction:
        state, current = transaction.state, plan
        if plan.state.version != state.version:
            current = plan.again(state, progress)
            is_same = current.required_confirmation == plan.required_confirmation
            if not accept_any_effect and not (is_same and current.has_same_effect(plan)):
                raise PlanOutdated(current, plan.nothing_done)
        if not current.changes:
            raise NothingToChange(current.obstacle)
        _require_confirmation(current, confirmed)
        transaction.commit(current.changes, progress, current.options)
    return current


def _require_confirmation(plan: Plan, confirmed: int) -> None:
    wanted, count = plan.required_confirmation, len(plan.changes)
    if wanted and confirmed != wanted:
        raise ConfirmationRequired(f"{plan.mass_effect} {plan.nothing_done}", wanted)
    if confirmed and not wanted and confirmed != count:
        affects = f"{plan.subject} affects {pluralize(count, 'user')}, not {confirmed:,}."
        raise ConfirmationRequired(f"{affects} {plan.nothing_done}", count)
