"""Confirmation of mass changes: a change that affects many users requires their number.

Source: the users file, section 3. An import never deletes users; other changes may, and deleted
users count as affected.
"""

from typing import Final

from qm_tui.progress import Phase, ProgressCallback, ignore_progress, in_chunks
from qm_tui.store.state import Changes, State
from qm_tui.users.fields import FIELD, FIELDS, User

SHARE: Final = 0.2
"""A change of more than this share of all users is a mass change, from `MIN_AFFECTED` users on."""

MIN_AFFECTED: Final = 10
"""The smallest number of users that a mass change affects."""

_ACTIVE: Final = FIELD["is_active"].index
_LICENSES: Final = (FIELD["unlimited_license"].index, FIELD["on_demand_license"].index)
_COMPUTER: Final = FIELD["computer_recording_license"].index
_OPTIONAL: Final = tuple(one.index for one in FIELDS if not one.required and one.key != "user_id")


def required_confirmation(
    changes: Changes, state: State, progress: ProgressCallback = ignore_progress
) -> int:
    """Return the number that confirms the changes; 0 if no confirmation is required.

    It is the number of users that would be deleted or inactivated, or would lose a license or an
    optional value.
    """
    affected = done = 0
    for batch in in_chunks(changes.items()):
        stored_users = state.users([user_id for user_id, _ in batch])
        for (_, user), stored in zip(batch, stored_users, strict=True):
            affected += stored is not None and is_destructive(stored, user)
        done += len(batch)
        progress(Phase.CHECKING, done, len(changes))
    return confirmation_count(affected, state.total)


def confirmation_count(affected: int, users: int) -> int:
    """Return the number that confirms a change that affects so many of all users; 0 if none."""
    return affected if affected >= MIN_AFFECTED and affected > SHARE * users else 0


INACTIVATES: Final = "inactivates"
REMOVES_LICENSES: Final = "removes licenses from"
CLEARS: Final = "clears values for"


def removed_by_change(stored: User, user: User) -> list[str]:
    """Return what a change removes from a user; empty if it removes nothing."""
    removed = []
    if stored[_ACTIVE] == "1" and user[_ACTIVE] != "1":
        removed.append(INACTIVATES)
    if _removes_license(stored, user):
        removed.append(REMOVES_LICENSES)
    if _clears_value(stored, user):
        removed.append(CLEARS)
    return removed


def is_destructive(stored: User, user: User | None) -> bool:
    """Whether a change deletes or inactivates a user, or removes a license or an optional value."""
    return user is None or bool(removed_by_change(stored, user))


def _clears_value(stored: User, user: User) -> bool:
    for index in _OPTIONAL:  # noqa: SIM110 - twice as fast, for every user of an import
        if not user[index] and stored[index]:
            return True
    return False


def _removes_license(stored: User, user: User) -> bool:
    """Whether a user loses the call recording license, or license 16."""
    if stored[_COMPUTER] == "1" and user[_COMPUTER] != "1":
        return True
    unlimited, on_demand = _LICENSES
    had_license = stored[unlimited] == "1" or stored[on_demand] == "1"
    return had_license and user[unlimited] != "1" and user[on_demand] != "1"
