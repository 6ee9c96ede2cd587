"""Frames: what is whole is read, a torn end is nothing, damage is said."""

import os

import pytest

from qm_tui.store.frames import (
    PART,
    Damaged,
    framed,
    frames_in,
    is_damaged_end,
    lines_in,
    payload_of,
)

PARTS = [PART + b"%d}" % number for number in range(3)]
ONE, TWO = b'{"number":1}', b'{"number":2}'


@pytest.fixture
def read(tmp_path):
    def read(data: bytes) -> list[bytes]:
        path = tmp_path / "journal"
        path.write_bytes(data)
        descriptor = os.open(path, os.O_RDONLY)
        try:
            frames = list(frames_in(descriptor, 0, len(data)))
        finally:
            os.close(descriptor)
        assert (
            b"".join(framed(one.payload) for one in frames)
            == data[: sum(one.end - one.start for one in frames)]
        )
        return [one.payload for one in frames]

    return read


def test_what_was_written_is_read(read):
    payloads = [ONE, b"", "Zoë".encode(), b"x" * 600_000, TWO]
    assert read(b"".join(map(framed, payloads))) == payloads


@pytest.mark.parametrize("lost", range(1, len(framed(TWO)) + 1))
def test_a_frame_that_is_cut_off_anywhere_is_nothing(read, lost):
    data = framed(ONE) + framed(TWO)
    assert read(data[:-lost]) == [ONE]


@pytest.mark.parametrize("bit", range(8))
def test_a_frame_whose_line_end_was_changed_is_nothing(read, bit):
    data = framed(ONE) + framed(TWO)[:-1] + bytes([ord("\n") ^ (1 << bit)])
    assert read(data) == [ONE]


@pytest.mark.parametrize("garbage", [b"\0" * 700, b"\n\n\n", b"x\n", b"ffffffff ffffffff {}\n"])
def test_garbage_at_the_end_is_nothing(read, garbage):
    assert read(framed(ONE) + garbage) == [ONE]


@pytest.mark.parametrize("at", range(len(framed(ONE))))
def test_a_changed_byte_before_a_frame_that_closes_a_transaction_is_damage(read, at):
    data = bytearray(framed(ONE) + framed(TWO))
    data[at] ^= 1
    with pytest.raises(Damaged) as damaged:
        read(bytes(data))
    assert damaged.value.offset == 0


def test_a_bad_part_before_the_closing_frame_is_damage(read):
    frames = [framed(one) for one in (ONE, *PARTS, TWO)]
    frames[2] = frames[2].replace(b"1}", b"9}")
    with pytest.raises(Damaged) as damaged:
        read(b"".join(frames))
    assert damaged.value.offset == len(frames[0] + frames[1])


def test_a_bad_part_before_other_parts_alone_is_a_torn_end(read):
    frames = [framed(one) for one in (ONE, *PARTS)]
    frames[1] = frames[1][:-4] + b"9}\n"
    assert read(b"".join(frames)) == [ONE]


def _is_damaged_end(tmp_path, data: bytes) -> bool:
    path = tmp_path / "end"
    path.write_bytes(data)
    with path.open("rb") as file:
        return is_damaged_end(file.fileno(), 0, len(data))


def test_what_a_killed_writer_leaves_is_no_damage_wherever_it_is_cut(tmp_path):
    parts = b"".join(map(framed, PARTS))
    whole = parts + framed(TWO)
    assert not any(_is_damaged_end(tmp_path, whole[:at]) for at in range(len(whole)))


def test_a_last_frame_with_any_byte_changed_is_damage(tmp_path):
    whole = framed(ONE)
    for at in range(len(whole)):
        changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        assert _is_damaged_end(tmp_path, changed), at


@pytest.mark.parametrize("line", [b"", b"x", b"0000000c", framed(ONE), b" " * 18])
def test_what_is_no_frame_has_no_payload(line):
    assert payload_of(line) is None


def test_lines_begin_where_they_say(tmp_path):
    path = tmp_path / "lines"
    data = b"a" * 300_000 + b"\nb\n\nlast"
    path.write_bytes(data)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        found = list(lines_in(descriptor, 0, len(data)))
    finally:
        os.close(descriptor)
    assert [(at, len(line)) for at, line in found] == [
        (0, 300_000),
        (300_001, 1),
        (300_003, 0),
        (300_004, 5),  # not as it stands there: it has no line end
    ]
