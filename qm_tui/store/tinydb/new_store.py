"""Writing a whole store to files that do not exist yet, as when it is recovered or copied."""

from collections.abc import Callable
from pathlib import Path

from qm_tui.directory import Directory, real_path
from qm_tui.errors import os_error_text
from qm_tui.store.errors import StoreError
from qm_tui.store.tinydb.lock import Names, note_of
from qm_tui.store.tinydb.log import Log
from qm_tui.store.tinydb.snapshot import Contents, write_snapshot
from qm_tui.text import sanitize

LogWriter = Callable[[Directory, Names, Log], Contents]
"""Writes the log of a store, moves its position to the end, and returns what the store holds."""


def write_new_store(target: Path, write_log: LogWriter) -> None:
    """Write a new store: all of it, or nothing.

    If the program is killed, the store does not open, and can be written again.

    Args:
        target: the path of its snapshot.
        write_log: writes its log.

    Raises:
        StoreError: it exists, or could not be written.
    """
    path = real_path(target)
    directory, names = Directory(path.parent), Names.of(path.name)
    marker, log = names.recovering, Log(directory, names)
    try:
        directory.create()
        is_in_use = directory.status(names.snapshot) or names.segments(directory)
        if is_in_use and not directory.status(marker):
            raise StoreError(
                f"{sanitize(str(target))} already exists. Nothing was written. Choose another name."
            )
        left = (f".{names.stem}.", f".{marker}.")
        for name in [one for one in directory.names() if one.endswith(".new")]:
            if name.startswith(left):
                directory.remove(name)
        _remove_segments(directory, names)  # of a program that was killed
        with directory.atomic_write(marker):
            pass
        try:
            contents = write_log(directory, names, log)
            note = note_of({"acknowledged": log.position})
            with directory.atomic_write(names.lock) as file:
                file.write(note)
            with directory.atomic_write(names.snapshot) as file:
                write_snapshot(file, contents, log.position)
        except BaseException:
            _remove_segments(directory, names)
            for name in (names.lock, names.snapshot, marker):
                directory.remove(name)
            raise
        directory.remove(marker)
    except OSError as error:
        text = os_error_text(error)
        raise StoreError(
            f"Cannot write {sanitize(str(target))}: {text}. Choose another location."
        ) from error


def _remove_segments(directory: Directory, names: Names) -> None:
    for name in map(names.segment, names.segments(directory)):
        directory.remove(name)
