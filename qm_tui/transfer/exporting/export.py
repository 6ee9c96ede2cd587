"""Export of users to a file in the format of the users file, section 4."""

import os
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from qm_tui.directory import NotDurable
from qm_tui.errors import Refused, reason
from qm_tui.files import replacing
from qm_tui.paths import short
from qm_tui.progress import STEP, Phase, Tick, no_tick
from qm_tui.text import visible
from qm_tui.transfer.exporting.csv_writer import Writer
from qm_tui.transfer.exporting.result import Exported
from qm_tui.transfer.options.export_options import USUAL, ExportChoices
from qm_tui.transfer.reading.open_file import SUFFIX
from qm_tui.users.fields import User
from qm_tui.users.passwords import with_own_passwords


class AlreadyThere(Refused):
    """The file already exists, and overwriting it was not requested."""


def export_path(path: Path) -> Path:
    """Return the path, with `.csv` appended if it is missing."""
    return path if path.name.lower().endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def export_users(
    users: Sequence[User],
    path: Path,
    tick: Tick = no_tick,
    *,
    overwrite: bool = False,
    choices: ExportChoices = USUAL,
) -> Exported:
    """Write users to a file, atomically and readable only by its owner.

    Args:
        users: the users, in the order in which they are written.
        path: the file; `.csv` is appended if it is missing.
        tick: progress callback, called every thousand users; may raise `Cancelled`.
        overwrite: whether an existing file may be replaced.
        choices: the export options.

    Returns:
        What was written, and where.

    Raises:
        AlreadyThere: the file exists, and `overwrite` is False.
        Refused: the file cannot be written; nothing was left behind.
    """
    place = place_for(path)
    path = place.path
    if place.is_taken and not overwrite:
        raise _already_there(place)
    try:
        with replacing(path, overwrite=overwrite) as file:
            exported = write_users(users, file, tick, choices)
    except FileExistsError as error:
        raise _already_there(place) from error
    except NotDurable as error:
        msg = (
            f"{visible(short(path))} was written, but may be lost in a power failure: syncing its "
            f"folder failed ({reason(error)}). Export again."
        )
        raise Refused(msg) from error
    except OSError as error:
        raise _cannot_write(path, reason(error)) from error
    return replace(exported, path=path, link_to=place.link_to)


def write_users(
    users: Sequence[User],
    file: BinaryIO,
    tick: Tick = no_tick,
    choices: ExportChoices = USUAL,
) -> Exported:
    """Write the users to an open file, below a header unless it is omitted.

    Raises:
        OSError: the file cannot be written.
        Refused: a value cannot be encoded.
    """
    writer = Writer(choices)
    file.write(writer.start())
    own_passwords: list[str] = []
    for begin in range(0, len(users), STEP):
        batch = users[begin : begin + STEP]
        file.write(writer.rows(batch, are_first=not begin))
        if choices.passwords:
            own_passwords += [user.user_name for user in with_own_passwords(batch)]
        tick(Phase.EXPORTING, begin + len(batch), len(users))
    return Exported(len(users), writer.formulas, choices, own_passwords=own_passwords)


class Place(NamedTuple):
    """The target of an export.

    Attributes:
        path: the file, with `.csv` at the end of its name.
        is_taken: whether the file already exists.
        link_to: the file that is written if `path` leads to it through symbolic links.
    """

    path: Path
    is_taken: bool
    link_to: Path | None = None

    @property
    def taken_words(self) -> str:
        """That the file already exists, without a full stop, with control characters removed."""
        name = visible(short(self.path))
        if self.link_to is None:
            return f"{name} already exists"
        return f"{name} points to {visible(short(self.link_to))}, which already exists"


def place_for(path: Path) -> Place:
    """Return the target of an export to a path. Report early why nothing can be written there.

    Raises:
        Refused: the folder does not exist or is read-only, the path is not a file, or the file name
            is invalid.
    """
    try:
        _is_file(path)  # a device is refused by its own name, without .csv
        target = export_path(path)
        folder = target.parent
        if not folder.is_dir():
            shown = visible(short(folder))
            if folder.exists():
                msg = f"{shown} is not a folder. Nothing was exported. Choose another folder."
            else:
                msg = (
                    f"Folder {shown} does not exist. Nothing was exported. Create it first, or "
                    "choose another."
                )
            raise Refused(msg)
        if not os.access(folder, os.W_OK | os.X_OK):
            msg = (
                f"No write permission in folder {visible(short(folder))}. Nothing was exported. "
                "Choose another folder."
            )
            raise Refused(msg)
        real = Path(os.path.realpath(target))
        if target.is_symlink() and not real.parent.is_dir():
            msg = (
                f"{visible(short(target))} is a symbolic link to {visible(short(real))}, but that "
                "folder does not exist. Nothing was exported. Choose another name."
            )
            raise Refused(msg)
        link_to = None if real == Path(os.path.abspath(target)) else real  # noqa: PTH100 - no link
        return Place(target, _is_file(target), link_to)
    except (OSError, ValueError) as error:
        cause = reason(error) if isinstance(error, OSError) else "invalid file name"
        raise _cannot_write(path, cause) from error


def _cannot_write(path: Path, cause: str) -> Refused:
    return Refused(f"Cannot write {visible(short(path))}: {cause}. Nothing was exported.")


def _is_file(path: Path) -> bool:
    """Return whether the path is an existing file.

    Raises:
        Refused: it exists, but is not a file.
        OSError: the system denies access.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISREG(mode):
        return True
    kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
    msg = (
        f"{visible(short(path))} is {kind}, not a file. Nothing was exported. Choose another name."
    )
    raise Refused(msg)


def _already_there(place: Place) -> AlreadyThere:
    return AlreadyThere(
        f"{place.taken_words}. Nothing was exported. Choose another name, or use --force to "
        "overwrite it."
    )
