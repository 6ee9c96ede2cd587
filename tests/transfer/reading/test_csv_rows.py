"""CSV syntax: parsed strictly, and only malformed rows are rejected."""

import io
import time

import pytest

from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.csv_rows import CleanRowBatch, Rows
from qm_tui.users.fields import MAX_VALUE


def _rows(
    data: str | bytes, delimiter: str = ",", width: int = 0
) -> tuple[list[tuple[int, list[str] | str]], Rows]:
    """Return the line and the cells of each row, or its error."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    rows = Rows(lines.read_lines(io.BytesIO(raw), "utf-8"), delimiter, "UTF-8")
    rows.width = width
    outline: list[tuple[int, list[str] | str]] = []
    for found in rows:
        if isinstance(found, CleanRowBatch):
            outline += enumerate(found.rows, start=found.line)
        else:
            outline.append((found.line, found.error.message if found.error else found.cells))
    return outline, rows


def _outline(data: str | bytes, width: int = 0) -> list[tuple[int, list[str] | str]]:
    return _rows(data, width=width)[0]


def _cells(data: str, delimiter: str = ",") -> list[list[str] | str]:
    outline, _ = _rows(data, delimiter)
    # rows of the file's width may be read many at a time; that must not show
    width = max(len(cells) for _, cells in outline)
    for end in (
        "",
        "\n" + delimiter.join("x" * width),
        "\n" + delimiter.join('"x"' for _ in range(width)),
    ):
        again, _ = _rows(data + end, delimiter, width)
        assert again[: len(outline)] == outline
    return [cells for _, cells in outline]


def _faulty_lines(data: str | bytes, width: int = 0) -> list[int]:
    return [line for line, found in _outline(data, width) if isinstance(found, str)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("a,b,c", [["a", "b", "c"]]),
        ("a,,", [["a", "", ""]]),
        (",,a", [["", "", "a"]]),
        ('"a","b"', [["a", "b"]]),
        ('"a,b",c', [["a,b", "c"]]),
        ('"say ""hi""",c', [['say "hi"', "c"]]),
        ('"""",c', [['"', "c"]]),
        ('"",c', [["", "c"]]),
        ('"a\nb",c\nd,e', [["a\nb", "c"], ["d", "e"]]),
        ('"a\n\n\nb",c', [["a\n\n\nb", "c"]]),
        ('"a\n,""\nb",c', [['a\n,"\nb', "c"]]),
        ('="0123",b', [['="0123"', "b"]]),
        ('"=""0123""",b', [['="0123"', "b"]]),
        ("it's 5\" long,b", [["it's 5\" long", "b"]]),
        (" a , b ", [[" a ", " b "]]),
        ("a;b,c", [["a;b", "c"]]),
        ("0123,+44,1E+05", [["0123", "+44", "1E+05"]]),
        ("\\,b", [["\\", "b"]]),
    ],
)
def test_cells_are_separated_by_delimiters(data, expected):
    assert _cells(data) == expected


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters_separate_cells_except_within_quotes(delimiter):
    data = delimiter.join(["a", f'"b{delimiter}c"', "d"])
    assert _cells(data, delimiter) == [["a", f"b{delimiter}c", "d"]]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_line_break_within_quotes_does_not_end_the_row(end):
    assert _cells(end.join(['"a', 'b",c', "d,e", ""])) == [["a\nb", "c"], ["d", "e"]]


def test_rows_have_the_line_on_which_they_start():
    outline = _outline('a\n\n"b\nc"\n,\nd\n')
    assert outline == [(1, ["a"]), (3, ["b\nc"]), (6, ["d"])]


@pytest.mark.parametrize("width", [0, 4])
@pytest.mark.parametrize(
    "blank",
    [
        *("", ",", ",,,", ",,,,,,", "  ", "\t", " , ,\t", "\xa0,\xa0,,", '""', '"",', ',""'),
        *('"","","",""', '"",,"",', '" "," "," "," "', '" ", ,\t,"\xa0"', '"","","","",""'),
    ],
)
def test_line_of_delimiters_is_skipped_and_counted(blank, width):
    outline, rows = _rows(f"a,b,c,d\n{blank}\n{blank}\ne,f,g,h\n", width=width)
    assert outline == [(1, ["a", "b", "c", "d"]), (4, ["e", "f", "g", "h"])]
    assert rows.blank == 2


@pytest.mark.parametrize(
    "bad",
    [
        '"never closed,b',
        'a,"never closed',
        '"text"after,b',
        'a,"text" ,b',
        '"a""b"c,d',
        "nul\x00,b",
        '"nul\x00",b',
        "bad \udcff,b",
        '"bad \udcff",b',
        "x" * (MAX_VALUE + 1) + ",b",
        '"' + "x" * (MAX_VALUE + 1) + '",b',
        "a," + '"' + "x" * 200_000 + '"',
        "x" * 3_000_000 + ",b",
    ],
    ids=lambda bad: ascii(bad[:20]),
)
def test_malformed_row_is_rejected_alone_with_its_line(bad):
    outline = _outline(f"a,b\n\n{bad}\nc,d\n'e',f\n", width=2)
    assert [line for line, _ in outline] == [1, 3, 4, 5]
    assert isinstance(outline[1][1], str)
    assert [row for at, (_, row) in enumerate(outline) if at != 1] == [
        ["a", "b"],
        ["c", "d"],
        ["'e'", "f"],
    ]


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ('"never closed', "quote"),
        ('"text"after', "after a closing quote"),
        ("nul\x00", "NUL"),
        ("bad \udcff", "bytes that are not valid UTF-8"),
        ("x" * (MAX_VALUE + 1), "4,096"),
        ("x" * 3_000_000, "The line is too long"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_malformed_row_has_an_error_message(bad, says):
    ((_, what),) = _outline(bad, width=2)
    assert says in what


def test_parsing_resumes_after_the_first_line_of_a_malformed_row():
    data = 'a,b\n"one\ntwo"three,x\nc,d\n'
    outline = _outline(data)
    assert outline[0] == (1, ["a", "b"])
    assert _faulty_lines(data) == [2]
    assert outline[2:] == [(3, ['two"three', "x"]), (4, ["c", "d"])]


def test_missing_quote_costs_only_one_row():
    good = [f"user{number},Oslo" for number in range(2000)]
    data = "\n".join([*good[:1000], 'bad,"Oslo', *good[1000:]])
    outline = _outline(data)
    assert _faulty_lines(data) == [1001]
    assert len(outline) == 2001
    assert outline[-1] == (2001, ["user1999", "Oslo"])


def test_missing_quote_before_a_row_with_quotes_costs_one_row():
    data = 'bad,"Oslo\nc,"d, e"\nf,g\n'
    assert _faulty_lines(data) == [1]
    assert _outline(data)[1:] == [(2, ["c", "d, e"]), (3, ["f", "g"])]


def test_consecutive_malformed_rows_are_rejected_separately():
    data = '"a\n"b"c\nd,e\n'
    assert _faulty_lines(data) == [1, 2]
    assert _outline(data)[2] == (3, ["d", "e"])


def test_missing_quote_in_the_last_line_rejects_that_line():
    assert _faulty_lines('a,b\nc,"d') == [2]
    assert _faulty_lines('a,b\nc,"d\n') == [2]


def test_cell_may_have_4096_characters():
    assert _cells("x" * MAX_VALUE + ",b") == [["x" * MAX_VALUE, "b"]]
    assert _cells('"' + '""' * MAX_VALUE + '",b') == [['"' * MAX_VALUE, "b"]]
    many_lines = "\n" * MAX_VALUE
    assert _cells(f'"{many_lines}",b') == [[many_lines, "b"]]


def test_row_may_be_longer_than_a_cell():
    row = ["x" * MAX_VALUE] * 26
    assert _cells(",".join(row)) == [row]


@pytest.mark.parametrize("line", ["x" * 60, 'x"",' * 20, "", '""'])
def test_endless_quoted_cell_is_rejected(line):
    data = 'a,b\n"' + f"{line}\n" * 8000 + "c,d\n"
    outline = _outline(data)
    assert outline[0] == (1, ["a", "b"])
    assert isinstance(outline[1][1], str)
    assert outline[-1] == (8002, ["c", "d"])


_HOSTILE = (
    'a,b\r\n"x\r\ny",z\r\n\r\n"q""q",2\r"open,1\nc,d\n"t"t,1\n,,\n\x00,1\n\udcff,\xa0é\n'
    '"a\n\nb"\n\U0001f600,"€"\r\n"last\r'
)


@pytest.mark.parametrize("block", [1, 2, 3, 4, 5, 6, 7, 11, 13, 29])
def test_rows_do_not_depend_on_block_boundaries(monkeypatch, block):
    whole = _outline(_HOSTILE)
    monkeypatch.setattr(lines, "BLOCK", block)
    assert _outline(_HOSTILE) == whole
    assert [line for line, _ in whole] == [1, 2, 5, 6, 7, 8, 10, 11, 12, 15, 16]
    assert _faulty_lines(_HOSTILE) == [6, 8, 10, 11, 16]


@pytest.mark.parametrize("line", ['x","y', 'a",b",",', 'a,"b', 'x,"', '"', '"a""b', 'x"y",z"'])
def test_unmatched_quotes_take_linear_time(line):
    count = 50_000
    begin = time.perf_counter()
    outline, rows = _rows(f"{line}\n" * count, width=2)
    assert time.perf_counter() - begin < 20  # by the square: some minutes
    assert len(outline) + rows.blank > count // 3
