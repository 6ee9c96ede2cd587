"""Reading of a users file, record by record."""

import pytest

from qm_tui.errors import UserError
from qm_tui.progress import Cancelled, Phase
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.users.fields import FIELD, KEYS, MAX_VALUE
from tests.helpers import ANNA, HEADER, column, csv_text, read, user, write_file
from tests.transfer.option_files import read_with_options

_GOOD = csv_text([HEADER, ANNA])
_NARROW = "User ID,Location,Password,Salt Value\r\n"


def _narrow(folder, *lines: str, end: str = "\r\n"):
    return read(write_file(folder, _NARROW + end.join(lines)))


def _outline(records) -> list[tuple[int, int, bool]]:
    """Return the number, the line and the validity of each record."""
    return [(record.number, record.line, not record.issues) for record in records]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("header", [True, False])
def test_encoding_delimiter_and_line_ends_do_not_affect_records(tmp_path, encoding, header):
    zoe = user("zoë", location="Tromsø – “x”", department="a,b;c|d")
    for delimiter in (",", ";", "\t", "|"):
        for end in ("\r\n", "\n", "\r"):
            text = csv_text([*[HEADER] * header, ANNA, zoe], delimiter, end)
            records, findings = read(write_file(tmp_path, text.encode(encoding)))
            assert [record.values for record in records] == [list(ANNA), list(zoe)]
            assert _outline(records) == [(1, 1 + header, True), (2, 2 + header, True)]
            assert findings.columns.are_in_file_order


def test_columns_in_another_order_are_returned_in_file_order(tmp_path):
    path = write_file(tmp_path, "Location,Notes,USER NAME,first_name\r\nOslo,x,anna,Anna\r\n")
    (record,), findings = read(path)
    present = {key: value for key, value in zip(KEYS, record.values, strict=True) if value}
    assert present == {"location": "Oslo", "user_name": "anna", "first_name": "Anna"}
    assert record.values.count(None) == 23
    assert any("Notes" in sentence for sentence in findings.messages)


_BLANKS = [
    *(" ", "\t", "\xa0", "\u202f", " \t\xa0\u202f ", "\u3000", "\u2003\u2009", "\u2028"),
    *("\ufeff", "\u200b", "\xad", "\u2060", "\u202e", "\u115f", "\U000e0101", "\u3164 \u200f"),
]


@pytest.mark.parametrize("quote", ['"', ""])
def test_values_are_trimmed_except_secrets(tmp_path, quote):
    for blanks in _BLANKS:
        cells = [f"{quote}{blanks}{value}{blanks}{quote}" for value in ("17", "New York", "P", "S")]
        text, expected = ",".join(cells), ["17", f"{blanks}P{blanks}", f"{blanks}S{blanks}"]
        # alone it is read by itself, among others with them
        for others in ((), ("1,A,P,S", "2,B,P,S", "")):
            (record, *_), _ = _narrow(tmp_path, text, *others)
            assert [value for value in record.values if value] == [*expected, "New York"]


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        *(('="0123"', "0123"), ('"=""0123"""', "0123"), ('" =""0123"" "', "0123")),
        *(('"="" 0123 """', "0123"), ('"=""a,b"""', "a,b"), ('"=""=""""x"""""""', '="x"')),
        ("=0123", "=0123"),
    ],
)
def test_cell_wrapped_as_a_text_formula_is_unwrapped(tmp_path, cell, value):
    for others in ((), ("1,A,P,S", "2,B,P,S", "")):
        (record, *_), _ = _narrow(tmp_path, f'17,{cell},="0123","="" 0123 """', *others)
        assert column([record], "location") == [value]
        assert column([record], "password") == ["0123"]
        assert column([record], "salt") == [" 0123 "]  # a secret is not trimmed


def test_missing_cells_at_the_end_are_absent_and_counted(tmp_path):
    records, findings = _narrow(tmp_path, "17,Oslo,,", "18,Oslo", "19", "20,Oslo,,")
    assert column(records, "location") == ["Oslo", "Oslo", None, "Oslo"]
    assert column(records, "password") == ["", None, None, ""]
    assert findings.short == 1  # 19 may be a part of a record


# rejected records


@pytest.mark.parametrize(
    ("bad", "encoding"),
    [
        *((b'17,"Oslo,,', "utf-8"), (b'17,"Oslo"x,,', "utf-8"), (b"17,Os\x00lo,,", "utf-8")),
        *((b"17,Oslo,,,too many", "utf-8"), (b"17,M\xfcller,,", "utf-8"), (b"2,M\x81,,", "cp1252")),
        (b"17,%b,," % (b"x" * (MAX_VALUE + 1)), "utf-8"),
        *((b"17,%b" % (b"x" * 2_000_000), "utf-8"), ("17,\ud800,,", "utf-8")),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_malformed_record_is_rejected_with_its_line_and_the_others_are_read(
    tmp_path, bad, encoding
):
    bad = bad.encode("utf-8", "surrogatepass") if isinstance(bad, str) else bad
    data = b"".join(
        [_NARROW.encode(), b"1,A,,\r\n", bad, b"\r\n2,B,,\r\n", "é,,,".encode(encoding)]
    )
    records, _ = read(write_file(tmp_path, data))
    assert _outline(records) == [(1, 2, True), (2, 3, False), (3, 4, True), (4, 5, True)]
    assert records[1].issues[0].field is None
    assert column(records, "location") == ["A", None, "B", ""]


@pytest.mark.parametrize("character", ["\x07", "\t", "\r\n", "\x7f", "\x85", "\x1b"], ids=ascii)
def test_control_character_rejects_the_record_and_names_the_field(tmp_path, character):
    bad = [user(**{key: f"x{character}y"}) for key in KEYS]
    records, _ = read(write_file(tmp_path, csv_text([HEADER, *bad])))
    assert [[issue.field and issue.field.key for issue in record.issues] for record in records] == [
        [key] for key in KEYS
    ]
    several = user(first_name="A\x07", password="P\x1b", location="x\ny")
    (record,), _ = read(write_file(tmp_path, csv_text([HEADER, several])))
    keys = [issue.field.key for issue in record.issues if issue.field]
    assert keys == ["first_name", "password", "location"]


# reports about detection


def test_windows_1252_is_reported_with_three_sample_words_but_none_of_a_secret(tmp_path):
    names = ["Müller", "Oslo", "Tromsø", "Müller", "Ærø", "Malmö"]
    lines = [f"{at},{name},pässword,sält" for at, name in enumerate(names)]
    path = write_file(tmp_path, (_NARROW + "\r\n".join(lines)).encode("cp1252"))
    _, findings = read(path)
    assert findings.samples == ["Müller", "Tromsø", "Ærø"]
    assert "Windows-1252" in findings.messages[0]
    assert findings.messages[1] == "Samples: Müller, Tromsø, Ærø."
    assert _narrow(tmp_path, *lines)[1].samples == []  # UTF-8


def test_read_reports_progress_up_to_the_end_and_can_be_canceled(tmp_path):
    path = write_file(tmp_path, csv_text([HEADER, *[ANNA] * 3000]))
    told = []
    with UsersFile(path) as file:
        list(file.records(lambda *tick: told.append(tick)))
    assert {phase for phase, _, _ in told} == {Phase.READING}
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
    assert told[-1][1:] == (path.stat().st_size, path.stat().st_size)

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


def test_sentences_count_columns_and_name_ten_missing_and_ignored_ones(tmp_path):
    header = [name for name in HEADER if name not in ("Password", "Salt Value", "Location")]
    row = [value for name, value in zip(HEADER, ANNA, strict=True) if name in header]
    said = read(write_file(tmp_path, csv_text([[*header, "Notes"], [*row, "x"]])))[1].messages
    assert said[1] == (
        "23 of 26 columns; missing required: Password; ignored: Notes; "
        "missing: Salt Value, Location."
    )
    path = write_file(tmp_path, "User ID," + ",".join(f"x{at}" for at in range(40)) + "\r\n17\r\n")
    said = read(path)[1].messages
    assert "ignored: x0, x1, x2, x3, x4, x5, x6, x7, x8, x9 and 30 more; missing: " in said[1]
    said = read(write_file(tmp_path, "sep=,\r\n\r\n" + _GOOD))[1].messages
    assert said[:2] == ["Read as UTF-8, comma, header in line 3.", "26 of 26 columns."]


# mappings


def test_mapping_reads_a_file_of_another_program(tmp_path):
    path = write_file(tmp_path, "Kennung;Ort;Notiz\r\nanna;Oslo;x\r\n")
    pairs = {"Kennung": FIELD["user_name"], "Ort": FIELD["location"], "Notiz": None}
    records, findings = read_with_options(path, mapping=ColumnMapping("HR export", pairs))
    assert (column(records, "user_name"), column(records, "location")) == (["anna"], ["Oslo"])
    said = " ".join(findings.messages)
    assert "ignored by mapping: Notiz" in said
    assert "Columns mapped with “HR export”." in said
    assert not findings.needs_mapping


@pytest.mark.parametrize(
    ("text", "header", "why"),
    [
        ("\r\nKennung;Ort\r\nanna;Oslo\r\n", None, r'line 2: missing column "Login"'),
        (csv_text([ANNA]), False, r"requires a header.*read without one"),
    ],
)
def test_mapping_that_does_not_fit_is_refused(tmp_path, text, header, why):
    mapping = ColumnMapping("HR", {"Login": FIELD["user_name"]})
    with pytest.raises(UserError, match=why):
        read_with_options(write_file(tmp_path, text), header=header, mapping=mapping)


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
    samples = _samples(tmp_path, ["Vorname", "Durchwahl", "Aktiv"], *rows)
    assert samples == (("Anna", "Bo", "Cy"), ("0412",), ("1",))


_SECRET_NAMES = [
    *("Password", "Salt Value", "Kennwort", "Mot de passe", "Contraseña", "senha", "PWD", "PIN"),
    *("API-Token", "pw_hash", "Client Secret", "Lösenord", "HASŁO", "Wachtwoord", "passwd", "Salz"),
]
_SECRETS = [
    *("5f4dcc3b5aa765d61d8327deb882cf99", "X03MO1qnZdYdgyfeuILPmQ==", "0x5f4dcc3b5aa765d6"),
    *("$2b$12$EixZaYVK1fsbw1ZfbX3OXe", "{SSHA}abc", "sha1:5f4dcc3b5aa765d61d83"),
    "eyJhbGciOi.eyJzdWIiOi.SflKxwRJ",
]


@pytest.mark.parametrize(
    ("name", "value"),
    [*((name, "hunter2") for name in _SECRET_NAMES), *(("Feld", value) for value in _SECRETS)],
)
def test_sample_values_omit_what_is_named_or_looks_like_a_secret(tmp_path, name, value):
    assert _samples(tmp_path, [name, "Ext"], [value, "0412"], header=True) == ((), ("0412",))


def test_sample_values_omit_shifted_rows_and_columns_mapped_to_a_secret(tmp_path):
    mapping = ColumnMapping("", {"Wort": FIELD["password"], "Wert": FIELD["salt"]})
    rows = [["Wort", "Wert", "Ort"], ["a", "b", "Oslo"], ["a", "b", "c", "hunter2"]]
    assert _samples(tmp_path, *rows, mapping=mapping) == ((), (), ("Oslo",))
    assert _samples(tmp_path, list(ANNA)) == ()
