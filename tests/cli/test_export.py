"""`qm-tui export` with its choices, as a program."""

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
def test_without_choices_passwords_and_ids_are_in_the_file(home):
    qm_tui("export", "out.csv")
    assert [one.values for one in read(home / "out.csv")[0]] == [list(ANNA), list(_BO)]


@pytest.mark.usefixtures("users")
def test_the_message_says_what_would_run_in_a_spreadsheet():
    said = qm_tui("export", "out.csv").splitlines()
    assert said[0] == "Export complete. 2 users written to out.csv"
    assert said[1].startswith("1 cell of 1 user would run as a formula in a spreadsheet (Location")
    assert "--guard-formulas" in said[1]


@pytest.mark.usefixtures("users")
def test_guarded_formulas_are_nothing_to_mind_and_import_unchanged(home):
    assert len(qm_tui("export", "out.csv", "--guard-formulas").splitlines()) == 1
    assert b",'=1+1," in (home / "out.csv").read_bytes()
    assert "2 unchanged" in qm_tui("import", "out.csv")
    assert [one.values for one in read(home / "out.csv")[0]] == [list(ANNA), list(_BO)]


@pytest.mark.usefixtures("users")
def test_without_passwords_the_file_holds_none_and_the_message_says_so(home):
    said = qm_tui("export", "out.csv", "--no-passwords", "--guard-formulas")
    assert "Without passwords this file can only update users that are there." in said
    text = (home / "out.csv").read_text()
    for secret in (ANNA.password, ANNA.salt, "Password", "Salt Value"):
        assert secret not in text


@pytest.mark.usefixtures("users")
def test_without_ids_another_installation_adds_the_users_as_new(home):
    qm_tui("export", "out.csv", "--no-ids")
    assert ANNA.user_id not in (home / "out.csv").read_text()
    assert "2 added" in qm_tui("import", "--store", "other.json", "out.csv")


@pytest.mark.usefixtures("users")
def test_without_a_header_the_users_stand_alone_and_in_place(home):
    qm_tui("export", "out.csv", "--no-header", "--no-passwords")
    first, *_ = (home / "out.csv").read_text().splitlines()
    assert first.startswith("Anna,Berg,0412,u2222222222a,A-17,Sales,anna,,Agent")


@pytest.mark.usefixtures("users")
def test_for_excel_with_a_delimiter(home):
    qm_tui("export", "out.csv", "--for-excel", "--delimiter", "semicolon")
    data = (home / "out.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbfFirst Name;Last Name;")
    assert b'"=""0412""";' in data
    qm_tui("export", "again.csv", "--for-excel", "--delimiter", ";")
    assert (home / "again.csv").read_bytes() == data
    assert [one.values for one in read(home / "out.csv")[0]] == [list(ANNA), list(_BO)]


@pytest.mark.usefixtures("users")
def test_to_standard_output_goes_the_file_alone_and_the_rest_to_standard_error(home):
    out, errors = _streams("export", "-", "--no-passwords")
    qm_tui("export", "out.csv", "--no-passwords")
    assert out == (home / "out.csv").read_bytes()
    assert errors.splitlines()[0].startswith("Without passwords this file can only update")
    assert "would run as a formula" in errors.splitlines()[1]
    out, errors = _streams("export", "-", "--guard-formulas")
    assert errors == ""


@pytest.mark.usefixtures("home")
def test_a_template_has_the_columns_that_are_written():
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
        (["--template", "--no-header"], "choose one"),
        (["--delimiter", "semicolon"], "add --for-excel"),
        (["--for-excel", "--delimiter", "colon"], "colon is no delimiter of an export"),
        (["--for-excel", "--delimiter", "\x1b[2J"], "␛[2J is no delimiter of an export"),
    ],
)
def test_what_contradicts_itself_is_refused_and_nothing_is_written(home, flags, why):
    assert why in refusal("export", "out.csv", *flags)
    assert not (home / "out.csv").exists()


@pytest.mark.usefixtures("home")
def test_every_flag_is_explained():
    said = " ".join(qm_tui("export", "--help").split())
    for flag in ("--no-header", "--no-passwords", "--no-ids", "--for-excel", "--delimiter"):
        assert flag in said
    assert "--guard-formulas" in said
    assert "German" in said


@pytest.mark.usefixtures("users")
def test_no_export_is_written_to_a_terminal():
    with Terminal(command("export", "-"), columns=200) as terminal:
        assert terminal.wait_for_end() == 2
        assert "An export is not shown on a terminal" in terminal.text
    assert ANNA.password.encode() not in terminal.received
    assert b"anna" not in terminal.received
