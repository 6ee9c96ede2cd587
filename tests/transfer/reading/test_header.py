"""Detection of the header, also below other rows, and of headers with unknown names."""

import pytest

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


_HEADERS = {
    "header": [
        *(HEADER, [name.upper() for name in HEADER], ["Problems", *HEADER], [*HEADER, "", ""]),
        *(["Problems", "User ID", *_FOREIGN], [*HEADER[:8], *_FOREIGN[:7]], HEADER[:7]),
        *([*HEADER[:8], *[""] * 18], ["User ID", "", "Location"], ["User ID"]),
    ],
    "unknown header": [
        *(["Problems", *_FOREIGN], [*HEADER[:8], *_FOREIGN[:8]], [*HEADER[:7], "x"], _FOREIGN),
        *([*HEADER[:7], "x", "y"], [*HEADER[:6], "x"], ["Kennung"]),
    ],
}


@pytest.mark.parametrize(
    ("header", "expected"), [(header, kind) for kind, some in _HEADERS.items() for header in some]
)
def test_header_has_eight_known_names_and_more_than_half_of_all(tmp_path, header, expected):
    assert _kind(_report(tmp_path, [header, ["x"] * len(header)])) == expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # a flag in the first record, or records below it
        *(([ANNA, ANNA], "no header"), ([user(location="User ID"), ANNA], "no header")),
        *(
            ([ANNA._replace(is_active=word), ANNA], "no header")
            for word in ("TRUE", "nein", "1.0", "Oui")
        ),
        ([user(is_active="x", unlimited_license="1", on_demand_license="?")], "no header"),
        ([user(is_active="x", unlimited_license="?", on_demand_license="FALSCH")], "no header"),
        ([user(is_active='="1"', unlimited_license="", on_demand_license="")], "no header"),
        (
            [user(is_active="x", unlimited_license="", on_demand_license="2"), ANNA],
            "unknown header",
        ),
        ([["Anna", "Berg", "0412"], ANNA], "no header"),
        ([ANNA[:7], ANNA, ANNA[:20], ANNA], "no header"),
        ([ANNA[4:], ANNA._replace(is_active="TRUE")], "no header"),
        ([["Anna", "Berg", "0412"], ["Bo", "Bosen", "0413"]], "unknown header"),
        ([["Users"], _FOREIGN, ANNA], "unknown header"),
        ([_FOREIGN[:25], ANNA._replace(is_active="x")], "unknown header"),
        ([_FOREIGN, ANNA], "unknown header"),
    ],
)
def test_first_record_with_a_flag_or_above_records_is_no_header(tmp_path, rows, expected):
    assert _kind(_report(tmp_path, rows)) == expected


def test_malformed_first_record_does_not_make_the_next_one_a_header(tmp_path):
    records, report = read(write_file(tmp_path, 'Bo,"Bosen\r\n' + csv_text([ANNA])))
    assert _kind(report) == "no header"
    assert [bool(record.issues) for record in records] == [True, False]


@pytest.mark.parametrize("above", [0, 1, 9, 10])
def test_header_is_searched_in_the_first_ten_records(tmp_path, above):
    report = _report(tmp_path, [*[["Title"]] * above, [], HEADER, ANNA])
    assert (report.dialect.header_line == above + 2) is (above < 10)


def test_forced_header_is_unknown_if_fewer_than_half_of_its_names_are_known(tmp_path):
    for known, expected in ((4, "header"), (3, "unknown header"), (0, "unknown header")):
        header = [*HEADER[:known], *_FOREIGN[:4]]
        rows = [header, ["x"] * len(header)]
        assert _kind(_report(tmp_path, rows, header=True)) == expected
    report = _report(tmp_path, [["Title"], HEADER, ANNA], header=True)
    assert report.dialect.header_line == 2


def test_names_of_a_mapping_count(tmp_path):
    mapping = ColumnMapping("x", {"a": FIELD["location"], "b": None, "c": None})
    rows = [["Title"], ["a", "b", "c"], ["Oslo", "", ""]]
    records, report = read_with_options(write_file(tmp_path, csv_text(rows)), mapping=mapping)
    assert (report.dialect.header_line, _kind(report)) == (2, "header")
    assert column(records, "location") == ["Oslo"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiter_that_gives_26_columns_wins_without_a_header(tmp_path, delimiter):
    location, department, agent_id = (sign * 30 for sign in ",;\t|" if sign != delimiter)
    crowded = user(location=location, department=department, agent_id=agent_id)
    text = csv_text([crowded, user("bo", location="a\nb")], delimiter)
    assert read(write_file(tmp_path, text))[1].dialect.delimiter == delimiter
