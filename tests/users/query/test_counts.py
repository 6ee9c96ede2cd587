"""Counts of users by field, and the filter for exactly the counted users."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.users.fields import FIELD
from qm_tui.users.query.counts import (
    COUNTABLE_FIELDS,
    EMPTY,
    NO_FLAG,
    ValueCount,
    count_by,
    count_field_values,
)
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.search import Query, QueryExecutor
from tests.helpers import ANNA

ACTIVE, LICENSE, DEPARTMENT = (
    FILTER_FIELDS["active"],
    FILTER_FIELDS["license"],
    FILTER_FIELDS["department"],
)


def no_rest():
    """Do nothing."""


def with_values(key, *values):
    """Return users that differ in one field."""
    return [
        ANNA._replace(user_id=f"u{number}", **{key: value}) for number, value in enumerate(values)
    ]


def with_flags(*flags):
    """Return users with these license flags: unlimited, on-demand, computer."""
    return [
        ANNA._replace(
            user_id=f"u{number}",
            unlimited_license=unlimited,
            on_demand_license=on_demand,
            computer_recording_license=computer,
        )
        for number, (unlimited, on_demand, computer) in enumerate(flags)
    ]


def found(users, term):
    """Return the number of users that a filter finds."""
    by_id = {one.user_id: one for one in users}
    return len(QueryExecutor(no_rest).execute(by_id, Query(parse_filter(term)), None))  # type: ignore[arg-type]


def test_users_can_be_counted_by_seven_fields():
    assert [one.name for one in COUNTABLE_FIELDS] == [
        *("department", "location", "security-profile", "recording-profile"),
        *("recording-service", "license", "active"),
    ]


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([], []),
        (["Sales EMEA"], [("Sales EMEA", 1, 'department:="Sales EMEA"')]),
        # the most first, equally many by the value, whatever its case
        (
            ["b", "c", "A", "c", "B2"],
            [
                ("c", 2, 'department:="c"'),
                ("A", 1, 'department:="A"'),
                ("b", 1, 'department:="b"'),
                ("B2", 1, 'department:="B2"'),
            ],
        ),
        (["", "Sales", ""], [(EMPTY, 2, 'department:""'), ("Sales", 1, 'department:="Sales"')]),
        # exactly as it is written
        (
            ["sales", "Sales", "Sales"],
            [("Sales", 2, 'department:="Sales"'), ("sales", 1, 'department:="sales"')],
        ),
        (['a "b" c'], [('a "b" c', 1, r'department:="a \"b\" c"')]),
        (["CORP\\a"], [("CORP\\a", 1, r'department:="CORP\\a"')]),
        (["a*|-b"], [("a*|-b", 1, 'department:="a*|-b"')]),
    ],
)
def test_departments_are_counted(values, counts):
    users = with_values("department", *values)
    assert list(count_by(users, DEPARTMENT, no_rest)) == counts
    for _, number, term in counts:
        assert found(users, term) == number


@pytest.mark.parametrize(
    ("values", "counts"),
    [
        ([], []),
        (["1"], [("yes", 1, "active:yes")]),
        (["0", "1", "0"], [("no", 2, "active:no"), ("yes", 1, "active:yes")]),
        (["1", "", ""], [(EMPTY, 2, 'active:""'), ("yes", 1, "active:yes")]),
        # a file of another program may hold anything
        (["x", "2", "1"], [(NO_FLAG, 2, '-active:yes|no|""'), ("yes", 1, "active:yes")]),
    ],
)
def test_active_users_are_counted(values, counts):
    users = with_values("is_active", *values)
    assert list(count_by(users, ACTIVE, no_rest)) == counts
    for _, number, term in counts:
        assert found(users, term) == number


@pytest.mark.parametrize(
    ("flags", "counts"),
    [
        ([], []),
        (["000"], [("none", 1, "license:none")]),
        (
            ["100", "010", "001", "000"],
            [
                ("computer", 1, "license:computer"),
                ("none", 1, "license:none"),
                ("on-demand", 1, "license:on-demand"),
                ("unlimited", 1, "license:unlimited"),
            ],
        ),
        # a user counts with each license
        (
            ["101", "101", "100", "011"],
            [
                ("computer", 3, "license:computer"),
                ("unlimited", 3, "license:unlimited"),
                ("on-demand", 1, "license:on-demand"),
            ],
        ),
        # what is no flag is no license
        (["xyz", "1x0"], [("none", 1, "license:none"), ("unlimited", 1, "license:unlimited")]),
    ],
)
def test_licenses_are_counted(flags, counts):
    users = with_flags(*flags)
    assert list(count_by(users, LICENSE, no_rest)) == counts
    for _, number, term in counts:
        assert found(users, term) == number


VALUES = st.lists(
    st.text(max_size=6) | st.text('aA ä"\\*|:=-\x1f\u202e1', max_size=4) | st.sampled_from("01"),
    max_size=12,
)


@given(VALUES, st.sampled_from([one for one in COUNTABLE_FIELDS if one.field is not None]))
def test_each_term_finds_exactly_the_counted_users(values, by):
    users = with_values(by.field.key, *values)
    counts = count_by(users, by, no_rest)
    assert sum(one.number for one in counts) == len(values)
    assert len({one.term for one in counts}) == len(counts)
    for one in counts:
        assert found(users, one.term) == one.number


@pytest.mark.parametrize(
    ("values", "active", "counts"),
    [
        ([], "", []),
        (["Sales"], "1", [("Sales", 1, 0)]),
        (["Sales", "IT", "Sales"], "011", [("Sales", 2, 1), ("IT", 1, 0)]),
        (["IT", "IT", "IT"], "010", [("IT", 3, 2)]),
        # users without a value, and a value that looks like theirs
        (["", EMPTY, ""], "011", [("", 2, 1), (EMPTY, 1, 0)]),
        # names compare exactly
        (["sales", "Sales", "Sales"], "100", [("Sales", 2, 2), ("sales", 1, 0)]),
        # what is no flag is not inactive, as for the filter
        (["IT", "IT"], ["", "x"], [("IT", 2, 0)]),
    ],
)
def test_inactive_users_are_counted_by_value(values, active, counts):
    users = [
        one._replace(is_active=flag)
        for one, flag in zip(with_values("department", *values), active, strict=True)
    ]
    made = count_field_values(users, DEPARTMENT, no_rest)
    assert [one[:3] for one in made.counts] == counts
    assert made.field is FIELD["department"]
    for _, number, inactive, term in made.counts:
        assert found(users, term) == number
        assert found(users, f"{term} active:no") == inactive


@given(st.lists(st.tuples(st.sampled_from(["", "a", "A", " ", "b*", '"']), st.sampled_from("01x"))))
def test_counts_of_values_are_correct(pairs):
    users = [ANNA._replace(department=value, is_active=active) for value, active in pairs]
    made = count_field_values(users, DEPARTMENT, no_rest)
    values = [value for value, _ in pairs]
    assert {one.value: one[1:3] for one in made.counts} == {
        value: (values.count(value), pairs.count((value, "0"))) for value in values
    }
    numbers = [one.number for one in made.counts]
    assert numbers == sorted(numbers, reverse=True)
    assert [made.counts[made.rows[value]].value for value in values] == values
    assert {value: made.number_of(value) for value in values} == Counter(values)
    assert made.number_of("nobody's") == 0


@pytest.mark.parametrize("by", COUNTABLE_FIELDS, ids=lambda by: by.name)
def test_rest_is_called_regularly(by):
    values = [f"d{number % 7000:05}" for number in range(20_000)]
    rests = []
    counts = count_by(with_values("department", *values), by, lambda: rests.append(1))
    assert len(rests) >= 20
    assert list(counts) == sorted(counts, key=lambda one: (-one.number, one.value))
    if by is DEPARTMENT:
        assert {one.value: one.number for one in counts} == Counter(values)
        rests.clear()
        made = count_field_values(with_values("department", *values), by, lambda: rests.append(1))
        assert len(rests) >= 20
        assert made.counts[0] == ValueCount("d00000", 3, 0, 'department:="d00000"')


def test_exception_of_rest_ends_counting():
    class Enough(Exception):
        pass

    def enough():
        raise Enough

    with pytest.raises(Enough):
        count_by(with_values("department", "a"), DEPARTMENT, enough)
