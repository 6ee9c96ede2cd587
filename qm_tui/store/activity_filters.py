"""Which transactions a filter by activity means, for every kind of store."""

from collections.abc import Iterable
from datetime import date, datetime

from qm_tui.store.interface import TransactionSummary
from qm_tui.users.query.filter_parser import FilterSyntaxError
from qm_tui.users.query.meanings import LAST_IMPORT


def today() -> date:
    """Return the present day in the local time zone."""
    return datetime.now().astimezone().date()


def transactions_on(
    transactions: Iterable[TransactionSummary], first: date, last: date
) -> list[TransactionSummary]:
    """Return the transactions of some days in the local time zone, in the order given.

    Raises:
        FilterSyntaxError: the changes of one of them are no longer available.
    """
    found = [one for one in transactions if first <= _day(one) <= last]
    removed = next((one for one in found if not one.is_available), None)
    if removed is not None:
        day = _day(removed).isoformat()
        raise FilterSyntaxError(
            f"Changes on or before {day} are no longer available. Use a later date."
        )
    return found


def import_numbered(transactions: Iterable[TransactionSummary], number: int) -> TransactionSummary:
    """Return the transaction of an import.

    Args:
        transactions: the transactions, newest first.
        number: the number of the import; `LAST_IMPORT` for the last one.

    Raises:
        FilterSyntaxError: there was no such import, or its changes are no longer available.
    """
    imports = (one for one in transactions if one.is_import)
    found = next((one for one in imports if number in (LAST_IMPORT, one.number)), None)
    if found is None:
        msg = "There is no import yet. Import a file first."
        if number:
            msg = f"Transaction {number:,} is not an import. Activity lists the numbers."
        raise FilterSyntaxError(msg)
    if not found.is_available:
        msg = f"The changes of import {found.number:,} are no longer available. "
        raise FilterSyntaxError(msg + "Use a later import.")
    return found


def _day(transaction: TransactionSummary) -> date:
    return transaction.time.astimezone().date()
