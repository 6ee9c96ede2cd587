"""The form to correct rejected records, one after the other."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static

from qm_tui.text import pluralize, with_full_stop
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.planning.plan import RecordOutcome, RecordOutcomes
from qm_tui.transfer.planning.record_check import RecordValidator
from qm_tui.tui.changes.value_picker import has_picker, pick_value, picker_hint
from qm_tui.tui.frame.key_help import KeyDescription, KeysScreen, active_keys
from qm_tui.tui.keys.keymap import bind, is_key_of, with_keys
from qm_tui.tui.text.safe_content import key_hints, safe, safe_lines
from qm_tui.tui.transfer.preview.view_model import build_validator
from qm_tui.tui.user.field_form import FieldForm, FieldInput
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import MessageDialog, close_or_ask
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.threads import DEBOUNCE, Question, ask, when_answered
from qm_tui.users.fields import Field, Kind
from qm_tui.users.issues import Issue, Severity, redact_value

_PAGE: Final = 8
"""Fields that PgDn and PgUp move."""

_FLAG_HELP: Final = "Toggle a yes/no field"
_STILL_CHECKING: Final = "Still checking the other records. Press <form.save> again in a moment."
_WILL_BE_LOST: Final = "Corrections that have not been imported will be lost"

Values = list[str | None]
"""The values of a record; None for a field without a column."""

Corrections = dict[int, Values]
"""By record number, the values that replace those of the file."""


class CorrectScreen(Dialog[Corrections | None]):
    """Corrects rejected records. The result is the saved corrections, or None.

    Args:
        prepared: the planned import, with its outcomes.
        numbers: the numbers of the rejected records, in the order shown.
        begin_with: the number of the record to start with; those before it come last.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority over the bindings of Textual's inputs
        bind("form.save", "save", "Save and go to the next record", priority=True),
        Binding("down", "down", "Values in use, or next field", show=False, priority=True),
        Binding("up", "move(-1)", "Previous field", show=False, priority=True),
        Binding("tab", "move(1)", "Next field", show=False, priority=True),
        Binding("shift+tab", "move(-1)", "Previous field", show=False, priority=True),
        bind("form.page_down", f"move({_PAGE})", show=False, priority=True),
        bind("form.page_up", f"move(-{_PAGE})", show=False, priority=True),
        bind("dialog.close", "back"),
        bind("screen.keys", "show_keys", hint="Keys"),
    ]

    def __init__(
        self, prepared: PreparedImport, numbers: Sequence[int], *, begin_with: int | None = None
    ) -> None:
        super().__init__(classes="full-dialog")
        if prepared.plan.outcomes is None:
            msg = "the import was prepared without its outcomes"
            raise ValueError(msg)
        self._prepared, self._numbers = prepared, numbers
        self._outcomes: RecordOutcomes = prepared.plan.outcomes
        start = numbers.index(begin_with) if begin_with in numbers else 0
        self._remaining = _readable(self._outcomes, numbers, start)
        self._outcome: RecordOutcome | None = None
        self._original: Values = []
        self._issues: Sequence[Issue] = ()
        self._position = 0
        self._readable: int | None = None
        self._saved: Corrections = {}
        self._saved_with_errors: Values | None = None
        """The values with which pressing F2 again leaves the record rejected."""
        self._validator: RecordValidator | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        with dialog_frame("correct"):
            with Horizontal(id="correct-title"):
                yield Static(id="correct-who")
                yield Static(id="correct-count")
            yield Static(id="correct-record")
            yield FieldForm(
                id="correct-fields",
                secret_unchanged="(as in the file)",  # noqa: S106 - a placeholder
                no_value="(not in the file)",
            )
            yield Static(id="correct-help")
            yield Static(id="correct-said")
            yield Static(id="correct-passed-over")
            yield button_row(save=with_keys("[<form.save> Save and next]"), cancel="[Close]")

    def on_mount(self) -> None:
        for name in ("record", "said", "passed-over"):
            self._show_text(name, "")
        self._build_validator()
        self._outcome = next(self._remaining, None)
        self._show_record(self._outcome.issues if self._outcome is not None else ())

    def on_descendant_focus(self) -> None:
        """Show the keys of the focused field."""
        focused, hint = self.focused, ""
        if isinstance(focused, FieldInput) and focused.field.kind is Kind.FLAG:
            hint = "Space toggle  "
        elif isinstance(focused, FieldInput):
            hint = picker_hint(focused.field)
        shown = key_hints(with_keys(f"{hint}<form.save> save and next  <app.keys> keys  Esc close"))
        self.query_one("#correct").border_subtitle = shown

    def on_unmount(self) -> None:
        self._validator = None  # it refers to all records

    @work
    async def _build_validator(self) -> None:
        self._validator, readable = await build_validator(
            self._prepared, self._numbers, self.show_message
        )
        self.show_message("")
        self._readable = readable
        self._show_text("passed-over", _skipped_text(len(self._numbers) - readable))
        if self._outcome is not None:
            self._show_title()
            self._validate()

    # The record

    def _show_next(self, validator: RecordValidator) -> None:
        """Show the next record that can be corrected."""
        self._outcome = outcome = next(self._remaining, None)
        if outcome is not None and self._prepared.state.is_at_hand:
            values = list(outcome.values or ())
            self._show_record(validator.validate(outcome.number, outcome.line, values))
        else:  # the problems that the corrections have added or solved come with the answer
            self._show_record(outcome.issues if outcome is not None else ())
            self._validate()

    def _show_record(self, issues: Sequence[Issue]) -> None:
        """Show the current record and its problems; close the screen if there is none."""
        if self._outcome is None:
            self.dismiss(self._saved or None)
            if not self._position:
                self.app.push_screen(MessageDialog(_skipped_text(len(self._numbers))))
            return
        outcome = self._outcome
        self._position += 1
        self._original, self._saved_with_errors = list(outcome.values or ()), None
        self._issues = issues
        by_severity = sorted(self._issues, key=lambda issue: issue.severity is not Severity.ERROR)
        form = self.query_one(FieldForm)
        form.show(self._original, [issue.field for issue in by_severity if issue.field is not None])
        self._show_text("said", "")
        self._show_title()
        self._show_issues()

    def _show_title(self) -> None:
        outcome = self._outcome
        if outcome is None:
            return
        total = "" if self._readable is None else f" of {self._readable:,}"
        place = f"{self._position:,}{total}"
        title = f"Correct record {outcome.number:,}, line {outcome.line:,} ({place})"
        self.query_one("#correct").border_title = safe(title)
        self.query_one("#correct-who", Static).update(safe(outcome.user_label or "(no name)", 200))

    @property
    def _general(self) -> Sequence[Issue]:
        """The problems of the record's line, such as missing values: saving accepts them."""
        issues = self._outcome.issues if self._outcome is not None else ()
        return [issue for issue in issues if issue.field is None]

    def _show_issues(self) -> None:
        errors = _errors(self._issues)
        count = pluralize(len(errors), "error") if errors else "no errors left"
        self.query_one("#correct-count", Static).update(safe(count))
        lines = [f"? {with_full_stop(issue.message)} {issue.fix}" for issue in self._general]
        self._show_text("record", "\n".join(lines))
        self.query_one(FieldForm).show_issues(self._issues)
        self._show_help(self.query_one(FieldForm).focused_field)

    def _show_help(self, field: Field | None) -> None:
        """Show how to fix the field; if it has no problems, its help."""
        lines: list[str] = []
        if field is not None:
            fixes = [issue.fix for issue in self._issues if issue.field is field]
            lines = fixes or [field.meaning]
            stored = self._outcome.stored if self._outcome else None
            if stored is not None:
                value = redact_value(field, stored[field.index]) or "(empty)"
                lines.append(f"Stored value: {value}")
        self.query_one("#correct-help", Static).update(safe_lines(lines))

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        self._show_text("said", message)

    def _show_text(self, name: str, text: str) -> None:
        line = self.query_one(f"#correct-{name}", Static)
        line.update(safe_lines(text.split("\n")))
        line.display = bool(text)

    # Editing

    @on(FieldForm.FieldFocused)
    def _field_focused(self, event: FieldForm.FieldFocused) -> None:
        self._show_help(event.field)

    @on(FieldForm.Edited)
    def _edited(self) -> None:
        if self.query_one(FieldForm).values != self._saved_with_errors:
            self._saved_with_errors = None
            self._show_text("said", "")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, self._validate)

    def _validate(self) -> None:
        outcome = self._outcome
        if outcome is None or self._validator is None:
            return
        values = self.query_one(FieldForm).values
        validate = _validation(self._validator, outcome, values)
        when_answered(
            self, self._prepared.state, validate, partial(self._validated, outcome), "validation"
        )

    def _validated(self, outcome: RecordOutcome, issues: Sequence[Issue]) -> None:
        if outcome is self._outcome:
            self._issues = issues
            self._show_issues()

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until records can be validated."""
        return is_key_of(key, "form.save") and self._validator is None

    @flow
    async def action_save(self) -> None:
        """Save the values and show the next record; an invalid record takes a second F2."""
        outcome, validator = self._outcome, self._validator
        if outcome is None:
            return
        if validator is None:
            self._show_text("said", with_keys(_STILL_CHECKING))
            return
        values = self.query_one(FieldForm).values
        validate = _validation(validator, outcome, values)
        self._issues = await ask(self._prepared.state, validate)
        errors = _errors(self._issues)
        if errors and values != self._saved_with_errors:
            self._saved_with_errors = values
            self._show_issues()
            self._show_text("said", _unresolved_text(errors))
            if errors[0].field is not None:
                self.query_one(FieldForm).focus_field(errors[0].field)
            return
        if values != self._original or self._general:
            self._saved[outcome.number] = values
            await ask(
                self._prepared.state,
                lambda _rest: validator.correct(outcome.number, outcome.line, values),
            )
        self._show_next(validator)

    def action_move(self, rows: int) -> None:
        """Move the focus by a number of fields, and beyond them to the buttons."""
        if not self.query_one(FieldForm).move(rows):
            if rows > 0:
                self.focus_next()
            else:
                self.focus_previous()

    def action_down(self) -> None:
        """Open the values in use of the focused field; without any, move to the next field."""
        focused = self.focused
        if isinstance(focused, FieldInput) and has_picker(focused.field):
            state = self._prepared.state
            pick_value(self, focused.field, state, focused.typed or "", focused.take)
        else:
            self.action_move(1)

    @property
    def unsaved(self) -> str:
        """What is lost if the program quits now; empty if nothing."""
        return _WILL_BE_LOST if self._is_typed or self._saved else ""

    @property
    def _is_typed(self) -> bool:
        is_shown = self._outcome is not None
        return is_shown and self.query_one(FieldForm).values != self._original

    def action_back(self) -> None:
        """Close the screen; ask first if input would be discarded."""
        number = self._outcome.number if self._outcome is not None else 0
        close_or_ask(
            self,
            f"Discard the changes to record {number:,}?",
            is_unsaved=self._is_typed,
            result=self._saved or None,
        )

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts, without those for editing text."""
        own = {binding.description for binding in self.BINDINGS if isinstance(binding, Binding)}
        keys = [key for key in active_keys(cast("Screen[None]", self)) if key.label in own]
        self.app.push_screen(
            KeysScreen(
                [*keys, KeyDescription("Enter", "Next field"), KeyDescription("Space", _FLAG_HELP)]
            )
        )

    @on(Button.Pressed, "#save")
    def _save_pressed(self) -> None:
        self.action_save()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_back()


def _readable(
    outcomes: RecordOutcomes, numbers: Sequence[int], start: int
) -> Iterator[RecordOutcome]:
    """Yield the records that could be parsed: those from `start` on, then those before it."""
    for offset in range(len(numbers)):
        number = numbers[(start + offset) % len(numbers)]
        if outcomes.values.get(number) is not None:
            yield outcomes[number - 1]


def _validation(
    validator: RecordValidator, outcome: RecordOutcome, values: Values
) -> Question[Sequence[Issue]]:
    """Return what asks for the problems of a record with these values."""
    return lambda _rest: validator.validate(outcome.number, outcome.line, values)


def _errors(issues: Sequence[Issue]) -> list[Issue]:
    return [issue for issue in issues if issue.severity is Severity.ERROR]


def _unresolved_text(errors: Sequence[Issue]) -> str:
    more = f" (and {pluralize(len(errors) - 1, 'more error')})" if len(errors) > 1 else ""
    again = with_keys("Press <form.save> again to leave the record rejected.")
    return f"Still invalid: {errors[0].message}{more}. {again}"


def _skipped_text(lines: int) -> str:
    """Return how many lines cannot be corrected here, and what to do; empty if there are none."""
    if not lines:
        return ""
    if lines == 1:
        text = "1 line cannot be parsed. Correct it in the file, or save it"
    else:
        text = f"{lines:,} lines cannot be parsed. Correct them in the file, or save them"
    return with_keys(f"{text} with <preview.save_rejected> in the preview.")
