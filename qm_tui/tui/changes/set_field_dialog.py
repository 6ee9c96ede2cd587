"""The dialog that sets a field for several users: the field, the value and the effect."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message as TextualMessage
from textual.screen import Screen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option as ListOption

from qm_tui.config.preferences import load_preferences
from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, bulk_warnings, by_ids, plan_bulk
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions
from qm_tui.text import pluralize
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.tui.changes.bulk_fields import bulk_fields, effect_lines, warning_lines
from qm_tui.tui.changes.operation import run_bulk
from qm_tui.tui.changes.selection import Selection
from qm_tui.tui.changes.value_picker import pick_value
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.confirming import Confirms
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.widgets.suggester import Suggestions, in_use_text
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.tui.work.background import free_in_background, run_with_progress
from qm_tui.tui.work.job import DEBOUNCE, job_end_message
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import MAX_VALUE
from qm_tui.users.issues import Issue


async def set_field(page: Screen[Any], session: Session, selection: Selection) -> None:
    """Set a field for users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        selection: the users.
    """
    allows = (await asyncio.to_thread(load_preferences)).import_options.allow_unlicensed
    dialog = SetFieldDialog(session, selection.user_ids, selection.label, allow_unlicensed=allows)
    plan = await page.app.push_screen_wait(dialog)
    if plan is not None:

        def result_text(done: BulkPlan) -> str:
            return f"Set {dialog.selected.name} for {pluralize(len(done.changes), 'user')}"

        await run_bulk(page, session, plan, result_text)


def _plan(
    change: BulkChange, state: State, progress: ProgressCallback
) -> tuple[BulkPlan, Mapping[Issue, int]]:
    plan = plan_bulk(change, state, progress)
    return plan, bulk_warnings(plan, progress)


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
        plan: what its value would do; None while it is not known.
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
        self.plan: BulkPlan | None = None
        self._is_planning = False

    def compose(self) -> ComposeResult:
        hints = "↑ ↓ select field  Tab enter value  F2 apply  Esc cancel"
        with dialog_frame("change-dialog", f"Set a field for {self._label}", hints, 70):
            yield _FieldList(
                *(ListOption(safe(f"  {editable.name}")) for editable in self._fields),
                id="change-fields",
                compact=True,
            )
            with Horizontal(id="change-line"):
                yield Label(safe("New value  "))
                yield _ValueInput(self._in_use)
                yield RadioRow(self._fields[-1].options)
            yield Static(id="change-in-use")
            yield Static(id="change-outcome")
            yield button_row(yes="", no="[Cancel]")

    def on_mount(self) -> None:
        fields = self.query_one(OptionList)
        fields.highlighted = 0
        self.set_focus(fields)
        self._show_field()

    def on_unmount(self) -> None:
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
        self._request_plan(delay=0)

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
        is_typed = self.selected.field is not None
        text = self._line.value.strip(BLANKS) if is_typed else self.query_one(RadioRow).value
        return self.selected.values(text)

    @on(Input.Changed)
    @on(RadioRow.Changed)
    def _changed(self) -> None:
        self._show_in_use()
        self._request_plan()

    @on(_ValueInput.InputRejected)
    def _input_rejected(self, event: _ValueInput.InputRejected) -> None:
        self.query_one("#change-in-use", Static).update(safe(f"! {event.message}"))

    def _forget(self) -> None:
        if self.plan is not None:
            free_in_background(self.app, self.plan.changes)
        self.plan = None

    def _request_plan(self, delay: float = DEBOUNCE) -> None:
        """Discard the effect of the previous value, and compute that of the current one."""
        self._forget()
        self._is_planning = True
        self._show_plan("Checking…")
        self._make_plan(delay)

    @work(exclusive=True, description="plan a change")
    async def _make_plan(self, delay: float) -> None:
        await asyncio.sleep(delay)
        action = Action(TransactionKind.SET, self.selected.name)
        change = BulkChange(action, by_ids(self._user_ids), self._values, self._options)
        try:
            plan, warnings = await run_with_progress(
                partial(_plan, change, self._session.store.state)
            )
        except Exception as error:
            lines: Sequence[str] = [job_end_message(error, "").message]
        else:
            self.plan = plan
            lines = [*effect_lines(plan, self.selected), *warning_lines(plan, warnings)]
        self._is_planning = False
        self._show_plan(*lines)

    def may_confirm(self, key: str) -> bool:
        """Whether a key may set a field of several users: none does before the dialog is shown."""
        is_for_list = key == "enter" and self.query_one(OptionList).has_focus
        return key in ("f2", "enter") and not is_for_list and len(self._user_ids) > 1

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the effect of the value is known."""
        return key in ("f2", "enter") and self._is_planning

    def _show_plan(self, *lines: str) -> None:
        self.query_one("#change-outcome", Static).update(safe_lines(lines))
        count = len(self.plan.changes) if self.plan is not None else 0
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
        plan = self.plan
        if plan is not None and plan.changes and plan.change.values == self._values:
            self.plan = None
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
