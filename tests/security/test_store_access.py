"""Every change of a user is validated by `Transaction.commit`.

Checked in the source, where nothing else may call the functions that write, and in the program: if
the validation rejects everything, no change of a user succeeds.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tinydb import where

from qm_tui.store import open_store
from qm_tui.store import transaction as door
from qm_tui.store.changes.bulk import BulkChange, by_ids, commit_bulk
from qm_tui.store.changes.edit import add_user, save_edit
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.tinydb import UsersDB
from qm_tui.store.tinydb.table import UsersTable
from qm_tui.store.transaction import Transaction, ValidationFailed
from qm_tui.store.validation import ValidationOptions
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Issue
from tests.helpers import ANNA, HEADER, IMPORT, commit, csv_text, undo, user, users_of, write_file
from tests.security.sources import SOURCES, nodes

BO, CY = user("bo"), user("cy")


def _calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield the file and the call of each call of a method with this name."""
    for path, node in nodes():
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == name
        ):
            yield path, node


def _callers(name: str, of: str) -> set[str]:
    """Return the files in which a method is called on an object with this name."""
    return {where for where, call in _calls(name) if of in ast.unparse(call.func)}


def test_only_transaction_commit_writes():
    assert {where for where, _ in _calls("_write_checked")} == {"store/transaction.py"}
    assert _callers("commit", "_storage") == {"store/tinydb/table.py"}
    assert len([where for where, _ in _calls("commit") if where == "store/tinydb/table.py"]) == 2
    assert _callers("append", "log") == {"store/tinydb/storage.py"}


def test_only_imports_may_skip_the_second_validation():
    sources = {str(path.relative_to(SOURCES)): path.read_text() for path in SOURCES.rglob("*.py")}
    naming = {name: text.count("validated_version") for name, text in sources.items()}
    assert {name for name, number in naming.items() if number} == {
        *("store/validation.py", "store/transaction.py", "transfer/importing.py")
    }
    assert naming["transfer/importing.py"] == naming["store/transaction.py"] == 1
    assert getattr(Transaction.commit, "__final__", False)


# The validation rejects everything


@pytest.fixture
def path(home):
    return home / "store" / "users.json"


@pytest.fixture
def store(path):
    commit(path, ANNA, BO)
    commit(path, ANNA._replace(location="Bergen"))
    store = open_store(path)
    store.load()
    return store


def _shut(monkeypatch) -> None:
    monkeypatch.setattr(door, "validate_changes", _everything_is_wrong)


def _everything_is_wrong(changes, *_rest):
    fault = Issue(FIELD["location"], "The door is shut", "Come back later.")
    return {user_id: [fault] for user_id in changes}


def _edit(store: UserStore, _path: Path) -> object:
    stored = users_of(store.state)[ANNA.user_id]
    return save_edit(store, stored, stored._replace(agent_id="A-2"))


def _add(store: UserStore, _path: Path) -> object:
    return add_user(store, CY._replace(user_id=""))


def _bulk(values: dict[str, str] | None) -> Callable[[UserStore, Path], object]:
    change = BulkChange(Action(TransactionKind.SET), by_ids([BO.user_id]), values)
    return lambda store, _: commit_bulk(store, change)


def _undo(store: UserStore, _path: Path) -> object:
    return undo(store, 2)


def _script(change: Callable[[UsersTable], object]) -> Callable[[UserStore, Path], object]:
    def with_tinydb(store: UserStore, path: Path) -> None:
        with UsersDB(path) as db:
            change(db.users)
        store.refresh()

    return with_tinydb


_ANNA = where("user_name") == "anna"


def _import(store: UserStore, path: Path) -> object:
    changed = ANNA._replace(location="Oslo", department="IT"), BO._replace(agent_id="A-2")
    file = write_file(path.parents[1], csv_text([HEADER, *changed, CY._replace(user_id="")]))
    return import_users(ImportRequest(file), store)


@pytest.mark.parametrize(
    "way",
    [
        _edit,
        _add,
        _bulk({"is_active": "0"}),
        _bulk(None),
        _undo,
        _script(lambda users: users.insert(CY._asdict())),
        _script(lambda users: users.update({"agent_id": "A-2"}, _ANNA)),
        _script(lambda users: users.upsert({"agent_id": "A-2"}, _ANNA)),
        _script(lambda users: users.remove(_ANNA)),
        _script(lambda users: users.truncate(confirm=2)),
    ],
    ids=[
        *("edit", "add", "change of many", "deletion", "undo"),
        *(f"{way} by a script" for way in ("insert", "update", "upsert", "remove", "truncate")),
    ],
)
def test_every_change_is_validated(store, path, way, monkeypatch):
    _shut(monkeypatch)
    log = path.with_name("users.log")
    before = path.read_bytes(), log.read_bytes(), store.state
    with pytest.raises(ValidationFailed, match="The door is shut"):
        way(store, path)
    assert (path.read_bytes(), log.read_bytes(), store.state) == before
    monkeypatch.undo()
    way(store, path)
    assert store.state.number == 3


def test_import_is_validated_again_on_another_state(store, path, monkeypatch):
    _shut(monkeypatch)
    state = store.state
    with store.transaction(IMPORT) as transaction, pytest.raises(ValidationFailed):
        transaction.commit(
            {CY.user_id: CY}, options=ValidationOptions(validated_version=state.version - 1)
        )
    _import(store, path)  # it was planned on this very state
    assert store.state.number == 3
