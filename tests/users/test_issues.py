"""Problems as text, and their order."""

import pytest

from qm_tui.users.fields import FIELD, FIELDS
from qm_tui.users.issues import REDACTED, Issue, field_number, redact_value, truncate


@pytest.mark.parametrize(
    ("value", "shown"), [("", ""), ("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…")]
)
def test_value_is_cut_only_if_it_is_longer_than_the_limit(value, shown):
    assert truncate(value, 4) == shown


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("location", "Oslo", "Oslo"),
        ("location", "", ""),
        ("location", None, ""),
        ("password", "secret", REDACTED),
        ("password", "", ""),
        (None, "x", REDACTED),
    ],
)
def test_value_of_a_problem_is_never_a_secret(field, value, shown):
    assert redact_value(FIELD[field] if field else None, value) == shown


def test_problems_of_the_whole_record_come_first():
    issues = [Issue(field, "", "") for field in (FIELDS[1], FIELDS[0], None)]
    assert sorted(issues, key=field_number) == issues[::-1]
