"""How spreadsheets alter values, and how it is recognized.

The values are in `spreadsheet_values.csv`. Those `altered by opening` are what a spreadsheet makes
of a value when it opens and saves a file; those `altered by a format` need another format of the
cell, or another change in the spreadsheet.
"""

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
from qm_tui.users.fields import FIELD, FIELDS, Field
from tests.transfer.spreadsheet_values import SAVED, values

_TEXT = FIELD["agent_id"]


def _fields(key: str) -> list[Field]:
    """Return the field with this key; all fields without one."""
    return [FIELD[key]] if key else [*FIELDS]


@pytest.mark.parametrize("what", ["altered by opening", "altered by a format", "other value"])
def test_altered_values_are_told_from_other_values(what):
    wrong = [
        (field.key, stored, found)
        for key, stored, found in values(what)
        for field in _fields(key)
        if is_altered(stored, found, field) is (what == "other value")
    ]
    assert wrong == []


def test_values_that_a_spreadsheet_alters_are_found_before_an_export():
    altered = dict.fromkeys(stored for stored, _ in SAVED)
    assert [value for value in altered if may_be_altered([value]) != [value]] == []
    kept = [value for _, value, _ in values("kept by opening")]
    assert [value for value in kept if may_be_altered([value])] == []


def test_altered_values_are_found_among_others():
    some = ["Anna", "0412", "10.0.0.1", "3-4", "", "Bo", "=x", "412", "true", "1E5"]
    assert may_be_altered(some) == ["0412", "3-4", "=x", "true", "1E5"]
    assert may_be_altered(["a\n0412", "0413"]) == ["0413"]


@pytest.mark.parametrize(
    ("what", "is_kind"), [("error value", is_error_value), ("number format", has_number_format)]
)
def test_error_values_and_number_formats_are_recognized(what, is_kind):
    assert [value for _, value, _ in values(what) if not is_kind(value)] == []
    assert [value for _, value, _ in values(f"no {what}") if is_kind(value)] == []
    assert is_altered("1" * 5000, "1E+05", _TEXT) is False


def test_error_values_may_be_altered_again():
    errors = [value for _, value, _ in values("error value")]
    assert may_be_altered(errors) == errors


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
