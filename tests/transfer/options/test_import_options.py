"""Import options: each changes the result of the records it applies to, and of no other."""

import pytest

from qm_tui.store.state import EMPTY
from qm_tui.transfer.options.import_options import (
    IMPORT_OPTION,
    IMPORT_OPTIONS,
    EmptyCellAction,
    ImportMode,
    ImportOptions,
    NewValues,
    SpreadsheetValues,
    UnknownIdAction,
)
from qm_tui.transfer.planning.plan import Result
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.users.fields import CATEGORICAL, FIELD
from qm_tui.users.issues import Severity
from tests.helpers import ANNA, counts, issues_of, record, record_of, state_of, user

_BOB = user("bob", extension="0500")
_STATE = state_of(ANNA, _BOB)
_NEW = record_of(user("zoe", user_id="", extension="0600"), 9)


def _plan(*records, state=_STATE, **choices):
    return plan_import(records, state, ImportOptions(**choices), detail=PlanDetail.RECORDS)


def _cured(*records, state=_STATE):
    """Return for each group of problems the counts after applying its fix."""
    plan = _plan(*records, state=state)
    return {
        group.fixing_option.key: counts(
            plan_import(records, state, group.fixing_option.with_next_value(plan.options))
        )
        for group in plan.groups
        if group.fixing_option
    }


# the options as data


def test_options_have_a_flag_a_title_and_distinct_values():
    flags = [choice.flag for choice in IMPORT_OPTIONS]
    letters = [choice.letter for choice in IMPORT_OPTIONS if choice.letter]
    assert len(set(flags)) == len(flags)
    assert len(set(letters)) == len(letters)
    for choice in IMPORT_OPTIONS:
        assert choice.is_default(ImportOptions())
        assert len({option.label for option in choice.values}) == len(choice.values) > 1


@pytest.mark.parametrize("choice", IMPORT_OPTIONS, ids=lambda choice: choice.key)
def test_option_turned_cycles_through_all_values(choice):
    choices = ImportOptions()
    seen = []
    for _ in choice.values:
        seen.append(choice.current(choices).value)
        choices = choice.with_next_value(choices)
    assert seen == [option.value for option in choice.values]
    assert choices == ImportOptions()


# modes


def test_mode_add_only_rejects_changes_and_accepts_unchanged_records():
    records = [record_of(ANNA, 2), record_of(_BOB, 3, location="Bergen"), _NEW]
    assert counts(_plan(*records, mode=ImportMode.ADD)) == (1, 0, 1, 1)
    assert issues_of(_plan(*records, mode=ImportMode.ADD))[0] == (3, "user_id")


def test_mode_update_only_rejects_new_users():
    records = [record_of(ANNA, 2), record_of(_BOB, 3, agent_id="B"), _NEW]
    plan = _plan(*records, mode=ImportMode.UPDATE)
    assert counts(plan) == (0, 1, 1, 1)
    assert issues_of(plan) == [(9, "user_id")]


def test_mode_update_only_rejects_unknown_ids_even_in_an_empty_store():
    assert counts(_plan(record_of(ANNA), state=EMPTY, mode=ImportMode.UPDATE)) == (0, 0, 0, 1)


# unknown IDs, names


def test_unknown_ids_are_added_and_kept_with_the_option():
    stranger = record_of(user("zoe", extension="0600"), 4)
    assert counts(_plan(stranger)) == (0, 0, 0, 1)
    plan = _plan(stranger, unknown_id=UnknownIdAction.ADD)
    assert list(plan.changes) == ["u-zoe"]
    assert _cured(stranger) == {"unknown_id": (1, 0, 0, 0)}


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_match_user_name_updates_the_user_of_a_record_without_user_id(name):
    imported = record_of(_BOB, 4, user_id="", user_name=name, agent_id="B-1", sip_uri="")
    assert counts(_plan(imported)) == (0, 0, 0, 1)
    plan = _plan(imported, match_user_name=True)
    assert counts(plan) == (0, 1, 0, 0)
    assert plan.changes[_BOB.user_id].agent_id == "B-1"
    assert _cured(imported) == {"match_user_name": (0, 1, 0, 0)}


def test_match_user_name_rejects_a_second_record_for_a_user():
    records = [record(line, user_name="bob", agent_id=f"B-{line}") for line in (2, 3)]
    plan = _plan(*records, match_user_name=True)
    assert counts(plan) == (0, 1, 0, 1)
    assert issues_of(plan) == [(3, "user_id")]
    by_id = record(4, user_id=_BOB.user_id, agent_id="B-4")
    assert counts(_plan(by_id, records[1], match_user_name=True)) == (0, 1, 0, 1)


def test_match_user_name_adds_users_without_a_match():
    assert counts(_plan(_NEW, match_user_name=True)) == (1, 0, 0, 0)


def test_allow_renamed_accepts_a_new_user_name_and_last_name():
    imported = record(user_id=_BOB.user_id, user_name="rob", last_name="Robsen")
    assert counts(_plan(imported)) == (0, 0, 0, 1)
    assert counts(_plan(imported, allow_renamed=True)) == (0, 1, 0, 0)
    assert _cured(imported) == {"allow_renamed": (0, 1, 0, 0)}


# empty cells


def test_empty_cells_clear_values_with_a_warning():
    plan = _plan(record_of(_BOB, location="", agent_id="", lookback_enabled=""))
    assert plan.changes[_BOB.user_id].location == ""
    assert issues_of(plan) == [(2, "agent_id"), (2, "location"), (2, "lookback_enabled")]
    assert {group.fixing_option for group in plan.groups} == {IMPORT_OPTION["empty"]}
    assert plan.warning_count == 1


def test_empty_cells_keep_stored_values_with_the_option():
    imported = record_of(
        _BOB, location="", first_name="", department="Support", salt="", password=""
    )
    assert counts(_plan(imported)) == (0, 0, 0, 1)
    plan = _plan(imported, empty=EmptyCellAction.KEEP)
    assert plan.changes == {_BOB.user_id: _BOB._replace(department="Support")}
    assert _cured(imported)["empty"] == (0, 1, 0, 0)


def test_new_password_clears_the_salt_even_if_empty_cells_keep_values():
    plan = _plan(record_of(_BOB, password="NEW", salt=""), empty=EmptyCellAction.KEEP)
    assert plan.changes[_BOB.user_id][18] == ""
    assert issues_of(plan) == [(2, "salt")]


def test_empty_required_cell_of_a_new_user_is_not_fixed_by_keeping_values():
    imported = record_of(user("zoe", user_id=""), last_name="")
    assert "empty" not in _cured(imported)


# licenses


@pytest.mark.parametrize("target", ["new", "known"])
def test_allow_unlicensed_accepts_users_without_a_license(target):
    own = {"unlimited_license": "0", "on_demand_license": "0"}
    imported = record_of(
        _BOB if target == "known" else user("zoe", user_id="", extension="1"), **own
    )
    assert counts(_plan(imported))[3] == 1
    assert counts(_plan(imported, allow_unlicensed=True))[3] == 0
    assert list(_cured(imported)) == ["allow_unlicensed"]


def test_allow_unlicensed_never_accepts_both_licenses():
    imported = record_of(_BOB, unlimited_license="1", on_demand_license="1")
    assert counts(_plan(imported, allow_unlicensed=True)) == (0, 0, 0, 1)


# spreadsheets


def test_value_of_the_file_is_imported_if_a_spreadsheet_altered_it():
    imported = record_of(ANNA, extension="412")
    assert counts(_plan(imported)) == (0, 0, 1, 0)
    plan = _plan(imported, spreadsheet_values=SpreadsheetValues.FILE)
    assert plan.changes[ANNA.user_id].extension == "412"
    assert _cured(imported) == {"spreadsheet_values": (0, 1, 0, 0)}


# all or nothing


def test_all_or_nothing_imports_nothing_if_a_record_is_rejected():
    plan = _plan(_NEW, record_of(ANNA, 3, is_active="x"), all_or_nothing=True)
    assert counts(plan) == (1, 0, 0, 1)
    assert (plan.is_blocked, plan.write_count, plan.imported) == (True, 0, 0)
    assert not _plan(_NEW, all_or_nothing=True).is_blocked


# counts


def test_groups_count_records_by_reason_rejections_first():
    records = [
        record(2, user_id="u-x"),
        record(3, user_id="u-y"),
        record_of(ANNA, 4, location=""),
        record_of(_BOB, 5, is_active="x"),
    ]
    plan = _plan(*records)
    said = [(group.severity, group.records, group.first) for group in plan.groups]
    assert said[0] == (Severity.ERROR, 2, 1)
    assert said[-1] == (Severity.WARNING, 1, 3)
    assert [group.reason for group in plan.groups][-1] == "Location will be cleared"


def test_totals_count_licenses_and_active_users_before_and_after():
    plan = _plan(
        record_of(ANNA, 2, unlimited_license="0", on_demand_license="1"),
        record_of(_BOB, 3, is_active="0"),
        _NEW,
    )
    assert plan.totals["unlimited_license"] == (2, 2)
    assert plan.totals["on_demand_license"] == (0, 1)
    assert plan.totals["is_active"] == (2, 2)
    assert plan.totals["computer_recording_license"] == (2, 3)


def test_mass_change_requires_a_number():
    users = [user(f"n{at}", extension=f"9{at}") for at in range(40)]
    state = state_of(*users)
    nine = [record_of(user, line, is_active="0") for line, user in enumerate(users[:9], 2)]
    assert _plan(*nine, state=state).required_confirmation == 0
    ten = [record_of(user, line, is_active="0") for line, user in enumerate(users[:10], 2)]
    assert _plan(*ten, state=state).required_confirmation == 10
    more = [record_of(user, line, location="") for line, user in enumerate(users[:12], 2)]
    assert _plan(*more, state=state).required_confirmation == 12
    assert _plan(*more, state=state, empty=EmptyCellAction.KEEP).required_confirmation == 0


def test_mass_change_is_more_than_a_fifth_of_the_users():
    users = [user(f"n{at}", extension=f"9{at}") for at in range(50)]
    ten = [record_of(user, line, is_active="0") for line, user in enumerate(users[:10], 2)]
    assert _plan(*ten, state=state_of(*users)).required_confirmation == 0


def test_not_in_file_lists_users_without_a_record():
    cid, dan = user("cid", extension="3"), user("dan", extension="4")
    state = state_of(ANNA, _BOB, cid, dan)
    plan = _plan(
        record_of(ANNA, 2),
        record_of(_BOB, 3, is_active="x"),
        record(4, user_name="CID"),
        state=state,
    )
    assert plan.not_in_file == [dan.user_id]


# outcomes


def test_outcomes_contain_the_result_of_each_record():
    records = [
        record_of(ANNA, 2),
        record_of(_BOB, 3, agent_id="B"),
        record_of(user("zoe", user_id="", extension="0600"), 4),
        record(5, user_id="?"),
    ]
    outcomes = _plan(*records).outcomes
    assert outcomes is not None
    assert [(outcome.line, outcome.result) for outcome in outcomes] == [
        (2, Result.UNCHANGED),
        (3, Result.CHANGED),
        (4, Result.ADDED),
        (5, Result.REJECTED),
    ]
    _, changed, added, rejected = outcomes
    assert (changed.stored, changed.user) == (_BOB, _BOB._replace(agent_id="B"))
    assert added.stored is None
    assert rejected.user is None
    assert rejected.values is not None
    assert rejected.values[FIELD["user_id"].index] == "?"


# warnings that depend on the store


def test_shared_extension_is_a_warning_of_the_later_record():
    plan = _plan(_NEW, record_of(user("max", user_id="", extension="0600"), 10))
    assert counts(plan) == (2, 0, 0, 0)
    (problem,) = plan.issues
    assert (problem.line, problem.message) == (
        10,
        "Extension 0600 is also used in line 9",
    )


def test_extension_of_a_stored_user_is_a_warning_with_the_name():
    plan = _plan(record_of(user("max", user_id="", extension="0500"), 10))
    assert plan.issues[0].message == "Extension 0500 is also used by Bob Bobsen"


def test_extension_that_is_freed_or_swapped_is_no_warning():
    swapped = [record_of(ANNA, 2, extension="0500"), record_of(_BOB, 3, extension="0412")]
    assert _plan(*swapped).issues == []
    handed_on = [
        record_of(user("max", user_id="", extension="0500"), 2),
        record_of(_BOB, 3, extension="0700"),
    ]
    assert _plan(*handed_on).issues == []


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [
        ("department", "Slaes", "Sales"),
        ("department", "sales", "Sales"),
        ("department", "Legal", ""),
        ("location", "Olso", "Oslo"),
        ("security_profile", "Agents", "Agent"),
        ("recording_profile", "Full Tme", "Full Time"),
        ("recording_service", "ANY.", ""),
        ("recording_service", "10.0.0.9", ""),
    ],
)
def test_new_value_is_a_warning_with_a_similar_value(key, value, near):
    state = state_of(ANNA._replace(recording_profile="Full Time"), _BOB)
    plan = _plan(record_of(_BOB, **{key: value}), state=state)
    (problem,) = plan.issues
    assert problem.field is FIELD[key]
    assert (f"did you mean '{near}'?" in problem.message) == bool(near)


def test_new_value_is_no_warning_in_an_empty_store():
    new = record_of(ANNA, department="Slaes")
    assert _plan(new, state=EMPTY).issues == []
    assert counts(_plan(new, state=EMPTY, new_values=NewValues.REJECT)) == (1, 0, 0, 0)


@pytest.mark.parametrize("field", CATEGORICAL, ids=lambda field: field.key)
def test_new_values_are_rejected_with_the_option(field):
    new = record_of(user("zoe", user_id="", extension="0600", **{field.key: "new"}), 2)
    changed = record_of(_BOB, 3, **{field.key: "new"})
    in_use = record_of(user("dan", user_id="", extension="0700"), 4)
    plan = _plan(new, changed, in_use)
    assert counts(plan) == (2, 1, 0, 0)
    (accepted,) = plan.groups
    assert accepted.reason == f"New {field.name}"
    assert accepted.fixing_option is IMPORT_OPTION["new_values"]
    plan = _plan(new, changed, in_use, new_values=NewValues.REJECT)
    assert counts(plan) == (1, 0, 0, 2)
    assert issues_of(plan) == [(2, field.key), (3, field.key)]
    assert [problem.severity for problem in plan.issues] == [Severity.ERROR] * 2
    (rejected,) = plan.groups
    assert rejected.records == 2
    assert rejected.fixing_option is IMPORT_OPTION["new_values"]
    assert rejected.fixing_option.with_fix(plan.options) == ImportOptions()


def test_rejected_new_value_is_reported_with_all_other_errors():
    broken = record_of(_BOB, 2, first_name="", department="Slaes", phone_ip="x")
    plan = _plan(broken, new_values=NewValues.REJECT)
    assert issues_of(plan) == [(2, "first_name"), (2, "department"), (2, "phone_ip")]


def test_stored_values_are_never_new():
    only = _BOB._replace(department="Alone", location="")
    records = [record_of(only, 2, agent_id="B-2"), record_of(ANNA, 3, department="Alone")]
    plan = _plan(*records, state=state_of(ANNA, only), new_values=NewValues.REJECT)
    assert (counts(plan), plan.issues) == ((0, 2, 0, 0), [])


@pytest.mark.parametrize("value", ["=1+1", "+cmd", "-2", "@x", "=cmd|' /C calc'!A0"])
def test_formula_is_a_warning(value):
    plan = _plan(record_of(_BOB, agent_id=value))
    assert issues_of(plan) == [(2, "agent_id")]
    assert counts(plan) == (0, 1, 0, 0)


def test_phone_number_is_no_formula():
    assert _plan(record_of(_BOB, agent_id="+47 22 12 34 56")).issues == []


def test_unchanged_values_have_no_warnings():
    stored = _BOB._replace(agent_id="=1+1", department="Odd", sip_uri="sip:else@x.org")
    state = state_of(ANNA, stored)
    assert _plan(record_of(stored, location="Oslo", phone_ip="10.1.1.1"), state=state).issues == []
