"""Users, records and files for the tests, created without the code under test."""

import csv
import io
import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from qm_tui.progress import ignore_progress, in_chunks
from qm_tui.store import open_store
from qm_tui.store.changes.plan import commit_plan
from qm_tui.store.changes.undo import UndoPlan, plan_undo
from qm_tui.store.interface import Action, TransactionKind, UserStore
from qm_tui.store.memory.maps import UserMaps, owners_of_names
from qm_tui.store.memory.overlay import OverlayMapping
from qm_tui.store.memory.state import MemoryState
from qm_tui.store.memory.states import States
from qm_tui.store.memory.store import MemoryStore
from qm_tui.store.state import Changes, State
from qm_tui.transfer.planning.plan import ImportPlan, Result
from qm_tui.transfer.reading.file_report import FileReport
from qm_tui.transfer.reading.reader import UsersFile
from qm_tui.transfer.reading.records import Record
from qm_tui.users.fields import FIELD, FIELDS, KEYS, User
from qm_tui.users.identity import normalize_user_name

HEADER = [field.header for field in FIELDS]


PACKAGE_MISSING: Final = "Package not installed: "
"""The begin of the reason of a test that is skipped because of a missing Debian package."""

PACKAGES_REQUIRED: Final = "QM_TUI_PACKAGES_REQUIRED"
"""The environment variable that makes a missing package a failure."""


def needs_package(package: str, file: str = "") -> None:
    """Skip the test if a Debian package of `.ci/packages` is not installed.

    Args:
        package: the package.
        file: a file of it; by default the program with its name.
    """
    if Path(file).exists() if file else shutil.which(package):
        return
    reason = f"{PACKAGE_MISSING}{package}"
    if os.environ.get(PACKAGES_REQUIRED):
        pytest.fail(reason)
    pytest.skip(reason)


def sample_cases(cases: Iterable[Any], short: Iterable[int]) -> list[Any]:
    """Mark all cases as long but those with these indexes, so that `make test` runs only these."""
    indexes = set(short)
    return [
        case if index in indexes else pytest.param(case, marks=pytest.mark.long)
        for index, case in enumerate(cases)
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
"""A valid user with a value in nearly every field."""


def user(name: str = "anna", **values: str) -> User:
    """Return a valid user; another name means another user with its own ID."""
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


class YieldCounter:
    """Counts its calls."""

    count = 0

    def __call__(self) -> None:
        self.count += 1


def by_id(*users: User) -> dict[str, User]:
    """Return users by User ID."""
    return {user.user_id: user for user in users}


def state_of(*users: User) -> MemoryState:
    """Return a state of a store with these users."""
    maps = UserMaps(7, OverlayMapping(by_id(*users)), OverlayMapping(owners_of_names(users)))
    return States(MemoryStore()).of(maps)


EMPTY_STATE: Final = state_of()
"""A state of a store without users."""


def users_of(state: State) -> dict[str, User]:
    """Return all users of a state by User ID, in store order."""
    return {user.user_id: user for users in state.stream() for user in users}


def held(state: State) -> tuple[int, dict[str, User]]:
    """Return the number of the last transaction of a state, and all users by User ID."""
    return state.number, users_of(state)


def names_of(state: State) -> dict[str, str | None]:
    """Return the User ID of the owner of each comparable User Name of a state."""
    keys = [normalize_user_name(user.user_name) for user in users_of(state).values()]
    batches = in_chunks(dict.fromkeys(keys), size=500)
    return {
        key: owner
        for batch in batches
        for key, owner in zip(batch, state.owners(batch), strict=True)
    }


EDIT = Action(TransactionKind.EDIT)
IMPORT = Action(TransactionKind.IMPORT, "users.csv")


def write_unchecked(store: UserStore, changes: Changes, action: Action = EDIT) -> State:
    """Change users without validation, as another program could."""
    with store.transaction(action) as transaction:
        return transaction._write_checked(changes, ignore_progress)


def commit_unchecked(path: Path, *changed: User) -> State:
    """Change the users of a store file without validation, as another program could."""
    with closing(open_store(path)) as store:
        return write_unchecked(store, {user.user_id: user for user in changed})


def commit(path: Path, *changed: User, delete: Iterable[str] = ()) -> State:
    """Change the users of a store file in one transaction, and update the file."""
    with closing(open_store(path)) as store, store.transaction(EDIT) as transaction:
        return transaction.commit({user.user_id: user for user in changed} | dict.fromkeys(delete))


def undo(store: UserStore, number: int, confirmed: int | None = None) -> UndoPlan:
    """Undo a transaction, whatever that does; by default, confirm a mass change."""
    plan = plan_undo(store, number)
    confirmed = plan.required_confirmation if confirmed is None else confirmed
    return commit_plan(store, plan, confirmed=confirmed, accept_any_effect=True)


def record(line: int = 2, /, **values: str) -> Record:
    """Return a record of a file with only these columns."""
    return Record(line - 1, line, [values.get(key) for key in KEYS], ())


def record_of(one: User, line: int = 2, /, **values: str) -> Record:
    """Return a record of a file with all columns."""
    return Record(line - 1, line, list(one._replace(**values)), ())


def counts(plan: ImportPlan) -> tuple[int, int, int, int]:
    """Return the numbers of added, changed, unchanged and rejected records."""
    numbers = plan.counts
    return (
        numbers[Result.ADDED],
        numbers[Result.CHANGED],
        numbers[Result.UNCHANGED],
        numbers[Result.REJECTED],
    )


def issues_of(plan: ImportPlan) -> list[tuple[int, str]]:
    """Return the line and the field key of each problem."""
    return [(issue.line, issue.field.key if issue.field else "") for issue in plan.issues]


def csv_text(rows: Iterable[Sequence[str]], delimiter: str = ",", end: str = "\r\n") -> str:
    """Return rows as CSV text."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=end).writerows(rows)
    return text.getvalue()


def write_file(folder: Path, content: str | bytes, name: str = "users.csv") -> Path:
    """Write a file with this content, and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def users_file(folder: Path, *users: Sequence[str], name: str = "users.csv") -> Path:
    """Write a users file with a header and these users, and return its path."""
    return write_file(folder, csv_text([HEADER, *users]), name)


def without_ids(*users: User) -> list[User]:
    """Return users without a User ID, as they are added by an import."""
    return [user._replace(user_id="") for user in users]


def files_of(store: Path) -> list[tuple[str, bytes, int, int]]:
    """Return the names, contents, times and inodes of the files of a store."""
    return [
        (path.name, path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino)
        for path in sorted(store.parent.rglob("*"))
        if path.is_file() and not path.name.endswith(".lock")
    ]


def read(path: Path) -> tuple[list[Record], FileReport]:
    """Return all records of a users file, and what was detected in it."""
    with UsersFile(path) as file:
        return list(file.records()), file.file_report


def column(records: Iterable[Record], key: str) -> list[str | None]:
    """Return the values of a field in all records."""
    return [record.values[FIELD[key].index] for record in records]
