"""Changing users that somebody else may be changing too: merged by field, or both values shown.

A form shows a user as it was when it was opened. When it is saved, another admin may have saved
another change of that user. Where both touched different fields and the result keeps the rules,
both stand. Where not, nothing is written: whoever comes second sees both values and decides.
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

_BOTH_SHOWN: Final = 3
_TRIES: Final = 8
"""New User IDs of which one is taken that is free; hardly ever another than the first."""


class Edit(NamedTuple):
    """A user before and after an admin's change.

    Attributes:
        before: the user as the admin saw it.
        after: the user as the admin wants it.
    """

    before: User
    after: User


class Conflict(NamedTuple):
    """A field to which two admins gave different values, or a user that is gone.

    Attributes:
        user: the user as it is now; None where it was deleted.
        field: the field; None where the user was deleted.
        theirs: the value that it has now.
        mine: the value that the edit would give it.
    """

    user: User | None
    field: Field | None
    theirs: str
    mine: str

    @property
    def sentence(self) -> str:
        """Both values, for the admin who decides; of a secret only that they differ."""
        if self.user is None or self.field is None:
            return "The user was deleted by somebody else meanwhile."
        theirs = visible(shown_value(self.field, self.theirs)) or "empty"
        mine = visible(shown_value(self.field, self.mine)) or "empty"
        who = visible(f"{self.user.first_name} {self.user.last_name}".strip(), 60)
        return f"{self.field.name} of {who} is {theirs} by now; you wrote {mine}."


@dataclass(slots=True)
class MergeResult:
    """What edits come to, on the state as it is now.

    Attributes:
        changes: the users as they would be, by User ID; those that change.
        conflicts: what must be decided.
        faults: which rules the result would break, by User ID.
    """

    changes: dict[str, User] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)
    faults: Mapping[str, list[Fault]] = field(default_factory=dict)

    @property
    def can_be_saved(self) -> bool:
        """Whether there is nothing to decide or to correct."""
        return not self.conflicts and not self.faults


class MergeConflictError(StoreError):
    """The edits meet with those of somebody else, or with a rule. Nothing was written.

    Attributes:
        merged: what must be decided or corrected.
    """

    def __init__(self, sentence: str, merged: MergeResult) -> None:
        super().__init__(sentence)
        self.merged = merged


def merged(
    edits: Sequence[Edit], state: State, tick: Tick = no_tick, terms: ValidationOptions = USUAL
) -> MergeResult:
    """What edits come to on a state that may have moved on since they were begun."""
    found = MergeResult()
    for edit in edits:
        stored = state.users.get(edit.before.user_id)
        if stored is None:
            found.conflicts.append(Conflict(None, None, "", ""))
            continue
        user, conflicts = _merged_user(edit, stored)
        found.conflicts += conflicts
        if user != stored:
            found.changes[stored.user_id] = user
    found.faults = validate_changes(found.changes, state, tick, terms)
    return found


def _merged_user(edit: Edit, stored: User) -> tuple[User, list[Conflict]]:
    if stored == edit.before:
        return edit.after, []
    values, conflicts = list(stored), []
    for one, before, mine, theirs in zip(FIELDS, edit.before, edit.after, stored, strict=True):
        if mine in (before, theirs):
            continue
        if theirs == before:
            values[one.index] = mine
        else:
            conflicts.append(Conflict(stored, one, theirs, mine))
    return tuple.__new__(User, values), conflicts


def save_edits(
    store: UserStore,
    edits: Sequence[Edit],
    *,
    reason: str = "edit",
    tick: Tick = no_tick,
    terms: ValidationOptions = USUAL,
) -> State:
    """Write edits in one transaction, merged with what others saved meanwhile.

    Returns:
        The state after it.

    Raises:
        MergeConflictError: two admins gave one field different values, or the result would break
            a rule.
        StoreError: the store could not be written.
    """
    with store.transaction(Action(TransactionKind.EDIT, reason)) as transaction:
        found = merged(edits, transaction.state, tick, terms)
        if not found.can_be_saved:
            said = [one.sentence for one in found.conflicts]
            said += [f"{one.message}." for faults in found.faults.values() for one in faults]
            more = f" And {len(said) - _BOTH_SHOWN} more." if len(said) > _BOTH_SHOWN else ""
            msg = f"Nothing was saved. {' '.join(said[:_BOTH_SHOWN])}{more}"
            raise MergeConflictError(msg, found)
        return transaction.commit(found.changes, tick, terms)


def add_user(
    store: UserStore,
    user: User,
    *,
    reason: str = "add",
    tick: Tick = no_tick,
    terms: ValidationOptions = USUAL,
) -> User:
    """Add a user in a transaction of its own.

    Args:
        store: the store.
        user: the user, without a User ID.
        reason: what is said of it in the activity log.
        tick: told how far it is.
        terms: by which rules the user is checked.

    Returns:
        The user with the User ID that the store gave.

    Raises:
        RulesBroken: the user would break a rule, or have another user's User Name.
        StoreError: the store could not be written.
    """
    with store.transaction(Action(TransactionKind.ADD, reason)) as transaction:
        user_id = next(one for one in new_user_ids(_TRIES) if one not in transaction.state.users)
        added = user._replace(user_id=user_id)
        transaction.commit({user_id: added}, tick, terms)
    return added
