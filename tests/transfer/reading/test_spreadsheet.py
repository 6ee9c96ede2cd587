"""Cells that are written for a spreadsheet: `="0123"`, and the guard against formulas."""

import time

import pytest

from qm_tui.transfer.reading.spreadsheet import (
    as_text_formula,
    escape_formula,
    from_text_formula,
    is_formula,
    is_text_formula,
    needs_escape,
    unescape_formula,
)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(('="0123"', "0123"), ('="+44"', "+44"), ('=""', ""), ('="a""b"', 'a"b')),
        *(('="=""x"""', '="x"'), ('="a\nb"', "a\nb"), ("0123", "0123"), ("", "")),
        *(("=0123", "=0123"), ('="0123', '="0123'), ('=0123"', '=0123"'), ('="', '="')),
        *(('="a"b"', '="a"b"'), ('="0123"&"4"', '="0123"&"4"'), ("=SUM(A1)", "=SUM(A1)")),
        *(('"0123"', '"0123"'), ('x="0123"', 'x="0123"')),
    ],
)
def test_cell_wrapped_as_a_text_formula_is_unwrapped(cell, value):
    assert from_text_formula(cell) == value


@pytest.mark.parametrize(
    "value", ["", "0123", '"', '""', '="0123"', 'a"b', "=", '="', "é", "a,b;c"]
)
def test_unwrapped_is_the_inverse_of_wrapped(value):
    assert from_text_formula(as_text_formula(value)) == value


@pytest.mark.parametrize(
    ("value", "needs"),
    [('="x"', True), ('=""', True), ('="a""b"', True), ("=x", False), ('="x', False), ("", False)],
)
def test_needs_wrapping_if_a_reader_would_unwrap_the_value(value, needs):
    assert is_text_formula(value) is needs
    assert is_text_formula(value) is (from_text_formula(value) != value)


_FORMULAS = [
    *("=1+1", "=", "+1+1", "+x", "+", "-2", "-", "--", "@SUM(A1)", "\t=1", "+47*2", '="0123"'),
]
_PHONES = ["+47", "+47 22 12 34 56", "+1 (555) 123-4567", "+49/30.1234", "+(0) 1", "+47\xa022"]
_TEXTS = ["", "0123", "'=1", "''", "O'Brien", "'t Hooft", "a=b", " =1", "Oslo", "1-2", "sip:a@b.c"]


@pytest.mark.parametrize("value", _FORMULAS)
def test_would_run_is_true_for_formulas(value):
    assert is_formula(value)
    assert unescape_formula(escape_formula(value)) == value
    assert needs_escape(escape_formula(value))
    assert unescape_formula(escape_formula(escape_formula(value))) == escape_formula(value)


@pytest.mark.parametrize("value", [*_PHONES, *_TEXTS])
def test_would_run_is_false_for_phone_numbers_and_texts(value):
    assert not is_formula(value)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("'=1", "=1"), ("''=1", "'=1"), ("'-", "-"), ("'@x", "@x"), ("'\tx", "\tx")),
        ("'+1+1", "+1+1"),
    ],
)
def test_unguarded_removes_only_the_guard(cell, value):
    assert unescape_formula(cell) == value


@pytest.mark.parametrize(
    "cell", ["'+47 22", "'t Hooft", "O'Brien", "'", "''", "'0123", "' =1", "=1", "", "'Oslo'"]
)
def test_unguarded_leaves_other_values_unchanged(cell):
    assert unescape_formula(cell) == cell
    assert not needs_escape(cell)


@pytest.mark.parametrize("value", ["1" * 4096 + "x", "Jan" + "1" * 4093, "+" + "1" * 4094 + "x"])
def test_checks_of_the_longest_values_take_no_longer_than_reading_them(value):
    begin = time.perf_counter()
    is_formula(value)
    assert time.perf_counter() - begin < 5  # what tries all ways to read it takes hours
