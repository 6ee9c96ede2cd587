"""Lines of a file: decoded in blocks, split at CRLF, LF and CR, with limited memory.

Bytes that are invalid in the encoding are decoded as surrogates, so that their record can be
rejected while the others are read, and nothing is replaced silently.
"""

import codecs
import os
import re
from collections.abc import Container, Iterator
from typing import BinaryIO, Final, NamedTuple

from qm_tui.text import is_visible

BLOCK: Final = 128 * 1024
"""Bytes per read: one or two milliseconds of work."""

MAX_LINE: Final = 1024 * 1024
"""Maximum length of a line, in characters; a longer line is skipped and its record rejected."""

_OVERLONG_PREFIX: Final = 1024

_UTF16_BIG_ENDIAN: Final = b"\xfe\xff"
_LINE_END: Final = re.compile(r"\r\n?|\n")

_ASCII: Final = bytes(range(0x80))

_MAX_AFTER_MARK: Final = 4096
"""Bytes of blanks after a Ctrl+Z that still is the end of the file."""


class TextBlock(NamedTuple):
    r"""A part of the text of a file.

    Attributes:
        text: the text, with LF as the only line end.
        ends: the line ends in the file, in order: `\r\n`, `\n` or `\r`.
    """

    text: str
    ends: list[str]


class LineBlock(NamedTuple):
    """Lines of a file, without line ends.

    Attributes:
        lines: the lines.
        ends: the line end of each in the file; empty for a last line without one.
        text: the same lines as one text, for checks of all of them together.
        overlong: the indexes in `lines` of those that were longer than `MAX_LINE` and truncated.
        is_printable: whether all of them contain only visible characters (tabs allowed).
        beyond_ascii: the characters beyond ASCII in them.
        done: the bytes of the file read so far.
    """

    lines: list[str]
    ends: list[str]
    text: str
    overlong: frozenset[int]
    is_printable: bool
    beyond_ascii: str
    done: int


def find_end_mark(file: BinaryIO, encoding: str) -> int | None:
    """Return the offset of a Ctrl+Z at the end of a file, if only blanks follow it.

    Old programs end a text with this character. The file is left at its start.
    """
    size = file.seek(0, os.SEEK_END)
    start = max(0, size - _MAX_AFTER_MARK)
    file.seek(start)
    tail = file.read(_MAX_AFTER_MARK)
    codec = with_byte_order(encoding, file)
    if not codec.startswith("utf-16"):
        codec = "latin-1"  # the characters below have one byte, the same in all other encodings
    elif size % 2:
        return None
    text = tail.decode(codec, "surrogatepass")
    mark = text.find("\x1a", len(text.rstrip(" \t\r\n\x1a")))
    return size - len(text[mark:].encode(codec)) if mark >= 0 else None


def read_blocks(file: BinaryIO, encoding: str, end: int | None = None) -> Iterator[TextBlock]:
    """Yield the text of a file from its start, block by block.

    Args:
        file: the file.
        encoding: its encoding.
        end: the offset of the end of the text; None for the end of the file.
    """
    errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    held_back = ""
    while data := file.read(BLOCK if end is None else min(BLOCK, end - file.tell())):
        text = held_back + decoder.decode(data)
        held_back = ""
        if text.endswith("\r"):
            text, held_back = text[:-1], "\r"
        yield _text_block(text)
    try:
        rest = decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        rest = "\udc80"  # an odd byte at the end of UTF-16 belongs to the last record
    yield _text_block(held_back + rest)


def _text_block(raw: str) -> TextBlock:
    """Return a text and its line ends; nearly always, all of them are equal."""
    text = raw.replace("\r\n", "\n") if "\r" in raw else raw
    feeds, pairs = text.count("\n"), len(raw) - len(text)
    if "\r" not in text:
        if not pairs:
            return TextBlock(text, ["\n"] * feeds)
        if pairs == feeds:
            return TextBlock(text, ["\r\n"] * feeds)
    return TextBlock(text.replace("\r", "\n"), _LINE_END.findall(raw))


def read_lines(file: BinaryIO, encoding: str, end: int | None = None) -> Iterator[LineBlock]:
    """Yield the lines of a file from its start; none at a time while a long line is skipped.

    Args:
        file: the file.
        encoding: its encoding.
        end: the offset of a Ctrl+Z at the end of the text, if there is one: the line before it is
            complete.
    """
    unfinished = ""
    is_skipping = False
    overlong_at_first = False
    line_end = "" if end is None else "\n"
    for text, ends in read_blocks(file, encoding, end):
        if end is not None and ends:
            line_end = ends[-1]
        if is_skipping:
            cut = text.find("\n")
            if cut < 0:
                yield LineBlock([], [], "", frozenset(), True, "", file.tell())
                continue
            text = text[cut:]  # noqa: PLW2901 - the rest of the same block
            is_skipping = False
        text = unfinished + text  # noqa: PLW2901 - with what the block before left over
        lines = text.split("\n")
        unfinished = lines.pop()
        overlong = {0} if overlong_at_first and lines else set()
        overlong_at_first = overlong_at_first and not lines
        if len(unfinished) > MAX_LINE:
            unfinished = unfinished[:_OVERLONG_PREFIX]
            is_skipping = overlong_at_first = True
        if lines:
            yield _lines(lines, ends, text, overlong, file.tell())
    if unfinished:
        overlong = {0} if overlong_at_first else set()
        yield _lines([unfinished], [line_end], unfinished, overlong, file.tell())


def _lines(
    lines: list[str], ends: list[str], text: str, overlong: set[int], done: int
) -> LineBlock:
    if len(text) > MAX_LINE:
        for index, line in enumerate(lines):
            if len(line) > MAX_LINE:
                lines[index] = line[:_OVERLONG_PREFIX]
                overlong.add(index)
    joined = "".join(lines).replace("\t", "")
    beyond_ascii = _beyond_ascii(joined)
    # comparing all characters, most of which are ASCII, takes a tenth of the time of reading
    is_printable = joined.isprintable() and is_visible(beyond_ascii)
    return LineBlock(lines, ends, text, frozenset(overlong), is_printable, beyond_ascii, done)


def _beyond_ascii(text: str) -> str:
    """Return the characters beyond ASCII, in a tenth of the time of a search for them."""
    if text.isascii():
        return ""
    data = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    return data.decode("utf-8", "surrogatepass")


def with_byte_order(encoding: str, file: BinaryIO) -> str:
    """Return the encoding of a file; for UTF-16 with a BOM, the variant that the BOM means.

    The file is left at its start.
    """
    file.seek(0)
    start = file.read(len(_UTF16_BIG_ENDIAN))
    file.seek(0)
    if encoding != "utf-16":
        return encoding
    return "utf-16-be" if start == _UTF16_BIG_ENDIAN else "utf-16-le"


def raw_lines(file: BinaryIO, encoding: str, wanted: Container[int]) -> Iterator[bytes]:
    """Yield selected lines of a file unchanged, with their line ends.

    At most a block of a long line is held in memory: each yielded part belongs to one block, and
    may be empty.

    Args:
        file: the file, which is read from its start.
        encoding: its encoding, which determines the line ends.
        wanted: the numbers of the lines, from 1.
    """
    codec = with_byte_order(encoding, file)
    size = file.seek(0, os.SEEK_END)
    end = size - size % 2  # half a unit at the end of UTF-16 belongs to the last line
    if not codec.startswith("utf-16"):
        codec, end = "latin-1", size  # in all other encodings, line ends have the same bytes
    file.seek(0)
    number = 1
    for text, ends in read_blocks(file, codec, end):
        picked = [
            line + line_end
            for index, (line, line_end) in enumerate(
                zip(text.split("\n"), [*ends, ""], strict=True), start=number
            )
            if index in wanted
        ]
        # half a surrogate pair passes unchanged, too
        yield "".join(picked).encode(codec, "surrogatepass")
        number += len(ends)
    file.seek(end)
    if number in wanted:
        yield file.read()
