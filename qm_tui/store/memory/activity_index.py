"""Answers of the activity log to a filter: which users were changed when, or by which import."""

from collections.abc import Container, Iterable, Iterator, Set
from datetime import date
from threading import Lock
from typing import Final, Protocol

from qm_tui.store.activity_filters import import_numbered, transactions_on
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionSummary
from qm_tui.users.query.filter_parser import FilterSyntaxError

_CACHED: Final = 4
"""Answers that are cached: while a filter is typed, each key asks again."""


class ActivityLog(Protocol):
    """The transactions of a store, as in `UserStore`."""

    def transactions(self) -> list[TransactionSummary]:
        """Return all transactions, newest first."""

    def changed_user_ids(self, number: int, *, last: int = 0) -> Iterator[str]:
        """Yield the User IDs of the users that transactions added or changed."""


class ActivityIndex:
    """The data for filters by date of change and by import. It reads the log: for worker threads.

    Several threads may use it; they wait for each other while the log is read.

    Args:
        log: the transactions of the store.
    """

    def __init__(self, log: ActivityLog) -> None:
        self._log, self._lock = log, Lock()
        self._cache: dict[tuple[int, int], frozenset[str]] = {}

    def changed(self, first: date, last: date, until: int | None = None) -> Container[str]:
        """Return the User IDs of the users that were added or changed on these days.

        Args:
            first: the first day.
            last: the last day.
            until: the number of the last transaction that counts; None for the newest.

        Raises:
            FilterSyntaxError: that is no longer available.
        """
        transactions = transactions_on(self._transactions(until), first, last)
        groups = [
            self._changed_by(*run)
            for run in _consecutive_ranges(one.number for one in reversed(transactions))
        ]
        return groups[0] if len(groups) == 1 else frozenset[str]().union(*groups)

    def imported(self, number: int, until: int | None = None) -> Container[str]:
        """Return the User IDs of the users that an import added or changed.

        Args:
            number: the number of its transaction; 0 for the last import.
            until: the number of the last transaction that counts; None for the newest.

        Raises:
            FilterSyntaxError: there was no such import, or its changes are no longer available.
        """
        transaction = import_numbered(self._transactions(until), number)
        return self._changed_by(transaction.number, transaction.number)

    def _transactions(self, until: int | None) -> list[TransactionSummary]:
        try:
            transactions = self._log.transactions()
        except StoreError as error:
            raise FilterSyntaxError(str(error)) from error
        if until is None:
            return transactions
        return [one for one in transactions if one.number <= until]

    def _changed_by(self, first: int, last: int) -> Set[str]:
        """Return the User IDs of the users that consecutive transactions added or changed."""
        with self._lock:
            return self._read(first, last)

    def _read(self, first: int, last: int) -> Set[str]:
        user_ids = self._cache.pop((first, last), None)
        if user_ids is None:
            user_ids, cached_to = self._cached(first, last)
            try:
                later = self._log.changed_user_ids(cached_to + 1, last=last)
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
