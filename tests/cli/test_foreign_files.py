"""Files of other programs: a directory, an HR list, scheduled runs and leavers."""

import csv
import json
import subprocess
from pathlib import Path

import pytest

from qm_tui.users.fields import User
from tests.helpers import ANNA, HEADER, commit, csv_text, files_of, user, users_file, write_file
from tests.program import command, listed, output, refusal, run

_DIRECTORY = """
[columns]
"Given Name" = "First Name"
Surname = "Last Name"
Telephone = "Extension"
Department = "Department Name"
Mail = ""
[values.department]
Vertrieb = "Sales"
"*" = "Other"
[defaults]
active = "1"
recording_service = "Any"
unlimited_license = "1"
on_demand_license = "0"
[templates]
user_name = "{Given Name|first|ascii|lower}.{Surname|ascii|lower}"
"""


def _write_rows(path: Path, *rows: tuple[str, ...]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.fixture
def directory(home) -> tuple[Path, Path]:
    """Return a directory's file with 200 persons, and a mapping for it."""
    mapping = home / "directory.toml"
    mapping.write_text(_DIRECTORY)
    persons = [
        ("Jürgen", f"Müller{n:03}", f"0{400 + n}", ("Vertrieb", "Technik")[n % 2], f"m{n}@x.org")
        for n in range(200)
    ]
    header = ("Given Name", "Surname", "Telephone", "Department", "Mail")
    return _write_rows(home / "directory.csv", header, *persons), mapping


def test_five_columns_of_a_directory_add_200_users_and_change_nothing_again(store, directory):
    file, mapping = directory
    out = output("import", file, "--mapping", mapping, code=1)
    assert "Rejected  200  Password is required for new users  (--missing-password none-yet" in out
    assert not store.exists()

    arguments = ("import", file, "--mapping", mapping, "--missing-password", "none-yet")
    out = output(*arguments)
    assert "200 records: 200 added, 0 changed, 0 unchanged, 0 rejected" in out
    assert "200 added users have no password yet." in out
    users = {one["user_name"]: one for one in listed()}
    assert len(users) == 200
    assert users["j.muller007"]["department"] == "Other"
    assert users["j.muller008"]["department"] == "Sales"
    assert users["j.muller008"]["is_active"] == "1"
    assert len(listed("--filter", "password:none-yet")) == 200

    before = files_of(store)
    assert "Nothing to import: all 200 records are unchanged." in output(*arguments)
    assert files_of(store) == before


def test_user_without_password_is_counted_and_differs_from_all_others(home, store, directory):
    file, mapping = directory
    arguments = ("import", file, "--mapping", mapping, "--missing-password", "none-yet")
    assert json.loads(output(*arguments, "--json"))["without_password"] == 200
    out = output("export", "all.csv")
    assert "200 users have no password yet. Set it in the suite." in out
    with (home / "all.csv").open(newline="") as exported:
        passwords = [row["Password"] for row in csv.DictReader(exported)]
    assert len(set(passwords)) == 200
    assert min(map(len, passwords)) > 30
    assert "0 added, 0 changed, 200 unchanged" in output("import", "all.csv")


HR = """
match = "Agent ID"
[columns]
"Personal-Nr" = "Agent ID"
Aktiv = "Is User Active"
Name = "Last Name"
[values.active]
yes = "1"
no = "0"
"""


def _import_hr(
    home: Path, *rows: tuple[str, ...], code: int = 0, flags: tuple[str, ...] = ()
) -> str:
    mapping = home / "hr.toml"
    mapping.write_text(HR)
    header = ("Personal-Nr", "Aktiv", "Name")
    file = _write_rows(home / "hr.csv", header, *rows)
    return output("import", file, "--mapping", mapping, *flags, code=code)


def test_hr_file_with_yes_and_no_updates_by_agent_id_and_adds(home, store):
    commit(store, ANNA, user("ben", agent_id="A-18"), user("cleo", agent_id="A-19"))
    flags = (
        *("--like", "anna", "--missing-password", "none-yet"),
        *("--default", "first-name=New", "--default", "extension=0999"),
    )
    mapped = HR + '[templates]\nuser_name = "hr-{Personal-Nr|lower}"\n'
    (home / "hr.toml").write_text(mapped)
    file = _write_rows(
        home / "hr.csv",
        ("Personal-Nr", "Aktiv", "Name"),
        ("A-17", "yes", "Berg"),
        ("A-18", "NO", "Bensen"),
        ("A-20", "yes", "Dahl"),
    )
    out = output("import", file, "--mapping", home / "hr.toml", *flags)
    assert "3 records: 1 added, 1 changed, 1 unchanged, 0 rejected" in out
    users = {one["user_name"]: one for one in listed()}
    assert users["ben"]["is_active"] == "0"
    added = users["hr-a-20"]
    assert (added["first_name"], added["extension"], added["location"]) == ("New", "0999", "Oslo")
    assert (added["windows_login"], added["sip_uri"]) == ("", "")
    assert "1 added" not in output("import", file, "--mapping", home / "hr.toml", *flags)


def test_record_whose_agent_id_identifies_no_single_user_is_rejected(home, store):
    commit(store, ANNA, user("ben", agent_id="A-18"), user("cleo", agent_id="A-18"))
    out = _import_hr(
        home,
        ("A-18", "no", "Bensen"),
        ("", "no", "Berg"),
        ("A-17", "yes", "Berg"),
        ("A-17", "no", "Berg"),
        code=1,
    )
    assert "4 records: 0 added, 0 changed, 1 unchanged, 3 rejected" in out
    assert "Line 2, " in out
    assert "Several users in this store have Agent ID A-18" in out
    assert "Agent ID is required, because the mapping matches users by it" in out
    assert "Agent ID A-17 is already used in line 4" in out
    assert {one["is_active"] for one in listed()} == {"1"}


def test_other_person_with_the_agent_id_is_rejected(home, store):
    commit(store, ANNA)
    (home / "m.toml").write_text('match = "agent_id"\n')
    record = user("zoe", user_id="", agent_id="A-17")
    out = output("import", users_file(home, record), "--mapping", "m.toml", code=1)
    assert "Agent ID A-17 belongs to Anna Berg, but User Name and Last Name differ" in out


def test_defaults_are_for_new_users_and_cells_without_a_value(home, store):
    commit(store, ANNA._replace(location=""))
    new = user("zoe", user_id="", extension="0600", location="")
    file = users_file(home, ANNA._replace(location=""), new)
    output("import", file, "--default", "location=Bergen")
    assert [one["location"] for one in listed()] == ["", "Bergen"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--default", "password=x"), "Password cannot be set on the command line."),
        (("--default", "location"), "'location' does not set a default."),
        (("--default", "=x"), "'=x' does not set a default."),
        (("--default", "user-name={Name}"), "the default of User Name contains a column in braces"),
        (("--max-changes", "\N{ARABIC-INDIC DIGIT THREE}"), "is not a number of users"),
        (("--default", "active=2"), "Is User Active '2' is not valid. Use yes or no."),
        (("--default", "phone-ip=x"), "Invalid default: Phone IP 'x' is not a valid IP"),
        (("--default", "colour=x"), "Unknown field colour."),
        (("--like", "zoe"), "No user has the User Name or User ID zoe."),
        (("--missing-of", "active:yes"), "--missing-of requires --missing."),
        (("--missing", "report", "--missing-of", " "), "omit --missing-of."),
        (("--missing", "report", "--missing-of", "x:y"), "Invalid filter x:y"),
        (("--max-missing", "1"), "--max-missing requires --missing."),
        (("--max-changes", "some"), "'some' is not a number of users or a percentage such as 5%."),
        (("--max-changes", "-1"), "is not a number of users"),
        (("--max-changes", "nan%"), "is not a number of users"),
    ],
)
def test_invalid_option_is_refused_before_anything_is_read(home, store, flags, message):
    commit(store, ANNA)
    assert message in refusal("import", users_file(home, ANNA), *flags)


# Scheduled imports


def _piped(data: bytes, *arguments: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        command("import", "-", *arguments), input=data, capture_output=True, timeout=60, check=False
    )


def test_standard_input_is_imported_like_a_file(home, store):
    data = csv_text([HEADER, ANNA._replace(user_id="")]).encode()
    done = _piped(data)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"1 records: 1 added" in done.stdout.replace(b"1 record:", b"1 records:")
    assert [one["user_name"] for one in listed()] == ["anna"]
    assert b"1 unchanged" in _piped(data).stdout
    assert "Import stdin" in output("activity")
    with (home / "a.csv").open("wb") as file:
        file.write(data)
    with (home / "a.csv").open("rb") as redirected:
        done = subprocess.run(
            command("import", "-"), stdin=redirected, capture_output=True, timeout=60, check=False
        )
    assert b"1 unchanged" in done.stdout


@pytest.mark.parametrize(
    ("data", "arguments", "message"),
    [
        (b"", (), b"/dev/stdin is empty."),
        (b"x" * 50, ("--save-rejected",), b"--save-rejected cannot be combined with standard"),
        (b"PK\x03\x04" + b"x" * 60, (), b"not a CSV file"),
    ],
)
def test_unusable_standard_input_is_refused(store, data, arguments, message):
    done = _piped(data, *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr


def test_empty_standard_input_is_reported_whatever_the_mapping_requires(home, store):
    (home / "m.toml").write_text('[templates]\nuser_name = "{Given Name}"\n')
    done = _piped(b"", "--mapping", home / "m.toml")
    assert (done.returncode, done.stderr) == (2, b"/dev/stdin is empty.\n")


def test_standard_input_that_cannot_be_copied_imports_nothing(store):
    data = csv_text([HEADER, *_team(*(f"u{n}" for n in range(2000)))]).encode()
    limited = 'ulimit -f 16; exec "$0" "$@"'
    done = subprocess.run(
        ["sh", "-c", limited, *command("import", "-")],
        input=data,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"Cannot copy standard input to a temporary file: File too large. Nothing" in done.stderr
    assert not store.exists()


def _team(*names: str, **values: str) -> list[User]:
    return [user(name, extension=f"05{n:02}", **values) for n, name in enumerate(names)]


def test_missing_users_are_listed_and_inactivated_with_the_import(home, store):
    team = _team("ben", "cleo", "dora", "emil")
    commit(store, ANNA, *team)
    file = users_file(home, ANNA, *team[:3])
    out = output("import", file, "--missing", "report")
    assert "1 of 5 active users is not in the file." in out
    assert "Not in the file:\nEmil Emilsen (emil)\n" in out
    assert "Nothing to import" in out

    out = output("import", file, "--missing", "inactivate", "--dry-run")
    assert "Would inactivate 1 user not in the file." in out
    assert {one["is_active"] for one in listed()} == {"1"}
    out = output("import", file, "--missing", "inactivate")
    assert "1 of 5 active users is not in the file. The import inactivates this user." in out
    assert "Inactivated 1 user not in the file." in out
    assert [one["user_name"] for one in listed("--filter", "active:no")] == ["emil"]
    again = json.loads(output("import", file, "--missing", "inactivate", "--json"))
    assert (again["committed"], again["missing"]["users"], again["inactivated"]) == (False, [], 0)
    output("undo", 2, "--confirm", 1)
    assert {one["is_active"] for one in listed()} == {"1"}


def test_user_in_a_rejected_record_is_not_missing(home, store):
    team = _team("ben", "cleo", "dora", "emil", "fay", "gus")
    commit(store, ANNA, *team)
    by_name = team[1]._replace(user_id="u-unknown", is_active="yes")
    by_extension = team[2]._replace(user_id="", user_name="", first_name="")
    text = csv_text([HEADER, ANNA, team[0], by_name, by_extension])
    too_long = csv_text([team[3]]).strip() + ",one more"
    unclosed = '"' + '","'.join(team[4])
    file = write_file(home, f"{text}{too_long}\r\n{unclosed}\r\n" + text.splitlines()[1] + "\r\n")
    report = json.loads(output("import", file, "--missing", "inactivate", "--json", code=1))
    assert report["rejected"] >= 4
    assert [one["user_name"] for one in report["missing"]["users"]] == ["gus"]
    assert [one["user_name"] for one in listed("--filter", "active:no")] == ["gus"]


@pytest.mark.parametrize(
    ("line", "missing"),
    [
        ("Dora,Dorasen,0502", ["emil"]),
        ("u-x,Dorasen,Dora,0502" + "," * 21, ["emil"]),
        ('A-5,"0502,Dora' + "x" * 5000, ["emil"]),
        ('"\0', []),
        ("x" * 1_100_000 + ",Dora,Dorasen", []),
        (",Zoe,Zoesen,0502" + "," * 24, []),
        ('"Total,4', []),
    ],
    ids=["part", "shifted", "ID", "garbage", "too long", "too many values", "trailer"],
)
def test_record_that_cannot_be_read_may_be_about_every_user_unless_it_names_one(
    home, store, line, missing
):
    (home / "m.toml").write_text('match = "agent_id"\n')
    team = [one._replace(agent_id=f"A-{n}") for n, one in enumerate(_team("ben", "cleo", "dora"))]
    team[2] = team[2]._replace(agent_id="A-5")
    commit(store, ANNA, *team, *_team("emil", agent_id="A-9"))
    file = write_file(home, csv_text([HEADER, ANNA, *team[:2]]) + f"{line}\r\n")
    out = output(*("import", file, "--mapping", "m.toml", "--missing", "report", "--json"), code=1)
    found = json.loads(out)["missing"]
    assert [one["user_name"] for one in found["users"]] == missing
    assert bool(found["unknown"]) is not bool(missing)


@pytest.mark.parametrize("damage", [b"\0", b"\xc3\xa9\xff"], ids=["NUL", "invalid bytes"])
def test_missing_users_on_a_server_are_found_in_spite_of_damaged_records(
    home, postgres_store_url, damage
):
    team = _team("ben", "cleo", "dora")
    on_server = ("--store", postgres_store_url)
    (home / "m.toml").write_text('match = "agent_id"\n')
    output(*on_server, "import", users_file(home, ANNA, *team))
    intact = csv_text([HEADER, ANNA, team[0]]).encode()
    file = write_file(home, intact + b"x,B" + damage + b"," + b"cleo,Cleosen\r\n")
    arguments = ("import", file, "--mapping", "m.toml", "--missing", "report", "--json")
    found = json.loads(output(*on_server, *arguments, code=1))["missing"]
    assert [one["user_name"] for one in found["users"]] == ["dora"]


def test_nobody_is_missing_if_the_file_is_incomplete(home, store):
    team = _team("ben", "cleo")
    commit(store, ANNA, *team)
    text = csv_text([HEADER, ANNA, team[0]])
    file = write_file(home, text[:-40])
    out = output("import", file, "--missing", "inactivate", code=1)
    assert "The file seems to be incomplete" in out
    assert "No user counts as missing." in out
    assert listed("--filter", "active:no") == []


def test_file_with_few_users_inactivates_only_among_those_it_should_contain(home, store):
    sales = _team("ben", "cleo", "dora", department="Support")
    others = [user(f"x{n}", extension=f"06{n:02}") for n in range(6)]
    commit(store, *sales, *others)
    file = users_file(home, *sales[:2])
    message = refusal("import", file, "--missing", "inactivate")
    assert "The file contains only 2 of 9 active users. Nothing was imported." in message
    assert listed("--filter", "active:no") == []
    flags = ("--missing", "inactivate", "--missing-of", "department:support")
    assert "1 of 3 active users is not in the file." in output("import", file, *flags)
    assert [one["user_name"] for one in listed("--filter", "active:no")] == ["dora"]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (
            ("--max-missing", "1"),
            "2 of 5 active users are not in the file. --max-missing allows 1.",
        ),
        (("--max-missing", "39%"), "--max-missing allows 39%."),
        (
            ("--max-changes", "2"),
            "would add, change or inactivate 3 users. --max-changes allows 2.",
        ),
        (("--max-changes", "50%"), "--max-changes allows 50%."),
    ],
)
def test_import_beyond_a_limit_changes_nothing(home, store, flags, message):
    team = _team("ben", "cleo", "dora", "emil")
    commit(store, ANNA, *team)
    file = users_file(home, ANNA._replace(location="Bergen"), *team[:2])
    before = files_of(store)
    arguments = ("import", file, "--missing", "inactivate", *flags)
    assert message in refusal(*arguments)
    done = run(*arguments, "--dry-run")
    assert (done.code, message in done.err) == (2, True)
    assert "Would inactivate 2 users" in done.out
    assert files_of(store) == before


def test_import_within_its_limits_is_saved(home, store):
    team = _team("ben", "cleo", "dora", "emil")
    commit(store, ANNA, *team)
    file = users_file(home, ANNA._replace(location="Bergen"), *team[:2])
    limits = ("--max-missing", "40%", "--max-changes", "60%")
    assert "Inactivated 2 users" in output("import", file, "--missing", "inactivate", *limits)


def test_inactivated_users_count_for_the_confirmation_of_a_mass_change(home, store):
    team = [user(f"u{n}", extension=f"06{n:02}") for n in range(40)]
    commit(store, *team)
    file = users_file(home, *team[:25])
    message = refusal("import", file, "--missing", "inactivate")
    assert "To confirm, add --confirm 15." in message
    output("import", file, "--missing", "inactivate", "--confirm", "15")
    assert len(listed("--filter", "active:no")) == 15


def test_saved_mapping_is_found_by_its_name(home, store, directory):
    file, mapping = directory
    folder = home / ".config" / "qm-tui" / "mappings"
    folder.mkdir(parents=True)
    mapping.rename(folder / "HR list.toml")
    assert "200 rejected" in output("import", file, "--mapping", "HR list", code=1)
    assert "There is no file and no saved mapping other." in refusal(
        "import", file, "--mapping", "other"
    )


def test_one_rejected_record_hides_no_other_leaver(home, store):
    team = [user(n, extension="0400") for n in ("ben", "cleo", "dora", "emil")]
    commit(store, *team)
    (home / "m.toml").write_text('[defaults]\nextension = "0400"\n')
    bad = team[1]._replace(is_active="perhaps", extension="")
    file = users_file(home, team[0], bad, team[2])
    flags = ("--mapping", "m.toml", "--missing", "report", "--json")
    report = json.loads(output("import", file, *flags, code=1))
    assert [one["user_name"] for one in report["missing"]["users"]] == ["emil"]


@pytest.mark.parametrize("end", ["", ";"])
def test_nobody_is_missing_if_the_last_value_may_be_incomplete(home, store, end):
    commit(store, ANNA, *_team("ben", "cleo"))
    (home / "m.toml").write_text(HR)
    rows = "Personal-Nr;Name;Aktiv\r\nA-17;Berg;yes\r\nA-18;Bensen;ye"
    file = write_file(home, rows + end)
    flags = ("--mapping", "m.toml", "--missing", "inactivate", "--json")
    report = json.loads(output("import", file, *flags, code=1))
    assert report["missing"]["users"] == []
    assert report["missing"]["unknown"]
    assert listed("--filter", "active:no") == []


def test_matching_value_that_a_spreadsheet_altered_adds_no_second_user(home, store):
    commit(store, *(user(f"n{n}", agent_id=f"00{n}", extension=f"06{n}") for n in range(20, 40)))
    (home / "m.toml").write_text('match = "agent_id"\n')
    records = [
        user(f"n{n}", agent_id=f"{n}" if n > 35 else f"00{n}", extension=f"06{n}", user_id="")
        for n in range(20, 40)
    ]
    names = [one._replace(user_name=f"x-{one.user_name}") for one in records[16:]]
    file = users_file(home, *records[:16], *names)
    flags = ("--mapping", "m.toml", "--missing", "inactivate")
    out = output("import", file, *flags, code=1)
    assert "16 unchanged, 4 rejected" in out
    assert "Agent ID 36 looks like 0036 of N36 N36sen altered by a spreadsheet" in out
    assert "(--spreadsheet-values file: use the file's value)" in out
    assert "0 of 20 active users are not in the file." in out
    out = output("import", file, *flags[:2], "--spreadsheet-values", "file", "--dry-run")
    assert "4 added" in out


def test_record_matched_by_a_field_must_be_of_the_same_person(home, store):
    commit(store, ANNA)
    (home / "m.toml").write_text('match = "agent_id"\n')
    rows = "First Name,Last Name,Agent ID\r\nZed,Zedson,A-17\r\n"
    out = output("import", write_file(home, rows), "--mapping", "m.toml", code=1)
    assert "Agent ID A-17 belongs to Anna Berg, but First Name and Last Name differ" in out
    rows = "First Name,Last Name,Agent ID\r\nAnna,Zedson,A-17\r\n"
    assert "1 changed" in output("import", write_file(home, rows), "--mapping", "m.toml")


def test_asterisk_keeps_all_other_values(home, store):
    (home / "m.toml").write_text('[values.department]\nVertrieb = "Sales"\n"*" = "*"\n')
    team = _team("ben", "cleo", department="Vertrieb")
    output(
        "import",
        users_file(home, team[0], team[1]._replace(department="Küche")),
        "--mapping",
        "m.toml",
    )
    assert [one["department"] for one in listed()] == ["Sales", "Küche"]


def test_filter_of_expected_users_that_finds_nobody_is_refused(home, store):
    commit(store, ANNA)
    flags = ("--missing", "report", "--missing-of", "department:nosuch")
    assert "No users match --missing-of." in refusal("import", users_file(home, ANNA), *flags)


def test_template_may_use_a_default_and_has_no_blanks_at_its_ends(home, store):
    (home / "m.toml").write_text(
        '[defaults]\nextension = "0400"\n[templates]\nuser_name = "  {Last Name}{Extension}  "\n'
    )
    rows = dict(zip(HEADER, ANNA._replace(user_id=""), strict=True))
    rows = {name: value for name, value in rows.items() if name not in ("Extension", "User Name")}
    _write_rows(home / "a.csv", tuple(rows), tuple(rows.values()))
    output("import", "a.csv", "--mapping", "m.toml")
    assert [one["user_name"] for one in listed()] == ["Berg0400"]


def test_extension_that_all_new_users_get_has_no_warning(home, store):
    (home / "m.toml").write_text('[defaults]\nextension = "0400"\n')
    team = _team("ben", "cleo", "dora")
    file = users_file(home, *(one._replace(user_id="", extension="") for one in team[:2]), team[2])
    assert "Duplicate Extension" not in output("import", file, "--mapping", "m.toml")
    assert [one["extension"] for one in listed()] == ["0400", "0400", "0502"]


def test_rejected_records_of_a_mapped_file_are_corrected_and_imported_with_the_mapping(home, store):
    commit(store, ANNA, user("ben", agent_id="A-18"))
    out = _import_hr(
        home,
        ("A-17", "yes", "Berg"),
        ("A-18", "perhaps", "Bensen"),
        code=1,
        flags=("--save-rejected",),
    )
    assert "Correct it there, then import that file with the same mapping." in out
    rejected = home / "hr-rejected.csv"
    text = rejected.read_text()
    assert text.startswith("Problems,Personal-Nr,Aktiv,Name\n")
    rejected.write_text(text.replace(",perhaps,", ",no,"))
    output("import", rejected, "--mapping", "hr.toml")
    assert [one["user_name"] for one in listed("--filter", "active:no")] == ["ben"]
