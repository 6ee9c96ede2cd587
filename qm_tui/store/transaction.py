"""Transactions: the one place where changes are validated and committed.

The form, bulk changes, the import, undo and the command line all use it. They validate before, to
show the result; here the changes are validated again, on the state that is changed. What breaks a
rule is not written.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import final

from qm_tui.progress import Tick, no_tick
from qm_tui.store.errors import StoreError
from qm_tui.store.state import Changes, NameTaken, State
from qm_tui.store.validation import USUAL, ValidationOptions, any_invalid, validate_changes
from qm_tui.text import counted
from qm_tui.users.issues import Fault


class RulesBroken(StoreError):
    """Changes would break a rule. Nothing was written.

    Attributes:
        faults: the errors by User ID.
    """

    def __init__(self, faults: Mapping[str, list[Fault]]) -> None:
        first = next(iter(faults.values()))[0]
        others = counted(len(faults) - 1, "more user")
        more = f" (and {others} with errors)" if len(faults) > 1 else ""
        super().__init__(f"Nothing was saved. {first.message}. {first.remedy}{more}")
        self.faults = faults


class Transaction(ABC):
    """An open transaction: no other program can write."""

    @property
    @abstractmethod
    def state(self) -> State:
        """The newest state of the store, including the commits of other programs."""

    @final
    def commit(
        self, changes: Changes, tick: Tick = no_tick, terms: ValidationOptions = USUAL
    ) -> State:
        """Validate the changes, and write all of them or none.

        Once it returns, the changes are durable: they survive a crash and a power cut. If the tick
        raises an exception, nothing is changed. If nothing changes, nothing is written.

        Args:
            changes: the changes.
            tick: the progress.
            terms: the options of the validation.

        Returns:
            The state after the changes.

        Raises:
            RulesBroken: a user would break a rule, or two would have one User Name.
            StoreError: the changes could not be written; nothing was changed.
            CommitOutcomeUnknown: the system failed to sync; they may not have been saved.
            ValueError: a User ID does not match its user, or a user that does not exist would be
                deleted: an error of the caller.
        """
        state = self.state
        is_validated = state.version == terms.validated_version
        if not is_validated and any_invalid(changes, state, tick, terms):
            raise RulesBroken(validate_changes(changes, state, tick, terms))
        try:
            return self._write_checked(changes, tick)
        except NameTaken as error:
            raise RulesBroken(validate_changes(changes, state, tick, terms)) from error

    @abstractmethod
    def _write_checked(self, changes: Changes, tick: Tick) -> State:
        """Write changes that are valid. Only `commit` calls it.

        Raises:
            NameTaken: two users would have one User Name.
        """
