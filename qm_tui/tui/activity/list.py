"""The list of transactions: a line each, and in words the one under the cursor."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual.binding import Binding, BindingType

from qm_tui.store.interface import TransactionSummary
from qm_tui.text import fitted, visible
from qm_tui.tui.text.transaction_details import origin_text, time_text, title_text
from qm_tui.tui.widgets.virtual_list import VirtualRows

_NUMBER: Final = 6
_COUNTS: Final = 14
_NO_UNDO: Final = "(no undo) "

_WITH_YEAR, _WITH_ORIGIN = 70, 78
"""Cells from which the year and the address have room."""


class _Widths(NamedTuple):
    """Cells of the columns; a column without any is not shown."""

    time: int
    who: int
    address: int
    why: int


def _widths(width: int) -> _Widths:
    time = 16 if width >= _WITH_YEAR else 11
    who = 10 if width >= _WITH_YEAR else 8
    address = 15 if width >= _WITH_ORIGIN else 0
    taken = 2 + _NUMBER + 1 + time + 1 + who + 1 + (address + 1 if address else 0) + 1 + _COUNTS
    return _Widths(time, who, address, max(8, width - taken))


class ActivityList(VirtualRows):
    """Transactions, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Open", key_display="Enter")
    ]

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 4

    def __init__(self) -> None:
        super().__init__(id="transactions")
        self._transactions: Sequence[TransactionSummary] = ()

    @property
    def row_count(self) -> int:
        """How many transactions are shown."""
        return len(self._transactions)

    @property
    def cursor_transaction(self) -> TransactionSummary | None:
        """The transaction under the cursor."""
        return self._transactions[self.cursor_row] if self._transactions else None

    def show(self, transactions: Sequence[TransactionSummary]) -> None:
        """Show other transactions, newest first. The cursor stays on its transaction."""
        before, cursor, top = self._transactions, self.cursor_row, int(self.scroll_offset.y)
        self._transactions = transactions
        if not before:
            self.rows_changed(0)
            return
        # whoever looks at the newest goes on looking at the newest
        row_at_top = _row_of(before[top].number, transactions) if top else 0
        self.rows_moved(_row_of(before[cursor].number, transactions), row_at_top)

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        at = _widths(width)
        address = f"{fitted('From', at.address)} " if at.address else ""
        text = (
            f"  {'No.':>{_NUMBER}} {fitted('Time', at.time)} {fitted('Who', at.who)} {address}"
            f"{fitted('What', at.why)} {fitted('Users', _COUNTS)}"
        )
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """One transaction."""
        transaction, at = self._transactions[row], _widths(width)
        sign = ">" if row == self.cursor_row else " "
        time = time_text(transaction.time)[16 - at.time : 16]
        address = f"{fitted(visible(transaction.address, 64), at.address)} " if at.address else ""
        why = visible(f"{'' if transaction.is_available else _NO_UNDO}{transaction.reason}", 200)
        login = fitted(visible(transaction.login, 64), at.who)
        return fitted(
            f"{sign} {transaction.number:>{_NUMBER}} {time} {login} "
            f"{address}{fitted(why, at.why)} {_counts(transaction)}",
            width,
        )

    def footer_text(self, width: int, line: int) -> str:
        """The transaction under the cursor in full, and which of how many it is."""
        transaction = self.cursor_transaction
        if transaction is None:
            return " " * width
        if line == 0:
            position = f"{self.cursor_row + 1:,} of {self.row_count:,} "
            return fitted(position.rjust(width), width)
        if line == 1:
            return fitted(f"  No. {transaction.number:,}, {origin_text(transaction)}", width)
        # two lines for what it was: a file's name and its sum are long
        lines = wrap(title_text(transaction), max(8, width - 3), max_lines=2, placeholder=" …")
        return fitted(f"  {lines[line - 2]}" if line - 2 < len(lines) else "", width)


def _row_of(number: int, transactions: Sequence[TransactionSummary]) -> int:
    """The row of a transaction, or of the next older one; the transactions are newest first."""
    low, high = 0, len(transactions)
    while low < high:
        middle = (low + high) // 2
        if transactions[middle].number > number:
            low = middle + 1
        else:
            high = middle
    return min(low, max(0, len(transactions) - 1))


def _counts(transaction: TransactionSummary) -> str:
    """How many users: `+48 ~310 -2`."""
    counts = (("+", transaction.added), ("~", transaction.changed), ("-", transaction.deleted))
    text = " ".join(f"{sign}{number:,}" for sign, number in counts if number)
    return fitted(text or "no users", _COUNTS)
