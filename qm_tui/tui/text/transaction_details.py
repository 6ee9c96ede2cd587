"""What a transaction did, in lines for people: each user, and each field before and after."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

from qm_tui.store.interface import TransactionSummary, UserChange
from qm_tui.text import visible
from qm_tui.users.fields import FIELDS, User

_CHANGED: Final = "changed"
"""All that is ever said of a secret."""

_SHOWN: Final = 200


def time_text(time: datetime) -> str:
    """A time as the admin's clock shows it."""
    return f"{time.astimezone():%Y-%m-%d %H:%M:%S}"


def origin_text(transaction: TransactionSummary) -> str:
    """When, who, and from where."""
    origin = f" from {visible(transaction.address, 64)}" if transaction.address else ""
    return f"{time_text(transaction.time)}, {visible(transaction.login, 64)}{origin}"


def counts_text(transaction: TransactionSummary) -> str:
    """How many users it added, changed and deleted; "no users" where it was about none."""
    counts = (
        ("added", transaction.added),
        ("changed", transaction.changed),
        ("deleted", transaction.deleted),
    )
    return ", ".join(f"{number:,} {what}" for what, number in counts if number) or "no users"


def lines_of(done: UserChange, users: Mapping[str, User]) -> Iterator[str]:
    """The user, then a line for each field that is not as it was.

    Of a user who was added or deleted, all fields that are not empty.

    Args:
        done: what was done.
        users: the users as they are now, for the name of one of whom it is not recorded.
    """
    before, after = done.before or {}, done.after or {}
    stored = users.get(done.user_id)
    said = {**(stored._asdict() if stored else {}), **before, **after}
    name = f"{said.get('first_name', '')} {said.get('last_name', '')}".strip()
    user_id = visible(done.user_id, 60)
    what = "added" if done.before is None else "deleted" if done.after is None else _CHANGED
    yield f"{visible(name, 60)} ({user_id}), {what}" if name else f"{user_id}, {what}"
    for field in FIELDS:
        old, new = before.get(field.key, ""), after.get(field.key, "")
        if old == new:
            continue
        if field.is_secret:
            yield f"   {field.name}: {_CHANGED}"
        elif done.before is None or done.after is None:
            yield f"   {field.name}: {visible(new or old, _SHOWN)}"
        else:
            yield f"   {field.name}: {_value(old)} -> {_value(new)}"


def _value(value: str) -> str:
    return visible(value, _SHOWN) if value else "(empty)"


def title_text(transaction: TransactionSummary) -> str:
    """What it was, what it came to, and whether that can no longer be taken back."""
    kept = "" if transaction.is_available else "; can no longer be undone"
    return f"{visible(transaction.reason, 300)}: {counts_text(transaction)}{kept}"
