"""The text that is copied of a user, and the message about it."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from qm_tui.errors import UserError
from qm_tui.text import pluralize, sanitize
from qm_tui.transfer.exporting.csv_writer import Writer
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.tui.terminal.clipboard import strip_control_characters
from qm_tui.users.fields import User
from qm_tui.users.query.columns import COLUMN
from qm_tui.users.query.licenses import licenses_of

_NO_SECRETS: Final = "Passwords cannot be copied. Nothing was copied."
_MAX_SHOWN: Final = 60
"""Characters of a name or a value that are shown."""


class ClipboardText(NamedTuple):
    """A text to be copied.

    Attributes:
        text: the text, without control characters.
        status: the message that it was copied.
    """

    text: str
    status: str


def cell_to_copy(user: User, column_key: str) -> ClipboardText:
    """Return the value of a user in a column.

    Args:
        user: the user.
        column_key: the key of a field, or of the column of licenses.

    Raises:
        UserError: the value is a secret or empty.
    """
    column = COLUMN[column_key]
    if column.field is None:
        value = ", ".join(licenses_of(user))
    elif column.field.is_secret:
        raise UserError(_NO_SECRETS)
    else:
        value = user[column.field.index]
    text = strip_control_characters(value)
    name = f"{column.name} of {sanitize(user.user_name, _MAX_SHOWN)}"
    if not text.strip():
        msg = f"{name} is empty. Nothing was copied."
        raise UserError(msg)
    return ClipboardText(text, f"Copied {name}: {sanitize(text, _MAX_SHOWN)}{_removed([value])}")


def row_to_copy(user: User) -> ClipboardText:
    """Return a user as a record of a users file: all fields in file order, secrets empty."""
    plain = User(*map(strip_control_characters, user))
    writer = Writer(ExportOptions(header=False, passwords=False))
    record = writer.rows([plain], are_first=True).decode().rstrip("\r\n")
    name = sanitize(user.user_name, _MAX_SHOWN)
    text = f"Copied {name} as a CSV record, without password and salt{_removed(user)}"
    return ClipboardText(record, text)


def _removed(values: Iterable[str]) -> str:
    """Return how many characters were removed; empty if none were."""
    count = sum(
        strip_control_characters(character) != character for value in values for character in value
    )
    return f"; {pluralize(count, 'control character')} removed" if count else ""
