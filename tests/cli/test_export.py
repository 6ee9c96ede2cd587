"""`qm-tui export` with its options, as a program."""

import subprocess

import pytest

from benchmarks.terminal import Terminal
from tests.cli.test_program import command, home, qm_tui, store
from tests.cli.test_refusals import refusal
from tests.helpers import ANNA, HEADER, commit, read, user

__all__ = ["home", "store"]

_BO = user("bo", location="=1+1", agent_id="+47 22 12 34 56")


@pytest.fixture
def users(home, store):
    commit(store, ANNA, _BO)


def _streams(*arguments: object) -> tuple[bytes, str]:
    done = subprocess.run(command(*arguments), check=True, capture_output=True, timeout=30)
    return done.stdout, done.stderr.decode()


@pytest.mark.usefixtures("users")
def test_export_contains_passwords_and_ids_by_default(home):
    qm_tui("export", "out.csv")
    assert [one.values for one in read(home / "out.csv")[0]] == [list(ANNA), list(_BO)]


@pytest.mark.usefixtures("users")
def test_export_reports_formulas():
    said = qm_tui("export", "out.csv").splitlines()
    assert said[0] == "Export complete. 2 users written to out.csv"
    assert said[1].startswith("A spreadsheet would run 1 cell of 1 user as a formula (Location")
    assert "--guard-formulas" in said[1]


@pytest.mark.usefixtures("users")
def test_guarded_formulas_are_not_reported_and_import_unchanged(home):
    assert "formula" not in qm_tui("export", "out.csv", "--guard-formulas")
    assert b",'=1+1," in (home / "out.csv").read_bytes()
    assert "2 unchanged" in qm_tui("import", "out.csv")
    assert [one.values for one in read(home / "out.csv")[0]] == [list(ANNA), list(_BO)]


@pytest.mark.usefixtures("users")
def test_export_without_passwords_contains_none_and_reports_it(home):
    said = qm_tui("export", "out.csv", "--no-passwords", "--guard-formulas")
    assert "Without passwords, this file can only update existing users." in said
    text = (home / "out.csv").read_text()
    for secret in (ANNA.password, ANNA.salt, "Password", "Salt Value"):
        assert secret not in text


@pytest.mark.usefixtures("users")
def test_export_without_ids_is_added_as_new_users(home):
    qm_tui("export", "out.csv", "--no-ids")
    assert ANNA.user_id not in (home / "out.csv").read_text()
    assert "2 added" in qm_tui("import", "--store", "other.json", "out.csv")


@pytest.mark.usefixtures("users")
def test_export_without_header_contains_only_users(home):
    qm_tui("export", "out.csv", "--no-header", "--no-passwords")
    first, *_ = (home / "out.csv").read_text().splitlines()
    assert first.startswith("Anna,Berg,0412,u2222222222a,A-17,Sales,anna,,Agent")


@pytest.mark.usefixtures("users")
def test_export_for_excel_with_a_delimiter(home):
    qm_tui("export", "out.csv", "--for-excel", "--delimiter", "semicolon")
    data = (home / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfFirst Name;Last Name;")
    assert b'"=""0412""";' in data
    qm_tui("export", "again.csv", "--for-excel", "--delimiter", ";")
    assert (home / "again.csv").read_bytes() == data
    assert [one.values for one in read(home / "out.csv")[0]] == [list(ANNA), list(_BO)]


@pytest.mark.usefixtures("users")
def test_export_to_standard_output_reports_on_standard_error(home):
    out, errors = _streams("export", "-", "--no-passwords")
    qm_tui("export", "out.csv", "--no-passwords")
    assert out == (home / "out.csv").read_bytes()
    assert errors.splitlines()[0].startswith("Without passwords, this file can only update")
    assert "would run 1 cell of 1 user as a formula" in errors.splitlines()[1]
    assert "A spreadsheet may alter" in errors.splitlines()[2]
    out, errors = _streams("export", "-", "--for-excel")
    assert errors == ""


@pytest.mark.usefixtures("home")
def test_template_contains_the_exported_columns():
    left = [name for name in HEADER if name not in ("User ID", "Password", "Salt Value")]
    out, errors = _streams("export", "--template", "-", "--no-ids", "--no-passwords")
    assert (out.decode(), errors) == (",".join(left) + "\r\n", "")
    out, errors = _streams("export", "--template", "-", "--for-excel", "--delimiter", "tab")
    assert (out.decode(), errors) == ("\ufeff" + "\t".join(HEADER) + "\r\n", "")
    said = qm_tui("export", "--template", "new")
    assert said == "Export complete. Header written to new.csv\n"


@pytest.mark.usefixtures("users")
@pytest.mark.parametrize(
    ("flags", "why"),
    [
        (["--template", "--no-header"], "--template and --no-header cannot be combined"),
        (["--delimiter", "semicolon"], "--delimiter requires --for-excel"),
        (["--for-excel", "--delimiter", "colon"], "Invalid delimiter colon"),
        (["--for-excel", "--delimiter", "\x1b[2J"], "Invalid delimiter ␛[2J"),
    ],
)
def test_conflicting_options_are_errors_and_write_nothing(home, flags, why):
    assert why in refusal("export", "out.csv", *flags)
    assert not (home / "out.csv").exists()


@pytest.mark.usefixtures("home")
def test_help_lists_every_export_option():
    said = " ".join(qm_tui("export", "--help").split())
    for flag in ("--no-header", "--no-passwords", "--no-ids", "--for-excel", "--delimiter"):
        assert flag in said
    assert "--guard-formulas" in said
    assert "German" in said


@pytest.mark.usefixtures("users")
def test_export_is_not_written_to_a_terminal():
    with Terminal(command("export", "-"), columns=200) as terminal:
        assert terminal.wait_for_end() == 2
        assert "Cannot export to a terminal" in terminal.text
    assert ANNA.password.encode() not in terminal.received
    assert b"anna" not in terminal.received
