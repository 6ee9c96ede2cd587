"""The door to the store: the one place where changes are checked and committed.

The form, the bulk changes, the import, undo and the command line all come through here. Whatever
they found out beforehand, so as to show it, is found out again on the state that is changed: what
breaks a rule is not written, whoever asks for it.
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
        faults: the faults by User ID.
    """

    def __init__(self, faults: Mapping[str, list[Fault]]) -> None:
        first = next(iter(faults.values()))[0]
        more = f" And {counted(len(faults) - 1, 'user')} more." if len(faults) > 1 else ""
        super().__init__(f"Nothing was saved. {first.message}. {first.remedy}{more}")
        self.faults = faults


class Transaction(ABC):
    """A change of the store in the making, while nobody else can write."""

    @property
    @abstractmethod
    def state(self) -> State:
        """The newest state of the store, others' commits included."""

    @final
    def commit(
        self, changes: Changes, tick: Tick = no_tick, terms: ValidationOptions = USUAL
    ) -> State:
        """Check the changes, and write them wholly or not at all.

        Once it returns, the changes outlast a crash and a power cut. An exception raised by the
        tick leaves the store as it was. Changes that change nothing write nothing.

        Args:
            changes: what is to become of whom.
            tick: told how far it is.
            terms: by which rules they are checked.

        Returns:
            The state after them.

        Raises:
            RulesBroken: a user would break a rule, or two would bear one User Name.
            StoreError: the changes could not be written; the store is as it was.
            CommitOutcomeUnknown: they were written, but the system failed to sync.
            ValueError: a User ID does not match its user, or a user who is not there would be
                deleted: a fault of the caller.
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
        """Write changes that keep the rules. Nobody but `commit` asks for it.

        Raises:
            NameTaken: two users would bear one User Name.
        """
