"""Imports that were cut off: a note beside the store, locked as long as the import is under way.

A program that is killed, or whose machine loses power, says nothing any more. Its note stays, and
nobody holds its lock: the next start knows that the import was cut off, and from the token whether
it had been committed.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from qm_tui.files import open_kept
from qm_tui.progress import HungUp
from qm_tui.store.origin import Origin
from qm_tui.text import visible

_PREFIX: Final = ".import."


class CutOff(NamedTuple):
    """An import that did not come to its end.

    Attributes:
        note: the note that it left.
        token: what its transaction bears, if it was committed.
        sentence: who imported what, and when, as the beginning of a sentence.
    """

    note: Path
    token: str
    sentence: str

    def forget(self) -> None:
        """Remove the note: it was said to somebody."""
        with suppress(OSError):
            self.note.unlink()


@contextmanager
def noted(store: Path, what: str, origin: Origin) -> Iterator[str]:
    """Keep a note while an import is under way; gives the import's token.

    Where no note can be kept the import goes on without: what can't be written will be refused
    when it is committed. Whoever hung up is told at the next start, so the note stays then.
    """
    token = os.urandom(8).hex()
    path = store.with_name(f".{store.name}{_PREFIX}{token}")
    said = {
        "who": origin.who,
        "host": origin.host,
        "process": origin.process,
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
        "what": what,
    }
    descriptor = None
    with suppress(OSError):
        descriptor = open_kept(path, os.O_RDWR | os.O_NOFOLLOW)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, json.dumps(said).encode("ascii"))
    is_kept = False
    try:
        yield token
    except HungUp:
        is_kept = True
        raise
    finally:
        if descriptor is not None:
            if not is_kept:
                with suppress(OSError):
                    path.unlink()
            os.close(descriptor)


def found_beside(store: Path) -> list[CutOff]:
    """The imports that were cut off, as long as nobody has let their notes be forgotten."""
    found = []
    prefix = f".{store.name}{_PREFIX}"
    with suppress(OSError):
        for one in os.scandir(store.parent):
            if one.name.startswith(prefix):
                with suppress(OSError, ValueError, KeyError, TypeError):
                    found += _read(Path(one.path), one.name.removeprefix(prefix))
    return found


def _read(path: Path, token: str) -> list[CutOff]:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return []  # it is still under way
        text = os.pread(descriptor, 65536, 0)
        if not text:
            path.unlink()  # it was cut off before it was written, and says nothing
            return []
        return [CutOff(path, token, _sentence(json.loads(text)))]
    finally:
        os.close(descriptor)


def _sentence(said: dict[str, Any]) -> str:
    since = datetime.fromisoformat(said["since"]).astimezone()
    return (
        f"The import of {visible(str(said['what']), 200)} that {visible(str(said['who']), 64)} "
        f"began on {since:%Y-%m-%d at %H:%M} was cut off"
    )
