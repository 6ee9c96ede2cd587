"""The dialogs of Undo: what it would do, asked before; and what it kept, said after."""

from collections.abc import Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from qm_tui.store.changes.undo import Kept, UndoPlan
from qm_tui.store.interface import TransactionSummary
from qm_tui.text import counted, fitted, visible
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.transaction_details import origin_text, title_text
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.number_input import NumberField
from qm_tui.tui.widgets.virtual_list import VirtualRows

_USER, _FIELD = 20, 26
_WHOLE: Final = "(the user)"


def kept_words(kept: Sequence[Kept]) -> str:
    """How much is kept: "2 values kept", "1 user kept"; empty where nothing is."""
    users = sum(one.field is None for one in kept)
    counts = ((len(kept) - users, "value"), (users, "user"))
    words = " and ".join(counted(number, what) for number, what in counts if number)
    return f"{words} kept" if words else ""


class KeptList(VirtualRows):
    """What is kept, a line each."""

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 2

    def __init__(self, kept: Sequence[Kept]) -> None:
        super().__init__(id="kept")
        self._kept = kept

    @property
    def row_count(self) -> int:
        """How many values are kept."""
        return len(self._kept)

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"  {'Kept of':<{_USER}} {'Field':<{_FIELD}} Why"
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The user, the field, and why."""
        kept = self._kept[row]
        sign = ">" if row == self.cursor_row else " "
        field = kept.field.name if kept.field else _WHOLE
        user = fitted(visible(kept.name, 60), _USER)
        text = f"{sign} {user} {fitted(field, _FIELD)} {visible(kept.reason, 300)}"
        return fitted(text, width)

    def footer_text(self, width: int, line: int) -> str:
        """The one under the cursor, without the columns' limits."""
        kept = self._kept[self.cursor_row]
        said = (f"  {visible(kept.name, 60)} ({visible(kept.user_id, 60)})", f"  {kept.reason}")
        return fitted(visible(said[line], 300), width)


class UndoDialog(Dialog[int | None]):
    """Asks before a transaction is taken back. It gives the number that was typed, or 0; else None.

    The safe answer has the focus, and Esc gives it. A mass change wants the number of its users.

    Args:
        transaction: the transaction.
        plan: what taking it back would do.
        said: what is to be said first, if anything.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "Back"),
        Binding("q", "no", "Back", show=False),
        Binding("left", "app.focus_previous", "Other button", show=False),
        Binding("right", "app.focus_next", "Other button", show=False),
    ]

    def __init__(self, transaction: TransactionSummary, plan: UndoPlan, said: str = "") -> None:
        super().__init__()
        self._transaction, self._plan, self._said = transaction, plan, said

    def compose(self) -> ComposeResult:
        """The transaction, what would become of it, what is kept, and the answers."""
        transaction, plan = self._transaction, self._plan
        with Vertical(classes="dialog", id="undo-dialog"):
            if self._said:
                yield Static(safe(self._said), id="undo-said")
            yield Static(
                safe_lines((title_text(transaction), origin_text(transaction))), id="undo-what"
            )
            yield Static(safe(self._outcome()), id="undo-counts")
            if plan.kept:
                yield KeptList(plan.kept)
            if self._must_type:
                with Horizontal(id="undo-confirm"):
                    yield Label(safe(f"A mass change: type {plan.must_confirm} to undo it "))
                    yield NumberField(plan.must_confirm, id="confirm")
                yield Static(id="undo-refused")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Cancel]" if plan.changes else "[OK]"), id="no", compact=True)
                if plan.changes:
                    yield Button(safe("[Undo]"), id="yes", compact=True)

    @property
    def _must_type(self) -> bool:
        return bool(self._plan.changes) and self._plan.must_confirm > 0

    def _outcome(self) -> str:
        plan = self._plan
        kept = kept_words(plan.kept)
        if not plan.changes:
            return f"Nothing of it can be taken back{f': {kept}' if kept else ''}."
        return f"Undo it? {plan.counts}{f'; {kept}' if kept else ''}."

    def on_mount(self) -> None:
        """The safe answer first; the field where a number must be typed."""
        dialog = self.query_one("#undo-dialog")
        dialog.border_title = safe(f"Undo transaction {self._transaction.number:,}")
        dialog.set_class(not self._plan.kept, "-short")
        self.query_one("#confirm" if self._must_type else "#no").focus()

    def action_no(self) -> None:
        """Close it, and nothing is undone."""
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _refused(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def _confirmed(self) -> None:
        if not self._must_type:
            self.dismiss(0)
            return
        wanted, field = self._plan.must_confirm, self.query_one(NumberField)
        if field.holds_it:
            self.dismiss(wanted)
            return
        self.query_one("#undo-refused", Static).update(
            safe(
                f"It deletes, inactivates or unlicenses {counted(wanted, 'user')}, or clears "
                f"values of theirs: type {wanted}, or press Esc."
            )
        )
        field.focus()


class UndoneReport(Dialog[None]):
    """Says what an undo kept.

    Args:
        transaction: the transaction that was taken back.
        plan: what was done.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "close", "OK")]

    def __init__(self, transaction: TransactionSummary, plan: UndoPlan) -> None:
        super().__init__()
        self._transaction, self._plan = transaction, plan

    def compose(self) -> ComposeResult:
        """What was done, what was kept, and OK."""
        plan = self._plan
        said = (title_text(self._transaction), f"Undone: {plan.done}; {kept_words(plan.kept)}.")
        with Vertical(classes="dialog", id="undo-dialog") as dialog:
            dialog.border_title = safe(f"Transaction {self._transaction.number:,} is undone")
            yield Static(safe_lines(said), id="undo-what")
            yield KeptList(plan.kept)
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        """The button has the focus."""
        self.query_one("#ok").focus()

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)
