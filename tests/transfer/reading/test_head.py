"""First lines of a file for the Open dialog."""

import pytest

from qm_tui.text import sanitize
from qm_tui.transfer.reading.head import peek_lines
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.users.fields import FIELD
from tests.helpers import ANNA, HEADER, csv_text, user, write_file

_SECRETS = (ANNA.password, ANNA.salt)


def _text(path) -> str:
    return "\n".join(peek_lines(path))


def test_first_lines_contain_dialect_fields_and_two_records(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, ANNA, user("bo"), user("cy")], ";"))
    said, names, anna, bo = peek_lines(path)
    assert said == "Read as UTF-8, semicolon, header in line 1."
    assert names.startswith("First Name, Last Name, Extension, User ID, Agent ID, Department Name")
    assert anna.startswith("Anna, Berg, 0412, u2222222222a, A-17, Sales, anna, (not shown), Agent")
    assert bo.startswith("Bo, Bosen, ")


@pytest.mark.parametrize("header", [[HEADER], []])
def test_first_lines_contain_no_secret_with_or_without_a_header(tmp_path, header):
    for delimiter in (",", ";", "\t", "|"):
        shown = _text(write_file(tmp_path, csv_text([*header, ANNA, user("bo")], delimiter)))
        assert "Anna, Berg" in shown
        assert shown.count("(not shown)") == 4
        assert not any(secret in shown for secret in _SECRETS)


def test_first_lines_keep_the_order_of_columns_without_unknown_ones(tmp_path):
    path = write_file(
        tmp_path, "Salt Value,PIN,User Name,First Name\r\nSALT,4711,anna,Anna\r\n,0815,bo,Bo\r\n"
    )
    assert peek_lines(path)[1:] == [
        *("Salt Value, User Name, First Name", "(not shown), anna, Anna", ", bo, Bo"),
    ]


def test_first_lines_omit_columns_of_another_program(tmp_path):
    for header in ("Konto,Durchwahl,Kennwort", "Account,Login,Kennwort"):
        path = write_file(tmp_path, f"{header}\r\nBank,anna,hunter2\r\n")
        assert not {"hunter2", "Bank"} & {*_text(path).replace("\n", ", ").split(", ")}
    path = write_file(tmp_path, "Konto,Durchwahl,Kennwort\r\nBank,0412,hunter2\r\n")
    assert peek_lines(path) == [
        "Read as UTF-8, comma, header in line 1.",
        "No column names are recognized. Map the columns to fields.",
    ]


def test_first_lines_use_the_read_options(tmp_path):
    path = write_file(tmp_path, "Ort,Kennwort\r\nTromsø,hunter2\r\n".encode("cp850"))
    mapping = ColumnMapping("x", {"Ort": FIELD["location"], "Kennwort": FIELD["password"]})
    assert peek_lines(path, ReadOptions(encoding="cp850", mapping=mapping)) == [
        *("Read as DOS 850 (set manually), comma, header in line 1.", "Location, Password"),
        "Tromsø, (not shown)",
    ]


def test_first_lines_hide_a_record_with_shifted_values(tmp_path):
    good = csv_text([HEADER, ANNA._replace(secondary_phone_ip="")])
    slid = write_file(tmp_path, good.replace("Anna,", "Anna,Maria,"))
    missing = write_file(tmp_path, csv_text([HEADER, ANNA]).replace("Anna,", ""), "missing.csv")
    narrow = write_file(tmp_path, f"User Name,Password,Location\r\n{ANNA.salt},Oslo\r\n", "3.csv")
    for path, says in ((slid, "cannot be parsed"), (missing, "is hidden"), (narrow, "is hidden")):
        shown = _text(path)
        assert not any(secret in shown for secret in _SECRETS)
        assert f"Line 2 {says}" in shown


def test_first_lines_contain_no_control_characters_and_no_long_values(tmp_path):
    hostile = ANNA._replace(first_name="A\x1b[2Jn\u202ea\nB", location="x" * 4000)
    lines = peek_lines(write_file(tmp_path, csv_text([HEADER, hostile])))
    assert all(sanitize(line) == line and len(line) < 2000 for line in lines)
    assert "␛[2J" in lines[2]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *(("", "users.csv is empty."), (csv_text([HEADER]), "users.csv contains only a header.")),
        ("\x89PNG\r\n", "is a picture"),
        ("First Name,Last Name,First Name\r\na,b,c\r\n", "both map to First Name"),
    ],
)
def test_first_lines_contain_the_error_of_a_refused_file(tmp_path, text, why):
    path = write_file(tmp_path, text.encode("latin-1"))
    (sentence,) = peek_lines(path)
    assert why in sentence


def test_first_lines_contain_the_error_of_a_missing_file(tmp_path):
    (sentence,) = peek_lines(tmp_path / "gone\x1b.csv")
    assert "does not exist" in sentence
    assert "\x1b" not in sentence
