"""The changes of a transaction as lines of text: each user, and each field before and after."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from qm_tui.store.changes.action_text import heading
from qm_tui.store.interface import TransactionSummary, UserChange
from qm_tui.text import sanitize
from qm_tui.users.fields import FIELDS, User

_CHANGED: Final = "changed"
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


def counts_text(transaction: TransactionSummary) -> str:
    """Return how many users it added, changed and deleted, or "no users"."""
    counts = (
        ("added", transaction.added),
        ("changed", transaction.changed),
        ("deleted", transaction.deleted),
    )
    return ", ".join(f"{number:,} {effect}" for effect, number in counts if number) or "no users"


def change_lines(change: UserChange, users: Mapping[str, User]) -> Iterator[str]:
    """Yield the user, then a line for each changed field.

    For a user that was added or deleted, all fields that are not empty.

    Args:
        change: the change.
        users: the current users, for a name that the change does not contain.
    """
    before, after = change.before or {}, change.after or {}
    stored = users.get(change.user_id)
    values = {**(stored._asdict() if stored else {}), **before, **after}
    name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
    user_id = sanitize(change.user_id, 60)
    effect = "added" if change.before is None else "deleted" if change.after is None else _CHANGED
    yield f"{sanitize(name, 60)} ({user_id}), {effect}" if name else f"{user_id}, {effect}"
    for field in FIELDS:
        old, new = before.get(field.key, ""), after.get(field.key, "")
        if old == new:
            continue
        if field.is_secret:
            yield f"   {field.name}: {_CHANGED}"
        elif change.before is None or change.after is None:
            yield f"   {field.name}: {sanitize(new or old, _MAX_SHOWN)}"
        else:
            yield f"   {field.name}: {_value(old)} → {_value(new)}"


def _value(value: str) -> str:
    return sanitize(value, _MAX_SHOWN) if value else "(empty)"


def title_text(transaction: TransactionSummary) -> str:
    """Return the action, the counts, and whether it can no longer be undone."""
    note = "" if transaction.is_available else " (can no longer be undone)"
    action = heading(transaction.action, transaction.users)
    return f"{action}: {counts_text(transaction)}{note}"
