"""Each choice of an import changes what becomes of the records that it is about, and no other."""

import pytest

from qm_tui.store.state import EMPTY
from qm_tui.transfer.options.import_options import CHOICE, CHOICES, Choices, Empty, Mode, UnknownID
from qm_tui.transfer.planning.plan import Result
from qm_tui.transfer.planning.planner import Keeps, plan_of
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Severity
from tests.helpers import ANNA, counts, faulty, record, record_of, state_of, user

_BOB = user("bob", extension="0500")
_STATE = state_of(ANNA, _BOB)
_NEW = record_of(user("zoe", user_id="", extension="0600"), 9)


def _plan(*records, state=_STATE, **choices):
    return plan_of(records, state, Choices(**choices), keeps=Keeps.RECORDS)


def _cured(*records, state=_STATE):
    """For each group of problems, the counts once the choice that it names is turned."""
    plan = _plan(*records, state=state)
    return {
        group.cure.key: counts(plan_of(records, state, group.cure.turned(plan.choices)))
        for group in plan.groups
        if group.cure
    }


# the table itself


def test_every_choice_has_a_flag_a_title_and_ways_that_are_told_apart():
    flags = [choice.flag for choice in CHOICES]
    letters = [choice.letter for choice in CHOICES if choice.letter]
    assert len(set(flags)) == len(flags)
    assert len(set(letters)) == len(letters)
    for choice in CHOICES:
        assert choice.is_default(Choices())
        assert len({option.words for option in choice.options}) == len(choice.options) > 1


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.key)
def test_turning_a_choice_goes_through_all_its_ways_and_back(choice):
    choices = Choices()
    seen = []
    for _ in choice.options:
        seen.append(choice.option(choices).value)
        choices = choice.turned(choices)
    assert seen == [option.value for option in choice.options]
    assert choices == Choices()


# modes


def test_only_add_rejects_what_would_change_a_user_and_passes_over_what_would_not():
    records = [record_of(ANNA, 2), record_of(_BOB, 3, location="Bergen"), _NEW]
    assert counts(_plan(*records, mode=Mode.ADD)) == (1, 0, 1, 1)
    assert faulty(_plan(*records, mode=Mode.ADD))[0] == (3, "user_id")


def test_only_update_rejects_what_would_add_a_user():
    records = [record_of(ANNA, 2), record_of(_BOB, 3, agent_id="B"), _NEW]
    plan = _plan(*records, mode=Mode.UPDATE)
    assert counts(plan) == (0, 1, 1, 1)
    assert faulty(plan) == [(9, "user_id")]


def test_only_update_rejects_unknown_ids_too_even_into_an_empty_store():
    assert counts(_plan(record_of(ANNA), state=EMPTY, mode=Mode.UPDATE)) == (0, 0, 0, 1)


# unknown IDs, names


def test_unknown_ids_are_added_with_the_choice_and_keep_their_id():
    stranger = record_of(user("zoe", extension="0600"), 4)
    assert counts(_plan(stranger)) == (0, 0, 0, 1)
    plan = _plan(stranger, unknown_id=UnknownID.ADD)
    assert list(plan.changes) == ["u-zoe"]
    assert _cured(stranger) == {"unknown_id": (1, 0, 0, 0)}


@pytest.mark.parametrize("name", ["bob", "BOB"])
def test_a_record_without_user_id_updates_the_user_of_its_name_with_the_choice(name):
    one = record_of(_BOB, 4, user_id="", user_name=name, agent_id="B-1", sip_uri="")
    assert counts(_plan(one)) == (0, 0, 0, 1)
    plan = _plan(one, match_user_name=True)
    assert counts(plan) == (0, 1, 0, 0)
    assert plan.changes[_BOB.user_id].agent_id == "B-1"
    assert _cured(one) == {"match_user_name": (0, 1, 0, 0)}


def test_two_records_matched_to_one_user_are_one_too_many():
    records = [record(line, user_name="bob", agent_id=f"B-{line}") for line in (2, 3)]
    plan = _plan(*records, match_user_name=True)
    assert counts(plan) == (0, 1, 0, 1)
    assert faulty(plan) == [(3, "user_id")]
    by_id = record(4, user_id=_BOB.user_id, agent_id="B-4")
    assert counts(_plan(by_id, records[1], match_user_name=True)) == (0, 1, 0, 1)


def test_matching_by_name_makes_new_users_of_the_others():
    assert counts(_plan(_NEW, match_user_name=True)) == (1, 0, 0, 0)


def test_a_new_name_and_last_name_are_taken_with_the_choice():
    one = record(user_id=_BOB.user_id, user_name="rob", last_name="Robsen")
    assert counts(_plan(one)) == (0, 0, 0, 1)
    assert counts(_plan(one, allow_renamed=True)) == (0, 1, 0, 0)
    assert _cured(one) == {"allow_renamed": (0, 1, 0, 0)}


# empty cells


def test_empty_cells_clear_and_say_so():
    plan = _plan(record_of(_BOB, location="", agent_id="", lookback_enabled=""))
    assert plan.changes[_BOB.user_id].location == ""
    assert faulty(plan) == [(2, "agent_id"), (2, "location"), (2, "lookback_enabled")]
    assert {group.cure for group in plan.groups} == {CHOICE["empty"]}
    assert plan.warned == 1


def test_empty_cells_keep_what_is_stored_with_the_choice():
    one = record_of(_BOB, location="", first_name="", department="Support", salt="", password="")
    assert counts(_plan(one)) == (0, 0, 0, 1)
    plan = _plan(one, empty=Empty.KEEP)
    assert plan.changes == {_BOB.user_id: _BOB._replace(department="Support")}
    assert _cured(one)["empty"] == (0, 1, 0, 0)


def test_a_new_password_still_clears_the_salt_when_empty_cells_keep():
    plan = _plan(record_of(_BOB, password="NEW", salt=""), empty=Empty.KEEP)
    assert plan.changes[_BOB.user_id][18] == ""
    assert faulty(plan) == [(2, "salt")]


def test_an_empty_mandatory_cell_of_a_new_user_is_not_cured_by_keeping():
    one = record_of(user("zoe", user_id=""), last_name="")
    assert "empty" not in _cured(one)


# licenses


@pytest.mark.parametrize("target", ["new", "known"])
def test_users_without_a_license_are_taken_with_the_choice(target):
    own = {"unlimited_license": "0", "on_demand_license": "0"}
    one = record_of(_BOB if target == "known" else user("zoe", user_id="", extension="1"), **own)
    assert counts(_plan(one))[3] == 1
    assert counts(_plan(one, allow_unlicensed=True))[3] == 0
    assert list(_cured(one)) == ["allow_unlicensed"]


def test_both_licenses_are_never_taken():
    one = record_of(_BOB, unlimited_license="1", on_demand_license="1")
    assert counts(_plan(one, allow_unlicensed=True)) == (0, 0, 0, 1)


# spreadsheets


def test_what_a_spreadsheet_ate_is_taken_with_the_choice():
    one = record_of(ANNA, extension="412")
    assert counts(_plan(one)) == (0, 0, 1, 0)
    plan = _plan(one, take_numbers=True)
    assert plan.changes[ANNA.user_id].extension == "412"
    assert _cured(one) == {"take_numbers": (0, 1, 0, 0)}


# all or nothing


def test_all_or_nothing_holds_everything_back_while_a_record_is_rejected():
    plan = _plan(_NEW, record_of(ANNA, 3, is_active="x"), all_or_nothing=True)
    assert counts(plan) == (1, 0, 0, 1)
    assert (plan.is_held_back, plan.writes, plan.imported) == (True, 0, 0)
    assert not _plan(_NEW, all_or_nothing=True).is_held_back


# what is counted


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
    assert [group.reason for group in plan.groups][-1] == "Location is cleared"


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


def test_a_mass_change_names_the_number_to_type():
    users = [user(f"n{at}", extension=f"9{at}") for at in range(40)]
    state = state_of(*users)
    nine = [record_of(one, line, is_active="0") for line, one in enumerate(users[:9], 2)]
    assert _plan(*nine, state=state).must_confirm == 0
    ten = [record_of(one, line, is_active="0") for line, one in enumerate(users[:10], 2)]
    assert _plan(*ten, state=state).must_confirm == 10
    more = [record_of(one, line, location="") for line, one in enumerate(users[:12], 2)]
    assert _plan(*more, state=state).must_confirm == 12
    assert _plan(*more, state=state, empty=Empty.KEEP).must_confirm == 0


def test_a_mass_change_is_more_than_a_fifth_of_the_users():
    users = [user(f"n{at}", extension=f"9{at}") for at in range(50)]
    ten = [record_of(one, line, is_active="0") for line, one in enumerate(users[:10], 2)]
    assert _plan(*ten, state=state_of(*users)).must_confirm == 0


def test_users_whom_no_record_names_are_not_in_the_file():
    cid, dan = user("cid", extension="3"), user("dan", extension="4")
    state = state_of(ANNA, _BOB, cid, dan)
    plan = _plan(
        record_of(ANNA, 2),
        record_of(_BOB, 3, is_active="x"),
        record(4, user_name="CID"),
        state=state,
    )
    assert plan.not_in_file == [dan.user_id]


# each record


def test_outcomes_say_what_becomes_of_each_record():
    records = [
        record_of(ANNA, 2),
        record_of(_BOB, 3, agent_id="B"),
        record_of(user("zoe", user_id="", extension="0600"), 4),
        record(5, user_id="?"),
    ]
    outcomes = _plan(*records).outcomes
    assert outcomes is not None
    assert [(one.line, one.result) for one in outcomes] == [
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


# warnings that take the store


def test_an_extension_that_two_users_have_is_said_of_the_later():
    plan = _plan(_NEW, record_of(user("max", user_id="", extension="0600"), 10))
    assert counts(plan) == (2, 0, 0, 0)
    (problem,) = plan.problems
    assert (problem.line, problem.message) == (
        10,
        "Extension 0600 is used twice: line 9 has it too",
    )


def test_an_extension_of_a_stored_user_is_said_with_the_name():
    plan = _plan(record_of(user("max", user_id="", extension="0500"), 10))
    assert plan.problems[0].message == "Extension 0500 is used twice: Bob Bobsen has it too"


def test_an_extension_that_is_given_up_or_swapped_is_not_used_twice():
    swapped = [record_of(ANNA, 2, extension="0500"), record_of(_BOB, 3, extension="0412")]
    assert _plan(*swapped).problems == []
    handed_on = [
        record_of(user("max", user_id="", extension="0500"), 2),
        record_of(_BOB, 3, extension="0700"),
    ]
    assert _plan(*handed_on).problems == []


@pytest.mark.parametrize(
    ("key", "value", "near"),
    [
        ("department", "Slaes", "Sales"),
        ("department", "sales", "Sales"),
        ("department", "Legal", ""),
        ("location", "Olso", "Oslo"),
        ("security_profile", "Agents", "Agent"),
        ("recording_profile", "Full Tme", "Full Time"),
    ],
)
def test_a_value_that_no_user_has_is_said_with_one_that_is_near(key, value, near):
    state = state_of(ANNA._replace(recording_profile="Full Time"), _BOB)
    plan = _plan(record_of(_BOB, **{key: value}), state=state)
    (problem,) = plan.problems
    assert problem.field is FIELD[key]
    assert (f"did you mean '{near}'?" in problem.message) == bool(near)


def test_in_an_empty_store_no_value_is_new():
    assert _plan(record_of(ANNA, department="Slaes"), state=EMPTY).problems == []


@pytest.mark.parametrize("value", ["=1+1", "+cmd", "-2", "@x", "=cmd|' /C calc'!A0"])
def test_a_value_that_would_run_in_a_spreadsheet_is_said(value):
    plan = _plan(record_of(_BOB, agent_id=value))
    assert faulty(plan) == [(2, "agent_id")]
    assert counts(plan) == (0, 1, 0, 0)


def test_a_phone_number_would_not_run():
    assert _plan(record_of(_BOB, agent_id="+47 22 12 34 56")).problems == []


def test_nothing_is_said_of_what_does_not_change():
    stored = _BOB._replace(agent_id="=1+1", department="Odd", sip_uri="sip:else@x.org")
    state = state_of(ANNA, stored)
    assert (
        _plan(record_of(stored, location="Oslo", phone_ip="10.1.1.1"), state=state).problems == []
    )
