"""Secrets, values altered by a spreadsheet, and the problems of an import."""

import pytest

from qm_tui.transfer.planning.planner import plan_import
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import REDACTED, Severity
from qm_tui.users.validation import control_character_issue
from tests.helpers import ANNA, counts, issues_of, record, record_of, state_of, user

_STATE = state_of(ANNA, user("bob"))


# secrets


@pytest.mark.parametrize(
    ("cells", "password", "salt", "warns"),
    [
        ({}, "old", "oldsalt", False),
        ({"password": "old", "salt": "oldsalt"}, "old", "oldsalt", False),
        ({"password": "old"}, "old", "oldsalt", False),
        ({"password": ""}, "old", "oldsalt", False),
        ({"password": "", "salt": ""}, "old", "oldsalt", False),
        ({"password": "", "salt": "newsalt"}, "old", "oldsalt", False),
        ({"password": "new", "salt": "newsalt"}, "new", "newsalt", False),
        ({"password": "new", "salt": "oldsalt"}, "new", "oldsalt", False),
        ({"password": "new", "salt": ""}, "new", "", True),
        ({"password": "new"}, "new", "", True),
        ({"password": "OLD"}, "OLD", "", True),
        ({"password": "old2"}, "old2", "", True),
    ],
)
def test_password_and_salt_remain_a_pair(cells, password, salt, warns):
    stored = user(password="old", salt="oldsalt")
    imported = record(user_id=stored.user_id, agent_id="A-99", **cells)
    plan = plan_import([imported], state_of(stored))
    assert plan.changes == {
        stored.user_id: stored._replace(agent_id="A-99", password=password, salt=salt)
    }
    assert [problem.severity for problem in plan.issues] == [Severity.WARNING] * warns


@pytest.mark.parametrize(
    ("cells", "password", "salt", "keys"),
    [
        ({"password": "1.23456789012346E+23"}, "123456789012345678901234", "0099", ["password"]),
        ({"salt": "99"}, "123456789012345678901234", "0099", ["salt"]),
        (
            {"password": "#NAME?", "salt": "99"},
            *("123456789012345678901234", "0099", ["password", "salt"]),
        ),
        # the salt belongs to the password that is kept
        (
            {"password": "1.23E+23", "salt": "new"},
            *("123456789012345678901234", "0099", ["password", "salt"]),
        ),
        ({"password": "new", "salt": "99"}, "new", "0099", ["salt"]),
    ],
)
def test_secret_altered_by_a_spreadsheet_is_kept_and_reported_but_not_shown(
    cells, password, salt, keys
):
    stored = user(password="123456789012345678901234", salt="0099")
    imported = record(user_id=stored.user_id, location="Bergen", **cells)
    plan = plan_import([imported], state_of(stored))
    after = stored._replace(location="Bergen", password=password, salt=salt)
    assert plan.changes == {stored.user_id: after}
    reported = [key for _, key in issues_of(plan) if key != "location"]
    assert reported == keys
    assert plan.kept_values == len(keys)
    said = repr([issue._replace(field=None) for issue in plan.issues])
    assert not [secret for secret in (*cells.values(), stored.password, "0099") if secret in said]


def test_problems_never_contain_a_secret():
    bell = FIELD["password"]
    hidden = {"password": "HUNTER2", "salt": "PEPPER7"}
    fault = control_character_issue(bell, "HUNTER2\x07")
    assert fault is not None
    broken = record_of(ANNA, 3, **hidden | {"password": "HUNTER2\x07"})
    records = [
        record_of(ANNA, 2, is_active="x", unlimited_license="0", phone_ip="y", **hidden),
        broken._replace(issues=(fault,)),
        record_of(ANNA, 4, user_name="other", last_name="Other", **hidden),
        record_of(user("bob"), 5, user_name="anna", **hidden),
        record_of(user("zoe"), 6, **hidden),
        record_of(user("zoe", user_id=""), 7, extension="", **hidden | {"salt": ""}),
        record_of(user("new", user_id=""), 8, **hidden),
        record_of(user("new", user_id=""), 9, **hidden),
    ]
    stored = [user(password="STORED3", salt="STORED4"), user("bob", password="STORED3")]
    plan = plan_import(records, state_of(*stored))
    assert plan.rejected == 7
    said = repr([problem._replace(field=None) for problem in plan.issues])
    assert not [secret for secret in ("HUNTER2", "PEPPER7", "STORED") if secret in said]
    assert [problem.value for problem in plan.issues if problem.field is bell] == [REDACTED]


# values altered by a spreadsheet

_TEXTS = (
    *("first_name", "last_name", "extension", "agent_id", "department", "user_name", "location"),
    *("security_profile", "recording_profile", "recording_service"),
)


@pytest.mark.parametrize(
    ("key", "stored", "found"),
    [
        *((key, "007", "7") for key in _TEXTS),
        *(("extension", "+4722123456", "4722123456"), ("extension", "100000", "1E+05")),
        *(("phone_ip", "001122334455", "1122334455"), ("phone_ip", "112233445566", "1.12233E+11")),
        ("secondary_phone_ip", "001122334455", "1122334455"),
        *(("additional_extensions", "0413,0414", "413,414"), ("private_extensions", "0413", "413")),
        ("private_extensions", "+47415,0416", "47415,416"),
    ],
)
def test_value_altered_by_a_spreadsheet_is_not_imported_and_reported(key, stored, found):
    sample_user = user(**{key: stored})
    changed = {"sip_uri": f"sip:{sample_user.user_name}@berg.example"}
    plan = plan_import([record_of(sample_user, **changed | {key: found})], state_of(sample_user))
    assert counts(plan) == (0, 1, 0, 0)
    assert getattr(plan.changes[sample_user.user_id], key) == stored
    assert [(problem.severity, problem.field) for problem in plan.issues] == [
        (Severity.WARNING, FIELD[key])
    ]


def test_altered_value_of_a_record_without_user_id_is_reported():
    plan = plan_import([record_of(ANNA, user_id="", extension="412")], _STATE)
    assert counts(plan) == (0, 0, 1, 0)
    assert issues_of(plan) == [(2, "extension")]


def test_altered_user_name_does_not_make_a_different_person():
    stored = user(user_name="0412")
    imported = record(user_id=stored.user_id, user_name="412", last_name="Dahl")
    plan = plan_import([imported], state_of(stored))
    assert plan.changes == {stored.user_id: stored._replace(last_name="Dahl")}


# problems


def test_problem_contains_line_record_field_user_value_and_fix():
    imported = Record(41, 99, list(ANNA._replace(phone_ip="10.0.0.999")), ())
    (problem,) = plan_import([imported], _STATE).issues
    assert (problem.line, problem.record) == (99, 41)
    assert problem.field is FIELD["phone_ip"]
    assert problem.user == "Anna Berg"
    assert problem.value == "10.0.0.999"
    assert problem.severity is Severity.ERROR
    assert "Phone IP" in problem.message
    assert problem.fix.startswith("Enter ")


def test_problem_of_a_record_without_a_name_contains_the_stored_name():
    (problem,) = plan_import([record(user_id=ANNA.user_id, is_active="x")], _STATE).issues
    assert problem.user == "Anna Berg"


def test_problems_of_an_update_are_all_reported():
    imported = record_of(
        ANNA, first_name="", phone_ip="x", is_active="2", windows_login="y", secondary_phone_ip="z"
    )
    keys = ["first_name", "phone_ip", "is_active", "windows_login", "secondary_phone_ip"]
    assert issues_of(plan_import([imported], _STATE)) == [(2, key) for key in keys]


def test_problems_of_a_new_user_are_all_reported():
    imported = record(user_id="17", user_name="anna", phone_ip="x", is_active="", location="Oslo")
    keys = {key for _, key in issues_of(plan_import([imported], _STATE))}
    assert keys == {
        *("first_name", "last_name", "extension", "user_id", "user_name", "password", "phone_ip"),
        *("is_active", "recording_service", "unlimited_license", "on_demand_license"),
    }


def test_control_characters_are_reported_with_other_problems():
    fault = control_character_issue(FIELD["location"], "x\x07")
    assert fault is not None
    imported = record_of(ANNA, location="x\x07", is_active="2")._replace(issues=(fault,))
    assert issues_of(plan_import([imported], _STATE)) == [(2, "is_active"), (2, "location")]


def test_second_record_that_also_renames_the_user_has_both_problems():
    records = [record_of(ANNA, 2), record_of(ANNA, 3, user_name="carl", last_name="Dahl")]
    messages = [problem.message for problem in plan_import(records, _STATE).issues]
    assert any("line 2" in message for message in messages)
    assert any("Anna Berg" in message for message in messages)
