"""One user in a form: added or edited, checked as each field is left, and saved."""

import asyncio
from functools import partial
from typing import Any, ClassVar, Final

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from qm_tui.text import counted, sentence, visible
from qm_tui.tui.frame.key_help import Key, KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.user_details import title_of
from qm_tui.tui.user.draft import Draft
from qm_tui.tui.user.form import UserForm
from qm_tui.tui.user.form_rows import FormRow, SecretInput, TextRow, note_of
from qm_tui.tui.user.save import Gone, Overtaken, Saved, save
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.widgets.option_row import ChoiceLine
from qm_tui.tui.widgets.suggester import beginning_with, suggested
from qm_tui.tui.work.background import in_background
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Fault, Severity
from qm_tui.users.passwords import Encrypted

_PAUSE: Final = 0.15
"""Seconds without a key after which what is typed is judged."""

_PAGE: Final = 8
"""Rows that PgDn moves."""

_SUGGESTED: Final = 6
_CANCELLED: Final = "Cancelled. Nothing was saved."
_TYPED: Final = Encrypted("typed", "")
"""Stands for the password of a new user while it is judged: it is made once it is saved."""

_BUSY: Final = "Something else is running. Press F2 again when it has ended."
_MEANWHILE: Final = (
    "Somebody else saved this user meanwhile, and nothing was saved yet. Look at what is marked "
    "with !: F3 takes what the other wrote, F2 saves what stands here."
)


class UserFormScreen(Dialog[bool]):
    """Edits a user, or adds one. It gives whether that was saved.

    Args:
        draft: the user.
        session: what the pages share.
        page: the page that is told how far the saving is.
        title: what is done, and with whom.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # those with priority are in order with the letters around them, however fast they come
        Binding("f2", "save", "Save", priority=True),
        Binding("f3", "take_theirs", "Take what somebody else wrote", priority=True),
        Binding("down,tab", "move(1)", "Next field", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", "Previous field", show=False, priority=True),
        Binding("pagedown", f"move({_PAGE})", "Some fields down", show=False, priority=True),
        Binding("pageup", f"move(-{_PAGE})", "Some fields up", show=False, priority=True),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, draft: Draft, session: Session, page: Screen[Any], title: str) -> None:
        super().__init__(classes="full-dialog")
        self._draft, self._session, self._page, self._title = draft, session, page, title
        self._form = UserForm(draft, session.listing.values_of)
        self._left: set[FormRow] = set()
        self._refused: dict[FormRow, str] = {}
        self._timer: Timer | None = None
        self._is_saving = False

    def compose(self) -> ComposeResult:
        """The form, what is to be said, what the field means, and the buttons."""
        with Vertical(classes="dialog", id="user-form-dialog") as dialog:
            dialog.border_title = safe(self._title, 70)
            dialog.border_subtitle = safe("* must be filled in  F2 save  Esc back  F1 keys")
            yield self._form
            yield Static(id="user-form-help")
            yield Static(id="user-form-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[F2 Save]"), id="save", compact=True)
                yield Button(safe("[F3 Take theirs]"), id="theirs", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The first field has the focus."""
        self._say("")
        self._show_conflicts()
        if self._form.row_of(self.focused) is None:
            self._form.focus_row(self._form.rows[0])

    # What is typed

    @on(Input.Changed)
    @on(ChoiceLine.Turned)
    def _changed(self, event: Input.Changed | ChoiceLine.Turned) -> None:
        event.stop()
        if not self._draft.conflicts and not self._is_saving:
            self._say("")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE, self._judge)

    @on(ChoiceLine.Turned)
    def _turned(self) -> None:
        self._form.take()
        self._form.show_needs()
        self._judge()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_move(1)

    @on(FormRow.Refused)
    def _not_taken(self, event: FormRow.Refused) -> None:
        self._refused[event.row] = event.sentence
        self._left.add(event.row)
        self._judge()

    @on(SecretInput.Refused)
    def _password_not_taken(self, event: SecretInput.Refused) -> None:
        row = self._form.row_about(FIELD["password"])
        if row is not None:
            self._not_taken(FormRow.Refused(row, event.sentence))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A field is checked as it is left."""
        row = self._form.row_of(event.widget)
        if row is not None and self.is_mounted:
            self._left.add(row)
            self._judge()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Say what belongs into the field."""
        row = self._form.row_of(event.widget)
        if row is None:
            return
        if self._refused:  # it was said long enough
            self._refused.clear()
            self._judge()
        self._show_help(row)

    def _judge(self) -> None:
        """Judge what is typed; what is wrong is said of the fields that were left."""
        self._form.take()
        found = self._faults()
        for row in self._form.rows:
            faults = found.get(row, [])
            was_left = row in self._left
            fields = row.fields
            conflict = next(filter(None, map(self._draft.conflict_text, fields)), "")
            note = next(filter(None, (note_of(one, self._draft) for one in fields)), "")
            row.say(tuple(faults) if was_left else (), conflict, note)
        self._show_help(self._form.row_of(self.focused))

    def _faults(self) -> dict[FormRow, list[Fault]]:
        """What is wrong with each row, errors first."""
        form, found = self._form, dict[FormRow, list[Fault]]()
        wrong = form.password_faults()
        password = _TYPED if self._draft.is_new and not wrong else None
        for row, fault in wrong.items():
            found[row] = [fault]
        for row, text in self._refused.items():
            found.setdefault(row, []).append(Fault(None, text, "", Severity.WARNING))
        for fault in self._draft.faults(self._session.store.state, password):
            row_or_none = form.row_about(fault.field) if fault.field is not None else None
            if row_or_none is not None and (row_or_none not in wrong):
                is_of_password = fault.field is FIELD["password"] and bool(wrong)
                if not is_of_password:
                    found.setdefault(row_or_none, []).append(fault)
        return found

    def _show_help(self, row: FormRow | None) -> None:
        """Say what belongs into a field, what is wrong with it, and what others have there."""
        if row is None or not row.fields:
            return
        field = row.fields[0]
        found = self._faults().get(row, []) if row in self._left else []
        lines = [one.remedy for one in found if one.remedy] or [field.meaning]
        if isinstance(row, TextRow) and row.in_use:
            typed = row.values()[row.field.key]
            some = beginning_with(typed, row.in_use, _SUGGESTED)
            in_use = "  ".join(visible(one, 24) for one in some)
            if in_use:
                takes = "   → takes the first" if suggested(typed, row.in_use) else ""
                lines.append(f"In use: {in_use}{takes}")
        self.query_one("#user-form-help", Static).update(safe_lines(lines))

    def _say(self, text: str) -> None:
        said = self.query_one("#user-form-said", Static)
        said.update(safe(text, 400))
        said.display = bool(text)

    # Keys

    def action_move(self, rows: int) -> None:
        """Move the focus by so many fields, and beyond them to the buttons."""
        if not self._form.move(rows):
            if rows > 0:
                self.focus_next()
            else:
                self.focus_previous()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """F3 is there where somebody else changed something."""
        return bool(self._draft.conflicts) if action == "take_theirs" else True

    @work
    async def action_save(self) -> None:
        """Check everything, and save it; the form stays open where it cannot be."""
        if self._is_saving:
            return
        self._is_saving = True
        try:
            await self._save()
        finally:
            self._is_saving = False

    async def _save(self) -> None:
        await self._form.is_whole.wait()
        await self._typed()
        self._left.update(self._form.rows)
        self._judge()
        errors = [
            (row, one)
            for row in self._form.rows
            for one in self._faults().get(row, [])
            if one.severity is Severity.ERROR
        ]
        if errors:
            row, fault = errors[0]
            more = f", and {counted(len(errors) - 1, 'problem')} more" if len(errors) > 1 else ""
            self._say(f"Not saved yet: {fault.message}{more}.")
            self._form.focus_row(row)
            return
        if not self._draft.is_new and not self._draft.is_changed:
            self._session.say("Nothing was changed")
            self.dismiss(False)
            return
        if not self._session.may_change:
            self._say(self._session.looking_only or _BUSY)
            return
        self._say("Saving …")
        password = self._form.password
        outcome = await in_background(
            self._page,
            self._session,
            partial(save, self._session, self._draft, password),
            _CANCELLED,
        )
        self._say("")
        if isinstance(outcome, Saved):
            self._session.show(outcome.view)
            self._session.say(outcome.said)
            self.dismiss(True)
        elif isinstance(outcome, Overtaken):
            self._show_overtaken(outcome)
        elif isinstance(outcome, Gone):
            self.app.push_screen(Message(outcome.sentence))

    async def _typed(self) -> None:
        """Wait until the letters that were typed before this key stand in their field."""
        if self.focused is not None:
            arrived = asyncio.Event()
            self.focused.call_later(arrived.set)
            await arrived.wait()

    # What somebody else saved

    def _show_overtaken(self, outcome: Overtaken) -> None:
        self._draft.take_over(outcome.now, outcome.conflicts)
        self._form.show()
        self._judge()
        self._show_conflicts()
        rows = [row for row in self._form.rows if self._conflict_in(row)]
        if rows:
            self._say(_MEANWHILE)
            self._form.focus_row(rows[0])
        else:
            self._say(sentence(outcome.sentence))

    def _conflict_in(self, row: FormRow) -> bool:
        return any(field.key in self._draft.conflicts for field in row.fields)

    def _show_conflicts(self) -> None:
        self.query_one("#theirs").display = bool(self._draft.conflicts)
        self.refresh_bindings()

    def action_take_theirs(self) -> None:
        """Take what somebody else wrote into the field that has the focus."""
        row = self._form.row_of(self.focused)
        if row is None or not self._conflict_in(row):
            row = next((one for one in self._form.rows if self._conflict_in(one)), None)
        if row is None:
            return
        for field in row.fields:
            conflict = self._draft.conflicts.pop(field.key, None)
            if conflict is not None:
                self._draft.give({field.key: conflict.theirs})
        row.show(self._draft)
        self._form.focus_row(row)
        self._judge()
        self._show_conflicts()
        if not self._draft.conflicts:
            self._say("")

    # Leaving

    @property
    def _is_typed(self) -> bool:
        self._form.take()
        return self._draft.is_changed or self._form.is_password_typed

    @property
    def unsaved(self) -> str:
        """What would be lost if the program were left now, in words; else empty."""
        return (
            "What you typed in the form is not saved, and would be lost" if self._is_typed else ""
        )

    @work
    async def action_back(self) -> None:
        """Close it; ask first where something typed would be lost."""
        if self._is_saving or not self.is_active:
            return  # or it is asked already
        question = Question("What you typed is not saved. Leave it?", yes="Leave it", no="Stay")
        if not self._is_typed or await self.app.push_screen_wait(question):
            self.dismiss(False)

    def action_show_keys(self) -> None:
        """List the keys of the form; those that edit a line of text everybody knows."""
        ours = {one.description for one in self.BINDINGS if isinstance(one, Binding)}
        keys = [one for one in keys_that_work(self) if one[1] in ours]
        choose = Key("Space ← →", "Turn a choice")
        self.app.push_screen(KeysScreen([*keys, Key("Enter", "Next field"), choose]))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        actions = {
            "save": self.action_save,
            "theirs": self.action_take_theirs,
            "cancel": self.action_back,
        }
        actions[event.button.id or "cancel"]()


def title_to_edit(draft: Draft) -> str:
    """What the form says above all: whom it edits."""
    return f"Edit {title_of(draft.before)}"
