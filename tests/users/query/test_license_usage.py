"""Counts of licenses by type and department, and the filters for exactly the counted users."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.license_usage import LICENSES, count_licenses
from qm_tui.users.query.licenses import License, licenses_of
from qm_tui.users.query.search import Query, QueryExecutor
from tests.helpers import ANNA


def no_rest():
    """Do nothing."""


def made(*rows):
    """Return users: the department, and the flags active, unlimited, on-demand, computer."""
    return [
        ANNA._replace(
            user_id=f"u{number}",
            department=department,
            is_active=flags[0],
            unlimited_license=flags[1],
            on_demand_license=flags[2],
            computer_recording_license=flags[3],
        )
        for number, (department, flags) in enumerate(rows)
    ]


def found(users, term):
    """Return the number of users that a filter finds."""
    by_id = {one.user_id: one for one in users}
    return len(QueryExecutor(no_rest).execute(by_id, Query(parse_filter(term)), None))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "types", "departments"),
    [
        ([], [(0, 0)] * 4, []),
        (
            [("Sales", "1100"), ("Sales", "0101"), ("IT", "0010"), ("Sales", "1000")],
            [(2, 1), (1, 1), (1, 1), (1, 0)],
            [("Sales", 3, (2, 0, 1, 1)), ("IT", 1, (0, 1, 0, 0))],
        ),
        # a user with several counts with each; users without a department are one
        (
            [("", "0111"), ("", "1001")],
            [(1, 1), (1, 1), (2, 1), (0, 0)],
            [("", 2, (1, 1, 2, 0))],
        ),
        # what is no flag is no license, and no inactive user
        ([("IT", "xxx1")], [(0, 0), (0, 0), (1, 0), (0, 0)], [("IT", 1, (0, 0, 1, 0))]),
        # equally many: by the name, whatever its case
        (
            [("b", "1100"), ("A", "1100")],
            [(2, 0), (0, 0), (0, 0), (0, 0)],
            [("A", 1, (1, 0, 0, 0)), ("b", 1, (1, 0, 0, 0))],
        ),
    ],
)
def test_licenses_in_use_are_counted(rows, types, departments):
    used = count_licenses(made(*rows), no_rest)
    assert [(one.number, one.inactive) for one in used.types] == types
    assert [one.license for one in used.types] == list(License)
    assert [tuple(one) for one in used.departments] == departments


FLAGS = st.text("01x", min_size=4, max_size=4)
ROWS = st.lists(st.tuples(st.sampled_from(["", "a", "A", 'q"|*', "b c"]), FLAGS), max_size=12)


@given(ROWS)
def test_counts_are_correct_and_filters_find_exactly_these_users(rows):
    users = made(*rows)
    used = count_licenses(users, no_rest)
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
    assert sum(one.number for one in used.departments) == len(users)


def test_licenses_are_counted_in_batches():
    rests = []
    users = made(*((f"d{number % 7000}", "1100") for number in range(20_000)))
    used = count_licenses(users, lambda: rests.append(1))
    assert len(rests) >= 20
    assert len(used.departments) == 7000
