"""What TinyDB's documentation promises, held against TinyDB itself and against both of ours.

Each case is a piece of a program that uses TinyDB. The cases run on plain TinyDB too: so what they
expect is TinyDB's, and the private parts of it that `JournalTable` overrides are still there.
"""

import inspect
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import cast

import pytest
from tinydb import JSONStorage, Query, TinyDB, where
from tinydb.middlewares import CachingMiddleware
from tinydb.operations import add, decrement, delete, increment, subtract
from tinydb.operations import set as set_to
from tinydb.table import Document, Table

from qm_tui.store.database import Database
from qm_tui.store.journal_db import JournalDB
from qm_tui.store.storage import JournalStorage

Open = Callable[[Path], TinyDB]

OPENERS: dict[str, Open] = {
    "plain TinyDB": lambda path: TinyDB(path, storage=JSONStorage, encoding="utf-8"),
    "TinyDB on the journal": lambda path: TinyDB(path, storage=JournalStorage),
    "JournalDB": JournalDB,
}
CASES: list[Callable[..., None]] = []
Fruit = Query()


def case(one: Callable[..., None]) -> Callable[..., None]:
    CASES.append(one)
    return one


def _fruit(db):
    db.insert({"type": "apple", "count": 7})
    db.insert({"type": "peach", "count": 3})


def _ids(documents) -> list[int]:
    return [one.doc_id for one in documents]


# Getting started


@case
def insert_gives_the_next_id_from_1(db):
    assert [db.insert({"n": n}) for n in range(3)] == [1, 2, 3]


@case
def all_gives_every_document_in_order(db):
    _fruit(db)
    assert db.all() == [{"type": "apple", "count": 7}, {"type": "peach", "count": 3}]
    assert _ids(db.all()) == [1, 2]


@case
def a_database_is_iterated_over_and_has_a_length(db):
    _fruit(db)
    assert [one["type"] for one in db] == ["apple", "peach"]
    assert len(db) == 2


@case
def an_empty_database_has_nothing(db):
    assert (db.all(), len(db), db.tables()) == ([], 0, set())
    assert db.get(Fruit.x == 1) is None
    assert not db.contains(Fruit.x == 1)


@case
def search_finds_what_fits(db):
    _fruit(db)
    assert db.search(Fruit.type == "peach") == [{"type": "peach", "count": 3}]
    assert db.search(Fruit["count"] > 5) == [{"type": "apple", "count": 7}]
    assert db.search(where("type") == "pear") == []


@case
def truncate_leaves_an_empty_table(db):
    _fruit(db)
    db.truncate()
    assert db.all() == []
    assert db.tables() == {"_default"}
    assert db.insert({"n": 1}) == 1


# Queries


def _people(db):
    db.insert_multiple(
        [
            {"name": "John", "age": 22, "birth": {"year": 1985}, "groups": [{"name": "sudo"}]},
            {"name": "Zoë", "age": 30, "birth": {"year": 1990}, "groups": []},
            {"name": "Bo", "city": {"town": {"zip": "0150"}}, "tags": ["a", "b"]},
        ]
    )


_User = Query()
_QUERIES = {
    "equal": (_User.name == "John", [1]),
    "unequal": (_User.name != "John", [2, 3]),
    "less": (_User.age < 30, [1]),
    "at most": (_User.age <= 30, [1, 2]),
    "nested": (_User.birth.year == 1990, [2]),
    "deeply nested": (_User.city.town.zip == "0150", [3]),
    "by item": (_User["birth"]["year"] == 1985, [1]),
    "where": (where("birth").year == 1985, [1]),
    "exists": (_User.age.exists(), [1, 2]),
    "matches": (_User.name.matches("[jb]o", re.IGNORECASE), [1, 3]),
    "search": (_User.name.search("o$"), [3]),
    "test": (_User.age.test(lambda age, least: age >= least, 25), [2]),
    "any query": (_User.groups.any(_User.name == "sudo"), [1]),
    "any list": (_User.tags.any(["b", "z"]), [3]),
    "all": (_User.tags.all(["a", "b"]), [3]),
    "one of": (_User.name.one_of(["Zoë", "Bo"]), [2, 3]),
    "not": (~(_User.name == "John"), [2, 3]),
    "and": ((_User.age > 20) & (_User.age < 25), [1]),
    "or": ((_User.name == "Bo") | (_User.age == 30), [2, 3]),
    "fragment": (_User.fragment({"name": "John", "age": 22}), [1]),
    "fragment in": (_User.birth.fragment({"year": 1985}), [1]),
    "map": (_User.name.map(str.lower) == "john", [1]),
    "noop": (_User.noop(), [1, 2, 3]),
}


def _query_finds(db, *, name):
    query, found = _QUERIES[name]
    _people(db)
    assert _ids(db.search(query)) == found
    assert db.count(query) == len(found)
    assert db.contains(query)
    assert db.get(query).doc_id == found[0]


for _name in _QUERIES:
    _finds = partial(_query_finds, name=_name)
    _finds.__name__ = f"the_query_{_name.replace(' ', '_')}_finds"  # type: ignore[attr-defined]
    CASES.append(_finds)


# Handling data


@case
def insert_multiple_takes_anything_that_can_be_iterated_over(db):
    assert db.insert_multiple([{"n": 1}, {"n": 2}]) == [1, 2]
    assert db.insert_multiple({"n": n} for n in range(3)) == [3, 4, 5]
    assert db.insert_multiple([]) == []


@case
def insert_takes_any_mapping_and_nothing_else(db):
    assert db.insert(MappingProxyType({"a": 1})) == 1
    assert db.get(doc_id=1) == {"a": 1}
    for bad in ([1], {1}, "text", None):
        with pytest.raises(ValueError, match="Mapping"):
            db.insert(bad)
    assert len(db) == 1


@case
def a_document_that_is_no_mapping_among_many_inserts_none(db):
    db.insert({"n": 1})
    with pytest.raises(ValueError, match="Mapping"):
        db.insert_multiple([{"n": 2}, "text"])
    assert db.all() == [{"n": 1}]


@case
def a_document_that_is_no_json_is_refused_and_changes_nothing(db):
    db.insert({"n": 1})
    for bad in ({1, 2}, object(), b"bytes"):
        with pytest.raises(TypeError):
            db.insert({"n": bad})
    assert db.all() == [{"n": 1}]


@case
def update_changes_all_or_some(db):
    _fruit(db)
    assert db.update({"foo": "bar"}) == [1, 2]
    assert db.update({"count": 9}, Fruit.type == "apple") == [1]
    assert db.update({"count": 1}, doc_ids=[2]) == [2]
    assert db.update({"count": 0}, Fruit.type == "pear") == []
    assert db.all() == [
        {"type": "apple", "count": 9, "foo": "bar"},
        {"type": "peach", "count": 1, "foo": "bar"},
    ]


@case
def update_multiple_makes_several_updates(db):
    _fruit(db)
    done = db.update_multiple(
        [
            ({"count": 2}, where("type") == "apple"),
            (delete("count"), where("type") == "peach"),
        ]
    )
    assert done == [1, 2]
    assert db.all() == [{"type": "apple", "count": 2}, {"type": "peach"}]


_OPERATIONS = {
    "delete": (delete("n"), {"s": "x", "l": [1]}),
    "increment": (increment("n"), {"n": 6, "s": "x", "l": [1]}),
    "decrement": (decrement("n"), {"n": 4, "s": "x", "l": [1]}),
    "add to a number": (add("n", 10), {"n": 15, "s": "x", "l": [1]}),
    "add to a text": (add("s", cast("int", "y")), {"n": 5, "s": "xy", "l": [1]}),
    "add to a list": (add("l", cast("int", [2])), {"n": 5, "s": "x", "l": [1, 2]}),
    "subtract": (subtract("n", 2), {"n": 3, "s": "x", "l": [1]}),
    "set": (set_to("n", "z"), {"n": "z", "s": "x", "l": [1]}),
    "own": (lambda one: one.update(new=one["n"] * 2), {"n": 5, "s": "x", "l": [1], "new": 10}),
}


def _operation_does(db, *, name):
    operation, after = _OPERATIONS[name]
    db.insert_multiple([{"n": 5, "s": "x", "l": [1]}, {"n": 0}])
    assert db.update(operation, Fruit.n == 5) == [1]
    assert db.all() == [after, {"n": 0}]


for _name in _OPERATIONS:
    _does = partial(_operation_does, name=_name)
    _does.__name__ = f"the_operation_{_name.replace(' ', '_')}_updates"  # type: ignore[attr-defined]
    CASES.append(_does)


@case
def upsert_updates_what_it_finds_or_inserts(db):
    _fruit(db)
    assert db.upsert({"count": 8}, Fruit.type == "apple") == [1]
    assert db.upsert({"type": "pear", "count": 1}, Fruit.type == "pear") == [3]
    assert db.upsert({"seen": True}, Fruit["count"] > 2) == [1, 2]
    assert [one.get("seen") for one in db] == [True, True, None]


@case
def upsert_takes_a_document_with_an_id(db):
    _fruit(db)
    assert db.upsert(Document({"type": "plum"}, doc_id=2)) == [2]
    assert db.upsert(Document({"type": "fig"}, doc_id=9)) == [9]
    assert db.get(doc_id=2) == {"type": "plum", "count": 3}
    assert db.get(doc_id=9) == {"type": "fig"}
    with pytest.raises(ValueError, match="doc_id"):
        db.upsert({"type": "kiwi"})


@case
def remove_takes_out_what_fits(db):
    db.insert_multiple({"n": n} for n in range(5))
    assert db.remove(where("n") < 2) == [1, 2]
    assert db.remove(doc_ids=[4]) == [4]
    assert db.remove(where("n") == 99) == []
    assert _ids(db) == [3, 5]
    with pytest.raises(RuntimeError, match="truncate"):
        db.remove()


@case
def an_id_is_not_given_again_while_the_database_is_open(db):
    db.insert_multiple({"n": n} for n in range(3))
    db.remove(doc_ids=[3])
    assert db.insert({"n": 9}) == 4


@case
def get_and_contains_take_ids(db):
    _fruit(db)
    assert db.get(doc_id=2) == {"type": "peach", "count": 3}
    assert db.get(doc_id=2).doc_id == 2
    assert db.get(doc_id=9) is None
    assert db.get(doc_ids=[2, 1, 9]) in (
        [{"type": "apple", "count": 7}, {"type": "peach", "count": 3}],
        [{"type": "peach", "count": 3}, {"type": "apple", "count": 7}],
    )
    assert db.contains(doc_id=1)
    assert not db.contains(doc_id=9)
    with pytest.raises(RuntimeError):
        db.get()
    with pytest.raises(RuntimeError):
        db.contains()


@case
def a_document_is_inserted_with_its_own_id(db):
    assert db.insert(Document({"n": 1}, doc_id=42)) == 42
    assert db.insert({"n": 2}) == 43
    assert db.insert_multiple([Document({"n": 3}, doc_id=50), Document({"n": 4}, doc_id=7)]) == [
        *(50, 7)
    ]
    assert db.get(doc_id=7) == {"n": 4}
    with pytest.raises(ValueError, match="42"):
        db.insert(Document({"n": 5}, doc_id=42))
    with pytest.raises(ValueError, match="50"):
        db.insert_multiple([{"n": 6}, Document({"n": 7}, doc_id=50)])
    assert len(db) == 4
    assert db.get(doc_id=42) == {"n": 1}


@case
def the_id_0_is_one_too(db):
    assert db.insert(Document({"n": 1}, doc_id=0)) == 0
    assert db.get(doc_id=0) == {"n": 1}
    assert db.insert({"n": 2}) == 1


# Tables


@case
def tables_are_kept_apart(db):
    table = db.table("notes")
    assert table.insert({"value": True}) == 1
    assert db.insert({"value": False}) == 1
    assert table.all() == [{"value": True}]
    assert db.all() == [{"value": False}]
    assert db.tables() == {"notes", "_default"}
    assert db.table("notes") is table
    assert table.name == "notes"


@case
def a_table_is_dropped_and_can_be_made_again(db):
    db.table("a").insert({"n": 1})
    db.table("b").insert({"n": 2})
    db.drop_table("a")
    assert db.tables() == {"b"}
    db.drop_table("never there")
    assert db.table("a").all() == []
    assert db.table("a").insert({"n": 3}) == 1
    assert db.tables() == {"a", "b"}


@case
def all_tables_are_dropped(db):
    db.table("a").insert({"n": 1})
    db.insert({"n": 2})
    db.drop_tables()
    assert db.tables() == set()
    assert db.all() == []
    assert db.table("a").all() == []
    assert db.insert({"n": 3}) == 1


@case
def dropping_what_is_not_there_is_no_fault(db):
    db.drop_tables()
    db.drop_table("a")
    assert db.tables() == set()


@case
def an_empty_table_is_kept_where_that_is_asked_for(db):
    db.table("there", persist_empty=True)
    db.table("not there")
    assert db.tables() == {"there"}


@case
def the_default_table_is_a_table_with_a_name(db):
    assert db.default_table_name == "_default"
    db.insert({"n": 1})
    assert db.table("_default").all() == [{"n": 1}]


@case
def a_table_keeps_results_only_until_it_is_changed(db):
    table = db.table("notes", cache_size=30)
    table.insert_multiple([{"n": 1}, {"n": 2}])
    for change, found in [
        (lambda: None, [1, 2]),
        (lambda: table.insert({"n": 3}), [1, 2, 3]),
        (lambda: table.update({"n": 0}, doc_ids=[1]), [2, 3]),
        (lambda: table.upsert({"n": 4}, Fruit.n == 0), [1, 2, 3]),
        (lambda: table.remove(doc_ids=[2]), [1, 3]),
        (lambda: table.insert_multiple([{"n": 5}]), [1, 3, 4]),
        (table.truncate, []),
    ]:
        change()
        assert _ids(table.search(Fruit.n > 0)) == found
        assert _ids(table.search(Fruit.n > 0)) == found
    table.clear_cache()


@case
def a_table_without_cache_finds_the_same(db):
    table = db.table("notes", cache_size=0)
    table.insert({"n": 1})
    assert _ids(table.search(Fruit.n == 1)) == [1]
    table.insert({"n": 1})
    assert _ids(table.search(Fruit.n == 1)) == [1, 2]


@case
def a_representation_counts(db):
    _fruit(db)
    assert "_default_documents" not in repr(db)
    assert "default_table_documents_count=2" in repr(db)
    assert "total=2" in repr(db.table("_default"))


# Documents


_VALUES: list[object] = [
    *("", "Zoë", "\U0001f600", "\x00", "\u2028", "\ud800", "a\udfffb", '"', "\\", "}\n"),
    *(None, True, False, 0, -1, 1.5, 1e300, 2**53 + 1, 2**64 + 1, -(2**70), 10**400),
    *([], {}, [[]], [{"a": [1, {"b": None}]}], {"": {"1": {}}}, {"a\ud800": 2**70}),
]


@case
def any_value_is_kept(db):
    db.insert_multiple({"value": value} for value in _VALUES)
    assert [one["value"] for one in db] == _VALUES
    assert [type(one["value"]) for one in db] == [type(value) for value in _VALUES]


@case
def a_change_of_kind_alone_is_a_change(db):
    for before, after in [(1, True), (1, 1.0), (0, False), ([1], [True]), ({"a": 1}, {"a": 1.0})]:
        number = db.insert({"value": before})
        db.update({"value": after}, doc_ids=[number])
        assert repr(db.get(doc_id=number)["value"]) == repr(after)


@case
def what_is_not_quite_json_is_kept_as_json(db):
    db.insert({1: (2, 3), "n": {4: {None: "x"}}})
    assert db.get(doc_id=1) == {"1": [2, 3], "n": {"4": {"null": "x"}}}


@case
def nested_documents_are_kept_and_changed(db):
    db.insert({"a": {"b": {"c": [1, {"d": 2}]}}})
    db.update(lambda one: one["a"]["b"]["c"][1].update(d=3), doc_ids=[1])
    db.update(lambda one: one["a"]["b"]["c"].append({"e": []}), where("a").exists())
    assert db.get(where("a").b.c.any(where("d") == 3)) == {
        "a": {"b": {"c": [1, {"d": 3}, {"e": []}]}}
    }


@case
def what_is_handed_out_changes_nothing_inside(db):
    db.insert({"a": {"b": [1]}})
    db.all()[0]["a"]["b"].append(2)
    db.get(doc_id=1)["a"]["c"] = 3
    next(iter(db))["a"].clear()
    assert db.all() == [{"a": {"b": [1]}}]


@case
def what_was_handed_in_changes_nothing_inside(db):
    document = {"a": {"b": [1]}}
    db.insert(document)
    document["a"]["b"].append(2)
    db.update(document)
    document["a"].clear()
    assert db.all() == [{"a": {"b": [1, 2]}}]


@case
def an_empty_document_is_one_too(db):
    db.insert({})
    db.insert({"n": 1})
    db.update(delete("n"), doc_ids=[2])
    assert db.all() == [{}, {}]


@case
def an_update_that_fails_changes_nothing(db):
    _fruit(db)

    def fails(one):
        one["count"] = 0
        if one["type"] == "peach":
            raise LookupError

    with pytest.raises(LookupError):
        db.update(fails)
    assert [one["count"] for one in db] == [7, 3]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "db.json"


def _everything(db: TinyDB) -> dict[str, dict[int, object]]:
    return {name: {one.doc_id: one for one in db.table(name)} for name in db.tables()}


@pytest.mark.parametrize("kind", OPENERS)
@pytest.mark.parametrize("one", CASES, ids=lambda one: one.__name__)
def test_tinydb_does_as_it_says(path, kind, one):
    path.parent.mkdir()
    with OPENERS[kind](path) as db:
        one(db)


@pytest.mark.parametrize("kind", [kind for kind in OPENERS if kind != "plain TinyDB"])
@pytest.mark.parametrize("one", CASES, ids=lambda one: one.__name__)
def test_what_was_written_is_there_after_reopening_and_for_plain_tinydb(path, kind, one):
    path.parent.mkdir()
    plain_path = path.with_name("plain.json")
    with OPENERS["plain TinyDB"](plain_path) as plain:
        one(plain)
        expected = _everything(plain)
    with OPENERS[kind](path) as db:
        one(db)
        assert _everything(db) == expected
    with OPENERS[kind](path) as db:
        assert _everything(db) == expected
    database = Database(path)
    with database.writing("checkpoint"):
        database.checkpoint()
    database.close()
    with OPENERS[kind](path) as db:
        assert _everything(db) == expected
    if path.exists():
        with OPENERS["plain TinyDB"](path) as plain:
            found = _everything(plain)
        assert {name: found[name] for name in expected} == expected
        assert found.keys() - expected.keys() <= {"_meta", "users"}


@pytest.mark.parametrize("kind", OPENERS)
def test_a_database_goes_on_where_it_was_left(path, kind):
    path.parent.mkdir()
    for number in range(1, 4):
        with OPENERS[kind](path) as db:
            assert db.insert({"n": number}) == number
            assert len(db) == number


@pytest.mark.parametrize("kind", OPENERS)
def test_two_tinydbs_in_turn_see_each_others_documents(path, kind):
    path.parent.mkdir()
    with OPENERS[kind](path) as one, OPENERS[kind](path) as other:
        one.insert({"n": 1})
        assert other.all() == [{"n": 1}]
        other.update({"n": 2}, doc_ids=[1])
        assert one.get(doc_id=1) == {"n": 2}
        other.table("notes").insert({"n": 3})
        assert one.tables() == {"_default", "notes"}


@pytest.mark.parametrize("inner", [JSONStorage, JournalStorage])
def test_a_middleware_is_written_through_when_it_is_closed(path, inner):
    path.parent.mkdir()
    with TinyDB(path, storage=CachingMiddleware(inner)) as db:
        db.insert_multiple({"n": n} for n in range(10))
        db.remove(where("n") < 5)
    with TinyDB(path, storage=inner) as db:
        assert [one["n"] for one in db] == [5, 6, 7, 8, 9]


def test_the_private_parts_that_are_overridden_are_there():
    for name, arguments in {
        "_update_table": ["self", "updater"],
        "_read_table": ["self"],
        "_get_next_id": ["self"],
        "insert": ["self", "document"],
        "insert_multiple": ["self", "documents"],
        "upsert": ["self", "document", "cond"],
        "search": ["self", "cond"],
        "__init__": ["self", "storage", "name", "cache_size", "persist_empty"],
    }.items():
        assert list(inspect.signature(getattr(Table, name)).parameters) == arguments
    assert list(inspect.signature(TinyDB.drop_table).parameters) == ["self", "name"]
    assert list(inspect.signature(TinyDB.drop_tables).parameters) == ["self"]
    assert Table(JournalStorage("x"), "x")._next_id is None
