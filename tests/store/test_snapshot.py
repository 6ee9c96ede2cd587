"""The store's file: TinyDB's JSON, one document per line, read back as it was written."""

import io
import json
import random
import zlib

import pytest
from tinydb import TinyDB

from qm_tui.progress import Cancelled, Phase
from qm_tui.store import snapshot
from qm_tui.store.snapshot import (
    Head,
    LaterVersion,
    NotASnapshot,
    Reading,
    head_in,
    head_of,
    merged,
    written,
)

_HEAD = Head("0f1e2d3c4b5a6978", 7, "aa", 123)

_TABLES: dict[str, dict[str, dict[str, object]]] = {
    "notes": {"1": {"text": "call back", "at": 7}},
    "users": {
        "1": {"user_id": "u1", "first_name": "Zoë"},
        "2": {"user_id": "u2", "first_name": 'O"Brien\\'},
        "17": {"user_id": "u17", "first_name": "\u2028\x7f\n\t}{,"},
    },
}


def _bytes(tables, head: Head = _HEAD) -> bytes:
    file = io.BytesIO()
    written(tables, file, head)
    return file.getvalue()


def _read(data: bytes):
    return merged(Reading(io.BytesIO(data)).parts())


def _reading(data: bytes) -> Reading:
    """What is known of a file once all of it is read."""
    reading = Reading(io.BytesIO(data))
    list(reading.parts())
    return reading


def _without_head(data: bytes) -> dict[str, object]:
    tables: dict[str, object] = json.loads(data)
    del tables["_meta"]
    return tables


def _many(count: int):
    return {str(number): {"user_id": f"u{number}", "x": "é" * number} for number in range(count)}


# What is written


def test_each_document_stands_on_a_line_of_its_own():
    lines = _bytes(_TABLES).decode().split("\n")
    assert [line.partition(":")[0] for line in lines] == [
        *("{", '"_meta"', '"1"', "},", '"notes"', '"1"', "},"),
        *('"users"', '"1"', '"2"', '"17"', "}", "}", ""),
    ]


@pytest.mark.parametrize(
    "tables", [_TABLES, {}, {"users": {}}, {"a": {}, "b": {"1": {}}, "c": {}}, {'"é:{': {"1": {}}}]
)
def test_any_json_reader_reads_what_is_written(tables):
    assert _without_head(_bytes(tables)) == tables


def test_plain_tinydb_reads_what_is_written(tmp_path):
    path = tmp_path / "users.json"
    path.write_bytes(_bytes(_TABLES))
    with TinyDB(path, encoding="utf-8") as db:
        assert db.tables() == {"_meta", "notes", "users"}
        assert {one.doc_id: dict(one) for one in db.table("users")} == {
            int(number): document for number, document in _TABLES["users"].items()
        }


def test_names_beyond_ascii_are_written_as_themselves():
    assert "Zoë".encode() in _bytes(_TABLES)


def test_writing_says_how_far_it_is():
    told = []
    tables = {"a": _many(1), "users": _many(2500)}
    written(tables, io.BytesIO(), _HEAD, lambda *tick: told.append(tick))
    assert told == [(Phase.SAVING, done, 2501) for done in (1, 1001, 2001, 2501)]


# Reading it back


@pytest.mark.parametrize(
    "value",
    [
        *("", "Zoë", "\U0001f600", '"', "\\", '\\"', ":{", '":{', "}", "},", "\n", "\r\n", "\x00"),
        *("\x1b[2J", "\u2028", "\x85", "\ufeff", "\ufffd", "\ud800", "a\udfffb", "null"),
        *(None, True, 0, -1, 2**53 + 1, 2**63, 1.5, 1e300, [], {}, [{"a": [1]}], {"": {"1": {}}}),
        *(2**64 + 1, -(2**70) - 1, 10**400),
    ],
    ids=ascii,
)
def test_any_value_is_read_back_as_it_was_written(value):
    tables = {"users": {"1": {"first": value}, "2": {"second": value}}}
    assert _read(_bytes(tables)) == tables


@pytest.mark.parametrize("name", ["", "é", '"', "}", ":{", "users ", "\n", "\x00", "a\ud800b"])
def test_any_name_of_a_table_or_a_key_is_read_back(name):
    tables = {name: {"1": {name: "x"}}, "users": {"1": {}}}
    assert _read(_bytes(tables)) == tables


@pytest.mark.parametrize("tables", [_TABLES, {"users": {}}, {"a": {}, "users": {"1": {}}, "z": {}}])
def test_tables_are_read_back_in_order_even_empty_ones(tables):
    found = _read(_bytes(tables))
    assert found == tables
    assert list(found) == list(tables)


@pytest.mark.parametrize("batch", [1, 7, 64, 65, 66, 1000, 4096])
def test_documents_are_read_back_wherever_a_batch_ends(monkeypatch, batch):
    monkeypatch.setattr(snapshot, "_BATCH", batch)
    tables = {"a": {"1": {}}, "users": _many(60), "notes": _many(3)}
    found = _read(_bytes(tables))
    assert found == tables
    assert list(found["users"]) == list(tables["users"])


def test_many_documents_come_in_parts():
    parts = list(Reading(io.BytesIO(_bytes({"users": _many(1500)}))).parts())
    assert len(parts) > 1
    assert {name for name, _ in parts} == {"users"}
    assert merged(parts) == {"users": _many(1500)}


def test_reading_says_how_far_it_is_and_can_be_cancelled():
    data = _bytes({"users": _many(1500)})
    told = []
    list(Reading(io.BytesIO(data), lambda *tick: told.append(tick)).parts())
    assert told[-1] == (Phase.OPENING, len(data), len(data))
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)

    def cancels(*_tick) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        list(Reading(io.BytesIO(data), cancels).parts())


# What a file says of itself


@pytest.mark.parametrize("tables", [_TABLES, {}, {"users": {}}, {"users": _many(1500)}])
def test_the_head_holds_length_and_crc_of_all_that_follows_it(tables):
    data = _bytes(tables)
    head = head_in(io.BytesIO(data))
    rest = data.split(b"\n", 3)[3]
    assert head == Head("0f1e2d3c4b5a6978", 7, "aa", 123, len(rest), zlib.crc32(rest))


def test_the_head_is_found_before_anything_is_read():
    file = io.BytesIO(_bytes(_TABLES))
    reading = Reading(file)
    assert reading.head is not None
    assert (reading.head.uid, reading.head.generation) == (_HEAD.uid, 7)
    assert file.tell() == 0


def test_the_head_is_as_long_whatever_stands_in_the_file():
    first, second = (_bytes(tables).split(b"\n", 3)[2] for tables in ({}, {"u": _many(2000)}))
    assert len(first) == len(second)
    assert first != second


def test_a_file_is_as_it_was_written():
    reading = _reading(_bytes(_TABLES))
    assert (reading.is_as_written, reading.was_ours, reading.generation) == (True, True, 7)


def test_the_head_is_no_table_of_the_file():
    assert "_meta" not in _read(_bytes(_TABLES))


@pytest.mark.parametrize("batch", [1, 100, 256 * 1024])
def test_a_change_of_any_byte_behind_the_head_is_noticed(monkeypatch, batch):
    monkeypatch.setattr(snapshot, "_BATCH", batch)
    data = _bytes(_TABLES)
    missed = []
    for at in range(data.index(b"}\n},\n") + 2, len(data)):
        changed = bytearray(data)
        changed[at] ^= 0x01
        try:
            reading = _reading(bytes(changed))
        except NotASnapshot:
            continue
        if reading.is_as_written:
            missed.append(at)
    assert missed == []


@pytest.mark.parametrize("more", [b"\n", b" ", b"}\n", b"\x00"])
def test_what_was_put_behind_the_end_is_noticed(more):
    try:
        assert not _reading(_bytes(_TABLES) + more).is_as_written
    except NotASnapshot as refused:
        assert str(refused)  # noqa: PT017 - either will do


def test_a_file_that_tinydb_wrote_over_ours_was_ours_and_is_not_as_written(tmp_path):
    path = tmp_path / "users.json"
    path.write_bytes(_bytes(_TABLES))
    with TinyDB(path, encoding="utf-8") as db:
        db.table("users").insert({"user_id": "u18"})
    reading = _reading(path.read_bytes())
    assert (reading.is_as_written, reading.was_ours, reading.generation) == (False, True, 7)
    assert reading.head is None


def test_a_file_that_tinydb_wrote_from_the_start_was_never_ours(tmp_path):
    path = tmp_path / "users.json"
    with TinyDB(path) as db:
        db.insert({"n": 1})
    reading = _reading(path.read_bytes())
    assert (reading.is_as_written, reading.was_ours, reading.generation) == (False, False, 0)


@pytest.mark.parametrize("key", ["uid", "generation", "journal", "offset", "length", "crc32"])
def test_a_head_that_lacks_something_is_none(key):
    lines = _bytes(_TABLES).splitlines(keepends=True)
    meta = json.loads(lines[2].removeprefix(b'"1":'))
    del meta[key]
    lines[2] = b'"1":' + json.dumps(meta).encode() + b"\n"
    assert head_in(io.BytesIO(b"".join(lines))) is None
    assert not _reading(b"".join(lines)).is_as_written


@pytest.mark.parametrize(
    "line", [b"\n", b'"1":{}\n', b'"1":[]\n', b'"1":"x"\n', b'"1":' + b"[" * 4000]
)
def test_a_head_that_is_none_is_no_head(line):
    assert head_in(io.BytesIO(b'{\n"_meta":{\n' + line)) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("generation", 2.0**64),
        ("generation", float("inf")),
        ("generation", float("nan")),
        ("generation", -1),
        ("generation", 10**18),
        ("generation", [7]),
        ("offset", -1),
        ("offset", 2**64),
        ("length", -1),
        ("length", "9" * 5000),
        ("crc32", 7),
        ("crc32", "no number"),
        ("uid", "half a character: \ud800"),
        ("journal", "half a character: \ud800"),
    ],
)
def test_a_head_that_could_not_have_been_written_is_none(key, value):
    meta = {"uid": "ab", "generation": 7, "journal": "cd", "offset": 0, "length": 1, "crc32": "0"}
    assert head_of(meta) is not None
    assert head_of({**meta, key: value}) is None


@pytest.mark.parametrize("version", [3, 99, "2", None, 2.5])
def test_a_file_of_a_later_version_is_refused(version):
    lines = _bytes(_TABLES).splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"format":2', b'"format":%b' % json.dumps(version).encode())
    with pytest.raises(LaterVersion):
        head_in(io.BytesIO(b"".join(lines)))
    in_one_piece = json.dumps(json.loads(b"".join(lines))).encode()
    with pytest.raises(LaterVersion):
        _reading(in_one_piece)


# Files of other programs


@pytest.mark.parametrize("options", [{}, {"indent": 2}, {"ensure_ascii": False}, {"indent": 0}])
def test_a_file_that_plain_tinydb_wrote_is_read(tmp_path, options):
    path = tmp_path / "users.json"
    with TinyDB(path, encoding="utf-8", **options) as db:
        for document in _TABLES["users"].values():
            db.table("users").insert(document)
    assert list(_read(path.read_bytes())["users"].values()) == list(_TABLES["users"].values())


def test_half_a_character_in_a_file_of_another_program_is_read():
    data = rb'{"users": {"1": {"first_name": "a\ud800b"}}}'
    assert _read(data) == {"users": {"1": {"first_name": "a\ud800b"}}}


@pytest.mark.parametrize("data", [b"", b"\n", b"{}", b"{}\n", b"{\n}\n"])
def test_a_file_without_tables_holds_nothing(data):
    assert _read(data) == {}


@pytest.mark.parametrize(
    "data",
    [
        *(b"x", b"{", b"[]", b"null", b"1", b'"users"', b'{"users": []}', b'{"users": {"1": 1}}'),
        *(b'{"users": {"x": {}}}', b'{"users": {"": {}}}', b'{"users": {"-1": {}}}'),
        *(b'{"users": {"1": {}}', b'{"users": {"1": {}}}}', b'{"u": {"1": {"a": "\xff"}}}'),
        *(b"\x00" * 100, b"\x89PNG\r\n\x1a\n", b"First Name,Last Name\r\n", b"[" * 100_000),
        *(b"{\n", b"{\nx\n}\n", b'{\n"users":{\n"1":{}\n', b'{\n"1":{"a":1}\n}\n'),
        *(b'{\n"users":{\n"1":{\n}\n}\n', b'{\n"users":{\n"1":1\n}\n}\n', b'{\n"u:{\n}\n}\n'),
        *(b'{\n"users":{\n"x":{}\n}\n}\n', b'{\n"users":{\n"1":{"a":"\xff"}\n}\n}\n'),
        b'{\n"users":{\n"1":{"a":' + b"[" * 100_000 + b"}\n}\n}\n",
        b'{\n"users":{\n"1":{"a":' + b"[" * 2000 + b"]" * 2000 + b"}\n}\n}\n",
    ],
    ids=lambda data: ascii(data[:40]),
)
def test_what_is_not_tinydbs_json_is_refused(data):
    with pytest.raises(NotASnapshot) as refused:
        _read(data)
    assert str(refused.value)


@pytest.mark.parametrize("batch", [1, 100, 256 * 1024])
def test_a_file_cut_off_anywhere_is_refused(monkeypatch, batch):
    monkeypatch.setattr(snapshot, "_BATCH", batch)
    data = _bytes(_TABLES)
    read = []
    for end in range(1, len(data) - 1):
        try:
            _read(data[:end])
        except NotASnapshot:
            continue
        read.append(data[end:])
    assert read == []


@pytest.mark.parametrize(
    ("line", "bad"),
    [
        *((7, b"x\n"), (7, b'"2":{"a":\n'), (7, b'"2":{}}\n'), (7, b"\x00" * 20 + b"\n")),
        *((9, b'"4":\xff{}\n'), (5, b'"users:{\n'), (10, b"]\n"), (7, b'"2":{"a":"b}},\n')),
        *((2, b'"_meta:{\n'), (3, b'"1":{"format":\n'), (4, b"}}\n")),
    ],
)
@pytest.mark.parametrize("batch", [1, 256 * 1024])
def test_a_broken_line_is_named(monkeypatch, batch, line, bad):
    monkeypatch.setattr(snapshot, "_BATCH", batch)
    lines = _bytes({"users": _many(4)}).splitlines(keepends=True)
    lines[line - 1] = bad
    with pytest.raises(NotASnapshot, match=rf"\bline {line}\b"):
        _read(b"".join(lines))


def test_a_broken_line_far_down_is_named():
    lines = _bytes({"users": _many(3000)}).splitlines(keepends=True)
    lines[2500] = lines[2500][:-5] + b"\n"
    with pytest.raises(NotASnapshot, match=r"\bline 2501\b"):
        _read(b"".join(lines))


def test_a_broken_line_in_a_file_of_tinydb_is_named():
    with pytest.raises(NotASnapshot, match=r"line 2, column 3\b"):
        _read(b'{"users":\n  x}')


def test_random_damage_is_refused_or_read_and_nothing_else():
    chance = random.Random(7)  # noqa: S311 - the same damage each time
    data = _bytes(_TABLES)
    for _ in range(2000):
        damaged = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(len(damaged))
            damaged[at : at + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        try:
            tables = _read(bytes(damaged))
        except NotASnapshot:
            continue
        assert all(
            isinstance(document, dict) for table in tables.values() for document in table.values()
        )
