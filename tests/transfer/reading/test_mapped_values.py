"""What a mapping does to the values of records."""

from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qm_tui.errors import UserError
from qm_tui.transfer.mapping.mapping_file import read_mapping
from qm_tui.transfer.reading.columns import columns_of
from qm_tui.transfer.reading.mapped.values import MappedValues
from qm_tui.transfer.reading.read_options import ColumnMapping, ReadOptions
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELD
from tests.helpers import write_file

_MAPPING = """
[columns]
Vorname = "First Name"
Nachname = "Last Name"
Abteilung = "Department Name"
Aktiv = "Is User Active"
Mail = ""
[values.department]
Vertrieb = "Sales"
Technik = "Engineering"
[values.active]
ja = "1"
NEIN = "0"
"" = "1"
[defaults]
extension = "0000"
location = "Oslo"
[templates]
user_name = "{Vorname|first|ascii|lower}.{Last Name|ascii|lower}"
sip_uri = "sip:{Mail}"
"""
_HEADER = "Vorname;Nachname;Abteilung;Aktiv;Mail"


def _parsed(text: str) -> ColumnMapping:
    with NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(text)
        file.flush()
        return read_mapping(Path(file.name))


_PARSED = _parsed(_MAPPING)


@pytest.fixture
def read(tmp_path):
    """Return the records of a file with these lines, read with this mapping."""

    def records(*lines: str, text: str = _MAPPING, header: str = _HEADER) -> list[Record]:
        mapping = tmp_path / "hr.toml"
        mapping.write_text(text)
        file = write_file(tmp_path, "\r\n".join((header, *lines, "")), "hr.csv")
        with UsersFile(file, ReadOptions(mapping=read_mapping(mapping))) as users:
            return list(users.records())

    return records


def _values(record: Record, *keys: str) -> list[tuple[str | None, str | None]]:
    """Return values for an update, and if the record adds a user."""
    return [(record.values[FIELD[key].index], record.new_values[FIELD[key].index]) for key in keys]


def test_values_are_translated_for_all_and_filled_for_new_users_only(read):
    (record,) = read("Jürgen;Weiß;VERTRIEB;ja;jw@x.org")
    assert _values(record, "first_name", "department", "is_active") == [
        ("Jürgen", "Jürgen"),
        ("Sales", "Sales"),
        ("1", "1"),
    ]
    assert _values(record, "user_name", "sip_uri", "extension", "location", "agent_id") == [
        (None, "j.weiss"),
        (None, "sip:jw@x.org"),
        (None, "0000"),
        (None, "Oslo"),
        (None, ""),
    ]
    assert _values(record, "password", "user_id") == [(None, None), (None, "")]
    assert record.issues == ()


def test_single_and_clean_records_get_the_same_values(read):
    clean, single = read("Ben;Dahl;Technik;nein;b@x.org", "Ben ;Dahl; Technik;nein; b@x.org")
    assert clean[2:] == single[2:]


def test_value_that_is_not_listed_rejects_its_record_alone(read):
    good, bad, empty = read("A;B;Technik;ja;", "A;C;Küche;ja;", "A;D;;;")
    assert (good.issues, empty.issues) == ((), ())
    (issue,) = bad.issues
    assert issue.message == "Department Name 'Küche' is not among the values of the mapping"
    assert issue.field is FIELD["department"]
    assert _values(empty, "department", "is_active") == [("", ""), ("1", "1")]


def test_asterisk_stands_for_all_values_but_the_empty_one(read):
    text = _MAPPING.replace('Technik = "Engineering"', '"*" = "Other"')
    known, other, empty = read("A;B;vertrieb;ja;", "A;C;Küche;ja;", "A;D;;ja;", text=text)
    departments = [_values(record, "department")[0][0] for record in (known, other, empty)]
    assert departments == ["Sales", "Other", ""]


def test_template_with_an_empty_or_unusable_part_makes_no_value(read):
    for record in read(";Dahl;;ja;", "陳;Dahl;;ja;", "Ying;;;"):
        assert _values(record, "user_name", "sip_uri") == [(None, ""), (None, "")]


def test_cell_of_the_file_comes_before_template_and_default(read):
    text = _MAPPING.replace('Mail = ""', 'Mail = "User Name"').replace("sip_uri", "windows_login")
    text = text.replace('"sip:{Mail}"', '"CORP\\\\{Mail}"')
    with_name, without = read("Ben;Dahl;;ja;bd", "Ben;Dahl;;ja;", text=text)
    assert _values(with_name, "user_name", "windows_login") == [("bd", "bd"), (None, "CORP\\bd")]
    assert _values(without, "user_name") == [(None, "b.dahl")]


def test_cell_wrapped_for_a_spreadsheet_is_unwrapped_for_templates(read):
    (record,) = read('="Ben";="Dahl";;ja;="bd@x.org"')
    assert _values(record, "user_name", "sip_uri") == [(None, "b.dahl"), (None, "sip:bd@x.org")]


@pytest.mark.parametrize(
    ("template", "why"),
    [
        ("{Vornamen}", 'missing column "Vornamen", which the template of User Name requires'),
        ("{Location}", 'missing column "Location"'),
        ("{Kennwort}", 'uses the column "Kennwort", which may contain a secret'),
        ("{Code}", 'uses the column "Code", which may contain a secret'),
        ("{Hash}", 'uses the column "Hash", which may contain a secret'),
    ],
)
def test_template_needs_a_column_of_the_file_that_is_no_secret(read, template, why):
    columns = '[columns]\nVorname = "First Name"\nHash = "Password"\n'
    text = f'{columns}[templates]\nuser_name = "{template}"'
    with pytest.raises(UserError, match=why) as refused:
        read("A;x;y;z", text=text, header="Vorname;Kennwort;Code;Hash")
    assert "hr.csv, line 1: " in str(refused.value)


def test_defaults_need_no_header(tmp_path):
    file = write_file(tmp_path, "a,b,0412" + "," * 23 + "\r\n")
    mapping = ColumnMapping(defaults={FIELD["location"]: "Oslo"})
    with UsersFile(file, ReadOptions(header=False, mapping=mapping)) as users:
        (record,) = users.records()
    assert _values(record, "location") == [(None, "Oslo")]


_CELLS = st.sampled_from(["", "A", "Ä", "ß", "陳", "ja", "Nein", "Vertrieb", "Technik", "x@y"])


@given(st.lists(st.tuples(*[_CELLS] * 5), min_size=1, max_size=5))
def test_many_records_get_the_values_that_each_gets_alone(rows):
    columns = columns_of(_HEADER.split(";"), _PARSED)
    mapped = MappedValues(_PARSED, columns)
    arranged = [
        [None if at is None else cells[at] for at in columns.column_indexes] for cells in rows
    ]
    alone = [mapped.record(cells, row) for cells, row in zip(rows, arranged, strict=True)]
    together = mapped.rows(rows, arranged)
    if together is None:
        assert any(record.issues for record in alone)
    else:
        assert [list(row) for row in together.rows] == [record.values for record in alone]
        assert [list(row) for row in together.new_rows] == [record.new_values for record in alone]
