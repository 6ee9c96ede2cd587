"""Filters as conditions of SQL.

What a term means comes from `qm_tui.users.query.meanings`, as for a store in memory. Texts are
compared in the forms that `qm_tui.store.postgres.derived` makes of them.
"""

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Final, NamedTuple, Protocol

from qm_tui.store.postgres.derived import ALL_MARKS, FIELD_MARK
from qm_tui.users.fields import Field, Kind
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term, Value
from qm_tui.users.query.licenses import LICENSE_KEYS, License
from qm_tui.users.query.meanings import (
    AnyField,
    ChangedOn,
    FlagOf,
    HasLicense,
    ImportedBy,
    IsMarked,
    IsValid,
    SharesValue,
    TextOf,
    meaning_of,
)
from qm_tui.users.query.predicates import SearchWord, search_word
from qm_tui.users.query.query import Query, Selection
from qm_tui.users.query.text_matching import BETWEEN, FIELD_END, search_pattern

_INDEXED: Final = re.compile(r"[0-9A-Za-z]{3}")
"""Texts that the trigram index finds. It would read all of itself for a shorter one, and does not
know other letters if the database has the locale C."""

_LICENSE: Final = dict(
    zip((License.UNLIMITED, License.ON_DEMAND, License.COMPUTER), LICENSE_KEYS, strict=True)
)
_PLACES: Final = " || ".join(
    f"CASE WHEN u.{key} = '1' THEN '{place}' ELSE '' END" for place, key in enumerate(LICENSE_KEYS)
)
LICENSE_SORT_KEY: Final = f"coalesce(nullif({_PLACES}, ''), '{len(LICENSE_KEYS)}')"
"""As in the index: the places of the licenses in `License`, or that of `License.NONE`."""


class Sql(NamedTuple):
    """A part of a statement.

    Attributes:
        text: the text, with `%s` for each value; the users are `u` in it.
        values: the values.
    """

    text: str
    values: tuple[object, ...] = ()


TRUE: Final = Sql("true")
FALSE: Final = Sql("false")


class Log(Protocol):
    """The transactions of a store, as far as filters need them."""

    def today(self) -> date:
        """Return the present day in the local time zone."""

    def ids_on(self, first: date, last: date) -> list[int]:
        """Return the IDs of the transactions of some days.

        Raises:
            FilterSyntaxError: their changes are no longer available.
        """

    def import_id(self, number: int) -> int:
        """Return the ID of an import, or of the last one.

        Raises:
            FilterSyntaxError: there was none, or its changes are no longer available.
        """


def joined(operator: str, parts: Iterable[Sql], empty: Sql) -> Sql:
    """Return conditions joined by an operator."""
    given = list(parts)
    if not given:
        return empty
    if len(given) == 1:
        return given[0]
    values = tuple(value for part in given for value in part.values)
    return Sql(f"({f' {operator} '.join(part.text for part in given)})", values)


def negated(condition: Sql) -> Sql:
    """Return the opposite of a condition."""
    return Sql(f"(NOT {condition.text})", condition.values)


def condition_of(query: Query, log: Log) -> Sql:
    """Return the condition of the users that a query finds.

    Raises:
        FilterSyntaxError: a value is invalid, or requires activity that is no longer available.
    """
    today: Callable[[], date] = log.today if query.day is None else lambda: query.day or date.min
    parts = [_condition_of_term(term, query, log, today) for term in query.terms]
    if query.within is not None:
        parts.append(selection_condition(query.within, log))
    return joined("AND", parts, TRUE)


def selection_condition(selection: Selection, log: Log) -> Sql:
    """Return the condition of the users of a selection.

    Raises:
        FilterSyntaxError: as `condition_of`.
    """
    selected = FALSE
    for step in selection.steps:
        found = condition_of(step.query, log)
        if step.query.is_all:
            selected = TRUE if step.adds else FALSE
        elif step.adds:
            selected = found if selected == FALSE else joined("OR", (selected, found), FALSE)
        else:
            selected = joined("AND", (selected, negated(found)), TRUE)
    if not selection.exceptions:
        return selected
    named = Sql("(u.user_id = ANY(%s))", (list(selection.exceptions),))
    if selected == FALSE:
        return named
    return negated(named) if selected == TRUE else joined("<>", (selected, named), FALSE)


def _condition_of_term(term: Term, query: Query, log: Log, today: Callable[[], date]) -> Sql:
    try:
        found = _condition(term, query, log, today)
    except FilterSyntaxError as issue:
        raise FilterSyntaxError(issue.message, term.start, term.end) from issue
    return negated(found) if term.is_not else found


def _condition(term: Term, query: Query, log: Log, today: Callable[[], date]) -> Sql:
    match meaning_of(term, today):
        case AnyField(values):
            typed = Sql("u.user_id = ANY(%s)", ([value.text for value in values],))
            words = [_has_word(search_word(value), value) for value in values]
            return joined("OR", (*words, typed), FALSE)
        case TextOf(field, values):
            return joined("OR", [_matches(field, value) for value in values], FALSE)
        case FlagOf(field, flags):
            return Sql(f"(u.{field.key} = ANY(%s))", (sorted(flags),))
        case HasLicense(licenses):
            return joined("OR", map(_has_license, sorted(licenses)), FALSE)
        case SharesValue(field):
            key = field.key
            return Sql(
                f"(u.{key} <> '' AND u.{key} IN (SELECT o.{key} FROM qm_tui.users o"
                f" WHERE o.{key} <> '' GROUP BY o.{key} HAVING count(*) > 1))"
            )
        case IsValid(results):
            return _of_results(Sql("u.is_valid"), results)
        case IsMarked(results):
            return _of_results(selection_condition(query.marked, log), results)
        case ChangedOn(days):
            ids = [one for first, last in days for one in log.ids_on(first, last)]
        case ImportedBy(imports):
            ids = list(map(log.import_id, imports))
    return Sql(
        "(u.user_id IN (SELECT c.user_id FROM qm_tui.changes c"
        " WHERE c.transaction = ANY(%s) AND c.after IS NOT NULL))",
        (ids,),
    )


def _of_results(condition: Sql, results: frozenset[bool]) -> Sql:
    if len(results) > 1:
        return TRUE
    return condition if True in results else negated(condition)


def _has_license(license: License) -> Sql:
    if license is License.NONE:  # found in the index of the order by licenses
        return Sql(f"({LICENSE_SORT_KEY} = '{len(LICENSE_KEYS)}')")
    return Sql(f"(u.{_LICENSE[license]} = '1')")


# Texts


def _has_word(word: SearchWord, value: Value) -> Sql:
    """Return the condition that a word is in any text field."""
    if word.pattern is not None:
        return _has_form(search_pattern(value.text), before="")
    found = _search_contains(word.part)
    if word.exact is None:
        return found
    fields = ", ".join(f"u.{key}" for key in FIELD_MARK)
    return joined("AND", (found, Sql(f"(%s IN ({fields}))", (word.exact,))), TRUE)


def _has_form(pattern: str, *, before: str) -> Sql:
    """Return the condition that a whole form of a text matches a pattern with `*`.

    Args:
        pattern: the pattern.
        before: a regular expression of what is before the form.
    """
    parts = re.split(r"\*+", pattern)
    inside = f"[^{FIELD_END}]*".join(map(re.escape, parts))
    return _search_matches(f"{before}{FIELD_END}{inside}{FIELD_END}", max(parts, key=len))


def _search_contains(part: str) -> Sql:
    if not part:
        return TRUE
    if _INDEXED.search(part):
        return Sql("(u.search LIKE %s)", (f"%{like_pattern(part)}%",))
    return Sql("(strpos(u.search, %s) > 0)", (part,))


def _search_matches(pattern: str, longest: str) -> Sql:
    """Return the condition that the searched text matches a regular expression.

    Args:
        pattern: the regular expression.
        longest: the longest text in it, which decides whether the index is of use.
    """
    column = "u.search" if _INDEXED.search(longest) else "(u.search || '')"
    return Sql(f"({column} ~ %s)", (pattern,))


def like_pattern(part: str) -> str:
    """Return a text in which no character is a wildcard of LIKE."""
    return re.sub(r"([\\%_])", r"\\\1", part)


def _matches(field: Field, value: Value) -> Sql:
    """Return the condition that the text of a field matches a value."""
    typed, word = value.text, search_pattern(value.text)
    column = f"u.{field.key}"
    if value.is_exact or not typed:
        return Sql(f"({column} = %s)", (typed,))
    if not word:  # invisible characters only
        return Sql(f"(strpos({column}, %s) > 0)", (typed,))
    if field.kind is Kind.ID:
        return _matches_id(word, has_wildcard=value.has_wildcard)
    inside = f"{FIELD_MARK[field.key]}[^{ALL_MARKS}]*"
    if not value.has_wildcard:
        return _search_matches(f"{inside}{re.escape(word)}", word)
    # an empty text is not searched, but matches `*`
    return _has_form(word, before=inside) if word.strip("*") else TRUE


def _matches_id(word: str, *, has_wildcard: bool) -> Sql:
    if not has_wildcard:
        return Sql("(strpos(u.folded_id, %s) > 0)", (word,))
    inside = f"[^{BETWEEN}]*".join(map(re.escape, re.split(r"\*+", word)))
    return Sql("(u.folded_id ~ %s)", (f"(^|{BETWEEN}){inside}($|{BETWEEN})",))
