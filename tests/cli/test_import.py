"""`qm-tui import` with its options, and its dry run, as a program."""

import json
import os
import subprocess

import pytest

from qm_tui.transfer.options.import_options import IMPORT_OPTIONS
from tests.cli.test_program import command, home, qm_tui, store  # noqa: F401 - fixtures
from tests.helpers import ANNA, HEADER, commit, csv_text, user, write_file

BOB = user("bob", extension="0500")


def _users():
    return [json.loads(line) for line in qm_tui("list", "--json").splitlines()]


def _refusal(*arguments: object) -> str:
    """Return the error message of a command that fails."""
    done = subprocess.run(command(*arguments), check=False, capture_output=True, timeout=30)
    assert (done.returncode, done.stdout) == (2, b"")
    return done.stderr.decode()


def _file(home, *users, name="in.csv"):  # noqa: F811
    return write_file(home, csv_text([HEADER, *users]), name).name


@pytest.mark.parametrize(
    ("flags", "record", "key", "value"),
    [
        (["--unknown-id", "add"], user("zoe", extension="0600"), "user_id", "u-zoe"),
        (
            ["--match-user-name"],
            BOB._replace(user_id="", agent_id="B-2"),
            "agent_id",
            "B-2",
        ),
        (["--empty", "keep"], BOB._replace(first_name="", agent_id="B-2"), "agent_id", "B-2"),
        (
            ["--allow-unlicensed"],
            BOB._replace(unlimited_license="0", on_demand_license="0"),
            "unlimited_license",
            "0",
        ),
        (["--allow-renamed"], BOB._replace(user_name="rob", last_name="X"), "user_name", "rob"),
        (["--mode", "update"], BOB._replace(agent_id="B-2"), "agent_id", "B-2"),
    ],
)
def test_import_option_is_a_flag(home, store, flags, record, key, value):  # noqa: F811
    commit(store, ANNA, BOB)
    file = _file(home, record)
    if flags[0] != "--mode":
        assert "1 rejected" in qm_tui("import", file, status=1)
    out = qm_tui("import", file, *flags)
    assert "Options: " in out
    assert value in [one[key] for one in _users()]


def test_value_altered_by_a_spreadsheet_is_kept_and_ends_with_status_1(home, store):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, ANNA._replace(extension="412", agent_id="#N/A"))
    out = qm_tui("import", file, status=1)
    assert "2 stored values are kept because a spreadsheet altered them." in out
    assert "Extension '412' looks like '0412' altered by a spreadsheet; stored value kept." in out
    assert "(--spreadsheet-values file: use the file's value)" in out
    assert "Nothing to import: the record is unchanged." in out
    assert json.loads(qm_tui("import", file, "--json", status=1))["kept_values"] == 2
    assert _users()[0]["extension"] == "0412"


@pytest.mark.parametrize(
    "flags", [["--spreadsheet-values", "file"], ["--use-altered-values"], ["--take-numbers"]]
)
def test_file_value_option_and_its_former_names_import_altered_values(home, store, flags):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, ANNA._replace(extension="412"))
    assert "1 changed" in qm_tui("import", file, *flags)
    assert _users()[0]["extension"] == "412"


def test_former_flag_names_are_hidden():
    for former in ("--take-numbers", "--use-altered-values"):
        assert former not in qm_tui("import", "--help")
        assert former not in qm_tui("complete", "zsh", "qm-tui import --")
    assert "--spreadsheet-values" in qm_tui("complete", "zsh", "qm-tui import --")


def test_mode_and_all_or_nothing_are_flags(home, store):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, ANNA._replace(agent_id="A-2"), BOB._replace(user_id=""))
    flags = ("--mode", "add", "--all-or-nothing")
    done = subprocess.run(command("import", file, *flags), check=False, capture_output=True)
    assert done.returncode == 2
    assert b"Import disabled: some records are rejected" in done.stdout
    assert done.stderr.startswith(b"Nothing was imported: --all-or-nothing is set, and 1 of 2 ")
    assert len(_users()) == 1
    assert "Imported 1 of 2 records (1 rejected)." in qm_tui(
        "import", file, "--mode", "add", status=1
    )
    assert len(_users()) == 2


def test_read_options_are_flags(home, store):  # noqa: F811
    commit(store, ANNA)
    rows = csv_text([ANNA._replace(location="Łódź")], delimiter="^")
    write_file(home, rows.encode("cp1250"), "odd.csv")
    flags = ("--encoding", "windows-1250", "--delimiter", "^", "--header", "no")
    assert "1 changed" in qm_tui("import", "odd.csv", *flags)
    assert _users()[0]["location"] == "Łódź"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--encoding", "klingon"), "Unknown encoding klingon"),
        (("--delimiter", "xy"), "Invalid delimiter xy"),
        (("--mapping", "none.toml"), "none.toml"),
        (("--mode", "everything"), "everything"),
        (("--confirm", "many"), "many"),
    ],
)
def test_invalid_flag_is_an_error(home, store, flags, said):  # noqa: F811
    commit(store, ANNA)
    out = _refusal("import", _file(home, BOB), *flags)
    assert said in out
    assert "Traceback" not in out
    assert len(_users()) == 1


def test_mapping_maps_columns_to_fields(home, store):  # noqa: F811
    commit(store, ANNA)
    write_file(home, "Kennung,Ort,Bemerkung\r\nu2222222222a,Bergen,neu\r\n", "de.csv")
    write_file(home, '[columns]\n"Kennung" = "User ID"\n"Ort" = "Location"\n', "de.toml")
    out = qm_tui("import", "de.csv", "--mapping", "de.toml")
    assert "ignored: Bemerkung" in out
    assert _users()[0]["location"] == "Bergen"


def test_mass_change_requires_confirmation(home, store):  # noqa: F811
    users = [user(f"n{at}", extension=f"9{at}") for at in range(20)]
    commit(store, *users)
    file = _file(home, *(one._replace(is_active="0") for one in users))
    assert "--confirm 20" in qm_tui("import", file, "--dry-run")
    for wrong in ((), ("--confirm", "19")):
        said = _refusal("import", file, *wrong)
        assert "20 of 20 users" in said
        assert "--confirm 20" in said
    assert {one["is_active"] for one in _users()} == {"1"}
    assert "20 changed" in qm_tui("import", file, "--confirm", "20")
    assert {one["is_active"] for one in _users()} == {"0"}


def test_saved_rejected_records_import_after_correction(home, store):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, BOB._replace(user_id="", is_active="yes"), ANNA)
    out = qm_tui("import", file, "--save-rejected", status=1)
    assert "in-rejected.csv" in out
    saved = home / "in-rejected.csv"
    assert saved.stat().st_mode & 0o777 == 0o600
    saved.write_text(saved.read_text().replace(",yes,", ",1,"))
    assert "1 added" in qm_tui("import", saved.name)


def test_import_succeeds_if_rejected_records_cannot_be_saved(home, store):  # noqa: F811
    named_too_long = home / f"{'x' * 251}.csv"
    wrong = BOB._replace(user_id="", is_active="yes")
    write_file(home, csv_text([HEADER, ANNA._replace(user_id=""), wrong]), named_too_long.name)
    done = subprocess.run(
        command("import", named_too_long, "--save-rejected"),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 1
    assert "Imported 1 of 2 records (1 rejected)." in done.stdout
    assert done.stderr.endswith(
        "File name too long. Nothing was saved. The import itself succeeded.\n"
    )
    assert [one["user_name"] for one in _users()] == [ANNA.user_name]


def test_dry_run_reports_and_writes_nothing(home, store):  # noqa: F811
    commit(store, ANNA, BOB)
    before = store.read_bytes(), sorted(store.parent.iterdir())
    file = _file(home, ANNA._replace(location=""), BOB._replace(user_id="?"), ["x"] * 26)
    out = qm_tui("import", file, "--dry-run", status=1)
    for line in (
        "Import: in.csv",
        "3 records: 0 added, 1 changed, 0 unchanged, 2 rejected",
        "1 imported record has warnings.",
        "Unknown User ID  (--unknown-id add: add and keep the ID)",
        "Location will be cleared  (--empty keep: keep the stored value)",
        "Unlimited 2 → 2",
        "Would import 1 of 3 records (2 rejected).",
        "The store was not changed.",
    ):
        assert line in out
    assert (store.read_bytes(), sorted(store.parent.iterdir())) == before


def test_json_report_matches_the_text(home, store):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, ANNA._replace(location=""), BOB)
    said = json.loads(qm_tui("import", file, "--dry-run", "--json", status=1))
    assert [said[key] for key in ("added", "changed", "unchanged", "rejected", "warned")] == [
        *(0, 1, 0, 1, 1)
    ]
    assert {group["fixing_option"] for group in said["groups"]} == {
        "--unknown-id add",
        "--empty keep",
    }
    assert said["totals"]["unlimited_license"] == {"before": 1, "after": 1}
    assert (said["problems_omitted"], said["required_confirmation"], said["committed"]) == (
        0,
        0,
        False,
    )


def test_help_lists_each_import_option():
    out = qm_tui("import", "--help")
    for choice in IMPORT_OPTIONS:
        assert choice.flag in out


def test_rejected_file_of_a_mapped_import_needs_no_mapping(home, store):  # noqa: F811
    commit(store, ANNA)
    rows = "Vorname,Kennung,Location,Ort\r\n,u2222222222a,Nowhere,Bergen\r\n"
    write_file(home, rows, "de.csv")
    pairs = '"Vorname" = "First Name"\n"Kennung" = "User ID"\n"Ort" = "Location"\n"Location" = ""\n'
    write_file(home, f"[columns]\n{pairs}", "de.toml")
    qm_tui("import", "de.csv", "--mapping", "de.toml", "--save-rejected", status=1)
    saved = home / "de-rejected.csv"
    saved.write_text(saved.read_text().replace(",,u2222222222a", ",Anna-Lena,u2222222222a"))
    assert "1 changed" in qm_tui("import", saved.name)
    (one,) = _users()
    assert (one["first_name"], one["location"]) == ("Anna-Lena", "Bergen")


def _import_report(*arguments: object, status: int = 0):
    return json.loads(qm_tui("import", *arguments, "--json", status=status))


def test_header_with_unknown_names_is_refused_with_the_options_that_help(home, store):  # noqa: F811
    commit(store, ANNA)
    write_file(home, csv_text([[f"Spalte {at}" for at in range(26)], ANNA]), "de.csv")
    for flags in ((), ("--dry-run",), ("--json",), ("--header", "yes")):
        said = _refusal("import", "de.csv", *flags)
        assert "de.csv, line 1: " in said
        assert "--mapping FILE" in said
        assert "--header no" in said
    assert "1 unchanged, 1 rejected" in qm_tui("import", "de.csv", "--header", "no", status=1)


def test_short_records_are_rejected_by_default_without_a_terminal(home, store):  # noqa: F811
    commit(store, ANNA)
    write_file(home, csv_text([HEADER, BOB._replace(user_id="")[:25]]), "short.csv")
    rejected = _import_report("short.csv", "--dry-run", status=1)
    (problem,) = rejected["problems"]
    assert (problem["severity"], problem["line"]) == ("error", 2)
    assert problem["message"] == "25 values for 26 columns"
    assert rejected["groups"][0]["fixing_option"] == "--short-records warn"
    assert _import_report("short.csv", "--short-records", "warn")["added"] == 1


def test_short_records_are_imported_by_default_with_a_terminal(home, store):  # noqa: F811
    commit(store, ANNA)
    write_file(home, csv_text([HEADER, BOB._replace(user_id="")[:25]]), "short.csv")
    terminal, other = os.openpty()
    done = subprocess.run(
        command("import", "short.csv"),
        check=False,
        stdout=subprocess.PIPE,
        stderr=other,
        timeout=30,
    )
    os.close(other)
    os.close(terminal)
    assert b"Imported 1 of 1 record." in done.stdout
    assert b"Line 2, warning: 25 values for 26 columns." in done.stdout


def test_boolean_words_are_converted_by_a_flag(home, store):  # noqa: F811
    commit(store, ANNA)
    file = _file(home, ANNA._replace(is_active="FALSE"))
    (group,) = _import_report(file, "--dry-run", status=1)["groups"]
    assert group["fixing_option"] == "--read-booleans"
    assert "1 changed" in qm_tui("import", file, "--read-booleans")
    assert _users()[0]["is_active"] == "0"


def test_json_contains_what_was_found_in_the_file(home, store):  # noqa: F811
    commit(store, ANNA)
    text = csv_text([["Title"], HEADER, ANNA, HEADER]) + "\ufeff" + csv_text([ANNA[:3]])
    write_file(home, text.removesuffix("\r\n"), "cut.csv")
    found = _import_report("cut.csv", "--dry-run", status=1)["file"]
    assert found["incomplete"] is True
    assert (found["header_line"], found["skipped_lines"]) == (2, [1])
    assert (found["repeated_headers"], found["byte_order_marks"]) == ([4], [5])
    assert found["end_of_file_mark"] is False
    write_file(home, csv_text([ANNA]) + "\x1a", "mark.csv")
    found = _import_report("mark.csv", "--dry-run")["file"]
    assert (found["end_of_file_mark"], found["header_line"]) == (True, None)
    assert (found["incomplete"], found["skipped_lines"]) == (False, [])
