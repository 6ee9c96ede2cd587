"""Import options: each changes the result of the records it applies to, and of no other."""

from typing import Any

import pytest

from qm_tui.transfer.options.import_options import (
    IMPORT_OPTION,
    IMPORT_OPTIONS,
    EmptyCellAction,
    ImportMode,
    ImportOptions,
    NewValues,
    UnknownIdAction,
)
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import CATEGORICAL
from qm_tui.users.issues import Severity
from tests.helpers import ANNA, EMPTY_STATE, counts, issues_of, record, record_of, state_of, user

_BOB = user("bob", extension="0500")
_STATE = state_of(ANNA, _BOB)
_ZOE = user("zoe", user_id="", extension="0600")
_NEW = record_of(_ZOE, 9)


def _plan(*records, state=_STATE, **choices):
    return plan_import(records, state, ImportOptions(**choices), detail=PlanDetail.RECORDS)


def test_options_have_a_flag_a_title_and_distinct_values_through_which_they_cycle():
    for names in (
        [choice.flag for choice in IMPORT_OPTIONS],
        [choice.letter for choice in IMPORT_OPTIONS if choice.letter],
    ):
        assert len(set(names)) == len(names)
    for choice in IMPORT_OPTIONS:
        choices, seen = ImportOptions(), []
        assert choice.title
        assert choice.is_default(choices)
        assert len({option.label for option in choice.values}) == len(choice.values) > 1
        for _ in choice.values:
            seen.append(choice.current(choices).value)
            choices = choice.with_next_value(choices)
        assert seen == [option.value for option in choice.values]
        assert choices == ImportOptions()


@pytest.mark.parametrize(
    ("mode", "expected", "issues"),
    [
        (ImportMode.ADD, (1, 0, 1, 1), (3, "user_id")),
        (ImportMode.UPDATE, (0, 1, 1, 1), (9, "user_id")),
    ],
)
def test_mode_rejects_records_that_would_do_something_else(mode, expected, issues):
    plan = _plan(record_of(ANNA, 2), record_of(_BOB, 3, agent_id="B"), _NEW, mode=mode)
    assert counts(plan) == expected
    assert issues_of(plan)[0] == issues
    empty = _plan(record_of(ANNA), state=EMPTY_STATE, mode=mode)
    assert counts(empty) == ((1, 0, 0, 0) if mode is ImportMode.ADD else (0, 0, 0, 1))


_UNLICENSED = {"unlimited_license": "0", "on_demand_license": "0"}

_FIXES: list[tuple[Record, str, dict[str, str]]] = [
    (record_of(user("zoe", extension="0600"), 4), "unknown_id", {"user_id": "u-zoe"}),
    *(
        (
            record_of(_BOB, 4, user_id="", user_name=name, agent_id="B-1", sip_uri=""),
            "match_user_name",
            {"user_id": _BOB.user_id, "agent_id": "B-1"},
        )
        for name in ("bob", "BOB")
    ),
    (
        record(user_id=_BOB.user_id, user_name="rob", last_name="Robsen"),
        "allow_renamed",
        {"user_name": "rob", "last_name": "Robsen"},
    ),
    (
        record_of(_BOB, location="", first_name="", agent_id="B", salt="", password=""),
        "empty",
        {"location": _BOB.location, "first_name": _BOB.first_name, "password": _BOB.password},
    ),
    (record_of(_BOB, 2, **_UNLICENSED), "allow_unlicensed", _UNLICENSED),
    (record_of(_ZOE, 2, **_UNLICENSED), "allow_unlicensed", _UNLICENSED),
    (record_of(ANNA, extension="412"), "spreadsheet_values", {"extension": "412"}),
]
"""Records that are not imported as they are, the option that fixes them, and what it imports."""


@pytest.mark.parametrize(("imported", "key", "expected"), _FIXES)
def test_record_is_imported_with_the_option_that_fixes_it(imported, key, expected):
    plan = _plan(imported)
    assert not plan.changes
    option = IMPORT_OPTION[key]
    assert option in [group.fixing_option for group in plan.groups]
    fixed = plan_import([imported], _STATE, option.with_next_value(plan.options))
    assert fixed.rejected == 0
    (changed,) = fixed.changes.values()
    assert {name: getattr(changed, name) for name in expected} == expected


def test_match_user_name_rejects_a_second_record_for_a_user_and_adds_users_without_a_match():
    records = [record(line, user_name="bob", agent_id=f"B-{line}") for line in (2, 3)]
    plan = _plan(*records, match_user_name=True)
    assert (counts(plan), issues_of(plan)) == ((0, 1, 0, 1), [(3, "user_id")])
    by_id = record(4, user_id=_BOB.user_id, agent_id="B-4")
    assert counts(_plan(by_id, records[1], match_user_name=True)) == (0, 1, 0, 1)
    assert counts(_plan(_NEW, match_user_name=True)) == (1, 0, 0, 0)


def test_empty_cells_clear_values_with_a_warning():
    plan = _plan(record_of(_BOB, location="", agent_id="", lookback_enabled=""))
    assert plan.changes[_BOB.user_id].location == ""
    assert issues_of(plan) == [(2, "agent_id"), (2, "location"), (2, "lookback_enabled")]
    assert {group.fixing_option for group in plan.groups} == {IMPORT_OPTION["empty"]}
    assert plan.warning_count == 1


def test_options_do_not_change_what_they_do_not_apply_to():
    plan = _plan(record_of(_BOB, password="NEW", salt=""), empty=EmptyCellAction.KEEP)
    assert plan.changes[_BOB.user_id].salt == ""
    assert issues_of(plan) == [(2, "salt")]
    groups = _plan(record_of(_ZOE, last_name="")).groups
    assert IMPORT_OPTION["empty"] not in [group.fixing_option for group in groups]
    both = record_of(_BOB, unlimited_license="1", on_demand_license="1")
    assert counts(_plan(both, allow_unlicensed=True)) == (0, 0, 0, 1)
    stranger = _plan(record_of(user("zoe", extension="6")), unknown_id=UnknownIdAction.ADD)
    assert [*stranger.changes] == ["u-zoe"]


def test_all_or_nothing_imports_nothing_if_a_record_is_rejected():
    plan = _plan(_NEW, record_of(ANNA, 3, is_active="x"), all_or_nothing=True)
    assert counts(plan) == (1, 0, 0, 1)
    assert (plan.is_blocked, plan.write_count, plan.imported) == (True, 0, 0)
    assert not _plan(_NEW, all_or_nothing=True).is_blocked


# counts


def test_groups_count_records_by_reason_rejections_first():
    plan = _plan(
        *(record(2, user_id="u-x"), record(3, user_id="u-y"), record_of(ANNA, 4, location="")),
        record_of(_BOB, 5, is_active="x"),
    )
    said = [(group.severity, group.records, group.first) for group in plan.groups]
    assert (said[0], said[-1]) == ((Severity.ERROR, 2, 1), (Severity.WARNING, 1, 3))
    assert plan.groups[-1].reason == "Location will be cleared"


@pytest.mark.parametrize(
    ("total", "changed", "values", "options", "number"),
    [
        (40, 9, {"is_active": "0"}, {}, 0),
        (40, 10, {"is_active": "0"}, {}, 10),
        (50, 10, {"is_active": "0"}, {}, 0),
        (40, 12, {"location": ""}, {}, 12),
        (40, 12, {"location": ""}, {"empty": EmptyCellAction.KEEP}, 0),
    ],
)
def test_mass_change_of_ten_users_and_a_fifth_requires_a_number(
    total, changed, values, options: dict[str, Any], number
):
    users = [user(f"n{at}", extension=f"9{at}") for at in range(total)]
    records = [record_of(one, line, **values) for line, one in enumerate(users[:changed], 2)]
    assert _plan(*records, state=state_of(*users), **options).required_confirmation == number


def test_not_in_file_lists_users_without_a_record():
    cid, dan = user("cid", extension="3"), user("dan", extension="4")
    records = [
        *(record_of(ANNA, 2), record_of(_BOB, 3, is_active="x"), record(4, user_name="CID")),
    ]
    state = state_of(ANNA, _BOB, cid, dan)
    plan = _plan(*records, state=state)
    assert plan.not_in_file is not None
    assert [*state.stream(plan.not_in_file)] == [[dan]]
    assert plan.not_in_file_count == 1
    assert plan_import(records, state, detail=PlanDetail.COUNTS).not_in_file is None


# warnings that depend on the store


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([_NEW, record_of(user("max", user_id="", extension="0600"), 10)], "in line 9"),
        ([record_of(user("max", user_id="", extension="0500"), 10)], "by Bob Bobsen"),
        ([record_of(ANNA, 2, extension="0500"), record_of(_BOB, 3, extension="0412")], ""),
        (
            [
                record_of(user("max", user_id="", extension="0500"), 2),
                record_of(_BOB, 3, extension="0700"),
            ],
            "",
        ),
    ],
)
def test_extension_used_twice_is_a_warning_of_the_later_record(records, message):
    plan = _plan(*records)
    expected = [f"Extension {records[-1].values[2]} is also used {message}"] if message else []
    assert [issue.message for issue in plan.issues] == expected
    assert plan.rejected == 0


def test_new_values_are_rejected_with_the_option_but_not_in_an_empty_store():
    option = IMPORT_OPTION["new_values"]
    for field in CATEGORICAL:
        records = [
            record_of(_ZOE, 2, **{field.key: "new"}),
            record_of(_BOB, 3, **{field.key: "new"}),
            record_of(user("dan", user_id="", extension="0700"), 4),
        ]
        plan = _plan(*records)
        assert (counts(plan), plan.groups[0].reason) == ((2, 1, 0, 0), f"New {field.name}")
        plan = _plan(*records, new_values=NewValues.REJECT)
        assert counts(plan) == (1, 0, 0, 2)
        assert issues_of(plan) == [(2, field.key), (3, field.key)]
        (group,) = plan.groups
        assert (group.records, group.fixing_option) == (2, option)
        assert option.with_fix(plan.options) == ImportOptions()
    new = record_of(ANNA, department="Slaes")
    assert _plan(new, state=EMPTY_STATE).issues == []
    assert counts(_plan(new, state=EMPTY_STATE, new_values=NewValues.REJECT)) == (1, 0, 0, 0)


def test_rejected_new_value_is_reported_with_all_other_errors_and_stored_ones_are_never_new():
    broken = record_of(_BOB, 2, first_name="", department="Slaes", phone_ip="x")
    plan = _plan(broken, new_values=NewValues.REJECT)
    assert issues_of(plan) == [(2, "first_name"), (2, "department"), (2, "phone_ip")]
    only = _BOB._replace(department="Alone", location="")
    records = [record_of(only, 2, agent_id="B-2"), record_of(ANNA, 3, department="Alone")]
    plan = _plan(*records, state=state_of(ANNA, only), new_values=NewValues.REJECT)
    assert (counts(plan), plan.issues) == ((0, 2, 0, 0), [])


@pytest.mark.parametrize("value", ["=1+1", "+cmd", "-2", "@x", "+47 22 12 34 56"])
def test_formula_is_a_warning_and_a_phone_number_is_none(value):
    plan = _plan(record_of(_BOB, agent_id=value))
    assert issues_of(plan) == [(2, "agent_id")] * (value != "+47 22 12 34 56")
    assert counts(plan) == (0, 1, 0, 0)


def test_unchanged_values_have_no_warnings():
    stored = _BOB._replace(agent_id="=1+1", department="Odd", sip_uri="sip:else@x.org")
    state = state_of(ANNA, stored)
    assert _plan(record_of(stored, location="Oslo", phone_ip="10.1.1.1"), state=state).issues == []
