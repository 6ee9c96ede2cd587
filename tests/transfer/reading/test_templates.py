"""Templates: their syntax, and what their modifiers make of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.transfer.reading.mapped.templates import (
    MODIFIERS,
    InvalidTemplate,
    Placeholder,
    parse_template,
)


def test_template_is_parsed_into_texts_and_placeholders():
    assert parse_template("{Given Name|first|lower}.{ Surname }@x").parts == (
        Placeholder("Given Name", ("first", "lower")),
        ".",
        Placeholder("Surname"),
        "@x",
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "names no column"),
        ("anna", "names no column"),
        ("{A", "no counterpart"),
        ("{A}}", "no counterpart"),
        ("{A}{", "no counterpart"),
        ("{}", "no column name"),
        ("{ |lower}", "no column name"),
        ("{A|}", "a modifier is missing after ."),
        ("{A|Lower}", "unknown modifier Lower; valid modifiers: first, lower, ascii"),
        ("{A|\x1b[2J}", "unknown modifier"),
    ],
)
def test_invalid_template_is_refused(text, why):
    with pytest.raises(InvalidTemplate, match=why) as refused:
        parse_template(text)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("value", "in_ascii"),
    [
        ("Anna-Lena O'Hara", "Anna-Lena O'Hara"),
        ("Jürgen", "Jurgen"),
        ("Ju\u0308rgen", "Jurgen"),
        ("Łukasz Øst Đorđević", "Lukasz Ost Dordevic"),
        ("Weiß ÆØÅ æøå œ Þór", "Weiss AEOA aeoa oe THor"),
        ("d’Arcy", "d'Arcy"),
        ("Ｆｕｌｌ", "Full"),
        ("陳", ""),
        ("Anna Иван", ""),
    ],
)
def test_letters_get_their_form_in_ascii_or_the_value_is_empty(value, in_ascii):
    assert MODIFIERS["ascii"](value) == in_ascii


@given(st.text())
def test_ascii_is_ascii_and_leaves_ascii_as_it_is(value):
    made = MODIFIERS["ascii"](value)
    assert made.isascii()
    assert made == value or not value.isascii()


def test_modifiers_are_applied_from_left_to_right():
    assert Placeholder("A", ("first",)).apply(["E\u0301mile"]) == [
        "\N{LATIN CAPITAL LETTER E WITH ACUTE}"
    ]
    assert Placeholder("A", ("ascii", "first", "lower")).apply(["Émile"]) == ["e"]
    assert Placeholder("A", ("first", "ascii")).apply(["ßen"]) == ["ss"]
    assert Placeholder("A", ("ascii", "first")).apply(["ßen"]) == ["s"]
