"""The text that is copied of a user, and the message about it."""

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

_NO_SECRETS: Final = "Passwords cannot be copied. Nothing was copied."
_SHOWN: Final = 60
"""Characters of a name or a value that are shown."""


class ToCopy(NamedTuple):
    """A text to be copied.

    Attributes:
        text: the text, without control characters.
        said: the message that it was copied.
    """

    text: str
    said: str


def cell_to_copy(user: User, column_key: str) -> ToCopy:
    """Return the value of a user in a column.

    Args:
        user: the user.
        column_key: the key of a field, or of the column of licenses.

    Raises:
        Refused: the value is a secret or empty.
    """
    column = COLUMN[column_key]
    if column.field is None:
        value = ", ".join(licenses_of(user))
    elif column.field.is_secret:
        raise Refused(_NO_SECRETS)
    else:
        value = user[column.field.index]
    text = without_controls(value)
    name = f"{column.name} of {visible(user.user_name, _SHOWN)}"
    if not text.strip():
        msg = f"{name} is empty. Nothing was copied."
        raise Refused(msg)
    return ToCopy(text, f"Copied {name}: {visible(text, _SHOWN)}{_removed([value])}")


def row_to_copy(user: User) -> ToCopy:
    """Return a user as a record of a users file: all fields in file order, secrets empty."""
    plain = User(*map(without_controls, user))
    writer = Writer(ExportChoices(header=False, passwords=False))
    record = writer.rows([plain], are_first=True).decode().rstrip("\r\n")
    name = visible(user.user_name, _SHOWN)
    said = f"Copied {name} as a CSV record, without password and salt{_removed(user)}"
    return ToCopy(record, said)


def _removed(values: Iterable[str]) -> str:
    """Return how many characters were removed; empty if none were."""
    count = sum(without_controls(character) != character for value in values for character in value)
    return f"; {counted(count, 'control character')} removed" if count else ""
