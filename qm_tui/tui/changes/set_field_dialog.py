"""The dialog that sets a field for several users: the field, the value and the effect."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option as ListOption

from qm_tui.text import pluralize
from qm_tui.tui.changes.bulk_fields import (
    FieldSetting,
    allows_unlicensed,
    bulk_fields,
    plan_setting,
)
from qm_tui.tui.changes.operation import run_bulk
from qm_tui.tui.changes.target import Target
from qm_tui.tui.changes.value_picker import ValueInput, pick_value
from qm_tui.tui.keys.keymap import bind, is_key_of, with_keys
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Confirms, Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.widgets.suggester import in_use_text
from qm_tui.tui.work.background import free_in_background, run_with_progress
from qm_tui.tui.work.job import job_end_message
from qm_tui.tui.work.key_queue import KeyRefused
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import DEBOUNCE


async def set_field(page: Screen[Any], session: Session, target: Target) -> None:
    """Set a field for users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        target: the users.
    """
    allows = await allows_unlicensed()
    dialog = SetFieldDialog(session, target, allow_unlicensed=allows)
    setting = await page.app.push_screen_wait(dialog)
    if setting is not None:
        await run_bulk(page, session, setting.plan, setting.result_text)


class _FieldList(OptionList):
    """The fields. Typing moves to the first one of which a word starts with the typed text.

    Attributes:
        typed: the text that was typed since the cursor was moved.
        not_found: the typed text, if no field matches it; empty otherwise.
    """

    takes_text: ClassVar[bool] = True

    def __init__(self, names: Sequence[str]) -> None:
        options = (ListOption(safe(f"  {name}")) for name in names)
        super().__init__(*options, id="change-fields", compact=True)
        self._names = [name.casefold() for name in names]
        self.typed = self.not_found = ""

    class Searched(Message):
        """Text was typed."""

    @property
    def _text(self) -> str:
        return self.typed or self.not_found

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Whether the list takes a key as text."""
        return character is not None and character.isprintable()

    def on_key(self, event: events.Key) -> None:
        """Search with a character, or without the last one."""
        if event.character is not None and event.is_printable:
            self._search(self._text + event.character)
        elif event.key == "backspace":
            self._search(self._text[:-1])
        else:
            if event.key not in ("tab", "enter"):
                self.typed = self.not_found = ""
            return
        event.stop()
        event.prevent_default()

    def on_click(self) -> None:
        """Forget the typed text: a field is selected without it."""
        self.typed = self.not_found = ""

    def on_paste(self, event: events.Paste) -> None:
        """Search with pasted text."""
        event.stop()
        self._search(self._text + event.text)

    def _search(self, text: str) -> None:
        start = f" {text.casefold()}"
        found = next((at for at, name in enumerate(self._names) if start in f" {name}"), None)
        if found is None:
            self.typed, self.not_found = "", text
        else:
            self.typed, self.not_found, self.highlighted = text, "", found
        self.post_message(self.Searched())


class SetFieldDialog(Confirms, Dialog[FieldSetting | None]):
    """Asks for a field and its value. The result is what was accepted, or None if canceled.

    Args:
        session: the state that the pages share.
        target: the users.
        allow_unlicensed: whether users without a license are allowed.

    Attributes:
        selected: the current field.
        setting: what its value would do; None while it is not known.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "change", "Apply", priority=True),
        Binding("escape", "back", "Cancel"),
        Binding("tab", "next", "Next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, priority=True),
    ]

    def __init__(self, session: Session, target: Target, *, allow_unlicensed: bool) -> None:
        super().__init__()
        self._session, self._target = session, target
        self._allow_unlicensed = allow_unlicensed
        self._fields = bulk_fields(allow_unlicensed=allow_unlicensed)
        self.selected = self._fields[0]
        self.setting: FieldSetting | None = None
        self._is_planning = False

    def compose(self) -> ComposeResult:
        hints = "type or ↑ ↓ field  Tab value  <form.save> apply  Esc cancel"
        with dialog_frame("change-dialog", f"Set a field for {self._target.label}", hints, 70):
            yield _FieldList([editable.name for editable in self._fields])
            with Horizontal(id="change-line"):
                yield Label(safe("New value  "))
                yield ValueInput(self._in_use, id="change-value")
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

    @on(_FieldList.Searched)
    def _searched(self) -> None:
        self._show_in_use()

    def _is_refused(self) -> bool:
        """Whether the list has text that is no field: then nothing else may be done with it."""
        if not self.query_one(_FieldList).not_found:
            return False
        self.post_message(KeyRefused())
        return True

    def action_next(self) -> None:
        """Focus the next control, if a field is selected."""
        if not self._is_refused():
            self.focus_next()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        if self._is_refused():
            return
        self.set_focus(self._line if self.selected.field is not None else self.query_one(RadioRow))

    @property
    def _line(self) -> ValueInput:
        return self.query_one(ValueInput)

    def _show_field(self) -> None:
        options = self.query_one(RadioRow)
        is_typed = self.selected.field is not None
        self._line.display, options.display = is_typed, not is_typed
        if not is_typed:
            options.show(self.selected.options)
        self._show_in_use()
        self._request_plan(at_once=True)

    def _in_use(self) -> Sequence[str]:
        field = self.selected.field
        return self._session.queries.values_of(field) if field is not None else ()

    def _show_in_use(self) -> None:
        line, fields = self.query_one("#change-in-use", Static), self.query_one(_FieldList)
        text = f"Field: {fields.typed}" if fields.typed and fields.has_focus else ""
        if fields.not_found:
            text = f'! No field has a word that starts with "{fields.not_found}".'
        elif not text and self.selected.field is not None:
            if not line.size.width:  # it is not laid out yet
                self.call_after_refresh(self._show_in_use)
                return
            width = line.size.width
            text = in_use_text(self._line.value, self._in_use(), width)
        line.update(safe(text, 70))

    def action_pick(self) -> None:
        """Open the values in use."""
        field = self.selected.field
        if field is not None:
            pick_value(self, field, self._session.store.state, self._line.value, self._take)

    def _take(self, value: str) -> None:
        self._line.value = value
        self._line.cursor_position = len(value)

    # The effect

    @property
    def _values(self) -> Mapping[str, str]:
        editor = self._line if self.selected.field is not None else self.query_one(RadioRow)
        return self.selected.values(editor.value)

    @on(Input.Changed)
    @on(RadioRow.Changed)
    def _changed(self) -> None:
        self._show_in_use()
        self._request_plan()

    @on(ValueInput.InputRejected)
    def _input_rejected(self, event: ValueInput.InputRejected) -> None:
        self.query_one("#change-in-use", Static).update(safe(f"! {event.message}"))

    def _forget(self) -> None:
        if self.setting is not None:
            plan = self.setting.plan
            free_in_background(self.app, plan.changes, plan.stored)
        self.setting = None

    def _request_plan(self, *, at_once: bool = False) -> None:
        """Discard the effect of the previous value, and compute that of the current one."""
        self._forget()
        self._is_planning = True
        self._show_effect(["Checking…"])
        self._plan(0 if at_once else DEBOUNCE)

    @work(exclusive=True, description="plan a change")
    async def _plan(self, delay: float) -> None:
        await asyncio.sleep(delay)
        planning = partial(
            plan_setting,
            self.selected,
            self._values,
            self._target.select,
            self._session.store.state,
            self._allow_unlicensed,
        )
        try:
            self.setting = await run_with_progress(
                planning, disconnected=lambda message: self._show_effect([message])
            )
        except Exception as error:
            lines: Sequence[str] = [job_end_message(error, "").message]
        else:
            lines = self.setting.effect
        self._is_planning = False
        self._show_effect(lines)

    @staticmethod
    def _applies(key: str) -> bool:
        return key == "enter" or is_key_of(key, "form.save")

    def may_confirm(self, key: str) -> bool:
        """Whether a key may set a field of several users: none does before the dialog is shown."""
        is_for_list = key == "enter" and self.query_one(OptionList).has_focus
        return self._applies(key) and not is_for_list and self._target.users > 1

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the effect of the value is known."""
        return self._applies(key) and self._is_planning

    def _show_effect(self, lines: Sequence[str]) -> None:
        self.query_one("#change-outcome", Static).update(safe_lines(lines))
        count = len(self.setting.plan.changes) if self.setting is not None else 0
        button = self.query_one("#yes", Button)
        users = f" to {pluralize(count, 'user')}" if count else ""
        button.label = safe(with_keys(f"[<form.save> Apply{users}]"))
        button.refresh(layout=True)  # Textual keeps the first width
        button.disabled = not count

    # Closing

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def action_change(self) -> None:
        """Accept the shown effect, if it is known."""
        if self._is_refused():
            return
        is_unseen = self.selected.field is not None and not self._line.value
        if is_unseen and self.query_one(OptionList).has_focus:
            self.set_focus(self._line)  # no field is cleared before its input had the focus
            return
        setting = self.setting
        if setting is not None and setting.plan.changes and setting.values == self._values:
            self.setting = None
            self.dismiss(setting)

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
