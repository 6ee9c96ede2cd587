"""Generated User IDs, and User Names without case."""

import re
from collections import Counter

import pytest

from qm_tui.users.identity import new_user_ids, normalize_user_name

_MANY = 20_000


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
def test_requested_number_of_ids_is_generated(count):
    assert len(new_user_ids(count)) == count


def test_id_is_u_and_11_lower_case_letters_and_digits():
    shape = re.compile(r"u[a-z0-9]{11}")
    assert all(shape.fullmatch(one) for one in new_user_ids(_MANY))


def test_ids_contain_no_similar_characters():
    assert not set("".join(new_user_ids(_MANY))) & set("0o1l")


def test_ids_are_base_32_and_evenly_spread():
    letters = Counter("".join(one[1:] for one in new_user_ids(_MANY)))
    average = _MANY * 11 / 32
    assert len(letters) == 32
    assert all(0.9 * average < count < 1.1 * average for count in letters.values())


def test_every_letter_occurs_at_each_position():
    ids = new_user_ids(_MANY)
    assert [len({one[place] for one in ids}) for place in range(1, 12)] == [32] * 11


def test_ids_are_unique_within_and_across_calls():
    assert len(set(new_user_ids(_MANY) + new_user_ids(_MANY))) == 2 * _MANY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "ANNA"),
        ("Müller", "MÜLLER"),
        ("straße", "STRASSE"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("", ""),
    ],
)
def test_user_names_are_compared_without_case(one, other):
    assert normalize_user_name(one) == normalize_user_name(other)


@pytest.mark.parametrize(
    ("one", "other"), [("anna", "ana"), ("muller", "müller"), ("0412", "412"), ("a b", "ab")]
)
def test_user_names_that_differ_otherwise_are_distinct(one, other):
    assert normalize_user_name(one) != normalize_user_name(other)
