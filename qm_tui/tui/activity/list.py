"""The transactions that match a filter, and their list with the current one in full below it."""

from collections.abc import Sequence
from textwrap import wrap
from typing import ClassVar, Final, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.binding import Binding, BindingType

from qm_tui.progress import YieldControl
from qm_tui.store.changes.action_text import details_text, list_text
from qm_tui.store.changes.transaction_text import origin_text, time_text, title_text
from qm_tui.store.interface import TransactionSummary, UserStore
from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.widgets.virtual_list import VirtualList

_LOGIN, _ADDRESS, _COUNTS = "Admin", "From", "Users"
"""The names of columns."""

_SHORTEST_NUMBER: Final = 3
_SHORTEST_ACTION: Final = 8
_NO_UNDO: Final = "(no undo) "

_TIME, _TIME_WITH_YEAR = 11, 16
_MAX_LOGIN, _MAX_ADDRESS = 16, 39
"""The widths in cells that longer logins and addresses are cut to."""

_MEASURED: Final = 500
"""The number of transactions whose actions are measured: the newest."""


class _ContentWidths(NamedTuple):
    """The widths of the columns that fit their contents, in cells."""

    login: int
    address: int
    action: int
    counts: int


class Transactions(NamedTuple):
    """Transactions that were read.

    Attributes:
        matching: those that match the filter, newest first.
        total: the number of all transactions.
        content: the widths that the columns need.
    """

    matching: Sequence[TransactionSummary]
    total: int
    content: _ContentWidths


class _Widths(NamedTuple):
    """The widths of the columns in cells; a column of 0 cells is not shown."""

    number: int
    time: int
    login: int
    address: int
    action: int
    counts: int


def _measure(transactions: Sequence[TransactionSummary]) -> _ContentWidths:
    """Return the widths that the columns need. It takes long for many transactions."""
    logins = {transaction.login for transaction in transactions}
    addresses = {transaction.address for transaction in transactions}
    return _ContentWidths(
        max(map(_shown_width, (*logins, _LOGIN))),
        max(map(_shown_width, (*addresses, _ADDRESS))) if any(addresses) else 0,
        max((cell_len(_action(one)) for one in transactions[:_MEASURED]), default=0),
        max(map(len, (*map(_counts, transactions), _COUNTS))),
    )


def read_transactions(store: UserStore, words: Sequence[str], rest: YieldControl) -> Transactions:
    """Return the transactions that contain all words of a filter."""
    transactions = matching = store.transactions()
    if words:
        matching = []
        for transaction in transactions:
            if all(word in _searched(transaction) for word in words):
                matching.append(transaction)
            rest()
    return Transactions(matching, len(transactions), _measure(matching))


def _searched(transaction: TransactionSummary) -> str:
    """Return the text that is searched for the words of the filter."""
    action = transaction.action
    parts = (
        f"{transaction.number}",
        time_text(transaction.time),
        transaction.login,
        transaction.address,
        list_text(action, transaction.users),
        action.details,
    )
    return "\n".join(parts).casefold()


def _shown_width(text: str) -> int:
    return cell_len(sanitize(text, 64))


def _widths(width: int, largest_number: int, content: _ContentWidths) -> _Widths:
    """Return the widths of the columns.

    The action has the room that the others leave. If it is cut, the address is not shown; if it
    still is, neither is the year.
    """
    number = max(_SHORTEST_NUMBER, len(str(largest_number)))
    login = min(content.login, _MAX_LOGIN)
    address = min(content.address, _MAX_ADDRESS)
    room = width - (2 + number + 1 + 1 + login + 1 + 1 + content.counts)
    time = _TIME_WITH_YEAR
    if address and room - time - address - 1 < content.action:
        address = 0
    if not address and room - time < content.action:
        time = _TIME
    action = room - time - (address + 1 if address else 0)
    return _Widths(number, time, login, address, max(_SHORTEST_ACTION, action), content.counts)


class ActivityList(VirtualList):
    """Transactions, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open")]

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 4

    def __init__(self) -> None:
        super().__init__(id="transactions")
        self._transactions: Sequence[TransactionSummary] = ()
        self._content = _measure(())

    @property
    def row_count(self) -> int:
        """The number of transactions."""
        return len(self._transactions)

    @property
    def cursor_transaction(self) -> TransactionSummary | None:
        """The transaction under the cursor."""
        return self._transactions[self.cursor_row] if self._transactions else None

    def show(self, read: Transactions) -> None:
        """Show the transactions that match. The cursor stays on its transaction."""
        transactions, self._content = read.matching, read.content
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
        address = f"{pad_or_truncate(_ADDRESS, widths.address)} " if widths.address else ""
        text = (
            f"  {'No.':>{widths.number}} {pad_or_truncate('Time', widths.time)} "
            f"{pad_or_truncate(_LOGIN, widths.login)} {address}"
            f"{pad_or_truncate('Action', widths.action)} {pad_or_truncate(_COUNTS, widths.counts)}"
        )
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The text of one transaction."""
        transaction, widths = self._transactions[row], self._widths(width)
        sign = ">" if row == self.cursor_row else " "
        time = time_text(transaction.time)[_TIME_WITH_YEAR - widths.time : _TIME_WITH_YEAR]
        address = ""
        if widths.address:
            address = f"{pad_or_truncate(sanitize(transaction.address, 64), widths.address)} "
        action = pad_or_truncate(_action(transaction), widths.action)
        login = pad_or_truncate(sanitize(transaction.login, 64), widths.login)
        return pad_or_truncate(
            f"{sign} {transaction.number:>{widths.number}} {time} {login} "
            f"{address}{action} {_counts(transaction)}",
            width,
        )

    def row_tone(self, row: int) -> tuple[str, slice]:
        """Return the color of the numbers of users, unless the transaction is mixed."""
        transaction = self._transactions[row]
        changes = {
            "added": transaction.added,
            "changed": transaction.changed,
            "rejected": transaction.deleted,
        }
        tones = [tone for tone, count in changes.items() if count]
        counts = self._widths(self.size.width).counts
        return tones[0] if len(tones) == 1 else "", slice(-counts, self.size.width)

    def _widths(self, width: int) -> _Widths:
        newest = self._transactions[0].number if self._transactions else 0
        return _widths(width, newest, self._content)

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


def _action(transaction: TransactionSummary) -> str:
    prefix = "" if transaction.is_available else _NO_UNDO
    return f"{prefix}{list_text(transaction.action, transaction.users)}"


def _counts(transaction: TransactionSummary) -> str:
    """Return the numbers of users: `+48 ~310 -2`."""
    counts = (("+", transaction.added), ("~", transaction.changed), ("-", transaction.deleted))
    text = " ".join(f"{sign}{number:,}" for sign, number in counts if number)
    return text or "no users"
