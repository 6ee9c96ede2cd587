"""`qm-tui import` with its options and its dry run: as text, and as JSON."""

import json
import os
import subprocess

import pytest

from qm_tui.cli.shared import import_report
from qm_tui.transfer.options.import_options import IMPORT_OPTIONS
from tests.helpers import (
    ANNA,
    HEADER,
    commit,
    csv_text,
    files_of,
    user,
    users_file,
    without_ids,
    write_file,
)
from tests.program import command, listed, output, refusal, run

BOB = user("bob", extension="0500")
ZOE = user("zoe", user_id="", extension="0600")


def _report(*arguments: object, code: int = 0):
    return json.loads(output("import", *arguments, "--json", code=code))


# What is imported


def test_import_adds_users_to_a_private_store_and_changes_nothing_again(home):
    file = users_file(home, *without_ids(ANNA, BOB))
    out = output("import", file)
    for text in (
        "Read as UTF-8, comma, header in line 1.",
        "2 added, 0 changed, 0 unchanged",
        "Imported 2 of 2 records",
    ):
        assert text in out
    store = home / ".local" / "share" / "qm-tui" / "users.json"  # the default
    assert store.stat().st_mode & 0o777 == 0o600
    assert store.parent.stat().st_mode & 0o777 == 0o700
    before = files_of(store)
    assert "0 added, 0 changed, 2 unchanged" in output("import", file)
    assert files_of(store) == before


def test_import_reports_rejected_records_and_imports_the_others(home, store):
    bad = BOB._replace(is_active="yes", user_id="")
    output("import", users_file(home, bad), code=1)
    assert not store.exists()
    out = output("import", users_file(home, *without_ids(ANNA), bad), code=1)
    assert "Line 3, Bob Bobsen, rejected: " in out
    assert "Is User Active" in out
    assert "Imported 1 of 2 records (1 rejected)." in out
    assert [one["user_name"] for one in listed()] == ["anna"]


def test_import_option_is_a_flag(home, store):
    commit(store, ANNA, BOB)
    unlicensed = {"unlimited_license": "0", "on_demand_license": "0"}
    for flags, record, key, value in (
        (("--unknown-id", "add"), user("zoe", extension="0600"), "user_id", "u-zoe"),
        (("--match-user-name",), BOB._replace(user_id="", agent_id="B-2"), "agent_id", "B-2"),
        (("--empty", "keep"), BOB._replace(first_name="", agent_id="B-3"), "agent_id", "B-3"),
        (("--allow-unlicensed",), BOB._replace(**unlicensed), "unlimited_license", "0"),
        (("--allow-renamed",), BOB._replace(user_name="rob", last_name="X"), "user_name", "rob"),
        (("--read-booleans",), BOB._replace(is_active="FALSE"), "is_active", "0"),
        (("--spreadsheet-values", "file"), BOB._replace(extension="500"), "extension", "500"),
        (("--use-altered-values",), BOB._replace(extension="500"), "extension", "500"),
        (("--take-numbers",), BOB._replace(extension="500"), "extension", "500"),
    ):
        commit(store, BOB)
        file = users_file(home, record)
        output("import", file, "--dry-run", code=1)
        assert "Options: " in output("import", file, *flags)
        assert value in [one[key] for one in listed()]


def test_help_lists_each_option_but_former_names():
    out = output("import", "--help")
    for option in IMPORT_OPTIONS:
        assert option.flag in out
    for former in ("--take-numbers", "--use-altered-values"):
        assert former not in out
        assert former not in output("complete", "zsh", "qm-tui import --")


def test_value_altered_by_a_spreadsheet_is_kept_and_ends_with_status_1(home, store):
    commit(store, ANNA)
    file = users_file(home, ANNA._replace(extension="412", agent_id="#N/A"))
    out = output("import", file, code=1)
    assert "2 stored values are kept because a spreadsheet altered them." in out
    assert "(--spreadsheet-values file: use the file's value)" in out
    assert "Nothing to import: the record is unchanged." in out
    assert _report(file, code=1)["kept_values"] == 2
    assert listed()[0]["extension"] == "0412"


def test_mode_and_all_or_nothing_are_flags(home, store):
    commit(store, ANNA)
    file = users_file(home, ANNA._replace(agent_id="A-2"), BOB._replace(user_id=""))
    done = run("import", file, "--mode", "add", "--all-or-nothing")
    assert done.code == 2
    assert "Import disabled: some records are rejected" in done.out
    assert done.err.startswith("Nothing was imported: --all-or-nothing is set, and 1 of 2 ")
    assert len(listed()) == 1
    out = output("import", file, "--mode", "add", code=1)
    assert "Imported 1 of 2 records (1 rejected)." in out
    assert len(listed()) == 2


def test_read_options_are_flags(home, store):
    commit(store, ANNA)
    rows = csv_text([ANNA._replace(location="Łódź")], delimiter="^")
    write_file(home, rows.encode("cp1250"), "odd.csv")
    flags = ("--encoding", "windows-1250", "--delimiter", "^", "--header", "no")
    assert "1 changed" in output("import", "odd.csv", *flags)
    assert listed()[0]["location"] == "Łódź"


def test_mapping_maps_columns_also_of_saved_rejected_records(home, store):
    commit(store, ANNA)
    rows = "Vorname,Kennung,Location,Ort,Bemerkung\r\n,u2222222222a,Nowhere,Bergen,neu\r\n"
    write_file(home, rows, "de.csv")
    pairs = '"Vorname" = "First Name"\n"Kennung" = "User ID"\n"Ort" = "Location"\n"Location" = ""\n'
    write_file(home, f"[columns]\n{pairs}", "de.toml")
    out = output("import", "de.csv", "--mapping", "de.toml", "--save-rejected", code=1)
    assert "Bemerkung" in out
    saved = home / "de-rejected.csv"
    assert saved.name in out
    assert saved.stat().st_mode & 0o777 == 0o600
    saved.write_text(saved.read_text().replace(",,u2222222222a", ",Anna-Lena,u2222222222a"))
    assert "1 changed" in output("import", saved.name)
    (one,) = listed()
    assert (one["first_name"], one["location"]) == ("Anna-Lena", "Bergen")


def test_import_succeeds_if_rejected_records_cannot_be_saved(home, store):
    named_too_long = f"{'x' * 251}.csv"
    wrong = BOB._replace(user_id="", is_active="yes")
    file = users_file(home, *without_ids(ANNA), wrong, name=named_too_long)
    done = run("import", file, "--save-rejected")
    assert done.code == 1
    assert "Imported 1 of 2 records (1 rejected)." in done.out
    assert done.err.endswith(
        "File name too long. Nothing was saved. The import itself succeeded.\n"
    )
    assert [one["user_name"] for one in listed()] == [ANNA.user_name]


def test_short_records_are_rejected_by_default_only_without_a_terminal(home, store):
    commit(store, ANNA)
    write_file(home, csv_text([HEADER, BOB._replace(user_id="")[:25]]), "short.csv")
    rejected = _report("short.csv", "--dry-run", code=1)
    (problem,) = rejected["problems"]
    assert (problem["severity"], problem["line"]) == ("error", 2)
    assert problem["message"] == "25 values for 26 columns"
    assert rejected["groups"][0]["fixing_option"] == "--short-records warn"
    assert _report("short.csv", "--dry-run", "--short-records", "warn")["added"] == 1
    terminal, other = os.openpty()
    done = subprocess.run(
        command("import", "short.csv"), check=False, stdout=subprocess.PIPE, stderr=other
    )
    os.close(other)
    os.close(terminal)
    assert b"Imported 1 of 1 record." in done.stdout
    assert b"Line 2, warning: 25 values for 26 columns." in done.stdout


# What is refused


def test_invalid_flag_is_an_error(home, store):
    file = users_file(home, BOB)
    for flags, said in {
        ("--encoding", "klingon"): "Unknown encoding klingon",
        ("--delimiter", "xy"): "Invalid delimiter xy",
        ("--mapping", "none.toml"): "none.toml",
        ("--mode", "everything"): "everything",
        ("--verbose",): "--verbose requires --dry-run.",
    }.items():
        assert said in refusal("import", file, *flags)
    assert not store.exists()


def test_header_with_unknown_names_is_refused_with_the_options_that_help(home, store):
    write_file(home, csv_text([[f"Spalte {at}" for at in range(26)], ANNA]), "de.csv")
    for flags in ((), ("--dry-run",), ("--json",), ("--header", "yes")):
        said = refusal("import", "de.csv", *flags)
        for text in ("de.csv, line 1: ", "--mapping FILE", "--header no"):
            assert text in said
    assert not store.exists()


def test_mass_change_requires_confirmation(home, store):
    users = [user(f"n{at}", extension=f"9{at}") for at in range(20)]
    commit(store, *users)
    file = users_file(home, *(one._replace(is_active="0") for one in users))
    assert "--confirm 20" in output("import", file, "--dry-run")
    for wrong in ((), ("--confirm", "19")):
        assert "--confirm 20" in refusal("import", file, *wrong)
    assert {one["is_active"] for one in listed()} == {"1"}
    assert "20 changed" in output("import", file, "--confirm", "20")


# The dry run


def test_dry_run_reports_and_writes_nothing(home, store):
    output("import", "--dry-run", users_file(home, *without_ids(ANNA)))
    assert not store.parent.exists()
    commit(store, ANNA, BOB)
    before = files_of(store)
    file = users_file(home, ANNA._replace(location=""), BOB._replace(user_id="?"), ["x"] * 26)
    out = output("import", file, "--dry-run", code=1)
    for line in (
        "3 records: 0 added, 1 changed, 0 unchanged, 2 rejected",
        "1 imported record has warnings.",
        "Location will be cleared  (--empty keep: keep the stored value)",
        "Unlimited 2 → 2",
        "Would import 1 of 3 records (2 rejected).",
        "The store was not changed.",
    ):
        assert line in out
    found = _report(file, "--dry-run", code=1)
    assert (found["warned"], found["committed"]) == (1, False)
    assert found["totals"]["unlimited_license"] == {"before": 2, "after": 2}
    assert "--empty keep" in {group["fixing_option"] for group in found["groups"]}
    assert files_of(store) == before


def test_dry_run_lists_twenty_changes_and_all_with_verbose(home, store):
    users = [user(f"m{number}", extension=str(number)) for number in range(23)]
    commit(store, ANNA, *users)
    changed = ANNA._replace(location="Bergen", password="Secret9")
    file = users_file(home, changed, *(one._replace(agent_id="A-9") for one in users), ZOE)
    out = output("import", file, "--dry-run", "--confirm", 24)
    assert (
        f"Changes:\nLine 2, Anna Berg (anna): Password, Location {ANNA.location} -> Bergen\n" in out
    )
    assert out.count("Agent ID") == 19
    assert "… and 4 more changes. Use --verbose to list all changes." in out
    every = output("import", file, "--dry-run", "--verbose")
    assert (every.count("Agent ID"), "--verbose" in every) == (23, False)
    assert "Changes:" not in output("import", file, "--confirm", 24)


# JSON


@pytest.mark.parametrize("dry_run", [True, False])
def test_json_lists_each_record_with_its_changes(home, store, dry_run):
    number = commit(store, ANNA, BOB).number
    moved = ANNA._replace(location="Bergen", password="Secret9")
    file = users_file(home, moved, BOB, ZOE, BOB._replace(user_id="nobody", user_name="x"))
    plan = _report(file, *["--dry-run"] * dry_run, code=1)
    assert plan["transaction"] == (None if dry_run else number + 1)
    assert [(one["line"], one["result"], one["user_name"]) for one in plan["records"]] == [
        (2, "changed", ANNA.user_name),
        (3, "unchanged", BOB.user_name),
        (4, "added", ZOE.user_name),
        (5, "rejected", "x"),
    ]
    assert [one["changes"] for one in plan["records"]] == [
        [
            {"field": "Password", "key": "password", "before": None, "after": None},
            {"field": "Location", "key": "location", "before": ANNA.location, "after": "Bergen"},
        ],
        *([], [], []),
    ]
    added_id = plan["records"][2]["user_id"]
    assert added_id is None if dry_run else added_id in [one["user_id"] for one in listed()]


def test_json_reports_problems_and_blank_lines(home, store):
    commit(store, ANNA)
    wrong = user("di", user_id="", phone_ip="nowhere", password="UNSEEN-PW")
    found = _report(write_file(home, csv_text([HEADER, ANNA, [], ZOE, wrong])), code=1)
    results = ("record_count", "added", "changed", "unchanged", "rejected", "blank")
    assert [found[key] for key in results] == [3, 1, 0, 1, 1, 1]
    (error,) = [one for one in found["problems"] if one["severity"] == "error"]
    assert (error["line"], error["record"], error["field"]) == (5, 3, "Phone IP")
    assert error["message"]
    assert found["problems_omitted"] == found["required_confirmation"] == 0


def test_json_of_a_rejected_short_record_has_no_value(home, store):
    commit(store, ANNA)
    shifted = ZOE._replace(user_name="HUNTER2", sip_uri="HUNTER2", first_name="HUNTER2")
    file = users_file(home, shifted[:25], BOB[:20])
    arguments = (file, "--dry-run", "--short-records", "reject")
    plan = _report(*arguments, code=1)
    assert [(one["result"], one["user_id"], one["user_name"]) for one in plan["records"]] == [
        ("rejected", None, None)
    ] * 2
    assert "HUNTER2" not in json.dumps(plan) + output("import", *arguments, code=1)


def test_json_lists_a_limited_number_of_records_and_users_not_in_the_file(home, store, monkeypatch):
    monkeypatch.setattr(import_report, "MAX_RECORDS", 3)
    users = [user(f"m{number}", extension=str(number)) for number in range(5)]
    commit(store, *users)
    plan = _report(users_file(home, *users), "--dry-run")
    assert (len(plan["records"]), plan["records_omitted"]) == (3, 2)
    plan = _report(users_file(home, users[0]), "--dry-run")
    left = [{"user_id": f"u-m{number}", "user_name": f"m{number}"} for number in (1, 2, 3)]
    assert (plan["not_in_file"], plan["not_in_file_omitted"]) == (left, 1)


def test_users_that_an_import_adds_are_not_listed_as_missing_in_its_file(home, store):
    commit(store, ANNA, BOB)
    found = _report(users_file(home, ANNA, ZOE))
    assert (found["added"], found["transaction"]) == (1, 2)
    assert [one["user_name"] for one in found["not_in_file"]] == ["bob"]
    assert found["not_in_file_omitted"] == 0


def test_json_contains_what_was_found_in_the_file(home, store):
    commit(store, ANNA)
    text = csv_text([["Title"], HEADER, ANNA, HEADER]) + "\ufeff" + csv_text([ANNA[:3]])
    write_file(home, text.removesuffix("\r\n"), "cut.csv")
    found = _report("cut.csv", "--dry-run", code=1)["file"]
    for key, value in {
        **{"encoding": "utf-8", "delimiter": ",", "header": True, "incomplete": True},
        **{"header_line": 2, "skipped_lines": [1], "repeated_headers": [4]},
        **{"byte_order_marks": [5], "end_of_file_mark": False},
    }.items():
        assert found[key] == value
