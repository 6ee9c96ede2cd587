"""Damage to the files of a store, and how the program reacts.

A store may be damaged in any way. Then the program must find the same users, or refuse the store in
a sentence, or say that something is wrong: never other users without a word.
"""

import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Final, NamedTuple

from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    Action,
    RetentionPolicy,
    StoreIssueSeverity,
    TransactionKind,
    TransactionSummary,
    UserHistoryEntry,
    UserStore,
)
from qm_tui.store.tinydb import TinyDBUserStore, entries, open_tinydb_store
from qm_tui.users.fields import User
from tests.helpers import user, users_of
from tests.store.tinydb.faults.os_calls import CALLS, Killer, hooked

MEMORY: Final = Path("/dev/shm")
"""Where the syncs of thousands of commits cost nothing."""

EDIT: Final = Action(TransactionKind.EDIT)
ONE: Final = RetentionPolicy()
SMALL: Final = RetentionPolicy(segment_bytes=1500, segment_ratio=0)
"""A new segment is begun with nearly every transaction."""

Files = Mapping[str, bytes]
Users = Mapping[str, User]
History = dict[tuple[str, int | str], object]


def commit(store: UserStore, *users: User, deleted: Iterable[str] = ()) -> None:
    """Add or change users, and delete others, in one transaction."""
    with store.transaction(EDIT) as transaction:
        transaction.commit({one.user_id: one for one in users} | dict.fromkeys(deleted))


def files_in(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def write_files(folder: Path, files: Files) -> None:
    """Make a folder that holds exactly these files."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    for name, data in files.items():
        (folder / name).write_bytes(data)
        (folder / name).chmod(0o600)


def missing_changes(store: TinyDBUserStore, newest: int | None = None) -> list[str]:
    """What the activity of a store lacks; the changes of but the newest transactions are read."""
    listed = store.transactions()
    numbers = [one.number for one in listed]
    missing = [
        f"changes of transaction {one.number} are missing"
        for one in listed[:newest]
        if one.is_available and len(list(store.transaction_changes(one.number))) != one.users
    ]
    if numbers != list(range(store.state.number, 0, -1)):
        missing.append(f"its activity log lists {numbers}")
    return missing


def damage_in(store: UserStore) -> list[str]:
    """What a check of a store calls damage."""
    assert store.maintenance is not None
    findings = store.maintenance.check()
    return [one.message for one in findings if one.severity is StoreIssueSeverity.DAMAGE]


@contextmanager
def quick_folder() -> Iterator[Path]:
    """Give an empty folder in memory, where the system has one."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(os.path.realpath(folder))


@contextmanager
def kill_at(number: int) -> Iterator[None]:
    """Kill this process before one of its calls that write, counted from 1."""
    with hooked(Killer(number).call, [*CALLS[1:], "fchmod"]):
        yield


@contextmanager
def parts_of(rows: int) -> Iterator[None]:
    """Let transactions of more rows be written in parts."""
    before = entries.ROWS_IN_A_PART
    entries.ROWS_IN_A_PART = rows  # type: ignore[misc]
    try:
        yield
    finally:
        entries.ROWS_IN_A_PART = before  # type: ignore[misc]


@dataclass
class Moment:
    """A store after a transaction.

    Attributes:
        files: its files.
        users: what it holds.
    """

    files: Files
    users: Users


def person(name: str, **values: str) -> User:
    """A user of few words: each bit of the files is flipped."""
    blank = dict.fromkeys(
        (
            *("agent_id", "department", "phone_ip", "salt"),
            *("windows_login", "sip_uri", "additional_extensions", "private_extensions"),
            *("secondary_phone_ip", "recording_profile"),
        ),
        "",
    )
    return user(name, **(blank | values))


STEPS: Final[list[Callable[[UserStore], None]]] = [
    lambda store: commit(store, person("anna"), person("bo")),
    lambda store: commit(store, person("bo", location="Bergen")),
    lambda store: commit(store, *(person(name) for name in ("cy", "di", "eve"))),
    lambda store: commit(store, person("anna", location="Bergen"), deleted=["u-di"]),
    lambda store: commit(store, person("bo", location="Tromsø"), person("fay"), deleted=["u-cy"]),
    lambda store: commit(store, person("fay", extension="77"), deleted=["u-eve"]),
]
"""Transactions, small and in parts, that add, change and delete."""


def moments_of(folder: Path, retention: RetentionPolicy) -> list[Moment]:
    """Make a store, and keep what it was after each transaction."""
    store = open_tinydb_store(folder / "users.json", retention=retention)
    store.load()
    moments = []
    for step in STEPS:
        step(store)
        store.close()  # writes users.json
        moments.append(Moment(files_in(folder), users_of(store.load())))
    store.close()
    return moments


USER_IDS: Final = ("u2222222222a", "u-bo", "u-cy", "u-di", "u-eve", "u-fay")
"""Those of the users of `STEPS`."""


def history_of(store: UserStore, names: Iterable[str] = ()) -> History:
    """All that a store says of its transactions, each of them or why it cannot be read."""
    found: History = {}

    def ask(about: tuple[str, int | str], question: Callable[..., Iterable[object]]) -> None:
        try:
            found[about] = list(question(about[1]))
        except StoreError as error:
            found[about] = error

    for summary in store.transactions():
        number = summary.number
        found["transaction", number] = summary
        ask(("changes", number), store.transaction_changes)
        ask(("ids", number), store.changed_user_ids)
    for user_id in [f"u-{name}" for name in names] or USER_IDS:
        ask(("history", user_id), store.user_history)
    return found


def same_history(first: History, second: History, *, exactly: bool = False) -> bool:
    """Whether two stores say the same of their transactions, but for the times."""

    def plain(value: object) -> object:
        if isinstance(value, TransactionSummary):
            return replace(value, time=datetime.min)
        if isinstance(value, list):
            return [plain(one) for one in value]
        if isinstance(value, UserHistoryEntry):
            return plain(value.transaction), value.change
        return value

    if exactly:
        return first == second
    return {key: plain(one) for key, one in first.items()} == {
        key: plain(one) for key, one in second.items()
    }


@dataclass
class DamageTrial:
    """Damages a store again and again, and judges what becomes of it.

    Args:
        folder: where the store is to be.
        moments: what it was after each transaction.
        intact: the store as it is before it is damaged.

    Attributes:
        seen: how many cases ended how.
        errors: what must not be; sentences.
    """

    folder: Path
    moments: list[Moment]
    intact: Moment
    retention: RetentionPolicy = ONE
    seen: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        write_files(self.folder, self.intact.files)
        store = self._open()
        store.load()
        self._history = history_of(store)
        store.close()
        assert not any(isinstance(one, StoreError) for one in self._history.values())

    def _open(self) -> TinyDBUserStore:
        path = self.folder / "users.json"
        return open_tinydb_store(path, wait=0, retention=self.retention)

    # Cases

    def flip_bits(self, name: str, step: int = 1, look: int = 1) -> None:
        """Flip bits of a file, one at a time.

        Args:
            name: the file.
            step: of how many one is flipped.
            look: of how many flipped ones one is followed by a look at Activity and a commit.
        """
        path = self.folder / name
        write_files(self.folder, self.intact.files)
        data = self.intact.files[name]
        for place, bit in enumerate(range(0, 8 * len(data), step)):
            damaged = bytearray(data)
            damaged[bit // 8] ^= 1 << bit % 8
            path.write_bytes(damaged)
            is_looked_at = not place % look
            self._check(f"bit {bit} of {name}", is_looked_at, is_looked_at)
            if is_looked_at:
                write_files(self.folder, self.intact.files)
        path.write_bytes(data)

    def versions(self, name: str, cuts: int = 20) -> Iterator[tuple[str, bytes | None]]:
        """What a file may have become, None if it is gone, and what that is called."""
        data = self.intact.files[name]
        yield from (("deleted", None), ("emptied", b""), ("{}", b"{}"))
        for place in range(1, cuts + 1):
            yield f"cut {place}/{cuts}", data[: len(data) * place // (cuts + 1)]
        for number, moment in enumerate(self.moments, start=1):
            if moment.files.get(name) != data:
                yield f"of moment {number}", moment.files.get(name)

    def replace_files(self, together: int, cuts: int = 20, every: int = 1, at: int = 0) -> None:
        """Replace so many files together by all that they may have become.

        Args:
            together: how many files.
            cuts: at how many places they are cut.
            every: of how many cases one is tried,
            at: and with which the first.
        """
        place = at
        for names in combinations(self.intact.files, together):
            for what, files in self._combined(names, cuts):
                place += 1
                if place % every:
                    continue
                write_files(self.folder, files)
                self._check(what, False, True)

    def _combined(self, names: tuple[str, ...], cuts: int) -> Iterator[tuple[str, Files]]:
        if not names:
            yield "", self.intact.files
            return
        first, *others = names
        for what, files in self._combined(tuple(others), cuts):
            for own, data in self.versions(first, cuts):
                changed = {name: one for name, one in files.items() if name != first}
                if data is not None:
                    changed[first] = data
                yield f"{first} {own}, {what}", changed

    # Judgment

    def check(self, label: str, files: Files) -> None:
        """Judge what becomes of the store if it has these files."""
        write_files(self.folder, files)
        self._check(label, asks_history=True, commits=True)

    def _check(self, label: str, asks_history: bool, commits: bool) -> None:
        before = files_in(self.folder) if commits else {}
        outcome, users = self._look(label, asks_history)
        self.seen[outcome] += 1
        if commits:
            self._commit(label, before, outcome, users)

    def _look(self, label: str, asks_history: bool) -> tuple[str, Users]:
        """Open the store; return what becomes of it: same, moment, said or refused."""
        store = self._open()
        try:
            users = users_of(store.load())
            if users != self.intact.users:
                if store.notices:
                    return "said", users
                if users == self._valid_moment():
                    return "moment", users
                self.errors.append(f"{label}: other users without a message")
                return "other", users
            if asks_history:
                self._compare_history(label, store)
            return ("same, said" if store.notices else "same"), users
        except StoreError as error:
            self._check_sentence(label, error)
            return "refused", {}
        except Exception as error:  # any other one is what is looked for
            self.errors.append(f"{label}: {error!r}")
            return "failed", {}
        finally:
            store.close()

    def _check_sentence(self, label: str, error: StoreError) -> None:
        if not str(error).endswith(".") or len(str(error)) < 30:
            self.errors.append(f"{label}: not a sentence: {error}")

    def _valid_moment(self) -> Users | None:
        """What the store holds if all its files are of one moment.

        users.json and users.lock may be older: both are written after a transaction.
        """
        files = files_in(self.folder)

        logs = {name: data for name, data in files.items() if ".log" in name}
        for place, moment in enumerate(self.moments):
            upto = [one.files for one in self.moments[: place + 1]]
            if (
                logs == {name: data for name, data in moment.files.items() if ".log" in name}
                and files.get("users.json") in [one["users.json"] for one in upto]
                and files.get("users.lock") in [one["users.lock"] for one in upto]
            ):
                return moment.users
        return None

    def _compare_history(self, label: str, store: UserStore) -> None:
        found = history_of(store)
        hidden = [
            one.number
            for one in found.values()
            if isinstance(one, TransactionSummary) and one.kind is TransactionKind.UNREADABLE
        ]
        if len(hidden) > 2:  # a flipped line end joins two entries
            self.errors.append(f"{label}: transactions {hidden} cannot be read")
        for about, expected in self._history.items():
            given = found.get(about)
            is_named = isinstance(given, StoreError) or (
                isinstance(given, TransactionSummary) and given.kind is TransactionKind.UNREADABLE
            )
            if given != expected and not is_named:
                self.errors.append(f"{label}: {about} is {given}, and was {expected}")
            if isinstance(given, StoreError):
                if "no longer available" in str(given):
                    self.errors.append(f"{label}: {about}: damage as age: {given}")
                self._check_sentence(label, given)
                self.seen["history refused"] += 1
        unread = [
            number
            for (about, number), one in found.items()
            if about == "changes" and isinstance(one, StoreError)
        ]
        if len(unread) > 2:
            self.errors.append(f"{label}: the changes of {unread} cannot be read")

    def _commit(self, label: str, before: Files, outcome: str, users: Users) -> None:
        """Commit without a look before, as a script does, and open the store again."""
        new, is_committed = user("zoe"), False
        store = self._open()
        try:
            commit(store, new)
            is_committed = True
            if users != self.intact.users and outcome != "moment" and not store.notices:
                self.errors.append(f"{label}: a commit makes the loss final without a message")
        except StoreError as error:
            self._check_sentence(label, error)
        except Exception as error:
            self.errors.append(f"{label}, commit: {error!r}")
        finally:
            store.close()
        after = files_in(self.folder)
        if not is_committed:
            # the lock is taken in order to find out, and says so in its note
            before, after = dict(before, **{"users.lock": b""}), dict(after, **{"users.lock": b""})
            if before != after:
                self.errors.append(f"{label}: a refused commit changed {sorted(after)}")
            if outcome != "refused":
                self.seen[f"{outcome}, commit refused"] += 1
        elif outcome == "refused":
            self.errors.append(f"{label}: a refused store was changed")
        else:
            self._check_commit(label, {**users, new.user_id: new})

    def _check_commit(self, label: str, expected: Users) -> None:
        store = self._open()
        try:
            if users_of(store.load()) != expected:
                self.errors.append(f"{label}: after a commit other users")
        except StoreError as error:
            self.errors.append(f"{label}: after a commit refused: {error}")
        finally:
            store.close()


def behind(moments: list[Moment], moment: int) -> Moment:
    """The last moment, with users.json of an earlier one."""
    last = moments[-1]
    return Moment({**last.files, "users.json": moments[moment].files["users.json"]}, last.users)


_WRITER: Final = """
import sys
import time
from pathlib import Path
from qm_tui.store.interface import RetentionPolicy
from qm_tui.store.tinydb import open_tinydb_store
from tests.helpers import user
from tests.store.tinydb.damage import commit
store = open_tinydb_store(
    Path(sys.argv[1]), retention=RetentionPolicy(segment_bytes=int(sys.argv[2]), segment_ratio=0)
)
store.load()
number = store.state.number
while True:
    number += 1
    commit(store, *(user(name, location=f"L{number}") for name in ("anna", "bo", "cy")))
    print(number, flush=True)
    time.sleep(0.002)  # others are to get the lock too
"""


class Writer(NamedTuple):
    """A process that commits without end; called, it gives the last acknowledged transaction."""

    process: subprocess.Popen[str]
    numbers: list[int]

    def __call__(self) -> int:
        """Return the number of the last transaction that was acknowledged."""
        return self.numbers[-1]


@contextmanager
def writing(path: Path, segment_bytes: int = 10**9) -> Iterator[Writer]:
    """Let another process commit without end: all users get one new location."""
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, path, str(segment_bytes)],
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        numbers = [0]

        def listen() -> None:
            assert writer.stdout is not None
            numbers.extend(map(int, writer.stdout))

        listener = Thread(target=listen)
        listener.start()
        try:
            wait_until(lambda: numbers[-1])
            yield Writer(writer, numbers)
            assert writer.poll() is None, "the writer failed"
        finally:
            writer.kill()
            listener.join()


def is_moment_of_writing(store: UserStore, at_least: int) -> bool:
    """Whether a store holds what it held at a moment while `writing` went on."""
    number = store.state.number
    locations = {one.location for one in users_of(store.state).values()}
    return number >= at_least and store.state.total == 3 and locations == {f"L{number}"}


def wait_for_another(acknowledged: Writer, number: int) -> None:
    """Wait until a later transaction than that was acknowledged."""
    wait_until(lambda: acknowledged() > number)


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait until something is so."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not come to it"
        time.sleep(0.002)
