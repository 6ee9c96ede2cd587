"""The plan of an import as data: `import --json`, and the changes that `--dry-run` lists."""

import json

import pytest

from qm_tui.cli.shared.import_report import MAX_RECORDS
from tests.cli.test_import import BOB, _file, _refusal
from tests.cli.test_program import home, qm_tui, store  # noqa: F401 - fixtures
from tests.helpers import ANNA, commit, user

_NEW = user("zoe", user_id="", extension="0600")


def _plan(*arguments: object, status: int = 0):
    return json.loads(qm_tui("import", *arguments, "--json", status=status))


@pytest.mark.parametrize("dry_run", [True, False])
def test_json_lists_each_record_with_its_changes(home, store, dry_run):  # noqa: F811
    commit(store, ANNA, BOB)
    moved = ANNA._replace(location="Bergen", agent_id="A-9", password="Secret9", salt="Salt9")
    file = _file(home, moved, BOB, _NEW, BOB._replace(user_id="nobody", user_name="x"))
    plan = _plan(file, *["--dry-run"] * dry_run, status=1)
    assert plan["record_count"] == 4
    assert [(one["line"], one["result"], one["user_name"]) for one in plan["records"]] == [
        (2, "changed", ANNA.user_name),
        (3, "unchanged", BOB.user_name),
        (4, "added", _NEW.user_name),
        (5, "rejected", "x"),
    ]
    assert plan["records"][0]["changes"] == [
        {"field": "Agent ID", "key": "agent_id", "before": ANNA.agent_id, "after": "A-9"},
        {"field": "Password", "key": "password", "before": None, "after": None},
        {"field": "Salt Value", "key": "salt", "before": None, "after": None},
        {"field": "Location", "key": "location", "before": ANNA.location, "after": "Bergen"},
    ]
    assert [one["changes"] for one in plan["records"][1:]] == [[], [], []]
    assert plan["records_omitted"] == 0
    assert "Secret9" not in json.dumps(plan)


def test_json_of_a_rejected_short_record_has_no_value(home, store):  # noqa: F811
    commit(store, ANNA)
    shifted = _NEW._replace(user_name="HUNTER2", sip_uri="HUNTER2", first_name="HUNTER2")
    file = _file(home, shifted[:25], BOB[:20])
    plan = _plan(file, "--dry-run", "--short-records", "reject", status=1)
    assert [(one["result"], one["user_id"], one["user_name"]) for one in plan["records"]] == [
        ("rejected", None, None)
    ] * 2
    assert "HUNTER2" not in json.dumps(plan)
    text = qm_tui("import", file, "--dry-run", "--short-records", "reject", status=1)
    assert "HUNTER2" not in text


def test_json_has_the_user_id_of_an_added_user_once_it_is_saved(home, store):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, _NEW)
    assert _plan(file, "--dry-run")["records"][0]["user_id"] is None
    user_id = _plan(file)["records"][0]["user_id"]
    listed = [json.loads(line) for line in qm_tui("list", "--json").splitlines()]
    assert user_id in [one["user_id"] for one in listed]


def test_json_has_the_transaction_after_a_commit(home, store):  # noqa: F811
    number = commit(store, ANNA).number
    file = _file(home, BOB)
    assert _plan(file, "--dry-run", "--unknown-id", "add")["transaction"] is None
    assert _plan(file, "--unknown-id", "add")["transaction"] == number + 1
    assert _plan(file, "--unknown-id", "add")["transaction"] is None


def test_json_lists_the_users_that_are_not_in_the_file(home, store):  # noqa: F811
    commit(store, ANNA, BOB)
    plan = _plan(_file(home, BOB), "--dry-run")
    assert plan["not_in_file"] == [{"user_id": ANNA.user_id, "user_name": ANNA.user_name}]
    assert plan["not_in_file_omitted"] == 0


def test_json_lists_a_limited_number_of_records_and_users(home, store):  # noqa: F811
    many = [user(f"m{number}", extension=str(number)) for number in range(MAX_RECORDS + 3)]
    commit(store, *many)
    plan = _plan(_file(home, *many), "--dry-run")
    assert (len(plan["records"]), plan["records_omitted"]) == (MAX_RECORDS, 3)
    plan = _plan(_file(home, many[0]), "--dry-run")
    assert (len(plan["not_in_file"]), plan["not_in_file_omitted"]) == (MAX_RECORDS, 2)


def test_dry_run_lists_who_changes_and_how(home, store):  # noqa: F811
    commit(store, ANNA, BOB)
    file = _file(home, ANNA._replace(location="Bergen", password="Secret9"), BOB, _NEW)
    lines = qm_tui("import", file, "--dry-run").splitlines()
    at = lines.index("Changes:")
    assert lines[at + 1] == (
        f"Line 2, Anna Berg ({ANNA.user_name}): Password, Location {ANNA.location} -> Bergen"
    )
    assert lines[at + 2] == ""
    assert "Changes:" not in qm_tui("import", file).splitlines()


def test_dry_run_lists_twenty_changes_unless_verbose(home, store):  # noqa: F811
    users = [user(f"m{number}", extension=str(number)) for number in range(23)]
    commit(store, *users)
    file = _file(home, *(one._replace(agent_id="A-9") for one in users))
    out = qm_tui("import", file, "--dry-run")
    assert out.count("Agent ID") == 20
    assert "… and 3 more changes. Use --verbose to list all changes." in out
    every = qm_tui("import", file, "--dry-run", "--verbose")
    assert (every.count("Agent ID"), "--verbose" in every) == (23, False)


def test_dry_run_lists_the_same_changes_with_saved_rejected_records(home, store):  # noqa: F811
    commit(store, ANNA, BOB)
    file = _file(home, ANNA._replace(location="Bergen"), BOB._replace(extension=""))
    out = qm_tui("import", file, "--dry-run", status=1)
    kept = qm_tui("import", file, "--dry-run", "--save-rejected", status=1)
    assert [line for line in out.splitlines() if "->" in line] == [
        line for line in kept.splitlines() if "->" in line
    ]


def test_record_rejected_for_its_name_is_no_change(home, store):  # noqa: F811
    commit(store, ANNA, BOB)
    file = _file(home, ANNA, BOB._replace(user_name=ANNA.user_name))
    assert "Changes:" not in qm_tui("import", file, "--dry-run", status=1)


def test_verbose_requires_dry_run(home, store):  # noqa: F811
    file = _file(home, ANNA)
    assert _refusal("import", file, "--verbose") == "--verbose requires --dry-run.\n"
