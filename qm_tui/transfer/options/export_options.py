"""The export options, defined once as data.

The flags of the command line, the lines of the dialog and the keys of the saved options come from
`EXPORT_CHOICES`. Source: the users file, section 4.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from qm_tui.errors import Refused
from qm_tui.text import visible
from qm_tui.transfer.options.choice import Choice, Option

if TYPE_CHECKING:
    from qm_tui.users.fields import Field


class Delimiter(StrEnum):
    """A character between cells."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"
    BAR = "bar"

    @property
    def character(self) -> str:
        """The character itself."""
        return _CHARACTERS[self]


_CHARACTERS: Final = {
    Delimiter.COMMA: ",",
    Delimiter.SEMICOLON: ";",
    Delimiter.TAB: "\t",
    Delimiter.BAR: "|",
}


def delimiter_typed(text: str) -> Delimiter:
    """Return the delimiter that an admin typed by name or as a character.

    Raises:
        Refused: exports do not support this delimiter.
    """
    name = text.strip().casefold()
    for delimiter in Delimiter:
        if delimiter.character in (text, name.replace("\\t", "\t")) or delimiter.value == name:
            return delimiter
    msg = (
        f"Invalid delimiter {visible(text, 60)}. Use comma, semicolon, tab or bar."
        if text.strip()
        else "The delimiter is empty. Use comma, semicolon, tab or bar."
    )
    raise Refused(msg)


@dataclass(frozen=True, slots=True)
class ExportChoices:
    """The export options.

    Attributes:
        header: whether the first line contains the column names.
        passwords: whether the file contains Password and Salt Value.
        ids: whether the file contains User ID.
        for_excel: whether a spreadsheet must be able to open and save the file without altering
            values: it gets a BOM, and values that would be altered are written as `="0123"`.
        delimiter: the delimiter of a file for a spreadsheet.
        guard_formulas: whether to prefix formulas with `'`.
    """

    header: bool = True
    passwords: bool = True
    ids: bool = True
    for_excel: bool = False
    delimiter: Delimiter = Delimiter.COMMA
    guard_formulas: bool = False

    @property
    def written_delimiter(self) -> str:
        """The delimiter that is written: a comma unless the file is for a spreadsheet."""
        return (self.delimiter if self.for_excel else Delimiter.COMMA).character

    @property
    def left_out(self) -> "tuple[Field, ...]":
        """The fields that the file omits. Without a header, their cells are empty."""
        # late: the command line needs this module for its flags, but not always the fields
        from qm_tui.users.fields import FIELD, SECRETS  # noqa: PLC0415

        secrets = () if self.passwords else SECRETS
        ids = () if self.ids else (FIELD["user_id"],)
        return (*ids, *secrets)

    @property
    def summary(self) -> str:
        """The options in one line."""
        # late: the command line needs this module for its flags, but not always the fields
        from qm_tui.users.fields import FIELDS  # noqa: PLC0415

        total, omitted = len(FIELDS), len(self.left_out)
        parts = [
            f"{total - omitted} of {total} fields" if omitted else f"all {total} fields",
            "with passwords" if self.passwords else "no passwords",
            "" if self.ids else "no User IDs",
            "header" if self.header else "no header",
            f"for Excel with {self.delimiter}" if self.for_excel else "",
            "formulas guarded" if self.guard_formulas else "",
        ]
        return ", ".join(part for part in parts if part)


USUAL: Final = ExportChoices()
"""The defaults."""


_ASKS_FOR_DELIMITER: Final = "For spreadsheets that ask for the delimiter."

EXPORT_CHOICES: Final[tuple[Choice[ExportChoices], ...]] = (
    Choice(
        "header",
        "--no-header",
        "",
        "Header",
        (
            Option(True, "yes", "The first line contains the column names."),
            Option(False, "no", "No header line; all columns in standard order."),
        ),
    ),
    Choice(
        "passwords",
        "--no-passwords",
        "",
        "Passwords",
        (
            Option(True, "yes", "The file contains encrypted passwords and salts."),
            Option(
                False,
                "no",
                "Omit Password and Salt Value. Such a file can only update users.",
            ),
        ),
    ),
    Choice(
        "ids",
        "--no-ids",
        "",
        "User IDs",
        (
            Option(True, "yes", "Lets an import match existing users."),
            Option(False, "no", "Omit User ID. Another installation adds all users as new."),
        ),
    ),
    Choice(
        "for_excel",
        "--for-excel",
        "",
        "For Excel",
        (
            Option(False, "no", "Standard CSV: comma, UTF-8 without BOM."),
            Option(True, "yes", 'Add a BOM, and write values that Excel would alter as ="0123".'),
        ),
    ),
    Choice(
        "delimiter",
        "--delimiter",
        "",
        "Delimiter for Excel",
        (
            Option(Delimiter.COMMA, "comma", "For Excel in English."),
            Option(
                Delimiter.SEMICOLON,
                "semicolon",
                "For Excel in German, French and other languages.",
            ),
            Option(Delimiter.TAB, "tab", _ASKS_FOR_DELIMITER),
            Option(Delimiter.BAR, "bar", _ASKS_FOR_DELIMITER),
        ),
    ),
    Choice(
        "guard_formulas",
        "--guard-formulas",
        "",
        "Guard formulas",
        (
            Option(False, "no", "A spreadsheet may run values that begin with = + - @."),
            Option(True, "yes", "Prefix formulas with ' so that no spreadsheet runs them."),
        ),
    ),
)
"""All options, in the order in which they are offered."""

EXPORT_CHOICE: Final = {choice.key: choice for choice in EXPORT_CHOICES}
"""The options by key."""
