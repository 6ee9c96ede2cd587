"""Users to a file: in file order, as the users file's section 4 has it."""

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
    """A file of that name exists, and nobody said that it may be overwritten."""


def export_path(path: Path) -> Path:
    """The path with `.csv` at its end, added where it is missing."""
    return path if path.name.lower().endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def export_users(
    users: Sequence[User],
    path: Path,
    tick: Tick = no_tick,
    *,
    overwrite: bool = False,
    choices: ExportChoices = USUAL,
) -> Exported:
    """Write users to a file, wholly or not at all, readable for its owner alone.

    Args:
        users: the users, in the order in which they are written.
        path: the file; `.csv` is added to its name where it is missing.
        tick: told of every thousand users; it may raise `Cancelled`.
        overwrite: whether a file that stands there may be replaced.
        choices: what is written, and how.

    Returns:
        What was written, and where.

    Raises:
        AlreadyThere: a file stands there, and `overwrite` is False.
        Refused: it could not be written; nothing was left behind.
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
            f"{visible(short(path))} was written, but it is not known whether it outlasts a power "
            f"cut: the system could not sync its folder ({reason(error)})."
        )
        raise Refused(msg) from error
    except OSError as error:
        msg = f"{visible(short(path))} could not be written: {reason(error)}. Nothing was exported."
        raise Refused(msg) from error
    return replace(exported, path=path, link_to=place.link_to)


def write_users(
    users: Sequence[User],
    file: BinaryIO,
    tick: Tick = no_tick,
    choices: ExportChoices = USUAL,
) -> Exported:
    """Write the users to an open file, under a header unless it was chosen to leave it out.

    Raises:
        OSError: it could not be written.
        Refused: a user's value is no text that a file can hold.
    """
    writer = Writer(choices)
    file.write(writer.start())
    own: list[str] = []
    for begin in range(0, len(users), STEP):
        batch = users[begin : begin + STEP]
        file.write(writer.rows(batch, are_first=not begin))
        if choices.passwords:
            own += [user.user_name for user in with_own_passwords(batch)]
        tick(Phase.EXPORTING, begin + len(batch), len(users))
    return Exported(len(users), writer.formulas, choices, own_passwords=own)


class Place(NamedTuple):
    """Where an export goes.

    Attributes:
        path: the file, with `.csv` at the end of its name.
        is_taken: whether a file stands there already.
        link_to: the file that is written, where symbolic links lead to it.
    """

    path: Path
    is_taken: bool
    link_to: Path | None = None

    @property
    def taken_words(self) -> str:
        """What stands there already, safe to be shown: the begin of a sentence."""
        name = visible(short(self.path))
        if self.link_to is None:
            return f"{name} exists already"
        link = f"{name} leads through a symbolic link to {visible(short(self.link_to))}"
        return f"{link}, which exists already"


def place_for(path: Path) -> Place:
    """Where an export to a path goes. Says early and clearly why nothing can be written there.

    Raises:
        Refused: the folder is missing or may not be written to, something other than a file
            stands there, or no file can have such a name.
    """
    try:
        _is_file(path)  # a device is refused by its own name, without .csv
        target = export_path(path)
        folder = target.parent
        if not folder.is_dir():
            shown = visible(short(folder))
            what = f"The folder {shown} does not exist: make it first, or"
            if folder.exists():
                what = f"{shown} is not a folder:"
            msg = f"{what} choose another. Nothing was exported."
            raise Refused(msg)
        if not os.access(folder, os.W_OK | os.X_OK):
            msg = f"{visible(short(folder))} is a folder in which you may not write."
            raise Refused(msg)
        real = Path(os.path.realpath(target))
        if target.is_symlink() and not real.parent.is_dir():
            msg = (
                f"{visible(short(target))} is a symbolic link to {visible(short(real))}, and that "
                "folder does not exist: choose another name. Nothing was exported."
            )
            raise Refused(msg)
        link_to = None if real == Path(os.path.abspath(target)) else real  # noqa: PTH100 - no link
        return Place(target, _is_file(target), link_to)
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "no file can have such a name"
        msg = f"{visible(short(path))} could not be written: {why}. Nothing was exported."
        raise Refused(msg) from error


def _is_file(path: Path) -> bool:
    """Whether a file stands at the path.

    Raises:
        Refused: something else does.
        OSError: the system does not let us look.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISREG(mode):
        return True
    what = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
    msg = f"{visible(short(path))} is {what}, not a file: choose another name."
    raise Refused(msg)


def _already_there(place: Place) -> AlreadyThere:
    what = "it" if place.link_to is None else "that file"
    return AlreadyThere(
        f"{place.taken_words}: choose another name, or overwrite {what} with --force. "
        "Nothing was exported."
    )
