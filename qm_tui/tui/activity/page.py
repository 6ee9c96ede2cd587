"""The Activity page: who did what and when, and taking it back."""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.css.query import NoMatches
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static
from textual.worker import get_current_worker

from qm_tui.progress import STEP
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import TransactionSummary
from qm_tui.text import counted
from qm_tui.tui.activity.list import ActivityList
from qm_tui.tui.activity.transaction_screen import TransactionScreen
from qm_tui.tui.frame.actions_bar import Offer
from qm_tui.tui.frame.page import COMMON, UNDO, Page
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.transaction_details import time_text
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import Session
from qm_tui.users.query.filter_parser import LONGEST

_REST: Final = 0.0005


class ActivityRead(Message):
    """The transactions were read.

    Args:
        transactions: those that the filter shows, newest first.
        total: how many there are.
        words: the words of the filter.
    """

    def __init__(
        self, transactions: Sequence[TransactionSummary], total: int, words: Sequence[str]
    ) -> None:
        super().__init__()
        self.transactions, self.total, self.words = transactions, total, words


class ActivityRefused(Message):
    """The transactions could not be read."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class _FilterInput(PlainInput):
    """What is typed into it is applied with Enter; Esc clears it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.clear_filter", "Clear", show=False),
        Binding("down", "screen.focus_list", "List", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(LONGEST, id="filter")
        self.select_on_focus = True


class ActivityPage(Page):
    """Administration > Activity.

    Args:
        session: what it shares with the other pages.
    """

    PAGE: ClassVar[str] = "activity"
    OFFERS: ClassVar[tuple[Offer, ...]] = (
        Offer("[Enter Open]", "open", "open"),
        Offer("[u Undo]", "undo", "undo"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority, so that of keys that come in one burst the next goes into the field
        Binding("slash", "filter", "Filter", key_display="/", priority=True),
        UNDO,
        *COMMON,
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._words: Sequence[str] = ()

    @property
    def _list(self) -> ActivityList:
        return self.query_one(ActivityList)

    @property
    def _filter(self) -> _FilterInput:
        return self.query_one(_FilterInput)

    def compose_page(self) -> Iterator[Widget]:
        """The filter's line, the list, and what is said where there is none."""
        with Horizontal(id="filter-line"):
            yield Label(safe("/ "))
            yield _FilterInput()
        yield ActivityList()
        yield Static(safe("No transaction is known yet."), id="no-transactions")

    def on_mount(self) -> None:
        """Show the newest transactions."""
        self.query_one("#filter-line").display = False
        self.query_one("#no-transactions").display = False
        super().on_mount()
        self._list.focus()

    def focus_list(self) -> None:
        """Give the focus to the list."""
        self._list.focus()

    def action_focus_list(self) -> None:
        """Give the focus to the list."""
        self.focus_list()

    # Reading

    def show_view(self, view: View) -> None:
        """The store holds something else: there are other transactions."""
        super().show_view(view)
        self._read(self._words)

    @work(thread=True, exclusive=True, group="reading")
    def _read(self, words: Sequence[str]) -> None:
        worker = get_current_worker()
        try:
            transactions = self.session.store.transactions()
        except StoreError as refused:
            self.post_message(ActivityRefused(str(refused)))
            return
        shown = transactions
        if words:
            shown = []
            for count, transaction in enumerate(transactions):
                if all(word in _searched(transaction) for word in words):
                    shown.append(transaction)
                if not count % STEP:
                    time.sleep(_REST)
                if worker.is_cancelled:
                    return
        if not worker.is_cancelled:
            self.post_message(ActivityRead(shown, len(transactions), words))

    @on(ActivityRefused)
    def _refused(self, event: ActivityRefused) -> None:
        self.session.say(event.sentence)

    @on(ActivityRead)
    def _show(self, event: ActivityRead) -> None:
        if event.words != self._words:
            return
        count = counted(event.total, "transaction")
        if event.words:
            count = f"{len(event.transactions):,} of {event.total:,} shown"
        self.query_one("#count", Static).update(safe(count))
        nothing = self.query_one("#no-transactions", Static)
        nothing.display = not event.transactions
        nothing.update(
            safe(
                "No transaction has all these words. Esc clears the filter."
                if event.words
                else "No transaction is known yet."
            )
        )
        was_empty = self._list.cursor_transaction is None
        self._list.show(event.transactions)
        if was_empty or not event.transactions:
            self.show_work()  # there is something to open and to undo, or there no longer is

    # The filter

    def action_filter(self) -> None:
        """Type words; transactions that have all of them are shown."""
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
        self._read(self._words)

    def action_back(self) -> None:
        """Clear the filter; without one, go back to the users."""
        if self.is_busy:
            self.action_cancel()
        elif self._words:
            self.action_clear_filter()
        else:
            self.action_show_page("users")

    # A transaction

    @on(ActivityList.RowSelected)
    def action_open(self) -> None:
        """See what the transaction under the cursor did."""
        transaction = self._list.cursor_transaction
        if transaction is not None:
            self.app.push_screen(TransactionScreen(transaction, self.session.store))

    def transaction_to_undo(self) -> int | None:
        """The transaction under the cursor."""
        transaction = self._list.cursor_transaction
        return transaction.number if transaction is not None else None

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Grey out what cannot be done now. In the field of the filter its key is a letter."""
        if action == "filter" and self.is_mounted and self._filter.has_focus:
            return False
        if action in ("open", "undo"):
            with suppress(NoMatches):
                if self._list.cursor_transaction is None:
                    return None
        return super().check_action(action, parameters)


def _searched(transaction: TransactionSummary) -> str:
    """What the words of a filter are looked for in."""
    number, when = str(transaction.number), time_text(transaction.time)
    return "\n".join(
        (number, when, transaction.login, transaction.address, transaction.reason)
    ).casefold()
