"""The filter language: each form, and the errors of invalid filters."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.text import sanitize
from qm_tui.users.query.filter_fields import FILTER_FIELDS, FilterKind
from qm_tui.users.query.filter_parser import (
    MAX_FILTER_LENGTH,
    FilterSyntaxError,
    Value,
    parse_filter,
    quote_value,
)


def said(text: str, *, is_typing: bool = False) -> list[str]:
    """Return each term as text: `not department = Sales EMEA | "support`."""
    return [
        " ".join(
            [
                *(["not"] if term.is_not else []),
                *([term.name.name] if term.name else []),
                " | ".join(map(said_of, term.values)),
            ]
        )
        for term in parse_filter(text, is_typing=is_typing)
    ]


def said_of(value: Value) -> str:
    return "= " * value.is_exact + '"' * value.is_quoted + value.text


def fault_of(text: str, *, is_typing: bool = False) -> FilterSyntaxError:
    with pytest.raises(FilterSyntaxError) as caught:
        parse_filter(text, is_typing=is_typing)
    fault = caught.value
    assert 0 <= fault.start < fault.end <= len(text)
    assert fault.message[-1] == "."
    assert fault.message == sanitize(fault.message) == str(fault)
    return fault


_FORMS = (
    "anna ⇒ anna ¦ anna berg ⇒ anna ; berg ¦ "
    "  anna\tberg\xa0oslo\u3000ola  ⇒ anna ; berg ; oslo ; ola ¦ "
    '"anna berg" ⇒ "anna berg ¦ -anna ⇒ not anna ¦ --anna ⇒ not -anna ¦ '
    'anna-lisa ⇒ anna-lisa ¦ -"anna berg" ⇒ not "anna berg ¦ '
    'anna|bo|cy ⇒ anna | bo | cy ¦ anna|"bo b"|=cy ⇒ anna | "bo b | = cy ¦ '
    "=Anna ⇒ = Anna ¦ ==Anna ⇒ = =Anna ¦ a=b ⇒ a=b ¦ an* ⇒ an* ¦ * ⇒ * ¦ "
    '"*" ⇒ "* ¦ department:sales ⇒ department sales ¦ '
    "department:sales support ⇒ department sales ; support ¦ "
    "department:sales|support ⇒ department sales | support ¦ "
    'department:"Sales EMEA" ⇒ department "Sales EMEA ¦ '
    'department:="Sales EMEA" ⇒ department = "Sales EMEA ¦ '
    'department:"Sales EMEA"|="IT"|x ⇒ department "Sales EMEA | = "IT | x ¦ '
    '-department:"Sales EMEA" ⇒ not department "Sales EMEA ¦ '
    "department:-x ⇒ department -x ¦ department:a:b ⇒ department a:b ¦ "
    'extension:10* ⇒ extension 10* ¦ location:"" ⇒ location " ¦ '
    'location:="" ⇒ location = " ¦ -location:"" ⇒ not location " ¦ '
    'location:""|oslo ⇒ location " | oslo ¦ is_active:yes ⇒ active yes ¦ '
    "Active:Y ⇒ active Y ¦ ACTIVE:YES ⇒ active YES ¦ "
    "user-name:anna ⇒ user-name anna ¦ User_Name:anna ⇒ user-name anna ¦ "
    "USERNAME:anna ⇒ user-name anna ¦ dep:x ext:1 ⇒ department x ; extension 1 ¦ "
    "license:unlimited|on-demand ⇒ license unlimited | on-demand ¦ "
    "changed:2026-11-20..2026-11-23 ⇒ changed 2026-11-20..2026-11-23 ¦ "
    "import:last marked:no ⇒ import last ; marked no ¦ "
    "duplicate:extension ⇒ duplicate extension ¦ "
    "😀 location:東京 ⇒ 😀 ; location 東京 ¦ a\x00b ⇒ a\x00b"
)
"""Filters and their terms."""


_LOGINS = (
    "CORP\\anna ⇒ CORP\\anna ¦ "
    "windows-login:CORP\\anna ⇒ windows-login CORP\\anna ¦ "
    'windows-login:"CORP\\anna" ⇒ windows-login "CORP\\anna ¦ '
    '"CORP\\\\anna" ⇒ "CORP\\anna ¦ "\\\\\\\\server" ⇒ "\\\\server ¦ '
    '"say \\"hi\\"" ⇒ "say "hi" ¦ \\\\ ⇒ \\\\ ¦ 10.0.0.17 ⇒ 10.0.0.17 ¦ '
    "10.0.0.17:5060 ⇒ 10.0.0.17:5060 ¦ fe80::1 ⇒ fe80::1 ¦ ::1 ⇒ ::1 ¦ "
    "-fe80::1 ⇒ not fe80::1 ¦ fe80:* ⇒ fe80:* ¦ abcd::1 ⇒ abcd::1 ¦ "
    "abcd::10.0.0.1 ⇒ abcd::10.0.0.1 ¦ 00:1a:2b:3c:4d:5e ⇒ 00:1a:2b:3c:4d:5e ¦ "
    "AC:DE:48:00:11:22 ⇒ AC:DE:48:00:11:22 ¦ "
    "de:ad:be:ef:00:01|fe80::1 ⇒ de:ad:be:ef:00:01 | fe80::1 ¦ "
    "ac:de:48* ⇒ ac:de:48* ¦ ff:ee ⇒ ff:ee ¦ de:ad ⇒ department ad ¦ "
    "phone-ip:ac:de:48 ⇒ phone-ip ac:de:48 ¦ "
    "00-1a-2b-3c-4d-5e ⇒ 00-1a-2b-3c-4d-5e ¦ 001a.2b3c.4d5e ⇒ 001a.2b3c.4d5e ¦ "
    "sip:anna@example.org ⇒ sip-uri anna@example.org ¦ "
    "anna@example.org:5061 ⇒ anna@example.org:5061 ¦ "
    '"http://example.org/a?b=c" ⇒ "http://example.org/a?b=c ¦ 12:30 ⇒ 12:30 ¦ '
    "x2:y ⇒ x2:y ¦ 2: ⇒ 2: ¦ : ⇒ : ¦ :a ⇒ :a"
)
"""Logins and addresses need no quotes."""


@pytest.mark.parametrize("cases", [_FORMS, _LOGINS], ids=["forms", "logins"])
def test_each_form_is_parsed(cases):
    assert said("") == said(" \t\u00a0\u3000 ") == []
    for case in cases.split(" ¦ "):
        text, _, terms = case.partition(" ⇒ ")
        assert said(text) == terms.split(" ; "), text


@pytest.mark.parametrize(
    ("text", "begin", "end", "sentence"),
    [
        ("-", 0, 1, "A search term is missing here"),
        ("a -", 2, 3, "A search term is missing here"),
        ("=", 0, 1, "A search term is missing here"),
        ("|a", 0, 1, "A search term is missing here"),
        ("a|", 0, 2, "A search term is missing here"),
        ("a | b", 2, 3, "A search term is missing here"),
        ('""', 0, 2, '"" needs a field name'),
        ('a|""', 0, 4, '"" needs a field name'),
        ("department:", 0, 11, 'department: needs a value, or "" for empty.'),
        ("department: sales", 0, 11, "department: needs a value"),
        ("active:", 0, 7, 'active: needs a value: yes, no or "".'),
        ("license:", 0, 8, "license: needs a value: unlimited, on-demand, computer or none."),
        ("changed:", 0, 8, "changed: needs a value: today, yesterday, a number of days (7d)"),
        ("import:", 0, 7, "import: needs a value: last, or a transaction number"),
        ("duplicate:", 0, 10, "duplicate: needs a value: the name of a text field"),
        ("marked:", 0, 7, "marked: needs a value: yes or no."),
        ("a:", 0, 1, "a is ambiguous: agent-id, active or additional-extensions?"),
        ("x user:anna", 2, 6, "user is ambiguous: user-id or user-name? Type more letters."),
        (
            "departmant:x",
            0,
            10,
            "Unknown field departmant. Did you mean department? To search for the text itself",
        ),
        ("http://example.org", 0, 4, "Unknown field http."),
        ("password:x", 0, 9, "password: accepts only none-yet."),
        ("-password:none-yet|=x", 0, 10, "password: accepts only none-yet."),
        ("Salt:x", 0, 4, "Salt Value cannot be used in a filter."),
        ('"anna', 0, 5, "Unclosed quote."),
        ('bo "anna berg', 3, 13, "Unclosed quote."),
        ('department:x|"Sales', 13, 19, "Unclosed quote."),
        (r'"anna\"', 0, 7, "Unclosed quote."),
        ('"anna\\', 0, 6, "Unclosed quote."),
        ('"anna"x', 6, 7, "Unexpected quote."),
        ('an"na"', 2, 3, "Unexpected quote."),
        ('"a""b"', 3, 4, "Unexpected quote."),
        ("x" * 1001, 1000, 1001, "The filter is too long (maximum 1,000 characters)."),
    ],
)
def test_invalid_filter_is_an_error_with_its_position(text, begin, end, sentence):
    fault = fault_of(text)
    assert fault.message.startswith(sentence)
    assert (fault.start, fault.end) == (begin, end)


@pytest.mark.parametrize("name", ["\u3164\u3164", "a" * 500, "é\u115f"])
def test_unsafe_name_is_shown_sanitized(name):
    assert len(fault_of(f"{name}:x").message) < 200


def test_term_has_its_position():
    text = '  -department:"Sales EMEA"|x  anna'
    department, anna = parse_filter(text)
    assert text[department.start : department.end] == '"Sales EMEA"|x'
    assert text[anna.start : anna.end] == "anna"


def test_asterisk_is_a_wildcard_only_in_a_word():
    values = [term.values[0] for term in parse_filter('10* "10*" =10* department:="1*" 10')]
    assert [one.has_wildcard for one in values] == [True, False, False, False, False]


_UNFINISHED = (
    '- ⇒ ¦ = ⇒ ¦ " ⇒ ¦ -=" ⇒ ¦ department: ⇒ ¦ -department: ⇒ ¦ department:= ⇒ ¦ '
    'department:" ⇒ ¦ department:"" ⇒ department " ¦ '
    'department:"Sales E ⇒ department "Sales E ¦ department:x| ⇒ department x ¦ '
    'department:x|" ⇒ department x ¦ department:"Sales\\ ⇒ department "Sales\\ ¦ '
    '"say \\" ⇒ "say " ¦ anna| ⇒ anna ¦ anna "" ⇒ anna ¦ active: ⇒ ¦ '
    "anna bo -changed: ⇒ anna ; bo"
)
"""Unfinished filters and their terms."""


def test_unfinished_filter_is_parsed_while_typing():
    for case in _UNFINISHED.split(" ¦ "):
        text, _, terms = case.partition(" ⇒")
        assert said(text, is_typing=True) == [term for term in terms[1:].split(" ; ") if term], text


@pytest.mark.parametrize(
    "text",
    [
        "department: x",
        "- x",
        '"a"b',
        "a| b",
        '"" x',
        "nothing:x",
        "user:",
        "password:x",
        "x" * 1001,
    ],
)
def test_lasting_error_is_reported_while_typing(text):
    assert fault_of(text, is_typing=True).message == fault_of(text).message


# Any values

_TEXTS = [one.name for one in FILTER_FIELDS.values() if one.kind is FilterKind.TEXT]
_ANYTHING = st.text(st.characters() | st.sampled_from('"\\|*=-: \t\n\u00a0\x1e\x1f\ud800'))
_WORDS = st.text(string.ascii_letters + string.digits + "éß東*.\\@", min_size=1)


@given(st.lists(_ANYTHING.filter(lambda text: len(text) < 100), max_size=4))
def test_quoted_text_round_trips(values):
    terms = parse_filter(" ".join(f"location:{quote_value(value)}" for value in values))
    assert [term.values for term in terms] == [
        (Value(value, is_exact=False, is_quoted=True),) for value in values
    ]
    if values:
        (either,) = parse_filter(
            "-location:" + "|".join(f"={quote_value(value)}" for value in values)
        )
        assert [value.text for value in either.values] == values
        assert either.is_not


_VALUES = st.builds(
    lambda sign, value: sign + value,
    st.sampled_from(["", "="]),
    _WORDS | _ANYTHING.map(quote_value),
)
_TERMS = st.builds(
    lambda sign, name, values: f"{sign}{name}:{'|'.join(values)}",
    st.sampled_from(["", "-"]),
    st.sampled_from(_TEXTS),
    st.lists(_VALUES, min_size=1, max_size=3),
) | st.builds(
    lambda sign, values: sign + "|".join(values),
    st.sampled_from(["", "-"]),
    st.lists(_WORDS | _ANYTHING.filter(bool).map(quote_value), min_size=1, max_size=3),
)
_FILTERS = (
    st.lists(_TERMS, max_size=3).map(" ".join).filter(lambda text: len(text) <= MAX_FILTER_LENGTH)
)


@given(_FILTERS)
def test_every_prefix_of_a_filter_is_valid_or_an_error(text):
    assert len(parse_filter(text)) == len(parse_filter(text, is_typing=True))
    for end in range(len(text)):
        begun = text[:end]
        try:
            whole = parse_filter(begun)
        except FilterSyntaxError:
            fault_of(begun)
        else:
            assert parse_filter(begun, is_typing=True) == whole
