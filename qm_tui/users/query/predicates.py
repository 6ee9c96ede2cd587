"""Predicates: the terms of a filter, prepared to be evaluated for many users."""

import re
from collections.abc import Callable, Container, Iterable
from datetime import date, timedelta
from operator import itemgetter
from typing import Any, Final, NamedTuple, Protocol

from qm_tui.text import sanitize
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.query.filter_fields import LAST, TODAY, YESTERDAY, FilterKind, matching_fields
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term, Value, accepted_values_text
from qm_tui.users.query.licenses import License, license_flags, licenses_in
from qm_tui.users.query.text_matching import (
    FIELD_END,
    Pattern,
    fold_for_search,
    prefix_matcher,
    search_pattern,
)

_FLAGS: Final = {"yes": "1", "no": "0", "1": "1", "0": "0", "true": "1", "false": "0"}
_user_id = itemgetter(FIELD["user_id"].index)
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_DAYS: Final = re.compile(r"([0-9]{1,5})d")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RANGE: Final = ".."
_MAX_SHOWN: Final = 60


class ActivitySource(Protocol):
    """The activity of the store and the marks, as far as filters need them."""

    def today(self) -> date:
        """Return the current date in the time zone of the admin."""

    def changed(self, first: date, last: date) -> Container[str]:
        """Return the User IDs of the users that were added or changed on these days.

        Raises:
            FilterSyntaxError: the activity is no longer available.
        """

    def imported(self, number: int) -> Container[str]:
        """Return the User IDs of the users that an import added or changed.

        Args:
            number: the number of its transaction; 0 for the last import.

        Raises:
            FilterSyntaxError: the import does not exist, or is no longer available.
        """

    def marked(self) -> Container[str]:
        """Return the User IDs of the marked users."""


class ValueCondition(NamedTuple):
    """A predicate of a value of a user. Results may be cached by value.

    Attributes:
        value_of: returns the value, for example that of a field.
        matches: returns whether a value matches.
        repeats: whether many users share a value.
    """

    value_of: Callable[[User], Any]
    matches: Callable[[Any], bool]
    repeats: bool


class SearchWord(NamedTuple):
    """A word to search for in the fields of a user.

    Attributes:
        part: a text that `fold_fields` of matching users contains; the fast check.
        pattern: a pattern that a field must match, too.
        exact: a text that a field must be equal to, too.
    """

    part: str
    pattern: Pattern | None = None
    exact: str | None = None


class TextCondition(NamedTuple):
    """A predicate that matches users with any of the words in a text field or as the User ID.

    Attributes:
        words: the words.
        typed: the words as typed, for the User ID.
    """

    words: tuple[SearchWord, ...]
    typed: tuple[str, ...]


class DuplicateCondition(NamedTuple):
    """A predicate that matches users who share the value of a field with another user.

    Attributes:
        field_index: the index of the field.
    """

    field_index: int


class ValidCondition(NamedTuple):
    """A predicate that matches users by whether their values follow the rules.

    Attributes:
        wanted: the wanted results.
    """

    wanted: frozenset[bool]


Condition = ValueCondition | TextCondition | DuplicateCondition | ValidCondition


class Predicate(NamedTuple):
    """A term, prepared for evaluation.

    Attributes:
        condition: the predicate.
        expected: the result of the predicate for matching users: false if the term is negated.
    """

    condition: Condition
    expected: bool


def compile_term(term: Term, activity: ActivitySource) -> Predicate:
    """Prepare a term.

    Raises:
        FilterSyntaxError: a value is invalid, or requires activity that is no longer available.
    """
    try:
        return Predicate(_condition(term, activity), not term.is_not)
    except FilterSyntaxError as issue:
        raise FilterSyntaxError(issue.message, term.start, term.end) from issue


def _condition(term: Term, activity: ActivitySource) -> Condition:
    name, values = term.name, term.values
    if name is None:
        return TextCondition(tuple(map(_word, values)), tuple(value.text for value in values))
    if name.kind is FilterKind.LICENSE:
        wanted = {_license(term, value) for value in values}
        return ValueCondition(
            license_flags, lambda flags: not wanted.isdisjoint(licenses_in(flags)), repeats=True
        )
    if name.kind is FilterKind.DUPLICATE:
        return DuplicateCondition(_field_of_duplicates(term).index)
    if name.kind in (FilterKind.FLAG, FilterKind.VALID, FilterKind.MARKED):
        flags = {_flag(term, value) for value in values}
        if name.kind is FilterKind.VALID:
            return ValidCondition(frozenset(flag == "1" for flag in flags))
        if name.kind is FilterKind.MARKED:
            marked, states = activity.marked(), {flag == "1" for flag in flags}
            return ValueCondition(_user_id, lambda user_id: (user_id in marked) in states, False)
    if name.field is not None:
        tests = [flags.__contains__] if name.kind is FilterKind.FLAG else map(_value_test, values)
        return ValueCondition(itemgetter(name.field.index), _any(tests), name.field.repeats)
    if name.kind is FilterKind.CHANGED:
        today = activity.today()
        groups = [activity.changed(*_days(term, value, today)) for value in values]
    else:
        groups = [_imported(term, value, activity) for value in values]
    return ValueCondition(_user_id, _any(group.__contains__ for group in groups), False)


# Text


def _value_test(value: Value) -> Callable[[str], bool]:
    """Return a function that tests whether the text of a field matches."""
    typed, word = value.text, search_pattern(value.text)
    if not typed:
        return lambda text: not text
    if value.is_exact:
        return typed.__eq__
    if not word:
        return lambda text: typed in text  # invisible characters only
    if value.has_wildcard:
        return _wildcard_test(word)
    return lambda text: word in fold_for_search(text)


def _wildcard_test(pattern: str) -> Callable[[str], bool]:
    begin, _, rest = pattern.partition("*")
    if not rest:  # the most common pattern, 10*
        return prefix_matcher(begin)
    return Pattern(pattern).matches


def _word(value: Value) -> SearchWord:
    word = search_pattern(value.text)
    if value.is_exact:
        return SearchWord(f"{FIELD_END}{word}{FIELD_END}", exact=value.text)
    if not value.has_wildcard:
        return SearchWord(word)
    pattern = Pattern(word)
    longest = max(pattern.parts, key=len, default="")
    return SearchWord(longest, pattern if len(pattern.parts) > 1 else None)


def _any(tests: Iterable[Callable[[str], bool]]) -> Callable[[str], bool]:
    alternatives = list(tests)
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda text: any(test(text) for test in alternatives)


# Flags, licenses, and the others


def _flag(term: Term, value: Value) -> str:
    word = value.text.casefold()
    if not word and term.name and term.name.kind is FilterKind.FLAG:
        return ""
    flags = {flag for written, flag in _FLAGS.items() if word and written.startswith(word)}
    if len(flags) != 1:
        raise _no_value(term, value)
    return flags.pop()


def _license(term: Term, value: Value) -> License:
    word = "".join(filter(str.isalpha, value.text.casefold()))
    licenses = [
        license for license in License if word and license.replace("-", "").startswith(word)
    ]
    if len(licenses) != 1:
        raise _no_value(term, value)
    return licenses[0]


def _field_of_duplicates(term: Term) -> Field:
    if len(term.values) > 1:
        raise FilterSyntaxError("duplicate: takes one field. Remove the others.")
    fields = [
        name.field for name in matching_fields(term.values[0].text) if name.kind is FilterKind.TEXT
    ]
    if len(fields) != 1 or fields[0] is None:
        raise _no_value(term, term.values[0])
    return fields[0]


def _imported(term: Term, value: Value, activity: ActivitySource) -> Container[str]:
    word = value.text.casefold()
    if word and LAST.startswith(word):
        return activity.imported(0)
    if not _NUMBER.fullmatch(word):
        raise _no_value(term, value)
    return activity.imported(int(word))


def _days(term: Term, value: Value, today: date) -> tuple[date, date]:
    """Return the first and the last day of a value."""
    word = value.text.casefold()
    if word and TODAY.startswith(word):
        return today, today
    if word and YESTERDAY.startswith(word):
        return today - timedelta(1), today - timedelta(1)
    days = _DAYS.fullmatch(word)
    if days and 0 < int(days[1]) < today.toordinal():
        return today - timedelta(int(days[1]) - 1), today
    first, is_range, last = word.partition(_RANGE)
    try:
        begin = _day(first) if first or not last else date.min
        end = (_day(last) if last else date.max) if is_range else begin
    except ValueError:
        raise _no_value(term, value) from None
    if begin > end:
        msg = f"changed:{_shown(value)}: the end date is before the start date. Swap the dates."
        raise FilterSyntaxError(msg)
    return begin, end


def _day(word: str) -> date:
    if not _DAY.fullmatch(word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _no_value(term: Term, value: Value) -> FilterSyntaxError:
    assert term.name is not None  # noqa: S101 - a word without a name may be anything
    name, values = term.name.name, accepted_values_text(term.name)
    return FilterSyntaxError(f"Invalid value {_shown(value)} for {name}: use {values}.")


def _shown(value: Value) -> str:
    return sanitize(value.text, _MAX_SHOWN) or '""'
