"""Counts of users by field and of licenses, and the filter for exactly the counted users."""

from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.users.query.counts import (
    COUNTABLE_FIELDS,
    EMPTY,
    NO_FLAG,
    count_by,
    count_field_values,
    keys_to_count,
    values_by_count,
)
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.license_usage import KEYS_TO_COUNT, LICENSES, count_licenses
from qm_tui.users.query.licenses import licenses_of
from qm_tui.users.query.query import Query
from tests.helpers import ANNA, YieldCounter, state_of

DEPARTMENT = FILTER_FIELDS["department"]
VALUE_KEYS = ("department", "is_active")


def no_rest():
    """Do nothing."""


def with_values(key, *values):
    """Return users that differ in one field."""
    return [
        ANNA._replace(user_id=f"u{number}", **{key: value}) for number, value in enumerate(values)
    ]


def with_flags(*rows):
    """Return users: the department, and the flags active, unlimited, on-demand, computer."""
    keys = ("is_active", "unlimited_license", "on_demand_license", "computer_recording_license")
    return [
        ANNA._replace(
            user_id=f"u{number}", department=department, **dict(zip(keys, flags, strict=True))
        )
        for number, (department, flags) in enumerate(rows)
    ]


def found(users, term):
    """Return the number of users that a filter finds."""
    return state_of(*users).count(Query(parse_filter(term))).number


def grouped(users, keys):
    """Return the number of users with each combination of values."""
    return state_of(*users).groups(keys)


@pytest.mark.parametrize(
    ("by", "users", "counts"),
    [
        ("department", [], []),
        # the most first, equally many by the value, whatever its case; exactly as it is written
        (
            "department",
            with_values("department", "b", "c", "A", "c", "B2", "C", "", ""),
            [(EMPTY, 2), ("c", 2), ("A", 1), ("b", 1), ("B2", 1), ("C", 1)],
        ),
        ("active", with_values("is_active", "0", "1", "0"), [("no", 2), ("yes", 1)]),
        # a file of another program may hold anything
        (
            "active",
            with_values("is_active", "x", "2", "1", ""),
            [(NO_FLAG, 2), (EMPTY, 1), ("yes", 1)],
        ),
        # a user counts with each license; what is no flag is no license
        (
            "license",
            with_flags(*(("", f"1{flags}") for flags in ("101", "101", "100", "011", "xyz"))),
            [("computer", 3), ("unlimited", 3), ("none", 1), ("on-demand", 1)],
        ),
    ],
)
def test_users_are_counted_by_value_with_the_most_first(by, users, counts):
    made = count_by(grouped(users, keys_to_count(FILTER_FIELDS[by])), FILTER_FIELDS[by], no_rest)
    assert [(one.value, one.number) for one in made] == counts
    assert [found(users, one.term) for one in made] == [number for _, number in counts]


VALUES = st.lists(
    st.text(max_size=6) | st.text('aA ä"\\*|:=-\x1f\u202e1', max_size=4) | st.sampled_from("01"),
    max_size=12,
)


@given(VALUES, st.sampled_from([one for one in COUNTABLE_FIELDS if one.field is not None]))
def test_each_term_finds_exactly_the_counted_users(values, by):
    users = with_values(by.field.key, *values)
    counts = count_by(grouped(users, keys_to_count(by)), by, no_rest)
    assert sum(one.number for one in counts) == len(values)
    assert len({one.term for one in counts}) == len(counts)
    for one in counts:
        assert found(users, one.term) == one.number


_NAMES = st.sampled_from(["", "a", "A", " ", "b*", 'q"|', EMPTY])


@given(st.lists(st.tuples(_NAMES, st.sampled_from("01x"))))
def test_values_are_counted_with_their_inactive_users(pairs):
    users = with_flags(*((value, f"{active}000") for value, active in pairs))
    made = count_field_values(grouped(users, VALUE_KEYS), DEPARTMENT, no_rest)
    values = [value for value, _ in pairs]
    assert {one.value: one[1:3] for one in made.counts} == {
        value: (values.count(value), pairs.count((value, "0"))) for value in values
    }
    numbers = [one.number for one in made.counts]
    assert numbers == sorted(numbers, reverse=True)
    for one in made.counts:
        assert found(users, one.term) == one.number
        assert found(users, f"{one.term} active:no") == one.inactive
    assert [made.counts[made.rows[value]].value for value in values] == values
    assert {value: made.number_of(value) for value in values} == Counter(values)
    assert made.number_of("nobody's") == 0


@given(st.lists(st.tuples(_NAMES, st.text("01x", min_size=4, max_size=4)), max_size=12))
def test_licenses_are_counted_by_type_and_department(rows):
    users = with_flags(*rows)
    used = count_licenses(grouped(users, KEYS_TO_COUNT), no_rest)
    assert tuple(one.license for one in used.types) == LICENSES
    for one in used.types:
        with_it = [user for user in users if one.license in licenses_of(user)]
        idle = [user for user in with_it if user.is_active == "0"]
        assert (one.number, one.inactive) == (len(with_it), len(idle))
        assert found(users, one.term()) == one.number
        assert found(users, one.term(inactive=True)) == one.inactive
    assert {one.department for one in used.departments} == {user.department for user in users}
    for at, department in enumerate(used.departments):
        assert used.rows[department.department] == at
        assert found(users, department.term()) == department.number
        for license, number in zip(LICENSES, department.by_license, strict=True):
            assert found(users, department.term(license)) == number
    numbers = [one.number for one in used.departments]
    assert (sum(numbers), numbers) == (len(users), sorted(numbers, reverse=True))


def test_many_values_are_counted_in_batches():
    users = with_values("department", *(f"d{number % 7000:05}" for number in range(20_000)))
    counters: list[Callable[[YieldCounter], object]] = [
        partial(count_by, grouped(users, keys_to_count(DEPARTMENT)), DEPARTMENT),
        partial(count_field_values, grouped(users, VALUE_KEYS), DEPARTMENT),
        partial(count_licenses, grouped(users, KEYS_TO_COUNT)),
    ]
    for count in counters:
        rests = YieldCounter()
        count(rests)
        assert rests.count >= 7
    counts = count_by(grouped(users, keys_to_count(DEPARTMENT)), DEPARTMENT, no_rest)
    assert list(counts) == sorted(counts, key=lambda one: (-one.number, one.value))


def test_values_are_listed_most_frequent_first_without_the_empty_value():
    users = with_values("department", "IT", "", "Sales", "IT", "", "", "a")
    values = values_by_count(grouped(users, ("department",)), no_rest)
    assert values == [("IT", 2), ("a", 1), ("Sales", 1)]
