"""Rejected records, corrected one after the other."""

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
"""Seconds without a key after which a record is judged again."""

_PAGE: Final = 8
"""Fields that PgDn moves."""

_TURN: Final = "Turn a flag over: 0, 1"

Corrections = dict[int, Values]
"""By record number, the 26 values that take the place of the file's."""


class _LookedThrough(TextualMessage):
    """The file's other records are known."""

    def __init__(self, judge: Judge, readable: int) -> None:
        super().__init__()
        self.judge, self.readable = judge, readable


class CorrectScreen(Dialog[Corrections | None]):
    """Corrects rejected records. It gives what was saved; None where that is nothing.

    Args:
        prepared: the planned import, with its outcomes.
        numbers: the numbers of the rejected records, in the order in which they are shown.
        begin_with: the number of the one that comes first; those before it come last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # those with priority are in order with the letters around them, however fast they come
        Binding("f2", "save", "Save, next record", priority=True),
        Binding("down", "move(1)", "Next field", show=False, priority=True),
        Binding("up", "move(-1)", "Previous field", show=False, priority=True),
        Binding("tab", "move(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "move(-1)", "Previous field", show=False, priority=True),
        Binding("pagedown", f"move({_PAGE})", "Some fields down", show=False, priority=True),
        Binding("pageup", f"move(-{_PAGE})", "Some fields up", show=False, priority=True),
        Binding("escape,q", "back", "Back"),
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
        """The values with which F2 would keep the record rejected."""
        self._judge: Judge | None = None
        self._job = Job(lambda _progress: None)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Who it is, how much is wrong, the fields, what to do, and the buttons."""
        with Vertical(classes="dialog", id="correct"):
            with Horizontal(id="correct-title"):
                yield Static(id="correct-who")
                yield Static(id="correct-count")
            yield Static(id="correct-record")
            yield FieldForm(
                id="correct-fields",
                secret_kept="(as in the file)",  # noqa: S106 - what stands instead of one
                no_value="(not in the file)",
            )
            yield Static(id="correct-help")
            yield Static(id="correct-said")
            yield Static(id="correct-passed-over")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[F2 Save, next]"), id="save", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """Show the first record, and look through the others meanwhile."""
        for name in ("record", "said", "passed-over"):
            self._say(name, "")
        self.query_one("#correct").border_subtitle = safe("Esc back  Space turns a flag  F1 keys")
        self._look_through()
        self._show_next()

    def on_unmount(self) -> None:
        """Stop looking through the records, and hold on to none."""
        self._job.cancel()
        self._judge = None

    @work(thread=True)
    def _look_through(self) -> None:
        prepared = self._prepared
        with suppress(Cancelled):
            readable = 0
            for at, number in enumerate(self._numbers):
                if not at % STEP:
                    self._job.tick(Phase.CHECKING, at, len(self._numbers))
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
        """Show the next record that can be corrected; end where there is none."""
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
        by_severity = sorted(self._faults, key=lambda one: one.severity is not Severity.ERROR)
        form = self.query_one(FieldForm)
        form.show(self._given, [one.field for one in by_severity if one.field is not None])
        self._say("said", "")
        self._show_title()
        self._show_faults()

    def _show_title(self) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        of = "" if self._readable is None else f" of {self._readable:,}"
        place = f"{self._place:,}{of}"
        title = f"Correct record {outcome.number:,}, line {outcome.line:,} ({place})"
        self.query_one("#correct").border_title = safe(title)
        self.query_one("#correct-who", Static).update(safe(outcome.who or "(no name)", 200))

    def _show_faults(self) -> None:
        errors = _errors(self._faults)
        count = counted(len(errors), "problem") if errors else "no problem left"
        self.query_one("#correct-count", Static).update(safe(count))
        whole = [f"! {sentence(one.message)} {one.remedy}" for one in errors if one.field is None]
        self._say("record", "\n".join(whole))
        self.query_one(FieldForm).show_faults(self._faults)
        self._show_help(self.query_one(FieldForm).focused_field)

    def _show_help(self, field: Field | None) -> None:
        """Say what to do about a field."""
        lines: list[str] = []
        if field is not None:
            lines = [one.remedy for one in self._faults if one.field is field] or [field.meaning]
            stored = self._outcome.stored if self._outcome else None
            if stored is not None:
                value = shown_value(field, stored[field.index]) or "(empty)"
                lines.append(f"Stored: {value}")
        self.query_one("#correct-help", Static).update(safe_lines(lines))

    def _say(self, name: str, text: str) -> None:
        line = self.query_one(f"#correct-{name}", Static)
        line.update(safe_lines(text.split("\n")))
        line.display = bool(text)

    # What is typed

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
        """Save the values and go on; a record that is still wrong is kept out, if asked twice."""
        await self._typed()
        outcome, judge = self._outcome, self._judge
        if outcome is None:
            return
        if judge is None:
            self._say("said", "The other records are being looked through: press F2 again.")
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
        """Wait until the letters that were typed before this key stand in their field."""
        if self.focused is not None:
            arrived = asyncio.Event()
            self.focused.call_later(arrived.set)
            await arrived.wait()

    def action_move(self, rows: int) -> None:
        """Move the focus by so many fields, and beyond them to the buttons."""
        if not self.query_one(FieldForm).move(rows):
            if rows > 0:
                self.focus_next()
            else:
                self.focus_previous()

    @property
    def unsaved(self) -> str:
        """What would be lost if the program were left now, in words; else empty."""
        outcome = self._outcome
        is_typed = outcome is not None and self.query_one(FieldForm).values != self._given
        if not is_typed and not self._saved:
            return ""
        return "What you typed here is not imported yet, and would be lost"

    def action_back(self) -> None:
        """Close it; ask first where something typed would be lost."""
        outcome = self._outcome
        if outcome is None or self.query_one(FieldForm).values == self._given:
            self._leave(True)
            return
        text = f"What you typed for record {outcome.number:,} is not saved. Leave it?"
        self.app.push_screen(Question(text, yes="Leave it", no="Stay"), self._leave)

    def _leave(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(self._saved or None)

    def action_show_keys(self) -> None:
        """List the keys of the form; those that edit a line of text everybody knows."""
        ours = {one.description for one in self.BINDINGS if isinstance(one, Binding)}
        keys = [one for one in keys_that_work(cast("Screen[None]", self)) if one[1] in ours]
        self.app.push_screen(KeysScreen([*keys, Key("Enter", "Next field"), Key("Space", _TURN)]))

    @on(Button.Pressed, "#save")
    async def _save_pressed(self) -> None:
        await self.action_save()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_back()


def _readable(outcomes: Outcomes, numbers: Sequence[int], start: int) -> Iterator[Outcome]:
    """The records that could be read, from a place on, and then those before it."""
    for at in range(len(numbers)):
        number = numbers[(start + at) % len(numbers)]
        if outcomes.values.get(number) is not None:
            yield outcomes[number - 1]


def _errors(faults: Sequence[Fault]) -> list[Fault]:
    return [one for one in faults if one.severity is Severity.ERROR]


def _still_wrong(errors: Sequence[Fault]) -> str:
    more = f", and {counted(len(errors) - 1, 'problem')} more" if len(errors) > 1 else ""
    return f"Still wrong: {errors[0].message}{more}. F2 again keeps the record rejected."


def _passed_over(lines: int) -> str:
    if not lines:
        return ""
    them = "it" if lines == 1 else "them"
    return (
        f"{counted(lines, 'line')} could not be read: correct {them} in the file; r saves {them}."
    )
