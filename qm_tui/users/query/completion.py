"""Completion of filters while typing: filter names, and the values of fields."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from qm_tui.users.fields import Field
from qm_tui.users.query.filter_fields import NAMES, Asks, Name, names_for
from qm_tui.users.query.filter_parser import name_at, quoted, value_at
from qm_tui.users.query.text_matching import begins_with, folded, looked_for

MOST: Final = 50
"""The maximum number of completions."""

_NEEDS_QUOTES: Final = frozenset(' "|*=')

ValuesOf = Callable[[Field], Iterable[str]]
"""Returns the distinct values of a field, most frequent first."""


class Completions(NamedTuple):
    """Completions of the word before the cursor.

    Attributes:
        start: the position in the text from which a completion replaces it.
        texts: the completions, most likely first.
    """

    start: int
    texts: Sequence[str]


def completions(text: str, cursor: int, values_of: ValuesOf) -> Completions:
    """Return the completions of the word before the cursor.

    Args:
        text: the typed filter.
        cursor: the position of the cursor in it.
        values_of: returns the values of a field that are in use.
    """
    typed = text[:cursor]
    start, value_start = _starts(typed)
    if typed.startswith("-", start):
        start += 1
    name = name_at(typed, start)
    if not name:
        return Completions(start, _names(typed[start:]))
    matches = names_for(name)
    if len(matches) != 1:
        return Completions(start, ())
    value_start = max(value_start, start + len(name) + 1)
    if typed.startswith("=", value_start):
        value_start += 1
    value, _, _ = value_at(typed, value_start)
    return Completions(value_start, _values(matches[0], value.text, values_of))


def _starts(typed: str) -> tuple[int, int]:
    """Return the start of the last term and of its last value. Quoted text starts neither."""
    term = value = position = 0
    is_quoted = False
    while position < len(typed):
        character = typed[position]
        if character == '"':
            is_quoted = not is_quoted
        elif is_quoted:
            position += character == "\\"
        elif character.isspace():
            term = value = position + 1
        elif character == "|":
            value = position + 1
        position += 1
    return term, value


def _names(typed: str) -> list[str]:
    if not typed.replace("-", "").replace("_", "").isalpha():
        return []
    prefix = typed.casefold().replace("_", "-")
    first = [f"{name}:" for name in NAMES if name.startswith(prefix)]
    others = [f"{name}:" for name in NAMES if f"-{prefix}" in name and f"{name}:" not in first]
    return first + others


def _values(name: Name, typed: str, values_of: ValuesOf) -> list[str]:
    prefix = looked_for(typed)
    if name.asks is not Asks.TEXT or name.field is None:
        return [value for value in name.values if value.startswith(prefix)]
    has_prefix = begins_with(prefix)
    first, others = [], []
    for value in values_of(name.field):
        if has_prefix(value):
            first.append(_written(value))
        elif prefix in folded(value):
            others.append(_written(value))
        if len(first) >= MOST:
            break
    return (first + others)[:MOST]


def _written(value: str) -> str:
    """Return a value as it is written in a filter: in quotes if necessary."""
    if not value or not _NEEDS_QUOTES.isdisjoint(value) or not value.isprintable():
        return quoted(value)
    return value
