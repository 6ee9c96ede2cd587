"""Full and failing disks, and the store on them."""

import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from tinydb import TinyDB

from qm_tui.errors import UserError
from qm_tui.store.errors import CommitOutcomeUnknown, StoreReadOnly
from qm_tui.store.interface import RetentionPolicy, UserStore
from qm_tui.store.state import Changes, State
from qm_tui.store.tinydb import TinyDBUserStore, open_tinydb_store
from qm_tui.transfer.importing import ImportRequest, import_users
from qm_tui.users.fields import KEYS, User
from tests.helpers import EDIT, HEADER, csv_text, undo, user, users_of, write_file
from tests.store.tinydb.damage import damage_in, missing_changes, parts_of
from tests.store.tinydb.faults.os_calls import half_of, hooked, makes_no_file
from tests.store.tinydb.faults.recorder import snapshots_in_this_thread

NEEDS_SPACE: Final = ("open", "write", "pwrite", "link", "rename", "mkdir")
"""The calls of `os` that fail where there is no space; `open` where it makes a file."""

TAKES_SPACE: Final = (*NEEDS_SPACE, "fsync", "fdatasync")
"""Those that fail where space is given only when files are synced."""

WRITES: Final = (*TAKES_SPACE, "ftruncate", "unlink")
"""Those that fail where the disk does."""

ROWS: Final = 20
"""Rows of a part, so that a transaction is written in parts without being large."""

LARGE: Final = 2 * ROWS + 5
"""Users of a transaction that is written in parts."""

_STORE: Final = Path("store") / "users.json"

_PAGE: Final = 4096


def plain_users(path: Path) -> list[User]:
    """The users that plain TinyDB reads."""
    with TinyDB(path, access_mode="r") as database:
        return [User(*map(one.__getitem__, KEYS)) for one in database.table("users")]


class Failing:
    """Lets calls that write fail.

    Args:
        number: which call fails, counting from 1.
        code: the error.
        names: the calls that are counted.
        once: whether the calls behind it work again.
        half: whether the call before it writes but half of its bytes.
    """

    def __init__(
        self,
        number: int,
        code: int,
        names: tuple[str, ...] = WRITES,
        *,
        once: bool = False,
        half: bool = False,
    ) -> None:
        self._number, self._code, self._once, self._half = number, code, once, half
        self._count = 0
        self._patch = hooked(self._call, names)

    @property
    def has_failed(self) -> bool:
        """Whether there were so many calls."""
        return self._count >= self._number

    def __enter__(self) -> Self:
        self._patch.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._patch.__exit__(*error)

    def _call(
        self, name: str, real: Callable[..., Any], arguments: tuple[Any, ...], named: dict[str, Any]
    ) -> Any:
        if makes_no_file(name, arguments, named):
            return real(*arguments, **named)
        self._count += 1
        if self._half and "write" in name and self._count == self._number - 1:
            arguments = half_of(arguments)
        if self._count == self._number or (self.has_failed and not self._once):
            raise OSError(self._code, os.strerror(self._code))
        return real(*arguments, **named)


class Work(NamedTuple):
    """A piece of work that makes one transaction.

    Attributes:
        do: does it.
        retention: how the store keeps changes.
        before: what is there before: "nothing", "a store", "segments" or "a plain file".
    """

    do: Callable[[UserStore, Path], object]
    retention: RetentionPolicy = RetentionPolicy()
    before: str = "a store"


def write_changes(store: UserStore, changes: Changes) -> None:
    """Make changes in one transaction."""
    with store.transaction(EDIT) as transaction:
        transaction.commit(changes)


def _first(store: UserStore, _folder: Path) -> None:
    write_changes(store, {"u-ed": user("ed")})


def _edit(store: UserStore, _folder: Path) -> None:
    one = users_of(store.state)["u-n1"]
    write_changes(store, {"u-n1": one._replace(location="Bergen"), "u-n2": None})


def _change_many(store: UserStore, _folder: Path) -> None:
    many = [user(f"m{number}") for number in range(LARGE)]
    write_changes(store, {one.user_id: one for one in many})


def _import(store: UserStore, folder: Path) -> None:
    import_users(ImportRequest(folder / "users.csv"), store)


def _undo(store: UserStore, _folder: Path) -> None:
    undo(store, 2)


SMALL_SEGMENTS: Final = RetentionPolicy(segment_bytes=1, segment_ratio=0)
"""Every transaction begins a segment."""

SHORT_MEMORY: Final = RetentionPolicy(bytes=3000, segment_bytes=1, segment_ratio=0)
"""Every transaction begins a segment, and the changes of but a few are kept."""

WORKS: Final[dict[str, Work]] = {
    "first": Work(_first, before="nothing"),
    "takeover": Work(_edit, before="a plain file"),
    "edit": Work(_edit),
    "large": Work(_change_many),
    "import": Work(_import),
    "undo": Work(_undo),
    "segment": Work(_edit, SMALL_SEGMENTS),
    "removal": Work(_change_many, SHORT_MEMORY, before="segments"),
}
"""What is tried. The last but one begins a segment, and the last one removes old ones, too."""


def _make(path: Path, *, has_segments: bool) -> None:
    """Make a store with some users, whose log has segments or needs a page for its next entry."""
    some = [user(f"n{number}") for number in range(9)]
    store = open_tinydb_store(path, retention=SHORT_MEMORY if has_segments else None)
    write_changes(store, {one.user_id: one for one in some})
    store._files.snapshots.flush()
    write_changes(store, {"u-n3": some[3]._replace(location="Hamar")})
    write_changes(store, {"u-n4": None})
    log, turn = path.with_name("users.log"), 0
    while not has_segments and log.stat().st_size % _PAGE < _PAGE - 200:
        turn += 1
        write_changes(store, {"u-n5": some[5]._replace(location=f"{turn}")})
    store.close()


def _make_plain(path: Path) -> None:
    """Make a file of plain TinyDB."""
    path.parent.mkdir()
    with TinyDB(path) as database:
        some = [user(f"n{number}") for number in range(LARGE)]
        table = database.table("users")
        table.insert_multiple(dict(zip(KEYS, one, strict=True)) for one in some)


@dataclass
class Failures:
    """What became of a store whose disk failed.

    Attributes:
        failed: how many pieces of work were refused.
        unknown: of how many it was not known whether they were saved.
        behind: how many were acknowledged, although the snapshot could not be written.
        errors: what was not as it must be.
    """

    failed: int = 0
    unknown: int = 0
    behind: int = 0
    errors: list[str] = field(default_factory=list)


class Trial:
    """A store on which work is tried again and again, while its disk fails in one way or another.

    Args:
        folder: an empty folder.
        work: which of `WORKS` is tried.
    """

    def __init__(self, folder: Path, work: str) -> None:
        self._folder, self._name, self._work = folder, work, WORKS[work]
        self._base = folder / "base"
        self._base.mkdir()
        with snapshots_in_this_thread(), parts_of(ROWS):
            if self._work.before in ("a store", "segments"):
                _make(self._base / _STORE, has_segments=self._work.before == "segments")
            elif self._work.before == "a plain file":
                _make_plain(self._base / _STORE)
        rows = [user(f"n{number}", location="Narvik") for number in range(9)]
        write_file(self._base, csv_text([HEADER, *rows]))
        self.failures = Failures()
        self._wanted = self._tried(nullcontext())
        self.size = max(one.stat().st_size for one in self._copy.rglob("*"))

    def at_each_call(self, **how: Any) -> Failures:
        """Let the first call fail, then the second, and so on; as `Failing` is told."""
        number, has_failed = 0, True
        while has_failed:
            number += 1
            failing = Failing(number, **how)
            self.under(failing, f"call {number}")
            has_failed = failing.has_failed
        return self.failures

    def under(self, failing: AbstractContextManager[object], label: str) -> None:
        """Try it while the disk fails."""
        bad = self.failures.errors
        before = len(bad)
        if self._tried(failing) != self._wanted:
            bad.append("once the disk worked again, the store holds something else")
        bad[before:] = [f"{self._name}, {label}: {one}" for one in bad[before:]]

    @property
    def _copy(self) -> Path:
        return self._folder / "copy"

    def _tried(self, failing: AbstractContextManager[object]) -> list[User]:
        """Do the work on a copy of the store, and again if it failed; what it holds at the end."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._base, self._copy)
        with snapshots_in_this_thread(at_once=True), parts_of(ROWS):
            return self._tried_on_copy(self._copy / _STORE, failing)

    def _tried_on_copy(self, path: Path, failing: AbstractContextManager[object]) -> list[User]:
        work, done = self._work.do, self.failures
        store = self._opened(path)
        before, is_left = _held(store.state), False
        try:
            with failing:
                try:
                    work(store, self._copy)
                finally:
                    with closing(self._opened(path)) as other:
                        held = _held(other.state)
            if held != _held(store.state):
                done.errors.append("what was acknowledged is not there")
            done.errors += self._what_is_behind(path, store)
        except CommitOutcomeUnknown as unknown:
            done.unknown += 1
            done.errors += _unexpected_errors(unknown)
            done.errors += _still_writes(store)
            store.close()
            store = self._opened(path)
            if _held(store.state) == before:
                work(store, self._copy)
            else:
                is_left = True
        except UserError as refused:
            done.failed += 1
            done.errors += _unexpected_errors(refused)
            if held != before or _held(store.state) != before:
                done.errors.append("what was refused is there")
            work(store, self._copy)
        except Exception as error:
            done.errors.append(f"{type(error).__name__}: {error}")
        return self._closed(path, store, before if is_left else None)

    def _opened(self, path: Path) -> TinyDBUserStore:
        store = open_tinydb_store(path, retention=self._work.retention)
        store.load()
        return store

    def _what_is_behind(self, path: Path, store: UserStore) -> Iterator[str]:
        """A snapshot that could not be written says why; so does one that may not be durable."""
        is_behind = not path.exists() or plain_users(path) != list(users_of(store.state).values())
        self.failures.behind += is_behind
        if is_behind and not store.warning:
            yield "the snapshot is behind, and it does not say so"

    def _closed(self, path: Path, store: UserStore, left: list[User] | None) -> list[User]:
        """Close the store while the disk works again, and open it anew; what it holds.

        Where a program left its transaction without a snapshot, the next transaction writes it.
        """
        last = _held(store.state)
        store.close()
        bad = self.failures.errors
        if store.warning:
            bad.append(f"it still warns: {store.warning}")
        readable = plain_users(path) if path.exists() else []
        if readable not in (last, left):
            bad.append("plain TinyDB reads something else")
        with closing(self._opened(path)) as reopened:
            if _held(reopened.state) != last:
                bad.append("opened again, the store holds something else")
            bad += missing_changes(reopened) + damage_in(reopened)
        return last


def _held(state: State) -> list[User]:
    return list(users_of(state).values())


def _unexpected_errors(failed: UserError) -> list[str]:
    sentence = str(failed)
    is_sentence = sentence.endswith(".") and "Errno" not in sentence and sentence[0].isupper()
    return [] if is_sentence else [f"no sentence: {sentence}"]


def _still_writes(store: UserStore) -> list[str]:
    with suppress(StoreReadOnly):
        write_changes(store, {"u-late": user("late")})
        return ["the store is still written"]
    return [] if store.read_only_reason.endswith(".") else ["it does not say why it is not written"]


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def disk_with(pages: int, folder: Path) -> Iterator[None]:
    """Fill the disk that a folder is on until so many pages are left."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while file.write(b"x" * _PAGE) == _PAGE:
                pass
        file.truncate(max(file.tell() // _PAGE - pages, 0) * _PAGE)
    try:
        yield
    finally:
        filler.unlink()


def main(folder: Path) -> None:
    """Fill a small disk in all ways."""
    for work in WORKS:
        (folder / work).mkdir()
        trial = Trial(folder / work, work)
        for pages in range(2 * trial.size // _PAGE + 8):
            trial.under(disk_with(pages, folder), f"{pages} pages")
        shutil.rmtree(folder / work)
        failures = trial.failures
        print(work, failures.failed, failures.unknown, len(failures.errors), *failures.errors[:1])  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
