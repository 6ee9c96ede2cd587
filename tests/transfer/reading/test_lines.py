"""Lines of a file: all line ends and encodings, any block boundaries, limited memory."""

import io
import tracemalloc
from itertools import pairwise
from typing import Any

import pytest

from qm_tui.transfer.reading import lines
from qm_tui.transfer.reading.lines import MAX_LINE, read_lines


@pytest.fixture(params=[1, 2, 3, 5, 64, lines.BLOCK], ids="block of {}".format)
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


_SPLIT = {
    **{b"": [], b"a": ["a"], b"\n": [""], b"\r": [""], b"\r\n": [""], b"\r\r\n\n": ["", "", ""]},
    **{b"a\r\nb\r\n": ["a", "b"], b"a\nb\n": ["a", "b"], b"a\rb\r": ["a", "b"]},
    **{b"a\nb": ["a", "b"], b"a\r\nb": ["a", "b"], b"a\rb": ["a", "b"]},
    **{b"a\nb\r\nc\rd": ["a", "b", "c", "d"], b"a\n\nb": ["a", "", "b"]},
    **{b"a\r\n\r\nb": ["a", "", "b"], b"a\r\rb": ["a", "", "b"], b"a\n\rb": ["a", "", "b"]},
    b"abc\x0bd\x0ce\x1cf\xc2\x85g\xe2\x80\xa8h": ["abc\x0bd\x0ce\x1cf\x85g\u2028h"],
    "\U0001f600\n\U0001f601é€".encode(): ["\U0001f600", "\U0001f601é€"],
}


@pytest.mark.usefixtures("_block")
def test_lines_end_only_at_crlf_lf_and_cr():
    assert {data: _lines(data) for data in _SPLIT} == _SPLIT


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_text_is_decoded_in_any_encoding(encoding):
    text = ["Müller", "", "€ – “quoted”", "x" * 70]
    for end in ("\r\n", "\n", "\r"):
        assert _lines((end.join(text) + end).encode(encoding), encoding) == text


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    ("mark", "order"), [(b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")]
)
def test_utf_16_is_read_in_the_byte_order_of_its_bom(mark, order):
    text = ["First Name", "Łukasz \U0001f600", "\u0d0a\u0a0d"]
    assert _lines(mark + "\r\n".join(text).encode(order), "utf-16") == text


@pytest.mark.usefixtures("_block")
@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        *((b"ok\nbad \xff here\nok", "utf-8"), (b"ok\nbad \xc3\nok", "utf-8")),
        *((b"ok\nbad \xed\xa0\x80 x\nok", "utf-8"), (b"ok\nbad \xf5\x80\x80\x80\nok", "utf-8")),
        *((b"ok\nbad \x81 here\nok", "cp1252"), (b"ok\nbad \xc3", "utf-8")),
        (b"\xff\xfe" + "ok\nbad \ud800 here\nok".encode("utf-16-le", "surrogatepass"), "utf-16"),
        (b"\xff\xfe" + "ok\nbad ".encode("utf-16-le") + b"x", "utf-16"),
    ],
)
def test_invalid_bytes_mark_only_their_line(data, encoding):
    first, bad, *last = _lines(data, encoding)
    assert (first, {*last}) in (("ok", {"ok"}), ("ok", set()))
    assert bad.startswith("bad ")
    assert any("\ud800" <= character <= "\udfff" for character in bad)


_LONG = b"x" * 3_000_000


@pytest.mark.parametrize(
    ("parts", "overlong"),
    [
        ([b"x" * MAX_LINE, b"next"], [False, False]),
        ([b"before", b"x" * (MAX_LINE + 1), b"after", b"end"], [False, True, False, False]),
        ([b"before", _LONG, b"after", b"end"], [False, True, False, False]),
        ([b"before", b"x" * (3 * MAX_LINE), b"after"], [False, True, False]),
        *(([_LONG, b"y" * 3_000_000, b"z"], [True, True, False]), ([b"a", _LONG], [False, True])),
    ],
)
def test_line_of_more_than_a_million_characters_is_truncated_marked_and_skipped(parts, overlong):
    for end in (b"\r\n", b"\n", b"\r"):
        data = end.join(parts)
        assert _overlong(data) == overlong
        for part, line, is_overlong in zip(parts, _lines(data), overlong, strict=True):
            expected = part.decode()
            assert expected.startswith(line) if is_overlong else expected == line
            assert len(line) <= MAX_LINE


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


def test_blocks_report_the_bytes_read_also_while_a_long_line_is_skipped():
    data = b"a\n" + b"x" * (MAX_LINE * 4) + b"\nb\n"
    done = [block.done for block in read_lines(io.BytesIO(data), "utf-8")]
    assert max(b - a for a, b in pairwise(done)) < MAX_LINE * 2
    assert done[-1] == len(data)
