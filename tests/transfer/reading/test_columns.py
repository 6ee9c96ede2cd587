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


def test_columns_of_an_export_and_of_a_file_without_header_are_in_file_order():
    for columns in (columns_in_file_order(), columns_of(HEADER)):
        assert columns.width == 26
        assert columns.are_in_file_order
        assert (columns.absent, columns.ignored) == ([], ())


_NAMES = {
    "first_name": [
        "FIRST NAME",
        "  First Name\t",
        "first_name",
        "First-Name:",
        "\xa0First\xa0Name",
    ],
    "user_id": ["User.ID"],
    "on_demand_license": ["on demand license", "OnDemand License"],
    "phone_ip": ["Phone IP", "Phone IP/Mac Address", "phone ip / MAC address"],
    "computer_recording_license": ["Screen Recording License", "Computer Recording License"],
    "secondary_phone_ip": ["Secondary Phone IP", "Phone IP 2", "Phone IP2", "Phone IP.1"],
}


def test_column_names_match_without_case_blanks_and_punctuation():
    for key, names in _NAMES.items():
        for name in names:
            assert _places("Location", name) == {"location": 0, key: 1}


def test_columns_may_be_in_any_order():
    columns = columns_of(HEADER[25::-1])
    # of two columns named Phone IP the first is field 11, whichever order the others have
    places = [columns.column_indexes[FIELD[key].index] for key in ("first_name", "phone_ip")]
    assert places == [25, 0]
    assert columns.column_indexes[FIELD["secondary_phone_ip"].index] == 15
    assert columns.absent == []
    assert not columns.are_in_file_order


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        *((["Phone IP", "Location", "Phone IP"], 0, 2), (["PHONE IP", "phone ip"], 0, 1)),
        (["Phone IP/Mac Address", "Phone IP"], 0, 1),
        *((["Phone IP", "Secondary Phone IP"], 0, 1), (["Secondary Phone IP", "Phone IP"], 1, 0)),
        *((["Phone IP.1", "Phone IP"], 1, 0), (["Phone IP"], 0, None), (["Phone IP 2"], None, 0)),
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
    assert (places.get("phone_ip"), places.get("secondary_phone_ip")) == (first, second)


@pytest.mark.parametrize(
    ("header", "first", "second"),
    [
        *((["Location", "Location"], 1, 2), (["Location", "User ID", "LOCATION "], 1, 3)),
        *((["User Name", "UserName"], 1, 2), (["Phone IP", "Phone IP", "Phone IP"], 2, 3)),
        (["Computer Recording License", "Screen Recording License"], 1, 2),
        (["Phone IP", "Phone IP", "Secondary Phone IP"], 2, 3),
        (["Secondary Phone IP", "Phone IP 2"], 1, 2),
    ],
)
def test_duplicate_columns_are_refused_and_both_are_named(tmp_path, header, first, second):
    path = write_file(tmp_path, ",".join(header) + "\r\n17,18,19\r\n")
    names = [rf'{column} \("{header[column - 1].strip()}"\)' for column in (first, second)]
    with pytest.raises(UserError, match=f"line 1: columns {names[0]} and {names[1]} both map to"):
        read(path)


@pytest.mark.parametrize(
    ("header", "ignored", "width", "extra"),
    [
        (["Notes ", "Location", "E-Mail"], ("Notes", "E-Mail"), 3, 0),
        (["Location", "", "User ID"], ("(column 2 has no name)",), 3, 0),
        (
            ["Location", "", "", "User ID"],
            ("(column 2 has no name)", "(column 3 has no name)"),
            4,
            0,
        ),
        (["Location", "User ID", "", " "], (), 4, 2),
        (
            ["Notes", "Location", "notes", "NOTES"],
            ("Notes", "notes (column 3)", "NOTES (column 4)"),
            *(4, 0),
        ),
        *(([name, *HEADER], (), 27, 0) for name in ("Problems", "problems", " PROBLEMS ")),
    ],
)
def test_unknown_columns_are_ignored_and_reported_as_written(header, ignored, width, extra):
    columns = columns_of(header)
    assert (columns.ignored, columns.width, columns.extra) == (ignored, width, extra)
    assert columns.header == tuple(name.strip() for name in header[: width - extra])
    known = [name.strip() for name in header if find_field(name)]
    assert [field.header for field in columns.fields if field] == known


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["A", "a", "B"], ["A", "a (column 2)", "B"]),
        (["Telefon-IP", "Ort", "Telefon-IP"], ["Telefon-IP", "Ort", "Telefon-IP (column 3)"]),
        (["Phone IP", "PHONE IP"], ["Phone IP", "Secondary Phone IP"]),
        (["", ""], ["(column 1 has no name)", "(column 2 has no name)"]),
    ],
)
def test_column_names_are_unique_and_can_be_mapped(header, expected):
    assert column_names(header) == expected
    fields = FIELDS[: len(header)]
    mapping = ColumnMapping("HR", dict(zip(expected, fields, strict=True)))
    columns = columns_of([*header, "Note"], mapping)
    assert columns.fields == [*fields, None]


@pytest.mark.parametrize(
    ("header", "is_reported"),
    [
        *((["User ID", "Phone IP", "Phoje IP"], True), (["User ID", "Phone IP"], False)),
        (["User ID", "Phone IP", "Phone IP", "Note"], False),
        (["User ID", "Secondary Phone IP", "Note"], False),
    ],
)
def test_single_phone_ip_beside_an_unknown_column_is_reported(tmp_path, header, is_reported):
    _, report = read(write_file(tmp_path, ",".join(header) + "\r\n17,10.0.0.1\r\n"))
    sentence = (
        "Only one column is Phone IP, the first of the two. If it is the second, name it "
        "Secondary Phone IP."
    )
    assert (sentence in report.messages) is is_reported


# mappings


@pytest.mark.parametrize(
    ("header", "mapped", "held", "ignored"),
    [
        (
            ["Vorname", "Location", "Notiz"],
            {"Vorname": "first_name"},
            "first_name location -",
            ["Notiz"],
        ),
        *(
            (["Vorname"], {name: "first_name"}, "first_name", [])
            for name in ("VORNAME", " vor-name:")
        ),
        (["User Name", "Login"], {"Login": "user_name"}, "- user_name", ["User Name"]),
        (["User Name", "Location", "Notes"], {"Location": ""}, "user_name - -", ["Notes"]),
        (
            ["Computer Recording License", "Screen Recording License"],
            {"Computer Recording License": ""},
            *("- computer_recording_license", []),
        ),
        (
            ["Phone IP", "Phone IP", "MAC"],
            {"Secondary Phone IP": "", "MAC": "secondary_phone_ip"},
            *("phone_ip - secondary_phone_ip", []),
        ),
        (["Phone IP", "MAC"], {"MAC": "phone_ip"}, "- phone_ip", ["Phone IP"]),
    ],
)
def test_mapping_takes_precedence_over_the_names(header, mapped, held, ignored):
    """An empty key ignores a column."""
    pairs = {name: FIELD[key] if key else None for name, key in mapped.items()}
    columns = columns_of(header, ColumnMapping("HR", pairs))
    assert [field.key if field else "-" for field in columns.fields] == held.split()
    assert columns.ignored == tuple(ignored)
    unmapped = [name for name, key in mapped.items() if not key]
    assert columns.unmapped == tuple(unmapped)


@pytest.mark.parametrize(
    ("header", "mapped", "why"),
    [
        (["User Name"], {"Login": "user_name"}, r'missing column "Login".*Use the mapping'),
        (["Nom", "Nome"], {"Nom": "last_name", "Nome": "last_name"}, '"Nom" and "Nome", to Last'),
        (["Nom"], {"Nom": "last_name", "NOM": "first_name"}, '"NOM"'),
        (["Nom"], {"\x1b[2J": ""}, "missing column"),
    ],
)
def test_mapping_that_does_not_fit_is_refused_with_the_columns(header, mapped, why):
    pairs = {name: FIELD[key] if key else None for name, key in mapped.items()}
    with pytest.raises(UnusableHeader, match=why) as refused:
        columns_of(header, ColumnMapping("HR", pairs))
    assert str(refused.value).isprintable()


def test_fields_are_found_by_names_keys_and_aliases():
    for field in FIELDS:
        for word in (field.name, field.key, field.key.upper(), *field.aliases):
            assert find_field(word) is field
    assert find_field("Vorname") is None
    assert find_field("") is None
