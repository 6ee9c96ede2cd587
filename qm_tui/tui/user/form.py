"""The rows of the user form, built from the table of fields, group by group."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.user.draft import UserDraft
from qm_tui.tui.user.form_rows import (
    FixedRow,
    FlagRow,
    FormRow,
    LicenseRow,
    PasswordRow,
    TextRow,
)
from qm_tui.users.fields import FIELD, GROUPED, Field, Group, Kind
from qm_tui.users.issues import Issue
from qm_tui.users.passwords import LOCAL_HASH_NOTE, password_error

_PASSWORD, _SALT = FIELD["password"], FIELD["salt"]
_FIRST_GROUPS: Final = (Group.IDENTITY,)
_YIELD_SECONDS: Final = 0.005
"""Seconds between two groups, so that keys are handled in between."""

_PASSWORDS_DIFFER: Final = Issue(
    _PASSWORD, "The passwords do not match", "Type the same password twice."
)
_SET: Final = "set (change with P on the Users page)"
_NEW_SALT: Final = "generated with the password"


class UserForm(VerticalScroll, can_focus=False):
    """The rows of all fields, group by group.

    The first group is mounted immediately, the others one by one: mounting all of them is too slow
    for a key.

    Args:
        draft: the user; `apply_input` copies the edited values into it.
        values_of: returns the values of a field that are in use, most frequent first.

    Attributes:
        is_complete: set once all rows are mounted, or none will be since the form is closed.
    """

    def __init__(self, draft: UserDraft, values_of: Callable[[Field], Sequence[str]]) -> None:
        super().__init__(id="user-form")
        self._draft = draft
        self.is_complete = asyncio.Event()
        self._others = [group for group in GROUPED if group not in _FIRST_GROUPS]
        self._passwords: list[PasswordRow] = []
        self._groups = {group: list(self._create_rows(group, values_of)) for group in GROUPED}
        self._rows = [row for rows in self._groups.values() for row in rows]

    def _create_rows(
        self, group: Group, values_of: Callable[[Field], Sequence[str]]
    ) -> Iterator[FormRow]:
        user, is_new = self._draft.before, self._draft.is_new
        for field in GROUPED[group]:
            if field.kind is Kind.ID:
                yield FixedRow([field], field.name, user.user_id or "assigned automatically")
            elif field is _PASSWORD and is_new:
                self._passwords = [
                    PasswordRow(field.name, [field]),
                    PasswordRow(f"Repeat {field.name}", []),
                ]
                yield from self._passwords
            elif field is _PASSWORD:
                yield FixedRow([field], field.name, _SET)
            elif field is _SALT:
                text = "set" if user.salt else "not set"
                yield FixedRow([field], field.name, _NEW_SALT if is_new else text)
            elif field.key == "unlimited_license":
                yield LicenseRow(self._draft)
            elif field.key == "on_demand_license":
                pass  # the license row edits both
            elif field.kind is Kind.FLAG:
                yield FlagRow(field, self._draft)
            else:
                yield TextRow(field, self._draft, values_of(field) if field.repeats else ())

    def compose(self) -> ComposeResult:
        for group in _FIRST_GROUPS:
            yield from self._widgets(group)

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
        await self.mount(*self._widgets(self._others.pop(0)))
        if not self._others:
            self.is_complete.set()
        elif self.is_attached:
            self.set_timer(_YIELD_SECONDS, self._mount_next)

    # Values

    def apply_input(self) -> None:
        """Copy the edited values into the draft."""
        for row in self._rows:
            self._draft.set_values(row.values())

    def show(self) -> None:
        """Show the values of the draft."""
        for row in self._rows:
            row.show(self._draft)

    def show_dependencies(self) -> None:
        """Enable the fields whose flag is set, and disable the others."""
        for row in self._rows:
            if isinstance(row, TextRow):
                row.show(self._draft)

    @property
    def password(self) -> str:
        """The typed password of a new user."""
        return self._passwords[0].input.value if self._passwords else ""

    @property
    def is_password_typed(self) -> bool:
        """Whether a password is typed in either row."""
        return any(row.input.value for row in self._passwords)

    def password_issues(self) -> Mapping[FormRow, Issue]:
        """Validate the password of a new user.

        Returns:
            The error by the row that shows it.
        """
        if not self._passwords:
            return {}
        first, repeated = self._passwords
        password = first.input.value
        error = password_error(password)
        if error:
            message = "Password is invalid" if password else "Password is required"
            return {first: Issue(_PASSWORD, message, error)}
        return {} if password == repeated.input.value else {repeated: _PASSWORDS_DIFFER}

    # Rows

    @property
    def rows(self) -> Sequence[FormRow]:
        """The rows from top to bottom, mounted or not."""
        return self._rows

    def row_of(self, widget: Widget | None) -> FormRow | None:
        """Return the row of an editor."""
        return next((row for row in self._rows if widget and row.editor is widget), None)

    def row_for(self, field: Field) -> FormRow | None:
        """Return the row of a field."""
        return next((row for row in self._rows if field in row.fields), None)

    def focus_row(self, row: FormRow) -> None:
        """Focus a row immediately: the next key may be there already."""
        if row.editor is not None and row.editor.is_attached:
            self.screen.set_focus(row.editor, scroll_visible=False)

    def move(self, rows: int) -> bool:
        """Move the focus up or down.

        Returns:
            Whether the focus has moved.
        """
        focusable = [row for row in self._rows if row.editor and not row.editor.disabled]
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
