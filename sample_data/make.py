"""Generate the sample files: `python sample_data/make.py`.

They are reproducible and contain invented users: valid ones, a file as the German Excel saves it,
and a file with all kinds of errors.
"""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from qm_tui.users.fields import FIELDS, MAX_VALUE, Kind, User
from sample_data.generate import users, write

Broken = tuple[str, dict[str, str]]
"""The error of a record, and the values that cause it."""

_MISSING: Final[list[Broken]] = [
    ("No First Name", {"first_name": "", "last_name": "No First Name"}),
    ("No Last Name", {"first_name": "No Last Name", "last_name": ""}),
    *(
        (f"No {field.header}", {field.key: ""})
        for field in FIELDS
        if field.required and field.key not in ("first_name", "last_name")
    ),
]
_VALUES: Final[list[Broken]] = [
    ("Bad Licenses: both assigned", {"unlimited_license": "1", "on_demand_license": "1"}),
    ("Bad Licenses: none assigned", {"unlimited_license": "0", "on_demand_license": "0"}),
    ("Bad Phone IP", {"phone_ip": "10.20.30.256"}),
    ("Bad Secondary Phone IP", {"secondary_phone_ip": "00:1B:54:0G:11:22"}),
    ("Bad Recording Service", {"recording_service": "recorder no. 1"}),
    ("Bad Windows Login", {"windows_login": "CORP/dana.reed"}),
    ("Bad SIP URI", {"sip_uri": "dana.reed@example.com"}),
    ("Bad Agent ID: holds a BEL", {"agent_id": "A\a1234"}),
    ("Bad Location: holds a line break", {"location": "Chicago\r\nIllinois"}),
    ("Bad Department: too long", {"department": "x" * (MAX_VALUE + 1)}),
]
_FLAGS: Final[list[Broken]] = [
    (f"Bad {field.header}", {field.key: "yes"}) for field in FIELDS if field.kind is Kind.FLAG
]
_TOGETHER: Final[list[Broken]] = [
    ("Good User Name", {"user_name": "dana.reed"}),
    ("Same User Name", {"user_name": "Dana.REED"}),
    ("Good User ID: new to an empty store only", {"user_id": "u7hc4rz8pn5e"}),
    ("Same User ID", {"user_id": "u7hc4rz8pn5e"}),
    ("Unknown User ID: new to an empty store only", {"user_id": "uk3v9qmdt2xw"}),
]
_UNREADABLE: Final = [
    (f"Bad Record: {len(FIELDS) + 1} values", b"\r\n", b",one too many\r\n"),
    ("Bad Quote: text after it", b"Quote", b'"Quote"'),
    ("Bad NUL", b"NUL", b"NUL\x00"),
    ("Bad Bytes: not UTF-8", b"Bytes", b"B\xfctes"),
    ("Bad Quote: never closed", b"Quote", b'"Quote'),
]
"""The error of a record, and the bytes to replace and their replacement that cause it."""

_NOTHING: Final = b"\r\n" + b"," * (len(FIELDS) - 1) + b"\r\n \t\r\n"
_UMLAUTS: Final = frozenset("äöüÄÖÜß")


def samples() -> dict[str, bytes]:
    """Return the sample files by name. Each user is in one of them only."""
    everyone = users(1000)
    return {
        "users.csv": _file(islice(everyone, 250)),
        "users-no-header.csv": _file(islice(everyone, 40), header=False),
        "users-excel-de.csv": _as_german_excel(islice(filter(_is_western, everyone), 60)),
        "users-with-errors.csv": b"".join(_with_errors(everyone)),
    }


def make(folder: Path) -> None:
    """Write the sample files to a folder, and replace existing ones."""
    for name, content in samples().items():
        (folder / name).write_bytes(content)


def _text(people: Iterable[User], *, header: bool = True, delimiter: str = ",") -> str:
    text = io.StringIO(newline="")
    write(people, text, header=header, delimiter=delimiter)
    return text.getvalue()


def _file(people: Iterable[User], *, header: bool = True) -> bytes:
    return _text(people, header=header).encode()


def _is_western(user: User) -> bool:
    """Return whether a user can be encoded in Windows-1252."""
    try:
        "".join(user).encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _has_no_umlaut(user: User) -> bool:
    return _UMLAUTS.isdisjoint(user.first_name + user.last_name)


def _as_german_excel(people: Iterable[User]) -> bytes:
    """Return a file as the German Excel saves it.

    It has semicolons, the encoding Windows-1252, and umlauts in the first records. Every third
    record ends before its last empty cells.
    """
    rows = _text(sorted(people, key=_has_no_umlaut), delimiter=";").split("\r\n")
    rows[::3] = [row.rstrip(";") for row in rows[::3]]
    return "\r\n".join(rows).encode("cp1252")


def _with_errors(everyone: Iterator[User]) -> Iterator[bytes]:
    """Yield the parts of a file that violates every rule, with valid records in between."""
    good = islice(everyone, 6)
    # a quote in another record would hide the unclosed quote
    plain = (user for user in everyone if b'"' not in _file([user], header=False))
    yield _file([next(good)])
    yield from _broken(_MISSING, plain)
    yield _file([next(good)], header=False) + _NOTHING
    yield from _broken(_VALUES, plain)
    yield _file([next(good)], header=False)
    for label, old, new in _UNREADABLE:
        yield _file([_named(next(plain), label)], header=False).replace(old, new, 1)
    yield _file([next(good)], header=False)
    yield from _broken(_TOGETHER, plain)
    yield _NOTHING + _file([next(good)], header=False)
    yield from _broken(_FLAGS, plain)
    yield _file([next(good)], header=False)


def _broken(table: list[Broken], plain: Iterator[User]) -> Iterator[bytes]:
    """Yield users with one error each, which their names describe."""
    for label, values in table:
        yield _file([_named(next(plain), label)._replace(**values)], header=False)


def _named(user: User, label: str) -> User:
    first_name, _, last_name = label.partition(" ")
    return user._replace(first_name=first_name, last_name=last_name)


if __name__ == "__main__":
    make(Path(__file__).parent)
