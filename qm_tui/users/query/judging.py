"""What a term of a filter asks of a user, made ready to be asked of many."""

import re
from collections.abc import Callable, Container, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from qm_tui.text import visible
from qm_tui.users.fields import FIELD, Field, User
from qm_tui.users.query.folding import FIELD_ENDS, begins_with, folded, forms, looked_for
from qm_tui.users.query.happenings import Happenings
from qm_tui.users.query.language import FilterFault, Term, Value, one_of
from qm_tui.users.query.licenses import License
from qm_tui.users.query.names import LAST, NAMES, TODAY, YESTERDAY, Asks

_FLAGS: Final = {"yes": "1", "no": "0", "1": "1", "0": "0", "true": "1", "false": "0"}
_USER_ID_AT: Final = FIELD["user_id"].index
_DAYS: Final = re.compile(r"(\d{1,5})d")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_RANGE: Final = ".."
_SHOWN: Final = 60


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


class Pattern(NamedTuple):
    """What fits a whole field, in a text where `FIELD_ENDS` stand around it.

    Attributes:
        part: what stands in whatever fits; quickly looked for.
        expression: what fits.
    """

    part: str
    expression: re.Pattern[str]

    def fits(self, text: str) -> bool:
        """Whether a field of the text fits."""
        return self.part in text and self.expression.search(text) is not None


class OfWords(NamedTuple):
    """Asks whether a word stands in one of a user's text fields, or is the User ID.

    Attributes:
        words: parts of a field, as they are looked for.
        patterns: what fits a whole field.
        exact: whole fields as they are written, and User IDs.
    """

    words: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    exact: frozenset[str]


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
        FilterFault: a value makes no sense for its name.
    """
    return Judge(_question(term, happenings), not term.is_not)


def _question(term: Term, happenings: Happenings) -> Question:
    name = term.name
    if name is None:
        return _of_words(term.values)
    if name.asks is Asks.TEXT:
        assert name.field is not None  # noqa: S101 - it is about one
        return OfValue(name.field.index, _any(map(_fits, term.values)), name.field.repeats)
    if name.asks is Asks.FLAG:
        assert name.field is not None  # noqa: S101
        flags = frozenset(_flag(term, value, allows_empty=True) for value in term.values)
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
    match = re.compile(_expression(pattern, ".*"), re.DOTALL).fullmatch
    return lambda text: any(match(one) for one in forms(text))


def _expression(pattern: str, anything: str) -> str:
    return anything.join(re.escape(part) for part in re.split(r"\*+", pattern))


def _of_words(values: tuple[Value, ...]) -> OfWords:
    words, patterns, exact = [], [], []
    for value in values:
        word = looked_for(value.text)
        exact.append(value.text)
        if value.has_wildcard:
            inside = _expression(word, f"[^{FIELD_ENDS}]*")
            expression = re.compile(f"(?<![^{FIELD_ENDS}]){inside}(?![^{FIELD_ENDS}])")
            patterns.append(Pattern(max(word.split("*"), key=len), expression))
        elif not value.is_exact:
            words.append(word)
    return OfWords(tuple(words), tuple(patterns), frozenset(exact))


def _any(tests: Iterable[Callable[[str], bool]]) -> Callable[[str], bool]:
    known = list(tests)
    if len(known) == 1:
        return known[0]
    return lambda text: any(test(text) for test in known)


# Flags, licenses, and the others


def _flag(term: Term, value: Value, *, allows_empty: bool = False) -> str:
    word = value.text.casefold()
    if allows_empty and not word:
        return ""
    found = {flag for written, flag in _FLAGS.items() if word and written.startswith(word)}
    if len(found) != 1:
        raise _no_value(term, value)
    return found.pop()


def _license(term: Term, value: Value) -> License:
    word = value.text.casefold().replace("_", "-")
    found = [one for one in License if one == word or (word and one.startswith(word))]
    if len(found) != 1:
        raise _no_value(term, value)
    return found[0]


def _field_of_duplicates(term: Term) -> Field:
    if len(term.values) > 1:
        msg = "duplicate: asks for one field. Leave the others out."
        raise FilterFault(msg, term.start, term.end)
    name = NAMES.get(term.values[0].text.casefold())
    if name is None or name.asks is not Asks.TEXT or name.field is None:
        raise _no_value(term, term.values[0])
    return name.field


def _of_marks(term: Term, happenings: Happenings) -> OfUser:
    marked: Container[str] = happenings.marked()
    wanted = {_flag(term, value) == "1" for value in term.values}
    return OfUser(lambda user: (user[_USER_ID_AT] in marked) in wanted)


def _imported(term: Term, value: Value, happenings: Happenings) -> Container[str]:
    word = value.text.casefold()
    if word and LAST.startswith(word):
        return happenings.imported(0)
    if not word.isascii() or not word.isdigit() or not int(word[:18]):
        msg = (
            f"import: is {LAST}, or the number of a transaction as the page Activity shows it, "
            f"not {_said(value)}."
        )
        raise FilterFault(msg, term.start, term.end)
    return happenings.imported(int(word[:18]))


def _days(term: Term, value: Value, today: date) -> tuple[date, date]:
    """The first and the last day that are meant."""
    word = value.text.casefold()
    if word == TODAY:
        return today, today
    if word == YESTERDAY:
        return today - timedelta(1), today - timedelta(1)
    days = _DAYS.fullmatch(word)
    if days and 0 < int(days[1]) < today.toordinal():
        return today - timedelta(int(days[1]) - 1), today
    first, is_range, last = word.partition(_RANGE)
    try:
        begin = _day(first) if first or not is_range else date.min
        end = (_day(last) if last else today) if is_range else begin
    except ValueError:
        begin, end = today, date.min
    if begin > end:
        msg = (
            "changed: is today, yesterday, a number of days as 7d, a day as 2026-11-20, or days as "
            f"2026-11-20..2026-11-23, not {_said(value)}."
        )
        raise FilterFault(msg, term.start, term.end)
    return begin, end


def _day(word: str) -> date:
    if not _DAY.fullmatch(word):
        raise ValueError(word)
    return date.fromisoformat(word)


def _no_value(term: Term, value: Value) -> FilterFault:
    assert term.name is not None  # noqa: S101 - a free word may be anything
    sentence = f"{term.name.name}: is {one_of(term.name)}, not {_said(value)}."
    return FilterFault(sentence, term.start, term.end)


def _said(value: Value) -> str:
    return visible(value.text, _SHOWN) or '""'
