"""Edits of users that another admin may be editing, too: merged by field, or a conflict.

A form shows a user as it was when the form was opened. When it is saved, another admin may have
saved another edit of that user. If both changed different fields and the result is valid, both are
kept. If not, nothing is written: the second admin sees both values and decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from qm_tui.progress import Tick, no_tick
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import USUAL, ValidationOptions, validate_changes
from qm_tui.text import visible
from qm_tui.users.fields import FIELDS, Field, User
from qm_tui.users.identity import new_user_ids
from qm_tui.users.issues import Fault, shown_value

_SHOWN: Final = 3
"""Conflicts and errors in a message."""

_TRIES: Final = 8
"""New User IDs that are tried; the first is nearly always free."""


class Edit(NamedTuple):
    """A user before and after an admin's change.

    Attributes:
        before: the user as the admin saw it.
        after: the user as the admin edited it.
    """

    before: User
    after: User


class Conflict(NamedTuple):
    """A field that two admins changed to different values, or a user that was deleted.

    Attributes:
        user: the user as it is now; None if it was deleted.
        field: the field; None if the user was deleted.
        theirs: the stored value.
        mine: the edited value.
    """

    user: User | None
    field: Field | None
    theirs: str
    mine: str

    @property
    def sentence(self) -> str:
        """Both values, for the admin who decides; never those of a secret."""
        if self.user is None or self.field is None:
            return "Another admin deleted the user in the meantime."
        theirs = visible(shown_value(self.field, self.theirs)) or "(empty)"
        mine = visible(shown_value(self.field, self.mine)) or "(empty)"
        name = visible(f"{self.user.first_name} {self.user.last_name}".strip(), 60)
        return (
            f"Another admin changed {self.field.name} of {name} to {theirs}; your value is {mine}."
        )


@dataclass(slots=True)
class MergeResult:
    """The result of merging edits into a state.

    Attributes:
        changes: the changed users as they would be, by User ID.
        conflicts: the conflicts that an admin must resolve.
        faults: the errors of the result, by User ID.
    """

    changes: dict[str, User] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    faults: Mapping[str, list[Fault]] = field(default_factory=dict)

    @property
    def can_be_saved(self) -> bool:
        """Whether there are neither conflicts nor errors."""
        return not self.conflicts and not self.faults


class MergeConflictError(StoreError):
    """The edits conflict with those of another admin, or break a rule. Nothing was written.

    Attributes:
        merged: the conflicts and errors.
    """

    def __init__(self, sentence: str, merged: MergeResult) -> None:
        super().__init__(sentence)
        self.merged = merged


def merged(
    edits: Sequence[Edit], state: State, tick: Tick = no_tick, terms: ValidationOptions = USUAL
) -> MergeResult:
    """Merge edits into a state that may be newer than that of the edits."""
    result = MergeResult()
    for edit in edits:
        stored = state.users.get(edit.before.user_id)
        if stored is None:
            result.conflicts.append(Conflict(None, None, "", ""))
            continue
        user, conflicts = _merged_user(edit, stored)
        result.conflicts += conflicts
        if user != stored:
            result.changes[stored.user_id] = user
    result.faults = validate_changes(result.changes, state, tick, terms)
    return result


def _merged_user(edit: Edit, stored: User) -> tuple[User, list[Conflict]]:
    if stored == edit.before:
        return edit.after, []
    values, conflicts = list(stored), []
    for edited, before, mine, theirs in zip(FIELDS, edit.before, edit.after, stored, strict=True):
        if mine in (before, theirs):
            continue
        if theirs == before:
            values[edited.index] = mine
        else:
            conflicts.append(Conflict(stored, edited, theirs, mine))
    return tuple.__new__(User, values), conflicts


def save_edits(
    store: UserStore,
    edits: Sequence[Edit],
    *,
    tick: Tick = no_tick,
    terms: ValidationOptions = USUAL,
) -> State:
    """Write edits in one transaction, merged with what other admins saved in the meantime.

    Returns:
        The state after it.

    Raises:
        MergeConflictError: two admins changed a field to different values, or the result would
            break a rule.
        StoreError: the store could not be written.
    """
    with store.transaction(Action(TransactionKind.EDIT)) as transaction:
        result = merged(edits, transaction.state, tick, terms)
        if not result.can_be_saved:
            problems = [conflict.sentence for conflict in result.conflicts]
            for faults in result.faults.values():
                problems += [f"{fault.message}." for fault in faults]
            more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
            msg = f"Nothing was saved. {' '.join(problems[:_SHOWN])}{more}"
            raise MergeConflictError(msg, result)
        return transaction.commit(result.changes, tick, terms)


def add_user(
    store: UserStore,
    user: User,
    *,
    tick: Tick = no_tick,
    terms: ValidationOptions = USUAL,
) -> User:
    """Add a user in one transaction.

    Args:
        store: the store.
        user: the user, without a User ID.
        tick: the progress.
        terms: the options of the validation.

    Returns:
        The user with its User ID.

    Raises:
        RulesBroken: the user would break a rule, or have another user's User Name.
        StoreError: the store could not be written.
    """
    with store.transaction(Action(TransactionKind.ADD)) as transaction:
        user_id = next(one for one in new_user_ids(_TRIES) if one not in transaction.state.users)
        added = user._replace(user_id=user_id)
        transaction.commit({user_id: added}, tick, terms)
    return added
