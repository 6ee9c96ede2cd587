"""The files of a real store, its earlier states, and mutations of its files."""

import json
import re
import shutil
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from zlib import crc32

import pytest
from hypothesis import strategies as st

from qm_tui.store import open_store
from qm_tui.store.interface import RetentionPolicy
from qm_tui.store.tinydb import entries
from qm_tui.users.fields import User
from tests.helpers import ANNA, EDIT, user, users_of

NAME: Final = "users.json"
LOCK: Final = "users.lock"

Users = Mapping[str, User]
Files = Mapping[str, bytes]


class RealStore:
    """A store on the disk.

    Args:
        files: the contents of the files, by name.
        states: the users after each transaction, from the empty store on.
    """

    def __init__(self, files: Files, states: list[dict[str, User]]) -> None:
        self.files = files
        self.states = states

    @property
    def logs(self) -> list[str]:
        """The file names of the segments of the log, oldest first."""
        return sorted(name for name in self.files if name.startswith("users.log"))

    def write(self, folder: Path, changed: Files) -> Path:
        """Create a folder with only the store, with some of its files changed.

        Returns:
            The path of the store.
        """
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(0o700, parents=True)
        for name, data in {**self.files, **changed}.items():
            (folder / name).write_bytes(data)
        return folder / NAME


def real_store(folder: Path) -> RealStore:
    """Create a store with all kinds of contents.

    Its snapshot is two transactions behind the log, as after the kill of a program.
    """
    path = folder / NAME
    states: list[dict[str, User]] = [{}]
    small = RetentionPolicy(segment_bytes=3000, segment_ratio=0)

    def commit(changes: dict[str, User | None]) -> None:
        opened = open_store(path, retention=small)
        with closing(opened) as store, store.transaction(EDIT) as transaction:
            states.append(users_of(transaction.commit(changes)))

    newcomers = [user(name) for name in ("bo", "cy", "dora", "emil", "fay")]
    document = {**ANNA._asdict(), "note": ["call\ud800 back", 2**70]}
    path.write_text(json.dumps({"users": {"7": document}, "notes": {"1": {"text": "buy milk"}}}))
    states.append({ANNA.user_id: ANNA})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(entries, "ROWS_IN_A_PART", 2)
        commit({one.user_id: one for one in newcomers})
        commit({"u-bo": newcomers[0]._replace(location="Zürich")})
        commit({"u-cy": None})
        kept = path.read_bytes()
        commit({one.user_id: one._replace(department="Support") for one in newcomers[2:]})
        commit({"u-gus": user("gus")})
    files = {one.name: one.read_bytes() for one in sorted(folder.iterdir())}
    return RealStore({**files, NAME: kept}, states)


# Files of malicious programs, or of other versions

_DEEP: Final = "deep"
"""A placeholder for nested lists, which would be unreadable in the output of a test."""

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
    """A forged JSON value; `sealed` makes all checksums valid again.

    Attributes:
        position: the line, as a fraction of all lines.
        inside: the path of the value in its JSON, from the outermost on.
        how: the kind of change.
        odd: the new value.
    """

    position: float
    inside: tuple[int, ...]
    how: str
    odd: Any

    def __call__(self, data: bytes) -> bytes:
        """Return the changed bytes."""
        lines = data.splitlines(keepends=True)
        if not lines:
            return data
        at = int(self.position * (len(lines) - 1))
        lines[at] = self._forged(lines[at])
        return b"".join(lines)

    def _forged(self, line: bytes) -> bytes:
        for form in (_ENTRY, _DOCUMENT, _NOTE):
            found = form.fullmatch(line)
            if found is not None:
                with suppress(ValueError, RecursionError):  # it was forged before
                    said = self._altered(json.loads(found["json"]), self.inside)
                    begin, end = found.span("json")
                    return line[:begin] + _json(said) + line[end:]
        return line

    def _altered(self, value: Any, inside: tuple[int, ...]) -> Any:
        """Return the JSON with one changed value."""
        at, *deeper = inside
        if not isinstance(value, dict | list) or not value:
            return self.odd
        places = list(value) if isinstance(value, dict) else list(range(len(value)))
        place = places[at % len(places)]
        if deeper and isinstance(value[place], dict | list):
            value[place] = self._altered(value[place], tuple(deeper))
        elif self.how == "set":
            value[place] = self.odd
        elif self.how == "remove":
            del value[place]
        elif isinstance(value, list):
            value.append(self.odd if self.how == "add" else value[place])
        else:
            value[str(self.odd)[:40] if self.how == "add" else f"{place} "] = value[place]
        return value


def _json(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"))
    return text.replace(f'"{_DEEP}"', "[" * 5000 + "]" * 5000).encode()


_insides = st.lists(st.integers(0, 30), min_size=1, max_size=5).map(tuple)
forgeries = st.builds(
    Forgery, st.floats(0, 1), _insides, st.sampled_from(["set", "remove", "add", "again"]), _odd
)

_ENTRY = re.compile(rb"(?P<json>\{.*\}) [0-9a-f]{16}\n", re.DOTALL)
_DOCUMENT = re.compile(rb'"[^"]*":(?P<json>\{.*\}),?\n', re.DOTALL)
_NOTE = re.compile(rb"[0-9a-f]{8} (?P<json>\{.*\}) *", re.DOTALL)
_CHECKSUM = re.compile(rb'"checksum":"([0-9a-f]{16})"')


def sealed(before: RealStore, files: Files) -> dict[str, bytes]:
    """Return forged files with valid checksums and positions in the log.

    Args:
        before: the original store.
        files: all its files, forged.
    """
    made, chain = dict(files), entries.START
    places: dict[bytes, bytes] = {}
    for number, name in enumerate(before.logs, start=1):
        lines: list[bytes] = []
        for given in files[name].splitlines(keepends=True):
            payload = given[:-18]
            if not lines:
                payload, chain = _header(payload, number, chain)
            line, chain = entries.line_of(chain, payload)
            lines.append(line)
        made[name] = b"".join(lines)
        end = old_end = 0
        for old, new in zip(before.files[name].splitlines(keepends=True), lines, strict=True):
            old_end, end = old_end + len(old), end + len(new)
            for comma in (b",", b", "):
                was, now = (
                    comma.join((str(number).encode(), str(at).encode(), b'"%b"' % line[-17:-1]))
                    for at, line in ((old_end, old), (end, new))
                )
                places[was] = now
    for name in (NAME, LOCK):
        for was, now in places.items():
            made[name] = made[name].replace(b"[" + was, b"[" + now)
    made[NAME] = _sealed_snapshot(made[NAME])
    note = made[LOCK][9:].rstrip()
    made[LOCK] = (b"%08x %b" % (crc32(note), note)).ljust(512)
    return made


def _header(payload: bytes, number: int, chain: str) -> tuple[bytes, str]:
    """Return the first payload of a segment, and the chain value before it."""
    with suppress(ValueError, RecursionError):
        found = json.loads(payload)
        if isinstance(found, dict) and isinstance(found.get("chain"), str):
            if number > 1:
                found["chain"] = chain
                return _json(found), chain
            with suppress(UnicodeEncodeError):
                found["chain"].encode("ascii")
                return payload, found["chain"]
    return payload, chain


def _sealed_snapshot(data: bytes) -> bytes:
    found = list(_CHECKSUM.finditer(data))
    if not found:
        return data
    before, after = data[: found[-1].start(1)], data[found[-1].end(1) :]
    return before + sha256(before + after).hexdigest()[:16].encode() + after
