"""What of a user is copied, and what is said of it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from qm_tui.errors import Refused
from qm_tui.text import counted, visible
from qm_tui.transfer.exporting.csv_writer import Writer
from qm_tui.transfer.options.export_options import ExportChoices
from qm_tui.tui.terminal.clipboard import without_controls
from qm_tui.users.fields import User
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.licenses import licenses_of

_SHOWN: Final = 60


class ToCopy(NamedTuple):
    """A text to be copied.

    Attributes:
        text: the text; it holds no control characters.
        said: a sentence that says that it was copied.
    """

    text: str
    said: str


def cell_to_copy(user: User, column_key: str) -> ToCopy:
    """The value of a user in a column.

    Args:
        user: the user.
        column_key: a field's key, or that of the licenses.

    Raises:
        Refused: it is a secret, or it is empty.
    """
    column = COLUMN[column_key]
    if column.field is None:
        value = ", ".join(licenses_of(user))
    elif column.field.is_secret:
        msg = "Passwords are never copied."
        raise Refused(msg)
    else:
        value = user[column.field.index]
    text = without_controls(value)
    what = f"{column.name} of {visible(user.user_name, _SHOWN)}"
    if not text.strip():
        msg = f"{what} is empty. Nothing was copied."
        raise Refused(msg)
    return ToCopy(text, f"Copied {what}: {visible(text, _SHOWN)}{_left_out([value])}")


def row_to_copy(user: User) -> ToCopy:
    """A user as a record of a users file: 26 fields in file order, without the secrets."""
    plain = User(*map(without_controls, user))
    writer = Writer(ExportChoices(header=False, passwords=False))
    record = writer.rows([plain], are_first=True).decode().rstrip("\r\n")
    who = visible(user.user_name, _SHOWN)
    said = f"Copied {who} as a CSV record, its secrets left empty{_left_out(user)}"
    return ToCopy(record, said)


def _left_out(values: Iterable[str]) -> str:
    """How many characters of values are not copied as they are."""
    count = sum(without_controls(character) != character for value in values for character in value)
    return f", without {counted(count, 'control character')}" if count else ""
