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
from qm_tui.users.identity import owners_of_names
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
    for new, changed in _chunks(changes, state, progress):
        found = _validate_chunk(new, changed, options)
        issues |= found
        _claim(claims, new, changed, found)
    deleted = {user_id for user_id, user in changes.items() if user is None}
    for index, issue in find_name_conflicts(
        claims, _without_users(state, deleted), progress
    ).items():
        issues[claims.user_ids[index]] = [_issue_of_change(issue, claims.users[index])]
    return issues


def any_invalid(
    changes: Changes, state: State, progress: ProgressCallback, options: ValidationOptions
) -> bool:
    """Whether a user would break a rule, apart from its User Name among all User Names."""
    return any(
        _validate_chunk(new, changed, options) for new, changed in _chunks(changes, state, progress)
    )


def _chunks(
    changes: Changes, state: State, progress: ProgressCallback
) -> Iterator[tuple[Sequence[User], Sequence[tuple[User, User]]]]:
    """Yield the changes in batches: the new users, and the changed ones with their stored state."""
    users = state.users
    user_ids, others = iter(changes), iter(changes.values())
    for done in range(0, len(changes), CHUNK_SIZE):
        progress(Phase.CHECKING, done, len(changes))
        batch = list(islice(others, CHUNK_SIZE))
        new, changed = [], []
        if not users and None not in batch:
            new = batch  # all are new, as in the first import into a store
        else:
            for user_id, user in zip(islice(user_ids, CHUNK_SIZE), batch, strict=True):
                stored = users.get(user_id)
                if user is None or user is stored:
                    continue
                if stored is None:
                    new.append(user)
                else:
                    changed.append((user, stored))
        yield cast("list[User]", new), changed


def _validate_chunk(
    new: Sequence[User], changed: Sequence[tuple[User, User]], options: ValidationOptions
) -> dict[str, list[Issue]]:
    found = dict(_validate_new(new, options))
    found.update(_validate_changed(changed, options))
    return found


def _validate_new(
    users: Sequence[User], options: ValidationOptions
) -> Iterator[tuple[str, list[Issue]]]:
    """Yield the errors of new users. A fast check of all of them excludes most."""
    if not users:
        return
    columns = list(zip(*users, strict=True))
    suspects = error_screening(allow_unlicensed=options.allow_unlicensed).rows_to_check(columns)
    for index in sorted(suspects):
        if found := validate_change(users[index], None, options):
            yield users[index].user_id, found


def _validate_changed(
    pairs: Sequence[tuple[User, User]], options: ValidationOptions
) -> Iterator[tuple[str, list[Issue]]]:
    """Yield the errors of changed users. Only the changed values are validated."""
    if not pairs:
        return
    users, stored = zip(*pairs, strict=True)
    columns, before = list(zip(*users, strict=True)), zip(*stored, strict=True)
    places = {
        index for index, (new, old) in enumerate(zip(columns, before, strict=True)) if new != old
    }
    screening = error_screening(allow_unlicensed=options.allow_unlicensed)
    suspects = screening.rows_to_check(columns, places)
    for index in sorted(suspects):
        if found := validate_change(users[index], stored[index], options):
            yield users[index].user_id, found


def _claim(
    claims: NameClaims,
    new: Sequence[User],
    changed: Sequence[tuple[User, User]],
    issues: Mapping[str, list[Issue]],
) -> None:
    """Claim the names of the users without errors, if the names are new."""
    for user, stored in changed:
        if user.user_name != stored.user_name and user.user_id not in issues:
            claims.add(_NOWHERE, _NOWHERE, user, stored)
    for user in new:
        if user.user_id not in issues:
            claims.add(_NOWHERE, _NOWHERE, user, None)


def _issue_of_change(issue: Issue, user: User | None) -> Issue:
    """Return the error of a name, in words for a change that does not come from a file."""
    if issue.reason == DUPLICATE_NAME:
        name = truncate(user.user_name) if user is not None else ""
        message = f"{_USER_NAME.name} '{name}' would be used by two users"
        return issue._replace(message=message, reason="")
    return issue._replace(fix=USE_ANOTHER_NAME)


def _without_users(state: State, user_ids: set[str]) -> State:
    """Return the state without users that will be deleted, as far as names are concerned."""
    if not user_ids:
        return state
    names = {key: user_id for key, user_id in state.names.items() if user_id not in user_ids}
    users = state.users
    if len(state.names) < len(users):  # a name may belong to the next user who has it
        users = {key: user for key, user in users.items() if key not in user_ids}
        names = owners_of_names(users.values())
    return State(state.number, users, names)
