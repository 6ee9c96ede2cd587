"""TinyDB's documented behavior, tested with TinyDB itself and with `UsersDB`.

Each case is a piece of a program that uses TinyDB, with documents that are users. The cases run on
plain TinyDB too: so what they expect is TinyDB's own. What `UsersDB` asks for in addition, the
number of users that a script deletes, is given by `sure`.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tinydb import Query, TinyDB, where
from tinydb.middlewares import Middleware
from tinydb.operations import add, delete, increment
from tinydb.table import Document
from tinydb.version import __version__

from qm_tui.store.tinydb import UsersDB
from qm_tui.store.tinydb.storage import LogStorage
from qm_tui.users.fields import KEYS
from tests.helpers import user
from tests.store.tinydb.damage import quick_folder

CASES: list[Callable[..., None]] = []
User = Query()


def case(one: Callable[..., None]) -> Callable[..., None]:
    CASES.append(one)
    return one


def plain(path: Path) -> TinyDB:
    """Open a TinyDB whose default table is the users."""
    db = TinyDB(path)
    db.default_table_name = "users"
    return db


def document(name: str = "anna", /, **values: Any) -> dict[str, Any]:
    """Return a document that is a user, perhaps with more in it than a user has."""
    fields = {key: value for key, value in values.items() if key in KEYS}
    return dict(zip(KEYS, user(name, **fields), strict=True)) | values


def sure(db: TinyDB, number: int) -> dict[str, Any]:
    """Return what confirms that so many users are deleted, where that is asked for."""
    return {"confirm": number} if isinstance(db, UsersDB) else {}


def _people(db: TinyDB) -> None:
    db.insert_multiple(
        [
            document("anna", age=22, born={"year": 1985}, groups=[{"name": "sudo"}]),
            document("bo", location="Bergen", age=30, born={"year": 1990}, groups=[]),
            document("cy", location="Zürich", home={"town": {"zip": "0150"}}, tags=["a", "b"]),
        ]
    )


def _ids(documents: Any) -> list[int]:
    return [one.doc_id for one in documents]


def _names(documents: Any) -> list[str]:
    return [one["user_name"] for one in documents]


# Getting started


@case
def empty_database_has_nothing(db):
    assert (db.all(), len(db), db.tables(), list(db)) == ([], 0, set(), [])
    assert db.get(User.location == "Oslo") is None
    assert db.get(doc_id=1) is None
    assert not db.contains(User.location == "Oslo")
    assert db.search(User.noop()) == []
    assert db.update({"location": "Oslo"}) == []
    assert db.remove(User.location == "Oslo") == []


# Queries

_QUERIES: dict[str, tuple[Any, list[int]]] = {
    "deeply nested": (User.home.town.zip == "0150", [3]),
    "where": (where("born").year == 1985, [1]),
    "any query": (User.groups.any(User.name == "sudo"), [1]),
    "or": ((User.user_name == "cy") | (User.age <= 30), [1, 2, 3]),
    "fragment": (User.fragment({"user_name": "anna", "age": 22}), [1]),
    "noop": (User.noop(), [1, 2, 3]),
    "function": (lambda one: one["location"] == "Bergen", [2]),
}


@case
def queries_find_what_they_say(db):
    _people(db)
    for name, (query, found) in _QUERIES.items():
        assert _ids(db.search(query)) == found, name
        assert db.count(query) == len(found)
        assert db.contains(query)
        assert db.get(query) == db.get(doc_id=found[0])
        assert db.get(cond=query).doc_id == found[0]


# Inserting


@case
def insert_takes_mappings_only(db):
    assert db.insert(MappingProxyType(document("anna"))) == 1
    for bad in ([1], {1}, "text", None, object()):
        with pytest.raises(ValueError, match="Mapping"):
            db.insert(bad)
    for several in (document("bo"), [document("bo"), "text"]):
        with pytest.raises(ValueError, match="Mapping"):
            db.insert_multiple(several)
    assert db.all() == [document("anna")]


@case
def document_is_inserted_with_its_own_id(db):
    assert db.insert(Document(document("anna"), doc_id=12)) == 12
    assert db.insert(document("bo")) == 13
    several = [Document(document("cy"), doc_id=50), Document(document("di"), doc_id=7)]
    assert db.insert_multiple(several) == [50, 7]
    for number in (12, 50):
        taken = Document(document("flo"), doc_id=number)
        for several in cast("list[list[Any]]", [[taken], [document("gus"), taken]]):
            with pytest.raises(ValueError, match=f"Document with ID {number} already exists"):
                db.insert_multiple(several)
    assert _names(db) == ["anna", "bo", "cy", "di"]


# Retrieving


@case
def get_and_contains_take_ids(db):
    _people(db)
    assert db.get(doc_id=2) == db.all()[1]
    assert db.get(doc_id=2).doc_id == 2
    assert db.get(None, 2) == db.get(doc_id=2)
    assert db.get(doc_id=9) is None
    assert db.get(doc_id=float("nan")) is None
    assert db.get(doc_ids=[1, 2, 3]) == db.all()
    assert _ids(db.get(doc_ids=[2, 1, 9, 2])) == [1, 2]
    assert db.get(doc_ids=[9]) == []
    assert db.get(doc_id=3, doc_ids=[1]).doc_id == 3
    assert db.get(User.user_name == "anna", 3).doc_id == 3
    assert db.contains(doc_id=1)
    assert not db.contains(doc_id=9)
    with pytest.raises(RuntimeError, match="cond or doc_id"):
        db.get()
    with pytest.raises(RuntimeError, match="cond or doc_id"):
        db.contains()
    with pytest.raises(RuntimeError, match="truncate"):
        db.remove()


@case
def results_and_what_was_handed_in_are_copies(db):
    _people(db)
    mine = {"floor": [1]}
    db.update({"home": mine}, doc_ids=[1])
    mine["floor"].append(2)
    assert db.get(doc_id=1)["home"] == {"floor": [1]}
    before = [dict(one) for one in db]
    db.all()[0]["location"] = "x"
    db.all()[0]["groups"].append(1)
    db.get(doc_id=1)["born"]["year"] = 0
    db.get(doc_ids=[1])[0]["born"].clear()
    db.get(User.age == 22)["groups"].clear()
    next(iter(db)).clear()
    db.search(User.noop()).clear()
    assert [dict(one) for one in db] == before


# Updating


@case
def unknown_ids_are_left_out(db):
    _people(db)
    if not isinstance(db, UsersDB) and __version__ < "4.9":
        pytest.skip("a KeyError before TinyDB 4.9")
    assert db.update({"location": "x"}, doc_ids=[9, 1]) == [1]
    assert db.update({"location": "x"}, doc_ids=[9]) == []
    assert db.remove(doc_ids=[9, 2]) == [2]
    assert db.remove(doc_ids=[2]) == []
    assert _ids(db) == [1, 3]


@case
def operations_change_fields_and_members(db):
    _people(db)
    for operation, after in (
        (increment("age"), {"age": 23}),
        (add("groups", cast("int", [1])), {"groups": [{"name": "sudo"}, 1]}),
        (lambda one: one.update(badge=one["age"] * 2), {"badge": 46}),
    ):
        assert db.update(operation, User.user_name == "anna") == [1]
        assert db.get(doc_id=1).items() >= after.items()
    assert db.update(delete("age"), doc_ids=[1, 2]) == [1, 2]
    assert not db.contains(User.age.exists())
    db.update(delete("location"), doc_ids=[1])
    assert db.get(doc_id=1).get("location", "") == ""
    db.update({"location": "Oslo"}, doc_ids=[1])


@case
def operation_that_fails_changes_nothing(db):
    _people(db)

    def fails(one):
        one["location"] = "x"
        if one["user_name"] == "cy":
            raise LookupError("my own")

    with pytest.raises(ZeroDivisionError):
        db.update({"location": "x"}, User.age.test(lambda age: age / 0))
    for change, error in [
        (fails, LookupError),
        (delete("nothing"), KeyError),
        (increment("location"), TypeError),
    ]:
        with pytest.raises(error):
            db.update(change)
    assert [one["location"] for one in db] == ["Oslo", "Bergen", "Zürich"]


@case
def changing_while_iterating_is_safe(db):
    _people(db)
    for one in db:
        db.update({"location": f"{one.doc_id}"}, doc_ids=[one.doc_id])
    assert [one["location"] for one in db] == ["1", "2", "3"]


@case
def upsert_takes_a_document_with_an_id(db):
    _people(db)
    assert db.upsert(Document({"location": "x"}, doc_id=2)) == [2]
    assert db.upsert(Document(document("di"), doc_id=9)) == [9]
    assert db.upsert(Document(document("ed"), doc_id=11), User.user_name == "anna") == [11]
    assert db.get(doc_id=2)["location"] == "x"
    assert db.get(doc_id=2)["user_name"] == "bo"
    assert db.get(doc_id=9) == document("di")
    assert db.get(doc_id=1)["user_name"] == "anna"
    assert db.insert(document("flo")) == 12
    with pytest.raises(ValueError, match=r"(?=.*\bdoc_id\b)(?=.*\bquery\b)"):
        db.upsert(document("gus"))


# Tables


@case
def tables_are_dropped_and_made_again(db):
    db.drop_tables()
    for drop in (db.drop_tables, lambda **confirm: db.drop_table("users", **confirm)):
        _people(db)
        db.drop_table("nowhere")
        drop(**sure(db, 3))
        assert (db.tables(), db.all(), len(db.table("users"))) == (set(), [], 0)
    assert db.table("users").insert(document("anna")) == 1
    assert db.tables() == {"users"}
    notes = db.table("notes")
    assert (notes.all(), len(notes), notes.get(doc_id=1)) == ([], 0, None)
    assert notes is db.table("notes")


# Documents


@case
def members_may_have_any_name_and_nearly_become_json(db):
    db.insert(document("anna") | {"": 1, "_meta": {"1": {}}, '"checksum":"': 'x"}\n', 1: (2, 3)})
    db.update({"": True, "\U0001f600": {4: {None: "x"}}})
    found = db.get(doc_id=1)
    assert (found["_meta"], found["1"]) == ({"1": {}}, [2, 3])
    assert found[""] is True  # not the equal 1
    assert found["\U0001f600"] == {"4": {"null": "x"}}


# Any program


class Change(NamedTuple):
    """A call that changes documents.

    Attributes:
        call: the name of the method.
        names: the users that it is about; those that exist or do not exist, as it needs.
        location: the value that it sets.
        badge: the value of another member, any JSON.
        by_ids: whether it names documents by their IDs, not by a query.
    """

    call: str
    names: list[str]
    location: str
    badge: Any
    by_ids: bool


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from([2**64 + 1, 10**400, 1e300, "\x00", "\u2028", "}\n", "\U0001f600"]),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(), values, max_size=3),
    max_leaves=5,
)
CHANGES = st.lists(
    st.builds(
        Change,
        st.sampled_from(
            ["insert", "insert_multiple", "update", "update_multiple", "upsert", "remove"]
        ),
        st.lists(st.sampled_from(["bo", "cy", "di", "ed"]), min_size=1, max_size=3, unique=True),
        st.sampled_from(["Oslo", "Rome", "Bodø"]),
        JSON | st.sampled_from([0, False, 0.0, [1], [True]]),
        st.booleans(),
    ),
    max_size=12,
)


def _made(db: TinyDB, change: Change) -> Any:
    """Make a change; return what the call returned."""
    ids = {one["user_name"]: one.doc_id for one in db}
    there = [name for name in change.names if name in ids]
    new: list[Any] = [document(name, age=1) for name in change.names if name not in ids]
    fields = {"location": change.location, "badge": change.badge, "age": 2}
    query = User.user_name.one_of(there)
    whom = {"doc_ids": [ids[name] for name in there]} if change.by_ids else {"cond": query}
    match change.call:
        case "insert":
            return [db.insert(one) for one in new]
        case "insert_multiple":
            return db.insert_multiple(new)
        case "update":
            return db.update(fields, **whom)
        case "update_multiple":
            return db.update_multiple([(fields, query), ({"seen": True}, User.age == 2)])
        case "upsert":
            if change.by_ids:
                return [db.upsert(Document(fields, ids[name])) for name in there]
            return [db.upsert(one, User.user_name == one["user_name"]) for one in new]
        case _:
            return db.remove(**whom, **sure(db, len(there) if len(there) > 1 else 0))


@given(CHANGES)
def test_any_changes_do_the_same_as_in_tinydb(changes):
    with quick_folder() as folder:
        path = folder / "users.json"
        with plain(folder / "plain.json") as db, UsersDB(path) as ours:
            for one in (db, ours):
                one.insert(document("anna", age=1))
            for change in changes:
                assert _made(ours, change) == _made(db, change)
                assert _everything(ours) == _everything(db)
                for query in (User.age == 2, User.location == "Rome", User.seen.exists()):
                    assert ours.search(query) == db.search(query)
                    assert ours.get(query) == db.get(query)
            expected = _everything(db)
            badges = [repr(one.get("badge")) for one in db]
        with UsersDB(path) as ours, TinyDB(path) as beside:
            assert [repr(one.get("badge")) for one in ours] == badges  # 1 is not True
            assert _everything(ours) == _everything(beside) == expected


def _everything(db: TinyDB) -> list[tuple[int, dict[str, object]]]:
    return [(one.doc_id, dict(one)) for one in db.table("users")]


@pytest.mark.parametrize("one", CASES, ids=lambda one: one.__name__)
def test_tinydb_and_users_db_behave_as_documented(path, one):
    with plain(path.with_name("plain.json")) as db:
        one(db)
        expected = _everything(db)
    with UsersDB(path) as db:
        one(db)
        assert _everything(db) == expected
        if path.exists():
            with TinyDB(path) as other:
                assert _everything(other) == expected  # beside it, not after it
    with UsersDB(path) as db:
        assert _everything(db) == expected
    if path.exists():
        path.unlink()
        with UsersDB(path) as db:
            assert _everything(db) == expected  # from the log


def test_two_databases_in_turn_see_each_other(path):
    with UsersDB(path) as one, UsersDB(path) as other:
        one.insert(document("anna"))
        assert other.all() == [document("anna")]
        other.update({"location": "x"}, doc_ids=[1])
        assert one.get(doc_id=1) == document("anna", location="x")
        assert one.insert(document("bo")) == 2
        assert _names(other) == ["anna", "bo"]


def test_database_is_closed_by_its_context(path):
    with UsersDB(cast("Path", str(path))) as db:
        db.insert(document("anna"))
        db.close()
    with suppress(LookupError), UsersDB(path) as db:
        db.insert(document("bo"))
        raise LookupError
    with UsersDB(path) as db:
        assert _names(db) == ["anna", "bo"]


def test_middleware_works(path):
    with UsersDB(path, storage=Middleware(LogStorage)) as db:
        _people(db)
        db.update({"location": "x"}, User.age.exists())
        assert db.remove(doc_ids=[3]) == [3]
    with UsersDB(path) as db:
        assert [one["location"] for one in db] == ["x", "x"]
