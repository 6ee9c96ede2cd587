"""What is said of a typed record is what the plan will say of it, at the speed of typing."""

import random
import statistics
import time
from dataclasses import replace

import pytest

from qm_tui.progress import Cancelled
from qm_tui.transfer.importing import Asked, prepare
from qm_tui.transfer.options.import_options import Choices, UnknownID
from qm_tui.transfer.planning.plan import Result
from qm_tui.transfer.planning.record_check import Judge
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Severity
from tests.helpers import HEADER, csv_text, state_of, user, written

BEN, CARA = user("ben"), user("cara")


@pytest.fixture
def planned(tmp_path):
    """Plans a file of these users against a store of these."""

    def plan(rows, *stored, choices=None):
        path = written(tmp_path, csv_text([HEADER, *rows]))
        return prepare(Asked(path, choices or Choices()), state_of(*stored))

    return plan


def judge_of(prepared):
    return Judge(prepared.state, prepared.asked.choices, prepared.plan)


def typed(prepared, number, **values):
    """The cells of a rejected record, with others typed over some."""
    cells = list(prepared.plan.outcomes[number - 1].values)
    for key, value in values.items():
        cells[FIELD[key].index] = value
    return cells


def said(prepared, number, judge=None, **values):
    """What is said of a record, by field key."""
    judge = judge or judge_of(prepared)
    line = prepared.plan.outcomes[number - 1].line
    faults = judge.faults(number, line, typed(prepared, number, **values))
    return [(one.field.key, one.message) for one in faults]


def errors(prepared, number, judge=None, **values):
    """The fields that keep a record out."""
    judge = judge or judge_of(prepared)
    line = prepared.plan.outcomes[number - 1].line
    faults = judge.faults(number, line, typed(prepared, number, **values))
    return [one.field.key for one in faults if one.severity is Severity.ERROR]


def new(name, **values):
    return user(name, user_id="", **values)


def test_a_record_as_it_is_has_the_faults_that_the_plan_says(planned):
    prepared = planned([new("ben", extension="", phone_ip="10.0.0.256", is_active="yes")])
    outcome = prepared.plan.outcomes[0]
    assert outcome.result is Result.REJECTED
    faults = judge_of(prepared).faults(1, 2, outcome.values)
    assert [(one.field, one.message, one.remedy) for one in faults] == [
        (one.field, one.message, one.remedy) for one in outcome.faults
    ]
    assert [one.field.key for one in faults] == ["extension", "phone_ip", "is_active"]


def test_each_fault_goes_with_its_correction(planned):
    prepared = planned([new("ben", extension="", phone_ip="10.0.0.256")])
    assert errors(prepared, 1, extension="0413") == ["phone_ip"]
    assert errors(prepared, 1, extension="0413", phone_ip="10.0.0.25") == []


def test_what_is_typed_may_be_a_new_fault(planned):
    prepared = planned([new("ben", extension="")])
    assert errors(prepared, 1, extension="0413", sip_uri="ben@example.com") == ["sip_uri"]
    assert said(prepared, 1, extension="04\a13") == [
        ("extension", "Extension contains the control character U+0007")
    ]


def test_a_user_name_that_another_record_of_the_file_claims_is_said(planned):
    prepared = planned([new("ben", extension=""), new("cara"), new("dan", extension="")])
    taken = [("user_name", "User Name 'CARA' stands in line 3 already")]
    assert said(prepared, 1, extension="0777", user_name="CARA", sip_uri="") == taken
    assert said(prepared, 3, extension="0777", user_name="CARA", sip_uri="") == taken


def test_a_user_name_of_a_user_in_the_store_is_said_once(planned):
    prepared = planned([new("ben", extension="")], CARA)
    assert errors(prepared, 1, extension="0777", user_name="cara") == ["user_name"]


def test_a_user_name_that_another_record_gives_up_is_free(planned):
    rows = [user("cara", user_name="carla"), new("ben", user_name="", sip_uri="")]
    prepared = planned(rows, CARA)
    assert errors(prepared, 2, user_name="cara") == []
    assert errors(prepared, 2, user_name="carla") == ["user_name"]


def test_a_user_name_whose_owner_is_rejected_is_not_free(planned):
    rows = [user("cara", user_name="carla", extension=""), new("ben", user_name="")]
    assert errors(planned(rows, CARA), 2, user_name="cara") == ["user_name"]


def test_a_user_id_that_another_record_has_is_said(planned):
    prepared = planned([user("ben", extension=""), user("cara")], BEN, CARA)
    cara = {one: getattr(CARA, one) for one in ("user_id", "user_name", "last_name")}
    found = said(prepared, 1, extension="0777", **cara)
    assert ("user_id", "User ID u-cara stands in line 3 already") in found


def test_of_one_user_id_in_two_lines_only_the_later_is_wrong(planned):
    rows = [user("ben", extension=""), user("ben", location="Bergen")]
    prepared = planned(rows, BEN)
    assert errors(prepared, 1, extension="0412") == []
    assert errors(prepared, 2) == ["user_id"]
    assert errors(prepared, 2, user_id="", user_name="benny") == []


def test_an_unknown_user_id_is_judged_by_the_choice(planned):
    rows = [user("ben", extension="")]
    assert errors(planned(rows, CARA), 1, extension="0777") == ["user_id"]
    prepared = planned(rows, CARA, choices=Choices(unknown_id=UnknownID.ADD))
    assert errors(prepared, 1, extension="0777") == []
    assert errors(planned(rows), 1, extension="0777") == []


def test_a_corrected_record_counts_for_the_others(planned):
    prepared = planned([new("ben", extension=""), new("dan", extension="")])
    judge = judge_of(prepared)
    assert errors(prepared, 2, judge, extension="0777", user_name="ben") == []
    judge.correct(1, 2, typed(prepared, 1, extension="0776"))
    assert said(prepared, 2, judge, extension="0777", user_name="ben", sip_uri="") == [
        ("user_name", "User Name 'ben' stands in line 2 already")
    ]


def test_a_record_that_stays_rejected_claims_no_name(planned):
    prepared = planned([new("ben", extension=""), new("dan", extension="")])
    judge = judge_of(prepared)
    judge.correct(1, 2, typed(prepared, 1, phone_ip="10.0.0.300"))
    assert errors(prepared, 2, judge, extension="0777", user_name="ben") == []


def test_a_user_id_that_a_correction_gave_up_is_free(planned):
    rows = [user("ben", extension=""), user("ben", location="Bergen")]
    prepared = planned(rows, BEN)
    judge = judge_of(prepared)
    judge.correct(1, 2, typed(prepared, 1, extension="0777", user_id="", user_name="benny"))
    assert errors(prepared, 2, judge) == []


def test_an_extension_that_another_record_will_have_is_a_warning(planned):
    rows = [new("ben", extension=""), user("cara", extension="0999"), new("dan", extension="0555")]
    prepared = planned(rows, CARA)
    for extension in ("0999", "0555"):
        [(key, message)] = said(prepared, 1, extension=extension)
        assert key == "extension"
        assert f"Extension {extension} is used twice" in message
    assert said(prepared, 1, extension=CARA.extension) == []


def test_a_value_near_to_one_of_the_store_is_named(planned):
    prepared = planned([new("ben", extension="")], CARA)
    [(key, message)] = said(prepared, 1, extension="0777", department="Salse")
    assert key == "department"
    assert "did you mean 'Sales'?" in message


def test_what_the_plan_says_after_the_correction_is_what_was_said(planned):
    """Judge and plan agree on any values, also in a file whose records contradict each other."""
    rows = [
        new("ben", extension=""),
        user("cara", user_name="carla"),
        new("dan"),
        user("ben", location="Bergen"),
        new("eve", phone_ip="?"),
    ]
    prepared = planned(rows, BEN, CARA)
    judge = judge_of(prepared)
    pick = random.Random(4)  # noqa: S311 - any values
    for _ in range(300):
        number = pick.choice((1, 5))
        values = typed(
            prepared,
            number,
            extension=pick.choice(("", "0777")),
            phone_ip=pick.choice(("", "?")),
            user_name=pick.choice(("ben", "cara", "carla", "dan", "new")),
            user_id=pick.choice(("", "u-ben", "u-cara", "u-new")),
            last_name=pick.choice((BEN.last_name, CARA.last_name)),
        )
        faults = judge.faults(number, number + 1, values)
        is_wrong = any(one.severity is Severity.ERROR for one in faults)
        asked = replace(prepared.asked, corrections={number: values})
        again = prepare(asked, prepared.state).plan
        assert again.outcomes is not None
        others = [one.result for one in again.outcomes if one.number != number]
        before = [one.result for one in prepared.plan.outcomes if one.number != number]
        costs_another = others != before
        rejected = again.outcomes[number - 1].result is Result.REJECTED
        assert is_wrong == (rejected or costs_another), (values, faults)


def test_it_can_be_stopped_while_it_looks_through_the_plan(planned):
    prepared = planned([new("ben", extension=""), new("cara")], CARA)

    def stop(*_):
        raise Cancelled

    with pytest.raises(Cancelled):
        Judge(prepared.state, Choices(), prepared.plan, stop)


def test_a_plan_without_outcomes_is_refused(planned):
    prepared = planned([new("ben")])
    with pytest.raises(ValueError, match="outcomes"):
        Judge(prepared.state, Choices(), replace(prepared.plan, outcomes=None))


def _judged_among(planned, count):
    """The median of the seconds that an answer takes in a store of so many users."""
    names = [f"n{number}" for number in range(count)]
    stored = [user(name, extension=str(at)) for at, name in enumerate(names)]
    rows = [one._replace(location="Bergen") for one in stored]
    rows[0] = rows[0]._replace(is_active="")
    prepared = planned(rows, *stored)
    judge = judge_of(prepared)
    times = []
    for at in range(200):
        values = typed(
            prepared, 1, user_name=f"n{at % count}", department=f"Sale{at}", extension=str(at)
        )
        begun = time.perf_counter()
        judge.faults(1, 2, values)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def test_an_answer_takes_as_long_in_a_large_store_as_in_a_small_one(planned):
    few, many = _judged_among(planned, 20), _judged_among(planned, 20_000)
    assert many < 50 * few  # one that looks at each user takes 1,000 times as long
