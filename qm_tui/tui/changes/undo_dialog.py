"""The dialogs of undo: the confirmation, and the report of what was not reverted."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from qm_tui.progress import ProgressCallback
from qm_tui.store.action_subject import user_name
from qm_tui.store.changes.action_text import signed_heading, undo_caption, undone_text
from qm_tui.store.changes.undo import FieldRevert, SkippedRevert, UndoPlan
from qm_tui.text import pad_or_truncate, pluralize, sanitize, with_full_stop
from qm_tui.tui.changes.choice_dialog import NO, YES, ChoiceDialog
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.user_details import value_text
from qm_tui.tui.widgets.dialog import redraw_pending
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.background import run_with_progress
from qm_tui.tui.work.job import JobProgressed, job_end_message
from qm_tui.users.issues import REDACTED, truncate

_USER, _FIELD = 20, 26
_WHOLE_USER: Final = "(entire user)"

_FIELDS: Final = 3
"""Fields of one user that are listed."""


def _effect(plan: UndoPlan) -> Iterator[str]:
    """Yield the lines that say what the undo would do."""
    user = plan.only_user
    if not plan.changes:
        yield plan.obstacle
    elif user is None:
        yield with_full_stop(plan.effect_text)
    else:
        name = sanitize(user_name(user), 60)
        reverts = plan.field_reverts
        if plan.removed:
            yield f"{name} will be deleted."
        elif plan.restored:
            yield f"{name} will be restored."
        else:
            yield f"{name} will be reverted:"
        for revert in reverts[:_FIELDS]:
            yield f"  {_revert_text(revert)}"
        if len(reverts) > _FIELDS:
            yield f"  and {pluralize(len(reverts) - _FIELDS, 'more field')}"
    if plan.skipped:
        yield f"{plan.skipped_text} will not be reverted:" if plan.changes else "Not reverted:"


def _revert_text(revert: FieldRevert) -> str:
    field, before, after = revert
    if field.is_secret:
        return f"{field.name}: {REDACTED}"
    values = (value_text(field, truncate(value)) or "(empty)" for value in (before, after))
    return f"{field.name}: {' → '.join(values)}"


class SkippedList(VirtualList):
    """The values that are not reverted, a line each."""

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 2

    def __init__(self, skipped: Sequence[SkippedRevert]) -> None:
        super().__init__(id="kept")
        self._skipped = skipped

    @property
    def row_count(self) -> int:
        """The number of values."""
        return len(self._skipped)

    def header_text(self, width: int) -> list[Segment]:
        """The names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"  {'User':<{_USER}} {'Field':<{_FIELD}} Reason"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """The user, the field and the reason."""
        skipped = self._skipped[row]
        sign = ">" if row == self.cursor_row else " "
        field = skipped.field.name if skipped.field else _WHOLE_USER
        user = pad_or_truncate(sanitize(skipped.name, 60), _USER)
        text = f"{sign} {user} {pad_or_truncate(field, _FIELD)} {sanitize(skipped.reason, 300)}"
        return pad_or_truncate(text, width)

    def footer_text(self, width: int, line: int) -> str:
        """The current user and reason, across all columns."""
        skipped = self._skipped[self.cursor_row]
        lines = (
            f"  {sanitize(skipped.name, 60)} ({sanitize(skipped.user_id, 60)})",
            f"  {skipped.reason}",
        )
        return pad_or_truncate(sanitize(lines[line], 300), width)


class UndoDialog(ChoiceDialog):
    """The confirmation of an undo. The result is `YES`, or None if canceled.

    The effect is computed while the dialog is open. Cancel has the focus; if a number is required,
    its field has. Esc cancels.

    Args:
        number: the transaction.
        make_plan: returns what the undo would do.
        plan: the same, if it is known already.
        notice: a sentence to show first, if any.

    Attributes:
        plan: what the undo would do; None while it is not known.
        error: why it cannot be undone; empty if it can.
    """

    def __init__(
        self,
        number: int,
        make_plan: Callable[[ProgressCallback], UndoPlan],
        plan: UndoPlan | None = None,
        notice: str = "",
    ) -> None:
        title = f"Undo transaction {number:,}"
        super().__init__(f"{title}?", (), {NO: "Cancel"}, id="undo-dialog", classes="")
        self._make_plan, self._notice = make_plan, notice
        self.plan: UndoPlan | None = None
        self.error = ""
        if plan is not None:
            self._take(plan)

    def _take(self, plan: UndoPlan) -> None:
        self.plan = plan
        if plan.changes:
            self._buttons = {NO: "Cancel", YES: undo_caption(plan.transaction.action)}
            self._number = plan.required_confirmation
            self._first = "confirm" if self._number else NO
        else:
            self._buttons, self._question = {NO: "OK"}, self._question.removesuffix("?")

    def compose_text(self) -> ComposeResult:
        plan = self.plan
        if plan is None:
            yield Static(safe("Reading changes…"), id="undo-counts")
            return
        if self._notice:
            yield Static(safe(self._notice), id="undo-said")
        yield Static(safe(signed_heading(plan.transaction)), id="undo-what")
        yield Static(safe_lines(_effect(plan)), id="undo-counts")
        if plan.skipped:
            yield SkippedList(plan.skipped)

    def on_mount(self) -> None:
        self._show_size()
        if self.plan is None:
            self._plan()

    def _show_size(self) -> None:
        is_short = self.plan is None or not self.plan.skipped
        self.query_one("#undo-dialog").set_class(is_short, "-short")

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the effect is known."""
        return self.plan is None and key not in ("escape", "q")

    @work(description="plan an undo")
    async def _plan(self) -> None:
        try:
            plan = await run_with_progress(self._make_plan, self.post_message)
        except Exception as error:
            self.error = job_end_message(error, "").message
            self.dismiss(None)
            return
        self._take(plan)
        redraw_pending(self)
        await self.recompose()
        self._show_size()
        self.focus_first()

    @on(JobProgressed)
    def _progressed(self, event: JobProgressed) -> None:
        if self.plan is None:
            self.query_one("#undo-counts", Static).update(safe(event.text))


class UndoneReport(ChoiceDialog):
    """The report of what an undo did not revert.

    Args:
        plan: what it did.
    """

    takes_early_escape: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", f"answer('{NO}')", "OK"),
        bind("dialog.ok", f"answer('{NO}')"),
    ]

    def __init__(self, plan: UndoPlan) -> None:
        lines = (
            f"{undone_text(plan.transaction)}.",
            f"{plan.result_text}; {plan.skipped_text} not reverted.",
        )
        title = f"Transaction {plan.number:,} undone"
        super().__init__(title, lines, {NO: "OK"}, id="undo-dialog", classes="")
        self._skipped = plan.skipped

    def compose_text(self) -> ComposeResult:
        yield Static(safe_lines(self._lines), id="undo-what")
        yield SkippedList(self._skipped)
