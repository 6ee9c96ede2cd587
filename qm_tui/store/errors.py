"""Errors of a store."""

from typing import Final

from qm_tui.errors import UserError

STORE_CHANGED: Final = "Another admin changed the store in the meantime."


class StoreError(UserError):
    """The store could not be opened, read or written. Nothing was changed."""


class StoreBusy(StoreError):
    """Another program is writing and did not finish in time."""


class StoreReadOnly(StoreError):
    """The store was opened read-only, or may not be written."""


class StoreDisconnected(StoreError):
    """The server of the store cannot be reached at the moment. Nothing was changed.

    The program connects again by itself.
    """


class CommitOutcomeUnknown(StoreError):
    """The system failed to sync: the change may not have been saved.

    Nothing more is written through this store; it must be opened again.
    """


class ConfirmationRequired(StoreError):
    """The change was not confirmed with the number of affected users.

    Attributes:
        count: the number that confirms it.
    """

    def __init__(self, message: str, count: int) -> None:
        super().__init__(message)
        self.count = count
