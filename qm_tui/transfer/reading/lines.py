"""Bytes to lines: decoded in blocks, split at CRLF, LF and CR, never unbounded.

Bytes that the encoding does not allow come through as half surrogate pairs, so that the record
they stand in can be rejected while the others are read, and nothing is replaced silently.
"""

import codecs
import re
from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final, NamedTuple

BLOCK: Final = 128 * 1024
"""Bytes read at once: a millisecond or two of work."""

MAX_LINE: Final = 1024 * 1024
"""Characters of a line that are kept; a longer line is passed over and its record rejected."""

_KEPT_OF_OVERLONG: Final = 1024

_UTF16_BIG_ENDIAN: Final = b"\xfe\xff"
_LINE_AND_END: Final = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")


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
    """The lines of a file from its start; none at a time while a long one is passed over."""
    unfinished = ""
    passing_over = False
    overlong_at_first = False
    for text in blocks(file, encoding):
        if passing_over:
            end = text.find("\n")
            if end < 0:
                yield Lines([], "", frozenset(), printable=True, done=file.tell())
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


def with_byte_order(encoding: str, file: BinaryIO) -> str:
    """The encoding of a file; where it is UTF-16 with its mark, the one that the mark means.

    The file is left at its start.
    """
    file.seek(0)
    start = file.read(len(_UTF16_BIG_ENDIAN))
    file.seek(0)
    if encoding != "utf-16":
        return encoding
    return "utf-16-be" if start == _UTF16_BIG_ENDIAN else "utf-16-le"


def raw_lines(file: BinaryIO, encoding: str, wanted: Iterable[int]) -> Iterator[bytes]:
    """Some lines of a file byte for byte, with their ends.

    However long a line is, no more than a block of it is held: what comes is the wanted part of
    one block after the other, and may be empty.

    Args:
        file: the file; it is read from its start.
        encoding: its encoding, which says what a line end is.
        wanted: the numbers of the lines, from 1, in ascending order.
    """
    codec, unit = with_byte_order(encoding, file), 2
    if not codec.startswith("utf-16"):
        # in all others a line end is these bytes, and these bytes are a line end
        codec, unit = "latin-1", 1
    picker = _Picker(wanted)
    held_back = b""
    while picker.want and (block := file.read(BLOCK)):
        data = held_back + block
        whole = len(data) - len(data) % unit
        # half a pair comes through as well as a pair does
        text = data[:whole].decode(codec, "surrogatepass")
        if text.endswith("\r"):
            text = text[:-1]
            whole -= unit
        held_back = data[whole:]
        yield picker.picked(text).encode(codec, "surrogatepass")
    whole = len(held_back) - len(held_back) % unit
    yield picker.picked(held_back[:whole].decode(codec)).encode(codec)
    if picker.line == picker.want:
        yield held_back[whole:]


class _Picker:
    """Picks lines out of a text that comes in pieces, none of them cut within a line end.

    Attributes:
        line: the number of the line that the next piece begins with.
        want: the number of the next line to pick; 0 where there is none.
    """

    def __init__(self, wanted: Iterable[int]) -> None:
        self._rest = iter(wanted)
        self.line = 1
        self.want = next(self._rest, 0)

    def picked(self, text: str) -> str:
        """What is wanted of a piece."""
        ends = text.count("\n") + text.count("\r") - text.count("\r\n")
        if self.want > self.line + ends:
            self.line += ends
            return ""
        picked = []
        for piece in _LINE_AND_END.findall(text):
            is_wanted = self.line == self.want
            if is_wanted:
                picked.append(piece)
            if piece[-1] in "\r\n":
                self.line += 1
                if is_wanted:
                    self.want = next(self._rest, 0)
        return "".join(picked)
