"""Planning of an import: every record is added, changed, unchanged or rejected."""

import copy

import pytest

from qm_tui.progress import Cancelled, Phase
from qm_tui.transfer.options.import_options import ImportOptions, UnknownIdAction
from qm_tui.transfer.planning.planner import plan_import
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELDS, KEYS
from tests.helpers import ANNA, EMPTY_STATE, counts, issues_of, record, record_of, state_of, user

_STATE = state_of(ANNA, user("bob"))
_ADD = ImportOptions(unknown_id=UnknownIdAction.ADD)
_MANDATORY = [field.key for field in FIELDS if field.required]
_NEW = {
    "first_name": "Zoe",
    "last_name": "Zahn",
    "extension": "0099",
    "user_name": "zoe",
    "password": "ENC",
    "is_active": "1",
    "recording_service": "Any",
    "unlimited_license": "0",
    "on_demand_license": "1",
}


# User ID empty


@pytest.mark.parametrize("user_id", [{}, {"user_id": ""}])
def test_record_without_user_id_is_added_with_a_new_id(user_id):
    plan = plan_import([record(**_NEW, **user_id)], _STATE)
    assert counts(plan) == (1, 0, 0, 0)
    ((new_id, added),) = plan.changes.items()
    assert added == user("x", **dict.fromkeys(KEYS, ""))._replace(**_NEW, user_id=new_id)
    assert len(new_id) == 12
    assert plan.issues == []


def test_new_user_requires_every_required_value_and_column():
    for key in _MANDATORY:
        without = {name: value for name, value in _NEW.items() if name != key}
        for values in (without, without | {key: ""}):
            assert issues_of(plan_import([record(**values)], _STATE)) == [(2, key)]


@pytest.mark.parametrize(
    "present", [KEYS, ("user_name",), ("user_name", "location"), tuple(_NEW), KEYS[:20]]
)
def test_record_without_user_id_identical_to_the_user_of_its_name_is_unchanged(present):
    values = {key: getattr(ANNA, key) for key in present if key != "user_id"}
    for user_id in ({}, {"user_id": ""}):
        plan = plan_import([record(**values, **user_id)], _STATE)
        assert counts(plan) == (0, 0, 1, 0)
        assert plan.issues == []


def test_record_without_user_id_that_differs_in_any_field_is_a_new_user():
    other = {"user_name": "ANNA", "is_active": "0", "phone_ip": "10.9.9.9"}
    other |= {"unlimited_license": "x", "on_demand_license": "x"}
    for key in KEYS:
        if key != "user_id":
            values = {key: other.get(key, "9")}
            plan = plan_import([record_of(ANNA, user_id="", **values)], _STATE)
            assert counts(plan) == (0, 0, 0, 1)
            assert (2, "user_name") in issues_of(plan)


# User ID known


def test_absent_columns_keep_their_value():
    plan = plan_import([record(user_id=ANNA.user_id, location="Bergen")], _STATE)
    assert counts(plan) == (0, 1, 0, 0)
    assert plan.changes == {ANNA.user_id: ANNA._replace(location="Bergen")}


def test_empty_cell_clears_an_optional_field_and_is_an_error_in_a_required_one():
    stored = user(**{"recording_profile": "All"})
    for field in FIELDS:
        if field.is_secret or field.key == "user_id":
            continue
        plan = plan_import([record(user_id=stored.user_id, **{field.key: ""})], state_of(stored))
        if field.required:
            assert counts(plan) == (0, 0, 0, 1)
            assert issues_of(plan) == [(2, field.key)]
        else:
            assert plan.changes == {stored.user_id: stored._replace(**{field.key: ""})}


def test_licenses_change_together():
    for values, expected in (
        ({"unlimited_license": "0", "on_demand_license": "1"}, (0, 1, 0, 0)),
        ({"unlimited_license": "0"}, (0, 0, 0, 1)),
        ({"on_demand_license": "1"}, (0, 0, 0, 1)),
    ):
        plan = plan_import([record(user_id=ANNA.user_id, **values)], _STATE)
        assert counts(plan) == expected


def test_record_with_new_user_name_and_last_name_is_rejected_with_the_stored_name():
    plan = plan_import([record(user_id=ANNA.user_id, user_name="carl", last_name="Dahl")], _STATE)
    assert counts(plan) == (0, 0, 0, 1)
    assert issues_of(plan) == [(2, "user_id")]
    assert "Anna Berg" in plan.issues[0].message


@pytest.mark.parametrize(
    "values",
    [
        {"user_name": "carl"},
        {"last_name": "Dahl"},
        {"user_name": "carl", "last_name": "Berg"},
        {"user_name": "ANNA", "last_name": "Dahl"},
        {"user_name": "carl", "first_name": "Carl"},
    ],
)
def test_record_with_the_same_user_name_or_last_name_is_an_update(values):
    plan = plan_import([record(user_id=ANNA.user_id, **values)], _STATE)
    assert plan.changes == {ANNA.user_id: ANNA._replace(**values)}


# User ID unknown


def test_unknown_ids_are_accepted_in_an_empty_store():
    users = [user("ada", user_id="17"), user("bob", user_id="4711"), ANNA]
    plan = plan_import([record_of(user, line) for line, user in enumerate(users, 2)], EMPTY_STATE)
    assert counts(plan) == (3, 0, 0, 0)
    assert list(plan.changes.values()) == users


def test_unknown_id_is_rejected_if_there_are_users():
    plan = plan_import([record_of(user("zoe", user_id="17"))], _STATE)
    assert counts(plan) == (0, 0, 0, 1)
    assert issues_of(plan) == [(2, "user_id")]
    assert plan.issues[0].value == "17"


@pytest.mark.parametrize("state", [EMPTY_STATE, _STATE])
@pytest.mark.parametrize("choices", [ImportOptions(), _ADD])
def test_duplicate_id_rejects_the_later_records_and_names_the_first_line(state, choices):
    records = [record_of(ANNA, line, agent_id=f"L{line}") for line in (5, 7, 9)]
    plan = plan_import(records, state, choices)
    assert sum(counts(plan)[:2]) == 1
    assert plan.changes[ANNA.user_id].agent_id == "L5"
    assert issues_of(plan) == [(7, "user_id"), (9, "user_id")]
    assert all("line 5" in problem.message for problem in plan.issues)


def test_duplicate_id_rejects_the_later_even_if_the_first_is_rejected_or_unchanged():
    for first in (record_of(ANNA), record_of(ANNA, is_active="x")):
        plan = plan_import([first, record_of(ANNA, 3, location="Bergen")], _STATE)
        assert (3, "user_id") in issues_of(plan)
        assert plan.changes == {}


# the plan as a whole


def _mixed() -> list[Record]:
    return [
        record_of(ANNA, 2, location="Bergen", extension="412"),
        record_of(user("bob"), 3),
        record(4, **_NEW),
        record_of(user("eve"), 5),
        record(6, **_NEW | {"user_name": "new", "phone_ip": "x"}),
        Record(6, 7, [None] * 26, record_of(ANNA).issues),
    ]


def test_planning_twice_gives_the_same_and_alters_no_record():
    records = _mixed()
    before = copy.deepcopy(records)
    first, second = plan_import(records, _STATE), plan_import(records, _STATE)
    assert records == before
    assert counts(first) == counts(second)
    assert first.issues == second.issues
    without_ids = [
        [user._replace(user_id="") for user in plan.changes.values()] for plan in (first, second)
    ]
    assert without_ids[0] == without_ids[1]


def test_planning_reports_progress_and_can_be_canceled():
    records = [record(line, **_NEW) for line in range(2, 3002)]
    told: list[tuple[Phase, int, int]] = []
    plan_import(records, EMPTY_STATE, progress=lambda *tick: told.append(tick))
    assert {(phase, total) for phase, _, total in told} >= {(Phase.CHECKING, 3000)}

    def cancel(_phase: Phase, _done: int, _total: int) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        plan_import(records, EMPTY_STATE, progress=cancel)


def test_rejected_record_matched_by_its_name_does_not_compete_with_its_user():
    invalid = ANNA._replace(user_id="", phone_ip="nowhere")
    plan = plan_import([record_of(invalid)], _STATE, ImportOptions(match_user_name=True))
    assert [field for _, field in issues_of(plan)] == ["phone_ip"]
