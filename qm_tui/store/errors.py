"""Why a store could not do what it was asked to do."""

from qm_tui.errors import Refused


class StoreError(Refused):
    """The store could not be opened, read or written; it is as it was."""


class StoreBusy(StoreError):
    """Somebody else is writing, and did not finish in time."""


class StoreReadOnly(StoreError):
    """The store was opened for looking only, or may not be written."""


class CommitOutcomeUnknown(StoreError):
    """The system failed to sync: whether the change outlasts a power cut is not known.

    Nothing more is written through this store; it must be opened again.
    """


class ConfirmationRequired(StoreError):
    """It is a mass change, and its number was not typed.

    Attributes:
        count: the number.
    """

    def __init__(self, sentence: str, count: int) -> None:
        super().__init__(sentence)
        self.count = count
