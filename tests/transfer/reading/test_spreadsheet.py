"""How spreadsheets alter values, and how it is recognized."""

import time

import pytest

from qm_tui.transfer.reading.spreadsheet import (
    as_text_formula,
    escape_formula,
    from_text_formula,
    is_formula,
    is_spreadsheet_damage,
    is_text_formula,
    needs_escape,
    spreadsheet_would_alter,
    unescape_formula,
)


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ("0412", "412"),
        ("000412", "412"),
        ("007", "7"),
        ("00", "0"),
        ("+4722123456", "4722123456"),
        ("+0412", "412"),
        ("100000", "1E+05"),
        ("100000", "1e+05"),
        ("100000", "1E+5"),
        ("100000", "1E5"),
        ("100000", "1.00E+05"),
        ("0100000", "1E+05"),
        ("+100000", "1E+05"),
        ("123456789012", "1.23457E+11"),
        ("123456789012", "1,23457E+11"),
        ("123456789012", "1.23456789012E+11"),
        ("4722123456", "4.72E+09"),
        ("0412,0413", "412,413"),
        ("0412,0413", "412,0413"),
        ("0412, 0413", "412, 413"),
        ("0412,desk,5", "412,desk,5"),
        ("+47221,100000", "47221,1E+05"),
    ],
)
def test_was_eaten_recognizes_altered_values(stored, found):
    assert is_spreadsheet_damage(stored, found)


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        ("0412", "0412"),
        ("", "412"),
        ("0412", ""),
        ("", ""),
        ("412", "0412"),
        ("4722123456", "+4722123456"),
        ("0412", "413"),
        ("0412", "12"),
        ("1412", "412"),
        ("0412", "4120"),
        ("100000", "1E+06"),
        ("100000", "2E+05"),
        ("123456789012", "1.23458E+11"),
        ("123456789012", "1.23457E+10"),
        ("100001", "1.00000E+05x"),
        ("0412", "412.0x"),
        ("0412,0413", "412"),
        ("0412", "412,413"),
        ("0412,0413", "413,412"),
        ("desk 0412", "desk 412"),
        ("0x12", "x12"),
        ("Oslo", "oslo"),
        ("anna", "Anna"),
        ("٠٤١٢", "٤١٢"),
        ("1" * 5000, "1E+05"),
        ("1E+05", "1E+99"),
    ],
)
def test_was_eaten_is_false_for_other_differences(stored, found):
    assert not is_spreadsheet_damage(stored, found)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ('="0123"', "0123"),
        ('="+44"', "+44"),
        ('=""', ""),
        ('="a""b"', 'a"b'),
        ('="=""x"""', '="x"'),
        ('="a\nb"', "a\nb"),
        ("0123", "0123"),
        ("", ""),
        ("=0123", "=0123"),
        ('="0123', '="0123'),
        ('=0123"', '=0123"'),
        ('="', '="'),
        ('="a"b"', '="a"b"'),
        ('="0123"&"4"', '="0123"&"4"'),
        ("=SUM(A1)", "=SUM(A1)"),
        ('"0123"', '"0123"'),
        ('x="0123"', 'x="0123"'),
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
    "=1+1",
    "=",
    "+1+1",
    "+x",
    "+",
    "-2",
    "-",
    "--",
    "@SUM(A1)",
    "\t=1",
    "+47*2",
    '="0123"',
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
        ("'=1", "=1"),
        ("''=1", "'=1"),
        ("'-", "-"),
        ("'@x", "@x"),
        ("'\tx", "\tx"),
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


@pytest.mark.parametrize(
    "value",
    [
        *("0412", "00", "+47", "+47 22 12 34 56", "123456789012", "001122334455"),
        *("1E5", "1e+05", "12E3", "1.5E10", "1234e5678901", "1.5", "12.50", ".5", "1,5", "5 %"),
        *("$5", "(12)", "1 000", "1\xa0000", " 12", "0412,0413", "413,414", "0412, 0413", "1/2"),
        *("1-2", "2024-01-02", "1.2.2024", "12:30", "1:2:3", "5 PM", "5:30am", "10.100.100.100"),
        *("2-Mar", "Mar 2", "MARCH1", "SEPT2", "1. Mai 2024", "Dez 24", "3 févr", "true", "Falsch"),
        *_FORMULAS,
    ],
)
def test_mangled_is_true_for_values_that_a_spreadsheet_alters(value):
    assert spreadsheet_would_alter(value)


@pytest.mark.parametrize(
    "value",
    [
        *("", "0", "1", "412", "12345678901", "10.0.0.17", "192.168.1.100", "00:1A:2B:3C:4D:5E"),
        *("Any", "Oslo", "A-17", "12A", "May", "Mark 1", "Zürich, Seefeld", "u2222222222a", "E5"),
        *(
            "CORP\\anna",
            "sip:0412@example.com",
            "fd00:86::11",
            "'0123",
            "desk 0412",
            "٠٤١٢",
            "-"[1:],
        ),
    ],
)
def test_mangled_is_false_for_values_that_a_spreadsheet_keeps(value):
    assert not spreadsheet_would_alter(value)


@pytest.mark.parametrize("value", ["1" * 4096 + "x", "Jan" + "1" * 4093, "+" + "1" * 4094 + "x"])
def test_checks_of_the_longest_values_take_no_longer_than_reading_them(value):
    begin = time.perf_counter()
    spreadsheet_would_alter(value)
    is_formula(value)
    assert time.perf_counter() - begin < 5  # what tries all ways to read it takes hours
