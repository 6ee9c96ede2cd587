"""The export options, defined once as data.

The flags of the command line, the lines of the dialog and the keys of the saved options come from
`EXPORT_OPTIONS`. Source: the users file, section 4.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from qm_tui.errors import UserError
from qm_tui.text import sanitize
from qm_tui.transfer.options.choice import OptionValue, option, options_of

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


def parse_export_delimiter(text: str) -> Delimiter:
    """Return the delimiter that an admin typed by name or as a character.

    Raises:
        UserError: exports do not support this delimiter.
    """
    name = text.strip().casefold()
    for delimiter in Delimiter:
        if delimiter.character in (text, name.replace("\\t", "\t")) or delimiter.value == name:
            return delimiter
    msg = (
        f"Invalid delimiter {sanitize(text, 60)}. Use comma, semicolon, tab or bar."
        if text.strip()
        else "The delimiter is empty. Use comma, semicolon, tab or bar."
    )
    raise UserError(msg)


_ASKS_FOR_DELIMITER: Final = "For spreadsheets that ask for the delimiter."


@dataclass(frozen=True, slots=True)
class ExportOptions:
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

    header: bool = option(
        "Header",
        OptionValue(True, "yes", "The first line contains the column names."),
        OptionValue(False, "no", "No header line; all columns in standard order."),
    )
    passwords: bool = option(
        "Passwords",
        OptionValue(True, "yes", "The file contains encrypted passwords and salts."),
        OptionValue(
            False, "no", "Omit Password and Salt Value. Such a file can only update users."
        ),
    )
    ids: bool = option(
        "User IDs",
        OptionValue(True, "yes", "Lets an import match existing users."),
        OptionValue(False, "no", "Omit User ID. Another installation adds all users as new."),
    )
    for_excel: bool = option(
        "For Excel",
        OptionValue(False, "no", "Standard CSV: comma, UTF-8 without BOM."),
        OptionValue(True, "yes", 'Add a BOM, and write values that Excel would alter as ="0123".'),
    )
    delimiter: Delimiter = option(
        "Delimiter for Excel",
        OptionValue(Delimiter.COMMA, "comma", "For Excel in English."),
        OptionValue(
            Delimiter.SEMICOLON, "semicolon", "For Excel in German, French and other languages."
        ),
        OptionValue(Delimiter.TAB, "tab", _ASKS_FOR_DELIMITER),
        OptionValue(Delimiter.BAR, "bar", _ASKS_FOR_DELIMITER),
    )
    guard_formulas: bool = option(
        "Guard formulas",
        OptionValue(False, "no", "A spreadsheet may run values that begin with = + - @."),
        OptionValue(True, "yes", "Prefix formulas with ' so that no spreadsheet runs them."),
    )

    @property
    def effective_delimiter(self) -> str:
        """The delimiter that is written: a comma unless the file is for a spreadsheet."""
        return (self.delimiter if self.for_excel else Delimiter.COMMA).character

    @property
    def omitted_fields(self) -> "tuple[Field, ...]":
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

        total, omitted = len(FIELDS), len(self.omitted_fields)
        parts = [
            f"{total - omitted} of {total} fields" if omitted else f"all {total} fields",
            "with passwords" if self.passwords else "no passwords",
            "" if self.ids else "no User IDs",
            "header" if self.header else "no header",
            f"for Excel with {self.delimiter}" if self.for_excel else "",
            "formulas guarded" if self.guard_formulas else "",
        ]
        return ", ".join(part for part in parts if part)


DEFAULT_EXPORT_OPTIONS: Final = ExportOptions()
"""The defaults."""


EXPORT_OPTIONS: Final = options_of(ExportOptions)
"""All options, in the order in which they are offered."""

EXPORT_OPTION: Final = {choice.key: choice for choice in EXPORT_OPTIONS}
"""The options by key."""
