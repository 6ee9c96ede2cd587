"""Parts of SQL statements."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple


class Sql(NamedTuple):
    """A part of a statement.

    Attributes:
        text: the text, with `%s` for each value; the users are `u` in it.
        values: the values.
        is_indexed: whether it is a condition whose users an index finds.
    """

    text: str
    values: tuple[object, ...] = ()
    is_indexed: bool = False


TRUE: Final = Sql("true")
FALSE: Final = Sql("false")


def joined(operator: str, parts: Iterable[Sql], empty: Sql) -> Sql:
    """Return conditions joined by an operator."""
    given = list(parts)
    if not given:
        return empty
    if len(given) == 1:
        return given[0]
    values = tuple(value for part in given for value in part.values)
    found = [part.is_indexed for part in given]
    is_indexed = any(found) if operator == "AND" else operator == "OR" and all(found)
    return Sql(f"({f' {operator} '.join(part.text for part in given)})", values, is_indexed)


def negated(condition: Sql) -> Sql:
    """Return the opposite of a condition."""
    return Sql(f"(NOT {condition.text})", condition.values)


def like_pattern(part: str) -> str:
    """Return a text in which no character is a wildcard of LIKE."""
    return re.sub(r"([\\%_])", r"\\\1", part)
