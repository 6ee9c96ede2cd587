"""Files that a spreadsheet has altered: the stored values are kept, or the record is rejected."""

from pathlib import Path

import pytest

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import ImportOptions, SpreadsheetValues
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.planner import plan_import
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import REDACTED, Severity
from tests.helpers import EMPTY_STATE, counts, issues_of, record_of, state_of, user, users_of

_CASES = Path(__file__).parent / "cases"


def _plan(
    name: str, state: State, spreadsheet_values: SpreadsheetValues = SpreadsheetValues.STORED
) -> ImportPlan:
    with UsersFile(_CASES / name) as file:
        return plan_import(
            list(file.records()), state, ImportOptions(spreadsheet_values=spreadsheet_values)
        )


def _base(name: str) -> State:
    return state_of(*_plan(name, EMPTY_STATE).changes.values())


_FILES = [
    (
        "spreadsheet-lists-joined.csv",
        "base-spreadsheet.csv",
        {"additional_extensions": "100200300", "private_extensions": "201202"},
    ),
    (
        "spreadsheet-secrets.csv",
        "base-spreadsheet.csv",
        {"password": "1.23456789012346E+23", "salt": "461149571574"},
    ),
    ("spreadsheet-exponent.csv", "base-spreadsheet.csv", {"agent_id": "1.23456789012346E+019"}),
    (
        "spreadsheet-errors.csv",
        "base-spreadsheet.csv",
        {
            "first_name": "#N/A",
            "extension": "#NAME?",
            "agent_id": "#VALUE!",
            "department": "#REF!",
            "password": "#NAME?",
            "location": "Err:520",
        },
    ),
    ("spreadsheet-decimals.csv", "base-spreadsheet.csv", {"agent_id": "17.0", "location": "3-Apr"}),
    ("spreadsheet-address.csv", "base-lists.csv", {"recording_service": "10102101100"}),
]


@pytest.mark.parametrize(("name", "base", "altered"), _FILES)
def test_stored_values_are_kept_counted_and_shown_before_and_after(name, base, altered):
    state = _base(base)
    plan = _plan(name, state)
    assert counts(plan) == (0, 0, 1, 0)
    assert issues_of(plan) == [(2, key) for key in altered]
    assert plan.kept_values == len(altered)
    for issue, (key, value) in zip(plan.issues, altered.items(), strict=True):
        stored = {one[FIELD[key].index] for one in users_of(state).values()}
        assert issue.severity is Severity.WARNING
        if FIELD[key].is_secret:
            assert issue.value == REDACTED
            assert not any(secret in issue.message for secret in (value, *stored))
        else:
            assert f"'{value}'" in issue.message
            assert any(f"'{before}'" in issue.message for before in stored)


def test_stored_node_name_of_digits_can_be_imported_again():
    stored = user(recording_service="10102101100")
    plan = plan_import([record_of(stored, location="Bergen")], state_of(stored))
    assert counts(plan) == (0, 1, 0, 0)


def test_error_values_reject_a_new_user():
    plan = _plan("spreadsheet-errors.csv", EMPTY_STATE)
    assert counts(plan) == (0, 0, 0, 1)
    keys = ["first_name", "extension", "agent_id", "department", "password", "location"]
    assert issues_of(plan) == [(2, key) for key in keys]
    assert all("is an error value of a spreadsheet" in issue.message for issue in plan.issues)
    assert plan.issues[1].message.startswith("Extension '#NAME?' ")
    assert "#" not in plan.issues[4].message


@pytest.mark.parametrize(
    "key",
    [
        *("extension", "agent_id", "user_name", "password", "salt"),
        *("additional_extensions", "private_extensions"),
    ],
)
@pytest.mark.parametrize("value", ["1.23457E+11", "4713.0"])
def test_number_format_of_a_new_user_is_a_warning(key, value):
    new = user("zoe", user_id="", sip_uri="")
    plan = plan_import([record_of(new, **{key: value})], EMPTY_STATE)
    assert counts(plan) == (1, 0, 0, 0)
    (warning,) = (issue for issue in plan.issues if "altered by a spreadsheet" in issue.message)
    assert (warning.field, warning.severity) == (FIELD[key], Severity.WARNING)
    assert (value in warning.message) is not FIELD[key].is_secret
    # the values of a stored user are not new
    stored = new._replace(user_id="u-zoe", **{key: value})
    plan = plan_import([record_of(stored, first_name="Zoë")], state_of(stored))
    assert counts(plan) == (0, 1, 0, 0)
    assert issues_of(plan) == []


def test_altered_flag_is_kept_before_it_is_validated():
    stored = user()
    plan = plan_import([record_of(stored, is_active="TRUE", location="Bergen")], state_of(stored))
    assert plan.changes == {stored.user_id: stored._replace(location="Bergen")}
    assert plan.kept_values == 1


@pytest.mark.parametrize(
    ("user_name", "fix"),
    [
        ("anna", "A spreadsheet may have altered the User ID of anna. Enter 007."),
        ("bob", "Leave User ID empty to add a user"),
    ],
)
def test_altered_user_id_is_rejected_and_its_fix_names_the_stored_one(user_name, fix):
    state = state_of(user(user_id="007"), user("bob"))
    plan = plan_import([record_of(user(user_id="7", user_name=user_name))], state)
    assert counts(plan) == (0, 0, 0, 1)
    assert plan.issues[0].fix.startswith(fix)
