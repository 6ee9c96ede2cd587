"""What a filter asks that does not stand in the users themselves."""

from collections.abc import Container
from datetime import date
from typing import Protocol


class Happenings(Protocol):
    """Knows what was done to users, and which of them are marked."""

    def today(self) -> date:
        """The day that it is for the admin."""

    def changed(self, first: date, last: date) -> Container[str]:
        """The User IDs of those who were added or changed on these days.

        Raises:
            FilterFault: that is no longer known.
        """

    def imported(self, number: int) -> Container[str]:
        """The User IDs of those whom an import added or changed.

        Args:
            number: that of its transaction; 0 for the last import.

        Raises:
            FilterFault: there was no such import, or it is no longer known.
        """

    def marked(self) -> Container[str]:
        """The User IDs of those who are marked."""
