"""Updates of stored users with records.

Source: the users file, section 3: absent columns keep their value, an empty cell clears an optional
field, Password and Salt Value remain a pair, and values altered by a spreadsheet are not imported.
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
    field.index
    for field in FIELDS
    if not field.mandatory and field.kind not in (Kind.ID, Kind.SECRET)
)

EATEN: Final = "{} altered by a spreadsheet; stored value kept"
CLEARED: Final = "{} will be cleared"

EATABLE: Final = frozenset(
    field.index for field in FIELDS if field.kind in (Kind.TEXT, Kind.LIST, Kind.IP)
)
"""The places of values that a spreadsheet may have altered."""


def differs(values: Values, place: int, stored: User) -> bool:
    """Return whether a record differs from the stored user, except for case and spreadsheets."""
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
    """Return the user after the update, and the warnings.

    Errors of the update are appended to `faults`.
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


def _eaten(field: Field, stored: str, imported: str) -> Fault:
    return Fault(
        field,
        f"{field.name} '{shortened(imported)}' looks like '{shortened(stored)}' altered by a "
        "spreadsheet; stored value kept",
        "No action needed if the stored value is correct.",
        Severity.WARNING,
        EATEN.format(field.name),
    )


def _cleared(field: Field, stored: str) -> Fault:
    return Fault(
        field,
        f"{field.name} '{shortened(stored)}' will be cleared",
        f"Enter {field.name} to keep the value.",
        Severity.WARNING,
        CLEARED.format(field.name),
    )


def keeps_secrets(values: Values) -> bool:
    """Return whether a record does not change Password and Salt Value of its user."""
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
        message = "New Password without Salt Value; the old salt will be cleared"
    elif salt is not None:
        message = "Salt Value will be cleared but Password kept; the user may be locked out"
    else:
        return []
    fix = "If the password has a salt, include it."
    return [Fault(_SALT, message, fix, Severity.WARNING)]
