"""`qm-tui export` with its options."""

import pytest

from benchmarks.terminal import Terminal
from tests.helpers import (
    ANNA,
    HEADER,
    commit,
    commit_unchecked,
    files_of,
    read,
    user,
    users_file,
    without_ids,
)
from tests.program import command, output, refusal, run

BO = user("bo", location="=1+1", agent_id="+47 22 12 34 56")


@pytest.fixture
def users(home, store):
    commit(store, ANNA, BO)
    return store


def _rows(path):
    return [record.values for record in read(path)[0]]


def test_import_of_an_export_changes_nothing_and_a_second_export_is_identical(home, store):
    output("import", users_file(home, *without_ids(ANNA, BO._replace(department='="01", Zoë'))))
    before = files_of(store)
    assert "2 users written to" in output("export", "first.csv")
    assert (home / "first.csv").stat().st_mode & 0o777 == 0o600
    assert "0 added, 0 changed, 2 unchanged" in output("import", "first.csv")
    assert files_of(store) == before
    output("import", "--store", "other.json", "first.csv")
    done = run("export", "-", "--store", "other.json")
    assert done.out.encode() == (home / "first.csv").read_bytes()


def test_export_contains_passwords_and_ids_and_reports_formulas(home, users):
    said = output("export", "out.csv").splitlines()
    assert _rows(home / "out.csv") == [list(ANNA), list(BO)]
    assert said[0] == "Export complete. 2 users written to out.csv"
    assert said[1].startswith("A spreadsheet would run 1 cell of 1 user as a formula (Location")
    assert "formula" not in output("export", "out.csv", "--force", "--guard-formulas")
    assert b",'=1+1," in (home / "out.csv").read_bytes()


def test_export_without_passwords_ids_or_header(home, users):
    said = output("export", "bare.csv", "--no-header", "--no-passwords")
    assert "Without passwords, this file can only update existing users." in said
    first, *_ = (home / "bare.csv").read_text().splitlines()
    assert first.startswith("Anna,Berg,0412,u2222222222a,A-17,Sales,anna,,Agent")
    output("export", "new.csv", "--no-ids")
    assert ANNA.user_id not in (home / "new.csv").read_text()
    assert "2 added" in output("import", "--store", "other.json", "new.csv")


def test_export_for_excel_with_a_delimiter(home, users):
    for number, delimiter in enumerate(("semicolon", ";")):
        output("export", f"{number}.csv", "--for-excel", "--delimiter", delimiter)
        data = (home / f"{number}.csv").read_bytes()
        assert data.startswith(b"\xef\xbb\xbfFirst Name;Last Name;")
        assert b'"=""0412""";' in data


def test_export_to_standard_output_reports_on_standard_error(home, users):
    done = run("export", "-", "--no-passwords")
    output("export", "out.csv", "--no-passwords")
    assert done.out.encode() == (home / "out.csv").read_bytes()
    first, second, third, *_ = done.err.splitlines()
    assert first.startswith("Without passwords, this file can only update")
    assert "would run 1 cell of 1 user as a formula" in second
    assert "A spreadsheet may alter" in third
    assert run("export", "-", "--for-excel").err == ""


def test_template_contains_only_the_exported_columns_also_beside_a_damaged_store(home, users):
    users.write_bytes(b"{")
    assert output("export", "--template", "new") == "Export complete. Header written to new.csv\n"
    assert (home / "new.csv").read_bytes() == f"{','.join(HEADER)}\r\n".encode()
    left = [name for name in HEADER if name not in ("User ID", "Password", "Salt Value")]
    options = ("--no-ids", "--no-passwords", "--for-excel", "--delimiter", "tab")
    assert output("export", "--template", "-", *options) == "\ufeff" + "\t".join(left) + "\r\n"


def test_existing_file_is_overwritten_only_with_force_and_becomes_private(home, users):
    path = home / "out.csv"
    path.write_bytes(b"precious")
    path.chmod(0o644)
    for arguments in (["out.csv"], ["out"], ["--template", "out.csv"]):
        assert "--force" in refusal("export", *arguments)
    no_store = ("--force", "--store", "none.json")
    assert "There is no store at" in refusal("export", "out.csv", *no_store)
    assert path.read_bytes() == b"precious"
    output("export", "--force", "out.csv")
    assert path.read_bytes().count(b"\r\n") == 3
    assert path.stat().st_mode & 0o777 == 0o600


def test_surrogate_is_an_error_before_anything_is_written(store):
    many = [user(f"n{number}") for number in range(1500)]
    commit_unchecked(store, *many, user(location="a\ud800b"))
    assert "invalid character" in refusal("export", "-")


def test_conflicting_options_and_filters_without_matches_write_nothing(home, users):
    (home / "out.csv").write_text("precious")
    for flags, why in {
        ("--template", "--no-header"): "--template and --no-header cannot be combined",
        ("--template", "--filter", ""): "--template and --filter cannot be combined",
        ("--template", "--sort", ""): "--template and --sort cannot be combined",
        ("--delimiter", "semicolon"): "--delimiter requires --for-excel",
        ("--for-excel", "--delimiter", "\x1b[2J"): "Invalid delimiter ␛[2J",
        ("--filter", "zz\x1bz"): "No users match --filter zz␛z. Nothing was exported.",
        ("--filter", "active:maybe"): "at character 8",
        ("--filter", ""): "The filter is empty. Enter a filter, or omit --filter.",
    }.items():
        assert why in refusal("export", "out.csv", "--force", *flags)
    assert (home / "out.csv").read_text() == "precious"


def test_export_writes_only_matching_users_sorted(home, users):
    commit(users, user("cy", is_active="0", extension="10"))
    said = output("export", "out.csv", "--filter", "active:yes", "--sort", "-extension")
    assert said.splitlines()[0] == "Export complete. 2 of 3 users written to out.csv"
    assert _rows(home / "out.csv") == [list(ANNA), list(BO)]
    done = run("export", "-", "--sort", "-user-name", "--filter", "anna|bo", "--no-passwords")
    assert done.err.splitlines()[0] == "Export complete. 2 of 3 users written"
    assert [line.split(",")[0] for line in done.out.splitlines()[1:]] == ["Bo", "Anna"]


def test_export_is_not_written_to_a_terminal(users):
    with Terminal(command("export", "-"), columns=200) as terminal:
        assert terminal.wait_for_end() == 2
        assert "Cannot export to a terminal" in terminal.text
    assert ANNA.password.encode() not in terminal.received
    assert b"anna" not in terminal.received
