"""Validation of every change of a user: the rules, and its User Name among all User Names.

The import validates many records at once by the same rules (`qm_tui.transfer.planning.planner`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, cast

from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback, ignore_progress
from qm_tui.store.state import Changes, State
from qm_tui.store.user_names import (
    DUPLICATE_NAME,
    USE_ANOTHER_NAME,
    NameClaims,
    find_name_conflicts,
)
from qm_tui.users.fields import FIELD, FIELDS, User
from qm_tui.users.issues import Issue, truncate
from qm_tui.users.screening import error_screening
from qm_tui.users.validation import (
    is_caused_by_update,
    validate_update,
    validate_user,
    value_errors,
)

_NOWHERE: Final = 0
_USER_NAME: Final = FIELD["user_name"]


@dataclass(frozen=True, slots=True)
class ValidationOptions:
    """Options of the validation of changes.

    Attributes:
        allow_unlicensed: whether users may have neither of the licenses 14 and 15 (ours).
        previously_stored: by User ID, users as they were stored before. A value that has been
            stored may be restored even if it is invalid; otherwise a deleted user could be lost.
        validated_version: the version of the state on which the plan of an import has been
            validated; 0 if on none. On this state it is not validated again, which would take a
            quarter of the time of the import.
    """

    allow_unlicensed: bool = False
    previously_stored: Mapping[str, User] = field(default_factory=dict)
    validated_version: int = 0


DEFAULT_OPTIONS: Final = ValidationOptions()
"""The rules of the users file, with the default options."""


def validate_change(
    user: User, stored: User | None, options: ValidationOptions = DEFAULT_OPTIONS
) -> list[Issue]:
    """Return the errors of a changed user, apart from its User Name among all User Names.

    Args:
        user: the user as it would be.
        stored: the user as it is; None if it would be added.
        options: the options.
    """
    before = options.previously_stored.get(user.user_id)
    if user == before:
        return []
    allows = options.allow_unlicensed
    if stored is None:
        issues = validate_user(user, allow_unlicensed=allows)
    else:
        issues = validate_update(user, stored, allow_unlicensed=allows)
    for checked, value in zip(FIELDS, user, strict=True):
        if value and (stored is None or value != stored[checked.index]):
            found = list(value_errors(checked, value))
            if found:
                issues = [issue for issue in issues if issue.field is not checked] + found
    if before is not None:
        issues = [issue for issue in issues if is_caused_by_update(issue, user, before)]
    return issues


def validate_changes(
    changes: Changes,
    state: State,
    progress: ProgressCallback = ignore_progress,
    options: ValidationOptions = DEFAULT_OPTIONS,
) -> Mapping[str, list[Issue]]:
    """Return the errors of changes, by User ID, of the users that have any.

    User Names are validated on the store as it would be after all changes that are otherwise valid:
    two users may swap names. If two would have one name, the later change has the error.
    """
    issues: dict[str, list[Issue]] = {}
    claims = NameClaims()
    for users, stored in _chunks(changes, state, progress):
        found = dict(_validate(users, stored, options))
        issues |= found
        _claim(claims, users, stored, found)
    deleted = {user_id for user_id, user in changes.items() if user is None}
    for index, issue in find_name_conflicts(claims, state, progress, deleted=deleted).items():
        issues[claims.user_ids[index]] = [_issue_of_change(issue, claims.users[index])]
    return issues


def _chunks(
    changes: Changes, state: State, progress: ProgressCallback
) -> Iterator[tuple[list[User], list[User | None]]]:
    """Yield changed users in batches, all of them new or all of them stored, and as stored."""
    entries = iter(changes.items())
    for done in range(0, len(changes), CHUNK_SIZE):
        progress(Phase.CHECKING, done, len(changes))
        new: list[User] = []
        changed: list[User] = []
        before: list[User | None] = []
        batch = list(islice(entries, CHUNK_SIZE))
        for (_, user), stored in zip(
            batch, state.users([user_id for user_id, _ in batch]), strict=True
        ):
            if user is None or user is stored:
                continue
            if stored is None:
                new.append(user)
            else:
                changed.append(user)
                before.append(stored)
        if changed:
            yield changed, before
        if new:
            yield new, [None] * len(new)


def _validate(
    users: Sequence[User], stored: Sequence[User | None], options: ValidationOptions
) -> Iterator[tuple[str, list[Issue]]]:
    """Yield the errors of users, by User ID. A fast check of all of them excludes most.

    Only the fields of which a value changes are checked.
    """
    columns, places = list(zip(*users, strict=True)), set(range(len(FIELDS)))
    if stored[0] is not None:
        before = zip(*cast("Sequence[User]", stored), strict=True)
        places = {index for index, old in enumerate(before) if columns[index] != old}
    screening = error_screening(allow_unlicensed=options.allow_unlicensed)
    suspects = screening.rows_to_check(columns, places)
    for index in sorted(suspects):
        if found := validate_change(users[index], stored[index], options):
            yield users[index].user_id, found


def _claim(
    claims: NameClaims,
    users: Sequence[User],
    stored: Sequence[User | None],
    issues: Mapping[str, list[Issue]],
) -> None:
    """Claim the names of the users without errors, if the names are new."""
    for user, before in zip(users, stored, strict=True):
        is_new = before is None or user.user_name != before.user_name
        if is_new and user.user_id not in issues:
            claims.add(_NOWHERE, _NOWHERE, user, before)


def _issue_of_change(issue: Issue, user: User | None) -> Issue:
    """Return the error of a name, in words for a change that does not come from a file."""
    if issue.reason == DUPLICATE_NAME:
        name = truncate(user.user_name) if user is not None else ""
        message = f"{_USER_NAME.name} '{name}' would be used by two users"
        return issue._replace(message=message, reason="")
    return issue._replace(fix=USE_ANOTHER_NAME)
