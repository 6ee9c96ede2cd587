"""Records of a file: their number of cells, the end of the file, and its line ends."""

import pytest

from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELD
from qm_tui.users.issues import Severity
from tests.helpers import ANNA, HEADER, csv_text, read, user, write_file

_BO, _CY = user("bo"), user("cy")
_NO_LAST = [user(f"n{number}", secondary_phone_ip="") for number in range(3)]
_NAMES_EXCHANGED = [HEADER[1], HEADER[0], *HEADER[2:]]


def _states(records: list[Record]) -> list[str]:
    """Return for each record whether it is rejected, has a warning of its own, or is good."""
    states = []
    for record in records:
        severities = {issue.severity for issue in record.issues if issue.field is None}
        states.append(
            "rejected" if Severity.ERROR in severities else "warned" if severities else "good"
        )
    return states


def _messages(records: list[Record]) -> list[str]:
    return [issue.message for record in records for issue in record.issues]


# number of cells


@pytest.mark.parametrize(
    ("header", "cells", "message"),
    [
        *(("ULPS", "17,Oslo,P,S", ""), ("ULPS", "17,Oslo,P", "3 values for 4 columns")),
        *(("ULPS", "17,Oslo", "2 values for 4 columns"), ("UL,,", "17,Oslo,,", "")),
        *(
            ("ULPS", f"17,Oslo,P,S,{more}", f"{count} values for 4 columns")
            for more, count in (("", 5), ("x", 5), (",,", 7))
        ),
        *(("UL,,", "17,Oslo, ,\u2003", ""), ("UL,,", "17,Oslo,", "1 value for 2 columns")),
        *(
            ("UL,,", "17,Oslo", "1 value for 2 columns"),
            ("UL,,", "17,Oslo,x,", "3 values for 2 columns"),
        ),
        *(
            ("UL,,", f"17,Oslo,{more}", f"{count} values for 2 columns")
            for more, count in ((",x", 4), (",,", 3), ("y,,", 3))
        ),
    ],
)
def test_number_of_cells_must_be_that_of_the_header(tmp_path, header, cells, message):
    """Records may end with the empty cells of the header."""
    names = {"ULPS": "User ID,Location,Password,Salt Value", "UL,,": "User ID,Location,,"}[header]
    good = "18,Rome,P,S" if header == "ULPS" else "18,Rome,,"
    records, findings = read(write_file(tmp_path, f"{names}\r\n{cells}\r\n{good}\r\n"))
    assert _messages(records) == [message] * bool(message)
    is_short = cells.count(",") < 3
    assert _states(records)[0] == ("good" if not message else "warned" if is_short else "rejected")
    assert [record.line for record in records] == [2, 3]
    assert findings.short == is_short


@pytest.mark.parametrize(("more", "state"), [([], "good"), ([""], "rejected"), (["x"], "rejected")])
def test_records_without_a_header_have_26_cells(tmp_path, more, state):
    records, _ = read(write_file(tmp_path, csv_text([[*ANNA, *more], list(_BO)])))
    assert _states(records) == [state, "good"]


def _rows_around(rows: list[list[str]], count: int) -> list[list[str]]:
    return [HEADER, *[[*ANNA]] * count, *rows, *[[*ANNA]] * count]


@pytest.mark.parametrize("count", [1, 3000])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["São"], ["María", *_BO[1:]]], "warned rejected warned good"),
        ([_BO[:12]], "warned rejected warned"),
        ([_BO[:12], _BO[12:]], "warned rejected warned good"),
        ([_BO[:3], _BO[3:8], _BO[8:]], "warned rejected warned warned good"),
        ([_BO[:13]], "good warned good"),
        ([["x"], _BO, ["x"]], "warned rejected warned rejected warned"),
        ([["x"], [*_BO, ""]], "warned rejected rejected good"),
        ([["x\0"], _BO], "warned rejected warned good"),
    ],
)
def test_records_beside_a_part_of_a_record_have_a_warning(tmp_path, rows, expected, count):
    records, _ = read(write_file(tmp_path, csv_text(_rows_around(rows, count))))
    states = _states(records)
    assert states[count - 1 : -count or None] + states[-count:][:1] == expected.split()
    assert set(states[: count - 1] + states[-count:][1:]) <= {"good"}


def test_record_broken_in_its_last_cell_before_the_end_of_the_file_has_a_warning(tmp_path):
    text = csv_text([HEADER, ANNA, [*_BO[:25], "10.0.0.1"], ["7"]]).removesuffix("\r\n")
    records, _ = read(write_file(tmp_path, text))
    assert _states(records) == ["good", "warned", "rejected"]


def test_file_of_short_records_has_no_parts_of_records(tmp_path):
    records, _ = read(write_file(tmp_path, csv_text([HEADER, *[ANNA[:12]] * 5])))
    assert _states(records) == ["warned"] * 5


# rows that are no records


def test_rows_above_the_header_are_skipped_but_records_are_read(tmp_path):
    above = [
        *(["Users of the suite"], [], ["2026-11-29", "", "x", "y"], list(ANNA), [""] * 22 + ["x"]),
    ]
    path = write_file(tmp_path, csv_text([*above, HEADER, _BO]))
    records, findings = read(path)
    assert [(record.number, record.line) for record in records] == [(1, 4), (2, 7)]
    assert [record.values for record in records] == [list(ANNA), list(_BO)]
    assert findings.skipped_lines == [1, 3, 5]
    assert "Skipped lines 1, 3 and 5 above the header." in findings.messages


@pytest.mark.parametrize(
    ("header", "states"),
    [
        *((HEADER, "good good"), (HEADER[::-1], "rejected good")),
        *((_NAMES_EXCHANGED, "rejected good"), ([*HEADER, "Note"], "rejected warned")),
        (HEADER[:24], "rejected rejected"),
    ],
)
def test_records_above_a_header_are_read_if_it_has_the_columns_in_standard_order(
    tmp_path, header, states
):
    records, report = read(write_file(tmp_path, csv_text([ANNA, header, _BO])))
    assert report.dialect.header_line == 2
    assert _states(records) == states.split()


@pytest.mark.parametrize("has_header", [True, False])
@pytest.mark.parametrize(
    "other",
    [
        *(_NAMES_EXCHANGED, HEADER[::-1], HEADER[:20], [*HEADER, "Note"]),
        *([*HEADER[:10], "Note", *HEADER[11:]], ["Problems", *HEADER]),
    ],
)
def test_records_below_a_header_with_other_columns_are_rejected(tmp_path, other, has_header):
    for count in (10, 1000):  # the header is searched in the first ten records
        rows = [*[HEADER] * has_header, *[ANNA] * count, other, _BO, *[_CY] * count, HEADER, ANNA]
        records, report = read(write_file(tmp_path, csv_text(rows)))
        assert _states(records) == ["good"] * count + ["rejected"] * (count + 4)
        assert {issue.message for record in records for issue in record.issues} == {
            f"The columns change in line {count + has_header + 1:,}, which is another header"
        }
        assert not report.repeated_headers


@pytest.mark.parametrize(
    "again",
    [
        [name.upper() for name in HEADER],
        [name.replace(" ", "_") for name in HEADER],
        [*HEADER[:25], "Phone IP 2"],
        [f'="{name}"' for name in HEADER],
    ],
)
def test_header_with_other_names_of_the_same_columns_is_a_repeated_one(tmp_path, again):
    rows = [HEADER, *[ANNA] * 20, again, _BO]
    records, report = read(write_file(tmp_path, csv_text(rows)))
    assert _states(records) == ["good"] * 21
    assert report.repeated_headers == [22]


@pytest.mark.parametrize("count", [1, 2000])
def test_repeated_header_is_skipped_and_reported(tmp_path, count):
    rows = [HEADER, *[ANNA] * count, HEADER, _BO, [f" {name}" for name in HEADER], _CY]
    records, findings = read(write_file(tmp_path, csv_text(rows)))
    assert [record.values[0] for record in records] == ["Anna"] * count + ["Bo", "Cy"]
    assert [record.number for record in records] == list(range(1, count + 3))
    assert findings.repeated_headers == [count + 2, count + 4]
    sentence = f"Skipped the repeated header in lines {count + 2:,} and {count + 4:,}."
    assert sentence in findings.messages


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_mark_within_the_file_is_removed_and_reported(tmp_path, encoding):
    parts = [csv_text([HEADER, ANNA]), csv_text([HEADER, _BO]), *[csv_text([_CY])] * 12]
    records, findings = read(write_file(tmp_path, "\ufeff".join(parts).encode(encoding)))
    assert [record.values for record in records][:3] == [list(ANNA), list(_BO), list(_CY)]
    assert not any(record.issues for record in records)
    assert (findings.repeated_headers, findings.marked_lines[:3]) == ([3], [3, 5, 6])
    sentence = "Removed a byte order mark from lines 3, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 3 more."
    assert sentence in findings.messages


# the end of the file


def test_incomplete_file_is_reported_first(tmp_path):
    text = csv_text([HEADER, ANNA, _BO])
    text = text[: text.index("Bosen") + 3]
    records, findings = read(write_file(tmp_path, text))
    message = "The last record has 2 of 26 values and no line end"
    assert _messages(records)[-1] == message
    assert findings.messages[0] == (
        "The file seems to be incomplete: the last record has 2 of 26 values and no line end."
    )
    assert findings.messages[1].startswith("Read as ")


@pytest.mark.parametrize(
    ("rows", "cut", "expected"),
    [
        ([HEADER, _BO, _CY._replace(secondary_phone_ip="10.0.0.9")], 2, "good warned"),
        ([HEADER, _BO, _CY._replace(secondary_phone_ip="")], 2, "good warned"),
        ([HEADER, _NO_LAST[0], _NO_LAST[1]], 2, "good good"),
        ([ANNA], 2, "good"),
        ([HEADER, ANNA, _BO[:13]], 0, "good warned"),
    ],
)
def test_last_value_without_a_line_end_may_be_incomplete(tmp_path, rows, cut, expected):
    text = csv_text([*map(list, rows)])
    records, findings = read(write_file(tmp_path, text[: len(text) - cut]))
    assert _states(records) == expected.split()
    assert not findings.incomplete


@pytest.mark.parametrize("mark", ["\x1a", "\x1a\x1a", "\x1a\r\n", "\x1a \t\r\n\r\n", " \x1a\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_end_of_file_mark_is_ignored_and_reported(tmp_path, mark, encoding):
    for end in ("\r\n", "\n", ""):
        text = csv_text([HEADER, ANNA], end=end or "\r\n")
        text = (text if end else text.removesuffix("\r\n")) + mark
        records, findings = read(write_file(tmp_path, text.encode(encoding)))
        assert [(record.values, record.issues) for record in records] == [(list(ANNA), ())]
        assert "Ignored a Ctrl+Z at the end of the file." in findings.messages


@pytest.mark.parametrize("after", ["x", "\r\n" + csv_text([_BO]), " " * 5000])
def test_ctrl_z_before_the_end_is_a_control_character(tmp_path, after):
    records, findings = read(write_file(tmp_path, csv_text([HEADER, ANNA]) + "\x1a" + after))
    assert any(record.issues for record in records)
    assert not any("Ctrl+Z" in sentence for sentence in findings.messages)


# line ends


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (["\r\n", "\r\n", "\r\n", "\r\n"], "good good good"),
        (["\n", "\n", "\n", "\n"], "good good good"),
        (["\r", "\r", "\r", "\r"], "good good good"),
        (["\r\n", "\r\n", "\n", "\r\n"], "good warned warned"),
        (["\r\n", "\n", "\r\n", "\r\n"], "warned warned good"),
        (["\n", "\n", "\r\n", "\n"], "good warned warned"),
        (["\r\n", "\r\n", "\r\n", "\n"], "good good warned"),
        (["\r\n", "\r\n", "\r", "\r\n"], "good warned warned"),
        (["\r\n", "\r", "\r", "\r\n"], "warned warned warned"),
        (["\r", "\r\n", "\r\n", "\r\n"], "warned good good"),
        (["\n", "\n", "\r\n", "\r\n"], "good good good"),
        (["\n", "\r\n", "\r\n", "\r\n"], "good good good"),
        (["\r\n", "\r\n", "\n", ""], "good warned warned"),
    ],
)
def test_records_next_to_an_odd_line_end_have_a_warning(tmp_path, ends, expected):
    rows = [HEADER, ANNA, _BO, _CY._replace(secondary_phone_ip="")]
    text = "".join(csv_text([row], end=end) for row, end in zip(rows, ends, strict=True))
    records, _ = read(write_file(tmp_path, text))
    assert _states(records) == expected.split()


def test_line_ends_within_quotes_do_not_count(tmp_path):
    multiline = [_BO._replace(location=f"a{end}b") for end in ("\n", "\r", "\r\n")]
    records, _ = read(write_file(tmp_path, csv_text([HEADER, ANNA, *multiline, _CY])))
    assert not any(issue.field is None for record in records for issue in record.issues)


def test_odd_line_end_is_found_in_files_of_any_length(tmp_path):
    lines = [csv_text([user(f"u{number}")]) for number in range(3000)]
    lines[1500] = lines[1500].replace("\r\n", "M\n")
    lines[2500] = lines[2500].replace("\r\n", "\rJ")
    records, _ = read(write_file(tmp_path, csv_text([HEADER]) + "".join(lines)))
    warned = [index for index, state in enumerate(_states(records)) if state != "good"]
    assert warned == [1500, 1501, 2500, 2501]
    assert records[1500].values[FIELD["secondary_phone_ip"].index] == "00:1A:2B:3C:4D:5EM"


def test_joined_files_with_other_line_ends_have_no_warnings(tmp_path):
    text = csv_text([HEADER, *[ANNA] * 2000], end="\n") + csv_text([HEADER, *[_BO] * 2000])
    records, _ = read(write_file(tmp_path, text))
    assert len(records) == 4000
    assert not any(record.issues for record in records)


# columns without any value


def test_header_may_end_with_more_delimiters_than_all_records(tmp_path):
    rows = [[*HEADER, ""], *_NO_LAST]
    records, _ = read(write_file(tmp_path, csv_text(rows)))
    assert _states(records) == ["good"] * 3
    records, _ = read(write_file(tmp_path, csv_text([*rows, list(_NO_LAST[0][:-1])])))
    assert _states(records) == ["good"] * 3 + ["warned"]


@pytest.mark.parametrize("count", [100, 1000])
def test_records_without_a_header_may_all_lack_the_last_column(tmp_path, count):
    rows = [list(one[:-1]) for one in _NO_LAST] * count
    records, findings = read(write_file(tmp_path, csv_text(rows)))
    assert (set(_states(records)), findings.short) == ({"good"}, 0)
    shifted = [*rows[0][:5], *rows[0][6:], ""]
    records, _ = read(write_file(tmp_path, csv_text([*rows, shifted, rows[0]])))
    assert _states(records)[-2:] == ["warned", "good"]


@pytest.mark.parametrize("others", [[_NO_LAST[0]], [[*_NO_LAST[1][:24], ""]]])
def test_record_lacks_its_last_value_unless_all_do(tmp_path, others):
    rows = [list(_NO_LAST[0][:-1]), *others]
    records, _ = read(write_file(tmp_path, csv_text(rows)))
    assert _states(records)[0] == "warned"
