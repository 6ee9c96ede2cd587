"""Users, records and files for the tests, made without the code under test."""

import csv
import io
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qm_tui.progress import no_tick
from qm_tui.store import open_store
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.state import Changes, State
from qm_tui.transfer.planning.plan import Plan, Result
from qm_tui.transfer.reading.reader import Findings, Record, UsersFile
from qm_tui.users.fields import FIELD, FIELDS, KEYS, User

HEADER = [field.header for field in FIELDS]


def some_of(cases: Iterable[Any], short: Iterable[int]) -> list[Any]:
    """Cases of which `make test` runs some, by their places, and `make test-long` the others."""
    chosen = set(short)
    return [
        case if place in chosen else pytest.param(case, marks=pytest.mark.long)
        for place, case in enumerate(cases)
    ]


ANNA = User(
    first_name="Anna",
    last_name="Berg",
    extension="0412",
    user_id="u2222222222a",
    agent_id="A-17",
    department="Sales",
    user_name="anna",
    password="ENC-anna-PW",
    security_profile="Agent",
    recording_profile="",
    phone_ip="10.0.0.17",
    is_active="1",
    recording_service="Any",
    unlimited_license="1",
    on_demand_license="0",
    computer_recording_license="1",
    windows_login="CORP\\anna",
    sip_uri="sip:anna@example.com",
    salt="SALT-anna",
    location="Oslo",
    additional_extensions="0413,0414",
    lookback_enabled="1",
    privacy_enabled="0",
    private_extensions="0415",
    dual_endpoints_enabled="1",
    secondary_phone_ip="00:1A:2B:3C:4D:5E",
)
"""A legal user with a value in nearly every field."""


def user(name: str = "anna", **values: str) -> User:
    """A legal user; one with another name is another person with an ID of its own."""
    if name == "anna":
        return ANNA._replace(**values)
    own = {
        "first_name": name.capitalize(),
        "last_name": f"{name.capitalize()}sen",
        "user_id": f"u-{name}",
        "user_name": name,
        "windows_login": f"CORP\\{name}",
        "sip_uri": f"sip:{name}@example.com",
    }
    return ANNA._replace(**(own | values))


def state_of(*users: User) -> State:
    """A store's state that holds these users."""
    return State(
        7,
        {one.user_id: one for one in users},
        {one.user_name.casefold(): one.user_id for one in users},
    )


EDIT = Action(TransactionKind.EDIT, "edit")
IMPORT = Action(TransactionKind.IMPORT, "import")


def write_unchecked(store: UserStore, changes: Changes, action: Action = EDIT) -> State:
    """Change users as a program may have done that did not know the rules."""
    with store.transaction(action) as transaction:
        return transaction._write_checked(changes, no_tick)


def commit_unchecked(path: Path, *changed: User) -> State:
    """Change the users of a store file as a program may have done that did not know the rules."""
    with closing(open_store(path)) as store:
        return write_unchecked(store, {one.user_id: one for one in changed})


def commit(path: Path, *changed: User, delete: Iterable[str] = ()) -> State:
    """Change the users of a store file in one transaction; the file is current then."""
    with closing(open_store(path)) as store, store.transaction(EDIT) as transaction:
        return transaction.commit({one.user_id: one for one in changed} | dict.fromkeys(delete))


def record(line: int = 2, /, **values: str) -> Record:
    """A record of a file that has these columns and no others."""
    return Record(line - 1, line, [values.get(key) for key in KEYS], ())


def record_of(one: User, line: int = 2, /, **values: str) -> Record:
    """A record of a file that has all columns."""
    return Record(line - 1, line, list(one._replace(**values)), ())


def counts(plan: Plan) -> tuple[int, int, int, int]:
    """Added, changed, unchanged, rejected."""
    found = plan.counts
    return (
        found[Result.ADDED],
        found[Result.CHANGED],
        found[Result.UNCHANGED],
        found[Result.REJECTED],
    )


def faulty(plan: Plan) -> list[tuple[int, str]]:
    """The line and the field key of each problem."""
    return [(one.line, one.field.key if one.field else "") for one in plan.problems]


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",", end: str = "\r\n") -> str:
    """Rows as CSV text."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def written(folder: Path, content: str | bytes, name: str = "users.csv") -> Path:
    """A file with this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def read(path: Path) -> tuple[list[Record], Findings]:
    """All records of a users file, and what was found out about it."""
    with UsersFile(path) as file:
        return list(file.records()), file.findings


def column(records: Iterable[Record], key: str) -> list[str | None]:
    """The values of one field in all records."""
    return [one.values[FIELD[key].index] for one in records]
