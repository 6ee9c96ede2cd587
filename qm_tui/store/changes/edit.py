"""Edits of users that another admin may be editing, too: merged by field, or a conflict.

A form shows the user from the time when it was opened. When it is saved, another admin may have
saved another edit of that user. If both changed different fields and the result is valid, both are
kept. If not, nothing is written: the second admin sees both values and decides.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.state import State
from qm_tui.store.validation import DEFAULT_OPTIONS, ValidationOptions, validate_changes
from qm_tui.text import sanitize
from qm_tui.users.fields import FIELDS, Field, User
from qm_tui.users.identity import new_user_ids
from qm_tui.users.issues import Issue, redact_value

_SHOWN: Final = 3
"""Conflicts and errors in a message."""

_MAX_ATTEMPTS: Final = 8
"""New User IDs that are tried; the first is nearly always free."""


class Edit(NamedTuple):
    """A user before and after an admin's change.

    Attributes:
        before: the user as the admin saw it.
        after: the user as the admin edited it.
    """

    before: User
    after: User


class MergeConflict(NamedTuple):
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
    def message(self) -> str:
        """Both values, for the admin who decides; never those of a secret."""
        if self.user is None or self.field is None:
            return "Another admin deleted the user in the meantime."
        theirs = sanitize(redact_value(self.field, self.theirs)) or "(empty)"
        mine = sanitize(redact_value(self.field, self.mine)) or "(empty)"
        name = sanitize(f"{self.user.first_name} {self.user.last_name}".strip(), 60)
        return (
            f"Another admin changed {self.field.name} of {name} to {theirs}; your value is {mine}."
        )


@dataclass(slots=True)
class MergeResult:
    """The result of merging edits into a state.

    Attributes:
        changes: the changed users as they would be, by User ID.
        conflicts: the conflicts that an admin must resolve.
        issues: the errors of the result, by User ID.
    """

    changes: dict[str, User] = field(default_factory=dict)
    conflicts: list[MergeConflict] = field(default_factory=list)
    issues: Mapping[str, list[Issue]] = field(default_factory=dict)

    @property
    def can_be_saved(self) -> bool:
        """Whether there are neither conflicts nor errors."""
        return not self.conflicts and not self.issues


class MergeConflictError(StoreError):
    """The edits conflict with those of another admin, or break a rule. Nothing was written.

    Attributes:
        result: the conflicts and errors.
    """

    def __init__(self, message: str, result: MergeResult) -> None:
        super().__init__(message)
        self.result = result


def three_way_merge(
    edits: Sequence[Edit],
    state: State,
    progress: ProgressCallback = ignore_progress,
    options: ValidationOptions = DEFAULT_OPTIONS,
) -> MergeResult:
    """Merge edits into a state that may be newer than that of the edits."""
    result = MergeResult()
    for edit in edits:
        stored = state.users.get(edit.before.user_id)
        if stored is None:
            result.conflicts.append(MergeConflict(None, None, "", ""))
            continue
        user, conflicts = _merge_user(edit, stored)
        result.conflicts += conflicts
        if user != stored:
            result.changes[stored.user_id] = user
    result.issues = validate_changes(result.changes, state, progress, options)
    return result


def _merge_user(edit: Edit, stored: User) -> tuple[User, list[MergeConflict]]:
    if stored == edit.before:
        return edit.after, []
    values, conflicts = list(stored), []
    for edited, before, mine, theirs in zip(FIELDS, edit.before, edit.after, stored, strict=True):
        if mine in (before, theirs):
            continue
        if theirs == before:
            values[edited.index] = mine
        else:
            conflicts.append(MergeConflict(stored, edited, theirs, mine))
    return tuple.__new__(User, values), conflicts


def save_edits(
    store: UserStore,
    edits: Sequence[Edit],
    *,
    progress: ProgressCallback = ignore_progress,
    options: ValidationOptions = DEFAULT_OPTIONS,
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
        result = three_way_merge(edits, transaction.state, progress, options)
        if not result.can_be_saved:
            problems = [conflict.message for conflict in result.conflicts]
            for issues in result.issues.values():
                problems += [f"{issue.message}." for issue in issues]
            more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
            msg = f"Nothing was saved. {' '.join(problems[:_SHOWN])}{more}"
            raise MergeConflictError(msg, result)
        return transaction.commit(result.changes, progress, options)


def add_user(
    store: UserStore,
    user: User,
    *,
    progress: ProgressCallback = ignore_progress,
    options: ValidationOptions = DEFAULT_OPTIONS,
) -> User:
    """Add a user in one transaction.

    Args:
        store: the store.
        user: the user, without a User ID.
        progress: the progress.
        options: the options of the validation.

    Returns:
        The user with its User ID.

    Raises:
        ValidationFailed: the user would break a rule, or have another user's User Name.
        StoreError: the store could not be written.
    """
    with store.transaction(Action(TransactionKind.ADD)) as transaction:
        user_id = next(
            one for one in new_user_ids(_MAX_ATTEMPTS) if one not in transaction.state.users
        )
        added = user._replace(user_id=user_id)
        transaction.commit({user_id: added}, progress, options)
    return added
