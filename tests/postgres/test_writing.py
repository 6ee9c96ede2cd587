"""Programs that write to one server at the same time, failures of it, and cancellation."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import psycopg
import pytest

from qm_tui.progress import Cancelled, Phase
from qm_tui.store.changes.bulk import BulkChange, by_ids, plan_bulk
from qm_tui.store.changes.edit import MergeConflictError, add_user, save_edit
from qm_tui.store.changes.plan import NothingToChange, PlanOutdated, commit_plan
from qm_tui.store.changes.undo import plan_undo
from qm_tui.store.errors import StoreBusy, StoreConflict
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.postgres import writing
from qm_tui.store.state import Changes
from qm_tui.store.transaction import ValidationFailed
from qm_tui.transfer.importing import ImportRequest, commit_import, import_users, prepare_import
from qm_tui.users.fields import User
from tests.helpers import ANNA, EDIT, by_id, held, undo, user, users_file, users_of, without_ids
from tests.postgres.conftest import both
from tests.postgres.waiting import wait_until
from tests.store.kinds import commit

BO, CY, DI = user("bo"), user("cy"), user("di")


@pytest.fixture(autouse=True)
def given(store, other):
    """Two users, which both programs have read."""
    commit(store, ANNA, BO)
    other.refresh()


def before(monkeypatch: pytest.MonkeyPatch, step: str, do: Callable[[], object]) -> None:
    """Do something once, before a step of the next transaction."""
    original = getattr(writing._Writing, step)

    def hooked(*arguments: Any, **named: Any) -> object:
        monkeypatch.setattr(writing._Writing, step, original)
        do()
        return original(*arguments, **named)

    monkeypatch.setattr(writing._Writing, step, hooked)


# Two programs write at the same time

_BOTH: dict[str, tuple[Changes, Changes]] = {
    "change other users": (by_id(BO._replace(location="Rome")), by_id(ANNA._replace(location="x"))),
    "add other users": (by_id(CY), by_id(DI)),
    "delete and change other users": ({BO.user_id: None}, by_id(ANNA._replace(location="x"))),
}
"""What the other program writes, and what this one writes, if both are saved."""

_CONFLICTS: dict[str, tuple[Changes, Changes]] = {
    "change the same field": (
        by_id(ANNA._replace(location="Rome")),
        by_id(ANNA._replace(location="x")),
    ),
    "change other fields of a user": (
        by_id(ANNA._replace(department="IT")),
        by_id(ANNA._replace(location="x")),
    ),
    "change a user in the same way": (
        by_id(ANNA._replace(location="x")),
        by_id(ANNA._replace(location="x")),
    ),
    "delete, change": ({ANNA.user_id: None}, by_id(ANNA._replace(location="x"))),
    "change, delete": (by_id(ANNA._replace(location="x")), {ANNA.user_id: None}),
    "delete the same user": ({ANNA.user_id: None}, {ANNA.user_id: None}),
    "add the same User ID": (by_id(CY), by_id(CY._replace(user_name="cyrus"))),
    "add the same User Name": (by_id(CY), by_id(DI._replace(user_name="CY"))),
    "add, rename to the same": (by_id(CY), by_id(ANNA._replace(user_name="cy"))),
    "rename to the same": (
        by_id(BO._replace(user_name="cy")),
        by_id(ANNA._replace(user_name="cy")),
    ),
    "one of many": (by_id(ANNA._replace(location="x")), by_id(BO, CY, ANNA._replace(location="y"))),
}
"""What the other program writes, and what this one writes, if the latter cannot be saved."""

_STEPS = (
    *product(["_know", "_check", "_write_names"], [100]),
    *product(["_copy", "_check", "_write_names"], [0]),
)
"""Before which step the other program writes, and how many users are sent with the statements."""


@both
@pytest.mark.parametrize(("step", "sent"), _STEPS)
@pytest.mark.parametrize("case", _BOTH)
def test_changes_of_different_users_are_both_saved(store, other, monkeypatch, case, step, sent):
    monkeypatch.setattr(writing, "_SENT", sent)
    theirs, mine = _BOTH[case]
    before(monkeypatch, step, lambda: _write(other, theirs))
    _write(store, mine)
    assert store.state.number == 3
    assert [one.number for one in store.transactions()] == [3, 2, 1]
    wanted: Changes = {**by_id(ANNA, BO), **theirs, **mine}
    assert users_of(store.state) == {key: one for key, one in wanted.items() if one is not None}
    assert store.state.total == len(users_of(store.state))


@both
@pytest.mark.parametrize(("step", "sent"), _STEPS)
@pytest.mark.parametrize("case", _CONFLICTS)
def test_changes_of_one_user_conflict(store, other, monkeypatch, case, step, sent):
    monkeypatch.setattr(writing, "_SENT", sent)
    theirs, mine = _CONFLICTS[case]
    before(monkeypatch, step, lambda: _write(other, theirs))
    with pytest.raises(StoreConflict, match="Another admin changed the store"):
        _write(store, mine)
    store.refresh()
    assert held(store.state) == held(other.state)
    assert store.state.number == 2
    names = {one.user_name: one.user_id for one in users_of(store.state).values()}
    assert store.state.owners(["anna", "bo", "cy", "cyrus"]) == [
        names.get(name) for name in ("anna", "bo", "cy", "cyrus")
    ]


@both
@pytest.mark.parametrize("case", list(_CONFLICTS)[:5])
def test_user_changed_after_names_were_written_conflicts(store, other, monkeypatch, case):
    theirs, mine = _CONFLICTS[case]
    before(monkeypatch, "_statements", lambda: _write(other, theirs))
    with pytest.raises(StoreConflict):
        _write(store, mine)
    store.refresh()
    assert held(store.state) == held(other.state)


def _write(store: UserStore, changes: Changes) -> None:
    with store.transaction(EDIT) as transaction:
        transaction.commit(changes)


# What the actions of admins do then


def test_edits_of_different_fields_are_merged(store, other, monkeypatch):
    theirs = ANNA._replace(department="IT")
    before(monkeypatch, "_check", lambda: commit(other, theirs))
    state = save_edit(store, ANNA, ANNA._replace(location="Rome"))
    assert state.user(ANNA.user_id) == ANNA._replace(department="IT", location="Rome")
    assert state.number == 3


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        (lambda other: commit(other, ANNA._replace(location="Rome")), "changed Location"),
        (lambda other: commit(other, delete=(ANNA.user_id,)), "deleted the user"),
        (lambda other: commit(other, CY._replace(user_name="x")), "User Name 'x'"),
    ],
    ids=["same field", "deleted", "User Name claimed"],
)
def test_edit_that_cannot_be_merged_is_reported(store, other, monkeypatch, theirs, message):
    before(monkeypatch, "_check", lambda: theirs(other))
    with pytest.raises(MergeConflictError, match=message):
        save_edit(store, ANNA, ANNA._replace(location="Oslo 2", user_name="x"))
    store.refresh()
    assert held(store.state) == held(other.state)


def test_added_user_with_a_claimed_user_name_is_invalid(store, other, monkeypatch):
    before(monkeypatch, "_write_names", lambda: commit(other, CY))
    with pytest.raises(ValidationFailed, match="User Name"):
        add_user(store, CY._replace(user_id=""))
    assert store.state.total == 3


def _move(*users: User) -> BulkChange:
    action = Action(TransactionKind.SET, "Location")
    return BulkChange(action, by_ids([one.user_id for one in users]), {"location": "Rome"})


def test_bulk_change_is_planned_again_and_saved_if_its_effect_is_the_same(
    store, other, monkeypatch
):
    before(monkeypatch, "_check", lambda: commit(other, BO._replace(department="IT")))
    commit_plan(store, plan_bulk(_move(ANNA, BO), store.state))
    assert list(users_of(store.state).values()) == [
        ANNA._replace(location="Rome"),
        BO._replace(location="Rome", department="IT"),
    ]


def test_bulk_change_with_another_effect_is_reported(store, other, monkeypatch):
    before(monkeypatch, "_check", lambda: commit(other, delete=(BO.user_id,)))
    with pytest.raises(PlanOutdated, match="Nothing was changed") as caught:
        commit_plan(store, plan_bulk(_move(ANNA, BO), store.state))
    assert caught.value.plan.missing == 1
    assert users_of(store.state) == by_id(ANNA)
    commit_plan(store, caught.value.plan)
    assert users_of(store.state) == by_id(ANNA._replace(location="Rome"))


def test_bulk_change_that_another_admin_made_is_not_made_again(store, other, monkeypatch):
    before(monkeypatch, "_check", lambda: commit(other, ANNA._replace(location="Rome")))
    with pytest.raises(NothingToChange):
        commit_plan(store, plan_bulk(_move(ANNA), store.state), accept_any_effect=True)
    assert store.state.number == 2


def test_import_is_planned_again(store, other, monkeypatch, tmp_path):
    file = users_file(tmp_path, BO._replace(location="Rome"), *without_ids(CY))
    before(monkeypatch, "_check", lambda: commit(other, BO._replace(department="IT")))
    report = import_users(ImportRequest(file), store)
    assert (report.store_changed, report.transaction) == (True, 3)
    assert [one.user_name for one in users_of(store.state).values()] == ["anna", "bo", "cy"]
    assert users_of(store.state)[BO.user_id] == BO._replace(location="Rome")


def test_import_with_another_result_is_reported(store, other, monkeypatch, tmp_path):
    file = users_file(tmp_path, *without_ids(CY, DI))
    prepared = prepare_import(ImportRequest(file), store.state)
    before(monkeypatch, "_write_names", lambda: commit(other, CY._replace(location="Rome")))
    with pytest.raises(PlanOutdated, match="Nothing was imported"):
        commit_import(prepared, store)
    assert users_of(store.state) == users_of(other.state)


def test_undo_does_not_revert_what_another_admin_changed(store, other, monkeypatch):
    commit(store, ANNA._replace(location="Rome", department="IT"))
    plan = plan_undo(store, 2)
    before(
        monkeypatch,
        "_check",
        lambda: commit(other, ANNA._replace(location="Paris", department="IT")),
    )
    with pytest.raises(PlanOutdated, match="Nothing was undone") as caught:
        commit_plan(store, plan)
    assert [one.field.key for one in caught.value.plan.skipped] == ["location"]
    commit_plan(store, caught.value.plan)
    assert users_of(store.state)[ANNA.user_id] == ANNA._replace(location="Paris")


# Failures of the server


def _fail(direct: psycopg.Connection, table: str, code: str, times: int, when: str) -> None:
    """Let the server end the first transactions that write to a table."""
    direct.execute("CREATE SEQUENCE public.attempts")  # what it counts is not rolled back
    direct.execute(
        "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF nextval('public.attempts') <= {times} THEN"
        f" RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END IF;"
        " RETURN NULL; END $$".encode()
    )
    made = {
        "statement": f"TRIGGER fail AFTER INSERT OR UPDATE ON qm_tui.{table} FOR EACH STATEMENT",
        "commit": f"CONSTRAINT TRIGGER fail AFTER INSERT OR UPDATE ON qm_tui.{table}"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW",
    }
    direct.execute(f"CREATE {made[when]} EXECUTE FUNCTION public.fail()".encode())


_ATTEMPTS = writing._ATTEMPTS


@pytest.mark.parametrize("when", ["statement", "commit"])
@pytest.mark.parametrize(
    ("code", "table", "times", "is_saved"),
    [
        ("40001", "users", 1, True),
        ("40001", "transactions", _ATTEMPTS - 1, True),
        ("40001", "users", _ATTEMPTS, False),
        ("40P01", "changes", _ATTEMPTS - 1, True),
        ("40P01", "head", _ATTEMPTS, False),
        ("55P03", "users", 1, False),
    ],
)
def test_change_is_tried_again_if_the_server_ends_it(
    store, direct, monkeypatch, code, table, times, is_saved, when
):
    monkeypatch.setattr(writing, "_FIRST_PAUSE", 0.001)
    _fail(direct, table, code, times, when)
    changed = ANNA._replace(location="Rome")
    if is_saved:
        commit(store, changed, CY)
        assert held(store.state) == (2, by_id(changed, BO, CY))
    else:
        with pytest.raises(StoreBusy, match="Nothing was changed"):
            commit(store, changed, CY)
        store.refresh()
        assert held(store.state) == (1, by_id(ANNA, BO))
    assert store.warning == ""
    direct.execute("DROP FUNCTION public.fail CASCADE")
    commit(store, changed._replace(department="IT"))
    assert store.state.number == 2 + is_saved


@both
def test_change_waits_for_another_transaction_only_for_some_time(opened, direct, store_url):
    store = opened(store_url, wait=0.2)
    with direct.transaction():
        direct.execute(
            "UPDATE qm_tui.users SET version = version WHERE user_id = %s", (ANNA.user_id,)
        )
        with pytest.raises(StoreBusy, match="Nothing was changed"):
            commit(store, ANNA._replace(location="Rome"))
        commit(store, BO._replace(location="Rome"))  # others need not wait
    commit(store, ANNA._replace(location="Rome"))
    assert store.state.number == 3


# Cancellation

_SLOW = {
    "copy": "BEFORE INSERT ON qm_tui.staged FOR EACH ROW",
    "record": "AFTER INSERT ON qm_tui.changes FOR EACH STATEMENT",
    "names given up": "AFTER DELETE ON qm_tui.names FOR EACH STATEMENT",
    "names claimed": "AFTER INSERT ON qm_tui.names FOR EACH STATEMENT",
    "users changed": "AFTER UPDATE ON qm_tui.users FOR EACH STATEMENT",
    "users deleted": "AFTER DELETE ON qm_tui.users FOR EACH STATEMENT",
    "users added": "AFTER INSERT ON qm_tui.users FOR EACH STATEMENT",
    "end": "AFTER UPDATE ON qm_tui.head FOR EACH STATEMENT",
}
"""At each step of a change, a trigger that makes it take for ever."""

_ASLEEP = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND state = 'active' AND wait_event = 'PgSleep'"
)


@contextmanager
def _slow(direct: psycopg.Connection, trigger: str) -> Iterator[None]:
    direct.execute(
        "CREATE FUNCTION public.wait() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM pg_sleep(1000); RETURN NEW; END $$"
    )
    direct.execute(f"CREATE TRIGGER wait {trigger} EXECUTE FUNCTION public.wait()".encode())
    yield
    direct.execute("DROP FUNCTION public.wait CASCADE")


def _count(direct: psycopg.Connection, statement: str) -> int:
    ((number,),) = direct.execute(statement.encode()).fetchall()
    return int(number)


@pytest.mark.parametrize("step", _SLOW)
def test_cancel_ends_the_statement_on_the_server_and_changes_nothing(store, direct, step):
    many = [user(f"n{number}") for number in range(2500)]
    changes = {**by_id(ANNA._replace(user_name="ann"), *many), BO.user_id: None}

    def cancel(_phase: Phase, _done: int, _total: int) -> None:
        if _count(direct, _ASLEEP):
            raise Cancelled

    with _slow(direct, _SLOW[step]):
        with pytest.raises(Cancelled), store.transaction(EDIT) as transaction:
            transaction._write_checked(changes, cancel)
        wait_until(lambda: not _count(direct, _ASLEEP))  # it would take 1000 seconds
        store.refresh()
        assert (held(store.state), store.warning) == ((1, by_id(ANNA, BO)), "")
    assert _count(direct, "SELECT count(*) FROM qm_tui.staged") == 0
    assert _count(direct, "SELECT count(*) FROM qm_tui.changes") == 2
    _write(store, changes)
    assert store.state.total == 2501


@both
def test_canceled_question_ends_on_the_server(store, direct):
    held_rows = "LOCK TABLE qm_tui.users IN ACCESS EXCLUSIVE MODE"
    waiting = (
        "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'qm_tui.users'::regclass"
    )

    def rest() -> None:
        if _count(direct, waiting):
            raise Cancelled

    with direct.transaction():
        direct.execute(held_rows)
        with pytest.raises(Cancelled):
            store.state.groups(("location",), rest=rest)
        wait_until(lambda: not _count(direct, waiting))
    assert store.state.groups(("location",)) == {("Oslo",): 2}


# Unknown members


@both
def test_unknown_members_survive_an_edit_an_import_and_an_undo(store, direct, tmp_path):
    direct.execute("""UPDATE qm_tui.users SET extra = '{"badge": [7, null], "é": "x"}'""")

    def members() -> list[object]:
        rows = direct.execute("SELECT extra FROM qm_tui.users ORDER BY seq").fetchall()
        return [extra for (extra,) in rows]

    known = members()
    commit(store, ANNA._replace(location="Rome"))
    assert members() == known
    import_users(ImportRequest(users_file(tmp_path, ANNA, BO._replace(location="x"))), store)
    assert members() == known
    undo(store, 3)
    undo(store, 2)
    assert members() == known
    assert users_of(store.state) == by_id(ANNA, BO)
