"""Updates of stored users with records.

Source: the users file, section 3: absent columns keep their value, an empty cell clears an optional
field, Password and Salt Value remain a pair, and values altered by a spreadsheet are not imported.
"""

from typing import Final

from qm_tui.text import trim
from qm_tui.transfer.options.import_options import (
    EmptyCellAction,
    ImportOptions,
    SpreadsheetValues,
)
from qm_tui.transfer.reading.records import Values
from qm_tui.transfer.spreadsheet import is_altered
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

SPREADSHEET_DAMAGE_REASON: Final = "Altered by a spreadsheet; value kept"
CLEARED: Final = "{} will be cleared"


def differs(values: Values, index: int, stored: User) -> bool:
    """Return whether a record differs from the stored user, except for case and spreadsheets."""
    value = values[index] or ""
    return (
        bool(value)
        and value != stored[index]
        and normalize_user_name(value) != normalize_user_name(stored[index])
        and not is_altered(stored[index], value, FIELDS[index])
    )


def update_user(
    values: Values, stored: User, issues: list[Issue], options: ImportOptions
) -> tuple[User, list[Issue]]:
    """Return the user after the update, and the warnings.

    Errors of the update are appended to `issues`.
    """
    values, after = _with_stored_ends(values, stored), list(stored)
    warnings: list[Issue] = []
    keeps_empty = options.empty is EmptyCellAction.KEEP
    keeps_altered = options.spreadsheet_values is SpreadsheetValues.STORED
    altered: set[int] = set()
    for place, (value, before) in enumerate(zip(values, stored, strict=True)):
        if value is before or value == before or value is None or place == _USER_ID_AT:
            continue
        if not value:
            if keeps_empty:
                continue
            if place in _CLEARABLE:
                warnings.append(_cleared(FIELDS[place], stored[place]))
        elif keeps_altered and (
            is_altered(before, value, FIELDS[place])
            # the salt belongs to the password
            or (place == _SALT.index and _PASSWORD_AT in altered)
        ):
            altered.add(place)
            warnings.append(_altered(FIELDS[place], before, value))
            continue
        after[place] = value
    if after[_PASSWORD_AT] != stored.password or after[_SALT.index] != stored.salt:
        imported = [before if at in altered else values[at] for at, before in enumerate(stored)]
        warnings += _merge_secrets(imported, stored, after)
    user = tuple.__new__(User, after)
    if user == stored:
        return stored, warnings
    issues += validate_update(user, stored, allow_unlicensed=options.allow_unlicensed)
    return user, warnings


def _altered(field: Field, stored: str, imported: str) -> Issue:
    before = f"'{truncate(stored)}'" if stored else "an empty value"
    looks = "" if field.is_secret else f" '{truncate(imported)}' looks like {before}"
    return Issue(
        field,
        f"{field.name}{looks} altered by a spreadsheet; stored value kept",
        "No action needed if the stored value is correct.",
        Severity.WARNING,
        SPREADSHEET_DAMAGE_REASON,
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


def _with_stored_ends(values: Values, stored: User) -> Values:
    """Return the values, with the stored one where they differ only in trimmed characters.

    A store may hold values that were not trimmed. An import must not change them.
    """
    return [
        before
        if value not in (None, before) and value == trim(before) and not field.is_secret
        else value
        for field, value, before in zip(FIELDS, values, stored, strict=True)
    ]
