"""Users made of a salvaged snapshot and salvaged transactions, as far as these fit."""

from dataclasses import dataclass, field

from qm_tui.store.contents import change_table
from qm_tui.store.documents import Reader
from qm_tui.store.rows import (
    ADDED,
    CHANGED,
    DELETED,
    Row,
    extras_of,
    require_sound,
    user_after,
    user_id_of,
)
from qm_tui.store.salvage import Loss, Snapshot
from qm_tui.store.salvage_journal import Found
from qm_tui.users.fields import FIELD
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
                require_sound(row)
            except ValueError as error:
                self._lose(transaction, str(error))
            else:
                self._apply_row(row, transaction)
        try:
            tables = transaction.tables()
        except ValueError as error:
            self._lose(transaction, str(error))
        else:
            for name, change in tables.items():
                change_table(self.made.tables, name, change)
        self.number = max(self.number, transaction.number)
        self._found.transactions += 1

    def _lose(self, transaction: Found, what: str, *users: str) -> None:
        where = transaction.file, what, 0, transaction.start, transaction.number, users
        self._found.losses.append(Loss(*where))

    def _apply_row(self, row: Row, transaction: Found) -> None:
        sign, user_id = row[0], user_id_of(row)
        made, before = self.made, self.made.users.get(user_id)
        if sign == CHANGED and before is None:
            names = ", ".join(FIELD[key].name for key in row[2])
            self._lose(transaction, f"it changed {names} of a user that is lost", user_id)
            return
        if sign == DELETED:
            made.users.pop(user_id, None)
            number = made.numbers.pop(user_id, 0)
            made.extras.pop(number, None)
            self._taken.discard(number)
            return
        user = user_after(row, before if sign == CHANGED else None)
        assert user is not None  # noqa: S101 - it was added or changed
        if sign == ADDED:
            number = made.numbers.get(user_id) or self._free(int(row[1]))
            made.users.pop(user_id, None)
            made.numbers[user_id] = number
            if extras := extras_of(row):
                made.extras[number] = extras
        made.users[user_id] = self._reader.shared(user)

    def _free(self, number: int) -> int:
        """A document ID, or another where that is taken: what freed it is lost."""
        if number in self._taken:
            number = self._next
        self._taken.add(number)
        self._next = max(self._next, number + 1)
        return number

    def look_at_names(self) -> None:
        """Name the users whose User Name is another's too: what freed it is lost."""
        first: dict[str, str] = {}
        for user_id, user in self.made.users.items():
            other = first.setdefault(name_key(user.user_name), user_id)
            if other != user_id:
                said = f"Users {other} and {user_id} have one User Name: give one of them another"
                self._found.notes.append(said)
