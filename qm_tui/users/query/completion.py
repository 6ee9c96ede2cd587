"""Completion of filters while typing: filter names, and the values of fields."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from qm_tui.users.fields import Field
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterField, FilterKind, matching_fields
from qm_tui.users.query.filter_parser import name_at, quote_value, value_at
from qm_tui.users.query.text_matching import fold_for_search, prefix_matcher, search_pattern

MAX_COMPLETIONS: Final = 50
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


def complete_filter(text: str, cursor: int, values_of: ValuesOf) -> Completions:
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
    matches = matching_fields(name)
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
    first = [f"{name}:" for name in FILTER_FIELDS if name.startswith(prefix)]
    others = [
        f"{name}:" for name in FILTER_FIELDS if f"-{prefix}" in name and f"{name}:" not in first
    ]
    return first + others


def _values(name: FilterField, typed: str, values_of: ValuesOf) -> list[str]:
    prefix = search_pattern(typed)
    if name.kind is not FilterKind.TEXT or name.field is None:
        return [value for value in name.values if value.startswith(prefix)]
    has_prefix = prefix_matcher(prefix)
    first, others = [], []
    for value in values_of(name.field):
        if has_prefix(value):
            first.append(_quoted_if_needed(value))
        elif prefix in fold_for_search(value):
            others.append(_quoted_if_needed(value))
        if len(first) >= MAX_COMPLETIONS:
            break
    return (first + others)[:MAX_COMPLETIONS]


def _quoted_if_needed(value: str) -> str:
    """Return a value as it is written in a filter: in quotes if necessary."""
    if not value or not _NEEDS_QUOTES.isdisjoint(value) or not value.isprintable():
        return quote_value(value)
    return value
