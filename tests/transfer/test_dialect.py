"""How a file is written: encoding, delimiter, header, found out and said."""

import io

import pytest

from qm_tui.transfer import lines
from qm_tui.transfer.dialect import dialect_of, not_a_text_file
from tests.helpers import ANNA, HEADER, column, csv_text, read, user, written

_NARROW = "User ID,User Name,Location\r\n"


def _dialect(data: str | bytes):
    return dialect_of(io.BytesIO(data.encode() if isinstance(data, str) else data))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (b"User ID,Location\r\n1,Oslo\r\n", "utf-8"),
        ("User ID,Location\r\n1,Tromsø\r\n".encode(), "utf-8"),
        ("User ID,Location\r\n1,Łódź \U0001f600\r\n".encode(), "utf-8"),
        ("\ufeffUser ID,Location\r\n1,Tromsø\r\n".encode(), "utf-8-sig"),
        (b"\xef\xbb\xbfUser ID,Location\r\n1,Troms\xf8\r\n", "utf-8-sig"),
        ("User ID,Location\r\n1,Tromsø\r\n".encode("cp1252"), "cp1252"),
        ("User ID,Location\r\n1,“€”\r\n".encode("cp1252"), "cp1252"),
        ("User ID,Location\r\n1,Tromsø\r\n".encode("utf-16"), "utf-16"),
        (b"\xff\xfe" + "User ID\r\n".encode("utf-16-le"), "utf-16"),
        (b"\xfe\xff" + "User ID\r\n".encode("utf-16-be"), "utf-16"),
    ],
)
def test_the_encoding_is_found_out(data, encoding):
    assert _dialect(data).encoding == encoding


def test_one_valid_utf_8_sequence_makes_the_file_utf_8():
    assert _dialect(b"User ID,Location\r\n1,M\xfcller\r\n2,M\xc3\xbcller\r\n").encoding == "utf-8"


@pytest.mark.parametrize("character", ["é", "€", "\U0001f600"])
@pytest.mark.parametrize("before", range(5))
def test_a_sequence_is_found_where_two_blocks_meet(character, before):
    data = b"x" * (lines.BLOCK - before) + character.encode() + b"\n"
    assert _dialect(data).encoding == "utf-8"


@pytest.mark.parametrize(
    "sequence",
    [
        b"\xc0\xaf",
        b"\xe0\x80\x80",
        b"\xed\xa0\x80",
        b"\xf0\x80\x80\x80",
        b"\xf4\x90\x80\x80",
        b"\xf5\x80\x80\x80",
        b"\xe4x",
        b"\xfc",
        b"\x80\x80",
    ],
)
def test_what_only_looks_like_utf_8_is_windows_1252(sequence):
    assert _dialect(b"User ID,Location\r\n1," + sequence + b"\r\n").encoding == "cp1252"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out_from_a_header(delimiter):
    text = csv_text([HEADER, ANNA, ANNA], delimiter)
    assert _dialect(text).delimiter == delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out_from_records(delimiter):
    crowded = user(department="a,b;c|d", additional_extensions="1,2,3,4,5,6,7,8,9")
    text = csv_text([crowded, ANNA, ANNA], delimiter)
    assert _dialect(text).delimiter == delimiter
    assert _dialect(csv_text([crowded], delimiter)).delimiter == delimiter


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;;"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_the_sep_line_of_excel_is_honoured_and_is_no_record(tmp_path, line, end):
    rows = csv_text([["User ID", "Location"], ["17", "a,b,c,d"]], ";", end)
    records, findings = read(written(tmp_path, line + end + rows))
    assert findings.dialect.delimiter == ";"
    assert findings.dialect.has_sep_line
    assert [(one.line, one.number) for one in records] == [(3, 1)]
    assert column(records, "location") == ["a,b,c,d"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "#", "^"])
def test_the_sep_line_may_name_any_delimiter(tmp_path, delimiter):
    path = written(
        tmp_path, f"sep={delimiter}\r\nUser ID{delimiter}Location\r\n17{delimiter}Oslo\r\n"
    )
    records, findings = read(path)
    assert findings.dialect.delimiter == delimiter
    assert column(records, "location") == ["Oslo"]


@pytest.mark.parametrize("delimiter", ["\x1b", "\x00", "\x07", "\u202e"], ids=ascii)
def test_a_delimiter_is_said_without_control_characters(tmp_path, delimiter):
    path = written(
        tmp_path, f"sep={delimiter}\r\nUser ID{delimiter}Location\r\n17{delimiter}Oslo\r\n"
    )
    _, findings = read(path)
    assert all(sentence.isprintable() for sentence in findings.sentences)


def test_the_sep_line_is_honoured_in_utf_16(tmp_path):
    path = written(tmp_path, "sep=\t\r\nUser ID\tLocation\r\n17\tOslo\r\n".encode("utf-16"))
    records, _ = read(path)
    assert column(records, "location") == ["Oslo"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (csv_text([HEADER, ANNA]), True),
        (csv_text([ANNA, ANNA]), False),
        (csv_text([user(location="User ID"), ANNA]), False),
        ("User ID,Location\n17,Oslo\n", True),
        ("\n\n,,,\nUser ID,Location\n17,Oslo\n", True),
        ("\n" * 30 + "User ID,Location\n17,Oslo\n", True),
        (",,,\n" * 30 + "User ID,Location\n17,Oslo\n", True),
        ("\n" * 30 + csv_text([ANNA]), False),
        ('"User ID","Location"\n"17","Oslo"\n', True),
    ],
)
def test_a_header_is_found_out_from_the_first_record(text, expected):
    assert _dialect(text).has_header is expected


@pytest.mark.parametrize("blank", ["", ";", ";;;;", " ; ", "\t"])
@pytest.mark.parametrize("count", [1, 5, 19, 20, 40])
def test_blank_lines_before_the_header_do_not_take_its_place(tmp_path, blank, count):
    path = written(tmp_path, f"{blank}\r\n" * count + "User ID;Location\r\n17;Oslo\r\n")
    records, findings = read(path)
    assert findings.dialect.delimiter == ";"
    assert column(records, "location") == ["Oslo"]
    assert [one.line for one in records] == [count + 2]


def test_a_first_line_of_other_delimiters_does_not_take_the_headers_place(tmp_path):
    records, _ = read(written(tmp_path, ";;;\r\nUser ID,User Name,Location\r\n17,anna,Oslo\r\n"))
    assert column(records, "location") == ["Oslo"]


def test_what_was_found_out_is_left_at_the_files_start():
    file = io.BytesIO(_NARROW.encode())
    dialect_of(file)
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (csv_text([HEADER, ANNA]).encode(), ["UTF-8", "comma", "with a header"]),
        (csv_text([HEADER, ANNA], ";").encode(), ["UTF-8", "semicolon", "with a header"]),
        (csv_text([ANNA], "\t").encode("utf-16"), ["UTF-16", "tab", "without a header"]),
        (csv_text([user(location="Tromsø")], "|").encode("cp1252"), ["Windows-1252", "bar"]),
        (csv_text([HEADER, ANNA]).encode("utf-8-sig"), ["UTF-8 with BOM"]),
    ],
)
def test_what_was_found_out_is_said(tmp_path, data, said):
    _, findings = read(written(tmp_path, data))
    assert [word for word in said if word not in findings.sentences[0]] == []


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
        (b"GIF89a", "picture"),
        (b"%PDF-1.7\n", "PDF"),
        (b"PK\x03\x04\x14\x00", "Excel"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "Excel"),
        (b"\x1f\x8b\x08", "archive"),
        (b"\x7fELF\x02\x01", "program"),
        (bytes(range(256)) * 4, "no text"),
        ("User ID,Location".encode("utf-16-le"), "UTF-16"),
        (bytes(1000), "no text"),
    ],
)
def test_a_file_that_is_no_text_is_recognized(start, what):
    assert what in (not_a_text_file(start) or "")


@pytest.mark.parametrize(
    "start",
    [
        b"",
        b"First Name,Last Name\r\n",
        "\ufeffFirst Name\tLast Name".encode("utf-16"),
        "Łódź;Müller".encode(),
        "Müller".encode("cp1252"),
        b"PKs,Location\r\n",
        b"a,b\x00,c and so on and on and on\r\n",
    ],
)
def test_text_is_taken_for_text(start):
    assert not_a_text_file(start) is None
