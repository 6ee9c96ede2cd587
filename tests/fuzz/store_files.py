"""The files of a real store, what its transactions made of its users, and what may happen to it."""

import json
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zlib import crc32

from hypothesis import strategies as st
from tinydb import TinyDB

from qm_tui.store.frames import framed
from qm_tui.store.storage import JournalStorage
from qm_tui.store.tinydb_store import open_store
from qm_tui.users.fields import User
from tests.helpers import ANNA, user
from tests.store.small_parts import small_parts

NAME: Final = "users.json"

Users = Mapping[str, User]


class RealStore:
    """A store, as it is on the disk.

    Args:
        files: each file's bytes, by its path below the store's folder.
        states: the users after each transaction, from the empty store on.
    """

    def __init__(self, files: dict[str, bytes], states: list[dict[str, User]]) -> None:
        self.files = files
        self.states = states

    def put(self, folder: Path, changed: Mapping[str, bytes]) -> Path:
        """Make a folder that holds the store with some of its files changed, and nothing else.

        Returns:
            The path of the store.
        """
        shutil.rmtree(folder, ignore_errors=True)
        for name, data in {**self.files, **changed}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / NAME


def real_store(folder: Path) -> RealStore:
    """Make a store that has all that a store may have."""
    path = folder / NAME
    states: list[dict[str, User]] = [{}]

    def commit(changes: dict[str, User | None]) -> None:
        store = open_store(path)
        with store.transaction("edit") as transaction:
            states.append(dict(transaction.commit(changes).users))

    def checkpoint() -> None:
        store = open_store(path)
        store.load()
        store.checkpoint()

    newcomers = [user(name) for name in ("bo", "cy", "dora", "emil", "fay")]
    with small_parts(2):
        commit({ANNA.user_id: ANNA})
        checkpoint()
        commit({one.user_id: one for one in newcomers})
        checkpoint()
        commit({"u-bo": newcomers[0]._replace(location="Zürich")})
        with TinyDB(path, storage=JournalStorage) as db:
            db.table("notes").insert({"text": "call\ud800 back", "number": 2**70})
        states.append(states[-1])
        commit({"u-cy": None})
        commit({one.user_id: one._replace(department="Support") for one in newcomers[2:]})
        commit({"u-gus": user("gus")})
    files = {
        str(one.relative_to(folder)): one.read_bytes()
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }
    return RealStore(files, states)


# What may happen to bytes that nobody sealed

_junk = st.binary(max_size=6) | st.sampled_from([b"\n", b"\0" * 600, b"{}", b"}\n", b"\xff", b'"'])


@dataclass(frozen=True)
class Damage:
    """What a disk, or somebody without care, does to the bytes of a file.

    Attributes:
        how: what is done.
        first: where, as a part of the whole.
        second: up to where.
        junk: what gets in.
        bit: the bit that flips.
    """

    how: str
    first: float
    second: float
    junk: bytes = b""
    bit: int = 0

    def __call__(self, data: bytes) -> bytes:
        """The bytes afterwards."""
        first, second = sorted((self.first, self.second))
        at, to = int(first * len(data)), int(second * len(data))
        lines = data.splitlines(keepends=True) or [b""]
        one, other = int(first * (len(lines) - 1)), int(second * (len(lines) - 1))
        if self.how == "cut":
            return data[:at]
        if self.how == "lose":
            return data[:at] + data[to:]
        if self.how == "flip" and at < len(data):
            return data[:at] + bytes([data[at] ^ (1 << self.bit)]) + data[at + 1 :]
        if self.how == "insert":
            return data[:at] + self.junk + data[at:]
        if self.how == "zero":
            return data[:at] + bytes(to - at) + data[to:]
        if self.how == "double":
            lines.insert(other, lines[one])
        if self.how == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        return b"".join(lines)


_ways = st.sampled_from(["cut", "lose", "flip", "insert", "zero", "double", "swap"])
damages = st.builds(Damage, _ways, st.floats(0, 1), st.floats(0, 1), _junk, st.integers(0, 7))


# What a program with ill will, or of another version, may write

_DEEP: Final = "deep"
"""Stands for lists in lists, which nobody wants to read where a test fails."""

_odd = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**80), 2**80),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(
        [
            *([], {}, [[]], {"": {}}, "users", "_meta", "+", "~", "-", "u-bo", "9999", "-1", "1"),
            *(10**400, float("inf"), "x" * 5000, "\ud800", "\x1b[2J\u202e", "1" * 5000, "0"),
            *("2026-11-25", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1900"),
        ]
    ),
    st.just(_DEEP),
)


@dataclass(frozen=True)
class Forgery:
    """Other JSON than was written, sealed as if it had been.

    Attributes:
        where: the line, as a part of all lines.
        inside: what in its JSON, from the outermost on.
        how: what is done to it.
        odd: what is put there.
    """

    where: float
    inside: tuple[int, ...]
    how: str
    odd: Any

    def __call__(self, data: bytes) -> bytes:
        """The bytes afterwards."""
        lines = data.splitlines(keepends=True)
        if not lines:
            return data
        at = int(self.where * (len(lines) - 1))
        lines[at] = self._forged(lines[at])
        return _sealed(b"".join(lines))

    def _forged(self, line: bytes) -> bytes:
        with suppress(ValueError, RecursionError):  # it was damaged before
            if frame := _FRAME.fullmatch(line):
                said = self._altered(json.loads(frame[1]), self.inside)
                return framed(_json(said))
            if document := _DOCUMENT.fullmatch(line):
                said = self._altered(json.loads(document[2]), self.inside)
                return document[1] + _json(said) + document[3]
        return line

    def _altered(self, said: Any, inside: tuple[int, ...]) -> Any:
        """The JSON with one thing in it otherwise."""
        at, *deeper = inside
        if not isinstance(said, dict | list) or not said:
            return self.odd
        places = list(said) if isinstance(said, dict) else list(range(len(said)))
        place = places[at % len(places)]
        if deeper and isinstance(said[place], dict | list):
            said[place] = self._altered(said[place], tuple(deeper))
        elif self.how == "set":
            said[place] = self.odd
        elif self.how == "remove":
            del said[place]
        elif isinstance(said, list):
            said.append(self.odd if self.how == "add" else said[place])
        else:
            said[str(self.odd)[:40] if self.how == "add" else f"{place} "] = said[place]
        return said


def _json(said: Any) -> bytes:
    text = json.dumps(said, separators=(",", ":"))
    return text.replace(f'"{_DEEP}"', "[" * 5000 + "]" * 5000).encode()


_insides = st.lists(st.integers(0, 30), min_size=1, max_size=5).map(tuple)
forgeries = st.builds(
    Forgery, st.floats(0, 1), _insides, st.sampled_from(["set", "remove", "add", "again"]), _odd
)

_FRAME = re.compile(rb"[0-9a-f]{8} [0-9a-f]{8} (\{.*\})\n", re.DOTALL)
_DOCUMENT = re.compile(rb'("[^"]*":)(\{.*\})(,?\n)', re.DOTALL)


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _sealed(data: bytes) -> bytes:
    """A snapshot whose length and CRC fit again; other files as they are."""
    start, head, rest = (data.split(b"\n", 3) + [b""] * 3)[1:4]
    found = _DOCUMENT.fullmatch(head + b"\n")
    if not data.startswith(b'{\n"_meta"') or start != b'"_meta":{' or found is None:
        return data
    said = json.loads(found[2]) if _is_json(found[2]) else None
    if not isinstance(said, dict) or not {"length", "crc32"} <= set(said):
        return data
    said |= {"length": f"{len(rest):016}", "crc32": f"{crc32(rest):08x}"}
    return b'{\n"_meta":{\n' + found[1] + json.dumps(said).encode() + b"\n" + rest
