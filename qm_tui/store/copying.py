"""Copying a whole store with its history to another, new one, whatever engines they have.

Both are read again afterward, and compared by a digest.
"""

import json
from collections.abc import Mapping
from datetime import UTC
from decimal import Context, Decimal
from hashlib import sha256
from typing import Any, Final, NamedTuple

from qm_tui.progress import Cancelled, Phase, ProgressCallback, ignore_progress
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Copier, StoreContents, TransactionSummary, UserStore
from qm_tui.text import sanitize

_ALL_DIGITS: Final = Context(prec=200_000)
"""More digits than a number in a store has."""

_encode: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=dict).encode


class CopyReport(NamedTuple):
    """What was copied.

    Attributes:
        users: the number of users.
        number: the number of the last transaction.
        losses: what could not be copied; sentences.
        digest: the SHA-256 of both stores, in hexadecimal digits.
        newer: the number of transactions that were committed since then, and were not copied.
    """

    users: int
    number: int
    losses: tuple[str, ...]
    digest: str
    newer: int


def copy_store(
    source: UserStore, target: UserStore, progress: ProgressCallback = ignore_progress
) -> CopyReport:
    """Copy a store to another one, which must be new, and compare both.

    Args:
        source: the store to copy. It is not changed.
        target: the new store. It need not be loaded.
        progress: the progress; it may raise `Cancelled`, also while a server works.

    Raises:
        StoreError: it could not be copied, and nothing was changed; or the copy was written, but
            could not be compared, or differs.
        Cancelled: nothing was changed.
    """
    shown = sanitize(target.location)
    steps = _Steps(progress)
    reading, filling = _copier_of(source), _copier_of(target)
    with reading.contents(steps.repeat) as contents:
        parts = filling.fill(contents, steps)
        try:
            expected = digest_of(contents, parts.first, steps)
            with filling.contents(steps.repeat) as copied:
                found = digest_of(copied, parts.first, steps)
            steps.end()
            source.refresh()
        except (Cancelled, StoreError) as error:
            why = "canceled" if isinstance(error, Cancelled) else str(error)
            raise StoreError(
                f"All was copied to {shown}, but the comparison failed: {why.rstrip('.')}. "
                "To be sure, copy to a new store again."
            ) from error
    if found != expected:
        raise StoreError(
            f"The copy {shown} differs from the original: its digest is {found}, not {expected}. "
            "Do not use it. Copy to a new store again."
        )
    newer = max(0, source.state.number - contents.number)
    return CopyReport(contents.total, contents.number, tuple(parts.losses), found, newer)


def digest_of(
    contents: StoreContents, first: int = 1, progress: ProgressCallback = ignore_progress
) -> str:
    """Return a digest of the users and the transactions of a store.

    It is that of every store that has the same users in the same order, and that says the same of
    its transactions.

    Args:
        contents: what the store holds.
        first: the number of the first transaction whose changes count.
        progress: the progress.

    Returns:
        A SHA-256 in hexadecimal digits.
    """
    digest, done, total = sha256(), 0, contents.total
    digest.update(_line(contents.number))
    for users in contents.users():
        progress(Phase.COMPARING, done, total)
        done += len(users)
        for user, extra in users:
            digest.update(_line(user, _plain_json(extra)))
    for summary in contents.transactions():
        is_available = summary.is_available and summary.number >= first
        total += summary.users * is_available
        digest.update(_line(_plain_summary(summary), is_available))
    for number, changes in contents.changes(first):
        progress(Phase.COMPARING, min(done, total), total)
        done += len(changes)
        for change in changes:
            digest.update(_line(number, change))
    return digest.hexdigest()


class _Steps:
    """The progress, which can be repeated while a server works."""

    def __init__(self, progress: ProgressCallback) -> None:
        self._progress = progress
        self._last = (Phase.COPYING, 0, 1)

    def __call__(self, phase: Phase, done: int, total: int) -> None:
        self._last = phase, done, total
        self._progress(phase, done, total)

    def repeat(self) -> None:
        self._progress(*self._last)

    def end(self) -> None:
        """Ignore the progress from now on: nothing can be canceled any more."""
        self._progress = ignore_progress


def _copier_of(store: UserStore) -> Copier:
    if store.copier is None:
        raise StoreError(f"The store {sanitize(store.location)} cannot be copied.")
    return store.copier


def _line(*values: object) -> bytes:
    return _encode(values).encode() + b"\n"


def _plain_summary(summary: TransactionSummary) -> list[object]:
    when = summary.time.astimezone(UTC).isoformat()
    counts = (summary.added, summary.changed, summary.deleted)
    return [summary.number, when, summary.login, summary.address, *summary.action, *counts]


def _plain_json(text: str) -> object:
    """Return JSON in a form that does not depend on how it is stored: numbers are texts."""
    if not text:
        return None
    return _plain(json.loads(text, parse_float=Decimal, parse_int=Decimal)) or None


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, Decimal):
        return {"": str(_ALL_DIGITS.plus(_ALL_DIGITS.normalize(value)))}
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list) else value
