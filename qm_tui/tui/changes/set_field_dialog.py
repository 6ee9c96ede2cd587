"""The dialog that sets a field for several users: the field, the value and the effect."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as TextualMessage
from textual.timer import Timer
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option as ListOption

from qm_tui.crash import log_and_describe
from qm_tui.gc_control import gc_paused
from qm_tui.progress import Cancelled
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, bulk_warnings, by_ids, plan_bulk
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.validation import ValidationOptions
from qm_tui.text import pluralize
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.tui.changes.editable_fields import bulk_fields
from qm_tui.tui.changes.summary import effect_lines, warning_lines
from qm_tui.tui.changes.value_picker import pick_value
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.confirming import Confirms
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.widgets.suggester import Suggestions, in_use_text
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.tui.work.background import free_in_background
from qm_tui.tui.work.job import DEBOUNCE, Job
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.issues import Issue


class BulkPlanned(TextualMessage):
    """The effect of a value was computed.

    Args:
        number: the number of the request.
        plan: the effect; None if it could not be computed.
        warnings: the warnings, with the number of users of each.
        message: the error if the effect could not be computed.
    """

    def __init__(
        self,
        number: int,
        plan: BulkPlan | None,
        warnings: Mapping[Issue, int],
        message: str = "",
    ) -> None:
        super().__init__()
        self.number, self.plan, self.warnings, self.message = number, plan, warnings, message


class _ValueInput(SafeInput):
    """The input for the value. Down opens the values in use."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.pick", "Values in use", tooltip="Select one of the values in use"),
    ]

    class InputRejected(TextualMessage):
        """The typed or pasted text was not inserted, or not completely."""

        def __init__(self, message: str) -> None:
            super().__init__()
            self.message = message

    def __init__(self, values: Callable[[], Sequence[str]]) -> None:
        super().__init__(MAX_VALUE, id="change-value")
        self.suggester = Suggestions(values)

    def too_long(self, characters: int) -> None:
        """Report that the value would be too long."""
        text = f"Too long: {characters:,} characters (maximum {MAX_VALUE:,})."
        self.post_message(self.InputRejected(text))

    def on_characters_dropped(self, characters: int) -> None:
        """Report that nonprintable characters were removed."""
        text = f"Removed {pluralize(characters, 'nonprintable character')}."
        self.post_message(self.InputRejected(text))


class _FieldList(OptionList):
    """The fields, with the keys of the other lists."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cursor_up", "Up", show=False),
        Binding("j", "cursor_down", "Down", show=False),
        Binding("g", "first", "First", show=False),
        Binding("G", "last", "Last", show=False),
    ]


class SetFieldDialog(Confirms, Dialog[BulkPlan | None]):
    """Asks for a field and its value. The result is the accepted plan, or None if canceled.

    Args:
        session: the state that the pages share.
        user_ids: the users.
        label: the users as text.
        allow_unlicensed: whether users without a license are allowed.

    Attributes:
        selected: the current field.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "change", "Apply", priority=True),
        Binding("escape", "back", "Cancel"),
        Binding("tab", "app.focus_next", "Next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, priority=True),
    ]

    def __init__(
        self, session: Session, user_ids: Collection[str], label: str, *, allow_unlicensed: bool
    ) -> None:
        super().__init__()
        self._session, self._user_ids, self._label = session, user_ids, label
        self._options = ValidationOptions(allow_unlicensed)
        self._fields = bulk_fields(allow_unlicensed=allow_unlicensed)
        self.selected = self._fields[0]
        self._request_number = self._planned_number = 0
        self._plan: BulkPlan | None = None
        self._job: Job | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="change-dialog") as dialog:
            dialog.border_title = safe(f"Set a field for {self._label}", 70)
            dialog.border_subtitle = safe("↑ ↓ select field  Tab enter value  F2 apply  Esc cancel")
            yield _FieldList(
                *(ListOption(safe(f"  {editable.name}")) for editable in self._fields),
                id="change-fields",
                compact=True,
            )
            with Horizontal(id="change-line"):
                yield Label(safe("New value  "))
                yield _ValueInput(self._in_use)
                yield RadioRow(next(one.options for one in self._fields if one.options))
            yield Static(id="change-in-use")
            yield Static(id="change-outcome")
            with Horizontal(classes="dialog-buttons"):
                yield Button(id="yes", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def on_mount(self) -> None:
        fields = self.query_one(OptionList)
        fields.highlighted = 0
        self.set_focus(fields)
        self._show_field()

    def on_unmount(self) -> None:
        self._stop()
        self._forget()

    # The field

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        for index, editable in enumerate(self._fields):  # visible without colors, too
            prompt = safe(f"{'>' if index == event.option_index else ' '} {editable.name}")
            event.option_list.replace_option_prompt_at_index(index, prompt)
        selected = self._fields[event.option_index]
        if selected is not self.selected:
            self.selected = selected
            self._show_field()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.set_focus(self._line if self.selected.field is not None else self.query_one(RadioRow))

    @property
    def _line(self) -> _ValueInput:
        return self.query_one(_ValueInput)

    def _show_field(self) -> None:
        options = self.query_one(RadioRow)
        is_typed = self.selected.field is not None
        self._line.display, options.display = is_typed, not is_typed
        if not is_typed:
            options.show(self.selected.options)
        self._show_in_use()
        self._reset()
        self._request_plan()

    def _in_use(self) -> Sequence[str]:
        field = self.selected.field
        return self._session.query_runner.values_of(field) if field is not None else ()

    def _show_in_use(self) -> None:
        line, text = self.query_one("#change-in-use", Static), ""
        if self.selected.field is not None:
            if not line.size.width:  # it is not laid out yet
                self.call_after_refresh(self._show_in_use)
                return
            width = line.size.width
            text = in_use_text(self._line.value, self._in_use(), width)
        line.update(safe(text))

    def action_pick(self) -> None:
        """Open the values in use."""
        field = self.selected.field
        if field is not None:
            pick_value(self, field, self._session.store.state.users, self._line.value, self._take)

    def _take(self, value: str) -> None:
        self._line.value = value
        self._line.cursor_position = len(value)

    # The effect

    @property
    def _values(self) -> Mapping[str, str]:
        field = self.selected.field
        if field is None:
            return self.selected.values(self.query_one(RadioRow).value)
        return {field.key: self._line.value.strip(BLANKS)}

    @on(Input.Changed)
    @on(RadioRow.Changed)
    def _changed(self) -> None:
        self._show_in_use()
        self._reset()
        self._timer = self.set_timer(DEBOUNCE, self._request_plan)

    @on(_ValueInput.InputRejected)
    def _input_rejected(self, event: _ValueInput.InputRejected) -> None:
        self.query_one("#change-in-use", Static).update(safe(f"! {event.message}"))

    def _reset(self) -> None:
        """Discard the effect of the previous value."""
        self._stop()
        self._forget()
        self._request_number += 1
        if self._timer is not None:
            self._timer.stop()
        self._show_plan("Checking…")
        self._show_button()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _forget(self) -> None:
        if self._plan is not None:
            free_in_background(self.app, self._plan.changes)
        self._plan = None

    def _request_plan(self) -> None:
        """Compute the effect of the value in the background."""
        self._job = Job(lambda _progress: None)
        action = Action(TransactionKind.SET, self.selected.name)
        change = BulkChange(action, by_ids(self._user_ids), self._values, self._options)
        self._plan_change(self._request_number, change, self._job)

    @work(thread=True, description="plan a change")
    def _plan_change(self, number: int, change: BulkChange, job: Job) -> None:
        try:
            with gc_paused():
                plan = plan_bulk(change, self._session.store.state, job.report_progress)
                warnings = bulk_warnings(plan, job.report_progress)
        except Cancelled:
            return
        except Exception as error:
            self.post_message(BulkPlanned(number, None, {}, log_and_describe(error)))
            return
        self.post_message(BulkPlanned(number, plan, warnings))

    @on(BulkPlanned)
    def _planned(self, event: BulkPlanned) -> None:
        if event.number != self._request_number:
            if event.plan is not None:
                free_in_background(self.app, event.plan.changes)
            return  # the value has changed in the meantime
        self._planned_number = event.number
        plan = self._plan = event.plan
        if plan is None:
            self._show_plan(event.message)
        else:
            self._show_plan(
                *effect_lines(plan, self.selected), *warning_lines(plan, event.warnings)
            )
        self._show_button()

    def may_confirm(self, key: str) -> bool:
        """Whether a key may set a field of several users: none does before the dialog is shown."""
        is_for_list = key == "enter" and self.query_one(OptionList).has_focus
        return key in ("f2", "enter") and not is_for_list and len(self._user_ids) > 1

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the effect of the value is known."""
        return key in ("f2", "enter") and self._planned_number != self._request_number

    def _show_plan(self, *lines: str) -> None:
        self.query_one("#change-outcome", Static).update(safe_lines(lines))

    def _show_button(self) -> None:
        count = len(self._plan.changes) if self._plan is not None else 0
        button = self.query_one("#yes", Button)
        button.label = safe(f"[F2 Apply to {pluralize(count, 'user')}]" if count else "[F2 Apply]")
        button.refresh(layout=True)  # Textual keeps the first width
        button.disabled = not count

    # Closing

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def action_change(self) -> None:
        """Accept the shown effect, if it is known."""
        is_unseen = self.selected.field is not None and not self._line.value
        if is_unseen and self.query_one(OptionList).has_focus:
            self.set_focus(self._line)  # no field is cleared before its input had the focus
            return
        plan = self._plan
        if plan is not None and plan.changes and plan.change.values == self._values:
            self._plan = None
            self.dismiss(plan)

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if nothing was typed."""
        is_typed = self.is_mounted and bool(self._line.value)
        return "The new value has not been applied" if is_typed else ""

    @on(Button.Pressed, "#no")
    def action_back(self) -> None:
        """Cancel; ask first if a value was typed."""
        if self.is_active:
            close_or_ask(self, "Discard the new value?", is_unsaved=bool(self.unsaved))
