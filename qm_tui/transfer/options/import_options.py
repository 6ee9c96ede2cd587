"""The import options, defined once as data.

The flags of the command line, the keys and captions of the preview, and the keys of the saved
options come from `IMPORT_OPTIONS`. Source: the users file, section 3.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qm_tui.transfer.options.choice import OptionValue, option, options_of


class ImportMode(StrEnum):
    """The records that an import accepts."""

    ADD_UPDATE = "add-update"
    ADD = "add"
    UPDATE = "update"


class UnknownIdAction(StrEnum):
    """What to do with a record if its User ID is not in the store."""

    REJECT = "reject"
    ADD = "add"
    """Add a user with this ID."""


class EmptyCellAction(StrEnum):
    """The effect of an empty cell when a user is updated."""

    CLEAR = "clear"
    """Clear an optional value; an error in a required field."""
    KEEP = "keep"
    """Keep the stored value."""


class ShortRecords(StrEnum):
    """What to do with a record that has fewer values than the file has columns."""

    WARN = "warn"
    """Import it with a warning."""
    REJECT = "reject"


class SpreadsheetValues(StrEnum):
    """The value that counts if a spreadsheet has altered the stored one."""

    STORED = "stored"
    """Keep the stored value."""
    FILE = "file"
    """Use the file's value."""


class NewValues(StrEnum):
    """What to do with a record if no user has its department, location, profile or service yet."""

    ACCEPT = "accept"
    """Import the record, with a warning."""
    REJECT = "reject"


class MissingPassword(StrEnum):
    """What to do with a record that adds a user without Password."""

    REJECT = "reject"
    NONE_YET = "none-yet"
    """Add the user with a random password that cannot be used."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The import options.

    Attributes:
        mode: the records that the import accepts.
        unknown_id: what to do with a record if its User ID is not in the store. An empty store
            accepts any User ID, so that users can move to another computer.
        match_user_name: whether a record without User ID updates the user with its User Name.
        empty: the effect of an empty cell when a user is updated.
        allow_unlicensed: whether a user may have neither of the licenses 14 and 15.
        allow_renamed: whether an update may change both User Name and Last Name.
        spreadsheet_values: the value that counts if a spreadsheet has altered the stored one.
        short_records: what to do with a record that has fewer values than the file has columns.
        read_booleans: whether to read TRUE/FALSE, yes/no and 1.0/0.0 in flags as 1 and 0.
        new_values: what to do with a record with a value not in use yet, in a field with values
            that many users share. An empty store accepts any value.
        missing_password: what to do with a record that adds a user without Password.
        all_or_nothing: whether to import nothing if a record is rejected.
    """

    mode: ImportMode = option(
        "Import mode",
        OptionValue(
            ImportMode.ADD_UPDATE,
            "add and update",
            "Adds new users and updates existing users.",
            "add and update",
        ),
        OptionValue(
            ImportMode.ADD,
            "add only",
            "Rejects records that would change a user.",
            "add only",
            "add only",
        ),
        OptionValue(
            ImportMode.UPDATE,
            "update only",
            "Rejects records that would add a user.",
            "update only",
            "update only",
        ),
    )
    unknown_id: UnknownIdAction = option(
        "Unknown User IDs",
        OptionValue(
            UnknownIdAction.REJECT,
            "reject",
            "Rejects records with a User ID that is not in the store. An empty store accepts "
            "any User ID.",
        ),
        OptionValue(
            UnknownIdAction.ADD,
            "add and keep the ID",
            "Adds users with the User ID of the file, for example from another installation.",
            "add and keep the ID",
            "add unknown User IDs",
        ),
        letter="a",
    )
    match_user_name: bool = option(
        "Records without User ID",
        OptionValue(
            False,
            "add as new users",
            "Records that are identical to the user with this User Name stay unchanged.",
        ),
        OptionValue(
            True,
            "update by User Name",
            "Updates the user with this User Name. If there is none, a user is added.",
            "update by User Name",
            "match by User Name",
        ),
        letter="t",
    )
    empty: EmptyCellAction = option(
        "Empty cells",
        OptionValue(
            EmptyCellAction.CLEAR,
            "clear the stored value",
            "An empty cell in a required field is an error.",
        ),
        OptionValue(
            EmptyCellAction.KEEP,
            "keep the stored value",
            "The import clears no values.",
            "keep the stored value",
            "keep values for empty cells",
        ),
        letter="b",
    )
    allow_unlicensed: bool = option(
        "Users without a license",
        OptionValue(False, "reject", "Exactly one of Unlimited and On-Demand License must be 1."),
        OptionValue(
            True,
            "allow",
            "Both licenses may be 0. Both 1 is still an error.",
            "allow no license",
            "allow no license",
        ),
        letter="f",
    )
    allow_renamed: bool = option(
        "User Name and Last Name differ",
        OptionValue(
            False, "reject", "Rejects records if the User ID may belong to a different person."
        ),
        OptionValue(
            True,
            "allow",
            "The user with this User ID gets both names.",
            "allow both names",
            "allow different names",
        ),
        letter="e",
    )
    spreadsheet_values: SpreadsheetValues = option(
        "Values altered by a spreadsheet",
        OptionValue(
            SpreadsheetValues.STORED,
            "keep the stored value",
            "For example for 412 instead of 0412, 1E+05 instead of 100000, and #NAME?.",
        ),
        OptionValue(
            SpreadsheetValues.FILE,
            "use the file's value",
            "Leading zeros, lists and passwords may be lost in the store, too.",
            "use the file's value",
            "use altered values",
        ),
        letter="z",
    )
    short_records: ShortRecords = option(
        "Short records",
        OptionValue(
            ShortRecords.WARN,
            "import with a warning",
            "Fields without a value are treated like fields without a column.",
            "import with a warning",
        ),
        OptionValue(
            ShortRecords.REJECT,
            "reject",
            "Rejects records with fewer values than columns; their values may have shifted.",
            "reject",
            "reject short records",
        ),
        letter="p",
    )
    read_booleans: bool = option(
        "TRUE/FALSE, yes/no, 1.0 in flags",
        OptionValue(False, "reject", "Yes/no fields must be 0 or 1."),
        OptionValue(
            True,
            "convert",
            "Converts TRUE, yes and 1.0 to 1, and FALSE, no and 0.0 to 0.",
            "convert",
            "convert TRUE/FALSE",
        ),
        letter="y",
    )
    new_values: NewValues = option(
        "Values not in use yet",
        OptionValue(
            NewValues.ACCEPT,
            "accept",
            "Warns of a department, location, profile or recording service not in use yet.",
            "accept new values",
        ),
        OptionValue(
            NewValues.REJECT,
            "reject",
            "Rejects records with a department, location, profile or recording service not in "
            "use yet. An empty store accepts any value.",
            "reject new values",
            "reject new values",
        ),
        letter="n",
    )
    missing_password: MissingPassword = option(
        "New users without Password",
        OptionValue(MissingPassword.REJECT, "reject", "Password is required for new users."),
        OptionValue(
            MissingPassword.NONE_YET,
            "no password yet",
            "Adds them with a random password that cannot be used. Set it in the suite later.",
            "add without password",
            "new users have no password yet",
        ),
        letter="d",
    )
    all_or_nothing: bool = option(
        "If a record is rejected",
        OptionValue(False, "import the others", "Imports the valid records."),
        OptionValue(
            True, "import nothing", "Imports all records or nothing.", summary="all or nothing"
        ),
    )


IMPORT_OPTIONS: Final = options_of(ImportOptions)
"""All options, in the order in which they are offered."""

IMPORT_OPTION: Final = {choice.key: choice for choice in IMPORT_OPTIONS}
"""The options by key."""
