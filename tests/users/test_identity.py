"""What identifies a user: IDs that no spreadsheet alters, names without case."""

import re
from collections import Counter

import pytest

from qm_tui.users.identity import name_key, new_user_ids

_MANY = 20_000


@pytest.mark.parametrize("count", [0, 1, 2, 7, 1000])
def test_as_many_ids_are_made_as_were_asked_for(count):
    assert len(new_user_ids(count)) == count


def test_an_id_is_u_and_11_lower_case_letters_and_digits():
    shape = re.compile(r"u[a-z0-9]{11}")
    assert all(shape.fullmatch(one) for one in new_user_ids(_MANY))


def test_no_id_holds_a_look_alike():
    assert not set("".join(new_user_ids(_MANY))) & set("0o1l")


def test_ids_are_base_32_and_evenly_spread():
    letters = Counter("".join(one[1:] for one in new_user_ids(_MANY)))
    average = _MANY * 11 / 32
    assert len(letters) == 32
    assert all(0.9 * average < count < 1.1 * average for count in letters.values())


def test_each_place_of_an_id_takes_every_letter():
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
def test_user_names_are_the_same_whatever_their_case(one, other):
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("anna", "ana"), ("muller", "müller"), ("0412", "412"), ("a b", "ab")]
)
def test_user_names_that_differ_by_more_than_case_differ(one, other):
    assert name_key(one) != name_key(other)
