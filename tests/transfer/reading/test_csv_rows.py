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
        *(("a,b,c", [["a", "b", "c"]]), ("a,,", [["a", "", ""]]), (",,a", [["", "", "a"]])),
        *(('"a","b"', [["a", "b"]]), ('"a,b",c', [["a,b", "c"]]), ('"",c', [["", "c"]])),
        *(('"say ""hi""",c', [['say "hi"', "c"]]), ('"""",c', [['"', "c"]])),
        *(('"a\nb",c\nd,e', [["a\nb", "c"], ["d", "e"]]), ('"a\n\n\nb",c', [["a\n\n\nb", "c"]])),
        *(('"a\n,""\nb",c', [['a\n,"\nb', "c"]]), ('="0123",b', [['="0123"', "b"]])),
        *(('"=""0123""",b', [['="0123"', "b"]]), ("\\,b", [["\\", "b"]])),
        *(("it's 5\" long,b", [["it's 5\" long", "b"]]), (" a , b ", [[" a ", " b "]])),
        *(("a;b,c", [["a;b", "c"]]), ("0123,+44,1E+05", [["0123", "+44", "1E+05"]])),
        *((f'"a{end}b",c{end}d,e{end}', [["a\nb", "c"], ["d", "e"]]) for end in ("\r\n", "\r")),
        ("x" * MAX_VALUE + ",b", [["x" * MAX_VALUE, "b"]]),
        ('"' + '""' * MAX_VALUE + '",b', [['"' * MAX_VALUE, "b"]]),
        ('"' + "\n" * MAX_VALUE + '",b', [["\n" * MAX_VALUE, "b"]]),
        (",".join(["x" * MAX_VALUE] * 26), [["x" * MAX_VALUE] * 26]),
    ],
    ids=lambda value: ascii(value)[:20],
)
def test_cells_are_separated_by_delimiters(data, expected):
    assert _cells(data) == expected


@pytest.mark.parametrize("width", [0, 4])
@pytest.mark.parametrize(
    "blank",
    [
        *("", ",", ",,,", ",,,,,,", "  ", "\t", " , ,\t", "\xa0,\xa0,,", '""', '"",', ',""'),
        *('"","","",""', '"",,"",', '" "," "," "," "', '" ", ,\t,"\xa0"', '"","","","",""'),
    ],
)
def test_line_of_delimiters_is_skipped_and_counted(blank, width):
    outline, rows = _rows(f'a,b,c,d\n{blank}\n{blank}\ne,f,"g\nh",i\nj,k,l,m\n', width=width)
    assert outline == [
        *((1, ["a", "b", "c", "d"]), (4, ["e", "f", "g\nh", "i"]), (6, ["j", "k", "l", "m"])),
    ]
    assert rows.blank == 2


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        *(('"never closed,b', "quote"), ('a,"never closed', "quote"), ('"a""b"c,d', "quote")),
        *(('"text"after,b', "after a closing quote"), ('a,"text" ,b', "after a closing quote")),
        *(("nul\x00,b", "NUL"), ('"nul\x00",b', "NUL"), ("bad \udcff,b", "not valid UTF-8")),
        *(('"bad \udcff",b', "not valid UTF-8"), ("x" * (MAX_VALUE + 1) + ",b", "4,096")),
        *(('"' + "x" * (MAX_VALUE + 1) + '",b', "4,096"), ('a,"' + "x" * 200_000 + '"', "")),
        ("x" * 3_000_000 + ",b", "The line is too long"),
    ],
    ids=lambda text: ascii(text[:20]),
)
def test_malformed_row_is_rejected_alone_with_its_line_and_a_message(bad, says):
    first, (line, message), *others = _outline(f"a,b\n\n{bad}\nc,d\n'e',f\n", width=2)
    assert (first, line) == ((1, ["a", "b"]), 3)
    assert isinstance(message, str)
    assert says in message
    assert others == [(4, ["c", "d"]), (5, ["'e'", "f"])]


@pytest.mark.parametrize(
    ("data", "faulty", "others"),
    [
        ('a,b\n"one\ntwo"three,x\nc,d\n', [2], {3: ['two"three', "x"], 4: ["c", "d"]}),
        ('bad,"Oslo\nc,"d, e"\nf,g\n', [1], {2: ["c", "d, e"], 3: ["f", "g"]}),
        ('"a\n"b"c\nd,e\n', [1, 2], {3: ["d", "e"]}),
        *(('a,b\nc,"d', [2], {1: ["a", "b"]}), ('a,b\nc,"d\n', [2], {1: ["a", "b"]})),
        ("u,Oslo\n" * 1000 + 'bad,"Oslo\n' + "u,Oslo\n" * 1000, [1001], {2001: ["u", "Oslo"]}),
    ],
)
def test_missing_quote_costs_only_its_line(data, faulty, others):
    assert _faulty_lines(data) == faulty
    assert {line: dict(_outline(data))[line] for line in others} == others


@pytest.mark.parametrize("line", ["x" * 60, 'x"",' * 20, "", '""'])
def test_endless_quoted_cell_is_rejected(line):
    outline = _outline('a,b\n"' + f"{line}\n" * 8000 + "c,d\n")
    assert outline[0] == (1, ["a", "b"])
    assert isinstance(outline[1][1], str)
    assert outline[-1] == (8002, ["c", "d"])


_HOSTILE = (
    'a,b\r\n"x\r\ny",z\r\n\r\n"q""q",2\r"open,1\nc,d\n"t"t,1\n,,\n\x00,1\n\udcff,\xa0é\n'
    '"a\n\nb"\n\U0001f600,"€"\r\n"last\r'
)


def test_rows_do_not_depend_on_block_boundaries(monkeypatch):
    whole = _outline(_HOSTILE)
    assert [line for line, _ in whole] == [1, 2, 5, 6, 7, 8, 10, 11, 12, 15, 16]
    assert _faulty_lines(_HOSTILE) == [6, 8, 10, 11, 16]
    for block in range(1, 30):
        monkeypatch.setattr(lines, "BLOCK", block)
        assert _outline(_HOSTILE) == whole


@pytest.mark.parametrize("line", ['x","y', 'a",b",",', 'a,"b', 'x,"', '"', '"a""b', 'x"y",z"'])
def test_unmatched_quotes_take_linear_time(line):
    count = 50_000
    begin = time.perf_counter()
    outline, rows = _rows(f"{line}\n" * count, width=2)
    assert time.perf_counter() - begin < 20  # by the square: some minutes
    assert len(outline) + rows.blank > count // 3
