"""The list of transactions, with the current one in full below it."""

from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.binding import Binding, BindingType

from qm_tui.store.changes.action_text import details_text, list_text
from qm_tui.store.interface import TransactionSummary
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.text.transaction_details import origin_text, time_text, title_text
from qm_tui.tui.widgets.virtual_list import VirtualList

_SHORTEST_NUMBER: Final = 3
_SHORTEST_COUNTS: Final = 8
_NO_UNDO: Final = "(no undo) "

_WITH_YEAR, _WITH_ORIGIN = 70, 78
"""The smallest widths in cells with room for the year and for the address."""


class _Widths(NamedTuple):
    """The widths of the columns in cells; a column of 0 cells is not shown."""

    number: int
    time: int
    login: int
    address: int
    action: int
    counts: int


def _widths(width: int, largest_number: int, counts: int) -> _Widths:
    number = max(_SHORTEST_NUMBER, len(str(largest_number)))
    time = 16 if width >= _WITH_YEAR else 11
    login = 10 if width >= _WITH_YEAR else 8
    address = 15 if width >= _WITH_ORIGIN else 0
    others = 2 + number + 1 + time + 1 + login + 1 + (address + 1 if address else 0) + 1 + counts
    return _Widths(number, time, login, address, max(8, width - others), counts)


def counts_width(transactions: Iterable[TransactionSummary]) -> int:
    """Return the width of the column with the numbers of users, in cells."""
    return max((len(_counts(one)) for one in transactions), default=0)


class ActivityList(VirtualList):
    """Transactions, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", key_display="Enter")
    ]

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 4

    def __init__(self) -> None:
        super().__init__(id="transactions")
        self._transactions: Sequence[TransactionSummary] = ()
        self._counts_width = _SHORTEST_COUNTS

    @property
    def row_count(self) -> int:
        """The number of transactions."""
        return len(self._transactions)

    @property
    def cursor_transaction(self) -> TransactionSummary | None:
        """The transaction under the cursor."""
        return self._transactions[self.cursor_row] if self._transactions else None

    def show(self, transactions: Sequence[TransactionSummary], counts_width: int) -> None:
        """Show these transactions, newest first. The cursor stays on its transaction.

        Args:
            transactions: the transactions.
            counts_width: the result of `counts_width`, which takes long for many of them.
        """
        self._counts_width = max(_SHORTEST_COUNTS, counts_width)
        before, cursor, top = self._transactions, self.cursor_row, int(self.scroll_offset.y)
        self._transactions = transactions
        if not before:
            self.rows_changed(0)
            return
        # if the newest transaction is at the top, a newer one comes above it
        row_at_top = _row_of(before[top].number, transactions) if top else 0
        self.rows_moved(_row_of(before[cursor].number, transactions), row_at_top)

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        widths = self._widths(width)
        address = f"{pad_or_truncate('From', widths.address)} " if widths.address else ""
        text = (
            f"  {'No.':>{widths.number}} {pad_or_truncate('Time', widths.time)} "
            f"{pad_or_truncate('Admin', widths.login)} {address}"
            f"{pad_or_truncate('Action', widths.action)} {pad_or_truncate('Users', widths.counts)}"
        )
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The text of one transaction."""
        transaction, widths = self._transactions[row], self._widths(width)
        sign = ">" if row == self.cursor_row else " "
        time = time_text(transaction.time)[16 - widths.time : 16]
        address = ""
        if widths.address:
            address = f"{pad_or_truncate(sanitize(transaction.address, 64), widths.address)} "
        prefix = "" if transaction.is_available else _NO_UNDO
        action = f"{prefix}{list_text(transaction.action, transaction.users)}"
        login = pad_or_truncate(sanitize(transaction.login, 64), widths.login)
        return pad_or_truncate(
            f"{sign} {transaction.number:>{widths.number}} {time} {login} "
            f"{address}{pad_or_truncate(action, widths.action)} {_counts(transaction)}",
            width,
        )

    def _widths(self, width: int) -> _Widths:
        newest = self._transactions[0].number if self._transactions else 0
        return _widths(width, newest, self._counts_width)

    def footer_text(self, width: int, line: int) -> str:
        """The current transaction in full, and its position."""
        transaction = self.cursor_transaction
        if transaction is None:
            return " " * width
        if line == 0:
            position = f"{self.cursor_row + 1:,} of {self.row_count:,} "
            return pad_or_truncate(position.rjust(width), width)
        if line == 1:
            text = f"  Transaction {transaction.number:,}, {origin_text(transaction)}"
            return pad_or_truncate(text, width)
        text = "; ".join(filter(None, (title_text(transaction), details_text(transaction.action))))
        lines = wrap(text, max(8, width - 3), max_lines=2, placeholder=" …")
        return pad_or_truncate(f"  {lines[line - 2]}" if line - 2 < len(lines) else "", width)


def _row_of(number: int, transactions: Sequence[TransactionSummary]) -> int:
    """Return the row of a transaction or the next older one; the transactions are newest first."""
    low, high = 0, len(transactions)
    while low < high:
        middle = (low + high) // 2
        if transactions[middle].number > number:
            low = middle + 1
        else:
            high = middle
    return min(low, max(0, len(transactions) - 1))


def _counts(transaction: TransactionSummary) -> str:
    """Return the numbers of users: `+48 ~310 -2`."""
    counts = (("+", transaction.added), ("~", transaction.changed), ("-", transaction.deleted))
    text = " ".join(f"{sign}{number:,}" for sign, number in counts if number)
    return text or "no users"
