"""The form to correct rejected records, one after the other."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as TextualMessage
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static

from qm_tui.progress import STEP, Cancelled, Phase
from qm_tui.text import counted, sentence
from qm_tui.transfer.importing import Prepared
from qm_tui.transfer.planning.plan import Outcome, Outcomes
from qm_tui.transfer.planning.record_check import Judge
from qm_tui.transfer.reading.reader import Values
from qm_tui.tui.frame.key_help import Key, KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.user.field_form import FieldForm
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.job import Job
from qm_tui.users.fields import Field
from qm_tui.users.issues import Fault, Severity, shown_value

_PAUSE: Final = 0.15
"""Seconds without a key until a record is validated again."""

_PAGE: Final = 8
"""Fields that PgDn and PgUp move."""

_TURN: Final = "Toggle a yes/no field"
_STILL_CHECKING: Final = "Still checking the other records. Press F2 again in a moment."
_WILL_BE_LOST: Final = "Corrections that have not been imported will be lost"

Corrections = dict[int, Values]
"""By record number, the values that replace those of the file."""


class _LookedThrough(TextualMessage):
    """The other records of the file have been checked."""

    def __init__(self, judge: Judge, readable: int) -> None:
        super().__init__()
        self.judge, self.readable = judge, readable


class CorrectScreen(Dialog[Corrections | None]):
    """Corrects rejected records. The result is the saved corrections, or None.

    Args:
        prepared: the planned import, with its outcomes.
        numbers: the numbers of the rejected records, in the order shown.
        begin_with: the number of the record to start with; those before it come last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # priority keeps them in order with letters typed in the same burst
        Binding("f2", "save", "Save and go to the next record", priority=True),
        Binding("down", "move(1)", "Next field", show=False, priority=True),
        Binding("up", "move(-1)", "Previous field", show=False, priority=True),
        Binding("tab", "move(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "move(-1)", "Previous field", show=False, priority=True),
        Binding("pagedown", f"move({_PAGE})", "Page down", show=False, priority=True),
        Binding("pageup", f"move(-{_PAGE})", "Page up", show=False, priority=True),
        Binding("escape,q", "back", "Close"),
        Binding("f1,question_mark", "show_keys", "Keys"),
    ]

    def __init__(
        self, prepared: Prepared, numbers: Sequence[int], *, begin_with: int | None = None
    ) -> None:
        super().__init__(classes="full-dialog")
        if prepared.plan.outcomes is None:
            msg = "the import was prepared without its outcomes"
            raise ValueError(msg)
        self._prepared, self._numbers = prepared, numbers
        self._outcomes: Outcomes = prepared.plan.outcomes
        start = numbers.index(begin_with) if begin_with in numbers else 0
        self._coming = _readable(self._outcomes, numbers, start)
        self._outcome: Outcome | None = None
        self._given: Values = []
        self._faults: Sequence[Fault] = ()
        self._place = 0
        self._readable: int | None = None
        self._saved: Corrections = {}
        self._kept_as: Values | None = None
        """The values with which pressing F2 again leaves the record rejected."""
        self._judge: Judge | None = None
        self._job = Job(lambda _progress: None)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog", id="correct"):
            with Horizontal(id="correct-title"):
                yield Static(id="correct-who")
                yield Static(id="correct-count")
            yield Static(id="correct-record")
            yield FieldForm(
                id="correct-fields",
                secret_kept="(as in the file)",  # noqa: S106 - a placeholder
                no_value="(not in the file)",
            )
            yield Static(id="correct-help")
            yield Static(id="correct-said")
            yield Static(id="correct-passed-over")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[F2 Save and next]"), id="save", compact=True)
                yield Button(safe("[Close]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        for name in ("record", "said", "passed-over"):
            self._say(name, "")
        self.query_one("#correct").border_subtitle = safe("Esc close  Space toggle  F1 keys")
        self._look_through()
        self._show_next()

    def on_unmount(self) -> None:
        self._job.cancel()
        self._judge = None  # it refers to all records

    @work(thread=True)
    def _look_through(self) -> None:
        prepared = self._prepared
        with suppress(Cancelled):
            readable = 0
            for done, number in enumerate(self._numbers):
                if not done % STEP:
                    self._job.tick(Phase.CHECKING, done, len(self._numbers))
                readable += self._outcomes.values.get(number) is not None
            asked = prepared.asked
            judge = Judge(prepared.state, asked.choices, prepared.plan, self._job.tick)
            self.post_message(_LookedThrough(judge, readable))

    @on(_LookedThrough)
    def _looked_through(self, event: _LookedThrough) -> None:
        self._judge, self._readable = event.judge, event.readable
        self._say("passed-over", _passed_over(len(self._numbers) - event.readable))
        if self._outcome is not None:
            self._show_title()
            self._judge_again()

    # The record

    def _show_next(self) -> None:
        """Show the next record that can be corrected; close the screen if there is none."""
        self._outcome = next(self._coming, None)
        if self._outcome is None:
            self.dismiss(self._saved or None)
            if not self._place:
                self.app.push_screen(Message(_passed_over(len(self._numbers))))
            return
        outcome = self._outcome
        self._place += 1
        self._given, self._kept_as = list(outcome.values or ()), None
        self._faults = (
            self._judge.faults(outcome.number, outcome.line, self._given)
            if self._judge
            else outcome.faults
        )
        by_severity = sorted(self._faults, key=lambda fault: fault.severity is not Severity.ERROR)
        form = self.query_one(FieldForm)
        form.show(self._given, [fault.field for fault in by_severity if fault.field is not None])
        self._say("said", "")
        self._show_title()
        self._show_faults()

    def _show_title(self) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        total = "" if self._readable is None else f" of {self._readable:,}"
        place = f"{self._place:,}{total}"
        title = f"Correct record {outcome.number:,}, line {outcome.line:,} ({place})"
        self.query_one("#correct").border_title = safe(title)
        self.query_one("#correct-who", Static).update(safe(outcome.who or "(no name)", 200))

    def _show_faults(self) -> None:
        errors = _errors(self._faults)
        count = counted(len(errors), "error") if errors else "no errors left"
        self.query_one("#correct-count", Static).update(safe(count))
        without_field = [error for error in errors if error.field is None]
        lines = [f"! {sentence(error.message)} {error.remedy}" for error in without_field]
        self._say("record", "\n".join(lines))
        self.query_one(FieldForm).show_faults(self._faults)
        self._show_help(self.query_one(FieldForm).focused_field)

    def _show_help(self, field: Field | None) -> None:
        """Show how to fix the field; if it has no problems, its help."""
        lines: list[str] = []
        if field is not None:
            fixes = [fault.remedy for fault in self._faults if fault.field is field]
            lines = fixes or [field.meaning]
            stored = self._outcome.stored if self._outcome else None
            if stored is not None:
                value = shown_value(field, stored[field.index]) or "(empty)"
                lines.append(f"Stored value: {value}")
        self.query_one("#correct-help", Static).update(safe_lines(lines))

    def _say(self, name: str, text: str) -> None:
        line = self.query_one(f"#correct-{name}", Static)
        line.update(safe_lines(text.split("\n")))
        line.display = bool(text)

    # Editing

    @on(FieldForm.FieldFocused)
    def _field_focused(self, event: FieldForm.FieldFocused) -> None:
        self._show_help(event.field)

    @on(FieldForm.Edited)
    def _edited(self) -> None:
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE, self._judge_again)

    def _judge_again(self) -> None:
        outcome = self._outcome
        if outcome is None or self._judge is None:
            return
        values = self.query_one(FieldForm).values
        if values != self._kept_as:
            self._kept_as = None
            self._say("said", "")
        self._faults = self._judge.faults(outcome.number, outcome.line, values)
        self._show_faults()

    async def action_save(self) -> None:
        """Save the values and show the next record; an invalid record takes a second F2."""
        await self._typed()
        outcome, judge = self._outcome, self._judge
        if outcome is None:
            return
        if judge is None:
            self._say("said", _STILL_CHECKING)
            return
        values = self.query_one(FieldForm).values
        self._faults = judge.faults(outcome.number, outcome.line, values)
        errors = _errors(self._faults)
        if errors and values != self._kept_as:
            self._kept_as = values
            self._show_faults()
            self._say("said", _still_wrong(errors))
            if errors[0].field is not None:
                self.query_one(FieldForm).focus_field(errors[0].field)
            return
        if values != self._given:
            self._saved[outcome.number] = values
            judge.correct(outcome.number, outcome.line, values)
        self._show_next()

    async def _typed(self) -> None:
        """Wait until the letters typed before this key have reached their field."""
        if self.focused is not None:
            arrived = asyncio.Event()
            self.focused.call_later(arrived.set)
            await arrived.wait()

    def action_move(self, rows: int) -> None:
        """Move the focus by a number of fields, and beyond them to the buttons."""
        if not self.query_one(FieldForm).move(rows):
            if rows > 0:
                self.focus_next()
            else:
                self.focus_previous()

    @property
    def unsaved(self) -> str:
        """What is lost if the program quits now; empty if nothing."""
        outcome = self._outcome
        is_typed = outcome is not None and self.query_one(FieldForm).values != self._given
        if not is_typed and not self._saved:
            return ""
        return _WILL_BE_LOST

    def action_back(self) -> None:
        """Close the screen; ask first if input would be discarded."""
        outcome = self._outcome
        if outcome is None or self.query_one(FieldForm).values == self._given:
            self._leave(True)
            return
        text = f"Discard the changes to record {outcome.number:,}?"
        self.app.push_screen(Question(text, yes="Discard", no="Keep editing"), self._leave)

    def _leave(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(self._saved or None)

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts, without those for editing text."""
        own = {binding.description for binding in self.BINDINGS if isinstance(binding, Binding)}
        keys = [key for key in keys_that_work(cast("Screen[None]", self)) if key.words in own]
        self.app.push_screen(KeysScreen([*keys, Key("Enter", "Next field"), Key("Space", _TURN)]))

    @on(Button.Pressed, "#save")
    async def _save_pressed(self) -> None:
        await self.action_save()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_back()


def _readable(outcomes: Outcomes, numbers: Sequence[int], start: int) -> Iterator[Outcome]:
    """Yield the records that could be parsed: those from `start` on, then those before it."""
    for offset in range(len(numbers)):
        number = numbers[(start + offset) % len(numbers)]
        if outcomes.values.get(number) is not None:
            yield outcomes[number - 1]


def _errors(faults: Sequence[Fault]) -> list[Fault]:
    return [fault for fault in faults if fault.severity is Severity.ERROR]


def _still_wrong(errors: Sequence[Fault]) -> str:
    more = f" (and {counted(len(errors) - 1, 'more error')})" if len(errors) > 1 else ""
    return f"Still invalid: {errors[0].message}{more}. Press F2 again to leave the record rejected."


def _passed_over(lines: int) -> str:
    """Return how many lines cannot be corrected here, and what to do; empty if there are none."""
    if not lines:
        return ""
    if lines == 1:
        return "1 line cannot be parsed. Correct it in the file, or save it with r in the preview."
    return (
        f"{lines:,} lines cannot be parsed. Correct them in the file, or save them with r in the "
        "preview."
    )
