"""Users made of a salvaged snapshot and salvaged transactions, as far as these fit."""

from dataclasses import dataclass, field
from typing import Any, Final

from qm_tui.store.documents import Reader
from qm_tui.store.entries import ADDED, CHANGED, DELETED, done_of
from qm_tui.store.salvage import Loss, Snapshot
from qm_tui.store.salvage_journal import Found
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import name_key


@dataclass(slots=True)
class Recovery:
    """What was recovered.

    Attributes:
        users: how many users.
        transactions: how many transactions were read and applied.
        losses: what could not be read, or does not fit.
        notes: what else the admin should know, without a full stop.
    """

    users: int = 0
    transactions: int = 0
    losses: list[Loss] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Rebuilt:
    """The users, and the other tables, as far as they are known.

    Args:
        base: the snapshot.
        number: the number of the last transaction that is in it.
        found: told what does not fit.

    Attributes:
        made: what was made of the snapshot so far.
        number: the number of the last transaction.
    """

    def __init__(self, base: Snapshot, number: int, found: Recovery) -> None:
        self.made = base
        self.number = number
        self._found = found
        self._reader = Reader()
        self._taken: set[int] = set()
        self._next = max(base.numbers.values(), default=0) + 1
        for user_id, taken in base.numbers.items():
            base.numbers[user_id] = self._free(taken)

    def apply(self, transaction: Found) -> None:
        """Apply a transaction as far as it fits."""
        for row in transaction.rows():
            try:
                self._apply_row(row, transaction)
            except (ValueError, KeyError, TypeError, IndexError):
                self._lose(transaction, "what it did to a user cannot be read")
        for name, change in transaction.tables():
            try:
                self._apply_table(name, change)
            except (AttributeError, KeyError, TypeError):
                self._lose(transaction, f"what it did to the table {name} cannot be read")
        self.number = max(self.number, transaction.number)
        self._found.transactions += 1

    def _lose(self, transaction: Found, what: str, *users: str) -> None:
        where = transaction.file, what, 0, transaction.start, transaction.number, users
        self._found.losses.append(Loss(*where))

    def _apply_row(self, row: Any, transaction: Found) -> None:  # noqa: ANN401 - it is damaged
        sign = row[0]
        done = done_of(row)
        users = self.made.users
        if sign == ADDED:
            self._add(done.user_id, row)
        elif sign == DELETED:
            users.pop(done.user_id, None)
            number = self.made.numbers.pop(done.user_id, 0)
            self.made.extras.pop(number, None)
            self._taken.discard(number)
        elif sign == CHANGED:
            stored = users.get(done.user_id)
            if stored is None:
                names = ", ".join(FIELD[key].name for key in done.after or {})
                what = f"it changed {names} of a user that is lost"
                self._lose(transaction, what, done.user_id)
                return
            values = [*stored]
            for key, value in (done.after or {}).items():
                values[FIELD[key].index] = _text(value)
            users[done.user_id] = self._reader.shared(tuple.__new__(User, values))

    def _add(self, user_id: str, row: Any) -> None:  # noqa: ANN401 - it is damaged
        made = self.made
        values = [_text(value) for value in row[2]]
        number = made.numbers.get(user_id) or self._free(int(row[1]))
        made.users.pop(user_id, None)
        made.users[user_id] = self._reader.shared(tuple.__new__(User, values))
        made.numbers[user_id] = number
        if len(row) > _OWN_MEMBERS:
            made.extras[number] = dict(row[_OWN_MEMBERS])

    def _free(self, number: int) -> int:
        """A document ID, or another where that is taken: what freed it is lost."""
        if number in self._taken:
            number = self._next
        self._taken.add(number)
        self._next = max(self._next, number + 1)
        return number

    def _apply_table(self, name: str, change: Any) -> None:  # noqa: ANN401 - it is damaged
        if change is None:
            self.made.tables.pop(name, None)
            return
        table = self.made.tables.setdefault(name, {})
        for number in change["gone"]:
            table.pop(number, None)
        table.update(change["set"])

    def look_at_names(self) -> None:
        """Name the users whose User Name is another's too: what freed it is lost."""
        first: dict[str, str] = {}
        for user_id, user in self.made.users.items():
            other = first.setdefault(name_key(user.user_name), user_id)
            if other != user_id:
                said = f"Users {other} and {user_id} have one User Name: give one of them another"
                self._found.notes.append(said)


_OWN_MEMBERS: Final = 3


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
