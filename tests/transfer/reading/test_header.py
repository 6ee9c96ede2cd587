"""Detection of the header, also below other rows, and of headers with unknown names."""

import pytest

from qm_tui.errors import UserError
from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import FIELD
from tests.helpers import ANNA, HEADER, column, csv_text, read, user, write_file
from tests.transfer.option_files import read_with_options

_FOREIGN = [f"Spalte {number}" for number in range(1, 27)]


def _report(folder, rows, **chosen) -> FileReport:
    return read_with_options(write_file(folder, csv_text(rows)), **chosen)[1]


def _kind(report: FileReport) -> str:
    dialect = report.dialect
    if not dialect.has_header:
        return "no header"
    return "unknown header" if dialect.has_unknown_names else "header"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        *((HEADER, "header"), ([name.upper() for name in HEADER], "header")),
        *((["Problems", *HEADER], "header"), (["Problems", "User ID", *_FOREIGN], "header")),
        *((["Problems", *_FOREIGN], "unknown header"), ([*HEADER, "", ""], "header")),
        *(([*HEADER[:8], *_FOREIGN[:7]], "header"), ([*HEADER[:8], *[""] * 18], "header")),
        *(([*HEADER[:8], *_FOREIGN[:8]], "unknown header"), ([*HEADER[:7], "x"], "unknown header")),
        *(([*HEADER[:7], "x", "y"], "unknown header"), ([*HEADER[:7]], "header")),
        *(([*HEADER[:6], "x"], "unknown header"), (["User ID", "", "Location"], "header")),
        *((["User ID"], "header"), (["Kennung"], "unknown header"), (_FOREIGN, "unknown header")),
    ],
)
def test_header_has_eight_known_names_and_more_than_half_of_all(tmp_path, header, expected):
    assert _kind(_report(tmp_path, [header, ["x"] * len(header)])) == expected


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (ANNA, "no header"),
        *((ANNA._replace(is_active=word), "no header") for word in ("TRUE", "nein", "1.0", "Oui")),
        (user(is_active="x", unlimited_license="1", on_demand_license="?"), "no header"),
        (user(is_active="x", unlimited_license="?", on_demand_license="FALSCH"), "no header"),
        (user(is_active='="1"', unlimited_license="", on_demand_license=""), "no header"),
        (user(is_active="x", unlimited_license="", on_demand_license="2"), "unknown header"),
    ],
)
def test_first_record_with_a_flag_is_no_header(tmp_path, first, expected):
    assert _kind(_report(tmp_path, [first, ANNA])) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["Anna", "Berg", "0412"], ANNA], "no header"),
        ([ANNA[:7], ANNA, ANNA[:20], ANNA], "no header"),
        ([ANNA[4:], ANNA._replace(is_active="TRUE")], "no header"),
        ([["Anna", "Berg", "0412"], ["Bo", "Bosen", "0413"]], "unknown header"),
        ([["Users"], _FOREIGN, ANNA], "unknown header"),
        ([_FOREIGN[:25], ANNA._replace(is_active="x")], "unknown header"),
        ([_FOREIGN, ANNA], "unknown header"),
    ],
)
def test_damaged_first_record_is_no_header_above_records(tmp_path, rows, expected):
    assert _kind(_report(tmp_path, rows)) == expected


def test_malformed_first_record_does_not_make_the_next_one_a_header(tmp_path):
    records, report = read(write_file(tmp_path, 'Bo,"Bosen\r\n' + csv_text([ANNA])))
    assert _kind(report) == "no header"
    assert [bool(record.issues) for record in records] == [True, False]


@pytest.mark.parametrize("above", [0, 1, 9, 10])
def test_header_is_searched_in_the_first_ten_records(tmp_path, above):
    rows = [*[["Title"]] * above, [], HEADER, ANNA]
    report = _report(tmp_path, rows)
    assert (report.dialect.header_line == above + 2) is (above < 10)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ([*HEADER[:4], *_FOREIGN[:4]], "header"),
        *(([*HEADER[:3], *_FOREIGN[:4]], "unknown header"), (_FOREIGN, "unknown header")),
    ],
)
def test_forced_header_is_unknown_if_fewer_than_half_of_its_names_are_known(
    tmp_path, header, expected
):
    assert _kind(_report(tmp_path, [header, ["x"] * len(header)], header=True)) == expected


def test_forced_header_is_found_below_a_title(tmp_path):
    report = _report(tmp_path, [["Title"], HEADER, ANNA], header=True)
    assert report.dialect.header_line == 2


def test_names_of_a_mapping_count(tmp_path):
    mapping = ColumnMapping(
        "x", {name: FIELD["location"] if name == "a" else None for name in "abc"}
    )
    rows = [["Title"], ["a", "b", "c"], ["Oslo", "", ""]]
    records, report = read_with_options(write_file(tmp_path, csv_text(rows)), mapping=mapping)
    assert (report.dialect.header_line, _kind(report)) == (2, "header")
    assert column(records, "location") == ["Oslo"]


def test_two_columns_of_one_field_are_refused_with_both_names(tmp_path):
    path = write_file(tmp_path, csv_text([[*HEADER[:8], "user name"], ["x"] * 9]))
    with pytest.raises(
        UserError, match=r'columns 7 \("User Name"\) and 9 \("user name"\) both map'
    ):
        read(path)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_that_gives_26_columns_wins_without_a_header(tmp_path, delimiter):
    others = [sign for sign in ",;\t|" if sign != delimiter]
    crowded = user(
        **dict(zip(("location", "department", "agent_id"), (s * 30 for s in others), strict=True))
    )
    text = csv_text([crowded, user("bo", location="a\nb")], delimiter)
    assert read(write_file(tmp_path, text))[1].dialect.delimiter == delimiter
