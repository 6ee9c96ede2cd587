"""User Names are validated on the store as it will be after the import."""

import pytest

from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.planning.planner import plan_import
from tests.helpers import counts, issues_of, record, record_of, state_of, user, users_of

_STORED = {name: user(name, sip_uri="") for name in ("ada", "bob", "cid", "dan", "eve")}
_STATE = state_of(*_STORED.values())


def _plan(text: str) -> ImportPlan:
    """Plan a file of users and their new names: `ada:bob`.

    A user without a name before is a new one. A record that ends with `!` has an error of its own.
    """
    records = []
    for line, words in enumerate(text.split(), start=2):
        before, _, name = words.rstrip("!").partition(":")
        error = {"is_active": "x"} if words.endswith("!") else {}
        if before:
            user_id = _STORED[before].user_id
            records.append(record(line, user_id=user_id, user_name=name, **error))
        else:
            new = user(name, user_id="", sip_uri="", extension=f"{line}", first_name=f"N{line}")
            records.append(record_of(new, line, **error))
    return plan_import(records, _STATE)


@pytest.mark.parametrize(
    ("text", "rejected"),
    [
        # swapped and passed on, in any order and any case
        ("ada:bob bob:ada", []),
        ("ada:BOB bob:Ada", []),
        ("ada:bob bob:cid cid:dan dan:eve eve:ada", []),
        ("cid:new bob:cid ada:bob", []),
        ("ada:ADA bob:Bob", []),
        (":ada ada:new", []),
        # in use
        ("ada:bob", [2]),
        ("ada:BOB", [2]),
        (":ada", [2]),
        (":ada ada:bob", [2, 3]),  # its name is retained
        # claimed twice: the later one
        ("ada:new bob:NEW", [3]),
        (":zoe :zoe", [3]),
        ("ada:new bob:cid cid:New", [3, 4]),
        # a rejected record neither releases nor claims a name
        ("ada:new! bob:ada", [2, 3]),
        ("ada:new! bob:new", [2]),
        ("ada:bob bob:ada!", [2, 3]),
        ("ada:bob bob:cid cid:dan dan:new! eve:free", [2, 3, 4, 5]),
        ("ada:x bob:x cid:bob dan:cid eve:dan", [3, 4, 5, 6]),
        ("ada:bob bob:ada cid:ada dan:cid", [4, 5]),
        ("eve:ada ada:bob bob:ADA cid:new", [2, 3, 4]),
    ],
)
def test_records_whose_user_name_is_in_use_after_the_import_are_rejected(text, rejected):
    plan = _plan(text)
    assert sorted({line for line, _ in issues_of(plan)}) == rejected
    assert {key for _, key in issues_of(plan)} <= {"user_name", "is_active"}
    after = (users_of(_STATE) | plan.changes).values()
    assert len({one.user_name.casefold() for one in after}) == len(after)


def test_error_names_the_user_or_the_line_with_the_name():
    assert "Bob Bobsen" in _plan("ada:bob").issues[0].message
    assert "line 2" in _plan("ada:new bob:new").issues[0].message


def test_long_chain_is_rejected_quickly():
    users = [user(f"name{number}") for number in range(3000)]
    records = [
        record(line, user_id=one.user_id, user_name=f"name{line - 1}")
        for line, one in enumerate(users, start=2)
    ]
    records[-1] = record(3001, user_id=users[-1].user_id, user_name="new", is_active="x")
    assert counts(plan_import(records, state_of(*users))) == (0, 0, 0, 3000)
