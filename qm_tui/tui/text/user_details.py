"""The details of a user as lines: all fields in their groups, and the history."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.cells import cell_len, chop_cells
from textual.content import Content
from textual.style import Style

from qm_tui.store.changes.action_text import heading
from qm_tui.store.changes.transaction_text import origin_text, time_text
from qm_tui.store.interface import UserChange, UserHistoryEntry
from qm_tui.text import sanitize, with_full_stop
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import severity_symbol
from qm_tui.users.fields import FIELDS, GROUPED, Field, Kind, User
from qm_tui.users.issues import Issue
from qm_tui.users.passwords import is_unusable
from qm_tui.users.validation import validate_user, value_issues
from qm_tui.users.warnings import user_warnings

MIN_WIDTH: Final = 32
"""The minimum width of a line in cells: the longest field name fits."""

_WIDE: Final = 60
"""The width in cells from which all field names fit next to their values."""

_NAMES, _NARROW_NAMES = 30, 24
"""Cells of the column of names, with blanks; a longer name moves its value to the right."""

_SYMBOL: Final = 2
_INDENT: Final = 4
_MIN_VALUE_WIDTH: Final = 30
"""Cells next to a name that are enough to wrap a long value; with fewer, it is put below."""

_BOLD, _DIM, _PLAIN = Style(bold=True), Style(dim=True), Style()

_NOTHING: Final = "–"
_EMPTY: Final = "(empty)"
_FLAGS: Final = {"1": "yes", "0": "no"}
_WORD: Final = re.compile(r"[^\s,]*[\s,]*")
_MAX_SHOWN: Final = 200
"""Characters of a value that are shown."""


@dataclass(frozen=True, slots=True)
class UserHistory:
    """The history of a user.

    Attributes:
        entries: the changes by transactions, newest first.
        is_complete: whether it was read completely.
        has_older: whether there are older changes that are not shown.
        history_removed_until: the time of the last transaction whose details are no longer
            available.
        message: the error if it could not be read; otherwise empty.
    """

    entries: Sequence[UserHistoryEntry] = ()
    is_complete: bool = False
    has_older: bool = False
    history_removed_until: datetime | None = None
    message: str = ""


def user_title(user: User) -> str:
    """Return the name and the User Name of a user."""
    name = f"{user.first_name} {user.last_name}".strip()
    return ", ".join(sanitize(part, 60) for part in (name, user.user_name or user.user_id) if part)


def value_text(field: Field, value: str) -> str:
    """Return a value as it is shown: never a secret, and yes or no for a yes/no field."""
    if field.is_secret:
        return "none yet" if is_unusable(value) else "set" if value else "not set"
    if field.kind is Kind.FLAG:
        return _FLAGS.get(value) or sanitize(value)
    return sanitize(value)


def wrap_text(text: str, width: int) -> list[str]:
    """Return a visible text in lines of at most `width` cells, two or more.

    Lines end after a blank or a comma if possible, otherwise when they are full.
    """
    if cell_len(text) <= width:
        return [text]
    lines: list[str] = []
    line, left = "", width
    for word in _WORD.findall(text):
        stripped = word.rstrip()
        cells, blanks = cell_len(stripped), word[len(stripped) :]
        if cells > left and line:
            lines.append(line.rstrip())
            line, left = "", width
        if cells > width:
            *full, stripped = chop_cells(stripped, width)
            lines += full
            cells = cell_len(stripped)
        line += stripped + blanks
        left -= cells + len(blanks)
    return [*lines, line.rstrip()]


# The fields


def details_lines(user: User, width: int) -> list[Content]:
    """Return all fields of a user in their groups, with their problems.

    Args:
        user: the user.
        width: the maximum width of a line in cells.
    """
    width = max(MIN_WIDTH, width)
    issues = _user_issues(user)
    lines: list[Content] = []
    for group, fields in GROUPED.items():
        is_for_group = all(field.only_for == group for field in fields)
        lines.append(_heading(f"{group} only" if is_for_group else group, width))
        for field in fields:
            field_issues = [issue for issue in issues if issue.field is field]
            lines += _field_lines(field, user[field.index], field_issues, width)
    return lines


def _user_issues(user: User) -> list[Issue]:
    """Return all errors and warnings of a user."""
    issues = validate_user(user)
    for field, value in zip(FIELDS, user, strict=True):
        issues += value_issues(field, value)
    return [*issues, *user_warnings(user)]


def _heading(words: str, width: int) -> Content:
    text = f"── {words} "
    return safe(text + "─" * (width - cell_len(text))).stylize(_BOLD)


def _field_lines(
    field: Field, value: str, issues: Sequence[Issue], width: int
) -> Iterator[Content]:
    """Yield a field: its symbol, name, value, the module that uses it, and its problems."""
    names = _NAMES if width >= _WIDE else _NARROW_NAMES
    name = field.name.ljust(names - 2) + "  "
    indent = _SYMBOL + len(name)
    head = f"{severity_symbol(issues):<{_SYMBOL}}{name}"
    text = value_text(field, value) or _NOTHING
    style = _PLAIN if value else _DIM
    if cell_len(text) <= width - indent or width - indent >= _MIN_VALUE_WIDTH:
        first, *rest = wrap_text(text, width - indent)
    else:
        indent, first, rest = _INDENT, "", wrap_text(text, width - _INDENT)
    note = f"(only for {field.only_for})" if field.only_for not in ("", field.group) else ""
    is_beside = not rest and indent + cell_len(first) + 2 + len(note) <= width
    line = safe(head if first else head.rstrip()) + safe(first).stylize(style)
    yield line + safe(f"  {note}").stylize(_DIM) if note and is_beside else line
    yield from (safe(" " * indent) + safe(more).stylize(style) for more in rest)
    if note and not is_beside:
        note_indent = indent if len(note) <= width - indent else _INDENT
        yield from _paragraph(note, note_indent, width, _DIM)
    for issue in issues:
        yield from _paragraph(with_full_stop(sanitize(issue.message)), _INDENT, width, _BOLD)
        yield from _paragraph(sanitize(issue.fix), _INDENT, width)


def _paragraph(text: str, indent: int, width: int, style: Style = _PLAIN) -> Iterator[Content]:
    """Yield a visible text in indented lines."""
    for line in wrap_text(text, width - indent):
        yield safe(" " * indent) + safe(line).stylize(style)


# The history


def history_lines(history: UserHistory, width: int) -> list[Content]:
    """Return the history of a user, newest first: the time, the admin, the action, the changes.

    Args:
        history: the history.
        width: the maximum width of a line in cells.
    """
    width = max(MIN_WIDTH, width)
    lines = [_heading("History", width)]
    for touch in history.entries:
        lines += _entry_lines(touch, width)
    for sentence_below in _below(history):
        lines += _paragraph(sentence_below, _SYMBOL, width, _DIM)
    return lines


def _below(history: UserHistory) -> Iterator[str]:
    """Yield the sentence below the changes, if any."""
    if history.message:
        yield sanitize(history.message)
        return
    if not history.is_complete:
        yield "Loading…"
        return
    if history.has_older:
        yield "Older changes are not shown. See the Activity page."
        return
    removed_until = history.history_removed_until
    if removed_until is not None:
        yield f"Changes until {time_text(removed_until)} are no longer available."
    elif not history.entries:
        yield "No changes recorded for this user."


def _entry_lines(entry: UserHistoryEntry, width: int) -> Iterator[Content]:
    transaction, done = entry
    yield from _paragraph(origin_text(transaction), _SYMBOL, width, _BOLD)
    effect = "Added" if done.before is None else "Deleted" if done.after is None else "Changed"
    action = heading(transaction.action, transaction.users)
    text = f"{effect} by transaction {transaction.number:,}: {action}"
    yield from _paragraph(text, _INDENT, width)
    for change in _changes_in(done):
        yield from _paragraph(change, _INDENT, width)


def _changes_in(change: UserChange) -> Iterator[str]:
    """Yield each changed field; nothing for a user that was added or deleted."""
    if change.before is None or change.after is None:
        return
    for field in FIELDS:
        before, after = change.before.get(field.key, ""), change.after.get(field.key, "")
        if before == after:
            continue
        if field.is_secret:
            yield f"{field.name}: changed"
        else:
            yield f"{field.name}: {_truncated(field, before)} → {_truncated(field, after)}"


def _truncated(field: Field, value: str) -> str:
    return (
        value_text(field, value[: _MAX_SHOWN - 1] + "…" if len(value) > _MAX_SHOWN else value)
        or _EMPTY
    )
