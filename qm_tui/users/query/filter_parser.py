r"""The language of filters.

    filter      = [ term { blanks term } ]            all terms must hold
    term        = [ "-" ] [ name ":" ] value          "-": it must not hold
    value       = alternative { "|" alternative }     one of them must hold
    alternative = [ "=" ] ( word | quoted )           "=": the whole field, as it is written
    quoted      = '"' { character | '\"' | '\\' } '"'   any other backslash is one
    word        = characters other than blanks, '"' and "|"

A value without a name is looked for in all text fields. Upper and lower case make no difference;
a letter without its accent finds it with and without. A value is found anywhere in the field,
unless `*` stands in a word, which means any characters: then the whole field must fit. `""` is
the empty field. Names can be shortened as far as they are clear, and are those of `NAMES`. What
looks like an IPv6 or a MAC address is a word, though a colon stands in it.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.text import visible
from qm_tui.users.query.filter_fields import Asks, Name, names_for, nearest_name, secret_meant

LONGEST: Final = 1000
"""The characters that a filter may have."""


class FilterFault(Exception):
    """A filter says something that is none.

    Attributes:
        sentence: what is wrong with it, and what to do.
        start: where in the text that begins, from 0.
        end: where it ends.
        is_secret: whether what is written behind it may be a secret, and is not to be repeated.
    """

    def __init__(
        self, sentence: str, start: int = 0, end: int = 0, *, is_secret: bool = False
    ) -> None:
        super().__init__(sentence)
        self.sentence, self.start, self.end, self.is_secret = sentence, start, end, is_secret


class Value(NamedTuple):
    """What is looked for.

    Attributes:
        text: as it was typed, without its quotes.
        is_exact: whether `=` stood before it.
        is_quoted: whether it stood in quotes, where `*` is an asterisk.
    """

    text: str
    is_exact: bool = False
    is_quoted: bool = False

    @property
    def has_wildcard(self) -> bool:
        """Whether `*` stands in it for any characters."""
        return "*" in self.text and not self.is_quoted and not self.is_exact


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a filter.

    Attributes:
        name: what it asks for; None of a free word.
        values: one of them must hold.
        is_not: whether none of them must.
        start: where in the text its value begins.
        end: where the term ends.
    """

    name: Name | None
    values: tuple[Value, ...]
    is_not: bool
    start: int
    end: int


def quoted(text: str) -> str:
    r"""The text in quotes, as a filter says it: `"Sales \"EMEA\""`."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


_NAME: Final = re.compile(r"([^\W\d_][\w-]*):")
_VALUE: Final = re.compile(r'(=?)(?:"((?:[^"\\]|\\.?)*)("?)|([^\s"|]*))', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_HAS_DIGIT: Final = re.compile(r"\d")
_ADDRESS: Final = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f*]{0,4})(:[0-9a-f:.*]*)?(?![^\s|])", re.I)
_SHOWN: Final = 60


def parsed(text: str, *, is_typing: bool = False) -> tuple[Term, ...]:
    """The terms of a filter.

    Args:
        text: the filter.
        is_typing: whether it may not be at its end: a last term that is not finished is taken for
            what there is of it, and left out where that is nothing.

    Raises:
        FilterFault: it is no filter.
    """
    if len(text) > LONGEST:
        msg = f"The filter is longer than {LONGEST:,} characters. Shorten it."
        raise FilterFault(msg, LONGEST, len(text))
    terms: list[Term] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        term, end = _term_at(text, at, is_typing=is_typing)
        if term is not None:
            terms.append(term)
        at = end
    return tuple(terms)


def _term_at(text: str, at: int, *, is_typing: bool) -> tuple[Term | None, int]:
    """The term that begins there, None where it is not finished yet, and where it ends."""
    is_not = text[at] == "-"
    begin = at + is_not
    name: Name | None = None
    written = name_at(text, begin)
    if written:
        name = _name_meant(written, begin, begin + len(written))
        begin += len(written) + 1
    values: list[Value] = []
    end = begin
    while True:
        start = end
        value, end, is_closed = value_at(text, start)
        is_last = end == len(text)
        is_unfinished = is_typing and is_last
        if not is_closed and not is_unfinished:
            msg = "A quote is opened and not closed. Put a quote at the end of the words."
            raise FilterFault(msg, start, end)
        if value.text or (value.is_quoted and is_closed and name):
            values.append(value)
        elif not is_unfinished:
            raise FilterFault(_missing(name, value), at, max(end, at + 1))
        if is_last or text[end] != "|":
            break
        end += 1
    if not is_last and not text[end].isspace():
        msg = "A quote can stand only at the beginning and the end of words, with a blank after it."
        raise FilterFault(msg, end, end + 1)
    return (Term(name, tuple(values), is_not, begin, end) if values else None), end


def value_at(text: str, at: int) -> tuple[Value, int, bool]:
    """The value that begins there, where it ends, and whether its quote was closed."""
    found = _VALUE.match(text, at)
    assert found is not None  # noqa: S101 - it fits anywhere, if only to nothing
    exact, inside, closing, word = found.groups()
    if inside is None:
        return Value(word, bool(exact)), found.end(), True
    words = _ESCAPED.sub(r"\1", inside)
    return Value(words, bool(exact), is_quoted=True), found.end(), bool(closing)


def name_at(text: str, at: int) -> str:
    """The name before the colon that is written there; empty where none is."""
    named = _NAME.match(text, at)
    if named is None:
        return ""
    written = named[1]
    address = _ADDRESS.match(text, at)
    if address and address[2]:  # de:ad:be:ef:00:01, where de: alone is a department
        return ""
    if (address or _HAS_DIGIT.search(written)) and not names_for(written):
        return ""
    return written


def _name_meant(written: str, start: int, end: int) -> Name:
    found = names_for(written)
    if len(found) == 1:
        return found[0]
    shown = visible(written, _SHOWN)
    secret = secret_meant(written)
    if found:
        several = _listed([one.name for one in found])
        msg = f"{shown}: may mean {several}. Write more of it."
    elif secret:
        msg = f"Nothing can be looked for in {secret.name}: it is never shown. Leave it out."
    else:
        near = nearest_name(written)
        meant = f"Did you mean {near}:? " if near else ""
        msg = (
            f"There is no field {shown}: to look for. {meant}To look for the words themselves, "
            "put them in quotes."
        )
    raise FilterFault(msg, start, end, is_secret=secret is not None and not found)


def _missing(name: Name | None, value: Value) -> str:
    if name is None and value.is_quoted:
        return 'Put a field before "", as location:"" for users without a location.'
    if name is None:
        return "A word is missing here: put one, or take the sign away."
    if name.asks is Asks.TEXT:
        return f'{name.name}: needs a value after the colon, or "" for the empty field.'
    return f"{name.name}: needs {one_of(name)} after the colon."


def _listed(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    return f"{', '.join(names[:-1])} or {names[-1]}"


_NOT_LISTED: Final = {
    Asks.CHANGED: "today, yesterday, a number of days as 7d, a day as 2026-11-20, or days as "
    "2026-11-20..2026-11-23",
    Asks.IMPORT: "last, or the number of a transaction as the page Activity shows it",
    Asks.DUPLICATE: "the name of a field with text, as extension",
}


def one_of(name: Name) -> str:
    """What can stand after the colon of a name, for a sentence."""
    if name.asks in _NOT_LISTED:
        return _NOT_LISTED[name.asks]
    return _listed([*name.values, '""'] if name.asks is Asks.FLAG else [*name.values])
