"""Which column of a file holds which field."""

import pytest

from qm_tui.refusal import Refused
from qm_tui.transfer.columns import (
    ColumnNamedTwice,
    columns_in_file_order,
    columns_of,
    is_header,
)
from qm_tui.users.fields import FIELD, FIELDS
from tests.helpers import HEADER, read, written


def _places(*header: str) -> dict[str, int]:
    places = columns_of(header).places
    return {
        field.key: place for field, place in zip(FIELDS, places, strict=True) if place is not None
    }


def test_without_a_header_columns_stand_in_file_order():
    columns = columns_in_file_order()
    assert columns.width == 26
    assert columns.places == tuple(range(26))
    assert columns.absent == []


def test_the_header_of_an_export_names_all_fields_in_file_order():
    columns = columns_of(HEADER)
    assert columns.places == tuple(range(26))
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
def test_a_name_is_understood_however_it_is_written(name, key):
    assert _places("Location", name) == {"location": 0, key: 1}


def test_columns_may_stand_in_any_order():
    columns = columns_of(HEADER[25::-1])
    # of two columns named Phone IP the first is field 11, whichever order the others have
    assert columns.places[FIELD["first_name"].index] == 25
    assert columns.places[FIELD["phone_ip"].index] == 0
    assert columns.places[FIELD["secondary_phone_ip"].index] == 15
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
    ],
)
def test_of_two_columns_named_phone_ip_the_first_is_field_11(header, first, second):
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
        (["Notes", "Location", "notes"], 0, 2),
    ],
)
def test_a_column_named_twice_is_refused_and_both_are_named(header, first, second):
    with pytest.raises(ColumnNamedTwice) as refused:
        columns_of(header)
    assert (refused.value.first, refused.value.second) == (first, second)


def test_unknown_columns_are_left_out_and_reported_as_they_are_written():
    columns = columns_of(["Notes ", "Location", "E-Mail"])
    assert columns.ignored == ("Notes", "E-Mail")
    assert columns.places[FIELD["location"].index] == 1


def test_a_column_without_a_name_is_left_out_and_reported():
    columns = columns_of(["Location", "", "User ID"])
    assert columns.width == 3
    assert len(columns.ignored) == 1
    assert "2" in columns.ignored[0]


def test_two_columns_without_a_name_do_not_count_as_one_named_twice():
    assert len(columns_of(["Location", "", "", "User ID"]).ignored) == 2


def test_empty_names_at_the_end_of_the_header_are_no_columns():
    columns = columns_of(["Location", "User ID", "", " "])
    assert columns.width == 2
    assert columns.ignored == ()


@pytest.mark.parametrize("name", ["Problems", "problems", " PROBLEMS "])
def test_the_problems_column_of_a_file_of_rejected_records_is_left_out_without_a_word(name):
    columns = columns_of([name, *HEADER])
    assert columns.ignored == ()
    assert columns.places == tuple(range(1, 27))


def test_absent_fields_are_those_without_a_column():
    columns = columns_of([name for name in HEADER if name not in ("Password", "Salt Value")])
    assert [field.key for field in columns.absent] == ["password", "salt"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (HEADER, True),
        (["Problems", *HEADER], True),
        ([name.upper() for name in HEADER], True),
        (["User ID"], True),
        (["User ID", "Location"], True),
        (["User ID", "Location", "Notes", "E-Mail"], True),
        (["Anna", "Berg", "0412", "", "A-17", "Sales", "anna", "PW"], False),
        (["Anna", "Berg", "0412", "", "", "Location", "anna", "PW"], False),
        ([], False),
        ([""], False),
    ],
)
def test_a_header_is_told_from_a_record(cells, expected):
    assert is_header(cells) is expected


def test_a_file_whose_columns_are_named_twice_is_refused_with_both_columns_and_the_line(tmp_path):
    path = written(tmp_path, "Location,User ID,location\r\nOslo,17,Bergen\r\n")
    with pytest.raises(Refused, match=r"line 1.*columns 1 and 3.*Location"):
        read(path)
