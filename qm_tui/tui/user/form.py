"""The form of one user: the fields in their groups, made from the field table."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.user.draft import Draft
from qm_tui.tui.user.form_rows import (
    FixedRow,
    FlagRow,
    FormRow,
    LicenseRow,
    PasswordRow,
    TextRow,
    note_of,
)
from qm_tui.users.fields import FIELD, GROUPED, Field, Group, Kind
from qm_tui.users.issues import Fault
from qm_tui.users.passwords import SET_HERE, password_fault

_PASSWORD, _SALT = FIELD["password"], FIELD["salt"]
_AT_ONCE: Final = (Group.IDENTITY,)
_TURN: Final = 0.005
"""Seconds between two groups, in which a key gets its turn."""

_TWICE: Final = Fault(
    _PASSWORD, "The two passwords are not the same", "Type the same password twice."
)


class UserForm(VerticalScroll, can_focus=False):
    """The rows of all fields, group by group.

    The first groups are there at once, the others one after the other: to make all of them in one
    go would keep a key waiting.

    Args:
        draft: the user; what is typed goes into it with `take`.
        values_of: gives the values of a field that users have, those of most users first.

    Attributes:
        is_whole: set once all rows are there.
    """

    def __init__(self, draft: Draft, values_of: Callable[[Field], Sequence[str]]) -> None:
        super().__init__(id="user-form")
        self._draft = draft
        self._rows: list[FormRow] = []
        self.is_whole = asyncio.Event()
        self._others = [group for group in GROUPED if group not in _AT_ONCE]
        self._passwords: list[PasswordRow] = []
        self._groups = {group: list(self._made(group, values_of)) for group in GROUPED}

    def _made(self, group: Group, values_of: Callable[[Field], Sequence[str]]) -> Iterator[FormRow]:
        user, is_new = self._draft.before, self._draft.is_new
        for field in GROUPED[group]:
            if field.kind is Kind.ID:
                yield FixedRow([field], field.name, user.user_id or "given by the store")
            elif field is _PASSWORD and is_new:
                self._passwords = [
                    PasswordRow(field.name, [field]),
                    PasswordRow(f"{field.name} again", []),
                ]
                yield from self._passwords
            elif field is _PASSWORD:
                yield FixedRow([field], field.name, "set; P changes it, outside this form")
            elif field is _SALT:
                text = "set" if user.salt else "not set"
                yield FixedRow([field], field.name, "made with the password" if is_new else text)
            elif field.key == "unlimited_license":
                yield LicenseRow()
            elif field.key == "on_demand_license":
                pass  # one choice with the other
            elif field.kind is Kind.FLAG:
                yield FlagRow(field)
            else:
                yield TextRow(field, values_of(field) if field.repeats else ())

    def compose(self) -> ComposeResult:
        """The first groups: a heading, and a row for each field."""
        for group in _AT_ONCE:
            yield from self._widgets(group)

    def _widgets(self, group: Group) -> Iterator[Widget]:
        yield Static(safe(f"── {group} "), classes="form-group")
        yield from self._groups[group]
        if group is Group.SIGN_IN and self._draft.is_new:
            yield Static(safe(SET_HERE), classes="form-hint")

    def on_mount(self) -> None:
        """Show the values that the draft begins with, and make the other groups."""
        for group in _AT_ONCE:
            self._begin(self._groups[group])
        self.set_timer(_TURN, self._make_next)

    async def _make_next(self) -> None:
        """Make the next group. Not in a worker: one that is cancelled in a mount ends the app."""
        if not self.is_attached:
            return  # the form is closed already
        group = self._others.pop(0)
        await self.mount(*self._widgets(group))
        if not all(row.is_attached for row in self._groups[group]):
            return  # it was closed meanwhile
        self._begin(self._groups[group])
        if self._others:
            self.set_timer(_TURN, self._make_next)
        else:
            self.is_whole.set()

    def _begin(self, rows: Sequence[FormRow]) -> None:
        for row in rows:
            if isinstance(row, TextRow):
                row.begin(self._draft)
            else:
                row.show(self._draft)
        self._rows += rows
        self._show_notes()

    # Values

    def take(self) -> None:
        """Put what is typed into the draft."""
        for row in self._rows:
            self._draft.give(row.values())

    def show(self) -> None:
        """Show the values of the draft: somebody else changed some."""
        for row in self._rows:
            row.show(self._draft)
        self._show_notes()

    def show_needs(self) -> None:
        """Let those fields be typed in that count now."""
        for row in self._rows:
            if isinstance(row, TextRow):
                row.show(self._draft)
        self._show_notes()

    def _show_notes(self) -> None:
        for row in self._rows:
            if isinstance(row, TextRow) and not self._draft.is_needed(row.field):
                row.say((), "", note_of(row.field, self._draft))

    @property
    def password(self) -> str:
        """The password of a new user that is typed; empty where there is none, or only one."""
        return self._passwords[0].input.value if self._passwords else ""

    @property
    def is_password_typed(self) -> bool:
        """Whether something is typed as a password."""
        return any(row.input.value for row in self._passwords)

    def password_faults(self) -> Mapping[FormRow, Fault]:
        """What is wrong with the password of a new user, by the row in which it is said."""
        if not self._passwords:
            return {}
        first, again = self._passwords
        sentence = password_fault(first.input.value)
        if sentence:
            return {first: Fault(_PASSWORD, sentence.split(". ")[0].rstrip("."), "Type another.")}
        return {} if first.input.value == again.input.value else {again: _TWICE}

    # Rows

    @property
    def rows(self) -> Sequence[FormRow]:
        """The rows from top to bottom, those that are there."""
        return self._rows

    def row_of(self, widget: Widget | None) -> FormRow | None:
        """The row in which a widget stands."""
        return next((row for row in self._rows if widget and row.editor is widget), None)

    def row_about(self, field: Field) -> FormRow | None:
        """The row of a field."""
        return next((row for row in self._rows if field in row.fields), None)

    def focus_row(self, row: FormRow) -> None:
        """Give a row the focus, at once: the next key may be there already."""
        if row.editor is not None:
            self.screen.set_focus(row.editor, scroll_visible=False)

    def move(self, rows: int) -> bool:
        """Move the focus up or down; whether there was a row to move to."""
        can_take = [row for row in self._rows if row.editor and not row.editor.disabled]
        focused = self.row_of(self.screen.focused)
        if focused is None or focused not in can_take:
            return False
        at = can_take.index(focused)
        to = max(0, min(at + rows, len(can_take) - 1))
        if to != at:
            self.focus_row(can_take[to])
        return to != at

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keep the row that has the focus in sight."""
        row = self.row_of(event.widget)
        if row is not None:
            self.call_after_refresh(row.scroll_visible, animate=False)
