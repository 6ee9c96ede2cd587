"""`qm-tui activity` and `qm-tui undo`, as a program."""

import json
import os
import pty
import select
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from qm_tui.store import open_store
from qm_tui.store.interface import RetentionPolicy
from tests.cli.test_program import as_it_is, command, home, ids_empty, qm_tui, store, users_file
from tests.cli.test_refusals import refusal
from tests.helpers import (
    ANNA,
    HEADER,
    commit,
    commit_unchecked,
    csv_text,
    user,
    write_file,
    write_unchecked,
)

__all__ = ["home", "store"]

BO, CY = user("bo"), user("cy")
MANY = [user(f"n{number}") for number in range(60)]


@pytest.fixture
def three(store):
    """A store with three transactions: Anna and Bo added, Bo changed, Cy added and Anna deleted."""
    commit(store, ANNA, BO)
    commit(store, BO._replace(location="Bergen", password="NEW-PW", salt="NEW-SALT"))
    commit(store, CY, delete=(ANNA.user_id,))
    return store


def _listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(qm_tui("activity", "--json"))
    return found


def _locations() -> dict[str, str]:
    users = map(json.loads, qm_tui("list", "--json").splitlines())
    return {one["user_name"]: one["location"] for one in users}


# Activity


def test_activity_is_an_array_newest_first(three):
    listed = _listed()
    assert [one["number"] for one in listed] == [3, 2, 1]
    assert [[one[key] for key in ("added", "changed", "deleted")] for one in listed] == [
        [1, 0, 1],
        [0, 1, 0],
        [2, 0, 0],
    ]
    fields = [
        "number",
        "time",
        "admin",
        "address",
        "action",
        "kind",
        "subject",
        "details",
        "digest",
        "added",
        "changed",
        "deleted",
        "can_undo",
        "why",
        "who",
        "from",
    ]
    assert [list(one) for one in listed] == [fields] * 3
    for old, new in (("why", "action"), ("who", "admin"), ("from", "address")):
        assert all(entry[old] == entry[new] for entry in listed)
    when = datetime.fromisoformat(str(listed[0]["time"]))
    assert when.tzinfo is not None
    assert abs(datetime.now(when.tzinfo) - when) < timedelta(minutes=5)


def test_activity_lists_admin_address_and_file_of_an_import(home, store):
    file = users_file(home, *ids_empty(ANNA))
    qm_tui(
        "import",
        file,
        env={**os.environ, "SSH_CONNECTION": "10.1.2.3 5000 10.0.0.1 22"},
    )
    (one,) = _listed()
    assert one["address"] == "10.1.2.3"
    assert (one["action"], one["kind"], one["subject"]) == (
        "Import users.csv",
        "import",
        "users.csv",
    )
    assert str(one["details"]).endswith(
        "KB; 1 record: 0 unchanged, 0 rejected; options: reject short records"
    )
    assert one["digest"] == sha256(file.read_bytes()).hexdigest()
    assert f"SHA-256: {one['digest']}\n" in qm_tui("activity", 1)
    assert one["admin"]
    line = qm_tui("activity")
    assert line.count("\n") == 1
    for part in ("1", "10.1.2.3", str(one["admin"]), "Import users.csv: 1 added"):
        assert part in line
    assert str(one["digest"]) not in line


def test_missing_store_has_no_activity_and_is_not_created(store):
    assert qm_tui("activity") == ""
    assert json.loads(qm_tui("activity", "--json")) == []
    assert not store.parent.exists()


def test_transaction_shows_each_user_and_field(three):
    out = qm_tui("activity", 2)
    assert "Bo Bosen (u-bo), changed" in out
    assert "  Location: Oslo -> Bergen\n  Password: changed\n" not in out  # in file order
    assert [line for line in out.splitlines() if line.startswith("  ")] == [
        "  Password: changed",
        "  Salt Value: changed",
        "  Location: Oslo -> Bergen",
    ]
    out = qm_tui("activity", 3)
    assert "Cy Cysen (u-cy), added" in out
    assert "Anna Berg (u2222222222a), deleted" in out
    assert "  First Name: (empty) -> Cy" in out
    assert "  First Name: Anna -> (empty)" in out


def test_transaction_in_json_shows_no_secrets(three):
    said = json.loads(qm_tui("activity", 2, "--json"))
    assert (said["number"], said["changed"]) == (2, 1)
    assert said["users"] == [
        {
            "user_id": "u-bo",
            "result": "changed",
            "fields": {
                "password": "changed",
                "salt": "changed",
                "location": {"before": "Oslo", "after": "Bergen"},
            },
        }
    ]
    three_ = json.loads(qm_tui("activity", 3, "--json"))
    assert sorted(one["result"] for one in three_["users"]) == ["added", "deleted"]


def test_unknown_transaction_is_an_error(three):
    assert "no transaction 4" in refusal("activity", 4)
    assert "no transaction 4" in refusal("activity", 4, "--json")
    assert "no transaction 4" in refusal("undo", 4)


def test_hostile_text_in_the_activity_is_made_visible(home, store):
    commit_unchecked(store, ANNA)
    commit_unchecked(store, ANNA._replace(location="x\x1b[2J\u202ey"))
    file = write_file(home, csv_text([HEADER, *ids_empty(BO)]), "evil\x1b[2J.csv")
    qm_tui("import", file)
    for arguments in ([], [2], [3]):
        out = qm_tui("activity", *arguments)
        assert "\x1b" not in out
        assert "\u202e" not in out


# Undo


def test_undo_reverts_a_transaction_and_can_be_undone(three):
    out = qm_tui("undo", 2)
    assert "Transaction 2: Edit of Bo Bosen by " in out
    assert "1 user will be reverted." in out
    assert "Undid edit of Bo Bosen (transaction 4)." in out
    assert _locations() == {"bo": "Oslo", "cy": "Oslo"}
    assert (_listed()[0]["action"], _listed()[0]["subject"]) == ("Undo 2", "2")
    assert "Undo of transaction 2 (edit of Bo Bosen): 1 changed" in qm_tui("activity", 4)
    assert "Redid edit of Bo Bosen (transaction 5)." in qm_tui("undo", 4)
    assert _locations() == {"bo": "Bergen", "cy": "Oslo"}
    assert (_listed()[0]["action"], _listed()[0]["kind"]) == ("Redo 2", "redo")


def test_undo_reads_older_segments(three):
    small = RetentionPolicy(segment_bytes=0, segment_ratio=0)
    with closing(open_store(three, retention=small)) as store:
        write_unchecked(store, {BO.user_id: BO._replace(location="Bergen", agent_id="X")})
    assert three.with_name("users.log.000002").exists()
    qm_tui("undo", 3)
    assert _locations() == {"bo": "Bergen", "anna": "Oslo"}


def test_undo_lists_values_changed_since(store):
    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen", department="Support"))
    commit(store, ANNA._replace(location="Paris", department="Support"))
    out = qm_tui("undo", 2, status=1)
    assert "Not reverted: Anna Berg (u2222222222a), Location: changed since then." in out
    assert _locations() == {"anna": "Paris"}
    assert "Department Name: Support -> Sales" in qm_tui("activity", 4)


def test_undo_in_json_lists_what_was_not_reverted(store):
    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen", department="Support"))
    commit(store, ANNA._replace(location="Paris", department="Support"))
    before = as_it_is(store)
    would = json.loads(qm_tui("undo", 2, "--dry-run", "--json", status=1))
    assert (would["committed"], would["undone_by"]) == (False, None)
    assert as_it_is(store) == before
    said = json.loads(qm_tui("undo", 2, "--json", status=1))
    assert (said["committed"], said["undone_by"]) == (True, 4)
    assert {**said, "committed": False, "undone_by": None} == would
    assert (said["changed"], said["restored"], said["removed"]) == (1, 0, 0)
    assert [(one["key"], one["name"]) for one in said["not_reverted"]] == [
        ("location", "Anna Berg")
    ]


def test_dry_run_writes_nothing(three):
    before = as_it_is(three)
    out = qm_tui("undo", 3, "--dry-run")
    assert "1 user will be restored, 1 user will be deleted." in out
    assert "Nothing was changed." in out
    assert as_it_is(three) == before


def test_undo_of_values_all_changed_since_is_an_error(store):
    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen"))
    commit(store, ANNA._replace(location="Paris"))
    before = as_it_is(store)
    assert "Transaction 2 cannot be undone: all of its values" in refusal("undo", 2)
    assert "Not reverted: " in qm_tui("undo", 2, "--dry-run", status=2)
    assert as_it_is(store) == before


def test_undo_without_a_store_creates_none(store):
    assert "There is no store" in refusal("undo", 1)
    assert not store.parent.exists()


def test_mass_change_requires_confirmation(store):
    commit(store, *MANY)
    before = as_it_is(store)
    for options in ([], ["--confirm", 7], ["--json"]):
        assert "qm-tui undo 1 --confirm 60." in refusal("undo", 1, *options)
        assert as_it_is(store) == before
    assert "--confirm 60" in qm_tui("undo", 1, "--dry-run")
    assert "60 users will be deleted." in qm_tui("undo", 1, "--confirm", 60)
    assert _locations() == {}


# On a terminal


def _on_terminal(
    *arguments: object, answer: bytes, meanwhile: Callable[[], object] = int
) -> tuple[int, str]:
    """The program on a terminal; its exit status and what it showed.

    Each question gets this answer. Before the first answer, `meanwhile` is called.
    """
    ours, theirs = pty.openpty()
    shown = b""
    try:
        with subprocess.Popen(
            command(*arguments),
            preexec_fn=lambda: os.login_tty(theirs),  # noqa: PLW1509 - there are no threads
        ) as program:
            os.close(theirs)
            until = time.monotonic() + 20
            answered = 0
            while time.monotonic() < until:
                if not select.select([ours], [], [], 0.1)[0]:
                    continue
                try:
                    shown += os.read(ours, 4096)
                except OSError:
                    break
                if shown.count(b"[y/N]") > answered:
                    if not answered:
                        meanwhile()
                    os.write(ours, answer)
                    answered += 1
            else:
                program.kill()
    finally:
        os.close(ours)
    return program.returncode, shown.decode().replace("\r\n", "\n")


def test_terminal_shows_the_effect_and_asks(three):
    status, shown = _on_terminal("undo", 2, answer=b"y\n")
    assert status == 0
    assert shown.index("1 user will be reverted.") < shown.index("Undo transaction 2? [y/N]")
    assert "Undid edit of Bo Bosen (transaction 4)." in shown
    assert _locations()["bo"] == "Oslo"


@pytest.mark.parametrize(
    "answer", [b"n\n", b"\n", b"\x03", b"\x04"], ids=["n", "Enter", "^C", "^D"]
)
def test_terminal_changes_nothing_without_yes(three, answer):
    before = as_it_is(three)
    status, shown = _on_terminal("undo", 2, answer=answer)
    assert status == 130
    assert "Canceled. Nothing was changed." in shown
    assert as_it_is(three) == before


def test_terminal_asks_again_after_a_change_of_another_admin(store):
    commit(store, ANNA)
    commit(store, ANNA._replace(location="Bergen", department="Support"))
    status, shown = _on_terminal(
        "undo",
        2,
        answer=b"y\n",
        meanwhile=lambda: commit(store, ANNA._replace(location="Paris", department="Support")),
    )
    assert status == 1
    assert shown.count("[y/N]") == 2
    assert shown.index("Another admin changed the store") < shown.index("Not reverted: Anna Berg")
    assert _locations() == {"anna": "Paris"}


def test_terminal_does_not_ask_again_after_another_change(three):
    status, shown = _on_terminal(
        "undo", 2, answer=b"y\n", meanwhile=lambda: commit(three, user("di"))
    )
    assert (status, shown.count("[y/N]")) == (0, 1)
    assert "Undid edit of Bo Bosen (transaction 5)." in shown


def test_terminal_does_not_ask_with_confirm(three):
    status, shown = _on_terminal("undo", 2, "--confirm", 0, answer=b"")
    assert (status, "[y/N]" in shown) == (0, False)
    assert _locations()["bo"] == "Oslo"


def test_terminal_does_not_ask_before_a_mass_change(store):
    commit(store, *MANY)
    status, shown = _on_terminal("undo", 1, answer=b"y\n")
    assert (status, "[y/N]" in shown) == (2, False)
    assert "--confirm 60" in shown
    assert len(_locations()) == 60
