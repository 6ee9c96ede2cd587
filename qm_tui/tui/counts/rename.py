"""What it does to give all users who have a value of a field another, in words and as a change."""

from typing import NamedTuple

from qm_tui.store.changes.bulk import BulkChange, having
from qm_tui.store.interface import TransactionKind
from qm_tui.text import counted
from qm_tui.users.fields import Field
from qm_tui.users.issues import shortened
from qm_tui.users.query.counts import EMPTY


class Renaming(NamedTuple):
    """A value that takes the place of another in a field. Either may be empty.

    Attributes:
        field: the field.
        value: the value, exactly.
        new: what takes its place.
        number: how many users have the value.
        others: how many have the new one already; with them the others become one.
    """

    field: Field
    value: str
    new: str
    number: int
    others: int

    @property
    def outcome(self) -> str:
        """What it does, as a sentence."""
        users, both = counted(self.number, "user"), f"{self.number + self.others:,}"
        if not self.new:
            then = f" With those who have none already, {both} are without." if self.others else ""
            return f"{users} {self._verb('lose')} the {self.field.name}.{then}"
        new = shortened(self.new)
        if not self.others:
            return f"{users} {self._verb('get')} {new}."
        used = f"{new} is in use by {counted(self.others, 'user')}"
        if not self.value:
            return f"{used}: with {users} more, {both} have it."
        return f"{used}: the two become one, {both} users."

    @property
    def act(self) -> str:
        """The words on the button that does it."""
        users = counted(self.number, "user")
        if not self.new:
            return f"Clear it for {users}"
        if self.others:
            return f"Merge {users} into {self.others:,}"
        return f"Rename {users}" if self.value else f"Give it to {users}"

    @property
    def done(self) -> str:
        """What it did, for the Actions bar."""
        users = counted(self.number, "user")
        return (
            f"{users} got {shortened(self.new)}"
            if self.new
            else (f"{users} lost the {self.field.name}")
        )

    @property
    def change(self) -> BulkChange:
        """The change of all its users."""
        reason = f"rename of {self.field.name} {_quoted(self.value)} to {_quoted(self.new)}"
        whom = having(self.field, self.value)
        return BulkChange(TransactionKind.RENAME, reason, whom, {self.field.key: self.new})

    def _verb(self, verb: str) -> str:
        return f"{verb}s" if self.number == 1 else verb


def _quoted(value: str) -> str:
    return f"'{shortened(value)}'" if value else EMPTY
