"""Check of a typed record: agrees with the plan, fast enough for typing."""

import random
import statistics
import time
from dataclasses import replace

import pytest

from qm_tui.progress import Cancelled
from qm_tui.transfer.importing import ImportRequest, prepare_import
from qm_tui.transfer.options.import_options import ImportOptions, NewValues, UnknownIdAction
from qm_tui.transfer.planning.plan import Result
from qm_tui.transfer.planning.record_check import RecordValidator
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Severity
from tests.helpers import (
    EMPTY_STATE,
    HEADER,
    csv_text,
    state_of,
    user,
    users_file,
    write_file,
)

BEN, CARA = user("ben"), user("cara")


@pytest.fixture
def planned(tmp_path):
    """Return the plan of a file for a store."""

    def plan(rows, *stored, choices=None):
        path = write_file(tmp_path, csv_text([HEADER, *rows]))
        return prepare_import(ImportRequest(path, choices or ImportOptions()), state_of(*stored))

    return plan


def judge_of(prepared):
    return RecordValidator(prepared.state, prepared.request.options, prepared.plan)


def typed(prepared, number, **values):
    """Return the cells of a rejected record with corrections."""
    cells = list(prepared.plan.outcomes[number - 1].values)
    for key, value in values.items():
        cells[FIELD[key].index] = value
    return cells


def said(prepared, number, judge=None, **values):
    """Return the messages of a record by field key."""
    judge = judge or judge_of(prepared)
    line = prepared.plan.outcomes[number - 1].line
    faults = judge.validate(number, line, typed(prepared, number, **values))
    return [(fault.field.key, fault.message) for fault in faults]


def errors(prepared, number, judge=None, **values):
    """Return the fields with errors."""
    judge = judge or judge_of(prepared)
    line = prepared.plan.outcomes[number - 1].line
    faults = judge.validate(number, line, typed(prepared, number, **values))
    return [fault.field.key for fault in faults if fault.severity is Severity.ERROR]


def new(name, **values):
    return user(name, user_id="", **values)


def test_unchanged_record_has_the_faults_of_the_plan(planned):
    prepared = planned([new("ben", extension="", phone_ip="10.0.0.256", is_active="yes")])
    outcome = prepared.plan.outcomes[0]
    assert outcome.result is Result.REJECTED
    faults = judge_of(prepared).validate(1, 2, outcome.values)
    assert [(fault.field, fault.message, fault.fix) for fault in faults] == [
        (fault.field, fault.message, fault.fix) for fault in outcome.issues
    ]
    assert [fault.field.key for fault in faults] == ["extension", "phone_ip", "is_active"]


def test_faults_appear_and_disappear_with_corrections(planned):
    prepared = planned([new("ben", extension="", phone_ip="10.0.0.256")])
    assert errors(prepared, 1, extension="0413") == ["phone_ip"]
    assert errors(prepared, 1, extension="0413", phone_ip="10.0.0.25") == []
    assert errors(prepared, 1, extension="0413", phone_ip="", sip_uri="ben@x.org") == ["sip_uri"]
    assert said(prepared, 1, extension="04\a13", phone_ip="") == [
        ("extension", "Extension contains the control character U+0007")
    ]


def test_user_name_of_another_record_is_reported(planned):
    prepared = planned([new("ben", extension=""), new("cara"), new("dan", extension="")])
    taken = [("user_name", "User Name 'CARA' is already used in line 3")]
    assert said(prepared, 1, extension="0777", user_name="CARA", sip_uri="") == taken
    assert said(prepared, 3, extension="0777", user_name="CARA", sip_uri="") == taken


def test_user_name_of_a_rejected_owner_is_not_available(planned):
    rows = [user("cara", user_name="carla", extension=""), new("ben", user_name="")]
    assert errors(planned(rows, CARA), 2, user_name="cara") == ["user_name"]


def test_user_id_of_another_record_is_reported(planned):
    prepared = planned([user("ben", extension=""), user("cara")], BEN, CARA)
    cara = {key: getattr(CARA, key) for key in ("user_id", "user_name", "last_name")}
    found = said(prepared, 1, extension="0777", **cara)
    assert ("user_id", "User ID u-cara is already used in line 3") in found


def test_duplicate_user_id_is_an_error_of_the_later_record(planned):
    rows = [user("ben", extension=""), user("ben", location="Bergen")]
    prepared = planned(rows, BEN)
    assert errors(prepared, 1, extension="0412") == []
    assert errors(prepared, 2) == ["user_id"]
    assert errors(prepared, 2, user_id="", user_name="benny") == []


def test_unknown_user_id_depends_on_the_option(planned):
    rows = [user("ben", extension="")]
    assert errors(planned(rows, CARA), 1, extension="0777") == ["user_id"]
    prepared = planned(rows, CARA, choices=ImportOptions(unknown_id=UnknownIdAction.ADD))
    assert errors(prepared, 1, extension="0777") == []
    assert errors(planned(rows), 1, extension="0777") == []


def test_corrected_record_affects_the_others(planned):
    prepared = planned([new("ben", extension=""), new("dan", extension="")])
    judge = judge_of(prepared)
    assert errors(prepared, 2, judge, extension="0777", user_name="ben") == []
    judge.correct(1, 2, typed(prepared, 1, extension="0776"))
    assert said(prepared, 2, judge, extension="0777", user_name="ben", sip_uri="") == [
        ("user_name", "User Name 'ben' is already used in line 2")
    ]


def test_record_that_is_still_rejected_claims_no_name(planned):
    prepared = planned([new("ben", extension=""), new("dan", extension="")])
    judge = judge_of(prepared)
    judge.correct(1, 2, typed(prepared, 1, phone_ip="10.0.0.300"))
    assert errors(prepared, 2, judge, extension="0777", user_name="ben") == []


def test_user_id_freed_by_a_correction_is_available(planned):
    rows = [user("ben", extension=""), user("ben", location="Bergen")]
    prepared = planned(rows, BEN)
    judge = judge_of(prepared)
    judge.correct(1, 2, typed(prepared, 1, extension="0777", user_id="", user_name="benny"))
    assert errors(prepared, 2, judge) == []


def test_extension_that_another_record_will_have_is_a_warning(planned):
    rows = [new("ben", extension=""), user("cara", extension="0999"), new("dan", extension="0555")]
    prepared = planned(rows, CARA)
    for extension in ("0999", "0555"):
        [(key, message)] = said(prepared, 1, extension=extension)
        assert key == "extension"
        assert f"Extension {extension} is also used" in message
    assert said(prepared, 1, extension=CARA.extension) == []


def test_similar_value_is_suggested_among_many(planned):
    stored = [user(f"n{at}", department=f"Group {at}") for at in range(500)]
    prepared = planned([new("ben", extension="")], *stored, user("dan", department="Legal"))
    [(_, message)] = said(prepared, 1, extension="0777", department="Legla")
    assert "did you mean 'Legal'?" in message


def test_new_value_is_rejected_with_the_option(planned):
    choices = ImportOptions(new_values=NewValues.REJECT)
    prepared = planned([new("ben", department="Salse")], CARA, choices=choices)
    assert errors(prepared, 1) == ["department"]
    assert errors(prepared, 1, department="Sales") == []


@pytest.mark.parametrize("match_user_name", [False, True])
def test_plan_after_the_correction_agrees_with_the_check(planned, match_user_name):
    """Check and plan agree on any values, also if records of the file contradict each other."""
    rows = [
        new("ben", extension=""),
        user("cara", user_name="carla"),
        new("dan"),
        user("ben", location="Bergen"),
        new("eve", phone_ip="?"),
    ]
    choices = ImportOptions(match_user_name=match_user_name)
    prepared = planned(rows, BEN, CARA, choices=choices)
    judge = judge_of(prepared)
    pick = random.Random(4)  # noqa: S311 - any values
    for _ in range(100):
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
        faults = judge.validate(number, number + 1, values)
        is_wrong = any(fault.severity is Severity.ERROR for fault in faults)
        asked = replace(prepared.request, corrections={number: values})
        again = prepare_import(asked, prepared.state).plan
        assert again.outcomes is not None
        costs_another = any(
            after.result is Result.REJECTED and before.result is not Result.REJECTED
            for before, after in zip(prepared.plan.outcomes, again.outcomes, strict=True)
            if after.number != number
        )
        rejected = again.outcomes[number - 1].result is Result.REJECTED
        assert is_wrong == (rejected or costs_another), (values, faults)


def test_scan_of_the_plan_needs_outcomes_and_can_be_canceled(planned):
    prepared = planned([new("ben", extension=""), new("cara")], CARA)

    def stop(*_):
        raise Cancelled

    with pytest.raises(Cancelled):
        RecordValidator(prepared.state, ImportOptions(), prepared.plan, stop)
    with pytest.raises(ValueError, match="outcomes"):
        RecordValidator(prepared.state, ImportOptions(), replace(prepared.plan, outcomes=None))


def _judged_among(planned, count):
    """Return the median duration of a check in seconds, for a store of this size."""
    names = [f"n{number}" for number in range(count)]
    stored = [user(name, extension=str(at)) for at, name in enumerate(names)]
    rows = [user._replace(location="Bergen") for user in stored]
    rows[0] = rows[0]._replace(is_active="")
    prepared = planned(rows, *stored)
    judge = judge_of(prepared)
    times = []
    for at in range(200):
        values = typed(
            prepared, 1, user_name=f"n{at % count}", department=f"Sale{at}", extension=str(at)
        )
        begun = time.perf_counter()
        judge.validate(1, 2, values)
        times.append(time.perf_counter() - begun)
    return statistics.median(times)


def test_check_takes_as_long_in_a_large_store_as_in_a_small_one(planned):
    few, many = _judged_among(planned, 20), _judged_among(planned, 20_000)
    assert many < 50 * few  # a check that scans all users takes 1,000 times as long


def test_value_that_the_mapping_does_not_list_is_an_error_until_it_is_changed(tmp_path):
    mapping = ColumnMapping(values={FIELD["department"]: {"Vertrieb": "Sales"}})
    file = users_file(tmp_path, user("ben", user_id="", department="Lager"))
    request = ImportRequest(file, read_options=ReadOptions(mapping=mapping))
    plan = prepare_import(request, EMPTY_STATE).plan
    assert plan.outcomes is not None
    values = plan.outcomes.values[1]
    assert values is not None
    validator = RecordValidator(EMPTY_STATE, ImportOptions(), plan)
    (issue,) = validator.validate(1, 2, values)
    assert issue.message == "Department Name 'Lager' is not among the values of the mapping"
    values = [*values]
    values[FIELD["department"].index] = "Stock"
    assert validator.validate(1, 2, values) == []
