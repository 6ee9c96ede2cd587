"""The dialogs of undo: the confirmation, and the report of what was not reverted."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, Final, NamedTuple

from rich.segment import Segment
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from qm_tui.progress import ProgressCallback
from qm_tui.store.action_subject import user_name
from qm_tui.store.changes.action_text import signed_heading, undo_caption, undone_text
from qm_tui.store.changes.undo import FieldRevert, SkippedRevert, UndoPlan
from qm_tui.text import pad_or_truncate, pluralize, sanitize, with_full_stop
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.user_details import value_text
from qm_tui.tui.widgets.confirming import Confirms, redraw_pending
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.number_input import NumberField
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.background import with_gc_paused
from qm_tui.tui.work.job import UNDO, Job, JobEnded, JobProgressed, job_end_message
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


class UndoAnswer(NamedTuple):
    """An undo that was confirmed.

    Attributes:
        plan: what it would do.
        confirmed: the number that was typed to confirm a mass change; 0 if none was required.
    """

    plan: UndoPlan
    confirmed: int


class _Planned(Message):
    """What the undo would do was computed.

    Args:
        plan: the plan.
    """

    def __init__(self, plan: UndoPlan) -> None:
        super().__init__()
        self.plan = plan


class UndoDialog(Confirms, Dialog[UndoAnswer | str | None]):
    """The confirmation of an undo. Its result is an error message if the undo is impossible.

    The effect is computed while the dialog is open. Cancel has the focus; if a number is required,
    its field has. Esc cancels.

    Args:
        number: the transaction.
        make_plan: returns what the undo would do.
        plan: the same, if it is known already.
        notice: a sentence to show first, if any.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "no", "Cancel"),
        Binding("q", "no", "Cancel", show=False),
        Binding("left", "app.focus_previous", "Previous button", show=False),
        Binding("right", "app.focus_next", "Next button", show=False),
    ]

    def __init__(
        self,
        number: int,
        make_plan: Callable[[ProgressCallback], UndoPlan],
        plan: UndoPlan | None = None,
        notice: str = "",
    ) -> None:
        super().__init__()
        self._number, self._make_plan, self._notice = number, make_plan, notice
        self._plan = plan
        self._job = Job(self.post_message, UNDO)

    def compose(self) -> ComposeResult:
        plan = self._plan
        with Vertical(classes="dialog", id="undo-dialog") as dialog:
            dialog.border_title = safe(self._title)
            dialog.set_class(plan is None or not plan.skipped, "-short")
            if plan is None:
                yield Static(safe("Reading changes…"), id="undo-counts")
                with Horizontal(classes="dialog-buttons"):
                    yield Button(safe("[Cancel]"), id="no", compact=True)
                return
            if self._notice:
                yield Static(safe(self._notice), id="undo-said")
            yield Static(safe(signed_heading(plan.transaction)), id="undo-what")
            yield Static(safe_lines(_effect(plan)), id="undo-counts")
            if plan.skipped:
                yield SkippedList(plan.skipped)
            if self._number_to_type:
                with Horizontal(id="undo-confirm"):
                    number = NumberField(plan.required_confirmation, id="confirm")
                    yield Label(safe(number.prompt))
                    yield number
                yield Static(id="undo-refused")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Cancel]" if plan.changes else "[OK]"), id="no", compact=True)
                if plan.changes:
                    caption = undo_caption(plan.transaction.action)
                    yield Button(safe(f"[{caption}]"), id="yes", compact=True)

    @property
    def _title(self) -> str:
        ask = "?" if self._plan is None or self._plan.changes else ""
        return f"Undo transaction {self._number:,}{ask}"

    @property
    def _number_to_type(self) -> int:
        return self._plan.required_confirmation if self._plan and self._plan.changes else 0

    def on_mount(self) -> None:
        self._focus_first()
        if self._plan is None:
            self._count()

    def on_unmount(self) -> None:
        self._job.cancel()

    def _focus_first(self) -> None:
        self.set_focus(self.query_one("#confirm" if self._number_to_type else "#no"))

    # The effect

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the effect is known."""
        return self._plan is None and key not in ("escape", "q")

    @work(thread=True, description="plan an undo")
    def _count(self) -> None:
        try:
            plan = with_gc_paused(self._make_plan, self._job.report_progress)
        except Exception as error:
            self.post_message(job_end_message(error, ""))
        else:
            self.post_message(_Planned(plan))

    @on(JobProgressed)
    def _progressed(self, event: JobProgressed) -> None:
        if self._plan is None:
            self.query_one("#undo-counts", Static).update(safe(event.text))

    @on(JobEnded)
    def _failed(self, event: JobEnded) -> None:
        self.dismiss(event.message)

    @on(_Planned)
    async def _planned(self, event: _Planned) -> None:
        self._plan = event.plan
        redraw_pending(self)
        await self.recompose()
        self._focus_first()

    # The answer

    def action_no(self) -> None:
        """Cancel."""
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _cancel_pressed(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def _confirmed(self) -> None:
        plan, number = self._plan, self._number_to_type
        if plan is None:
            return
        if not number or self.query_one(NumberField).is_confirmed:
            self.dismiss(UndoAnswer(plan, number))
            return
        field = self.query_one(NumberField)
        self.query_one("#undo-refused", Static).update(safe(field.mismatch))
        field.focus()


class UndoneReport(Confirms, Dialog[None]):
    """The report of what an undo did not revert.

    Args:
        plan: what it did.
    """

    takes_early_escape: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,o", "close", "OK")]

    def __init__(self, plan: UndoPlan) -> None:
        super().__init__()
        self._plan = plan

    def compose(self) -> ComposeResult:
        plan = self._plan
        lines = (
            f"{undone_text(plan.transaction)}.",
            f"{plan.result_text}; {plan.skipped_text} not reverted.",
        )
        with Vertical(classes="dialog", id="undo-dialog") as dialog:
            dialog.border_title = safe(f"Transaction {plan.number:,} undone")
            yield Static(safe_lines(lines), id="undo-what")
            yield SkippedList(plan.skipped)
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[OK]"), id="ok", compact=True)

    def on_mount(self) -> None:
        self.query_one("#ok").focus()

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self) -> None:
        self.dismiss(None)
