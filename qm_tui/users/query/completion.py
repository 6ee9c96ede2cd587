"""What a filter that is being typed may go on with: names, and the values of fields."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from qm_tui.users.fields import Field
from qm_tui.users.query.filter_fields import NAMES, Asks, Name, names_for
from qm_tui.users.query.filter_parser import name_at, quoted, value_at
from qm_tui.users.query.text_matching import begins_with, folded, looked_for

MOST: Final = 50
"""Continuations that are offered at once."""

_NEEDS_QUOTES: Final = frozenset(' "|*=')

ValuesOf = Callable[[Field], Iterable[str]]
"""Gives the distinct values of a field, those that many users have first."""


class Completions(NamedTuple):
    """What may be typed on.

    Attributes:
        start: where in the text that begins which they take the place of.
        texts: what would stand there instead, the likeliest first.
    """

    start: int
    texts: Sequence[str]


def completions(text: str, cursor: int, values_of: ValuesOf) -> Completions:
    """What the word before the cursor may become.

    Args:
        text: the filter as it is typed.
        cursor: where in it the cursor stands.
        values_of: asked for the values of a field whose name stands there.
    """
    typed = text[:cursor]
    start, at = _starts(typed)
    if typed.startswith("-", start):
        start += 1
    name = name_at(typed, start)
    if not name:
        return Completions(start, _names(typed[start:]))
    meant = names_for(name)
    if len(meant) != 1:
        return Completions(start, ())
    at = max(at, start + len(name) + 1)
    if typed.startswith("=", at):
        at += 1
    value, _, _ = value_at(typed, at)
    return Completions(at, _values(meant[0], value.text, values_of))


def _starts(typed: str) -> tuple[int, int]:
    """Where the last term begins, and the last value of it. What stands in quotes begins none."""
    term = value = at = 0
    is_quoted = False
    while at < len(typed):
        character = typed[at]
        if character == '"':
            is_quoted = not is_quoted
        elif is_quoted:
            at += character == "\\"
        elif character.isspace():
            term = value = at + 1
        elif character == "|":
            value = at + 1
        at += 1
    return term, value


def _names(typed: str) -> list[str]:
    if not typed.replace("-", "").replace("_", "").isalpha():
        return []
    begun = typed.casefold().replace("_", "-")
    begin = [f"{name}:" for name in NAMES if name.startswith(begun)]
    inside = [f"{name}:" for name in NAMES if f"-{begun}" in name and f"{name}:" not in begin]
    return begin + inside


def _values(name: Name, typed: str, values_of: ValuesOf) -> list[str]:
    begun = looked_for(typed)
    if name.asks is not Asks.TEXT or name.field is None:
        return [value for value in name.values if value.startswith(begun)]
    is_begin = begins_with(begun)
    first, then = [], []
    for value in values_of(name.field):
        if is_begin(value):
            first.append(_written(value))
        elif begun in folded(value):
            then.append(_written(value))
        if len(first) >= MOST:
            break
    return (first + then)[:MOST]


def _written(value: str) -> str:
    """A value as it stands in a filter: in quotes where it must."""
    if not value or not _NEEDS_QUOTES.isdisjoint(value) or not value.isprintable():
        return quoted(value)
    return value
