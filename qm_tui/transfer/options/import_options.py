"""What the admin may choose for an import: once, as data.

The command line's flags, the keys and words of the preview, and what is remembered are all made
of `CHOICES`. Source: the users file, section 3.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from qm_tui.transfer.options.choice import Choice, Option


class Mode(StrEnum):
    """Which records an import may make something of."""

    ADD_UPDATE = "add-update"
    ADD = "add"
    UPDATE = "update"


class UnknownID(StrEnum):
    """What becomes of a record whose User ID the store does not know."""

    REJECT = "reject"
    ADD = "add"
    """It is added, keeping the ID."""


class Empty(StrEnum):
    """What an empty cell in a column that the file has means for a user who is updated."""

    CLEAR = "clear"
    """An optional value is cleared; in a mandatory field it is an error."""
    KEEP = "keep"
    """The stored value is kept."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the admin chose for an import.

    Attributes:
        mode: which records the import may make something of.
        unknown_id: what becomes of a record whose User ID the store does not know. An empty
            store takes it either way, so that users can move to another computer.
        match_user_name: whether a record without User ID updates the user who has its User Name.
        empty: what an empty cell means for a user who is updated.
        allow_unlicensed: whether a user may have neither of the licenses 14 and 15.
        allow_renamed: whether an update may change both User Name and Last Name.
        take_numbers: whether values that a spreadsheet seems to have eaten are taken.
        all_or_nothing: whether one rejected record keeps the whole file out.
    """

    mode: Mode = Mode.ADD_UPDATE
    unknown_id: UnknownID = UnknownID.REJECT
    match_user_name: bool = False
    empty: Empty = Empty.CLEAR
    allow_unlicensed: bool = False
    allow_renamed: bool = False
    take_numbers: bool = False
    all_or_nothing: bool = False


CHOICES: Final[tuple[Choice[Choices], ...]] = (
    Choice(
        "mode",
        "--mode",
        "",
        "Records may",
        (
            Option(
                Mode.ADD_UPDATE,
                "add and update",
                "New users are added, known ones are updated.",
                "add and update",
            ),
            Option(
                Mode.ADD,
                "only add",
                "A record that would change a user is rejected.",
                "only add",
                "only adding",
            ),
            Option(
                Mode.UPDATE,
                "only update",
                "A record that would add a user is rejected.",
                "only update",
                "only updating",
            ),
        ),
    ),
    Choice(
        "unknown_id",
        "--unknown-id",
        "a",
        "A User ID that is not known here",
        (
            Option(
                UnknownID.REJECT,
                "is rejected",
                "Empty the cell to add a new user. An empty store takes every User ID.",
            ),
            Option(
                UnknownID.ADD,
                "is added, keeping the ID",
                "As when users move to here.",
                "add, keeping the ID",
                "unknown IDs are added",
            ),
        ),
    ),
    Choice(
        "match_user_name",
        "--match-user-name",
        "t",
        "A record without User ID",
        (
            Option(False, "is a new user", "Unless it equals the user who has its User Name."),
            Option(
                True,
                "updates the user of its User Name",
                "Where no user has that name, it is a new user.",
                "update that user",
                "matched by User Name",
            ),
        ),
    ),
    Choice(
        "empty",
        "--empty",
        "b",
        "Empty cells in an update",
        (
            Option(
                Empty.CLEAR,
                "clear the value",
                "In a field that every user needs they are an error.",
            ),
            Option(
                Empty.KEEP,
                "keep the stored value",
                "Nothing is cleared by this import.",
                "keep what is stored",
                "empty cells keep",
            ),
        ),
    ),
    Choice(
        "allow_unlicensed",
        "--allow-unlicensed",
        "f",
        "Users without a license",
        (
            Option(False, "are rejected", "Unlimited and On-Demand License must be the converse."),
            Option(
                True,
                "are allowed",
                "Both licenses may be 0; both 1 stays an error.",
                "allow it",
                "no license allowed",
            ),
        ),
    ),
    Choice(
        "allow_renamed",
        "--allow-renamed",
        "e",
        "User Name and Last Name both new",
        (
            Option(
                False, "is rejected", "The User ID may be that of another person, from elsewhere."
            ),
            Option(
                True,
                "is taken",
                "The user with this User ID gets both names.",
                "take the names",
                "new names taken",
            ),
        ),
    ),
    Choice(
        "take_numbers",
        "--take-numbers",
        "z",
        "Values that a spreadsheet ate",
        (
            Option(False, "are kept as stored", "A lost leading zero, a lost +, 1E+05 for 100000."),
            Option(
                True,
                "are taken from the file",
                "Leading zeros and + are lost here too.",
                "take the file's values",
                "the file's numbers taken",
            ),
        ),
    ),
    Choice(
        "all_or_nothing",
        "--all-or-nothing",
        "",
        "If a record is rejected",
        (
            Option(False, "the others are imported", "Valid records only."),
            Option(True, "nothing is imported", "All or nothing.", chosen="all or nothing"),
        ),
    ),
)
"""All choices, in the order in which they are offered."""

CHOICE: Final = {choice.key: choice for choice in CHOICES}
"""The choices by key."""
