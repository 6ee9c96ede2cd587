"""Columns of a file and their fields."""

import pytest

from qm_tui.errors import UserError
from qm_tui.transfer.reading.columns import (
    UnusableHeader,
    column_names,
    columns_in_file_order,
    columns_of,
    find_field,
)
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import FIELD, FIELDS
from tests.helpers import HEADER, read, write_file

_WITHOUT_FIRST_PHONE = [*HEADER[:10], "Phoje IP", *HEADER[11:]]


def _places(*header: str) -> dict[str, int]:
    places = columns_of(header).column_indexes
    return {
        field.key: place for field, place in zip(FIELDS, places, strict=True) if place is not None
    }


def test_columns_without_a_header_are_in_file_order():
    columns = columns_in_file_order()
    assert columns.width == 26
    assert columns.column_indexes == tuple(range(26))
    assert columns.absent == []


def test_columns_of_an_export_are_all_fields_in_file_order():
    columns = columns_of(HEADER)
    assert columns.column_indexes == tuple(range(26))
    assert columns.are_in_file_order
    assert columns.ignored == ()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("First Name", "first_name"),
        ("FIRST NAME", "first_name"),
        ("first name", "first_name"),
        ("  First Name\t", "first_name"),
        ("FirstName", "first_name"),
        ("first_name", "first_name"),
        ("First-Name:", "first_name"),
        ("\xa0First\xa0Name\xa0", "first_name"),
        ("User.ID", "user_id"),
        ("on demand license", "on_demand_license"),
        ("OnDemand License", "on_demand_license"),
        ("Phone IP", "phone_ip"),
        ("Phone IP/Mac Address", "phone_ip"),
        ("phone ip / MAC address", "phone_ip"),
        ("Screen Recording License", "computer_recording_license"),
        ("Computer Recording License", "computer_recording_license"),
        ("Secondary Phone IP", "secondary_phone_ip"),
        ("Phone IP 2", "secondary_phone_ip"),
        ("Phone IP2", "secondary_phone_ip"),
        ("Phone IP.1", "secondary_phone_ip"),
    ],
)
def test_column_name_matches_without_case_blanks_and_punctuation(name, key):
    assert _places("Location", name) == {"location": 0, key: 1}


def test_columns_may_be_in_any_order():
    columns = columns_of(HEADER[25::-1])
    # of two columns named Phone IP the first is field 11, whichever order the others have
    assert columns.column_indexes[FIELD["first_name"].index] == 25
    assert columns.column_indexes[FIELD["phone_ip"].index] == 0
    assert columns.column_indexes[FIELD["secondary_phone_ip"].index] == 15
    assert columns.absent == []
    assert not columns.are_in_file_order


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        (["Phone IP", "Location", "Phone IP"], 0, 2),
        (["PHONE IP", "phone ip"], 0, 1),
        (["Phone IP/Mac Address", "Phone IP"], 0, 1),
        (["Phone IP", "Secondary Phone IP"], 0, 1),
        (["Secondary Phone IP", "Phone IP"], 1, 0),
        (["Phone IP.1", "Phone IP"], 1, 0),
        (["Phone IP"], 0, None),
        (["Phone IP 2"], None, 0),
        # if all others are in standard order, the place tells which one it is
        ([*_WITHOUT_FIRST_PHONE], None, 25),
        (["Problems", *_WITHOUT_FIRST_PHONE], None, 26),
        ([*_WITHOUT_FIRST_PHONE, "Note"], 25, None),
        (_WITHOUT_FIRST_PHONE[::-1], 0, None),
        ([*HEADER[:25], "Phoje IP"], 10, None),
    ],
)
def test_first_of_two_columns_named_phone_ip_is_field_11(header, first, second):
    places = _places(*header)
    assert places.get("phone_ip") == first
    assert places.get("secondary_phone_ip") == second


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        (["Location", "Location"], 0, 1),
        (["Location", "User ID", "LOCATION "], 0, 2),
        (["User Name", "UserName"], 0, 1),
        (["Computer Recording License", "Screen Recording License"], 0, 1),
        (["Phone IP", "Phone IP", "Phone IP"], 1, 2),
        (["Phone IP", "Phone IP", "Secondary Phone IP"], 1, 2),
        (["Secondary Phone IP", "Phone IP 2"], 0, 1),
    ],
)
def test_duplicate_columns_are_refused_and_both_are_named(header, first, second):
    with pytest.raises(UnusableHeader, match=rf"columns {first + 1} .* and {second + 1} .* both"):
        columns_of(header)


def test_unknown_columns_are_ignored_and_reported_as_written():
    columns = columns_of(["Notes ", "Location", "E-Mail"])
    assert columns.ignored == ("Notes", "E-Mail")
    assert columns.column_indexes[FIELD["location"].index] == 1


def test_column_without_a_name_is_ignored_and_reported():
    columns = columns_of(["Location", "", "User ID"])
    assert columns.width == 3
    assert len(columns.ignored) == 1
    assert "2" in columns.ignored[0]


def test_columns_without_a_name_are_not_duplicates():
    assert len(columns_of(["Location", "", "", "User ID"]).ignored) == 2


def test_empty_names_at_the_end_of_the_header_are_no_columns():
    columns = columns_of(["Location", "User ID", "", " "])
    assert (columns.width, columns.extra) == (4, 2)
    assert columns.header == ("Location", "User ID")
    assert columns.ignored == ()


def test_unknown_columns_with_the_same_name_are_ignored_with_their_numbers():
    columns = columns_of(["Notes", "Location", "notes", "NOTES"])
    assert columns.ignored == ("Notes", "notes (column 3)", "NOTES (column 4)")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["A", "a", "B"], ["A", "a (column 2)", "B"]),
        (["Telefon-IP", "Ort", "Telefon-IP"], ["Telefon-IP", "Ort", "Telefon-IP (column 3)"]),
        (["Phone IP", "PHONE IP"], ["Phone IP", "Secondary Phone IP"]),
        (["", ""], ["(column 1 has no name)", "(column 2 has no name)"]),
    ],
)
def test_column_names_are_unique(header, expected):
    assert column_names(header) == expected


def test_two_columns_with_the_same_name_can_be_mapped_to_two_fields():
    names = column_names(["Telefon-IP", "Telefon-IP"])
    fields = (FIELD["phone_ip"], FIELD["secondary_phone_ip"])
    pairs = dict(zip(names, fields, strict=True))
    columns = columns_of(["Telefon-IP", "Telefon-IP"], ColumnMapping("HR", pairs))
    assert columns.fields == [*fields]


@pytest.mark.parametrize("name", ["Problems", "problems", " PROBLEMS "])
def test_problems_column_of_a_rejected_records_file_is_ignored_silently(name):
    columns = columns_of([name, *HEADER])
    assert columns.ignored == ()
    assert columns.column_indexes == tuple(range(1, 27))


def test_absent_fields_are_those_without_a_column():
    columns = columns_of([name for name in HEADER if name not in ("Password", "Salt Value")])
    assert [field.key for field in columns.absent] == ["password", "salt"]


@pytest.mark.parametrize(
    ("header", "is_reported"),
    [
        (["User ID", "Phone IP", "Phoje IP"], True),
        (["User ID", "Phone IP"], False),
        (["User ID", "Phone IP", "Phone IP", "Note"], False),
        (["User ID", "Secondary Phone IP", "Note"], False),
    ],
)
def test_single_phone_ip_beside_an_unknown_column_is_reported(tmp_path, header, is_reported):
    text = ",".join(header) + "\r\n17,10.0.0.1\r\n"
    _, report = read(write_file(tmp_path, text))
    sentence = (
        "Only one column is Phone IP, the first of the two. If it is the second, name it "
        "Secondary Phone IP."
    )
    assert (sentence in report.messages) is is_reported


def test_file_with_duplicate_columns_is_refused_with_both_columns_and_the_line(tmp_path):
    path = write_file(tmp_path, "Location,User ID,location\r\nOslo,17,Bergen\r\n")
    with pytest.raises(UserError, match=r'line 1.*columns 1 \("Location"\) and 3 \("location"\)'):
        read(path)


# mappings


def _mapped(header, **columns: str):
    """Return the columns of a header, given field keys by column name; an empty key ignores."""
    pairs = {name: FIELD[key] if key else None for name, key in columns.items()}
    return columns_of(header, ColumnMapping("HR", pairs))


def _held(columns) -> list[str]:
    return [field.key if field else "" for field in columns.fields]


def test_mapping_takes_precedence_over_the_names():
    columns = _mapped(["Vorname", "Location", "Notiz"], Vorname="first_name")
    assert _held(columns) == ["first_name", "location", ""]
    assert columns.ignored == ("Notiz",)


@pytest.mark.parametrize("name", ["VORNAME", " vor-name ", "vorname:"])
def test_mapping_matches_column_names_without_case_blanks_and_punctuation(name):
    columns = columns_of(["Vorname"], ColumnMapping("", {name: FIELD["first_name"]}))
    assert _held(columns) == ["first_name"]


def test_column_is_ignored_and_reported_if_its_field_is_mapped_to_another():
    columns = _mapped(["User Name", "Login"], Login="user_name")
    assert _held(columns) == ["", "user_name"]
    assert columns.ignored == ("User Name",)


def test_column_ignored_by_the_mapping_is_reported_separately():
    columns = _mapped(["User Name", "Location", "Notes"], Location="")
    assert _held(columns) == ["user_name", "", ""]
    assert (columns.ignored, columns.unmapped) == (("Notes",), ("Location",))


def test_mapping_may_resolve_duplicate_columns():
    header = ["Computer Recording License", "Screen Recording License"]
    columns = columns_of(header, ColumnMapping("", {header[0]: None}))
    assert _held(columns) == ["", "computer_recording_license"]


def test_mapping_may_contain_both_phone_ips():
    header = ["Phone IP", "Phone IP", "MAC"]
    pairs = {"Secondary Phone IP": None, "MAC": FIELD["secondary_phone_ip"]}
    columns = columns_of(header, ColumnMapping("", pairs))
    assert _held(columns) == ["phone_ip", "", "secondary_phone_ip"]


def test_phone_ip_column_with_a_mapped_field_is_not_the_secondary_one():
    columns = _mapped(["Phone IP", "MAC"], MAC="phone_ip")
    assert _held(columns) == ["", "phone_ip"]


def test_column_without_a_name_can_be_mapped_by_its_number():
    header = ["User ID", "", "Location"]
    assert column_names(header)[1] == "(column 2 has no name)"
    pairs = {column_names(header)[1]: FIELD["user_name"]}
    assert _held(columns_of(header, ColumnMapping("", pairs)))[1] == "user_name"


def test_mapping_with_a_missing_column_is_refused():
    with pytest.raises(UnusableHeader, match=r'missing column "Login".*Use the mapping'):
        _mapped(["User Name"], Login="user_name")


def test_mapping_of_two_columns_to_one_field_is_refused_with_both():
    with pytest.raises(UnusableHeader, match=r'two columns, "Nom" and "Nome", to Last Name'):
        _mapped(["Nom", "Nome"], Nom="last_name", Nome="last_name")


def test_mapping_with_a_duplicate_column_is_refused():
    pairs = {"Nom": FIELD["last_name"], "NOM": FIELD["first_name"]}
    with pytest.raises(UnusableHeader, match='"NOM"'):
        columns_of(["Nom"], ColumnMapping("", pairs))


def test_mapping_error_contains_no_control_characters():
    with pytest.raises(UnusableHeader) as refused:
        columns_of(["Nom"], ColumnMapping("", {"\x1b[2J": None}))
    assert str(refused.value).isprintable()


def test_header_keeps_the_spelling_of_the_file():
    assert columns_of([" Vorname ", "LOCATION", ""]).header == ("Vorname", "LOCATION")
    assert columns_in_file_order().header == ()


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_field_named_finds_names_keys_and_aliases(field):
    for word in (field.name, field.key, field.key.upper(), *field.aliases):
        assert find_field(word) is field


def test_field_named_returns_none_for_other_words():
    assert find_field("Vorname") is None
    assert find_field("") is None
