"""Many records at once have the same results as single records."""

from hypothesis import given
from hypothesis import strategies as st

from qm_tui.store.state import State
from qm_tui.store.validation import ValidationOptions, validate_changes
from qm_tui.transfer.options.import_options import (
    EmptyCellAction,
    ImportMode,
    ImportOptions,
    NewValues,
    SpreadsheetValues,
    UnknownIdAction,
)
from qm_tui.transfer.planning.plan import ImportPlan, Result
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.reading.records import CleanRecordBatch, Record
from qm_tui.users.fields import FIELD, User
from qm_tui.users.identity import normalize_user_name
from tests.helpers import state_of, user, users_of

_NAMES = ("ada", "Bob", "cid", "dan", "\u0435ve")
_IDS = ("", "", "u-ada", "u-Bob", "u-new", "u-cid")
_VALUES = {
    "user_name": (*_NAMES, "BOB", "fay", "gil", "", "\u0430da", "ｂob", "\u0441id"),
    "extension": ("0412", "0413", "412", "0999", "1", "2", "3", "4.12E+02", ""),
    "department": ("Sales", "Slaes", "", "=1+1"),
    "location": ("Oslo", "", "@home", "+47 1", "47", '"Oslo', "#N/A"),
    "recording_service": ("Any", "any", "10.0.0.1"),
    "unlimited_license": ("1", "0"),
    "recording_profile": ("", "Full"),
    "windows_login": ("", "CORP\\x"),
    "is_active": ("1", "0", "x"),
    "sip_uri": ("", "sip:ada@x.org", "sip:0412@x.org"),
    "last_name": ("Adasen", "Other", ""),
    "salt": ("", "S", '"', "1E-05", "Err:502"),
    "additional_extensions": ("0413,0414", "0413.0414", "17.0"),
}
choices = st.builds(
    ImportOptions,
    mode=st.sampled_from(ImportMode),
    unknown_id=st.sampled_from(UnknownIdAction),
    match_user_name=st.booleans(),
    empty=st.sampled_from(EmptyCellAction),
    allow_unlicensed=st.booleans(),
    allow_renamed=st.booleans(),
    spreadsheet_values=st.sampled_from(SpreadsheetValues),
    new_values=st.sampled_from(NewValues),
)


@st.composite
def _users(draw: st.DrawFn, name: str) -> User:
    changed = draw(st.sets(st.sampled_from(sorted(_VALUES)), max_size=3))
    values = {key: draw(st.sampled_from(_VALUES[key])) for key in sorted(changed)}
    own = user(name) if draw(st.booleans()) else user(name, extension=f"7{name}")
    return own._replace(**values)


@st.composite
def stores(draw: st.DrawFn) -> State:
    names = draw(st.lists(st.sampled_from(_NAMES), unique=True))
    users = [draw(_users(name))._replace(user_name=name) for name in names]
    return state_of(*(user._replace(extension=user.extension or "5") for user in users))


@st.composite
def files(draw: st.DrawFn) -> list[CleanRecordBatch]:
    absent = draw(st.sets(st.sampled_from(sorted(_VALUES)), max_size=2))
    places = {FIELD[key].index for key in absent}
    batches = []
    number = 1
    for count in draw(st.lists(st.integers(1, 8), min_size=1, max_size=3)):
        rows: list[tuple[str | None, ...]] = []
        for _ in range(count):
            row = draw(_users(draw(st.sampled_from((*_NAMES, "fay", "gil", "hal", "ian", "eve")))))
            row = row._replace(user_id=draw(st.sampled_from((*_IDS, row.user_id))))
            rows.append(tuple(None if at in places else value for at, value in enumerate(row)))
        batches.append(CleanRecordBatch(number, number + 1, rows))
        number += count
    return batches


def without_new_ids(plan: ImportPlan) -> list[tuple[object, ...]]:
    assert plan.outcomes is not None
    return [
        (
            outcome.line,
            outcome.result,
            outcome.user and outcome.user[:3] + outcome.user[4:],
            outcome.stored,
            outcome.values,
            list(outcome.issues),
        )
        for outcome in plan.outcomes
    ]


def facts(plan: ImportPlan) -> tuple[object, ...]:
    return (
        plan.counts,
        plan.warning_count,
        plan.issues,
        plan.issue_count,
        plan.groups,
        plan.totals,
        plan.required_confirmation,
    )


@given(stores(), files(), choices)
def test_batch_gives_the_same_plan_as_single_records(state, batches, chosen):
    one_by_one: list[Record] = [record for batch in batches for record in batch.records()]
    slow = plan_import(one_by_one, state, chosen, detail=PlanDetail.RECORDS)
    quick = plan_import(batches, state, chosen, detail=PlanDetail.RECORDS)
    assert facts(quick) == facts(slow)
    assert without_new_ids(quick) == without_new_ids(slow)
    assert quick.not_in_file == slow.not_in_file
    assert quick.not_in_file is not None
    assert state.count(quick.not_in_file).number == quick.not_in_file_count
    assert quick.has_same_effect(slow)
    # how much of a plan is kept does not change it
    counted = plan_import(batches, state, chosen, detail=PlanDetail.COUNTS)
    changes = plan_import(batches, state, chosen, detail=PlanDetail.CHANGES)
    assert facts(counted) == facts(quick) == facts(changes)
    assert (counted.changes, counted.outcomes, changes.outcomes) == ({}, None, None)
    assert changes.has_same_effect(quick)


@given(stores(), files(), choices)
def test_changes_are_valid_and_agree_with_the_counts_and_the_records(state, batches, chosen):
    plan = plan_import(batches, state, chosen, detail=PlanDetail.RECORDS)
    options = ValidationOptions(chosen.allow_unlicensed)
    assert validate_changes(plan.changes, state, options=options) == {}
    assert plan.outcomes is not None
    results = [outcome.result for outcome in plan.outcomes]
    assert plan.counts == {result: results.count(result) for result in Result}
    assert plan.records == sum(len(batch.values) for batch in batches)
    assert len(plan.added) == plan.counts[Result.ADDED]
    assert len(plan.changes) == plan.counts[Result.ADDED] + plan.counts[Result.CHANGED]
    after = {**users_of(state), **plan.changes}
    assert len({normalize_user_name(user.user_name) for user in after.values()}) == len(after)
    for key, change in plan.totals.items():
        before = [getattr(user, key) for user in users_of(state).values()].count("1")
        assert change == (before, [getattr(user, key) for user in after.values()].count("1"))
    for outcome in plan.outcomes:
        if outcome.user is not None and outcome.stored is not None:
            is_changed = outcome.user != outcome.stored
            assert is_changed == (outcome.result is Result.CHANGED)
        assert (outcome.result is Result.REJECTED) == (outcome.user is None)
