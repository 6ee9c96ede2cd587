"""Updates of stored users with records.

Source: the users file, section 3: absent columns keep their value, an empty cell clears an optional
field, Password and Salt Value remain a pair, and values altered by a spreadsheet are not imported.
"""

from typing import Final

from qm_tui.transfer.options.import_options import EmptyCellAction, ImportOptions
from qm_tui.transfer.reading.reader import Values
from qm_tui.transfer.reading.spreadsheet import is_spreadsheet_damage
from qm_tui.users.fields import FIELD, FIELDS, Field, Kind, User
from qm_tui.users.identity import normalize_user_name
from qm_tui.users.issues import Issue, Severity, truncate
from qm_tui.users.validation import validate_update

_USER_ID_AT: Final = FIELD["user_id"].index
_PASSWORD_AT: Final = FIELD["password"].index
_SALT: Final = FIELD["salt"]

_CLEARABLE: Final = frozenset(
    field.index
    for field in FIELDS
    if not field.required and field.kind not in (Kind.ID, Kind.SECRET)
)

SPREADSHEET_DAMAGE_REASON: Final = "{} altered by a spreadsheet; stored value kept"
CLEARED: Final = "{} will be cleared"

DAMAGEABLE_INDEXES: Final = frozenset(
    field.index for field in FIELDS if field.kind in (Kind.TEXT, Kind.LIST, Kind.IP)
)
"""The places of values that a spreadsheet may have altered."""


def differs(values: Values, index: int, stored: User) -> bool:
    """Return whether a record differs from the stored user, except for case and spreadsheets."""
    value = values[index]
    return (
        bool(value)
        and value != stored[index]
        and normalize_user_name(value or "") != normalize_user_name(stored[index])
        and not is_spreadsheet_damage(stored[index], value or "")
    )


def update_user(
    values: Values, stored: User, issues: list[Issue], options: ImportOptions
) -> tuple[User, list[Issue]]:
    """Return the user after the update, and the warnings.

    Errors of the update are appended to `issues`.
    """
    after = list(stored)
    warnings: list[Issue] = []
    keeps_empty = options.empty is EmptyCellAction.KEEP
    for place, (value, before) in enumerate(zip(values, stored, strict=True)):
        if value is before or value == before or value is None or place == _USER_ID_AT:
            continue
        if not value:
            if keeps_empty:
                continue
            if place in _CLEARABLE:
                warnings.append(_cleared(FIELDS[place], stored[place]))
        elif (
            not options.take_numbers
            and place in DAMAGEABLE_INDEXES
            and is_spreadsheet_damage(stored[place], value)
        ):
            warnings.append(_spreadsheet_damage(FIELDS[place], stored[place], value))
            continue
        after[place] = value
    if after[_PASSWORD_AT] != stored.password or after[_SALT.index] != stored.salt:
        warnings += _merge_secrets(values, stored, after)
    user = tuple.__new__(User, after)
    if user == stored:
        return stored, warnings
    issues += validate_update(user, stored, allow_unlicensed=options.allow_unlicensed)
    return user, warnings


def _spreadsheet_damage(field: Field, stored: str, imported: str) -> Issue:
    return Issue(
        field,
        f"{field.name} '{truncate(imported)}' looks like '{truncate(stored)}' altered by a "
        "spreadsheet; stored value kept",
        "No action needed if the stored value is correct.",
        Severity.WARNING,
        SPREADSHEET_DAMAGE_REASON.format(field.name),
    )


def _cleared(field: Field, stored: str) -> Issue:
    return Issue(
        field,
        f"{field.name} '{truncate(stored)}' will be cleared",
        f"Enter {field.name} to keep the value.",
        Severity.WARNING,
        CLEARED.format(field.name),
    )


def leaves_secrets_unchanged(values: Values) -> bool:
    """Return whether a record does not change Password and Salt Value of its user."""
    password, salt = values[_PASSWORD_AT], values[_SALT.index]
    return not password and (password is not None or not salt)


def _merge_secrets(values: Values, stored: User, after: list[str]) -> list[Issue]:
    """Keep Password and Salt Value a pair (users file, section 3, "Secrets")."""
    password, salt = values[_PASSWORD_AT], values[_SALT.index]
    if leaves_secrets_unchanged(values):
        after[_PASSWORD_AT], after[_SALT.index] = stored.password, stored.salt
        return []
    if salt or not stored.salt:
        return []
    if password != stored.password:
        after[_SALT.index] = ""
        message = "New Password without Salt Value; the old salt will be cleared"
    elif salt is not None:
        message = (
            "Salt Value will be cleared, but Password will be kept; the user may be locked out"
        )
    else:
        return []
    fix = "If the password has a salt, include it."
    return [Issue(_SALT, message, fix, Severity.WARNING)]
