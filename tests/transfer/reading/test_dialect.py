"""Detection of encoding, delimiter and header."""

import contextlib
import io
import random
from typing import BinaryIO

import pytest

from qm_tui.errors import UserError
from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.dialect import binary_file_type, detect_dialect
from qm_tui.transfer.reading.read_options import (
    DELIMITERS,
    ENCODINGS,
    ReadOptions,
    parse_delimiter,
    parse_encoding,
)
from tests.helpers import ANNA, HEADER, column, csv_text, read, user, write_file
from tests.transfer.option_files import read_with_options

_NARROW = "User ID,User Name,Location\r\n"


def _text(file: BinaryIO, encoding: str) -> str:
    return "".join(block.text for block in lines.read_blocks(file, encoding))


def _dialect(data: str | bytes, **chosen):
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return detect_dialect(file, ReadOptions(**chosen))


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
def test_encoding_is_detected(data, encoding):
    assert _dialect(data).encoding == encoding


def test_one_valid_utf_8_sequence_makes_the_file_utf_8():
    assert _dialect(b"User ID,Location\r\n1,M\xfcller\r\n2,M\xc3\xbcller\r\n").encoding == "utf-8"


@pytest.mark.parametrize("character", ["é", "€", "\U0001f600"])
@pytest.mark.parametrize("before", range(5))
def test_utf_8_sequence_is_found_at_a_block_boundary(character, before):
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
def test_invalid_utf_8_is_windows_1252(sequence):
    assert _dialect(b"User ID,Location\r\n1," + sequence + b"\r\n").encoding == "cp1252"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_detected_from_a_header(delimiter):
    text = csv_text([HEADER, ANNA, ANNA], delimiter)
    assert _dialect(text).delimiter == delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_is_detected_from_records(delimiter):
    crowded = user(department="a,b;c|d", additional_extensions="1,2,3,4,5,6,7,8,9")
    text = csv_text([crowded, ANNA, ANNA], delimiter)
    assert _dialect(text).delimiter == delimiter
    assert _dialect(csv_text([crowded], delimiter)).delimiter == delimiter


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;;"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_sep_line_of_excel_sets_the_delimiter_and_is_no_record(tmp_path, line, end):
    rows = csv_text([["User ID", "Location"], ["17", "a,b,c,d"]], ";", end)
    records, findings = read(write_file(tmp_path, line + end + rows))
    assert findings.dialect.delimiter == ";"
    assert findings.dialect.has_sep_line
    assert [(record.line, record.number) for record in records] == [(3, 1)]
    assert column(records, "location") == ["a,b,c,d"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "#", "^"])
def test_sep_line_may_name_any_delimiter(tmp_path, delimiter):
    path = write_file(
        tmp_path, f"sep={delimiter}\r\nUser ID{delimiter}Location\r\n17{delimiter}Oslo\r\n"
    )
    records, findings = read(path)
    assert findings.dialect.delimiter == delimiter
    assert column(records, "location") == ["Oslo"]


@pytest.mark.parametrize("delimiter", ["\x1b", "\x00", "\x07", "\u202e"], ids=ascii)
def test_delimiter_is_reported_without_control_characters(tmp_path, delimiter):
    path = write_file(
        tmp_path, f"sep={delimiter}\r\nUser ID{delimiter}Location\r\n17{delimiter}Oslo\r\n"
    )
    _, findings = read(path)
    assert all(sentence.isprintable() for sentence in findings.messages)


def test_sep_line_works_in_utf_16(tmp_path):
    path = write_file(tmp_path, "sep=\t\r\nUser ID\tLocation\r\n17\tOslo\r\n".encode("utf-16"))
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
def test_header_is_distinguished_from_the_first_record(text, expected):
    assert _dialect(text).has_header is expected


@pytest.mark.parametrize("blank", ["", ";", ";;;;", " ; ", "\t"])
@pytest.mark.parametrize("count", [1, 5, 19, 20, 40])
def test_blank_lines_before_the_header_are_not_the_header(tmp_path, blank, count):
    path = write_file(tmp_path, f"{blank}\r\n" * count + "User ID;Location\r\n17;Oslo\r\n")
    records, findings = read(path)
    assert findings.dialect.delimiter == ";"
    assert column(records, "location") == ["Oslo"]
    assert [record.line for record in records] == [count + 2]


def test_first_line_of_other_delimiters_is_not_the_header(tmp_path):
    records, _ = read(write_file(tmp_path, ";;;\r\nUser ID,User Name,Location\r\n17,anna,Oslo\r\n"))
    assert column(records, "location") == ["Oslo"]


def test_detection_leaves_the_file_at_its_start():
    file = io.BytesIO(_NARROW.encode())
    detect_dialect(file)
    assert file.tell() == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (csv_text([HEADER, ANNA]).encode(), ["UTF-8", "comma", "header in line 1"]),
        (csv_text([HEADER, ANNA], ";").encode(), ["UTF-8", "semicolon", "header in line 1"]),
        (csv_text([ANNA], "\t").encode("utf-16"), ["UTF-16", "tab", "no header"]),
        (csv_text([user(location="Tromsø")], "|").encode("cp1252"), ["Windows-1252", "bar"]),
        (csv_text([HEADER, ANNA]).encode("utf-8-sig"), ["UTF-8 with BOM"]),
    ],
)
def test_detected_dialect_is_reported(tmp_path, data, said):
    _, findings = read(write_file(tmp_path, data))
    assert [word for word in said if word not in findings.messages[0]] == []


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
        (bytes(range(256)) * 4, "a binary file"),
        ("User ID,Location".encode("utf-16-le"), "UTF-16"),
        (bytes(1000), "a binary file"),
    ],
)
def test_binary_files_are_recognized(start, what):
    assert what in (binary_file_type(start) or "")


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
def test_text_is_recognized_as_text(start):
    assert binary_file_type(start) is None


# read options


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_supported_encodings_read_what_they_wrote(encoding):
    text = "User ID,Location\r\n17,Oslo\r\n"
    file = io.BytesIO(text.encode(encoding))
    dialect = detect_dialect(file, ReadOptions(encoding=encoding))
    assert dialect.has_header
    assert _text(file, dialect.encoding) == text.replace("\r", "")


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("seed", range(4))
def test_decoding_in_blocks_equals_decoding_at_once(encoding, seed, monkeypatch):
    chance = random.Random(seed)  # noqa: S311
    kinds = ((0, 255), (128, 255), (32, 126))
    data = bytes(chance.randint(*chance.choice(kinds)) for _ in range(400))
    if encoding == "utf-16":
        data = b"\xff\xfe" + data
    whole = _text(io.BytesIO(data), encoding)
    monkeypatch.setattr(lines, "BLOCK", chance.choice((1, 2, 3, 7)))
    assert _text(io.BytesIO(data), encoding) == whole


@pytest.mark.parametrize("encoding", [name for name in ENCODINGS if not name.startswith("utf-16")])
def test_invalid_pairs_of_bytes_are_never_replaced(encoding):
    for first in range(128, 256):
        data = b"".join(bytes((first, second, 10)) for second in range(32, 256))
        assert "\ufffd" not in _text(io.BytesIO(data), encoding)


def test_encodings_need_no_more_than_ascii():
    printable = bytes(range(32, 127))
    for encoding in ENCODINGS:
        if not encoding.startswith("utf-16"):
            assert printable.decode(encoding) == printable.decode("ascii")


@pytest.mark.parametrize(
    ("data", "chosen", "encoding"),
    [
        (b"\xef\xbb\xbfUser ID\r\n1", "utf-8", "utf-8-sig"),
        (b"User ID\r\n1", "utf-8", "utf-8"),
        (b"User ID\r\n1", "utf-8-sig", "utf-8-sig"),
        ("\ufeffUser ID".encode("utf-16-le"), "utf-16-le", "utf-16"),
        ("\ufeffUser ID".encode("utf-16-be"), "utf-16-be", "utf-16"),
        ("\ufeffUser ID".encode("utf-16-be"), "utf-16", "utf-16"),
        ("User ID".encode("utf-16-le"), "utf-16", "utf-16-le"),
        ("User ID".encode("utf-16-be"), "utf-16", "utf-16-be"),
        ("Łódź".encode(), "cp1250", "cp1250"),
    ],
)
def test_selected_encoding_accepts_the_bom_of_the_file(data, chosen, encoding):
    assert _dialect(data, encoding=chosen).encoding == encoding


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16"])
def test_utf_16_without_a_bom_is_read_if_selected(tmp_path, encoding):
    raw = "utf-16-be" if encoding == "utf-16-be" else "utf-16-le"
    path = write_file(tmp_path, "User ID,Location\r\n17,Łódź\r\n".encode(raw))
    with pytest.raises(UserError, match="use --encoding utf-16-le"):
        read(path)
    records, findings = read_with_options(path, encoding=encoding)
    assert column(records, "location") == ["Łódź"]
    assert "(set manually)" in findings.messages[0]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("written_in", ["utf-8", "cp1252", "utf-16", "cp932", "gb18030", "cp850"])
def test_wrong_encoding_rejects_records_and_does_not_fail(tmp_path, encoding, written_in):
    text = csv_text([HEADER, *[ANNA._replace(location="東京" * 9)] * 5])
    path = write_file(tmp_path, text.encode(written_in, "ignore"))
    with contextlib.suppress(UserError):
        records, _ = read_with_options(path, encoding=encoding, header=False)
        assert all(record.issues or any(record.values) for record in records)


def test_bytes_invalid_in_the_selected_encoding_reject_their_record(tmp_path):
    path = write_file(tmp_path, _NARROW.encode() + b"1,x,\x8c\xa0\r\n2,y,\x8c\r\n3,z,Oslo\r\n")
    records, _ = read_with_options(path, encoding="cp932")
    assert [bool(record.issues) for record in records] == [False, True, False]
    assert "not valid Shift JIS" in records[1].issues[0].message


@pytest.mark.parametrize("said", [*DELIMITERS, "#", "^", "~"])
def test_selected_delimiter_takes_precedence_over_the_file(tmp_path, said):
    rows = [["User ID", "Location"], ["17", "a,b"]]
    path = write_file(tmp_path, "sep=:\r\n" + csv_text(rows, said))
    records, findings = read_with_options(path, delimiter=said)
    assert column(records, "location") == ["a,b"]
    assert [record.line for record in records] == [3]
    assert "(set manually), header in line 2" in findings.messages[0]


def test_first_row_is_a_record_if_no_header_is_selected(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, ANNA]))
    records, findings = read_with_options(path, header=False)
    assert column(records, "location") == ["Location", "Oslo"]
    assert [record.line for record in records] == [1, 2]
    assert "no header (set manually); columns in standard order" in findings.messages[0]


def test_first_row_is_the_header_if_selected(tmp_path):
    path = write_file(tmp_path, "17,Oslo\r\n18,Bergen\r\n")
    records, findings = read_with_options(path, header=True)
    assert len(records) == 1
    assert not any(records[0].values)
    assert "header in line 1 (set manually)" in findings.messages[0]


@pytest.mark.parametrize(
    ("typed", "encoding"),
    [
        ("windows-1252", "cp1252"),
        ("Windows 1252", "cp1252"),
        ("cp1252", "cp1252"),
        ("ANSI", "cp1252"),
        ("UTF-8", "utf-8"),
        ("utf8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("UTF-8 with BOM", "utf-8-sig"),
        ("UTF-16LE", "utf-16-le"),
        ("latin1", "iso8859-1"),
        ("ISO-8859-15", "iso8859-15"),
        ("Shift JIS", "cp932"),
        ("shift_jis", "cp932"),
        ("GBK", "gb18030"),
        ("big5", "cp950"),
        ("ibm850", "cp850"),
    ],
)
def test_encoding_typed_accepts_common_names(typed, encoding):
    assert parse_encoding(typed) == encoding


@pytest.mark.parametrize("name", ENCODINGS.values())
def test_encoding_typed_accepts_the_displayed_names(name):
    assert ENCODINGS[parse_encoding(name)] == name


@pytest.mark.parametrize("typed", ["", "klingon", "rot13", "hex", "a\x00\x1b", "ascii", "utf-7"])
def test_encoding_typed_rejects_others_and_lists_the_supported(typed):
    with pytest.raises(UserError, match=r"Supported: UTF-8, .*Windows-1250.*Big5") as refused:
        parse_encoding(typed)
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("typed", "delimiter"),
    [
        (",", ","),
        (";", ";"),
        ("|", "|"),
        ("\t", "\t"),
        ("\\t", "\t"),
        ("tab", "\t"),
        ("TAB", "\t"),
        ("comma", ","),
        ("semicolon", ";"),
        ("bar", "|"),
        (" ; ", ";"),
        ("^", "^"),
        ("#", "#"),
    ],
)
def test_delimiter_typed_accepts_names_and_characters(typed, delimiter):
    assert parse_delimiter(typed) == delimiter


@pytest.mark.parametrize(
    "typed", ["", " ", '"', "'", "a", "7", "\r", "\n", ";;", "\x1b", "é", "\x00"]
)
def test_delimiter_typed_rejects_other_characters(typed):
    with pytest.raises(UserError, match="delimiter") as refused:
        parse_delimiter(typed)
    assert str(refused.value).isprintable()
