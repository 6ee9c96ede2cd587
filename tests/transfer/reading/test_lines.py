"""Lines of a file: all line ends and encodings, any block boundaries, limited memory."""

import io
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest

from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.lines import MAX_LINE, read_lines

_BLOCKS = [1, 2, 3, 4, 5, 7, 64, lines.BLOCK]


@pytest.fixture(params=_BLOCKS, ids="block of {}".format)
def _block(request, monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", request.param)


def _lines(data: bytes, encoding: str = "utf-8") -> list[str]:
    return [line for block in read_lines(io.BytesIO(data), encoding) for line in block.lines]


def _overlong(data: bytes) -> list[bool]:
    return [
        at in block.overlong
        for block in read_lines(io.BytesIO(data), "utf-8")
        for at in range(len(block.lines))
    ]


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        *((b"", []), (b"a", ["a"]), (b"a\r\nb\r\n", ["a", "b"]), (b"a\nb\n", ["a", "b"])),
        *((b"a\rb\r", ["a", "b"]), (b"a\nb", ["a", "b"]), (b"a\r\nb", ["a", "b"])),
        *((b"a\rb", ["a", "b"]), (b"a\nb\r\nc\rd", ["a", "b", "c", "d"])),
        *((b"a\n\nb", ["a", "", "b"]), (b"a\r\n\r\nb", ["a", "", "b"])),
        *((b"a\r\rb", ["a", "", "b"]), (b"a\n\rb", ["a", "", "b"]), (b"\n", [""]), (b"\r", [""])),
        *((b"\r\n", [""]), (b"\r\r\n\n", ["", "", ""]), (b"abcdefg\r\nhi", ["abcdefg", "hi"])),
        (b"abc\x0bd\x0ce\x1cf\xc2\x85g\xe2\x80\xa8h", ["abc\x0bd\x0ce\x1cf\x85g\u2028h"]),
    ],
)
def test_lines_end_only_at_crlf_lf_and_cr(data, expected):
    assert _lines(data) == expected


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_decoded_in_any_encoding(encoding, end):
    text = ["Müller", "", "€ – “quoted”", "x" * 70]
    assert _lines((end.join(text) + end).encode(encoding), encoding) == text


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    ("mark", "order"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_utf_16_is_read_in_the_byte_order_of_its_bom(mark, order):
    text = ["First Name", "Łukasz \U0001f600", "\u0d0a\u0a0d"]
    assert _lines(mark + "\r\n".join(text).encode(order), "utf-16") == text


@pytest.mark.usefixtures("_block")
def test_four_byte_characters_are_never_split():
    assert _lines("\U0001f600\n\U0001f601é€".encode()) == ["\U0001f600", "\U0001f601é€"]


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        *((b"ok\nbad \xff here\nok", "utf-8"), (b"ok\nbad \xc3\nok", "utf-8")),
        *((b"ok\nbad \xed\xa0\x80 here\nok", "utf-8"), (b"ok\nbad \xf5\x80\x80\x80\nok", "utf-8")),
        (b"ok\nbad \x81 here\nok", "cp1252"),
        (b"\xff\xfe" + "ok\nbad \ud800 here\nok".encode("utf-16-le", "surrogatepass"), "utf-16"),
    ],
)
def test_invalid_bytes_mark_only_their_line(data, encoding):
    first, bad, last = _lines(data, encoding)
    assert (first, last) == ("ok", "ok")
    assert bad.startswith("bad ")
    assert any("\ud800" <= character <= "\udfff" for character in bad)
    assert "\ufffd" not in bad


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_utf_16_that_ends_within_a_character_marks_the_last_line(cut):
    data = b"\xff\xfe" + "ok\nlast\U0001f600".encode("utf-16-le")
    first, last = _lines(data[:-cut], "utf-16")
    assert first == "ok"
    assert any("\ud800" <= character <= "\udfff" for character in last)


def test_line_of_a_million_characters_is_complete():
    assert _lines(b"x" * MAX_LINE + b"\nnext") == ["x" * MAX_LINE, "next"]
    assert _overlong(b"x" * MAX_LINE + b"\nnext") == [False, False]


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b"\r"])
@pytest.mark.parametrize("length", [MAX_LINE + 1, 3_000_000, 3 * 1024 * 1024])
def test_longer_line_is_truncated_marked_and_skipped(length, end):
    data = b"before" + end + b"x" * length + end + b"after" + end + b"end"
    before, cut, after, last = _lines(data)
    assert (before, after, last) == ("before", "after", "end")
    assert cut.startswith("xxx")
    assert len(cut) < MAX_LINE
    assert _overlong(data) == [False, True, False, False]


def test_consecutive_longer_lines_are_two_lines():
    data = b"\n".join([b"x" * 3_000_000, b"y" * 3_000_000, b"z"])
    assert [line[:1] for line in _lines(data)] == ["x", "y", "z"]
    assert _overlong(data) == [True, True, False]


def test_longer_line_at_the_end_of_the_file_is_marked():
    assert _overlong(b"a\n" + b"x" * 3_000_000) == [False, True]


def test_crlf_after_a_longer_line_is_one_line_end_at_a_block_boundary(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 1_000_001)
    data = b"x" * 2_000_001 + b"\r\nafter\r\n"
    assert [line[:5] for line in _lines(data)] == ["xxxxx", "after"]


class _OneLine(io.RawIOBase):
    """A file of one very long line."""

    def __init__(self, length: int) -> None:
        self._left = length

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return 0

    def readinto(self, into: Any) -> int:
        view = memoryview(into)
        count = min(len(view), self._left)
        view[:count] = b"x" * count
        self._left -= count
        return count


def test_line_of_a_hundred_megabytes_is_never_held_in_memory():
    with io.BufferedReader(_OneLine(100_000_000)) as file:
        tracemalloc.start()
        try:
            found = [len(line) for block in read_lines(file, "utf-8") for line in block.lines]
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert len(found) == 1
    assert peak < 10_000_000


def test_blocks_report_the_bytes_read(monkeypatch):
    monkeypatch.setattr(lines, "BLOCK", 4)
    data = b"a\nb\nc\nd\ne\n"
    done = [block.done for block in read_lines(io.BytesIO(data), "utf-8")]
    assert done == sorted(done)
    assert done[-1] == len(data)


@pytest.mark.parametrize(
    ("text", "printable"),
    [("a,b\tc", True), ("é", True), ("a\xa0b", False), ("a\x07", False), ("a\u2028", False)],
)
def test_blocks_know_whether_all_of_their_text_is_printable(text, printable):
    (block,) = read_lines(io.BytesIO(text.encode()), "utf-8")
    assert block.is_printable is printable


def test_skipping_a_long_line_reports_progress():
    data = b"a\n" + b"x" * (MAX_LINE * 4) + b"\nb\n"
    found = list(read_lines(io.BytesIO(data), "utf-8"))
    done = [block.done for block in found]
    assert max(b - a for a, b in pairwise(done)) < MAX_LINE * 2
    assert done[-1] == len(data)
    assert [line[:1] for block in found for line in block.lines] == ["a", "x", "b"]


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "utf-16", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("wanted", [[], [1], [2, 3], [1, 4], [4], [5], [9], [1, 2, 3, 4, 5]])
def test_raw_lines_equal_those_of_the_file(encoding, end, wanted):
    parts = [text + end for text in ("first", "é€", "", "Zürich,x\x0b\x0c")] + ["last"]
    encoded = [
        part.encode(encoding if index == 0 else _bare(encoding)) for index, part in enumerate(parts)
    ]
    found = lines.raw_lines(io.BytesIO(b"".join(encoded)), encoding, wanted)
    expected = b"".join(line for at, line in enumerate(encoded, start=1) if at in wanted)
    assert b"".join(found) == expected


def _bare(encoding: str) -> str:
    return "utf-16-le" if encoding == "utf-16" else encoding
