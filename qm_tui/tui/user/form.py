"""The rows of the user form, built from the table of fields, group by group."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import copy
from typing import Final

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.user.draft import UserDraft
from qm_tui.tui.user.form_rows import ChoiceRow, FormRow, SecretInput, TextRow
from qm_tui.tui.widgets.option_row import RadioRow
from qm_tui.tui.work.threads import Question
from qm_tui.users.fields import FIELD, GROUPED, Field, Group, Kind
from qm_tui.users.issues import Issue, Severity
from qm_tui.users.new_values import ValuesInUse
from qm_tui.users.passwords import LOCAL_HASH_NOTE, EncryptedPassword, password_error

_PASSWORD, _SALT = FIELD["password"], FIELD["salt"]
_RIGHT_COLUMN: Final = (Group.RECORDING, Group.LICENSES, Group.CISCO_SCCP, Group.OTHER)
"""The groups of the second column, in terminals that are wide enough for two."""

_YIELD_SECONDS: Final = 0.005
"""Seconds between two groups, so that keys are handled in between."""

_TYPED: Final = EncryptedPassword("typed", "")
"""A placeholder for the password of a new user in validation: it is hashed when it is saved."""

_PASSWORDS_DIFFER: Final = Issue(
    _PASSWORD, "The passwords do not match", "Type the same password twice."
)
_SET: Final = "set (change with <user.password> on the Users page)"
_NEW_SALT: Final = "generated with the password"


DraftIssues = Sequence[Issue]
"""The problems of a draft."""

RowIssues = dict[FormRow, list[Issue]]
"""The problems of each row, errors first."""


class UserForm(ReliableTimers, VerticalScroll, can_focus=False):
    """The rows of all fields, group by group, in one column or two.

    The first group is mounted immediately, the others one by one: mounting all of them is too slow
    for a key.

    Args:
        draft: the user; `apply_input` copies the edited values into it.
        values_of: returns the values of a field that are in use, most frequent first.

    Attributes:
        is_complete: set once all rows are mounted, or none will be since the form is closed.
        rows: the rows from top to bottom, the first column first, mounted or not.
    """

    def __init__(self, draft: UserDraft, values_of: Callable[[Field], Sequence[str]]) -> None:
        super().__init__(id="user-form")
        self._draft = draft
        self.is_complete = asyncio.Event()
        self._passwords: list[FormRow] = []
        self._groups = {group: list(self._create_rows(group, values_of)) for group in GROUPED}
        self.rows: Sequence[FormRow] = [row for rows in self._groups.values() for row in rows]
        first, *self._others = GROUPED
        self._columns = (
            Vertical(*self._widgets(first), classes="form-column"),
            Vertical(classes="form-column"),
        )

    def _create_rows(
        self, group: Group, values_of: Callable[[Field], Sequence[str]]
    ) -> Iterator[FormRow]:
        user, is_new = self._draft.before, self._draft.is_new
        for field in GROUPED[group]:
            fixed = ""
            if field.kind is Kind.ID:
                fixed = user.user_id or "assigned automatically"
            elif field is _PASSWORD and not is_new:
                fixed = with_keys(_SET)
            elif field is _SALT:
                fixed = _NEW_SALT if is_new else "set" if user.salt else "not set"
            if fixed:
                yield FormRow([field], field.name, Static(safe(fixed), classes="field-fixed"))
            elif field is _PASSWORD:
                self._passwords = [
                    FormRow(fields, name, SecretInput(), is_required=True)
                    for fields, name in (([field], field.name), ([], f"Repeat {field.name}"))
                ]
                yield from self._passwords
            elif field.key == "on_demand_license":
                pass  # the row of the other license edits both
            elif field.kind is Kind.FLAG:
                yield ChoiceRow(field, self._draft)
            else:
                yield TextRow(field, self._draft, values_of(field) if field.repeats else ())

    def compose(self) -> ComposeResult:
        yield from self._columns

    def _widgets(self, group: Group) -> Iterator[Widget]:
        yield Static(safe(f"── {group} "), classes="form-group")
        yield from self._groups[group]
        if group is Group.SIGN_IN and self._draft.is_new:
            yield Static(safe(LOCAL_HASH_NOTE), classes="form-hint")

    def on_mount(self) -> None:
        self.set_timer(_YIELD_SECONDS, self._mount_next)

    def on_unmount(self) -> None:
        self.is_complete.set()

    async def _mount_next(self) -> None:
        """Mount the next group. Not in a worker: canceling it during a mount ends the app."""
        if not self.is_attached:
            return  # the form is closed
        group = self._others.pop(0)
        await self._columns[group in _RIGHT_COLUMN].mount(*self._widgets(group))
        if not self._others:
            self.is_complete.set()
        elif self.is_attached:
            self.set_timer(_YIELD_SECONDS, self._mount_next)

    # Values

    @on(RadioRow.Changed)
    def _choice_changed(self) -> None:
        """Enable the fields whose flag is set, and disable the others."""
        self.apply_input()
        for row in self.rows:
            if isinstance(row, TextRow):
                row.show(self._draft)

    def apply_input(self) -> None:
        """Copy the edited values into the draft."""
        for row in self.rows:
            self._draft.set_values(row.values())

    def show(self) -> None:
        """Show the values of the draft."""
        for row in self.rows:
            row.show(self._draft)

    @property
    def _typed_passwords(self) -> list[str]:
        """The password of a new user, and its repetition, as typed; empty for another user."""
        editors = (row.editor for row in self._passwords)
        return [editor.value for editor in editors if isinstance(editor, SecretInput)]

    @property
    def password(self) -> str:
        """The typed password of a new user."""
        return next(iter(self._typed_passwords), "")

    @property
    def is_password_typed(self) -> bool:
        """Whether a password is typed in either row."""
        return any(self._typed_passwords)

    def _password_issues(self) -> Mapping[FormRow, Issue]:
        """Return the error in the password of a new user, by the row that shows it."""
        if not self._passwords:
            return {}
        (first, repeated), (password, again) = self._passwords, self._typed_passwords
        error = password_error(password)
        if error:
            message = "Password is invalid" if password else "Password is required"
            return {first: Issue(_PASSWORD, message, error)}
        return {} if password == again else {repeated: _PASSWORDS_DIFFER}

    def validation(self, state: State, in_use: ValuesInUse) -> Question[DraftIssues]:
        """Return what validates the input as it is now; it asks the store.

        Args:
            state: the state of the store.
            in_use: the values in use.
        """
        self.apply_input()
        password = _TYPED if self._draft.is_new and not self._password_issues() else None
        draft = copy(self._draft)
        return lambda _rest: draft.validate(state, in_use, password)

    def by_row(self, found: DraftIssues, rejected: Mapping[FormRow, str]) -> RowIssues:
        """Return all problems by the row that shows them.

        Args:
            found: the problems of the draft.
            rejected: the messages about text that was not accepted, which are warnings.

        Returns:
            The problems of each row, errors first.
        """
        of_passwords = self._password_issues()
        issues = {row: [issue] for row, issue in of_passwords.items()}
        for row, text in rejected.items():
            issues.setdefault(row, []).append(Issue(None, text, "", Severity.WARNING))
        for issue in found:
            shown_at = self.row_for(issue.field) if issue.field is not None else None
            is_replaced = bool(of_passwords) and (
                issue.field is _PASSWORD or shown_at in of_passwords
            )
            if shown_at is not None and not is_replaced:
                issues.setdefault(shown_at, []).append(issue)
        return issues

    def focus_error(self, issues: RowIssues) -> str:
        """Focus the first row with an error.

        Returns:
            Why the user cannot be saved; empty if there are no errors.
        """
        errors = [
            (row, issue)
            for row in self.rows
            for issue in issues.get(row, [])
            if issue.severity is Severity.ERROR
        ]
        if not errors:
            return ""
        row, error = errors[0]
        self.focus_row(row)
        more = f" (and {pluralize(len(errors) - 1, 'more error')})" if len(errors) > 1 else ""
        return f"Not saved: {error.message}{more}."

    # Rows

    def row_of(self, widget: Widget | None) -> FormRow | None:
        """Return the row of an editor."""
        return next((row for row in self.rows if widget and row.editor is widget), None)

    def row_for(self, field: Field) -> FormRow | None:
        """Return the row of a field."""
        return next((row for row in self.rows if field in row.fields), None)

    def focus_row(self, row: FormRow) -> None:
        """Focus a row immediately: the next key may be there already."""
        if row.editor is not None and row.editor.is_attached:
            self.screen.set_focus(row.editor, scroll_visible=False)

    def move(self, rows: int) -> bool:
        """Move the focus up or down.

        Returns:
            Whether the focus has moved.
        """
        focusable = [row for row in self.rows if row.editor and not row.editor.disabled]
        focused = self.row_of(self.screen.focused)
        if focused is None or focused not in focusable:
            return False
        index = focusable.index(focused)
        target = max(0, min(index + rows, len(focusable) - 1))
        if target == index:
            return False
        self.focus_row(focusable[target])
        return True

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        row = self.row_of(event.widget)
        if row is not None:
            self.call_after_refresh(row.scroll_visible, animate=False)
