"""Edits of users that another admin may be editing, too: merged by field, or a conflict.

A form shows the user from the time when it was opened. When it is saved, another admin may have
saved another edit of that user. If both changed different fields and the result is valid, both are
kept. If not, nothing is written: the second admin sees both values and decides.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.changes.retry import retry_conflicts
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.state import State
from qm_tui.store.transaction import Transaction
from qm_tui.store.validation import DEFAULT_OPTIONS, ValidationOptions, validate_changes
from qm_tui.text import sanitize
from qm_tui.users.fields import FIELDS, Field, User
from qm_tui.users.identity import new_user_ids
from qm_tui.users.issues import Issue, redact_value

_SHOWN: Final = 3
"""Conflicts and errors in a message."""


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


class MergeConflictError(StoreError):
    """The edit conflicts with that of another admin, or breaks a rule. Nothing was written.

    Attributes:
        conflicts: the conflicts that an admin must resolve.
    """

    def __init__(self, conflicts: list[MergeConflict], issues: Sequence[Issue]) -> None:
        problems = [conflict.message for conflict in conflicts]
        problems += [f"{issue.message}." for issue in issues]
        more = f" (and {len(problems) - _SHOWN} more)" if len(problems) > _SHOWN else ""
        super().__init__(f"Nothing was saved. {' '.join(problems[:_SHOWN])}{more}")
        self.conflicts = conflicts


def save_edit(
    store: UserStore,
    before: User,
    after: User,
    *,
    progress: ProgressCallback = ignore_progress,
    options: ValidationOptions = DEFAULT_OPTIONS,
) -> State:
    """Write an edit in one transaction, merged with what other admins saved in the meantime.

    Args:
        store: the store.
        before: the user as the admin saw it.
        after: the user as the admin edited it.
        progress: the progress.
        options: the options of the validation.

    Returns:
        The state after it.

    Raises:
        MergeConflictError: two admins changed a field to different values, or the result would
            break a rule.
        StoreError: the store could not be written.
    """

    def save() -> State:
        with store.transaction(Action(TransactionKind.EDIT)) as transaction:
            return _merge_and_commit(transaction, before, after, progress, options)

    return retry_conflicts(save)


def _merge_and_commit(
    transaction: Transaction,
    before: User,
    after: User,
    progress: ProgressCallback,
    options: ValidationOptions,
) -> State:
    stored = transaction.state.user(before.user_id)
    if stored is None:
        raise MergeConflictError([MergeConflict(None, None, "", "")], [])
    merged, conflicts = three_way_merge(before, after, stored)
    changes = {} if merged == stored else {stored.user_id: merged}
    issues = validate_changes(changes, transaction.state, progress, options)
    if conflicts or issues:
        raise MergeConflictError(conflicts, issues.get(stored.user_id, []))
    return transaction.commit(changes, progress, options)


def three_way_merge(before: User, mine: User, theirs: User) -> tuple[User, list[MergeConflict]]:
    """Merge two edits of a user; return the result, and the fields that both changed."""
    values, conflicts = list(theirs), []
    for field, old, my_value, their_value in zip(FIELDS, before, mine, theirs, strict=True):
        if my_value in (old, their_value):
            continue
        if their_value == old:
            values[field.index] = my_value
        else:
            conflicts.append(MergeConflict(theirs, field, their_value, my_value))
    return tuple.__new__(User, values), conflicts


def add_user(
    store: UserStore,
    user: User,
    *,
    progress: ProgressCallback = ignore_progress,
    options: ValidationOptions = DEFAULT_OPTIONS,
) -> User:
    """Add a user in one transaction; return it with its new User ID.

    Args:
        store: the store.
        user: the user, without a User ID.
        progress: the progress.
        options: the options of the validation.

    Raises:
        ValidationFailed: the user would break a rule, or have another user's User Name.
        StoreError: the store could not be written.
    """
    added = user._replace(user_id=new_user_ids(1)[0])

    def add() -> None:
        with store.transaction(Action(TransactionKind.ADD)) as transaction:
            transaction.commit({added.user_id: added}, progress, options)

    retry_conflicts(add)
    return added
