"""Predicates: the terms of a filter, prepared to be evaluated for many users."""

from collections.abc import Callable, Container, Iterable
from datetime import date
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.passwords import has_no_password
from qm_tui.users.query.filter_parser import FilterSyntaxError, Term, Value
from qm_tui.users.query.licenses import license_flags, licenses_in
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
from qm_tui.users.query.text_matching import (
    FIELD_END,
    Pattern,
    fold_for_search,
    prefix_matcher,
    search_pattern,
)

_user_id = itemgetter(FIELD["user_id"].index)


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
    match meaning_of(term, activity.today):
        case AnyField(values):
            return TextCondition(tuple(map(search_word, values)), tuple(one.text for one in values))
        case TextOf(field, values):
            return _value_condition(field, map(_value_test, values))
        case FlagOf(field, flags):
            return _value_condition(field, [flags.__contains__])
        case HasLicense(wanted):
            return ValueCondition(
                license_flags, lambda flags: not wanted.isdisjoint(licenses_in(flags)), repeats=True
            )
        case SharesValue(field):
            return DuplicateCondition(field.index)
        case IsValid(results):
            return ValidCondition(results)
        case HasNoPassword():
            return ValueCondition(lambda user: user, has_no_password, repeats=False)
        case IsMarked(results):
            marked = activity.marked()
            return ValueCondition(_user_id, lambda user_id: (user_id in marked) in results, False)
        case ChangedOn(days):
            groups = [activity.changed(first, last) for first, last in days]
        case ImportedBy(numbers):
            groups = list(map(activity.imported, numbers))
    return ValueCondition(_user_id, _any(group.__contains__ for group in groups), False)


def _value_condition(field: Field, tests: Iterable[Callable[[str], bool]]) -> ValueCondition:
    return ValueCondition(itemgetter(field.index), _any(tests), field.repeats)


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


def search_word(value: Value) -> SearchWord:
    """Return what the texts of users must contain so that a value is in one of them."""
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
