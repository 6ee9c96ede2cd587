"""The details of a user as lines: all fields in their groups, and what became of the user."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rich.cells import cell_len, chop_cells
from textual.content import Content
from textual.style import Style

from qm_tui.store.interface import UserChange, UserHistoryEntry
from qm_tui.text import sentence, visible
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.severity_symbols import sign_of
from qm_tui.tui.text.transaction_details import origin_text, time_text
from qm_tui.users.fields import FIELDS, GROUPED, Field, Kind, User
from qm_tui.users.issues import Fault
from qm_tui.users.validation import control_fault, faults_of, length_fault
from qm_tui.users.warnings import warnings_of

MIN_WIDTH: Final = 32
"""Cells that a line has at least, however narrow the place: the longest name has room in it."""

_WIDE: Final = 60
"""Cells from which all names of fields have room beside their values."""

_NAMES, _NARROW_NAMES = 30, 24
"""Cells of the names' column, blanks included; a longer name moves its value to the right."""

_SIGN: Final = 2
_INDENT: Final = 4
_FEWEST: Final = 30
"""Cells beside a name that are enough to wrap a long value in. It stands below where there are
fewer."""

_BOLD, _DIM, _PLAIN = Style(bold=True), Style(dim=True), Style()

_NOTHING: Final = "–"
_EMPTY: Final = "(empty)"
_FLAGS: Final = {"1": "1 yes", "0": "0 no"}
_WORD: Final = re.compile(r"[^\s,]*[\s,]*")
_SHOWN: Final = 200
"""Characters of a value before or after a change."""


@dataclass(frozen=True, slots=True)
class History:
    """What is known of what became of a user.

    Attributes:
        touches: what transactions did, newest first.
        is_whole: whether all was read.
        has_older: whether there is more than is shown.
        history_removed_until: when the last transaction was of which it is no longer kept what it
            did.
        sentence: why it could not be read; empty where it could.
    """

    touches: Sequence[UserHistoryEntry] = ()
    is_whole: bool = False
    has_older: bool = False
    history_removed_until: datetime | None = None
    sentence: str = ""


def title_of(user: User) -> str:
    """Who it is: the name and the User Name."""
    name = f"{user.first_name} {user.last_name}".strip()
    return ", ".join(visible(part, 60) for part in (name, user.user_name or user.user_id) if part)


def value_text(field: Field, value: str) -> str:
    """What is shown of a value: never a secret; of a flag also what it means."""
    if field.is_secret:
        return "set" if value else "not set"
    if field.kind is Kind.FLAG:
        return _FLAGS.get(value) or visible(value)
    return visible(value)


def wrapped(text: str, width: int) -> list[str]:
    """All of a visible text in lines of at most `width` cells, two or more.

    It is broken behind a blank or a comma where there is one, else wherever a line is full.
    """
    if cell_len(text) <= width:
        return [text]
    lines: list[str] = []
    line, left = "", width
    for word in _WORD.findall(text):
        seen = word.rstrip()
        cells, blanks = cell_len(seen), word[len(seen) :]
        if cells > left and line:
            lines.append(line.rstrip())
            line, left = "", width
        if cells > width:
            *full, seen = chop_cells(seen, width)
            lines += full
            cells = cell_len(seen)
        line += seen + blanks
        left -= cells + len(blanks)
    return [*lines, line.rstrip()]


# The fields


def details_lines(user: User, width: int) -> list[Content]:
    """All fields of a user in their groups, with what is to be said of each.

    Args:
        user: the user.
        width: the cells that a line may take.
    """
    width = max(MIN_WIDTH, width)
    faults = _faults_of(user)
    lines: list[Content] = []
    for group, fields in GROUPED.items():
        is_said_above = all(field.only_for == group for field in fields)
        lines.append(_heading(f"{group} only" if is_said_above else group, width))
        for field in fields:
            at_fault = [fault for fault in faults if fault.field is field]
            lines += _field_lines(field, user[field.index], at_fault, width)
    return lines


def _faults_of(user: User) -> list[Fault]:
    """All that is wrong with a user, and all that is to be looked at."""
    found = faults_of(user)
    for field, value in zip(FIELDS, user, strict=True):
        found += filter(None, (control_fault(field, value), length_fault(field, value)))
    return [*found, *warnings_of(user)]


def _heading(words: str, width: int) -> Content:
    text = f"── {words} "
    return safe(text + "─" * (width - cell_len(text))).stylize(_BOLD)


def _field_lines(
    field: Field, value: str, faults: Sequence[Fault], width: int
) -> Iterator[Content]:
    """A field: its sign, its name, its value, where alone it is used, and what is wrong."""
    names = _NAMES if width >= _WIDE else _NARROW_NAMES
    name = field.name.ljust(names - 2) + "  "
    at = _SIGN + len(name)
    head = f"{sign_of(faults):<{_SIGN}}{name}"
    text = value_text(field, value) or _NOTHING
    style = _PLAIN if value else _DIM
    if cell_len(text) <= width - at or width - at >= _FEWEST:
        first, *rest = wrapped(text, width - at)
    else:
        at, first, rest = _INDENT, "", wrapped(text, width - _INDENT)
    note = f"(only for {field.only_for})" if field.only_for not in ("", field.group) else ""
    is_beside = not rest and at + cell_len(first) + 2 + len(note) <= width
    line = safe(head if first else head.rstrip()) + safe(first).stylize(style)
    yield line + safe(f"  {note}").stylize(_DIM) if note and is_beside else line
    yield from (safe(" " * at) + safe(more).stylize(style) for more in rest)
    if note and not is_beside:
        yield from _paragraph(note, at if len(note) <= width - at else _INDENT, width, _DIM)
    for fault in faults:
        yield from _paragraph(sentence(visible(fault.message)), _INDENT, width, _BOLD)
        yield from _paragraph(visible(fault.remedy), _INDENT, width)


def _paragraph(text: str, indent: int, width: int, style: Style = _PLAIN) -> Iterator[Content]:
    """Lines of a visible text."""
    for line in wrapped(text, width - indent):
        yield safe(" " * indent) + safe(line).stylize(style)


# What became of the user


def history_lines(history: History, width: int) -> list[Content]:
    """What became of a user, newest first: when, who, from what transaction, and what changed.

    Args:
        history: what is known of it.
        width: the cells that a line may take.
    """
    width = max(MIN_WIDTH, width)
    lines = [_heading("History", width)]
    for touch in history.touches:
        lines += _touch_lines(touch, width)
    for said in _said_of(history):
        lines += _paragraph(said, _SIGN, width, _DIM)
    return lines


def _said_of(history: History) -> Iterator[str]:
    """What is to be said below the changes."""
    if history.sentence:
        yield visible(history.sentence)
        return
    if not history.is_whole:
        yield "Reading …"
        return
    if history.has_older:
        yield "There are older changes: the Activity page lists all transactions."
        return
    forgotten = history.history_removed_until
    if forgotten is not None:
        yield f"What was done until {time_text(forgotten)} is no longer kept."
    elif not history.touches:
        yield "No change of this user is known."


def _touch_lines(touch: UserHistoryEntry, width: int) -> Iterator[Content]:
    transaction, done = touch
    yield from _paragraph(origin_text(transaction), _SIGN, width, _BOLD)
    what = "added" if done.before is None else "deleted" if done.after is None else "changed"
    why = f"{what} by No. {transaction.number:,}: {visible(transaction.reason, 300)}"
    yield from _paragraph(why, _INDENT, width)
    for change in _changes_in(done):
        yield from _paragraph(change, _INDENT, width)


def _changes_in(done: UserChange) -> Iterator[str]:
    """Each field that is not as it was. A user who was added or deleted is that as a whole."""
    if done.before is None or done.after is None:
        return
    for field in FIELDS:
        before, after = done.before.get(field.key, ""), done.after.get(field.key, "")
        if before == after:
            continue
        if field.is_secret:
            yield f"{field.name}: changed"
        else:
            yield f"{field.name}: {_shortened(field, before)} → {_shortened(field, after)}"


def _shortened(field: Field, value: str) -> str:
    return value_text(field, value[: _SHOWN - 1] + "…" if len(value) > _SHOWN else value) or _EMPTY
