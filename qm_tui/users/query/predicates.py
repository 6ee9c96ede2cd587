"""Predicates: the terms of a filter, prepared to be evaluated for many users."""

import re
from collections.abc import Callable, Container, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple, Protocol

from qm_tui.text import visible
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.query.filter_fields import LAST, TODAY, YESTERDAY, Asks, names_for
from qm_tui.users.query.filter_parser import FilterFault, Term, Value, one_of
from qm_tui.users.query.licenses import License
from qm_tui.users.query.text_matching import FIELD_END, Pattern, begins_with, folded, looked_for

_FLAGS: Final = {"yes": "1", "no": "0", "1": "1", "0": "0", "true": "1", "false": "0"}
_USER_ID_AT: Final = FIELD["user_id"].index
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,17}")
_DAYS: Final = re.compile(r"([0-9]{1,5})d")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_RANGE: Final = ".."
_SHOWN: Final = 60


class Happenings(Protocol):
    """The activity of the store and the marks, as far as filters need them."""

    def today(self) -> date:
        """Return the current date in the time zone of the admin."""

    def changed(self, first: date, last: date) -> Container[str]:
        """Return the User IDs of the users that were added or changed on these days.

        Raises:
            FilterFault: the activity is no longer available.
        """

    def imported(self, number: int) -> Container[str]:
        """Return the User IDs of the users that an import added or changed.

        Args:
            number: the number of its transaction; 0 for the last import.

        Raises:
            FilterFault: the import does not exist, or is no longer available.
        """

    def marked(self) -> Container[str]:
        """Return the User IDs of the marked users."""


class OfValue(NamedTuple):
    """A predicate of the value of a field. Results may be cached by value.

    Attributes:
        place: the index of the field.
        holds: returns whether a value matches.
        repeats: whether many users share a value.
    """

    place: int
    holds: Callable[[str], bool]
    repeats: bool


class OfUser(NamedTuple):
    """A predicate of a whole user."""

    holds: Callable[[User], bool]


class OfLicenses(NamedTuple):
    """A predicate that matches users with any of the wanted licenses."""

    wanted: frozenset[License]


class Word(NamedTuple):
    """A word to search for in the fields of a user.

    Attributes:
        part: a text that the `folded_fields` of matching users contain; the fast check.
        pattern: a pattern that a field must match, too.
        exact: a text that a field must be equal to, too.
    """

    part: str
    pattern: Pattern | None = None
    exact: str | None = None


class OfWords(NamedTuple):
    """A predicate that matches users with any of the words in a text field or as the User ID.

    Attributes:
        words: the words.
        typed: the words as typed, for the User ID.
    """

    words: tuple[Word, ...]
    typed: tuple[str, ...]


class OfOthers(NamedTuple):
    """A predicate that matches users who share the value of a field with another user.

    Attributes:
        place: the index of the field.
    """

    place: int


Question = OfValue | OfUser | OfLicenses | OfWords | OfOthers


class Judge(NamedTuple):
    """A term, prepared for evaluation.

    Attributes:
        question: the predicate.
        wanted: the result of the predicate for matching users: false if the term is negated.
    """

    question: Question
    wanted: bool


def judge_of(term: Term, happenings: Happenings) -> Judge:
    """Prepare a term.

    Raises:
        FilterFault: a value is invalid, or requires activity that is no longer available.
    """
    try:
        return Judge(_question(term, happenings), not term.is_not)
    except FilterFault as fault:
        raise FilterFault(fault.sentence, term.start, term.end) from fault


def _question(term: Term, happenings: Happenings) -> Question:
    name = term.name
    if name is None:
        return _of_words(term.values)
    if name.asks is Asks.TEXT:
        assert name.field is not None  # noqa: S101 - always so for this type
        return OfValue(name.field.index, _any(map(_fits, term.values)), name.field.repeats)
    if name.asks is Asks.FLAG:
        assert name.field is not None  # noqa: S101
        flags = frozenset(_flag(term, value) for value in term.values)
        return OfValue(name.field.index, flags.__contains__, repeats=True)
    if name.asks is Asks.LICENSE:
        wanted = frozenset(_license(term, value) for value in term.values)
        return OfLicenses(wanted)
    if name.asks is Asks.DUPLICATE:
        return OfOthers(_field_of_duplicates(term).index)
    if name.asks is Asks.MARKED:
        return _of_marks(term, happenings)
    changed = happenings.changed if name.asks is Asks.CHANGED else None
    groups = [
        changed(*_days(term, value, happenings.today()))
        if changed
        else _imported(term, value, happenings)
        for value in term.values
    ]
    if len(groups) == 1:
        return OfUser(lambda user: user[_USER_ID_AT] in groups[0])
    return OfUser(lambda user: any(user[_USER_ID_AT] in group for group in groups))


# Text


def _fits(value: Value) -> Callable[[str], bool]:
    """Return a function that tests whether the text of a field matches."""
    word = looked_for(value.text)
    if not word:
        return lambda text: not text
    if value.is_exact:
        return value.text.__eq__
    if value.has_wildcard:
        return _like(word)
    return lambda text: word in folded(text)


def _like(pattern: str) -> Callable[[str], bool]:
    begin, _, rest = pattern.partition("*")
    if not rest:  # the most common pattern, 10*
        return begins_with(begin)
    return Pattern(pattern).fits


def _of_words(values: tuple[Value, ...]) -> OfWords:
    return OfWords(tuple(map(_word, values)), tuple(value.text for value in values))


def _word(value: Value) -> Word:
    word = looked_for(value.text)
    if value.is_exact:
        return Word(f"{FIELD_END}{word}{FIELD_END}", exact=value.text)
    if not value.has_wildcard:
        return Word(word)
    pattern = Pattern(word)
    longest = max(pattern.parts, key=len, default="")
    return Word(longest, pattern if len(pattern.parts) > 1 else None)


def _any(tests: Iterable[Callable[[str], bool]]) -> Callable[[str], bool]:
    alternatives = list(tests)
    if len(alternatives) == 1:
        return alternatives[0]
    return lambda text: any(test(text) for test in alternatives)


# Flags, licenses, and the others


def _flag(term: Term, value: Value) -> str:
    word = value.text.casefold()
    if not word and term.name and term.name.asks is Asks.FLAG:
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
        raise FilterFault("duplicate: takes one field. Remove the others.")
    fields = [name.field for name in names_for(term.values[0].text) if name.asks is Asks.TEXT]
    if len(fields) != 1 or fields[0] is None:
        raise _no_value(term, term.values[0])
    return fields[0]


def _of_marks(term: Term, happenings: Happenings) -> OfUser:
    marked: Container[str] = happenings.marked()
    wanted = {_flag(term, value) == "1" for value in term.values}
    return OfUser(lambda user: (user[_USER_ID_AT] in marked) in wanted)


def _imported(term: Term, value: Value, happenings: Happenings) -> Container[str]:
    word = value.text.casefold()
    if word and LAST.startswith(word):
        return happenings.imported(0)
    if not _NUMBER.fullmatch(word):
        raise _no_value(term, value)
    return happenings.imported(int(word))


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
        raise FilterFault(msg)
    return begin, end


def _day(word: str) -> date:
    if not _DAY.fullmatch(word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _no_value(term: Term, value: Value) -> FilterFault:
    assert term.name is not None  # noqa: S101 - a word without a name may be anything
    name, values = term.name.name, one_of(term.name)
    return FilterFault(f"Invalid value {_shown(value)} for {name}: use {values}.")


def _shown(value: Value) -> str:
    return visible(value.text, _SHOWN) or '""'
