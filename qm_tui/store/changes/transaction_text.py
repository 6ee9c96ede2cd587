"""The changes of a transaction as lines of text: each user, and each field before and after."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from qm_tui.store.changes.action_text import heading
from qm_tui.store.interface import TransactionSummary, UserChange
from qm_tui.text import sanitize
from qm_tui.users.fields import FIELDS, Field, User

CHANGED: Final = "changed"
"""Shown instead of the value of a secret."""

_MAX_SHOWN: Final = 200
"""Characters of a value that are shown."""


def time_text(time: datetime) -> str:
    """Return a time in the local time zone."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def origin_text(transaction: TransactionSummary) -> str:
    """Return the time, the admin, and the address."""
    origin = f" from {sanitize(transaction.address, 64)}" if transaction.address else ""
    return f"{time_text(transaction.time)}, {sanitize(transaction.login, 64)}{origin}"


def effect_text(transaction: TransactionSummary) -> str:
    """Return how many users it added, changed and deleted, and whether it cannot be undone."""
    counts = (
        ("added", transaction.added),
        ("changed", transaction.changed),
        ("deleted", transaction.deleted),
    )
    text = ", ".join(f"{number:,} {effect}" for effect, number in counts if number) or "no users"
    return text if transaction.is_available else f"{text} (can no longer be undone)"


def change_result(change: UserChange) -> str:
    """Return what was done to the user: "added", "changed" or "deleted"."""
    if change.before is None:
        return "added"
    return "deleted" if change.after is None else CHANGED


def change_title(change: UserChange, stored: User | None) -> str:
    """Return the user, and what was done to it.

    Args:
        change: the change.
        stored: the user as it is now, for a name that the change does not contain.
    """
    values = {
        **(stored._asdict() if stored else {}),
        **(change.before or {}),
        **(change.after or {}),
    }
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    user_id = sanitize(change.user_id, 60)
    user = f"{sanitize(name, 60)} ({user_id})" if name else user_id
    return f"{user}, {change_result(change)}"


def changed_values(change: UserChange) -> Iterator[tuple[Field, str, str]]:
    """Yield each changed field with its old and its new value."""
    before, after = change.before or {}, change.after or {}
    for field in FIELDS:
        old, new = before.get(field.key, ""), after.get(field.key, "")
        if old != new:
            yield field, old, new


def change_lines(change: UserChange, stored: User | None) -> Iterator[str]:
    """Yield the user, then a line for each changed field.

    For a user that was added or deleted, all fields that are not empty.

    Args:
        change: the change.
        stored: the user as it is now, for a name that the change does not contain.
    """
    yield change_title(change, stored)
    for field, old, new in changed_values(change):
        if field.is_secret:
            yield f"   {field.name}: {CHANGED}"
        elif change.before is None or change.after is None:
            yield f"   {field.name}: {sanitize(new or old, _MAX_SHOWN)}"
        else:
            yield f"   {field.name}: {value_text(old)} → {value_text(new)}"


def value_text(value: str) -> str:
    """Return a value as it is shown."""
    return sanitize(value, _MAX_SHOWN) if value else "(empty)"


def title_text(transaction: TransactionSummary) -> str:
    """Return the action, the counts, and whether it can no longer be undone."""
    action = heading(transaction.action, transaction.users)
    return f"{action}: {effect_text(transaction)}"
