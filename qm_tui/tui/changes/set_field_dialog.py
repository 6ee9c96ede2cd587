"""Gives a field of several users one value: which field, which value, and what that changes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as TextualMessage
from textual.timer import Timer
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option as ListOption

from qm_tui.crash import sentence_of
from qm_tui.gc_control import no_garbage_collection
from qm_tui.progress import Cancelled
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, chosen, plan_bulk
from qm_tui.store.interface import TransactionKind
from qm_tui.store.validation import ValidationOptions
from qm_tui.text import counted, visible
from qm_tui.transfer.reading.csv_rows import BLANKS
from qm_tui.tui.changes.editable_fields import all_that_can_change
from qm_tui.tui.changes.summary import outcome_of, reason_of
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Question
from qm_tui.tui.widgets.option_row import ChoiceLine
from qm_tui.tui.widgets.suggester import Suggestions, beginning_with, suggested
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.tui.work.background import forget
from qm_tui.tui.work.job import Job
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import MAX_VALUE

_PAUSE: Final = 0.15
"""Seconds without a key after which it is counted whom the value changes."""

_SUGGESTED: Final = 6


class Planned(TextualMessage):
    """It is known what a value changes.

    Args:
        number: the number of the question.
        plan: what it changes; None where that could not be found out.
        sentence: why not.
    """

    def __init__(self, number: int, plan: BulkPlan | None, sentence: str = "") -> None:
        super().__init__()
        self.number, self.plan, self.sentence = number, plan, sentence


class _ValueInput(PlainInput):
    """The line of the value."""

    class Refused(TextualMessage):
        """What was typed or pasted was not taken, or not all of it."""

        def __init__(self, sentence: str) -> None:
            super().__init__()
            self.sentence = sentence

    def __init__(self, values: Callable[[], Sequence[str]]) -> None:
        super().__init__(MAX_VALUE, id="change-value")
        self.suggester = Suggestions(values)

    def too_long(self, characters: int) -> None:
        """Say that it would be too long."""
        text = f"It would have {characters:,} characters, {MAX_VALUE:,} at most are allowed."
        self.post_message(self.Refused(text))

    def left_out(self, characters: int) -> None:
        """Say that characters were left out."""
        count = counted(characters, "character")
        self.post_message(self.Refused(f"{count} that cannot be shown: left out."))


class ChangeDialog(Dialog[BulkPlan | None]):
    """Asks which field gets which value. It gives what that does, agreed to, or None.

    Args:
        session: what the pages share.
        user_ids: the users.
        who: who they are, in words.
        allow_unlicensed: whether the admin chose that users may have no license.

    Attributes:
        what: what is changed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "change", "Change", priority=True),
        Binding("escape", "back", "Back"),
        Binding("tab", "app.focus_next", "Next", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, priority=True),
    ]

    def __init__(
        self, session: Session, user_ids: Collection[str], who: str, *, allow_unlicensed: bool
    ) -> None:
        super().__init__()
        self._session, self._user_ids, self._who = session, user_ids, who
        self._terms = ValidationOptions(allow_unlicensed)
        self._whats = all_that_can_change(allow_unlicensed=allow_unlicensed)
        self.what = self._whats[0]
        self._asked = 0
        self._plan: BulkPlan | None = None
        self._job: Job | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """The fields, the value, what it changes, and the answers."""
        with Vertical(classes="dialog", id="change-dialog") as dialog:
            dialog.border_title = safe(f"Change {self._who}", 70)
            dialog.border_subtitle = safe("↑ ↓ field  Tab value  F2 change  Esc back")
            yield OptionList(
                *(ListOption(safe(f"  {one.name}")) for one in self._whats),
                id="change-fields",
                compact=True,
            )
            with Horizontal(id="change-line"):
                yield Label(safe("New value  "))
                yield _ValueInput(self._in_use)
                yield ChoiceLine()
            yield Static(id="change-in-use")
            yield Static(id="change-outcome")
            with Horizontal(classes="dialog-buttons"):
                yield Button(id="yes", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def on_mount(self) -> None:
        """The list of fields has the focus."""
        fields = self.query_one(OptionList)
        fields.highlighted = 0
        self.set_focus(fields)
        self._show_what()

    def on_unmount(self) -> None:
        """Count nothing more."""
        self._stop()
        self._forget()

    # Which field

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        for at, one in enumerate(self._whats):  # seen without colours too
            sign = ">" if at == event.option_index else " "
            event.option_list.replace_option_prompt_at_index(at, safe(f"{sign} {one.name}"))
        what = self._whats[event.option_index]
        if what is not self.what:
            self.what = what
            self._show_what()

    @on(OptionList.OptionSelected)
    def _selected(self) -> None:
        self.set_focus(self._line if self.what.field is not None else self.query_one(ChoiceLine))

    @property
    def _line(self) -> _ValueInput:
        return self.query_one(_ValueInput)

    def _show_what(self) -> None:
        choices = self.query_one(ChoiceLine)
        is_typed = self.what.field is not None
        self._line.display, choices.display = is_typed, not is_typed
        if not is_typed:
            choices.show(self.what.options, self.what.options[0].value)
        self._show_in_use()
        self._begin_anew()
        self._ask()

    def _in_use(self) -> Sequence[str]:
        field = self.what.field
        return self._session.listing.values_of(field) if field is not None else ()

    def _show_in_use(self) -> None:
        typed = self._line.value
        some = beginning_with(typed, self._in_use(), _SUGGESTED)
        text = "  ".join(visible(one, 24) for one in some)
        said = f"In use: {text}" + (
            "   → takes the first" if suggested(typed, self._in_use()) else ""
        )
        self.query_one("#change-in-use", Static).update(safe(said if text else ""))

    # What it changes

    @property
    def _values(self) -> Mapping[str, str]:
        field = self.what.field
        if field is None:
            return self.what.values(self.query_one(ChoiceLine).value)
        return {field.key: self._line.value.strip(BLANKS)}

    @on(Input.Changed)
    @on(ChoiceLine.Turned)
    def _changed(self) -> None:
        self._show_in_use()
        self._begin_anew()
        self._timer = self.set_timer(_PAUSE, self._ask)

    @on(_ValueInput.Refused)
    def _refused(self, event: _ValueInput.Refused) -> None:
        self.query_one("#change-in-use", Static).update(safe(f"! {event.sentence}"))

    def _begin_anew(self) -> None:
        """What was asked or found out before is about another value."""
        self._stop()
        self._forget()
        self._asked += 1
        if self._timer is not None:
            self._timer.stop()
        self._say("Counting …")
        self._show_button()

    def _stop(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def _forget(self) -> None:
        if self._plan is not None:
            forget(self.app, self._plan.changes)
        self._plan = None

    def _ask(self) -> None:
        """Find out in the background whom the value changes."""
        self._job = Job(lambda _progress: None)
        whom = chosen(self._user_ids)
        kind = TransactionKind.SET
        change = BulkChange(kind, reason_of(self.what), whom, self._values, self._terms)
        self._find_out(self._asked, change, self._job)

    @work(thread=True, description="what a change does")
    def _find_out(self, number: int, change: BulkChange, job: Job) -> None:
        try:
            with no_garbage_collection():
                plan = plan_bulk(change, self._session.store.state, job.tick)
        except Cancelled:
            return
        except Exception as error:
            self.post_message(Planned(number, None, sentence_of(error)))
            return
        self.post_message(Planned(number, plan))

    @on(Planned)
    def _planned(self, event: Planned) -> None:
        if event.number != self._asked:
            if event.plan is not None:
                forget(self.app, event.plan.changes)
            return  # another value is asked about by now
        self._plan = event.plan
        plan = event.plan
        self._say(*([event.sentence] if plan is None else outcome_of(plan, self.what)))
        self._show_button()

    def _say(self, *lines: str) -> None:
        self.query_one("#change-outcome", Static).update(safe_lines(lines))

    def _show_button(self) -> None:
        count = len(self._plan.changes) if self._plan is not None else 0
        button = self.query_one("#yes", Button)
        users = counted(count, "user") if count else "nobody"
        button.label = safe(f"[F2 Change {users}]")
        button.refresh(layout=True)  # Textual keeps the width that it began with
        button.disabled = not count

    # The answers

    @on(Input.Submitted)
    @on(Button.Pressed, "#yes")
    def action_change(self) -> None:
        """Agree to what is shown; to nothing while it is not known what the value does."""
        is_unseen = self.what.field is not None and not self._line.value
        if is_unseen and self.query_one(OptionList).has_focus:
            self.set_focus(self._line)  # no field is cleared before its line was looked at
            return
        plan = self._plan
        # a key that came in one burst with the value is here before the value was asked about
        if plan is not None and plan.changes and plan.change.values == self._values:
            self._plan = None
            self.dismiss(plan)

    @property
    def unsaved(self) -> str:
        """What would be lost if the program were left now, in words; else empty."""
        is_typed = self.is_mounted and bool(self._line.value)
        return "The new value is not given to anybody yet" if is_typed else ""

    @on(Button.Pressed, "#no")
    def action_back(self) -> None:
        """Close it; ask first where something was typed."""
        if not self.is_active:
            return
        if self.unsaved:
            question = Question("Nothing is changed yet. Leave it?", yes="Leave it", no="Stay")
            self.app.push_screen(question, self._leave)
        else:
            self._leave(True)

    def _leave(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(None)
