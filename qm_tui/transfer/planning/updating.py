"""What a record makes of the user it updates.

Source: the users file, section 3: columns absent keep their value, an empty cell clears an
optional field, Password and Salt Value stay a pair, and what a spreadsheet ate is kept as stored.
"""

from typing import Final

from qm_tui.transfer.options.import_options import Choices, Empty
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.reading.spreadsheet import was_eaten
from qm_tui.users.fields import FIELD, FIELDS, Field, Kind, User
from qm_tui.users.identity import name_key
from qm_tui.users.issues import Fault, Severity, shortened
from qm_tui.users.validation import faults_of_update

_USER_ID_AT: Final = FIELD["user_id"].index
_PASSWORD_AT: Final = FIELD["password"].index
_SALT: Final = FIELD["salt"]

_CLEARABLE: Final = frozenset(
    one.index for one in FIELDS if not one.mandatory and one.kind not in (Kind.ID, Kind.SECRET)
)

EATEN: Final = "{} looks eaten by a spreadsheet: kept as stored"
CLEARED: Final = "{} is cleared"

EATABLE: Final = frozenset(
    one.index for one in FIELDS if one.kind in (Kind.TEXT, Kind.LIST, Kind.IP)
)
"""Where in a `User` values stand that a spreadsheet may have taken for numbers."""


def differs(values: Values, place: int, stored: User) -> bool:
    """Whether a record has another value than the stored user, case and spreadsheets aside."""
    value = values[place]
    return (
        bool(value)
        and value != stored[place]
        and name_key(value or "") != name_key(stored[place])
        and not was_eaten(stored[place], value or "")
    )


def updated(
    values: Values, stored: User, faults: list[Fault], choices: Choices
) -> tuple[User, list[Fault]]:
    """The stored user after the record, and what the admin should know about it.

    Faults that the update makes are added to `faults`.
    """
    after = list(stored)
    warnings: list[Fault] = []
    keeps_empty = choices.empty is Empty.KEEP
    for place, (value, before) in enumerate(zip(values, stored, strict=True)):
        if value is before or value == before or value is None or place == _USER_ID_AT:
            continue
        if not value:
            if keeps_empty:
                continue
            if place in _CLEARABLE:
                warnings.append(_cleared(FIELDS[place], stored[place]))
        elif not choices.take_numbers and place in EATABLE and was_eaten(stored[place], value):
            warnings.append(_eaten(FIELDS[place], stored[place], value))
            continue
        after[place] = value
    if after[_PASSWORD_AT] != stored.password or after[_SALT.index] != stored.salt:
        warnings += _settle_secrets(values, stored, after)
    user = tuple.__new__(User, after)
    if user == stored:
        return stored, warnings
    faults += faults_of_update(user, stored, allow_unlicensed=choices.allow_unlicensed)
    return user, warnings


def _eaten(field: Field, stored: str, found: str) -> Fault:
    return Fault(
        field,
        f"{field.name} '{shortened(found)}' looks like '{shortened(stored)}' after a spreadsheet: "
        "kept as stored",
        "Nothing to do, if the stored value is right.",
        Severity.WARNING,
        EATEN.format(field.name),
    )


def _cleared(field: Field, stored: str) -> Fault:
    return Fault(
        field,
        f"{field.name} '{shortened(stored)}' is cleared",
        f"Fill in {field.name}, if the user should keep it.",
        Severity.WARNING,
        CLEARED.format(field.name),
    )


def keeps_secrets(values: Values) -> bool:
    """Whether a record leaves Password and Salt Value of its user as they are."""
    password, salt = values[_PASSWORD_AT], values[_SALT.index]
    return not password and (password is not None or not salt)


def _settle_secrets(values: Values, stored: User, after: list[str]) -> list[Fault]:
    """Keep Password and Salt Value a pair (users file, section 3, "Secrets")."""
    password, salt = values[_PASSWORD_AT], values[_SALT.index]
    if keeps_secrets(values):
        after[_PASSWORD_AT], after[_SALT.index] = stored.password, stored.salt
        return []
    if salt or not stored.salt:
        return []
    if password != stored.password:
        after[_SALT.index] = ""
        message = "Password is new and has no Salt Value: the old salt is cleared"
    elif salt is not None:
        message = "Salt Value is cleared, while Password stays: the user may be locked out"
    else:
        return []
    remedy = "Give the salt with the password, if the password has one."
    return [Fault(_SALT, message, remedy, Severity.WARNING)]
