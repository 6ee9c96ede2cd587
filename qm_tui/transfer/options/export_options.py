"""What the admin may choose for an export: once, as data.

The command line's flags, the lines of the dialog and what is remembered are all made of
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
    """What stands between two cells."""

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
    """The delimiter that an admin names, or types as it is.

    Raises:
        Refused: there is no such delimiter for an export.
    """
    named = text.strip().casefold()
    for one in Delimiter:
        if one.character in (text, named.replace("\\t", "\t")) or one.value == named:
            return one
    msg = (
        f"{visible(text, 60) or 'Nothing'} is no delimiter of an export. Choose comma, semicolon, "
        "tab or bar."
    )
    raise Refused(msg)


@dataclass(frozen=True, slots=True)
class ExportChoices:
    r"""What the admin chose for an export.

    Attributes:
        header: whether the first line names the columns.
        passwords: whether Password and Salt Value are in the file.
        ids: whether User ID is in the file.
        for_excel: whether a spreadsheet is to open the file and save it as it was: it gets a BOM,
            and `="0123"` around what a spreadsheet would change.
        delimiter: what stands between two cells, in a file for a spreadsheet.
        guard_formulas: whether a `'` stands before what a spreadsheet would run.
    """

    header: bool = True
    passwords: bool = True
    ids: bool = True
    for_excel: bool = False
    delimiter: Delimiter = Delimiter.COMMA
    guard_formulas: bool = False

    @property
    def written_delimiter(self) -> str:
        """The character between two cells: only a file for a spreadsheet has the chosen one."""
        return (self.delimiter if self.for_excel else Delimiter.COMMA).character

    @property
    def left_out(self) -> "tuple[Field, ...]":
        """The fields that are not in the file. Without a header their cells are empty."""
        # the command line reads the flags here before it knows that it needs the fields
        from qm_tui.users.fields import FIELD, SECRETS  # noqa: PLC0415

        secrets = () if self.passwords else SECRETS
        ids = () if self.ids else (FIELD["user_id"],)
        return (*ids, *secrets)

    @property
    def summary(self) -> str:
        """The choices in one line."""
        left_out = len(self.left_out)
        words = [
            f"{26 - left_out} of 26 fields" if left_out else "all 26 fields",
            "with passwords" if self.passwords else "no passwords",
            "" if self.ids else "no User IDs",
            "header" if self.header else "no header",
            f"for Excel with {self.delimiter}" if self.for_excel else "",
            "formulas guarded" if self.guard_formulas else "",
        ]
        return ", ".join(word for word in words if word)


USUAL: Final = ExportChoices()
"""What counts without a choice."""


EXPORT_CHOICES: Final[tuple[Choice[ExportChoices], ...]] = (
    Choice(
        "header",
        "--no-header",
        "",
        "Header",
        (
            Option(True, "yes", "The first line names the columns."),
            Option(False, "no", "No first line with names; all 26 columns, in file order."),
        ),
    ),
    Choice(
        "passwords",
        "--no-passwords",
        "",
        "Passwords",
        (
            Option(True, "yes", "The encrypted passwords and their salts are in the file."),
            Option(
                False,
                "no",
                "Without Password and Salt Value: such a file can only update users.",
            ),
        ),
    ),
    Choice(
        "ids",
        "--no-ids",
        "",
        "User IDs",
        (
            Option(True, "yes", "By them an import knows the users again."),
            Option(False, "no", "User ID is left out: another installation adds them as new."),
        ),
    ),
    Choice(
        "for_excel",
        "--for-excel",
        "",
        "For Excel",
        (
            Option(False, "no", "As other programs expect it: comma, UTF-8 without a BOM."),
            Option(True, "yes", 'A BOM, and ="0123" around what a spreadsheet would change.'),
        ),
    ),
    Choice(
        "delimiter",
        "--delimiter",
        "",
        "Delimiter for Excel",
        (
            Option(Delimiter.COMMA, "comma", "Excel in English wants it."),
            Option(
                Delimiter.SEMICOLON, "semicolon", "Excel in German, French and others wants it."
            ),
            Option(Delimiter.TAB, "tab", "For a spreadsheet that asks how to read the file."),
            Option(Delimiter.BAR, "bar", "For a spreadsheet that asks how to read the file."),
        ),
    ),
    Choice(
        "guard_formulas",
        "--guard-formulas",
        "",
        "Guard formulas",
        (
            Option(False, "no", "Values that begin with = + - @ may run in a spreadsheet."),
            Option(True, "yes", "A ' before what would run in a spreadsheet; Import removes it."),
        ),
    ),
)
"""All choices, in the order in which they are offered."""

EXPORT_CHOICE: Final = {choice.key: choice for choice in EXPORT_CHOICES}
"""The choices by key."""
