"""Bytes to lines: decoded in blocks, split at CRLF, LF and CR, never unbounded.

Bytes that the encoding does not allow come through as half surrogate pairs, so that the record
they stand in can be rejected while the others are read, and nothing is replaced silently.
"""

import codecs
from collections.abc import Iterator
from typing import BinaryIO, Final, NamedTuple

BLOCK: Final = 128 * 1024
"""Bytes read at once: a millisecond or two of work."""

MAX_LINE: Final = 1024 * 1024
"""Characters of a line that are kept; a longer line is passed over and its record rejected."""

_KEPT_OF_OVERLONG: Final = 1024


class Lines(NamedTuple):
    """Some lines of a file, without their ends.

    Attributes:
        lines: the lines.
        text: the same lines in one piece, for questions that can be asked of all at once.
        overlong: the places in `lines` of those that are longer than `MAX_LINE` and were cut.
        printable: whether all of them hold nothing but printable characters (tabs allowed).
        done: the bytes of the file read so far.
    """

    lines: list[str]
    text: str
    overlong: frozenset[int]
    printable: bool
    done: int


def blocks(file: BinaryIO, encoding: str) -> Iterator[str]:
    """The text of a file from its start, block by block, each with LF as its only line end."""
    errors = "surrogatepass" if encoding.startswith("utf-16") else "surrogateescape"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    held_back = ""
    while data := file.read(BLOCK):
        text = held_back + decoder.decode(data)
        held_back = ""
        if "\r" in text:
            if text.endswith("\r"):
                text, held_back = text[:-1], "\r"
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        yield text
    try:
        rest = decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        rest = "\udc80"  # an odd byte at the end of UTF-16: the last record holds it
    yield (held_back + rest).replace("\r\n", "\n").replace("\r", "\n")


def lines_of(file: BinaryIO, encoding: str) -> Iterator[Lines]:
    """The lines of a file from its start."""
    unfinished = ""
    passing_over = False
    overlong_at_first = False
    for text in blocks(file, encoding):
        if passing_over:
            end = text.find("\n")
            if end < 0:
                continue
            text = text[end:]  # noqa: PLW2901 - the rest of the same block
            passing_over = False
        text = unfinished + text  # noqa: PLW2901 - with what the block before left over
        lines = text.split("\n")
        unfinished = lines.pop()
        overlong = {0} if overlong_at_first and lines else set()
        overlong_at_first = overlong_at_first and not lines
        if len(unfinished) > MAX_LINE:
            unfinished = unfinished[:_KEPT_OF_OVERLONG]
            passing_over = overlong_at_first = True
        if lines:
            yield _lines(lines, text, overlong, file.tell())
    if unfinished:
        yield _lines([unfinished], unfinished, {0} if overlong_at_first else set(), file.tell())


def _lines(lines: list[str], text: str, overlong: set[int], done: int) -> Lines:
    if len(text) > MAX_LINE:
        for at, line in enumerate(lines):
            if len(line) > MAX_LINE:
                lines[at] = line[:_KEPT_OF_OVERLONG]
                overlong.add(at)
    printable = text.replace("\n", "").replace("\t", "").isprintable()
    return Lines(lines, text, frozenset(overlong), printable, done)
