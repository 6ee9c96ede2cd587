"""Detection of encoding, delimiter and header, and the options that set them."""

import contextlib
import io
import random
from typing import BinaryIO

import pytest

from qm_tui.errors import UserError
from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.dialect import detect_dialect
from qm_tui.transfer.reading.read_options import (
    DELIMITERS,
    ENCODINGS,
    ReadOptions,
    parse_delimiter,
    parse_encoding,
)
from tests.helpers import ANNA, HEADER, column, csv_text, read, user, write_file
from tests.transfer.option_files import read_with_options

_ONE_BYTE = [name for name in ENCODINGS if not name.startswith("utf-16")]


def _text(file: BinaryIO, encoding: str) -> str:
    return "".join(block.text for block in lines.read_blocks(file, encoding))


def _dialect(data: str | bytes, **chosen):
    file = io.BytesIO(data.encode() if isinstance(data, str) else data)
    return detect_dialect(file, ReadOptions(**chosen))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        *((b"", "utf-8"), (b"User ID,Location\r\n1,Oslo\r\n", "utf-8")),
        *(("Tromsø\r\n".encode(), "utf-8"), ("Łódź \U0001f600\r\n".encode(), "utf-8")),
        *(("\ufeffTromsø".encode(), "utf-8-sig"), (b"\xef\xbb\xbfTroms\xf8\r\n", "utf-8-sig")),
        *(("Tromsø\r\n".encode("cp1252"), "cp1252"), ("“€”\r\n".encode("cp1252"), "cp1252")),
        *(("Tromsø\r\n".encode("utf-16"), "utf-16"), (b"\xff\xfeU\0", "utf-16")),
        (b"\xfe\xff\0U", "utf-16"),
        # one valid sequence makes it UTF-8
        (b"1,M\xfcller\r\n2,M\xc3\xbcller\r\n", "utf-8"),
        # none of these is one
        *((b"1,%s\r\n" % other, "cp1252") for other in (b"\xc0\xaf", b"\xe0\x80\x80", b"\x80\x80")),
        *((b"1,%s\r\n" % other, "cp1252") for other in (b"\xed\xa0\x80", b"\xf0\x80\x80\x80")),
        *((b"1,%s\r\n" % other, "cp1252") for other in (b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80")),
        *((b"1,%s\r\n" % other, "cp1252") for other in (b"\xe4x", b"\xfc")),
    ],
)
def test_encoding_is_detected(data, encoding):
    assert _dialect(data).encoding == encoding


@pytest.mark.parametrize("character", ["é", "€", "\U0001f600"])
def test_utf_8_sequence_is_found_at_a_block_boundary(character):
    for before in range(5):
        data = b"x" * (lines.BLOCK - before) + character.encode() + b"\n"
        assert _dialect(data).encoding == "utf-8"


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_delimiter_is_detected_from_a_header_or_records(delimiter):
    crowded = user(department="a,b;c|d", additional_extensions="1,2,3,4,5,6,7,8,9")
    for rows in ([HEADER, ANNA, ANNA], [crowded, ANNA, ANNA], [crowded]):
        assert _dialect(csv_text(rows, delimiter)).delimiter == delimiter


@pytest.mark.parametrize("line", ["sep=;", "SEP=;", '"sep=;"', "\ufeffsep=;", "sep=;;;"])
@pytest.mark.parametrize("end", ["\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_sep_line_of_excel_sets_the_delimiter_and_is_no_record(tmp_path, line, end, encoding):
    text = line + end + csv_text([["User ID", "Location"], ["17", "a,b,c,d"]], ";", end)
    if encoding == "utf-16":
        text = text.removeprefix("\ufeff")  # encoding adds one
    records, findings = read(write_file(tmp_path, text.encode(encoding)))
    assert (findings.dialect.delimiter, findings.dialect.has_sep_line) == (";", True)
    assert [(record.line, record.number) for record in records] == [(3, 1)]
    assert column(records, "location") == ["a,b,c,d"]


@pytest.mark.parametrize("blank", ["", ";", ";;;;", " ; ", "\t", ",,,"])
@pytest.mark.parametrize("count", [1, 19, 20, 40])
def test_blank_lines_before_the_header_are_not_the_header(tmp_path, blank, count):
    path = write_file(tmp_path, f"{blank}\r\n" * count + "User ID;Location\r\n17;Oslo\r\n")
    records, findings = read(path)
    assert findings.dialect.delimiter == ";"
    assert [(record.line, *column([record], "location")) for record in records] == [
        (count + 2, "Oslo")
    ]


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


# encodings


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_supported_encodings_read_what_they_wrote_in_blocks_of_any_size(encoding, monkeypatch):
    text = "User ID,Location\r\n17,Oslo\r\n"
    file = io.BytesIO(text.encode(encoding))
    dialect = detect_dialect(file, ReadOptions(encoding=encoding))
    assert dialect.has_header
    assert _text(file, dialect.encoding) == text.replace("\r", "")
    chance = random.Random(encoding)  # noqa: S311
    data = bytes(
        chance.randint(*chance.choice(((0, 255), (128, 255), (32, 126)))) for _ in range(999)
    )
    if encoding == "utf-16":
        data = b"\xff\xfe" + data
    whole = _text(io.BytesIO(data), encoding)
    for block in (1, 2, 3, 7):
        monkeypatch.setattr(lines, "BLOCK", block)
        assert _text(io.BytesIO(data), encoding) == whole


@pytest.mark.parametrize("encoding", _ONE_BYTE)
def test_ascii_is_the_same_in_all_encodings_and_invalid_bytes_are_never_replaced(encoding):
    printable = bytes(range(32, 127))
    assert printable.decode(encoding) == printable.decode("ascii")
    for first in range(128, 256):
        data = b"".join(bytes((first, second, 10)) for second in range(32, 256))
        assert "\ufffd" not in _text(io.BytesIO(data), encoding)


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


@pytest.mark.parametrize("written_in", ["utf-8", "utf-16", "cp932"])
def test_wrong_encoding_rejects_records_and_does_not_fail(tmp_path, written_in):
    text = csv_text([HEADER, *[ANNA._replace(location="東京" * 9)] * 5])
    path = write_file(tmp_path, text.encode(written_in, "ignore"))
    for encoding in ENCODINGS:
        with contextlib.suppress(UserError):
            records, _ = read_with_options(path, encoding=encoding, header=False)
            assert all(record.issues or any(record.values) for record in records)


# delimiter and header as options


@pytest.mark.parametrize("said", [*DELIMITERS, "#", "^"])
def test_selected_delimiter_takes_precedence_over_the_file(tmp_path, said):
    rows = [["User ID", "Location"], ["17", "a,b"]]
    path = write_file(tmp_path, "sep=:\r\n" + csv_text(rows, said))
    records, findings = read_with_options(path, delimiter=said)
    assert column(records, "location") == ["a,b"]
    assert [record.line for record in records] == [3]
    assert "(set manually), header in line 2" in findings.messages[0]


def test_header_is_set_by_an_option(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, ANNA]))
    records, findings = read_with_options(path, header=False)
    assert column(records, "location") == ["Location", "Oslo"]
    assert [record.line for record in records] == [1, 2]
    assert "no header (set manually); columns in standard order" in findings.messages[0]
    path = write_file(tmp_path, "17,Oslo\r\n18,Bergen\r\n")
    (record,), findings = read_with_options(path, header=True)
    assert not any(record.values)
    assert "header in line 1 (set manually)" in findings.messages[0]


@pytest.mark.parametrize(
    ("typed", "encoding"),
    [
        *(("windows-1252", "cp1252"), ("Windows 1252", "cp1252"), ("cp1252", "cp1252")),
        *(("ANSI", "cp1252"), ("UTF-8", "utf-8"), ("utf8", "utf-8"), ("utf-8-sig", "utf-8-sig")),
        *(("UTF-8 with BOM", "utf-8-sig"), ("UTF-16LE", "utf-16-le"), ("latin1", "iso8859-1")),
        *(("ISO-8859-15", "iso8859-15"), ("Shift JIS", "cp932"), ("shift_jis", "cp932")),
        *(("GBK", "gb18030"), ("big5", "cp950"), ("ibm850", "cp850")),
        *((name, encoding) for encoding, name in ENCODINGS.items()),
    ],
)
def test_encoding_typed_accepts_common_and_displayed_names(typed, encoding):
    assert parse_encoding(typed) == encoding


@pytest.mark.parametrize("typed", ["", "klingon", "rot13", "hex", "a\x00\x1b", "ascii", "utf-7"])
def test_encoding_typed_rejects_others_and_lists_the_supported(typed):
    with pytest.raises(UserError, match=r"Supported: UTF-8, .*Windows-1250.*Big5") as refused:
        parse_encoding(typed)
    assert str(refused.value).isprintable()


def test_delimiter_typed_is_a_name_or_a_character():
    names = {"\\t": "\t", "tab": "\t", "TAB": "\t", "comma": ",", "semicolon": ";", "bar": "|"}
    for typed, delimiter in {
        **names,
        " ; ": ";",
        **dict(zip(",;|\t^#", ",;|\t^#", strict=True)),
    }.items():
        assert parse_delimiter(typed) == delimiter
    for typed in ("", " ", '"', "'", "a", "7", "\r", "\n", ";;", "\x1b", "é", "\x00"):
        with pytest.raises(UserError, match="delimiter") as refused:
            parse_delimiter(typed)
        assert str(refused.value).isprintable()
