"""A rename of a value of a field: its effect as text, and the change."""

from typing import NamedTuple

from qm_tui.store.changes.bulk import BulkChange, by_field_value
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.text import pluralize
from qm_tui.users.fields import Field
from qm_tui.users.issues import Issue, truncate
from qm_tui.users.query.counts import EMPTY
from qm_tui.users.validation import control_character_issue, length_issue
from qm_tui.users.warnings import value_warnings


class RenamePlan(NamedTuple):
    """A rename of a value of a field. The old or the new value may be empty.

    Attributes:
        field: the field.
        value: the old value, exactly.
        new: the new value.
        number: the number of users with the old value.
        existing: the number of users that already have the new value: a merge.
    """

    field: Field
    value: str
    new: str
    number: int
    existing: int

    @property
    def effect_text(self) -> str:
        """The effect, in one or two sentences."""
        users, total = pluralize(self.number, "user"), f"{self.number + self.existing:,}"
        new, name = truncate(self.new), self.field.name
        if not self.new:
            cleared = f"Clears {name} for {users}."
            return (
                f"{cleared} In total, {total} users will have none." if self.existing else cleared
            )
        if self.existing:
            used = f"{new} is already used by {pluralize(self.existing, 'user')}."
            if self.value:
                return f"{used} After merging: {total} users."
            return f"{used} In total, {total} users will have it."
        return f"Sets {name} to {new} for {users}."

    @property
    def error(self) -> Issue | None:
        """The error in the new value; None if it is valid."""
        return control_character_issue(self.field, self.new) or length_issue(self.field, self.new)

    @property
    def warnings(self) -> list[Issue]:
        """The warnings of the new value, apart from similar values."""
        return list(value_warnings(self.field, self.new))

    @property
    def button_label(self) -> str:
        """The caption of the button that renames."""
        users = pluralize(self.number, "user")
        if self.value and not self.new:
            return f"Clear for {users}"
        if self.existing:
            return f"Merge {users}"
        return f"Rename for {users}" if self.value else f"Set for {users}"

    @property
    def result_text(self) -> str:
        """What was done, for the Actions bar."""
        users = pluralize(self.number, "user")
        if not self.new:
            return f"Cleared {self.field.name} for {users}"
        return f"Set {self.field.name} to {truncate(self.new)} for {users}"

    @property
    def change(self) -> BulkChange:
        """The change of all users with the old value."""
        values = f"{_quoted(self.value)} → {_quoted(self.new)}"
        action = Action(TransactionKind.RENAME, self.field.name, values)
        return BulkChange(
            action, by_field_value(self.field, self.value), {self.field.key: self.new}
        )


def _quoted(value: str) -> str:
    return f"'{truncate(value)}'" if value else EMPTY
