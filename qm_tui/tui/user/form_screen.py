"""The form that adds or edits a user. It validates each field when the focus leaves it."""

from functools import partial
from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Input, Static

from qm_tui.tui.changes.value_picker import has_picker, pick_value
from qm_tui.tui.frame.key_help import KeyDescription, KeysScreen, active_keys
from qm_tui.tui.keys.keymap import all_keys, bind, with_keys
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.text.user_details import user_title
from qm_tui.tui.user.draft import UserDraft
from qm_tui.tui.user.form import DraftIssues, RowIssues, UserForm
from qm_tui.tui.user.form_rows import FormRow, InputRejected, TextRow, note_of
from qm_tui.tui.user.save import BUSY, EditConflict, UserSaved, save_user
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.work.background import run_job
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.key_queue import KeyRefused
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.threads import DEBOUNCE, ask, when_answered

_PAGE: Final = 8
"""Rows per page for PgUp and PgDn."""

_MIN_WIDTH: Final = 40
"""Width of the help line before the first layout."""

_BREAKPOINTS: Final = [(0, "-one-column"), (110, "-two-columns")]
"""The number of columns, by the width of the terminal."""

_CANCELLED: Final = "Canceled. Nothing was saved."
_SAVED_BY_ANOTHER: Final = (
    "Another admin saved this user in the meantime. Your changes are not saved yet. For each "
    "field marked !, press <form.use_theirs> to use their value, or <form.save> to save yours."
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

    HORIZONTAL_BREAKPOINTS = _BREAKPOINTS

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority over the bindings of Textual's inputs
        bind("form.save", "save", "Save", priority=True),
        bind("form.use_theirs", "use_theirs", priority=True),
        Binding("tab", "move(1)", "Next field", show=False, priority=True),
        Binding("down", "down", "Values in use, or next field", show=False, priority=True),
        Binding("up,shift+tab", "move(-1)", "Previous field", show=False, priority=True),
        bind("form.page_down", f"move({_PAGE})", show=False, priority=True),
        bind("form.page_up", f"move(-{_PAGE})", show=False, priority=True),
        Binding("escape", "back", "Cancel"),
    ]

    def __init__(self, draft: UserDraft, session: Session, page: Screen[Any], title: str) -> None:
        super().__init__(classes="full-dialog")
        self._draft, self._session, self._page, self._title = draft, session, page, title
        self._form = UserForm(draft, session.queries.values_of)
        self._visited: set[FormRow] = set()
        self._rejected: dict[FormRow, str] = {}
        self._found: DraftIssues = ()
        """The problems of the draft that were found last."""
        self._timer: Timer | None = None
        self._is_saving = False

    def compose(self) -> ComposeResult:
        hints = "* required  <form.save> save  Esc cancel  <app.keys> keys"
        with dialog_frame("user-form-dialog", self._title, hints, 70):
            yield self._form
            yield Static(id="user-form-help")
            yield Static(id="user-form-said")
            yield button_row(
                save=with_keys("[<form.save> Save]"),
                theirs=with_keys("[<form.use_theirs> Use theirs]"),
                cancel="[Cancel]",
            )

    def on_mount(self) -> None:
        self.show_message("")
        self._show_conflicts()
        if self._form.row_of(self.focused) is None:
            self._form.focus_row(self._form.rows[0])

    # Editing

    @on(Input.Changed)
    def _changed(self) -> None:
        if not self._draft.conflicts and not self._is_saving:
            self.show_message("")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, self._validate)

    def on_radio_row_changed(self) -> None:
        self._changed()
        self._validate()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_move(1)

    @on(InputRejected)
    def _input_rejected(self, event: InputRejected) -> None:
        row = self._form.row_of(event.editor)
        if row is not None:
            self._rejected[row] = event.message
            self._visited.add(row)
            self._validate()

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        row = self._form.row_of(event.widget)
        if row is not None and self.is_mounted:
            self._visited.add(row)
            self._validate()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        row = self._form.row_of(event.widget)
        if row is None:
            return
        if self._rejected:  # these messages end with the next field
            self._rejected.clear()
            self._validate()
        self._show_help(row)

    def _validate(self) -> None:
        """Validate the form. Problems are shown only of the fields that had the focus."""
        state, in_use = self._session.store.state, self._session.queries.in_use
        validation = self._form.validation(state, in_use)
        when_answered(self, state, validation, self._show_problems, "validation")

    def _show_problems(self, found: DraftIssues) -> None:
        self._found = found
        issues = self._issues()
        for row in self._form.rows:
            shown = issues.get(row, []) if row in self._visited else []
            conflict = next(filter(None, map(self._draft.conflict_text, row.fields)), "")
            notes = (note_of(field, self._draft) for field in row.fields)
            row.show_issues(tuple(shown), conflict, next(filter(None, notes), ""))
        self._show_help(self._form.row_of(self.focused))

    def _issues(self) -> RowIssues:
        """Return the problems of each row, errors first."""
        return self._form.by_row(self._found, self._rejected)

    def _show_help(self, row: FormRow | None) -> None:
        """Show how to fix the problems of a field, or what it means, and values in use."""
        if row is None:
            return
        issues = self._issues().get(row, []) if row in self._visited else []
        help_text = self.query_one("#user-form-help", Static)
        lines = row.help(issues, help_text.size.width or _MIN_WIDTH)
        help_text.update(safe_lines(lines))

    def show_message(self, text: str) -> None:
        """Show a message; an empty one hides it."""
        message = self.query_one("#user-form-said", Static)
        message.update(safe(text, 400))
        message.display = bool(text)

    # Keys

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the form is complete: one that is not a character."""
        return len(key) > 1 and key != "escape" and not self._form.is_complete.is_set()

    def action_move(self, rows: int) -> None:
        """Move the focus by a number of fields, and from the last one to the buttons."""
        if not self._form.move(rows):
            if rows > 0:
                self.focus_next()
            else:
                self.focus_previous()

    def action_down(self) -> None:
        """Open the values in use of the focused field; without any, move to the next field."""
        row = self._form.row_of(self.focused)
        if isinstance(row, TextRow) and has_picker(row.field):
            state, typed = self._session.store.state, row.values()[row.field.key]
            pick_value(self, row.field, state, typed, row.input.take)
        else:
            self.action_move(1)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        return bool(self._draft.conflicts) if action == "use_theirs" else True

    @flow
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
        await self._form.is_complete.wait()
        self._visited.update(self._form.rows)
        state, in_use = self._session.store.state, self._session.queries.in_use
        self._show_problems(await ask(state, self._form.validation(state, in_use)))
        message = self._form.focus_error(self._issues())
        if message:
            self.post_message(KeyRefused())
            self.show_message(message)
            return
        if not self._draft.is_new and not self._draft.is_changed:
            self._session.set_status("No changes to save")
            self.dismiss(False)
            return
        if not self._session.may_change:
            self.show_message(self._session.read_only_reason or with_keys(BUSY))
            return
        self.show_message("Saving…")
        password = self._form.password
        outcome = await run_job(
            self._page,
            self._session,
            partial(save_user, self._session, self._draft, password),
            _CANCELLED,
            holds_keys=True,
        )
        self.show_message("")
        if isinstance(outcome, UserSaved):
            self._session.show_view(outcome.view)
            self._session.set_status(outcome.status)
            self.dismiss(True)
        elif isinstance(outcome, EditConflict):
            self._show_conflict(outcome)

    # Conflicts with another admin

    def _show_conflict(self, outcome: EditConflict) -> None:
        self._draft.rebase(outcome.stored, outcome.conflicts)
        self._form.show()
        self._validate()
        self._show_conflicts()
        rows = [row for row in self._form.rows if self._conflict_in(row)]
        if rows:
            self.show_message(with_keys(_SAVED_BY_ANOTHER))
            self._form.focus_row(rows[0])
        else:
            self.show_message(outcome.message)

    def _conflict_in(self, row: FormRow) -> bool:
        return any(field.key in self._draft.conflicts for field in row.fields)

    def _show_conflicts(self) -> None:
        self.query_one("#theirs").display = bool(self._draft.conflicts)
        self.refresh_bindings()

    def action_use_theirs(self) -> None:
        """Use the other admin's value in the focused field, or else in the first conflict."""
        row = self._form.row_of(self.focused)
        if row is None or not self._conflict_in(row):
            row = next(filter(self._conflict_in, self._form.rows), None)
        if row is None:
            return
        for field in row.fields:
            conflict = self._draft.conflicts.pop(field.key, None)
            if conflict is not None:
                self._draft.set_values({field.key: conflict.theirs})
        row.show(self._draft)
        self._form.focus_row(row)
        self._validate()
        self._show_conflicts()
        if not self._draft.conflicts:
            self.show_message("")

    # Closing

    @property
    def _is_typed(self) -> bool:
        self._form.apply_input()
        return self._draft.is_changed or self._form.is_password_typed

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if there are no changes."""
        if not self._is_typed:
            return ""
        if self._draft.is_new:
            return _NEW_UNSAVED
        return f"Unsaved changes to {user_title(self._draft.before)} will be lost"

    def action_back(self) -> None:
        """Close the form, after a confirmation if there are changes."""
        if self.is_active and not self._is_saving:  # nor is the question already open
            text = _DISCARD_NEW if self._draft.is_new else _DISCARD
            close_or_ask(self, text, is_unsaved=self._is_typed, result=False)

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts of the form, without those of its inputs."""
        ours = {binding.description for binding in self.BINDINGS if isinstance(binding, Binding)}
        keys = [key for key in active_keys(self) if key.label in ours]
        options = KeyDescription(f"{all_keys('options.next')} ←", "Next or previous option")
        self.app.push_screen(KeysScreen([*keys, KeyDescription("Enter", "Next field"), options]))

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        actions = {
            "save": self.action_save,
            "theirs": self.action_use_theirs,
            "cancel": self.action_back,
        }
        actions[event.button.id or "cancel"]()
