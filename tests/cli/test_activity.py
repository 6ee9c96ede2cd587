"""`qm-tui activity` and `qm-tui undo`."""

import json
from datetime import datetime
from hashlib import sha256

import pytest

from tests.cli.terminal import on_terminal
from tests.helpers import (
    ANNA,
    commit,
    files_of,
    user,
    users_file,
    without_ids,
)
from tests.program import listed, output, refusal, run

BO, CY = user("bo"), user("cy")
MANY = [user(f"n{number}") for number in range(60)]
FIELDS = "number time admin address action kind subject details digest added changed deleted"


@pytest.fixture
def three(store):
    """A store with three transactions: Anna and Bo added, Bo changed, Cy added and Anna deleted."""
    commit(store, ANNA, BO)
    commit(store, BO._replace(location="Bergen", password="NEW-PW", salt="NEW-SALT"))
    commit(store, CY, delete=(ANNA.user_id,))
    return store


@pytest.fixture
def changed_since(store):
    """A store in which one of the two values of transaction 2 was changed since then."""
    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen", department="Support"))
    commit(store, ANNA._replace(location="Paris", department="Support"))
    return store


def _activity() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(output("activity", "--json"))
    return found


def _locations() -> dict[object, object]:
    return {one["user_name"]: one["location"] for one in listed()}


# Activity


def test_activity_is_an_array_newest_first(three):
    found = _activity()
    counts = [[one[key] for key in ("number", "added", "changed", "deleted")] for one in found]
    assert counts == [[3, 1, 0, 1], [2, 0, 1, 0], [1, 2, 0, 0]]
    assert [list(one) for one in found] == [[*FIELDS.split(), "can_undo", "why", "who", "from"]] * 3
    for old, new in (("why", "action"), ("who", "admin"), ("from", "address")):
        assert all(entry[old] == entry[new] for entry in found)
    assert datetime.fromisoformat(str(found[0]["time"])).tzinfo is not None


def test_activity_lists_admin_address_and_file_of_an_import(home, store):
    file = users_file(home, *without_ids(ANNA))
    run("import", file, env={"SSH_CONNECTION": "10.1.2.3 5000 10.0.0.1 22"})
    (one,) = _activity()
    found = [one[key] for key in ("address", "action", "kind", "subject", "digest")]
    digest = sha256(file.read_bytes()).hexdigest()
    assert found == ["10.1.2.3", "Import users.csv", "import", "users.csv", digest]
    assert str(one["details"]).endswith(
        "KB; 1 record: 0 unchanged, 0 rejected; options: reject short records"
    )
    assert f"SHA-256: {digest}\n" in output("activity", 1)
    line = output("activity")
    assert line.count("\n") == 1
    for part in ("1", "10.1.2.3", str(one["admin"]), "Import users.csv: 1 added"):
        assert part in line
    assert digest not in line


def test_transaction_shows_each_user_and_field(three):
    out = output("activity", 2)
    assert "Bo Bosen (u-bo), changed" in out
    assert [line for line in out.splitlines() if line.startswith("  ")] == [
        "  Password: changed",
        "  Salt Value: changed",
        "  Location: Oslo -> Bergen",
    ]
    out = output("activity", 3)
    for text in ("Cy Cysen (u-cy), added", "Anna Berg (u2222222222a), deleted"):
        assert text in out
    assert "  First Name: (empty) -> Cy" in out


def test_transaction_in_json_shows_no_secrets(three):
    found = json.loads(output("activity", 2, "--json"))
    assert (found["number"], found["changed"]) == (2, 1)
    location = {"before": "Oslo", "after": "Bergen"}
    fields = {"password": "changed", "salt": "changed", "location": location}
    assert found["users"] == [{"user_id": "u-bo", "result": "changed", "fields": fields}]


def test_unknown_transaction_is_an_error(three):
    for line in ("activity 4", "activity 4 --json", "undo 4"):
        assert "no transaction 4" in refusal(*line.split())


# Undo


def test_undo_reverts_a_transaction_and_can_be_undone(three):
    before = files_of(three)
    would = output("undo", 3, "--dry-run")
    assert "1 user will be restored, 1 user will be deleted." in would
    assert "Nothing was changed." in would
    assert files_of(three) == before
    out = output("undo", 2)
    assert "Transaction 2: Edit of Bo Bosen by " in out
    assert "1 user will be reverted." in out
    assert "Undid edit of Bo Bosen (transaction 4)." in out
    assert _locations() == {"bo": "Oslo", "cy": "Oslo"}
    assert (_activity()[0]["action"], _activity()[0]["subject"]) == ("Undo 2", "2")
    assert "Undo of transaction 2 (edit of Bo Bosen): 1 changed" in output("activity", 4)
    assert "Redid edit of Bo Bosen (transaction 5)." in output("undo", 4)
    assert _locations() == {"bo": "Bergen", "cy": "Oslo"}
    assert (_activity()[0]["action"], _activity()[0]["kind"]) == ("Redo 2", "redo")


def test_undo_lists_values_changed_since(changed_since):
    before = files_of(changed_since)
    out = output("undo", 2, "--dry-run", code=1)
    assert "Not reverted: Anna Berg (u2222222222a), Location: changed since then." in out
    would = json.loads(output("undo", 2, "--dry-run", "--json", code=1))
    assert files_of(changed_since) == before
    found = json.loads(output("undo", 2, "--json", code=1))
    assert {**found, "committed": False, "undone_by": None} == would
    assert (found["committed"], found["undone_by"], found["changed"]) == (True, 4, 1)
    (left,) = found["not_reverted"]
    assert (left["key"], left["name"]) == ("location", "Anna Berg")
    assert _locations() == {"anna": "Paris"}


def test_undo_of_values_all_changed_since_is_an_error(store):
    for location in ("Oslo", "Bergen", "Paris"):
        commit(store, ANNA._replace(location=location))
    before = files_of(store)
    assert "Transaction 2 cannot be undone: all of its values" in refusal("undo", 2)
    assert "Not reverted: " in output("undo", 2, "--dry-run", code=2)
    assert files_of(store) == before


def test_mass_change_requires_confirmation_and_is_not_asked_about(store):
    commit(store, *MANY)
    before = files_of(store)
    for options in ([], ["--confirm", 7], ["--json"]):
        assert "qm-tui undo 1 --confirm 60." in refusal("undo", 1, *options)
    code, shown = on_terminal("undo", 1, answer="y\n")
    assert (code, "[y/N]" in shown, "--confirm 60" in shown) == (2, False, True)
    assert "--confirm 60" in output("undo", 1, "--dry-run")
    assert files_of(store) == before
    assert "60 users will be deleted." in output("undo", 1, "--confirm", 60)


# On a terminal


@pytest.mark.parametrize("answer", ["\n", "\x03", "\x04"], ids=["Enter", "^C", "^D"])
def test_terminal_changes_nothing_without_yes(three, answer):
    before = files_of(three)
    code, shown = on_terminal("undo", 2, answer=answer)
    assert code == 130
    assert "Canceled. Nothing was changed." in shown
    assert files_of(three) == before


def test_terminal_asks_again_after_a_change_of_another_admin_that_matters(changed_since):
    before = ANNA._replace(location="Bergen", department="Support")
    code, shown = on_terminal(
        "undo", 2, answer="y\n", meanwhile=lambda: commit(changed_since, before)
    )
    assert (code, shown.count("[y/N]")) == (0, 2)
    assert shown.index("Not reverted: Anna Berg") < shown.index("Another admin changed the store")
    assert listed()[0]["location"] == "Oslo"


def test_terminal_does_not_ask_with_confirm(three):
    code, shown = on_terminal("undo", 2, "--confirm", 0, answer="")
    assert (code, "[y/N]" in shown) == (0, False)
    assert _locations()["bo"] == "Oslo"
