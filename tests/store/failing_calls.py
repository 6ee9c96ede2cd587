"""Disks that are full or fail, and what becomes of a store on them.

`python -m tests.store.failing_calls FOLDER` fills the disk that FOLDER is on, which holds nothing
else, in all ways, and says what was not as it must be.
"""

import io
import os
import resource
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self
from unittest import mock

from qm_tui.refusal import Refused
from qm_tui.store.changes.undo import undo
from qm_tui.store.errors import CommitOutcomeUnknown, StoreReadOnly
from qm_tui.store.interface import UserStore
from qm_tui.store.state import Changes, State
from qm_tui.store.tinydb_store import open_store
from qm_tui.transfer.importing import Asked, import_users
from qm_tui.users.fields import User
from tests.helpers import HEADER, csv_text, user, written
from tests.store.small_parts import ROWS_IN_A_PART, small_parts

TAKES_SPACE: Final = (
    *("open", "write", "pwrite", "fsync", "fdatasync"),
    *("link", "replace", "rename", "mkdir"),
)
"""The calls of `os` that fail where there is no space; `open` where it makes a file."""

WRITES: Final = (*TAKES_SPACE, "ftruncate", "unlink")
"""Those that fail where the disk does."""

LARGE: Final = 2 * ROWS_IN_A_PART + 5
"""Users of a transaction that is written in parts."""

_STORE: Final = Path("store") / "users.json"

_PAGE: Final = 4096


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
        self._number, self._code, self._names = number, code, names
        self._once, self._half = once, half
        self._count = 0
        self._patch: Any = None

    @property
    def has_failed(self) -> bool:
        """Whether there were so many calls."""
        return self._count >= self._number

    def __enter__(self) -> Self:
        real_fdopen = os.fdopen

        class _File(io.FileIO):
            write = self._call("write", io.FileIO.write, 1)

        def fdopen(descriptor: int, mode: str = "r") -> Any:
            if mode == "wb":
                return io.BufferedWriter(_File(descriptor, mode))
            return real_fdopen(descriptor, mode)

        stand_ins: dict[str, Any] = {
            name: self._call(name, getattr(os, name), 1 if "write" in name else None)
            for name in self._names
        }
        self._patch = mock.patch.multiple(os, **stand_ins, fdopen=fdopen)
        self._patch.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._patch.stop()

    def _call(self, name: str, real: Callable[..., Any], data_at: int | None) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if name == "open" and not _makes_a_file(*arguments):
                return real(*arguments, **named)
            self._count += 1
            if self._half and data_at is not None and self._count == self._number - 1:
                half = arguments[data_at][: len(arguments[data_at]) // 2]
                arguments = (*arguments[:data_at], half, *arguments[data_at + 1 :])
            if self._count == self._number or (self.has_failed and not self._once):
                raise OSError(self._code, os.strerror(self._code))
            return real(*arguments, **named)

        return call


def _makes_a_file(path: Any, flags: int, *_more: Any) -> bool:
    return bool(flags & os.O_CREAT) and not os.path.lexists(path)


Work = Callable[[UserStore, Path], object]


def _commit(store: UserStore, changes: Changes) -> None:
    with store.transaction("edit") as transaction:
        transaction.commit(changes)


def _first(store: UserStore, _folder: Path) -> None:
    _commit(store, {"u-ed": user("ed")})


def _edit(store: UserStore, _folder: Path) -> None:
    one = store.state.users["u-n1"]
    _commit(store, {"u-n1": one._replace(location="Bergen"), "u-n2": None})


def _change_many(store: UserStore, _folder: Path) -> None:
    many = [user(f"m{number}") for number in range(LARGE)]
    _commit(store, {one.user_id: one for one in many})


def _import(store: UserStore, folder: Path) -> None:
    import_users(Asked(folder / "users.csv"), store)


def _undo(store: UserStore, _folder: Path) -> None:
    undo(store, 2)


def _checkpoint(store: UserStore, _folder: Path) -> None:
    store.checkpoint()


WORKS: Final[dict[str, Work]] = {
    "first": _first,
    "edit": _edit,
    "large": _change_many,
    "import": _import,
    "undo": _undo,
    "checkpoint": _checkpoint,
}


def _make(path: Path) -> None:
    """Make a store with some users, and a journal whose next frame needs another page."""
    some = [user(f"n{number}") for number in range(9)]
    store = open_store(path)
    _commit(store, {one.user_id: one for one in some})
    store.checkpoint()
    _commit(store, {"u-n3": some[3]._replace(location="Hamar")})
    _commit(store, {"u-n4": None})
    journal, turn = path.with_name(path.name + ".journal"), 0
    while journal.stat().st_size % _PAGE < _PAGE - 200:
        turn += 1
        _commit(store, {"u-n5": some[5]._replace(location=f"{turn}")})


@dataclass
class Failures:
    """What became of a store whose disk failed.

    Attributes:
        refused: how many pieces of work were refused.
        unknown: of how many it was not known whether they were saved.
        bad: what was not as it must be.
    """

    refused: int = 0
    unknown: int = 0
    bad: list[str] = field(default_factory=list)


class Trial:
    """A store on which work is tried again and again, while its disk fails in one way or another.

    Args:
        folder: an empty folder.
        work: which of `WORKS` is tried.
    """

    def __init__(self, folder: Path, work: str) -> None:
        self._folder, self._work = folder, work
        self._base = folder / "base"
        self._base.mkdir()
        if work != "first":
            _make(self._base / _STORE)
        rows = [user(f"n{number}", location="Narvik") for number in range(9)]
        written(self._base, csv_text([HEADER, *rows]))
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

    def under(self, failing: AbstractContextManager[object], said: str) -> None:
        """Try it while the disk fails."""
        bad = self.failures.bad
        before = len(bad)
        if self._tried(failing) != self._wanted:
            bad.append("once the disk worked again, the store holds something else")
        bad[before:] = [f"{self._work}, {said}: {one}" for one in bad[before:]]

    @property
    def _copy(self) -> Path:
        return self._folder / "copy"

    @small_parts()
    def _tried(self, failing: AbstractContextManager[object]) -> list[User]:
        """Do the work on a copy of the store, and again if it failed; what it holds at the end."""
        shutil.rmtree(self._copy, ignore_errors=True)
        shutil.copytree(self._base, self._copy)
        path, work, done = self._copy / _STORE, WORKS[self._work], self.failures
        store = open_store(path)
        before = _held(store.load())
        try:
            with failing:
                try:
                    work(store, self._copy)
                finally:
                    held = _held(open_store(path).load())
            if held != _held(store.state):
                done.bad.append("what was acknowledged is not there")
        except CommitOutcomeUnknown as unknown:
            done.unknown += 1
            done.bad += _wrong_with(unknown)
            done.bad += _still_writes(store)
            store = open_store(path)
            if _held(store.load()) == before:
                work(store, self._copy)
        except Refused as refused:
            done.refused += 1
            done.bad += _wrong_with(refused)
            if held != before or _held(store.state) != before:
                done.bad.append("what was refused is there")
            work(store, self._copy)
        except Exception as error:
            done.bad.append(f"{type(error).__name__}: {error}")
        reopened = _held(open_store(path).load())
        if reopened != _held(store.state):
            done.bad.append("opened again, the store holds something else")
        return reopened


def _held(state: State) -> list[User]:
    return list(state.users.values())


def _wrong_with(refused: Refused) -> list[str]:
    sentence = str(refused)
    is_sentence = sentence.endswith(".") and "Errno" not in sentence and sentence[0].isupper()
    return [] if is_sentence else [f"no sentence: {sentence}"]


def _still_writes(store: UserStore) -> list[str]:
    with suppress(StoreReadOnly):
        _commit(store, {"u-late": user("late")})
        return ["the store is still written"]
    return [] if store.read_only.endswith(".") else ["it does not say why it is not written"]


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
        print(work, failures.refused, failures.unknown, len(failures.bad), *failures.bad[:1])  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
