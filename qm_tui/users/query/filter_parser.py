r"""The grammar of filters, and its parser.

    filter      = [ term { spaces term } ]            all terms must match
    term        = [ "-" ] [ name ":" ] value          "-": it must not match
    value       = alternative { "|" alternative }     any of them must match
    alternative = [ "=" ] ( word | quoted )           "=": the whole field, case-sensitive
    quoted      = '"' { character | '\"' | '\\' } '"'   any other backslash is literal
    word        = characters except spaces, '"' and "|"

A value without a name is searched in all text fields. Matching ignores case; a letter without an
accent matches letters with and without it. A value matches any part of a field. In a word, `*`
matches any characters, and the word must match the whole field. `""` matches an empty field.
Names are those of `NAMES`, and can be abbreviated as long as they are unambiguous. Text that looks
like an IPv6 or a MAC address is a word despite its colons.
"""

import re
from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.text import listed, sanitize
from qm_tui.users.fields import Field
from qm_tui.users.query.filter_fields import (
    FILTER_FIELDS,
    NONE_YET,
    FilterField,
    FilterKind,
    matching_fields,
    nearest_name,
    secret_field_named,
)

MAX_FILTER_LENGTH: Final = 1000
"""The maximum length of a filter in characters."""


class FilterSyntaxError(Exception):
    """A filter is invalid.

    Attributes:
        message: what is wrong, and what to do.
        start: the position of the invalid text, from 0.
        end: the position of its end.
        is_secret: whether the text after it may be a secret, and must not be shown.
    """

    def __init__(
        self, message: str, start: int = 0, end: int = 0, *, is_secret: bool = False
    ) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.is_secret = message, start, end, is_secret


class Value(NamedTuple):
    """A value in a term.

    Attributes:
        text: the typed text without quotes.
        is_exact: whether it follows `=`.
        is_quoted: whether it was quoted, so that `*` is an asterisk.
    """

    text: str
    is_exact: bool = False
    is_quoted: bool = False

    @property
    def has_wildcard(self) -> bool:
        """Whether it contains `*` as a wildcard."""
        return "*" in self.text and not self.is_quoted and not self.is_exact


@dataclass(frozen=True, slots=True)
class Term:
    """A term of a filter.

    Attributes:
        name: its filter name, or None.
        values: the alternatives.
        is_not: whether none of them may match.
        start: the position of its first value in the text.
        end: the position of its end.
    """

    name: FilterField | None
    values: tuple[Value, ...]
    is_not: bool
    start: int
    end: int


def exact_term(field: Field, value: str) -> Term:
    """Return the term that matches users with exactly this value of a text field."""
    is_exact = bool(value)  # an empty value without `=` matches no other
    return Term(FILTER_FIELDS[field.filter_name], (Value(value, is_exact),), False, 0, 0)


def quote_value(text: str) -> str:
    r"""Return a text in quotes for a filter: `"Sales \"EMEA\""`."""
    escaped = text.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'


_NAME: Final = re.compile(r"([^\W\d_][\w-]*):")
_VALUE: Final = re.compile(r'(=?)(?:"((?:[^"\\]|\\.?)*)("?)|([^\s"|]*))', re.DOTALL)
_ESCAPED: Final = re.compile(r'\\(["\\])')
_HAS_DIGIT: Final = re.compile(r"\d")
_ADDRESS: Final = re.compile(r"[0-9a-f]{1,4}(:[0-9a-f*]{0,4})(:[0-9a-f:.*]*)?(?![^\s|])", re.I)
_MAX_SHOWN: Final = 60


def parse_filter(text: str, *, is_typing: bool = False) -> tuple[Term, ...]:
    """Return the terms of a filter.

    Args:
        text: the filter.
        is_typing: whether more may be typed: an unfinished last term is then accepted, and omitted
            if it is empty.

    Raises:
        FilterSyntaxError: the filter is invalid.
    """
    if len(text) > MAX_FILTER_LENGTH:
        msg = f"The filter is too long (maximum {MAX_FILTER_LENGTH:,} characters)."
        raise FilterSyntaxError(msg, MAX_FILTER_LENGTH, len(text))
    terms: list[Term] = []
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
            continue
        term, position = _term_at(text, position, is_typing=is_typing)
        if term is not None:
            terms.append(term)
    return tuple(terms)


def _term_at(text: str, at: int, *, is_typing: bool) -> tuple[Term | None, int]:
    """Return the term at a position, or None if it is unfinished, and the position of its end."""
    is_not = text[at] == "-"
    begin = at + is_not
    name: FilterField | None = None
    written = name_at(text, begin)
    if written:
        name = _resolve_name(written, begin, begin + len(written))
        begin += len(written) + 1
    values: list[Value] = []
    end = begin
    while True:
        start = end
        value, end, is_closed = value_at(text, start)
        is_last = end == len(text)
        is_unfinished = is_typing and is_last
        if not is_closed and not is_unfinished:
            raise FilterSyntaxError("Unclosed quote. Add a closing quote.", start, end)
        if name is not None and name.kind is FilterKind.PASSWORD:
            _require_none_yet(value, begin)
        if value.text or (value.is_quoted and is_closed and name):
            values.append(value)
        elif not is_unfinished:
            raise FilterSyntaxError(_missing_value_text(name, value), at, max(end, at + 1))
        if is_last or text[end] != "|":
            break
        end += 1
    if not is_last and not text[end].isspace():
        msg = "Unexpected quote. Put quotes around the whole value."
        raise FilterSyntaxError(msg, end, end + 1)
    return (Term(name, tuple(values), is_not, begin, end) if values else None), end


def value_at(text: str, at: int) -> tuple[Value, int, bool]:
    """Return the value at a position, the position of its end, and whether its quote is closed."""
    match = _VALUE.match(text, at)
    assert match is not None  # noqa: S101 - it matches anywhere, also the empty string
    exact, inside, closing, word = match.groups()
    if inside is None:
        return Value(word, bool(exact)), match.end(), True
    words = _ESCAPED.sub(r"\1", inside)
    return Value(words, bool(exact), is_quoted=True), match.end(), bool(closing)


def name_at(text: str, at: int) -> str:
    """Return the name before a colon at a position, or an empty string."""
    match = _NAME.match(text, at)
    if match is None:
        return ""
    written = match[1]
    address = _ADDRESS.match(text, at)
    if address and address[2]:  # de:ad:be:ef:00:01; de: alone is a department
        return ""
    if (address or _HAS_DIGIT.search(written)) and not matching_fields(written):
        return ""
    return written


def _resolve_name(written: str, start: int, end: int) -> FilterField:
    matches = matching_fields(written)
    if len(matches) == 1:
        return matches[0]
    shown = sanitize(written, _MAX_SHOWN)
    secret = secret_field_named(written)
    if matches:
        names = listed([name.name for name in matches], "or")
        msg = f"{shown} is ambiguous: {names}? Type more letters."
    elif secret:
        msg = f"{secret.name} cannot be used in a filter. Remove it."
    else:
        near = nearest_name(written)
        suggestion = f"Did you mean {near}? " if near else ""
        msg = f"Unknown field {shown}. {suggestion}To search for the text itself, put it in quotes."
    raise FilterSyntaxError(msg, start, end, is_secret=secret is not None and not matches)


def _require_none_yet(value: Value, at: int) -> None:
    """Raise FilterSyntaxError, which shows no value: it may be a password."""
    if not NONE_YET.startswith(value.text.casefold()):
        msg = f"password: accepts only {NONE_YET}. Passwords cannot be used in a filter."
        raise FilterSyntaxError(msg, 0, at, is_secret=True)


def _missing_value_text(name: FilterField | None, value: Value) -> str:
    if name is None and value.is_quoted:
        return '"" needs a field name, for example location:"" for users without a location.'
    if name is None:
        return "A search term is missing here. Add one, or remove the operator."
    if name.kind is FilterKind.TEXT:
        return f'{name.name}: needs a value, or "" for empty.'
    return f"{name.name}: needs a value: {accepted_values_text(name)}."


_NOT_LISTED: Final = {
    FilterKind.CHANGED: "today, yesterday, a number of days (7d), a day (2026-11-20) or days "
    "(2026-11-20..2026-11-23)",
    FilterKind.IMPORT: "last, or a transaction number from the Activity page",
    FilterKind.DUPLICATE: "the name of a text field, for example extension",
}


def accepted_values_text(name: FilterField) -> str:
    """Return the possible values of a filter name, for a sentence."""
    if name.kind in _NOT_LISTED:
        return _NOT_LISTED[name.kind]
    return listed([*name.values, '""'] if name.kind is FilterKind.FLAG else [*name.values], "or")
