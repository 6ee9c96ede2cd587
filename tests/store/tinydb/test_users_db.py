"""`UsersDB` beyond TinyDB: rules, transactions, many writers, activity and undo."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from itertools import product
from pathlib import Path
from threading import Thread
from typing import Any, cast

import pytest
from tinydb import Query, TinyDB, where
from tinydb.operations import delete, increment
from tinydb.table import Document

from qm_tui.store import open_store
from qm_tui.store.errors import ConfirmationRequired, StoreBusy, StoreError, StoreReadOnly
from qm_tui.store.interface import TransactionSummary
from qm_tui.store.origin import current_origin
from qm_tui.store.tinydb import UsersDB
from qm_tui.store.transaction import ValidationFailed
from qm_tui.users.fields import FIELD, KEYS
from tests.helpers import ANNA
from tests.store.tinydb.test_tinydb_contract import document

BAD_ADDRESS = {"phone_ip": "10.0.0.300"}


@pytest.fixture
def db(path) -> Iterator[UsersDB]:
    """A store of Anna, Bo and Cy."""
    with UsersDB(path, wait=0) as db:
        db.insert_multiple([document("anna", badge=[1]), document("bo"), document("cy")])
        yield db


def _many(path: Path, number: int) -> UsersDB:
    db = UsersDB(path)
    db.insert_multiple(document(f"p{at}") for at in range(number))
    return db


def _files(path: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in path.parent.iterdir() if one.suffix != ".lock"}


@contextmanager
def _nothing_changes(path: Path) -> Iterator[None]:
    """Check that files and users stay as they are."""
    before = _files(path)
    with UsersDB(path) as other:
        users = other.all()
    yield
    with UsersDB(path) as other:
        assert other.all() == users
    assert _files(path) == before


def _transactions(path: Path) -> list[TransactionSummary]:
    store = open_store(path)
    store.load()
    return store.transactions()


# Rules


_WRITERS: dict[str, Callable[[UsersDB, dict[str, Any]], object]] = {
    "insert": lambda db, bad: db.insert(document("di") | bad),
    "insert_multiple": lambda db, bad: db.insert_multiple([document("di"), document("ed") | bad]),
    "update": lambda db, bad: db.update(bad, where("user_name") == "anna"),
    "update by a function": lambda db, bad: db.update(lambda one: one.update(bad)),
    "update_multiple": lambda db, bad: db.update_multiple(
        [({"location": "x"}, Query().noop()), (bad, where("user_name") == "cy")]
    ),
    "upsert": lambda db, bad: db.upsert(bad, where("user_name") == "anna"),
    "upsert by ID": lambda db, bad: db.upsert(Document(bad, doc_id=1)),
    "upsert of a new one": lambda db, bad: db.upsert(
        document("di") | bad, where("user_name") == "di"
    ),
}
_BAD: dict[str, dict[str, Any]] = {
    "rule": BAD_ADDRESS,
    "missing": {"first_name": ""},
    "half a surrogate pair": {"location": "\ud800"},
    "list": {"location": ["Oslo"]},
    "fraction": {"extension": 4.5},
    "no JSON": {"badge": object()},
    "infinite": {"badge": [2**70, float("inf")]},
    "half a pair that jq cannot read": {"badge": ["\ud800"]},
    "misspelled field": {"Location": "Oslo"},
}


def test_invalid_document_raises_and_changes_nothing(path, db):
    refused = [(writer, BAD_ADDRESS) for writer in _WRITERS.values()]
    refused += [(_WRITERS["update"], bad) for bad in _BAD.values()]
    refused += [(_WRITERS["insert"], bad) for bad in _BAD.values()]
    with _nothing_changes(path):
        for write, bad in refused:
            with pytest.raises(StoreError, match=r"Nothing was (saved|changed)"):
                write(db, bad)
            assert db.get(doc_id=1) == document("anna", badge=[1])
            assert len(db) == 3
        with pytest.raises(ValidationFailed, match=r"Phone IP '10\.0\.0\.300'") as caught:
            db.update(BAD_ADDRESS, doc_ids=[1, 2])
    assert set(caught.value.issues) == {ANNA.user_id, "u-bo"}


def test_user_name_or_user_id_of_another_user_is_refused(path, db):
    with _nothing_changes(path):
        for change in (
            lambda: db.update({"user_name": "BO"}, doc_ids=[1]),
            lambda: db.insert_multiple([document("di"), document("ed", user_name="di")]),
        ):
            with pytest.raises(ValidationFailed, match="User Name"):
                change()
        for change in (
            lambda: db.update({"user_id": "u-bo"}, doc_ids=[1]),
            lambda: db.insert_multiple([document("di"), document("ed", user_id="u-di")]),
            lambda: db.update_multiple(
                [
                    ({"user_id": "u-bo"}, where("user_name") == "anna"),
                    ({"user_id": ANNA.user_id}, where("user_name") == "bo"),
                ],
                confirm=2,
            ),
        ):
            with pytest.raises(StoreError, match="belongs to another document"):
                change()


def test_user_id_is_made_or_changed_but_not_cleared(path, db):
    number = db.insert(document("di") | {"user_id": ""})
    assert db.get(doc_id=number)["user_id"]
    db.remove(doc_ids=[number])
    db.update({"user_id": "new"}, doc_ids=[1])
    db.update(delete("user_id"), doc_ids=[2])
    db.update({"user_id": ""}, doc_ids=[3])
    with UsersDB(path) as other:
        assert other.get(doc_id=1) == document("anna", badge=[1], user_id="new")
        assert {one["user_id"] for one in other} == {"new", "u-bo", "u-cy"}


def test_missing_optional_fields_are_empty_and_numbers_become_text(db):
    mandatory = {key: value for key, value in document("di").items() if FIELD[key].required}
    number = db.insert(mandatory | {"location": None})
    found = db.get(doc_id=number)
    assert list(found) == list(KEYS)
    assert found.items() >= mandatory.items()
    assert found["location"] == found["sip_uri"] == ""
    db.update({"extension": 412, "is_active": True, "lookback_enabled": False}, doc_ids=[1])
    found = db.get(doc_id=1)
    assert (found["extension"], found["is_active"], found["lookback_enabled"]) == ("412", "1", "0")


def test_document_id_that_the_log_cannot_keep_is_refused(path, db):
    assert db.insert(Document(document("di"), doc_id=9 * 10**14)) == 9 * 10**14
    with _nothing_changes(path):
        for number in cast("list[int]", [-1, True, "7", 1.5, 9 * 10**14 + 1, 2**70]):
            with pytest.raises(ValueError, match="not a document ID"):
                db.insert(Document(document("ed"), doc_id=number))
        with pytest.raises(ValueError, match="not a document ID"):
            db.insert(document("ed"))  # there is none behind the last one


# Mass changes


def test_several_are_deleted_with_their_number_only(path, db):
    refused = [
        lambda confirm: db.remove(where("user_name").one_of(["anna", "bo"]), confirm=confirm),
        lambda confirm: db.remove(doc_ids=[1, 3], confirm=confirm),
    ]
    with _nothing_changes(path):
        for change, wrong in product(refused, (0, 1, 3)):
            with pytest.raises(ConfirmationRequired, match=r"confirm=2\.") as caught:
                change(wrong)
            assert caught.value.count == 2
        for everything in (db.truncate, db.drop_tables, lambda: db.drop_table("users")):
            with pytest.raises(ConfirmationRequired, match="delete 3 users of 3"):
                everything()
    assert db.remove(doc_ids=[1, 3], confirm=2) == [1, 3]
    db.truncate()  # it is one user
    assert len(db) == 0


def test_mass_change_needs_its_number(path):
    with _many(path, 40) as db:

        def clean_up(confirm: int) -> None:
            with db.transaction("both", confirm):
                db.remove(doc_ids=[1, 2])
                db.update({"location": ""})

        with _nothing_changes(path):
            for change in (
                lambda: db.update(delete("location")),
                lambda: db.update_multiple([({"is_active": "0"}, Query().noop())]),
                lambda: clean_up(2),  # few deletions do not hide it
            ):
                with pytest.raises(ConfirmationRequired, match="affect 40 users") as caught:
                    change()
                assert caught.value.count == 40
        clean_up(40)
        assert db.count(where("location") == "") == len(db) == 38
        db.update({"department": "x"})  # takes nothing from any user


# Transactions


def test_transaction_saves_several_calls_as_one(path, db):
    reason = "clean-up\x1b[31m\nb\ud800" + "x" * 5000
    with UsersDB(path) as other, db.transaction(reason, confirm=2):
        db.insert(document("di"))
        db.update({"location": "x"}, where("user_name") == "anna")
        db.remove(doc_ids=[2])
        db.upsert(document("ed"), where("user_name") == "ed")
        db.remove(doc_ids=[3])
        assert len(other) == 3
    assert [one["user_name"] for one in db] == ["anna", "di", "ed"]
    found = _transactions(path)
    assert found[0].login == current_origin().login
    assert found[0].action.subject.startswith("clean-up")
    assert len(found[0].action.subject) < 250
    assert found[0].action.subject.isprintable()
    assert (found[0].added, found[0].changed, found[0].deleted) == (2, 1, 2)


def test_reads_in_a_transaction_see_its_changes(db):
    with db.transaction("clean-up", confirm=2):
        number = db.insert(document("di", badge=[2], location="x"))
        db.remove(where("user_name") == "bo")
        db.update({"location": "x"}, doc_ids=[3])
        assert (len(db), len(db.all())) == (3, 3)
        assert [one.doc_id for one in db.search(where("location") == "x")] == [3, number]
        assert db.get(doc_id=2) is None
        assert db.get(doc_ids=[1, 2])[0] == document("anna", badge=[1])
        db.get(doc_id=number)["badge"].append(3)
        db.update(lambda one: one["badge"].append(4), doc_ids=[number])
        assert db.get(doc_id=number)["badge"] == [2, 4]
        db.remove(doc_ids=[number])
    assert [one["user_name"] for one in db] == ["anna", "cy"]


def test_transaction_is_validated_at_its_end_or_rolled_back(path, db):
    def clean_up(*addresses: Any) -> None:
        with db.transaction("clean-up"):
            db.insert(document("di"))
            for address in addresses:
                db.update({"phone_ip": address.strip()}, doc_ids=[1])

    with _nothing_changes(path):
        with pytest.raises(ValidationFailed):
            clean_up("10.0.0.300")
        with pytest.raises(AttributeError):
            clean_up("10.0.0.3", None)
    clean_up("10.0.0.300", "10.0.0.3")
    assert db.get(doc_id=1)["phone_ip"] == "10.0.0.3"


def test_call_that_fails_in_a_transaction_changes_nothing(db):
    def fails(one: Any) -> None:
        one["location"] = "x"
        one["badge"].append(2)  # the second one has none

    with db.transaction("clean-up"):
        db.update({"department": "y"}, doc_ids=[1])
        with pytest.raises(KeyError):
            db.update(fails)
        with pytest.raises(ValueError, match="exists"):
            db.insert_multiple([document("di"), Document(document("ed"), doc_id=1)])
    assert db.get(doc_id=1) == document("anna", badge=[1], department="y")
    assert [one["location"] for one in db] == ["Oslo"] * 3


def test_transactions_nest_as_one(path, db):
    with db.transaction("outer"):
        db.insert(document("di"))
        with db.transaction("inner", confirm=2):
            db.remove(doc_ids=[1, 2])
        with suppress(LookupError), db.transaction("withdrawn"):
            db.insert(document("ed"))
            raise LookupError
    assert [one["user_name"] for one in db] == ["cy", "di"]
    assert [one.action.subject for one in _transactions(path)] == ["outer", ""]


def test_all_users_are_replaced_in_one_transaction(path, db):
    with db.transaction("reload"):
        db.truncate()
        new = [document("cy", location="x"), document("anna"), document("bo"), document("di")]
        assert db.insert_multiple(new) == [3, 1, 2, 4]
    with UsersDB(path) as other:
        assert (other.get(doc_id=3), len(other)) == (new[0], 4)
    last = _transactions(path)[0]
    assert (last.added, last.changed, last.deleted) == (1, 2, 0)


def test_transaction_that_changes_nothing_is_none(path, db):
    with _nothing_changes(path), db.transaction("nothing"):
        db.update({"location": "Oslo", "badge": [1]}, doc_ids=[1])
        number = db.insert(document("di"))
        db.remove(doc_ids=[number])


def test_transaction_of_one_thread_is_not_that_of_another(path, db):
    met: list[object] = []

    def other() -> None:
        met.append(len(db))
        try:
            db.insert(document("ed"))
        except StoreBusy as error:
            met.append(error)

    with db.transaction("mine"):
        db.insert(document("di"))
        thread = Thread(target=other)
        thread.start()
        thread.join()
    assert met[0] == 3
    assert isinstance(met[1], StoreBusy)
    assert [one["user_name"] for one in db] == ["anna", "bo", "cy", "di"]


# Many at once


def test_threads_lose_nothing(path):
    with UsersDB(path, wait=120) as one, UsersDB(path, wait=120) as other:
        one.insert(document("anna", seen=0))

        def work(worker: int) -> None:
            db = (one, other)[worker % 2]
            for at in range(4):
                name = f"w{worker}n{at}"
                assert db.get(doc_id=db.insert(document(name)))["user_name"] == name
                assert db.update(increment("seen"), doc_ids=[1]) == [1]

        with ThreadPoolExecutor(8) as threads:
            list(threads.map(work, range(8)))
        assert len(one) == len({found.doc_id for found in other}) == 33
        assert one.get(doc_id=1)["seen"] == 32


# Other tables, and stores that are only read


def test_other_tables_are_read_and_refuse_changes(path):
    with TinyDB(path) as plain:
        plain.table("users").insert(document("anna"))
        plain.table("notes").insert_multiple([{"text": "a"}, {"text": "b", "big": 2**70}])
    with UsersDB(path) as db:
        db.insert(document("bo"))
    with UsersDB(path) as db:
        assert db.tables() == {"users", "notes"}
        assert db.table("notes").get(where("text") == "b") == {"text": "b", "big": 2**70}
        with _nothing_changes(path):
            for change in (
                lambda: db.table("notes").update({"text": "c"}),
                lambda: db.table("new").insert({"text": "c"}),
                lambda: db.table("empty", persist_empty=True),
                lambda: db.drop_table("notes"),
                lambda: db.drop_tables(confirm=2),
                lambda: db.storage.write({}),
            ):
                with pytest.raises(StoreError, match=r"^Only the .*users .* Nothing was changed\."):
                    change()
    with TinyDB(path) as plain:
        assert len(plain.table("notes")) == 2


def test_read_only_store_refuses_changes(path, db):
    with UsersDB(path, read_only=True) as looking, _nothing_changes(path):
        assert looking.get(doc_id=2) == document("bo")
        for change in (
            lambda: looking.insert(document("di")),
            lambda: looking.upsert({"location": "x"}, where("location") == "Oslo"),
            lambda: looking.truncate(confirm=3),
            lambda: looking.transaction("x").__enter__(),
        ):
            with pytest.raises(StoreReadOnly, match="read-only"):
                change()
    db.update({"location": "x"}, doc_ids=[1])
