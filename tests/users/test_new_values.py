"""Values not in use yet."""

import pytest

from qm_tui.users.fields import CATEGORICAL, FIELD
from qm_tui.users.issues import Severity
from qm_tui.users.new_values import ValuesInUse
from tests.helpers import ANNA, user

DEPARTMENT = FIELD["department"]
IN_USE = ("Sales EMEA", "Sales Nord", "IT", "Legal")


def message(value, in_use=IN_USE, **options):
    issue = ValuesInUse({"department": in_use}).issue(DEPARTMENT, value, **options)
    return issue and issue.message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("IT", None),
        ("", None),
        ("it", "Department Name 'it' is not in use yet (did you mean 'IT'?)"),
        ("Legla", "Department Name 'Legla' is not in use yet (did you mean 'Legal'?)"),
        (
            "Sales EMAE",
            "Department Name 'Sales EMAE' is not in use yet (did you mean 'Sales EMEA'?)",
        ),
        ("Marketing", "Department Name 'Marketing' is not in use yet"),
        ("x" * 4096, f"Department Name '{'x' * 59}…' is not in use yet"),
    ],
)
def test_new_value_has_a_warning_with_the_most_similar_one(value, expected):
    assert message(value) == expected


@pytest.mark.parametrize(
    ("value", "warns"), [("Legla", True), ("Marketing", False), ("Legal", False), ("", False)]
)
def test_warning_can_be_limited_to_values_with_a_similar_one(value, warns):
    assert bool(message(value, only_if_similar=True)) == warns


def test_no_value_is_new_if_no_value_is_in_use():
    assert message("Sales", in_use=()) is None
    assert message("Sales", in_use=("",)) is None


def test_value_is_new_if_no_user_has_any_value_in_its_field():
    in_use = ValuesInUse()
    in_use.add([ANNA._replace(department="")])
    assert [one.field for one in in_use.issues(ANNA)] == [DEPARTMENT]


@pytest.mark.parametrize("field", CATEGORICAL, ids=lambda field: field.key)
def test_issues_name_each_new_value_that_changes(field):
    in_use = ValuesInUse()
    in_use.add([ANNA])
    changed = ANNA._replace(**{field.key: "new"})
    (issue,) = in_use.issues(changed, ANNA)
    assert (issue.field, issue.severity, issue.reason) == (
        field,
        Severity.WARNING,
        f"New {field.name}",
    )
    assert list(in_use.issues(changed)) == [issue]
    assert list(in_use.issues(changed._replace(agent_id="B"), changed)) == []


def test_search_for_similar_values_ends_after_many_new_values():
    in_use = ValuesInUse({"department": ["Department 0000"]})
    messages = [
        issue.message
        for number in (*range(1, 1002), 1)
        if (issue := in_use.issue(DEPARTMENT, f"Department {number:04}"))
    ]
    assert ["did you mean" in one for one in messages] == [True] * 1000 + [False, True]


def test_any_recording_server_is_no_new_value():
    in_use = ValuesInUse()
    in_use.add([user(recording_service="10.0.0.1")])
    users = [user(recording_service=value) for value in ("Any", "any", "10.0.0.2")]
    assert [list(in_use.issues(one)) != [] for one in users] == [False, False, True]
