"""Filters as conditions of SQL.

What a term means comes from `qm_tui.users.query.meanings`, as for a store in memory. Texts are
compared in the forms that `qm_tui.store.postgres.derived` makes of them.
"""

from collections.abc import Callable
from datetime import date
from typing import Final, Protocol

from qm_tui.store.postgres.questions.sql import FALSE, TRUE, Sql, joined, negated
from qm_tui.store.postgres.questions.text_conditions import TextConditions
from qm_tui.users.passwords import NO_PASSWORD_PREFIX
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term
from qm_tui.users.query.licenses import LICENSE_KEYS, License
from qm_tui.users.query.meanings import (
    AnyField,
    ChangedOn,
    FlagOf,
    HasLicense,
    HasNoPassword,
    ImportedBy,
    IsMarked,
    IsValid,
    SharesValue,
    TextOf,
    meaning_of,
)
from qm_tui.users.query.predicates import search_word
from qm_tui.users.query.query import Query, Selection

_LICENSE: Final = dict(
    zip((License.UNLIMITED, License.ON_DEMAND, License.COMPUTER), LICENSE_KEYS, strict=True)
)
_PLACES: Final = " || ".join(
    f"CASE WHEN u.{key} = '1' THEN '{place}' ELSE '' END" for place, key in enumerate(LICENSE_KEYS)
)
LICENSE_SORT_KEY: Final = f"coalesce(nullif({_PLACES}, ''), '{len(LICENSE_KEYS)}')"
"""As in the index: the places of the licenses in `License`, or that of `License.NONE`."""


class Log(Protocol):
    """The transactions of a store, as far as filters need them, and what its index knows."""

    @property
    def texts(self) -> TextConditions:
        """Makes conditions about texts."""

    @property
    def hides_secrets(self) -> bool:
        """Whether the role may not read passwords and salts."""

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
    named = Sql("(u.user_id = ANY(%s))", (list(selection.exceptions),), is_indexed=True)
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
            typed = Sql("u.user_id = ANY(%s)", ([value.text for value in values],), is_indexed=True)
            words = [log.texts.has_word(search_word(value), value) for value in values]
            return joined("OR", (*words, typed), FALSE)
        case TextOf(field, values):
            return joined("OR", [log.texts.matches(field, value) for value in values], FALSE)
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
        case HasNoPassword():
            if log.hides_secrets:
                raise FilterSyntaxError("Your role may not read passwords. Remove password:.")
            return Sql("starts_with(u.password, %s)", (NO_PASSWORD_PREFIX,))
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
