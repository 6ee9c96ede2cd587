"""Transactions: the one place where changes are validated and committed.

The form, bulk changes, the import, undo and the command line all use it. They validate before, to
show the result; here the changes are validated again, on the state that is changed. What breaks a
rule is not written.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import final

from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.state import Changes, State
from qm_tui.store.validation import (
    DEFAULT_OPTIONS,
    ValidationOptions,
    validate_changes,
)
from qm_tui.text import pluralize
from qm_tui.users.issues import Issue


class ValidationFailed(StoreError):
    """Changes would break a rule. Nothing was written.

    Attributes:
        issues: the errors by User ID.
    """

    def __init__(self, issues: Mapping[str, list[Issue]]) -> None:
        first = next(iter(issues.values()))[0]
        others = pluralize(len(issues) - 1, "more user")
        more = f" (and {others} with errors)" if len(issues) > 1 else ""
        super().__init__(f"Nothing was saved. {first.message}. {first.fix}{more}")
        self.issues = issues


class Transaction(ABC):
    """An open transaction.

    What its state answers stays true until it ends: other programs wait to write, or `commit`
    fails.

    Attributes:
        is_open: whether it can still be committed. The store ends it.
    """

    is_open: bool = True

    @property
    @abstractmethod
    def state(self) -> State:
        """The newest state of the store, including the commits of other programs."""

    @final
    def commit(
        self,
        changes: Changes,
        progress: ProgressCallback = ignore_progress,
        options: ValidationOptions = DEFAULT_OPTIONS,
    ) -> State:
        """Validate the changes, and write all of them or none.

        Once it returns, the changes are durable: they survive a crash and a power cut. If the tick
        raises an exception, nothing is changed. If nothing changes, nothing is written.

        Args:
            changes: the changes.
            progress: the progress.
            options: the options of the validation.

        Returns:
            The state after the changes.

        Raises:
            ValidationFailed: a user would break a rule, or two would have one User Name.
            StoreError: the changes could not be written; nothing was changed.
            CommitOutcomeUnknown: the system failed to sync; they may not have been saved.
            ValueError: the transaction has ended, a User ID does not match its user, or a user
                that does not exist would be deleted: an error of the caller.
        """
        if self.state.version != options.validated_version:
            issues = validate_changes(changes, self.state, progress, options)
            if issues:
                raise ValidationFailed(issues)
        if not self.is_open:
            raise ValueError("the transaction is over, and its lock released")
        return self._write_checked(changes, progress)

    @abstractmethod
    def _write_checked(self, changes: Changes, progress: ProgressCallback) -> State:
        """Write changes that are valid. Only `commit` calls it.

        Raises:
            UserNameInUse: two users would have one User Name: they are not valid.
        """
