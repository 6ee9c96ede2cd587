"""How spreadsheets alter values, and how it is recognized."""

import base64
import random
import time

import pytest

from qm_tui.transfer.spreadsheet import (
    has_number_format,
    is_altered,
    is_error_value,
    may_be_altered,
)
from qm_tui.users.fields import FIELD, FIELDS

_TEXT = FIELD["agent_id"]

SAVED = [
    # leading zeros and plus signs
    ("0412", "412"),
    ("000412", "412"),
    ("00", "0"),
    ("+4722123456", "4722123456"),
    ("+0412", "412"),
    # exponents
    ("0100000", "1E+05"),
    ("+100000", "1E+05"),
    ("123456789012", "1.23457E+11"),
    ("123456789012", "1,23457E+11"),
    ("123456789012", "1.23456789012E+11"),
    ("12345678901234567890", "1.23456789012346E+019"),
    ("123456789012345678901234", "1.23456789012346E+23"),
    ("1E5", "100000"),
    ("1E05", "1.00E+05"),
    ("1e+05", "1.00E+05"),
    ("12E3", "1.20E+04"),
    ("1E-05", "1.00E-05"),
    ("0000000000e1", "0.00E+00"),
    ("1E400", "1.79769313486232E+308"),
    ("200E306", "1.79769313486232E+308"),
    ("12e456789012", "1.79769313486232E+308"),
    # 15 digits
    ("1234567890123456", "1234567890123450"),
    ("1234567890123457", "1234567890123460"),
    ("1234567890123456", "1.23457E+15"),
    ("123456.789012345678", "123456.789012346"),
    # decimals
    ("17.0", "17"),
    ("17,0", "17"),
    ("17.50", "17.5"),
    (".5", "0.5"),
    ("00412.0", "412"),
    ("3,", "3"),
    ("1 e5", "100000"),
    ("1e 5", "100000"),
    # fractions
    ("1 1/2", "1.5"),
    ("1  1/2", "1,5"),
    ("2 3/4", "2.75"),
    ("0 1/2", "0.5"),
    ("0 1/2", "1/2"),
    ("-1 1/2", "-1.5"),
    ("1 0/2", "1"),
    ("1 3/2", "2 1/2"),
    ("1 1/3", "1.33333333333333"),
    # thousands, currencies, percentages, parentheses
    ("1,234", "1234"),
    ("1.234", "1234"),
    ("1 234", "1234"),
    ("1\xa0234", "1234"),
    ("1,000.5", "1000.5"),
    ("1.000,5", "1000.5"),
    ("$5", "$5.00"),
    ("5 €", "5.00"),
    ("5%", "5.00%"),
    ("5%", "0.05"),
    ("(5)", "-5"),
    ("5-", "-5"),
    # lists and addresses
    ("100,200,300", "100200300"),
    ("100,200", "100200"),
    ("100,200", "100.2"),
    ("100,200", "100,2"),
    ("0412,0413", "412.0413"),
    ("2184,8932,2225", "218489322225"),
    ("0412,0413", "412,413"),
    ("0412,0413", "412,0413"),
    ("0412, 0413", "412, 413"),
    ("+47221,100000", "47221,1E+05"),
    ("10.102.101.100", "10102101100"),
    # dates
    ("3-4", "3-Apr"),
    ("3-4", "03-Apr"),
    ("3-4", "4-Mar"),
    ("3-4", "4/3/2026"),
    ("3-4", "04/03/26"),
    ("3-4", "03.04.2026"),
    ("3-4", "2026-04-03"),
    ("3-4", "46115"),
    ("3.4", "03. Apr"),
    ("3/4", "03-avr"),
    ("3-40", "Mar-40"),
    ("2024-01", "Jan-24"),
    ("2024-01-02", "1/2/2024"),
    ("1.2.2024", "02/01/24"),
    ("1. Mai 2024", "05/01/24"),
    ("Dez 24", "12/01/24"),
    ("Mar 2", "02. Mrz"),
    ("MARCH1", "1-Mar"),
    ("Jan 1.", "01/01/2026"),
    ("Monday, January 5, 2026", "01/05/2026"),
    ("Donnerstag, 1. Januar 2026", "01.01.2026"),
    ("lundi 5 janvier 2026", "2026-01-05"),
    ("SEPT2", "2-Sep"),
    ("2024-01-02 12:30", "1/2/2024 12:30"),
    ("2024-01-02 12:30", "45293.520833"),
    # times
    ("1:30", "01:30:00"),
    ("1:30", "01:30:00 AM"),
    ("1:30", "0.0625"),
    ("1:2:3", "01:02:03"),
    ("25:30", "25:30:00"),
    ("5 PM", "17:00:00"),
    ("5:30am", "05:30:00 AM"),
    ("1:30:45.5", "01:30:45.50"),
    ("12:", "12:00:00 PM"),
    ("5:", "05:00:00 AM"),
    ("12:30:", "12:30:00 PM"),
    ("3:30 4", "03:30:04 AM"),
    ("0:30 PM", "12:30:00 PM"),
    ("10:00.5", "10:00.50"),
    ("10:00,5", "00:10:00"),
    # formulas
    ("=AbC=", "#NAME?"),
    ("=AbC=", "Err:520"),
    ("=1+1", "2"),
    ("=TRUE()", "TRUE"),
    ("=A1", "First Name"),
    ('=HYPERLINK("x")', "x"),
    ("-2+3", "1"),
    ("+47-22-12", "13"),
    ("+6*4/3", "8"),
    ("@x", "#NAME?"),
    ('="0412"', "0412"),
    # booleans
    ("true", "TRUE"),
    ("Wahr", "WAHR"),
    ("wahr", "TRUE"),
    ("faux", "FALSE"),
    # blanks, which the reader does not trim in secrets
    (" 0412", "412"),
    (" 12", "12"),
    (" 3-4", "03-Apr"),
]
"""Values that a spreadsheet alters when it opens and saves a file."""

_FORMATTED = [
    ("100000", "1E+05"),
    ("100000", "1.00E+05"),
    ("4722123456", "4.72E+09"),
    ("17", "17.0"),
    ("1234", "1,234"),
    ("1234", "1.234"),
    ("1234", "1 234"),
    ("1234", "1\u202f234"),
    ("1234", "1'234.00"),
    ("17", "$17.00"),
    ("17", "17,00 €"),
    ("17", "1700%"),
    ("0", "-"),
    ("0412,desk,5", "412,desk,5"),
    ("'0412", "0412"),
    ("0412", "'0412"),
    ("'0412", "412"),
    ("anna", "#N/A"),
    ("anna", "#####"),
    ("", "#REF!"),
    ("Černý", "?erný"),
    ("Łódź", "?ód?"),
    ("小林", "??"),
]
"""Values that are altered by the format of a cell, or by other changes in a spreadsheet."""


@pytest.mark.parametrize(("stored", "found"), [*SAVED, *_FORMATTED])
def test_altered_value_is_recognized_in_every_field(stored, found):
    assert [field.key for field in FIELDS if not is_altered(stored, found, field)] == []


@pytest.mark.parametrize("stored", dict.fromkeys(stored for stored, _ in SAVED))
def test_value_that_a_spreadsheet_alters_is_found_before_an_export(stored):
    assert may_be_altered([stored]) == [stored]


@pytest.mark.parametrize(
    ("stored", "found", "is_damage"),
    [
        *(("1", "TRUE", True), ("1", "WAHR", True), ("0", "FAUX", True), ("1", "True", True)),
        *(("1", "1.0", True), ("0", "0,00", True), ("1", "FALSE", False), ("0", "1.0", False)),
    ],
)
def test_flag_is_altered_to_a_boolean_of_the_same_value(stored, found, is_damage):
    assert is_altered(stored, found, FIELD["is_active"]) is is_damage


@pytest.mark.parametrize(
    ("stored", "found"), [("17", "17,00"), ("100", "100,0"), ("10", "10,000"), ("412", "412,0")]
)
def test_comma_and_zeros_are_damage_except_in_a_list(stored, found):
    assert is_altered(stored, found, _TEXT)
    assert not is_altered(stored, found, FIELD["private_extensions"])


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        # a member added, removed or changed
        *(("20012002", "2001,2002"), ("100", "100,200"), ("100,200", "100"), ("7,7", "7,70")),
        *(("100,200", "100,2000"), ("100,20", "100,200"), ("100,200", "100,20"), ("5,7", "5,8")),
        *(("201,204", "201,2"), ("100,25", "100,3"), ("100,200", "100,200,300"), ("1,234", "1,23")),
        # blanks
        *(("100,200", "100, 200"), ("0412, 0413", "0412,0413"), ("a,b", "a, b")),
    ],
)
def test_edit_of_a_list_is_not_taken_for_damage(stored, found):
    assert not is_altered(stored, found, FIELD["additional_extensions"])


def test_number_is_no_boolean_except_in_a_flag():
    assert not is_altered("1", "TRUE", _TEXT)


@pytest.mark.parametrize(
    ("stored", "found"),
    [
        # equal, or empty
        *(("0412", "0412"), ("#N/A", "#N/A"), ("", "412"), ("0412", ""), ("", "")),
        # corrected: no spreadsheet adds zeros or a plus sign
        *(("412", "0412"), ("4722123456", "+4722123456"), ("1.23E+11", "123456789012")),
        # other numbers
        *(("0123", "456"), ("1001", "1002"), ("0412", "12"), ("1412", "412"), ("0412", "4120")),
        *(("17", "17.5"), ("17.5", "17"), ("12.25", "12.3x"), ("5", "-5"), ("(5)", "5")),
        *(("100000", "1E+06"), ("100000", "2E+05"), ("123456789012", "1.23458E+11")),
        *(("123456789012", "1.23457E+10"), ("1E+05", "1E+99"), ("1" * 5000, "1E+05")),
        *(("1234567890123456", "1234567890123400"), ("12345678901234567890", "1.2346E+18")),
        # commas, and decimals of a number that has some
        *(("1234", "12,34"), ("123", "12,3"), ("100", "1,00"), ("20012002", "2001,2002")),
        *(("1234567", "1,2345,67"), ("412", "0,412"), ("1234", "12.34"), ("123456", "12 3456")),
        *(("17.5", "17.50"), ("17.0", "17.00"), ("1,234.5", "1,234.50"), ("17.25", "17.3")),
        # lists
        *(("100,200", "100"), ("100,200", "200"), ("100,200", "100,300"), ("100,200", "200,100")),
        *(("0412,0413", "412"), ("0412", "412,413"), ("0412,0413", "413,412")),
        # addresses
        *(("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "10001"), ("10.102.101.100", "10.102.101.101")),
        # dates and times
        *(("3-4", "5-6"), ("3-4", "4-3"), ("3-4", "5-Apr"), ("3-4", "46116"), ("3-4", "4/5/2026")),
        *(("1-2", "1-2-3"), ("1.2.3", "1.2.4"), ("3-4", "1-4-2026")),
        *(("1:30", "1:31"), ("1:30", "02:30:00"), ("5:", "06:00:00 AM")),
        *(("10:00.5", "10:00:30"), ("1 1/2", "1.6")),
        *(("1 1/0", "1"), ("1 1/2", "1 1/3"), ("Monday, May 5", "5/6/2026"), ("13:30 PM", "1:30")),
        *(("1:30", "0.0626"), ("99:99", "100:39")),
        *(("2024-01-02", "2024-01-02 12:30"), ("5 PM", "05:00:00 AM"), ("May", "5-May")),
        # formulas
        *(("=1+1", "=1+2"), ("-2+3", "2"), ("+1/0", "1"), ("+47-22-12", "+47-22-13")),
        *(("+47-22-123456", "412"), ("@x", "x"), ("+47 22 12 34 56", "412")),
        # texts
        *(("Oslo", "oslo"), ("anna", "Anna"), ("true", "True"), ("true", "FALSE")),
        *(
            ("'a", "a"),
            ("'", " "),
            ("'t Hooft", "t Hooft"),
            ("desk 0412", "desk 412"),
            ("0x12", "x12"),
            ("Černý", "?erny"),
            ("Černý", "?rný"),
            ("Cerny", "?erny"),
            ("Jürgen", "Jurgen"),
            ("٠٤١٢", "٤١٢"),
        ),
    ],
)
def test_other_difference_is_not_taken_for_damage(stored, found):
    assert not is_altered(stored, found, _TEXT)


@pytest.mark.parametrize(
    "value",
    [
        *("", "0", "1", "412", "12345678901", "10.0.0.17", "10.100.100.10", "192.168.1.100"),
        *("00:1A:2B:3C:4D:5E", "00:11:22:33:44:55", "Any", "Oslo", "A-17", "12A", "May", "Mark 1"),
        *("Zürich, Seefeld", "Černý", "u2222222222a", "E5", "CORP\\anna"),
        *("sip:0412@example.com", "1 1/0", "A04127", "Monday", "Monday team"),
        *("fd00:86::11", "'0123", "desk 0412", "٠٤١٢", "AZJ8Vlyt6XX5", "d3bca6", "99:99", "13/13"),
    ],
)
def test_value_that_every_spreadsheet_keeps_is_not_found(value):
    assert may_be_altered([value]) == []


def test_altered_values_are_found_among_others():
    values = ["Anna", "0412", "10.0.0.1", "3-4", "", "Bo", "=x", "412", "true", "1E5"]
    assert may_be_altered(values) == ["0412", "3-4", "=x", "true", "1E5"]
    with_line_break = ["a\n0412", "0413"]
    assert may_be_altered(with_line_break) == ["0413"]


@pytest.mark.parametrize(
    "value",
    [
        *(
            "#NAME?",
            "#VALUE!",
            "#REF!",
            "#N/A",
            "#DIV/0!",
            "#NUM!",
            "#NULL!",
            "##",
            "###",
            "########",
        ),
        *("#¡VALOR!", "#¿NOMBRE?", "#ADRESA!", "#OVERLOOP!", "#ADR!", "#AD?", "#PUSTE!", "#N/D"),
        *("#ЗНАЧ!", "#ИМЯ?", "#ДЕЛ/0!", "#Н/Д", "#VÄRDEFEL!", "#BRAK", "#I/T", "#DĚLENÍ_NULOU!"),
        *(
            "Err:502",
            "Err:520",
            "Err:599",
            "#NOM?",
            "#WERT!",
            "#BEZUG!",
            "#NV",
            "#ZAHL!",
            "#VALEUR!",
            "#DIV/0 !",
            "#SPILL!",
            "#GETTING_DATA",
        ),
    ],
)
def test_error_value_is_recognized(value):
    assert is_error_value(value)
    assert may_be_altered([value]) == [value]


@pytest.mark.parametrize(
    "value",
    [
        *("", "#", "#5", "#NAME", "Err:", "Err:5", "NV", "#N/A!", "#!", "#Sales!", "#a1!", "##a"),
        *("#TEAM 1!", "C#", "#n/a"),
    ],
)
def test_other_value_is_no_error_value(value):
    assert not is_error_value(value)


@pytest.mark.parametrize(
    ("value", "is_found"),
    [
        *(("1E+05", True), ("1.23E+11", True), ("1,23457E+11", True), ("17.0", True)),
        *(("1.23456789012346E+019", True), ("413,1E+05", True), ("413, 17.00", True)),
        *(("1E05", False), ("17", False), ("17.5", False), ("x1E+05", False), ("a.0", False)),
    ],
)
def test_number_format_is_recognized(value, is_found):
    assert has_number_format(value) is is_found


@pytest.mark.parametrize(
    "value",
    [
        *("1" * 4096 + "x", "Jan" + "1" * 4093, "+" + "1" * 4094 + "x", "1," * 150 + "x"),
        *(" " * 300 + "x", "1,2." * 70, "+1*2" * 75, "." * 300, "9e" + "9" * 300, "1 " * 150 + "1"),
    ],
)
def test_checks_of_the_longest_values_take_no_longer_than_reading_them(value):
    begin = time.perf_counter()
    may_be_altered([value])
    for stored, found in ((value, value[:-1]), (value, "1E+05"), ("1,000", value)):
        is_altered(stored, found, _TEXT)
    assert time.perf_counter() - begin < 5  # what tries all ways to read it takes hours


# Edits


def _numbers(chooser: random.Random, digits: int) -> str:
    return "".join(chooser.choices("0123456789", k=digits))


def _realistic(chooser: random.Random) -> dict[str, str]:
    """Return a value as users have it for each field that is edited often."""
    extension = _numbers(chooser, 4)
    name = chooser.choice(("anna", "bo", "cem", "dana", "eve")) + chooser.choice(("", extension))
    day, month = chooser.randrange(1, 29), chooser.randrange(1, 13)
    return {
        "extension": chooser.choice((extension, f"+4722{_numbers(chooser, 6)}", f"9{extension}")),
        "agent_id": chooser.choice(
            (f"A-{extension}", _numbers(chooser, 6), f"{day}-{month}", f"1E{_numbers(chooser, 2)}")
        ),
        "user_name": chooser.choice((name, extension)),
        "location": chooser.choice(
            ("Oslo", f"{day}-{month}", f"{day}.{month}", f"Room {extension}", f"{day}:{month + 30}")
        ),
        "phone_ip": chooser.choice(
            (
                ".".join(str(chooser.randrange(256)) for _ in range(4)),
                chooser.randbytes(6).hex(":"),
                chooser.randbytes(6).hex(),
            )
        ),
        "password": chooser.choice(
            (base64.b64encode(chooser.randbytes(12)).decode(), chooser.randbytes(12).hex())
        ),
        "salt": chooser.choice((chooser.randbytes(3).hex(), _numbers(chooser, 12))),
        "additional_extensions": ",".join(
            _numbers(chooser, chooser.choice((3, 4))) for _ in range(chooser.randrange(1, 4))
        ),
    }


def test_random_edits_are_hardly_ever_taken_for_damage():
    chooser = random.Random(1)  # noqa: S311 - no secret
    pairs = wrong = 0
    while pairs < 20_000:
        before, after = _realistic(chooser), _realistic(chooser)
        for key, value in before.items():
            pairs += value != after[key]
            wrong += is_altered(value, after[key], FIELD[key])
    assert wrong <= pairs / 1000


def _edited(members: list[str], chooser: random.Random) -> list[str]:
    """Return a list after a small edit: a member more or less, or a digit changed or added."""
    at = chooser.randrange(len(members))
    before, member, after = members[:at], members[at], members[at + 1 :]
    digit = chooser.randrange(len(member))
    changed = member[:digit] + _numbers(chooser, 1) + member[digit + 1 :]
    return chooser.choice(
        (
            [*members, _numbers(chooser, len(member))],
            [*before, _numbers(chooser, len(member)), *members[at:]],
            (before + after) or [_numbers(chooser, 3)],
            [*before, changed, *after],
            [*before, member + _numbers(chooser, 1), *after],
        )
    )


@pytest.mark.parametrize("key", ["additional_extensions", "private_extensions"])
def test_edits_of_lists_are_hardly_ever_taken_for_damage(key):
    chooser = random.Random(1)  # noqa: S311 - no secret
    pairs = wrong = 0
    while pairs < 10_000:
        sizes = chooser.choices((2, 3, 4, 5), k=chooser.randrange(1, 5))
        members = [_numbers(chooser, size) for size in sizes]
        before, after = (",".join(some) for some in (members, _edited(members, chooser)))
        pairs += before != after
        wrong += is_altered(before, after, FIELD[key])
    assert wrong <= pairs / 1000
