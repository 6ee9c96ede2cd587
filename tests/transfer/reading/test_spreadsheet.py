"""Cells that are written for a spreadsheet: `="0123"`, and the guard against formulas."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.transfer.reading.spreadsheet import (
    as_text_formula,
    escape_formula,
    from_text_formula,
    is_formula,
    is_text_formula,
    needs_escape,
    unescape_formula,
)

_text = st.text("=\"'+-@\t 0a\n,;é")


@given(_text)
def test_cells_are_read_as_they_were_before_they_were_wrapped_or_guarded(value):
    assert from_text_formula(as_text_formula(value)) == value
    assert is_text_formula(value) is (from_text_formula(value) != value)
    assert needs_escape(value) is (unescape_formula(value) != value)
    if needs_escape(value) or is_formula(value):
        assert unescape_formula(escape_formula(value)) == value


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


_FORMULAS = ["=1+1", "=", "+1+1", "+x", "+", "-2", "-", "--", "@SUM(A1)", "\t=1", "+47*2", '="0"']
_PHONES = ["+47", "+47 22 12 34 56", "+1 (555) 123-4567", "+49/30.1234", "+(0) 1", "+47\xa022"]
_TEXTS = ["", "0123", "'=1", "''", "O'Brien", "'t Hooft", "a=b", " =1", "Oslo", "1-2", "sip:a@b.c"]


def test_formulas_are_told_from_phone_numbers_and_texts():
    assert [value for value in _FORMULAS if not is_formula(value)] == []
    assert [value for value in (*_PHONES, *_TEXTS) if is_formula(value)] == []
    begin = time.perf_counter()
    for value in ("1" * 4096 + "x", "Jan" + "1" * 4093, "+" + "1" * 4094 + "x"):
        is_formula(value)
    assert time.perf_counter() - begin < 5  # what tries all ways to read it takes hours


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(("'=1", "=1"), ("''=1", "'=1"), ("'-", "-"), ("'@x", "@x"), ("'\tx", "\tx")),
        *(("'+1+1", "+1+1"), ("'+47 22", "'+47 22"), ("'t Hooft", "'t Hooft"), ("'0", "'0")),
        *(("O'Brien", "O'Brien"), ("'", "'"), ("''", "''"), ("' =1", "' =1"), ("=1", "=1")),
    ],
)
def test_only_the_guard_of_a_formula_is_removed(cell, value):
    assert unescape_formula(cell) == value
