"""The changes of a transaction: each user, and each field before and after."""

import time
from bisect import bisect_right
from collections.abc import Iterable
from itertools import islice
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.widgets import Button, Static

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.store.changes.action_text import details_text
from qm_tui.store.changes.transaction_text import change_lines, origin_text, title_text
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionSummary, UserStore
from qm_tui.text import pad_or_truncate
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.threads import ask_until_answered

_INTERVAL: Final = 1 / 15
_FIRST: Final = 40
"""Users that are shown first."""


class ChangeList(VirtualList):
    """Users and their fields, a line each.

    The lines of a user are one text, so that two million of them do not take half a gigabyte.
    """

    header_height: ClassVar[int] = 0
    footer_height: ClassVar[int] = 1

    def __init__(self) -> None:
        super().__init__(id="changes")
        self._users: list[str] = []
        self._ends: list[int] = []

    @property
    def row_count(self) -> int:
        """The number of lines."""
        return self._ends[-1] if self._ends else 0

    def add(self, users: Iterable[str]) -> None:
        """Append users, each with its lines."""
        end = self.row_count
        was_empty = not end
        for lines in users:
            end += lines.count("\n") + 1
            self._users.append(lines)
            self._ends.append(end)
        if was_empty:
            self.rows_changed(0)
        else:
            self.rows_added()

    def line(self, row: int) -> str:
        """Return a line."""
        index = bisect_right(self._ends, row)
        lines = self._users[index].split("\n")
        return lines[row - self._ends[index] + len(lines)]

    def row_text(self, row: int, width: int) -> str:
        """A line, with the cursor."""
        sign = ">" if row == self.cursor_row else " "
        return pad_or_truncate(f"{sign} {self.line(row)}", width)

    def footer_text(self, width: int, line: int) -> str:
        """The position of the current user."""
        if not self._ends:
            return " " * width
        position = bisect_right(self._ends, self.cursor_row) + 1
        return pad_or_truncate(f"user {position:,} of {len(self._users):,} ".rjust(width), width)


class UsersRead(Message):
    """More users of the transaction were read.

    Args:
        users: the lines of each user.
    """

    def __init__(self, users: list[str]) -> None:
        super().__init__()
        self.users = users


class TransactionScreen(Dialog[None]):
    """The view of a transaction.

    Args:
        transaction: the transaction.
        store: its store.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", "close"),
        bind("dialog.ok", "close", "Close"),
    ]

    def __init__(self, transaction: TransactionSummary, store: UserStore) -> None:
        super().__init__()
        self._transaction, self._store = transaction, store
        self._read_number = 0

    def compose(self) -> ComposeResult:
        transaction = self._transaction
        action = transaction.action
        about = [title_text(transaction), origin_text(transaction)]
        if details := details_text(action):
            about.append(details)
        if action.digest:
            about.append(f"SHA-256: {action.digest}")
        with dialog_frame("transaction", f"Transaction {transaction.number:,}", "Esc close"):
            yield Static(safe_lines(about), id="what")
            yield ChangeList()
            yield Static(id="line")
            yield button_row(close="[Close]")

    def on_mount(self) -> None:
        self.query_one(ChangeList).focus()
        self.query_one("#line", Static).update(safe("Loading…"))
        self._read()

    @work(description="read a transaction")
    async def _read(self) -> None:
        line = "No users were changed."
        try:
            await ask_until_answered(self._read_users)
            if self._read_number:
                return
        except StoreError as error:
            line = str(error)
        self.query_one("#line", Static).update(safe(line))

    def _read_users(self, rest: YieldControl) -> None:
        """Read the changed users, the first ones immediately; go on where it failed before."""
        state, waiting, sent = self._store.state, list[str](), 0.0
        all_changes = self._store.transaction_changes(self._transaction.number)
        changes = islice(all_changes, self._read_number, None)
        for batch in in_chunks(changes, rest, _FIRST):
            stored = state.users([change.user_id for change in batch])
            waiting += (
                "\n".join(change_lines(change, user))
                for change, user in zip(batch, stored, strict=True)
            )
            if time.monotonic() - sent >= _INTERVAL:
                sent = time.monotonic()
                self._show(waiting)
                waiting = []
        if waiting:
            self._show(waiting)

    def _show(self, users: list[str]) -> None:
        self._read_number += len(users)
        self.post_message(UsersRead(users))

    @on(UsersRead)
    def _more(self, event: UsersRead) -> None:
        self.query_one(ChangeList).add(event.users)

    @on(VirtualList.RowHighlighted)
    def _highlighted(self, event: VirtualList.RowHighlighted) -> None:
        line = self.query_one(ChangeList).line(event.cursor_row).strip()
        self.query_one("#line", Static).update(safe(line))

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)
