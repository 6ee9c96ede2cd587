"""The form that adds or edits a user. It validates each field when the focus leaves it."""

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

from qm_tui.text import counted, fitted, sentence, visible
from qm_tui.tui.frame.key_help import Key, KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.user_details import title_of
from qm_tui.tui.user.draft import Draft
from qm_tui.tui.user.form import UserForm
from qm_tui.tui.user.form_rows import FormRow, SecretInput, TextRow, note_of
from qm_tui.tui.user.save import BUSY, Gone, Overtaken, Saved, save
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
"""Seconds without a key before the form is validated."""

_PAGE: Final = 8
"""Rows per page for PgUp and PgDn."""

_SUGGESTED: Final = 6
_IN_USE: Final = "In use: "
_SUGGESTION: Final = "   → accepts the first"
_MIN_WIDTH: Final = 40
"""Width of the help line before the first layout."""

_TYPED: Final = Encrypted("typed", "")
"""A placeholder for the password of a new user in validation: it is hashed when it is saved."""

_CANCELLED: Final = "Canceled. Nothing was saved."
_MEANWHILE: Final = (
    "Another admin saved this user in the meantime. Your changes are not saved yet. For each "
    "field marked !, press F3 to use their value, or F2 to save yours."
)
_NEW_UNSAVED: Final = "The new user will be lost"
_DISCARD: Final = "Discard your changes?"
_DISCARD_NEW: Final = "Discard the new user?"


class UserFormScreen(Dialog[bool]):
    """Adds or edits a user. The result is whether the user was saved.

    Args:
        draft: the user.
        session: the state that the pages share.
        page: the page that shows the progress.
        title: the title of the dialog.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority, so that they stay in order with the characters of the same burst
        Binding("f2", "save", "Save", priority=True),
        Binding("f3", "take_theirs", "Use the other admin's value", priority=True),
        Binding("down,tab", "move(1)", "Next field", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", "Previous field", show=False, priority=True),
        Binding("pagedown", f"move({_PAGE})", "Page down", show=False, priority=True),
        Binding("pageup", f"move(-{_PAGE})", "Page up", show=False, priority=True),
        Binding("escape", "back", "Cancel"),
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
        with Vertical(classes="dialog", id="user-form-dialog") as dialog:
            dialog.border_title = safe(self._title, 70)
            dialog.border_subtitle = safe("* required  F2 save  Esc cancel  F1 keys")
            yield self._form
            yield Static(id="user-form-help")
            yield Static(id="user-form-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[F2 Save]"), id="save", compact=True)
                yield Button(safe("[F3 Use theirs]"), id="theirs", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self._say("")
        self._show_conflicts()
        if self._form.row_of(self.focused) is None:
            self._form.focus_row(self._form.rows[0])

    # Editing

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
        row = self._form.row_of(event.widget)
        if row is not None and self.is_mounted:
            self._left.add(row)
            self._judge()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        row = self._form.row_of(event.widget)
        if row is None:
            return
        if self._refused:  # these messages end with the next field
            self._refused.clear()
            self._judge()
        self._show_help(row)

    def _judge(self) -> None:
        """Validate the form. Problems are shown only of the fields that had the focus."""
        self._form.take()
        faults = self._faults()
        for row in self._form.rows:
            shown = faults.get(row, []) if row in self._left else []
            conflict = next(filter(None, map(self._draft.conflict_text, row.fields)), "")
            notes = (note_of(field, self._draft) for field in row.fields)
            row.say(tuple(shown), conflict, next(filter(None, notes), ""))
        self._show_help(self._form.row_of(self.focused))

    def _faults(self) -> dict[FormRow, list[Fault]]:
        """Return the problems of each row, errors first."""
        form, faults = self._form, dict[FormRow, list[Fault]]()
        of_passwords = form.password_faults()
        password = _TYPED if self._draft.is_new and not of_passwords else None
        for row, fault in of_passwords.items():
            faults[row] = [fault]
        for row, text in self._refused.items():
            faults.setdefault(row, []).append(Fault(None, text, "", Severity.WARNING))
        for fault in self._draft.faults(self._session.store.state, password):
            row_or_none = form.row_about(fault.field) if fault.field is not None else None
            if row_or_none is not None and row_or_none not in of_passwords:
                is_of_password = fault.field is FIELD["password"] and bool(of_passwords)
                if not is_of_password:
                    faults.setdefault(row_or_none, []).append(fault)
        return faults

    def _show_help(self, row: FormRow | None) -> None:
        """Show how to fix the problems of a field, or what it means, and values in use."""
        if row is None or not row.fields:
            return
        field = row.fields[0]
        faults = self._faults().get(row, []) if row in self._left else []
        help_text = self.query_one("#user-form-help", Static)
        lines = [fault.remedy for fault in faults if fault.remedy] or [field.meaning]
        if isinstance(row, TextRow) and row.in_use:
            typed = row.values()[row.field.key]
            matches = beginning_with(typed, row.in_use, _SUGGESTED)
            in_use = "  ".join(visible(value, 24) for value in matches)
            if in_use:
                hint = _SUGGESTION if suggested(typed, row.in_use) else ""
                room = (help_text.size.width or _MIN_WIDTH) - len(_IN_USE) - len(hint)
                lines.append(f"{_IN_USE}{fitted(in_use, room).rstrip()}{hint}")
        help_text.update(safe_lines(lines))

    def _say(self, text: str) -> None:
        message = self.query_one("#user-form-said", Static)
        message.update(safe(text, 400))
        message.display = bool(text)

    # Keys

    def action_move(self, rows: int) -> None:
        """Move the focus by a number of fields, and from the last one to the buttons."""
        if not self._form.move(rows):
            if rows > 0:
                self.focus_next()
            else:
                self.focus_previous()

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        return bool(self._draft.conflicts) if action == "take_theirs" else True

    @work
    async def action_save(self) -> None:
        """Validate and save the user. The form stays open if that fails."""
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
        faults = self._faults()
        errors = [
            (row, fault)
            for row in self._form.rows
            for fault in faults.get(row, [])
            if fault.severity is Severity.ERROR
        ]
        if errors:
            row, error = errors[0]
            more = f" (and {counted(len(errors) - 1, 'more error')})" if len(errors) > 1 else ""
            self._say(f"Not saved: {error.message}{more}.")
            self._form.focus_row(row)
            return
        if not self._draft.is_new and not self._draft.is_changed:
            self._session.say("No changes to save")
            self.dismiss(False)
            return
        if not self._session.may_change:
            self._say(self._session.looking_only or BUSY)
            return
        self._say("Saving…")
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
        """Wait until the text typed before this key is in its field."""
        if self.focused is not None:
            arrived = asyncio.Event()
            self.focused.call_later(arrived.set)
            await arrived.wait()

    # Conflicts with another admin

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
        """Use the other admin's value in the focused field, or else in the first conflict."""
        row = self._form.row_of(self.focused)
        if row is None or not self._conflict_in(row):
            row = next(filter(self._conflict_in, self._form.rows), None)
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

    # Closing

    @property
    def _is_typed(self) -> bool:
        self._form.take()
        return self._draft.is_changed or self._form.is_password_typed

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if there are no changes."""
        if not self._is_typed:
            return ""
        if self._draft.is_new:
            return _NEW_UNSAVED
        return f"Unsaved changes to {title_of(self._draft.before)} will be lost"

    @work
    async def action_back(self) -> None:
        """Close the form, after a confirmation if there are changes."""
        if self._is_saving or not self.is_active:
            return  # it is being saved, or the question is already open
        text = _DISCARD_NEW if self._draft.is_new else _DISCARD
        question = Question(text, yes="Discard", no="Keep editing")
        if not self._is_typed or await self.app.push_screen_wait(question):
            self.dismiss(False)

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts of the form, without those of its inputs."""
        ours = {binding.description for binding in self.BINDINGS if isinstance(binding, Binding)}
        keys = [key for key in keys_that_work(self) if key.words in ours]
        options = Key("Space ← →", "Next or previous option")
        self.app.push_screen(KeysScreen([*keys, Key("Enter", "Next field"), options]))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        actions = {
            "save": self.action_save,
            "theirs": self.action_take_theirs,
            "cancel": self.action_back,
        }
        actions[event.button.id or "cancel"]()


def title_to_edit(draft: Draft) -> str:
    """Return the title of the form for an existing user."""
    return f"Edit {title_of(draft.before)}"
