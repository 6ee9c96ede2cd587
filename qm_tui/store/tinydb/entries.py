"""Entries of the transaction log: what they contain, and the chain of checksums that connects them.

An entry is a line: JSON, a blank, and a checksum of 16 hexadecimal digits over the JSON and the
checksum of the entry before. So a checksum, the chain value, covers the whole log up to there.
The first member of the JSON tells what an entry is:

    {"segment":2,"format":3,"first":43,...}            begins a segment
    {"base":"users","users":[...]}                     what the store held when it began
    {"number":43,"time":"...",...,"users":[...]}       a transaction
    {"part":1,"number":44,"users":[...]}               a part of a large one, before its entry
    {"closed":3}                                       the log goes on in this segment

Users are in rows:

    ["+",17,["Anna", ... all values]]                       added as TinyDB's document 17
    ["~","u7kqm2xw4zp3",{"location":["Oslo","Bergen"]}]     changed from Oslo to Bergen
    ["-",9,["Tom", ... all values]]                         deleted

A fourth member, as JSON in a text, has the members of other programs in the document; of `~`, after
it. A checksum shows that an entry is unchanged, not that this program wrote it: so rows are
validated when they are used.
"""

import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from qm_tui.store.interface import Action, TransactionKind, TransactionSummary, UserChange
from qm_tui.users.fields import FIELD, KEYS

ADDED: Final = "+"
CHANGED: Final = "~"
DELETED: Final = "-"

ROWS_IN_A_PART: Final = 500
"""Rows of a transaction, above which it is written in parts."""

PART: Final = b'{"part":'
NUMBER: Final = re.compile(rb'\{(?:"part":\d+,)?"number":(\d{1,15})[,}]')
"""Finds the number in the entry of a transaction, or in a part of one."""

START: Final = "0" * 16
"""The chain value before the first entry of the log."""

MAX_NUMBER: Final = 10**15
"""Numbers of transactions and document IDs are smaller."""

LAST_ID: Final = MAX_NUMBER - MAX_NUMBER // 10
"""The largest document ID that another program may give: there must be room for new ones."""

_CHAIN_LENGTH: Final = len(START) + 1
_SUCCESSION: Final = re.compile(
    rb' ([0-9a-f]{16})\n(?=(\{"(?!part")[^\n]*) ([0-9a-f]{16})\n)'  # in one call: 2 MB may follow
)
_BLOCK: Final = 256 * 1024
_USER_ID: Final = FIELD["user_id"].index

Row = list[Any]


class FilesUnusable(Exception):
    """The files cannot be used as they are.

    Args:
        reason: why, without a full stop.
        fix: what to do, as a sentence.
    """

    fix = "Restore all files of one backup, or run qm-tui recover."

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(reason)
        self.fix = fix or self.fix


class CorruptEntry(FilesUnusable):
    """An entry that was acknowledged cannot be read.

    Args:
        name: the file.
        offset: the byte at which the entry begins.
    """

    def __init__(self, name: str, offset: int) -> None:
        super().__init__(f"{name} is damaged at byte {offset:,}")
        self.offset = offset


class VersionMismatch(FilesUnusable):
    """Another version of this program wrote the store."""

    fix = "Use that version, for example to export its users."


class LogEntry(NamedTuple):
    """An entry that was read.

    Attributes:
        payload: its JSON; empty if it is corrupt.
        start: the byte of the segment at which it begins.
        end: the byte at which the next one begins.
        chain: its checksum.
    """

    payload: bytes
    start: int
    end: int
    chain: str

    @property
    def is_part(self) -> bool:
        """Whether it is a part of a transaction whose entry must follow."""
        return self.payload.startswith(PART)


def line_of(chain: str, payload: bytes) -> tuple[bytes, str]:
    """Return the line of an entry that follows a chain value, and its own chain value."""
    value = _checksum(chain, payload)
    return b"%b %b\n" % (payload, value.encode("ascii")), value


def _checksum(chain: str, payload: bytes) -> str:
    # a damaged chain value may hold anything
    return sha256(chain.encode("utf-8", "replace") + payload).hexdigest()[: len(START)]


def read_entries(
    descriptor: int, start: int, end: int, chain: str, *, skip_corrupt: bool = False
) -> Iterator[LogEntry]:
    """Yield the entries between two bytes of a segment, up to the first that does not fit.

    Args:
        descriptor: the segment.
        start: the first byte.
        end: the byte behind the last.
        chain: the chain value at the first byte.
        skip_corrupt: whether to go on after a corrupt entry, which is yielded without its payload.

    Raises:
        CorruptEntry: an entry does not fit, but a transaction behind it does: it had been synced.
        OSError: the segment cannot be read.
    """
    lines, other = _lines(descriptor, start, end), ""
    for offset, line in lines:
        payload, recorded = line[:-_CHAIN_LENGTH], line[-_CHAIN_LENGTH:]
        value = expected = _checksum(chain, payload)
        if other and recorded != b" " + value.encode("ascii"):
            value = _checksum(other, payload)  # if only the checksum before is damaged
        was_corrupt, other = bool(other), ""
        if recorded != b" " + value.encode("ascii"):
            if not skip_corrupt:
                if _has_successor(descriptor, offset, end):
                    raise CorruptEntry("", offset)
                return
            is_entry = was_corrupt or line.startswith(b"{")
            if not is_entry and not _has_successor(descriptor, offset, end):
                yield LogEntry(b"", offset, end, "")  # megabytes of anything may follow
                return
            payload, value, other = b"", _recorded(line), expected
        yield LogEntry(payload, offset, offset + len(line) + 1, value)
        chain = value


def _recorded(line: bytes) -> str:
    return line[1 - _CHAIN_LENGTH :].decode("ascii", "replace")


def _has_successor(descriptor: int, offset: int, end: int) -> bool:
    """Whether a transaction follows whose checksum fits the line before it, as it is recorded."""
    rest = b""
    while offset < end and (block := os.pread(descriptor, min(16 * _BLOCK, end - offset), offset)):
        offset, rest = offset + len(block), rest + block
        for chain, payload, value in _SUCCESSION.findall(rest):
            if _checksum(chain.decode(), payload) == value.decode():
                return True
        rest = rest[max(0, rest.rfind(b"\n") + 1 - _CHAIN_LENGTH - 1) :]
    return False


def _lines(descriptor: int, start: int, end: int) -> Iterator[tuple[int, bytes]]:
    """Yield the whole lines between two bytes of a file, and where they begin."""
    begin = offset = start
    pending: list[bytes] = []
    while offset < end and (block := os.pread(descriptor, min(_BLOCK, end - offset), offset)):
        offset += len(block)
        first, *others = block.split(b"\n")
        pending.append(first)
        for other in others:
            line = b"".join(pending)
            yield begin, line
            begin += len(line) + 1
            pending = [other]


def encode(value: object) -> bytes:
    """Return a value as JSON.

    Raises:
        TypeError: it has no form in JSON.
        ValueError: it holds an infinite number, or is nested too deep.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        # half surrogate pairs and whole numbers beyond 64 bits, in documents of other programs
        try:
            return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def decode(payload: bytes) -> dict[str, Any]:
    """Return the JSON of an entry.

    Raises:
        ValueError: it is none.
    """
    try:
        found = orjson.loads(payload)
    except ValueError:
        try:
            found = json.loads(payload)  # half surrogate pairs
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it is not an entry")
    return found


def encode_summary(summary: TransactionSummary) -> dict[str, Any]:
    """Return a summary as JSON."""
    action = summary.action
    return {
        "number": summary.number,
        "time": summary.time.isoformat(),
        "login": summary.login,
        "address": summary.address,
        "kind": action.kind.value,
        "subject": action.subject,
        "details": action.details,
        "digest": action.digest,
        "added": summary.added,
        "changed": summary.changed,
        "deleted": summary.deleted,
        "token": action.token,
    }


def decode_summary(value: object) -> TransactionSummary:
    """Return the summary in an entry.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(value, Mapping):
        raise ValueError("there is no summary")
    names = ("login", "address", "subject", "details", "digest", "token")
    texts = [value.get(name) for name in names]
    numbers = [value.get(key) for key in ("number", "added", "changed", "deleted")]
    time = datetime.fromisoformat(str(value.get("time")))
    if time.tzinfo is None or not 1000 < time.year < 9000:
        raise ValueError("it has no time")
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("a text is missing")
    if not all(type(number) is int and 0 <= number < MAX_NUMBER for number in numbers):
        raise ValueError("a number is missing")
    login, address, *about = map(str, texts)
    number, added, changed, deleted = (int(one or 0) for one in numbers)
    action = Action(TransactionKind(str(value.get("kind"))), *about)
    return TransactionSummary(number, time, login, address, action, added, changed, deleted)


def payloads(
    rows: Iterable[Row],
    number: int,
    summary: Callable[[], TransactionSummary],
    most: int,
    tables: str = "",
) -> Iterator[bytes]:
    """Yield the payloads of a transaction: parts, if it is a large one, then its entry.

    Args:
        rows: what it does to each user; made while they are written.
        number: its number.
        summary: called for its summary, once all rows were made.
        most: the number of rows at most.
        tables: the tables of other programs, as JSON.
    """
    rest, own, parts = iter(rows), [], 0
    if most <= ROWS_IN_A_PART:
        own = list(rest)
    else:
        while batch := list(islice(rest, ROWS_IN_A_PART)):
            parts += 1
            yield encode({"part": parts, "number": number, "users": batch})
    foreign = {"tables": tables} if tables else {}
    yield encode(
        encode_summary(summary()) | foreign | ({"parts": parts} if parts else {"users": own})
    )


def padded(values: list[str]) -> list[str]:
    """Return the values of a user, with empty values for fields added since they were written."""
    return [*values, *[""] * (len(KEYS) - len(values))]


def row_user_id(row: Row) -> str:
    """Return the User ID of the user that a row changes.

    Raises:
        ValueError: it is not a row.
    """
    try:
        sign, subject, values, *_ = row
        return str(subject if sign == CHANGED else values[_USER_ID])
    except (TypeError, LookupError) as error:
        raise ValueError("a change of a user cannot be read") from error


def user_change(row: Row) -> UserChange:
    """Return the change of a user that a row records.

    Raises:
        ValueError: it is not a row. The text holds no value of a user.
    """
    try:
        sign, _, values, *_ = row
        user_id = row_user_id(row)
        if sign == CHANGED:
            before, after = ({key: pair[at] for key, pair in values.items()} for at in (0, 1))
            "".join([*before.values(), *after.values()])  # fails on anything but text
            if before.keys() <= FIELD.keys():
                return UserChange(user_id, before, after)
        elif sign in (ADDED, DELETED):
            "".join(values)
            whole = dict(zip(KEYS, padded(values), strict=True))
            is_new = sign == ADDED
            return UserChange(user_id, None if is_new else whole, whole if is_new else None)
    except (TypeError, ValueError, AttributeError, LookupError):
        pass
    raise ValueError("a change of a user cannot be read")
