"""What a term of a filter asks of a user, made ready to be asked of many."""

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
    """Knows what was done to users, and which of them are marked."""

    def today(self) -> date:
        """The day that it is for the admin."""

    def changed(self, first: date, last: date) -> Container[str]:
        """The User IDs of those who were added or changed on these days.

        Raises:
            FilterFault: that is no longer known.
        """

    def imported(self, number: int) -> Container[str]:
        """The User IDs of those whom an import added or changed.

        Args:
            number: that of its transaction; 0 for the last import.

        Raises:
            FilterFault: there was no such import, or it is no longer known.
        """

    def marked(self) -> Container[str]:
        """The User IDs of those who are marked."""


class OfValue(NamedTuple):
    """Asks something of one field's value; what it answers is kept for each distinct value.

    Attributes:
        place: where in a `User` the value stands.
        holds: whether a value fits.
        repeats: whether many users share a value.
    """

    place: int
    holds: Callable[[str], bool]
    repeats: bool


class OfUser(NamedTuple):
    """Asks something of a user as a whole."""

    holds: Callable[[User], bool]


class OfLicenses(NamedTuple):
    """Asks whether a user has one of some licenses."""

    wanted: frozenset[License]


class Word(NamedTuple):
    """A word to look for in the fields of a user.

    Attributes:
        part: what stands in the `folded_fields` of a user who has it; quickly looked for.
        pattern: what must fit a field as well.
        exact: what a field must be as well, as it is written.
    """

    part: str
    pattern: Pattern | None = None
    exact: str | None = None


class OfWords(NamedTuple):
    """Asks whether one of some words stands in a user's text fields, or is the User ID.

    Attributes:
        words: the words.
        typed: the same as they were typed, for the User ID.
    """

    words: tuple[Word, ...]
    typed: tuple[str, ...]


class OfOthers(NamedTuple):
    """Asks whether another user has the same value in a field.

    Attributes:
        place: where in a `User` the value stands.
    """

    place: int


Question = OfValue | OfUser | OfLicenses | OfWords | OfOthers


class Judge(NamedTuple):
    """A term, made ready.

    Attributes:
        question: what it asks.
        wanted: the answer that a user must give.
    """

    question: Question
    wanted: bool


def judge_of(term: Term, happenings: Happenings) -> Judge:
    """A term made ready to be asked.

    Raises:
        FilterFault: a value makes no sense for its name, or asks for what is no longer known.
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
        assert name.field is not None  # noqa: S101 - it is about one
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
    ask = happenings.changed if name.asks is Asks.CHANGED else None
    groups = [
        ask(*_days(term, value, happenings.today())) if ask else _imported(term, value, happenings)
        for value in term.values
    ]
    if len(groups) == 1:
        return OfUser(lambda user: user[_USER_ID_AT] in groups[0])
    return OfUser(lambda user: any(user[_USER_ID_AT] in group for group in groups))


# Text


def _fits(value: Value) -> Callable[[str], bool]:
    """Whether a field's text fits."""
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
    if not rest:  # the usual one, 10*, needs no more than that
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
    known = list(tests)
    if len(known) == 1:
        return known[0]
    return lambda text: any(test(text) for test in known)


# Flags, licenses, and the others


def _flag(term: Term, value: Value) -> str:
    word = value.text.casefold()
    if not word and term.name and term.name.asks is Asks.FLAG:
        return ""
    found = {flag for written, flag in _FLAGS.items() if word and written.startswith(word)}
    if len(found) != 1:
        raise _no_value(term, value)
    return found.pop()


def _license(term: Term, value: Value) -> License:
    word = "".join(filter(str.isalpha, value.text.casefold()))
    found = [one for one in License if word and one.replace("-", "").startswith(word)]
    if len(found) != 1:
        raise _no_value(term, value)
    return found[0]


def _field_of_duplicates(term: Term) -> Field:
    if len(term.values) > 1:
        msg = "duplicate: asks for one field. Leave the others out."
        raise FilterFault(msg)
    fields = [one.field for one in names_for(term.values[0].text) if one.asks is Asks.TEXT]
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
    """The first and the last day that are meant."""
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
        msg = f"In changed:{_said(value)} the last day is before the first. Turn them round."
        raise FilterFault(msg)
    return begin, end


def _day(word: str) -> date:
    if not _DAY.fullmatch(word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _no_value(term: Term, value: Value) -> FilterFault:
    assert term.name is not None  # noqa: S101 - a free word may be anything
    return FilterFault(f"{term.name.name}: is {one_of(term.name)}, not {_said(value)}.")


def _said(value: Value) -> str:
    return visible(value.text, _SHOWN) or '""'
