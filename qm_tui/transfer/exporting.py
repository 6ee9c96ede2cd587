"""Users to a file: all 26 fields, in file order, as the users file's section 4 has it."""

import csv
import io
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from qm_tui.files import NotDurable, replacing
from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.refusal import Refused, reason
from qm_tui.text import visible
from qm_tui.transfer.reading import SUFFIX
from qm_tui.transfer.spreadsheet import needs_wrapping, wrapped
from qm_tui.users.fields import FIELDS, User


class AlreadyThere(Refused):
    """A file of that name exists, and nobody said that it may be overwritten."""


def export_path(path: Path) -> Path:
    """The path with `.csv` at its end, added where it is missing."""
    return path if path.name.lower().endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def header() -> bytes:
    """The header row."""
    return _encoded([[field.header for field in FIELDS]])


def export_users(
    users: Sequence[User], path: Path, tick: Tick = no_tick, *, overwrite: bool = False
) -> Path:
    """Write users to a file, wholly or not at all, readable for its owner alone.

    Args:
        users: the users, in the order in which they are written.
        path: the file; `.csv` is added to its name where it is missing.
        tick: told of every thousand users; it may raise `Cancelled`.
        overwrite: whether a file that stands there may be replaced.

    Returns:
        The path of the file.

    Raises:
        AlreadyThere: a file stands there, and `overwrite` is False.
        Refused: it could not be written; nothing was left behind.
    """
    try:
        path = export_path(path)
        _require_place(path, overwrite=overwrite)
        with replacing(path, overwrite=overwrite) as file:
            write_users(users, file, tick)
    except FileExistsError as error:
        raise _already_there(path) from error
    except NotDurable as error:
        msg = (
            f"{visible(str(path))} was written, but it is not known whether it outlasts a power "
            f"cut: the system could not sync its folder ({reason(error)})."
        )
        raise Refused(msg) from error
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "no file can have such a name"
        msg = f"{visible(str(path))} could not be written: {why}. Nothing was exported."
        raise Refused(msg) from error
    return path


def write_users(users: Sequence[User], file: BinaryIO, tick: Tick = no_tick) -> None:
    """Write the header and the users to an open file.

    Raises:
        OSError: it could not be written.
        Refused: a user's value is no text that a file can hold.
    """
    file.write(header())
    for done, batch in _batches(users):
        file.write(_encoded(batch))
        tick(Phase.EXPORTING, done, len(users))


def _batches(users: Iterable[User]) -> Iterator[tuple[int, list[User]]]:
    rest = iter(users)
    done = 0
    while batch := list(islice(rest, STEP)):
        done += len(batch)
        yield done, batch


def _encoded(rows: Sequence[Sequence[str]]) -> bytes:
    text = _as_csv(rows)
    if '"=""' in text:
        # a reader would unwrap these values, so they are wrapped once more
        text = _as_csv(
            [[wrapped(value) if needs_wrapping(value) else value for value in row] for row in rows]
        )
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        msg = _unwritable(rows)
        raise Refused(msg) from error


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue()


def _unwritable(rows: Sequence[Sequence[str]]) -> str:
    for row in rows:
        for field, value in zip(FIELDS, row, strict=True):
            if any("\ud800" <= character <= "\udfff" for character in value):
                return (
                    f"User {visible(row[3])} cannot be exported: {field.name} holds half a "
                    "character. Correct it first. Nothing was exported."
                )
    return "A user cannot be exported: it holds half a character. Nothing was exported."


def _require_place(path: Path, *, overwrite: bool) -> None:
    """Say early and clearly why nothing can be written there.

    Raises:
        AlreadyThere: a file stands there, and `overwrite` is False.
        Refused: the folder is missing, or something other than a file stands there.
        OSError: the system does not let us look.
    """
    if not path.parent.is_dir():
        msg = (
            f"The folder {visible(str(path.parent))} does not exist: make it first, or choose "
            "another. Nothing was exported."
        )
        raise Refused(msg)
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
        msg = f"{visible(str(path))} is {what}, not a file. Nothing was exported."
        raise Refused(msg)
    if not overwrite:
        raise _already_there(path)


def _already_there(path: Path) -> AlreadyThere:
    return AlreadyThere(
        f"{visible(str(path))} exists already: choose another name, or overwrite it with --force. "
        "Nothing was exported."
    )
