"""Reading of a users file, record by record."""

import pytest

from qm_tui.errors import UserError
from qm_tui.progress import Cancelled, Phase
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import FIELD, FIELDS, KEYS, MAX_VALUE
from tests.helpers import ANNA, HEADER, column, csv_text, read, user, write_file
from tests.transfer.option_files import read_with_options

_GOOD = csv_text([HEADER, ANNA])
_NARROW = "User ID,Location,Password,Salt Value\r\n"


def _narrow(folder, *lines: str, end: str = "\r\n"):
    return read(write_file(folder, _NARROW + end.join(lines)))


def _outline(records) -> list[tuple[int, int, bool]]:
    """Return the number, the line and the validity of each record."""
    return [(record.number, record.line, not record.issues) for record in records]


def test_export_is_read_as_it_was_written(tmp_path):
    records, findings = read(write_file(tmp_path, _GOOD))
    assert records == [(1, 2, list(ANNA), ())]
    assert findings.columns.are_in_file_order


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_encoding_delimiter_and_line_ends_do_not_affect_records(tmp_path, encoding, delimiter, end):
    zoe = user("zoë", location="Tromsø – “x”", department="a,b;c|d")
    text = csv_text([HEADER, ANNA, zoe], delimiter, end)
    records, _ = read(write_file(tmp_path, text.encode(encoding)))
    assert [record.values for record in records] == [list(ANNA), list(zoe)]
    assert [record.line for record in records] == [2, 3]
    assert not any(record.issues for record in records)


def test_without_a_header_the_first_record_is_on_line_1(tmp_path):
    records, _ = read(write_file(tmp_path, csv_text([ANNA, user("bo")])))
    assert _outline(records) == [(1, 1, True), (2, 2, True)]
    assert records[0].values == list(ANNA)


def test_columns_in_another_order_are_returned_in_file_order(tmp_path):
    path = write_file(tmp_path, "Location,Notes,USER NAME,first_name\r\nOslo,x,anna,Anna\r\n")
    (record,), findings = read(path)
    present = {key: value for key, value in zip(KEYS, record.values, strict=True) if value}
    assert present == {"location": "Oslo", "user_name": "anna", "first_name": "Anna"}
    assert record.values.count(None) == 23
    assert any("Notes" in sentence for sentence in findings.messages)


@pytest.mark.parametrize(
    "blanks",
    [
        *(" ", "\t", "\xa0", "\u202f", " \t\xa0\u202f ", "\u3000", "\u2003\u2009", "\u2028"),
        *("\ufeff", "\u200b", "\xad", "\u2060", "\u202e", "\u115f", "\U000e0101", "\u3164 \u200f"),
    ],
    ids=ascii,
)
@pytest.mark.parametrize("quoted", [True, False])
def test_values_are_trimmed_except_secrets(tmp_path, blanks, quoted):
    quote = '"' if quoted else ""
    cells = [f"{quote}{blanks}{value}{blanks}{quote}" for value in ("17", "New York", "PW", "S")]
    (record,), _ = _narrow(tmp_path, ",".join(cells))
    assert column([record], "user_id") == ["17"]
    assert column([record], "location") == ["New York"]
    assert column([record], "password") == [f"{blanks}PW{blanks}"]
    assert column([record], "salt") == [f"{blanks}S{blanks}"]


@pytest.mark.parametrize(
    "value",
    [
        *("0123", "+4722123456", "1E+05", "-", "=1+1", "'x", "a  b", "a\xa0b", "O'Brien", "é"),
    ],
)
def test_values_are_otherwise_unchanged(tmp_path, value):
    (record,), _ = _narrow(tmp_path, f"17,{value},,")
    assert column([record], "location") == [value]
    assert record.issues == ()


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(('="0123"', "0123"), ('"=""0123"""', "0123"), ('" =""0123"" "', "0123")),
        *(('"="" 0123 """', "0123"), ('"=""a,b"""', "a,b"), ('"=""=""""x"""""""', '="x"')),
        ("=0123", "=0123"),
    ],
)
def test_cell_wrapped_as_a_text_formula_is_unwrapped(tmp_path, cell, value):
    (record,), _ = _narrow(tmp_path, f"17,{cell},,")
    assert column([record], "location") == [value]


def test_secret_wrapped_as_a_text_formula_is_unwrapped_and_not_trimmed(tmp_path):
    (record,), _ = _narrow(tmp_path, '17,Oslo,="0123","="" 0123 """')
    assert column([record], "password") == ["0123"]
    assert column([record], "salt") == [" 0123 "]


# rows that are short, long or blank


def test_missing_cells_at_the_end_are_absent_and_counted(tmp_path):
    records, findings = _narrow(tmp_path, "17,Oslo,,", "18,Oslo", "19", "20,Oslo,,")
    assert column(records, "location") == ["Oslo", "Oslo", None, "Oslo"]
    assert column(records, "password") == ["", None, None, ""]
    assert findings.short == 1  # 19 may be a part of a record


@pytest.mark.parametrize("has_header", [True, False])
def test_record_with_an_extra_value_is_rejected_alone(tmp_path, has_header):
    rows = [HEADER] * has_header + [[*ANNA, "", "x"], list(ANNA)]
    records, _ = read(write_file(tmp_path, csv_text(rows)))
    assert _outline(records) == [(1, 1 + has_header, False), (2, 2 + has_header, True)]


def test_extra_value_is_found_in_a_file_without_quotes_or_blanks(tmp_path):
    records, _ = _narrow(tmp_path, "1,A,P,S", "2,B,P,S,X", "3,C,P,S", "4,D,P,S,,X")
    assert _outline(records) == [(1, 2, True), (2, 3, False), (3, 4, True), (4, 5, False)]


@pytest.mark.parametrize("blank", ["", ",,,", " , ,", '"","",', '"","","",""', "\t"])
def test_blank_lines_are_skipped_and_counted(tmp_path, blank):
    records, findings = _narrow(tmp_path, "17,Oslo,,", blank, blank, "18,Oslo,,")
    assert _outline(records) == [(1, 2, True), (2, 5, True)]
    assert findings.blank == 2
    assert any("2 blank lines" in sentence for sentence in findings.messages)


# rejected records


@pytest.mark.parametrize(
    "bad",
    [
        *('17,"Oslo,,', '17,"Oslo"x,,', "17,Os\x00lo,,", f"17,{'x' * (MAX_VALUE + 1)},,"),
        *(f'17,"{"x" * (MAX_VALUE + 1)}",,', f"17,Oslo,{'x' * (MAX_VALUE + 1)},"),
        *("17," + "x" * 2_000_000, "17,Oslo,,,too many", "17,\ud800,,"),
    ],
    ids=lambda bad: ascii(bad[:20]),
)
def test_malformed_record_is_rejected_with_its_line_and_the_others_are_read(tmp_path, bad):
    text = f"{_NARROW}1,A,,\r\n{bad}\r\n2,B,,\r\n"
    records, _ = read(write_file(tmp_path, text.encode("utf-8", "surrogatepass") + "é,,,".encode()))
    assert _outline(records) == [(1, 2, True), (2, 3, False), (3, 4, True), (4, 5, True)]
    assert records[1].issues[0].field is None


def test_value_of_4096_characters_is_read(tmp_path):
    (record,), _ = _narrow(tmp_path, f"17,{'é' * MAX_VALUE},,")
    assert column([record], "location") == ["é" * MAX_VALUE]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("character", ["\x07", "\t", "\r\n", "\x7f", "\x85", "\x1b"], ids=ascii)
def test_control_character_rejects_the_record_and_names_the_field(tmp_path, key, character):
    bad = user(**{key: f"x{character}y"})
    (record,), _ = read(write_file(tmp_path, csv_text([HEADER, bad])))
    assert [fault.field and fault.field.key for fault in record.issues] == [key]


def test_control_characters_of_a_record_are_all_reported(tmp_path):
    bad = user(first_name="A\x07", password="P\x1b", location="x\ny")
    (record,), _ = read(write_file(tmp_path, csv_text([HEADER, bad])))
    keys = [fault.field.key for fault in record.issues if fault.field]
    assert keys == ["first_name", "password", "location"]


def test_invalid_utf_8_rejects_its_record_and_is_not_replaced(tmp_path):
    data = _NARROW.encode() + b"1,M\xc3\xbcller,,\r\n2,M\xfcller,,\r\n3,Oslo,,\r\n"
    records, _ = read(write_file(tmp_path, data))
    assert _outline(records) == [(1, 2, True), (2, 3, False), (3, 4, True)]
    assert column(records, "location") == ["Müller", None, "Oslo"]


def test_invalid_windows_1252_rejects_its_record(tmp_path):
    data = _NARROW.encode() + b"1,M\xfcller,,\r\n2,M\x81ller,,\r\n"
    records, _ = read(write_file(tmp_path, data))
    assert _outline(records) == [(1, 2, True), (2, 3, False)]


# reports about detection


def test_windows_1252_is_reported_with_three_sample_words(tmp_path):
    names = ["Müller", "Oslo", "Tromsø", "Müller", "Ærø", "Malmö"]
    lines = [f"{at},{name},," for at, name in enumerate(names)]
    _, findings = read(write_file(tmp_path, (_NARROW + "\r\n".join(lines)).encode("cp1252")))
    assert findings.samples == ["Müller", "Tromsø", "Ærø"]
    said = " ".join(findings.messages)
    assert "Windows-1252" in said
    assert "Samples: Müller, Tromsø, Ærø." in said


def test_samples_never_come_from_a_secret(tmp_path):
    data = (_NARROW + "17,Oslo,pässword,sält\r\n18,Malmö,,\r\n").encode("cp1252")
    _, findings = read(write_file(tmp_path, data))
    assert findings.samples == ["Malmö"]


def test_samples_are_empty_for_utf_8(tmp_path):
    _, findings = _narrow(tmp_path, "17,Tromsø,,")
    assert findings.samples == []


# progress


def test_read_reports_progress_up_to_the_end(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, *[ANNA] * 3000]))
    told = []
    with UsersFile(path) as file:
        list(file.records(lambda *tick: told.append(tick)))
    assert {phase for phase, _, _ in told} == {Phase.READING}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1:] == (path.stat().st_size, path.stat().st_size)


def test_read_can_be_canceled(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, *[ANNA] * 3000]))

    def cancel(_phase: Phase, _done: int, _total: int) -> None:
        raise Cancelled

    with UsersFile(path) as file, pytest.raises(Cancelled):
        list(file.records(cancel))


def test_sentences_contain_no_secret(tmp_path):
    rows = [f"17,Oslo,HUNTER2{bad}" for bad in (",S,x", '",S', "\x00,S", "\x07,S", ",S")]
    records, findings = _narrow(tmp_path, *rows, '17,"Oslo"x,HUNTER2,S')
    said = repr([record.issues for record in records]) + repr(findings.messages)
    assert sum(bool(record.issues) for record in records) == 4
    assert "HUNTER2" not in said
    assert len(FIELDS) == len(records[0].values)


# columns


def _sentences(path, **chosen) -> list[str]:
    return read_with_options(path, **chosen)[1].messages


def test_sentences_count_columns_and_name_missing_and_ignored_ones(tmp_path):
    header = [name for name in HEADER if name not in ("Password", "Salt Value", "Location")]
    row = [value for name, value in zip(HEADER, ANNA, strict=True) if name in header]
    path = write_file(tmp_path, csv_text([[*header, "Notes"], [*row, "x"]]))
    assert _sentences(path)[1] == (
        "23 of 26 columns; missing required: Password; ignored: Notes; "
        "missing: Salt Value, Location."
    )


def test_sentences_name_ten_columns_and_count_the_others(tmp_path):
    path = write_file(tmp_path, "User ID," + ",".join(f"x{at}" for at in range(40)) + "\r\n17\r\n")
    said = _sentences(path)[1]
    assert "ignored: x0, x1, x2, x3, x4, x5, x6, x7, x8, x9 and 30 more; missing: " in said


def test_sentences_are_short_for_a_complete_file(tmp_path):
    assert _sentences(write_file(tmp_path, _GOOD))[1] == "26 of 26 columns."


def test_sentences_contain_the_line_of_the_header(tmp_path):
    path = write_file(tmp_path, "sep=,\r\n\r\n" + _GOOD)
    assert _sentences(path)[0] == "Read as UTF-8, comma, header in line 3."


def test_mapping_reads_a_file_of_another_program(tmp_path):
    path = write_file(tmp_path, "Kennung;Ort;Notiz\r\nanna;Oslo;x\r\n")
    pairs = {"Kennung": FIELD["user_name"], "Ort": FIELD["location"], "Notiz": None}
    records, findings = read_with_options(path, mapping=ColumnMapping("HR export", pairs))
    assert column(records, "user_name") == ["anna"]
    assert column(records, "location") == ["Oslo"]
    said = " ".join(findings.messages)
    assert "ignored by mapping: Notiz" in said
    assert "Columns mapped with “HR export”." in said
    assert not findings.needs_mapping


def test_mapping_that_does_not_fit_is_refused_with_the_line_of_the_header(tmp_path):
    path = write_file(tmp_path, "\r\nKennung;Ort\r\nanna;Oslo\r\n")
    with pytest.raises(UserError, match=r'line 2: missing column "Login"'):
        read_with_options(path, mapping=ColumnMapping("HR", {"Login": FIELD["user_name"]}))


def test_mapping_without_a_header_is_refused(tmp_path):
    path = write_file(tmp_path, csv_text([ANNA]))
    with pytest.raises(UserError, match=r"requires a header.*read without one"):
        read_with_options(path, header=False, mapping=ColumnMapping("", {"A": FIELD["user_name"]}))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        *((HEADER, False), ([*HEADER, "Notes"], False), (["User ID", "Location"], False)),
        *((["User ID", "Vorname"], True), (["Vorname", "Nachname"], True)),
    ],
)
def test_needs_mapping_if_required_columns_are_missing_and_others_unknown(
    tmp_path, header, expected
):
    path = write_file(tmp_path, csv_text([header, ["x"] * len(header)]))
    assert read_with_options(path, header=True)[1].needs_mapping is expected


# sample values


def _samples(folder, *rows: list[str], **chosen):
    with UsersFile(write_file(folder, csv_text(rows)), ReadOptions(**chosen)) as file:
        return file.file_report.sample_values


def test_sample_values_are_known_before_records_are_read(tmp_path):
    names = ["Anna", "Bo", "Anna", "", "Cy", "Di"]
    rows = [[name, '="0412"', "1"] for name in names]
    assert _samples(tmp_path, ["Vorname", "Durchwahl", "Aktiv"], *rows) == (
        ("Anna", "Bo", "Cy"),
        ("0412",),
        ("1",),
    )


@pytest.mark.parametrize(
    "name",
    [
        *("Password", "Salt Value", "Kennwort", "Mot de passe", "Contraseña", "senha", "PWD"),
        *("API-Token", "pw_hash", "Client Secret", "PIN", "Lösenord", "HASŁO", "Wachtwoord"),
        *("passwd", "Salz"),
    ],
)
def test_sample_values_omit_columns_named_like_a_secret(tmp_path, name):
    assert _samples(tmp_path, [name, "Ext"], ["hunter2", "0412"], header=True) == ((), ("0412",))


def test_sample_values_omit_columns_mapped_to_a_secret(tmp_path):
    mapping = ColumnMapping("", {"Wort": FIELD["password"], "Wert": FIELD["salt"]})
    samples = _samples(tmp_path, ["Wort", "Wert", "Ort"], ["a", "b", "Oslo"], mapping=mapping)
    assert samples == ((), (), ("Oslo",))


@pytest.mark.parametrize(
    "value",
    [
        *("5f4dcc3b5aa765d61d8327deb882cf99", "X03MO1qnZdYdgyfeuILPmQ=="),
        *("$2b$12$EixZaYVK1fsbw1ZfbX3OXe", "{SSHA}abc", "0x5f4dcc3b5aa765d6"),
        *("sha1:5f4dcc3b5aa765d61d83", "eyJhbGciOi.eyJzdWIiOi.SflKxwRJ"),
    ],
)
def test_sample_values_omit_values_that_look_encrypted(tmp_path, value):
    assert _samples(tmp_path, ["Feld", "Ext"], [value, "0412"], header=True) == ((), ("0412",))


def test_sample_values_omit_records_with_another_number_of_cells(tmp_path):
    rows = [["Oslo", "0412", "hunter2"], ["hunter2"], ["Bergen", "0413"]]
    assert _samples(tmp_path, ["Ort", "Ext"], *rows, header=True) == (("Bergen",), ("0413",))


def test_sample_values_are_empty_without_a_header(tmp_path):
    assert _samples(tmp_path, list(ANNA)) == ()
