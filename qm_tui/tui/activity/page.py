"""The Activity page: all transactions, their filter, and undo."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from qm_tui.store.errors import StoreError
from qm_tui.text import pluralize
from qm_tui.tui.activity.list import ActivityList, read_transactions
from qm_tui.tui.activity.transaction_screen import TransactionScreen
from qm_tui.tui.frame.actions_bar import ActionButton
from qm_tui.tui.frame.key_help import is_unavailable
from qm_tui.tui.frame.page import COMMON, UNDO, Page
from qm_tui.tui.keys.keymap import bind, is_key_of, is_move, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.text_input import FilterInput
from qm_tui.tui.work.job import UserListView
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import ask_until_answered
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH

_NO_TRANSACTIONS: Final = "No transactions yet."
_NO_MATCH: Final = "No transactions match the filter. Press Esc to clear it."


class _ActivityFilterInput(FilterInput):
    """The filter field: Enter applies the filter, Esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.clear_filter", "Clear filter", show=False),
        Binding("down", "screen.focus_list", "Go to list", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(MAX_FILTER_LENGTH, id="filter")
        self.select_on_focus = True


class ActivityPage(Page):
    """Administration > Activity.

    Args:
        session: the state that all pages share.
    """

    PAGE: ClassVar[str] = "activity"
    ACTION_BUTTONS: ClassVar[tuple[ActionButton, ...]] = (
        ActionButton("[Enter Open]", "open", "open"),
        ActionButton("[<changes.undo> Undo]", "undo", "undo"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("activity.filter", "filter"),
        UNDO,
        *COMMON,
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._words: Sequence[str] = ()
        self._shown_words: Sequence[str] | None = None

    @property
    def _list(self) -> ActivityList:
        return self.query_one(ActivityList)

    @property
    def _filter(self) -> _ActivityFilterInput:
        return self.query_one(_ActivityFilterInput)

    @property
    def is_reading(self) -> bool:
        """Whether the transactions that match the filter have not been read yet."""
        return self._shown_words != self._words

    def compose_page(self) -> Iterator[Widget]:
        """Yield the filter, the list, and the text shown if there are no transactions."""
        with Horizontal(id="filter-line"):
            yield Label(safe(with_keys("<activity.filter> ")))
            yield _ActivityFilterInput()
        yield ActivityList()
        yield Static(safe(_NO_TRANSACTIONS), id="no-transactions")

    def on_mount(self) -> None:
        self.query_one("#filter-line").display = False
        self.query_one("#no-transactions").display = False
        self._list.focus()

    def focus_list(self) -> None:
        """Give the focus to the list."""
        self._list.focus()

    def action_focus_list(self) -> None:
        """Give the focus to the list."""
        self.focus_list()

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait: for the transactions that match, it applies to them."""
        is_reading = self.is_reading and not self._filter.has_focus
        is_for_list = (
            key == "enter"
            or is_move(key)
            or is_unavailable(self, key)
            or is_key_of(key, "changes.undo")
        )
        return (is_reading and is_for_list) or super().must_wait(key)

    # Reading

    def show_view(self, view: UserListView) -> None:
        """Show another state of the store, which has other transactions."""
        super().show_view(view)
        self._read()

    @work(exclusive=True, group="reading", description="read the transactions")
    async def _read(self) -> None:
        """Show the transactions that contain the words of the filter."""
        words = self._words
        try:
            read = await ask_until_answered(partial(read_transactions, self.session.store, words))
        except StoreError as error:
            self._shown_words = words
            self.session.set_status(str(error))
            return
        self._shown_words = words
        count = pluralize(read.total, "transaction")
        if words:
            count = f"{len(read.matching):,} of {read.total:,} shown"
        self.query_one("#count", Static).update(safe(count))
        empty = self.query_one("#no-transactions", Static)
        empty.display = not read.matching
        empty.update(safe(_NO_MATCH if words else _NO_TRANSACTIONS))
        was_empty = self._list.cursor_transaction is None
        self._list.show(read)
        if was_empty or not read.matching:
            self.show_job()  # Open and Undo become possible or impossible

    # The filter

    def action_filter(self) -> None:
        """Edit the filter: words that a transaction must contain."""
        self.query_one("#filter-line").display = True
        self.set_focus(self._filter)

    def action_clear_filter(self) -> None:
        """Show all transactions."""
        self._filter.value = ""
        self._apply("")

    @on(Input.Submitted, "#filter")
    def _filtered(self, event: Input.Submitted) -> None:
        self._apply(event.value)

    def _apply(self, text: str) -> None:
        self._words = text.casefold().split()
        self.query_one("#filter-line").display = bool(self._words)
        self._list.focus()
        self._read()

    def action_back(self) -> None:
        """Clear the filter; without a filter, go back to the Users page."""
        if self.is_busy:
            self.action_cancel()
        elif self._words:
            self.action_clear_filter()
        else:
            self.action_show_page("users")

    # A transaction

    @on(ActivityList.RowSelected)
    def action_open(self) -> None:
        """Show the changes of the current transaction."""
        transaction = self._list.cursor_transaction
        if transaction is not None:
            self.app.push_screen(TransactionScreen(transaction, self.session.store))

    def transaction_to_undo(self) -> int | None:
        """Return the number of the current transaction."""
        transaction = self._list.cursor_transaction
        return transaction.number if transaction is not None else None

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Disable what is not possible now."""
        if action in ("open", "undo"):
            with suppress(NoMatches):
                if self._list.cursor_transaction is None:
                    return None
        return super().check_action(action, parameters)
