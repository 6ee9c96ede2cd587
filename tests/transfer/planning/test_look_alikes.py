"""Warnings of an import about User Names that look like other ones."""

import pytest

from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.reading.records import CleanRecordBatch
from qm_tui.users.fields import FIELD
from tests.helpers import ANNA, EMPTY_STATE, counts, issues_of, state_of, user

CYRILLIC = "\u0430nna"
GREEK = "\u03b1nna"


def imported(*names: str, stored: tuple[str, ...] = (), in_batch: bool) -> ImportPlan:
    """Return the plan of a file of new users, of which the first is in line 2."""
    state = state_of(*(user(f"s{number}", user_name=name) for number, name in enumerate(stored)))
    rows = [
        ANNA._replace(user_id="", user_name=name, extension=f"7{number}", sip_uri="")
        for number, name in enumerate(names)
    ]
    batch = CleanRecordBatch(1, 2, rows)
    records = [batch] if in_batch else list(batch.records())
    return plan_import(records, state, detail=PlanDetail.RECORDS)


@pytest.mark.parametrize("in_batch", [True, False])
@pytest.mark.parametrize(
    ("stored", "names", "warnings"),
    [
        # the store
        ((), (CYRILLIC,), []),
        (("anna",), (CYRILLIC, "bo"), [(2, f"'{CYRILLIC}' looks like 'anna' of S0 S0sen")]),
        ((CYRILLIC,), ("bo", "Anna"), [(3, f"'Anna' looks like '{CYRILLIC}' of S0 S0sen")]),
        ((CYRILLIC,), ("bo", "anne"), []),
        # the file: the name with letters of another script, or else the later one
        ((), ("anna", CYRILLIC), [(3, f"'{CYRILLIC}' looks like the one in line 2")]),
        ((), (CYRILLIC, "anna"), [(2, f"'{CYRILLIC}' looks like the one in line 3")]),
        ((), (CYRILLIC, GREEK), [(3, f"'{GREEK}' looks like the one in line 2")]),
        ((), ("j\u0435n", "bo", "jen"), [(2, "'j\u0435n' looks like the one in line 4")]),
        # both: one warning
        (("anna",), (CYRILLIC, "bo", "x"), [(2, f"'{CYRILLIC}' looks like 'anna' of S0 S0sen")]),
        ((), ("müller", "muller", "иван", "bo"), []),
    ],
)
def test_look_alike_is_a_warning_that_names_the_other(stored, names, warnings, in_batch):
    plan = imported(*names, stored=stored, in_batch=in_batch)
    assert counts(plan) == (len(names), 0, 0, 0)
    assert [(one.line, one.message) for one in plan.issues if one.field is FIELD["user_name"]] == [
        (line, f"User Name {message}") for line, message in warnings
    ]


@pytest.mark.parametrize("in_batch", [True, False])
def test_rejected_record_is_no_other_name(in_batch):
    plan = imported("anna", CYRILLIC, "bo", "BO", stored=("anna", "bo"), in_batch=in_batch)
    assert counts(plan) == (1, 0, 0, 3)
    plan = imported("anna", "anna", CYRILLIC, CYRILLIC, in_batch=in_batch)
    assert [(one.line, one.message) for one in plan.issues] == [
        (3, "User Name 'anna' is already used in line 2"),
        (4, f"User Name '{CYRILLIC}' looks like the one in line 2"),
        (5, f"User Name '{CYRILLIC}' is already used in line 4"),
    ]


def test_look_alike_with_a_shared_extension_has_both_warnings():
    rows = [
        ANNA._replace(user_id="", user_name=name, sip_uri="", extension="7")
        for name in ("anna", CYRILLIC)
    ]
    plan = plan_import([CleanRecordBatch(1, 2, rows)], EMPTY_STATE)
    assert issues_of(plan) == [
        (3, "extension"),
        (3, "user_name"),
    ]
    assert (plan.warning_count, plan.issue_count) == (1, 2)
