"""What a spreadsheet does to values, and how it is recognized."""

import pytest

from qm_tui.transfer.spreadsheet import needs_wrapping, unwrapped, was_eaten, wrapped


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
def test_a_value_that_a_spreadsheet_ate_is_recognized(stored, found):
    assert was_eaten(stored, found)


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
def test_any_other_difference_is_a_change(stored, found):
    assert not was_eaten(stored, found)


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
def test_a_cell_in_the_form_of_a_text_formula_is_unwrapped(cell, value):
    assert unwrapped(cell) == value


@pytest.mark.parametrize(
    "value", ["", "0123", '"', '""', '="0123"', 'a"b', "=", '="', "é", "a,b;c"]
)
def test_what_was_wrapped_is_unwrapped_again(value):
    assert unwrapped(wrapped(value)) == value


@pytest.mark.parametrize(
    ("value", "needs"),
    [('="x"', True), ('=""', True), ('="a""b"', True), ("=x", False), ('="x', False), ("", False)],
)
def test_a_value_needs_wrapping_where_a_reader_would_unwrap_it(value, needs):
    assert needs_wrapping(value) is needs
    assert needs_wrapping(value) is (unwrapped(value) != value)
