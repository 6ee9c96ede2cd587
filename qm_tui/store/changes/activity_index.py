"""What the store's activity says to a filter: who was changed when, and by which import."""

from collections.abc import Callable, Collection, Container, Iterable, Set
from datetime import date, datetime
from typing import Final

from qm_tui.progress import Tick, no_tick
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionSummary, UserStore
from qm_tui.users.query.filter_parser import FilterFault

_KEPT: Final = 4
"""Answers that are kept for the next time they are asked for, as at each key of a filter."""


class ActivityIndex:
    """Answers what a filter asks of the past. It reads the log, and is for worker threads.

    Args:
        store: the store.
        marks: gives the User IDs of the users who are marked.
        tick: told how much is read; it may raise `Cancelled`.
    """

    def __init__(
        self,
        store: UserStore,
        marks: Callable[[], Collection[str]] = frozenset,
        tick: Tick = no_tick,
    ) -> None:
        self._store, self._marks, self._tick = store, marks, tick
        self._known: dict[tuple[int, int], frozenset[str]] = {}

    def today(self) -> date:
        """The day that it is here."""
        return datetime.now().astimezone().date()

    def marked(self) -> Container[str]:
        """The User IDs of those who are marked."""
        return self._marks()

    def changed(self, first: date, last: date) -> Container[str]:
        """The User IDs of those who were added or changed on these days.

        Raises:
            FilterFault: that is no longer kept.
        """
        transactions = [one for one in self._transactions() if first <= _day(one) <= last]
        lost = next((one for one in transactions if not one.is_available), None)
        if lost is not None:
            day = _day(lost).isoformat()
            msg = f"Who was changed on {day} and before is no longer kept. Ask for later days."
            raise FilterFault(msg)
        groups = [
            self._touched(*run) for run in _runs(one.number for one in reversed(transactions))
        ]
        return groups[0] if len(groups) == 1 else frozenset[str]().union(*groups)

    def imported(self, number: int) -> Container[str]:
        """The User IDs of those whom an import added or changed; 0 is the last import.

        Raises:
            FilterFault: there was no such import, or it is no longer kept.
        """
        transactions = (one for one in self._transactions() if one.is_import)
        transaction = next((one for one in transactions if number in (0, one.number)), None)
        if transaction is None:
            msg = "Nothing was imported yet. Import a file first."
            if number:
                msg = f"Transaction {number:,} is no import. Activity shows the numbers."
            raise FilterFault(msg)
        if not transaction.is_available:
            msg = f"Whom import {transaction.number:,} added or changed is no longer kept. "
            raise FilterFault(msg + "Ask for a later import.")
        return self._touched(transaction.number, transaction.number)

    def _transactions(self) -> list[TransactionSummary]:
        try:
            return self._store.transactions()
        except StoreError as refused:
            raise FilterFault(str(refused)) from refused

    def _touched(self, first: int, last: int) -> Set[str]:
        """Those whom transactions in a row added or changed."""
        known = self._known.pop((first, last), None)
        if known is None:
            known, upto = self._longest_known(first, last)
            try:
                found = self._store.changed_user_ids(upto + 1, self._tick, last=last)
                known = known.union(found)
            except StoreError as refused:
                raise FilterFault(str(refused)) from refused
        self._known[first, last] = known  # the last that was asked for comes last
        for oldest in list(self._known)[:-_KEPT]:
            del self._known[oldest]
        return known

    def _longest_known(self, first: int, last: int) -> tuple[frozenset[str], int]:
        """What is known of the first of some transactions, and of which it is the last."""
        upto = max((end for begin, end in self._known if begin == first and end < last), default=0)
        return (self._known.pop((first, upto)), upto) if upto else (frozenset(), first - 1)


def _runs(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The first and the last of numbers in a row: one run, unless a clock was set back."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1] = runs[-1][0], number
        else:
            runs.append((number, number))
    return runs


def _day(transaction: TransactionSummary) -> date:
    return transaction.time.astimezone().date()
