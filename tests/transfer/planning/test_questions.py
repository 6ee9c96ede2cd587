"""An import into a store on another machine asks for many users at once, and for the same plan."""

from collections import Counter
from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.store.state import State
from qm_tui.transfer.options.import_options import ImportOptions, UnknownIdAction
from qm_tui.transfer.planning.missing import MissingAction, MissingPolicy, MissingUsers
from qm_tui.transfer.planning.plan import ImportPlan, Result, SourceRules
from qm_tui.transfer.planning.planner import PlanDetail, plan_import
from qm_tui.transfer.planning.record_check import RecordValidator
from qm_tui.transfer.reading.records import CleanRecordBatch, Record
from qm_tui.users.fields import FIELD, User
from qm_tui.users.issues import Issue
from tests.helpers import record, record_of, state_of, user
from tests.store.slow_store import Line, SlowState
from tests.transfer.planning.test_batch import choices, facts, files, stores, without_new_ids

MISSING_NONE = MissingUsers(MissingAction.REPORT)
COUNT = 1100
BATCHES = 2
"""The batches in which so many records are read, or wait."""


class FarState(SlowState):
    """A state on another machine.

    Args:
        state: the state that answers.

    Attributes:
        asked: the number of questions by name.
    """

    def __init__(self, state: State) -> None:
        self.asked = Counter[str]()
        super().__init__(state, Line(0, self.asked))


STORED = [user(f"n{at}", extension=str(at)) for at in range(COUNT)]


def batches_of(users: Sequence[User]) -> list[CleanRecordBatch]:
    starts = range(0, len(users), 1000)
    return [CleanRecordBatch(at + 1, at + 2, users[at : at + 1000]) for at in starts]


def singles_of(batches: Iterable[CleanRecordBatch]) -> list[Record]:
    return [one for batch in batches for one in batch.records()]


@given(stores(), files(), choices)
def test_plan_is_the_same_as_in_memory(state, batches, chosen):
    for records in (batches, singles_of(batches)):
        near = plan_import(records, state, chosen, detail=PlanDetail.RECORDS)
        far = plan_import(records, FarState(state), chosen, detail=PlanDetail.RECORDS)
        assert facts(far) == facts(near)
        assert without_new_ids(far) == without_new_ids(near)
        assert far.not_in_file == near.not_in_file
        assert far.has_same_effect(near)


@given(
    stores(),
    files(),
    choices,
    st.sampled_from([None, FIELD["agent_id"], FIELD["extension"]]),
    st.sampled_from([None, MissingPolicy(MissingAction.INACTIVATE, ())]),
)
def test_plan_by_a_field_and_with_missing_users_is_the_same(state, batches, chosen, match, missing):
    source = SourceRules(match, missing)
    plans = [
        plan_import(records, asked, chosen, detail=PlanDetail.RECORDS, source=source)
        for records in (batches, singles_of(batches))
        for asked in (state, FarState(state))
    ]
    near, *others = plans
    in_file = {one.stored.user_id for one in near.outcomes or () if one.stored}
    assert in_file.isdisjoint(user.user_id for user in (near.missing or MISSING_NONE).users)
    for other in others:
        assert facts(other) == facts(near)
        assert other.missing == near.missing
        assert without_new_ids(other) == without_new_ids(near)


def planned(
    records: Iterable[Record | CleanRecordBatch], *stored: User, **options: object
) -> tuple[ImportPlan, FarState]:
    """Return the plan of records for a store on another machine, and its state."""
    state = FarState(state_of(*stored))
    chosen = ImportOptions(**options)  # type: ignore[arg-type]
    return plan_import(records, state, chosen, detail=PlanDetail.RECORDS), state


NEW = [user(f"m{at}", extension=f"9{at}", user_id="") for at in range(COUNT)]


@pytest.mark.parametrize("in_batches", [True, False])
@pytest.mark.parametrize(
    ("imported", "result"),
    [
        (NEW, Result.ADDED),
        ([one._replace(user_name=f"\u0430{one.user_name}") for one in NEW], Result.ADDED),
        ([one._replace(extension=STORED[at].extension) for at, one in enumerate(NEW)], "added"),
        ([one._replace(department="Slaes") for one in NEW], Result.ADDED),
        (STORED, Result.UNCHANGED),
        ([one._replace(user_id="") for one in STORED], Result.UNCHANGED),
        ([one._replace(location="Rome") for one in STORED], Result.CHANGED),
        ([one._replace(extension=f"9{one.extension}") for one in STORED], Result.CHANGED),
        ([one._replace(user_name=f"x{one.user_name}") for one in STORED], Result.CHANGED),
        ([one._replace(user_id="u-x") for one in STORED], Result.REJECTED),
        ([one._replace(user_id="", location="Rome") for one in STORED], Result.REJECTED),
    ],
)
def test_questions_are_about_many_records(imported, result, in_batches):
    batches = batches_of(imported)
    plan, state = planned(batches if in_batches else singles_of(batches), *STORED)
    assert plan.counts[result] == COUNT
    # for each batch, and again for all of its names and holders at the end
    assert max(state.asked[one] for one in ("users", "owners")) <= 4 * BATCHES
    assert max(state.asked[one] for one in ("look_alikes", "numbers", "holders")) <= 2 * BATCHES
    assert state.asked["groups"] <= len(FIELD)
    assert not {"stream", "ids", "window"} & set(state.asked)


def test_records_without_a_user_name_ask_for_no_names():
    records = [
        record(line, user_id=one.user_id, location="Rome") for line, one in enumerate(STORED, 2)
    ]
    plan, state = planned(records, *STORED)
    assert plan.counts[Result.CHANGED] == COUNT
    assert state.asked.total() < 10 * BATCHES


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_holders_are_asked_again_if_the_first_ones_get_another_extension(kept):
    stored = [user(f"n{at}", extension="7") for at in range(150)]
    moved = stored[: len(stored) - kept]
    records = [
        *(record_of(one, line, extension=str(line)) for line, one in enumerate(moved, 1002)),
        record_of(user("new", user_id="", extension="7"), 2000),
    ]
    plan, state = planned(records, *stored)
    near = plan_import(records, state_of(*stored))
    shared = [one.message for one in plan.issues if one.message.startswith("Extension 7 ")]
    expected = f"Extension 7 is also used by N{150 - kept} N{150 - kept}sen"
    assert shared == ([expected] if kept else [])
    assert [one.message for one in near.issues] == [one.message for one in plan.issues]
    assert state.asked["holders"] == (3 if kept else 0)


def test_typed_record_is_checked_as_in_memory_and_with_few_questions():
    stored = [
        *(user(f"n{at}", extension="7") for at in range(12)),
        user("ada", extension="1"),
        user("\u0430nna", extension="5"),
        *STORED[20:],
    ]
    broken = user("zoe", user_id="", extension="")
    records = [
        *(record_of(one, line, extension="8") for line, one in enumerate(stored[:11], 2)),
        record_of(stored[12], 13, user_name="eve"),
        record_of(broken, 14),
    ]
    options = ImportOptions(unknown_id=UnknownIdAction.ADD)
    near = state_of(*stored)
    far = FarState(near)
    plan = plan_import(records, near, options, detail=PlanDetail.RECORDS)

    def checked(state: State) -> list[list[Issue]]:
        validator = RecordValidator(state, options, plan)
        return [
            validator.validate(13, 14, [*broken._replace(extension=extension, user_name=name)])
            for extension in ("7", "8", "1", "9", "")
            for name in ("zoe", "ada", "eve", "anna", "n1", "N20")
        ]

    issues = checked(near)
    assert issues == checked(far)
    messages = [issue.message for issue in (*issues[0], *issues[6])]
    assert "Extension 7 is also used by N11 N11sen" in messages
    assert "Extension 8 is also used by N0 N0sen" in messages
    assert far.asked.total() < 10 * len(issues)
    assert "stream" not in far.asked
