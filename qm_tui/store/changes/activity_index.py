"""Answers of the activity log to a filter: which users were changed when, or by which import."""

from collections.abc import Callable, Collection, Container, Iterable, Set
from datetime import date, datetime
from typing import Final

from qm_tui.progress import ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionSummary, UserStore
from qm_tui.users.query.filter_parser import FilterSyntaxError

_CACHED: Final = 4
"""Answers that are cached: while a filter is typed, each key asks again."""


class ActivityIndex:
    """The data for filters by date of change and by import. It reads the log: for worker threads.

    Args:
        store: the store.
        marks: returns the User IDs of the marked users.
        progress: the progress; it may raise `Cancelled`.
    """

    def __init__(
        self,
        store: UserStore,
        marks: Callable[[], Collection[str]] = frozenset,
        progress: ProgressCallback = ignore_progress,
    ) -> None:
        self._store, self._marks, self._progress = store, marks, progress
        self._cache: dict[tuple[int, int], frozenset[str]] = {}

    def today(self) -> date:
        """Return today's date in the local time zone."""
        return datetime.now().astimezone().date()

    def marked(self) -> Container[str]:
        """Return the User IDs of the marked users."""
        return self._marks()

    def changed(self, first: date, last: date) -> Container[str]:
        """Return the User IDs of the users that were added or changed on these days.

        Raises:
            FilterSyntaxError: that is no longer available.
        """
        transactions = [one for one in self._transactions() if first <= _day(one) <= last]
        removed = next((one for one in transactions if not one.is_available), None)
        if removed is not None:
            day = _day(removed).isoformat()
            raise FilterSyntaxError(
                f"Changes on or before {day} are no longer available. Use a later date."
            )
        groups = [
            self._changed_by(*run)
            for run in _consecutive_ranges(one.number for one in reversed(transactions))
        ]
        return groups[0] if len(groups) == 1 else frozenset[str]().union(*groups)

    def imported(self, number: int) -> Container[str]:
        """Return the User IDs of the users that an import added or changed; 0 is the last import.

        Raises:
            FilterSyntaxError: there was no such import, or its changes are no longer available.
        """
        transactions = (one for one in self._transactions() if one.is_import)
        transaction = next((one for one in transactions if number in (0, one.number)), None)
        if transaction is None:
            msg = "There is no import yet. Import a file first."
            if number:
                msg = f"Transaction {number:,} is not an import. Activity lists the numbers."
            raise FilterSyntaxError(msg)
        if not transaction.is_available:
            msg = f"The changes of import {transaction.number:,} are no longer available. "
            raise FilterSyntaxError(msg + "Use a later import.")
        return self._changed_by(transaction.number, transaction.number)

    def _transactions(self) -> list[TransactionSummary]:
        try:
            return self._store.transactions()
        except StoreError as error:
            raise FilterSyntaxError(str(error)) from error

    def _changed_by(self, first: int, last: int) -> Set[str]:
        """Return the User IDs of the users that consecutive transactions added or changed."""
        user_ids = self._cache.pop((first, last), None)
        if user_ids is None:
            user_ids, cached_to = self._cached(first, last)
            try:
                later = self._store.changed_user_ids(cached_to + 1, self._progress, last=last)
                user_ids = user_ids.union(later)
            except StoreError as error:
                raise FilterSyntaxError(str(error)) from error
        self._cache[first, last] = user_ids  # the most recently used comes last
        for oldest in list(self._cache)[:-_CACHED]:
            del self._cache[oldest]
        return user_ids

    def _cached(self, first: int, last: int) -> tuple[frozenset[str], int]:
        """Return what is cached of the first of several transactions, and up to which one."""
        end = max((end for start, end in self._cache if start == first and end < last), default=0)
        return (self._cache.pop((first, end)), end) if end else (frozenset(), first - 1)


def _consecutive_ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Return the first and last of each run of numbers: one run, unless a clock was set back."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def _day(transaction: TransactionSummary) -> date:
    return transaction.time.astimezone().date()
