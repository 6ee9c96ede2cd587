"""Export of users to a file in the format of the users file, section 4."""

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from qm_tui.directory import DirectorySyncError
from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write
from qm_tui.paths import abbreviate_home
from qm_tui.progress import Phase, ProgressCallback, ignore_progress
from qm_tui.store.state import State
from qm_tui.text import sanitize
from qm_tui.transfer.exporting.csv_writer import Writer
from qm_tui.transfer.exporting.result import ExportResult
from qm_tui.transfer.options.export_options import DEFAULT_EXPORT_OPTIONS, ExportOptions
from qm_tui.transfer.reading.source import SUFFIX
from qm_tui.users.fields import User
from qm_tui.users.passwords import has_local_password, has_no_password


class TargetExists(UserError):
    """The file already exists, and overwriting it was not requested."""


def export_path(path: Path) -> Path:
    """Return the path, with `.csv` appended if it is missing."""
    return path if path.name.lower().endswith(SUFFIX) else path.with_name(path.name + SUFFIX)


def export_users(
    users: Iterable[Sequence[User]],
    total: int,
    path: Path,
    progress: ProgressCallback = ignore_progress,
    *,
    overwrite: bool = False,
    options: ExportOptions = DEFAULT_EXPORT_OPTIONS,
) -> ExportResult:
    """Write users to a file, atomically and readable only by its owner.

    Args:
        users: the users, in the order in which they are written, some hundred at a time. Whatever
            they raise leaves the file unchanged.
        total: their number, for the progress.
        path: the file; `.csv` is appended if it is missing.
        progress: progress callback, called after each batch of users; may raise `Cancelled`.
        overwrite: whether an existing file may be replaced.
        options: the export options.

    Returns:
        What was written, and where.

    Raises:
        TargetExists: the file exists, and `overwrite` is False.
        UserError: the file cannot be written. No temporary file remains.
    """
    place = resolve_target(path)
    path = place.path
    if place.exists and not overwrite:
        raise _target_exists(place)
    try:
        with atomic_write(path, overwrite=overwrite) as file:
            exported = write_users(users, total, file, progress, options)
    except FileExistsError as error:
        raise _target_exists(place) from error
    except DirectorySyncError as error:
        msg = (
            f"{_shown(path)} was written, but may be lost in a power failure: "
            f"syncing its folder failed ({os_error_text(error)}). Export again."
        )
        raise UserError(msg) from error
    except OSError as error:
        raise _cannot_write(path, os_error_text(error)) from error
    return replace(exported, path=path, link_to=place.link_to)


def require_secrets(state: State, options: ExportOptions) -> None:
    """Check that passwords can be exported, if they should be.

    Raises:
        UserError: the admin may not read them; an import of the file would be rejected.
    """
    if options.passwords and state.hides_secrets:
        raise UserError(
            "Your role may not read passwords. Nothing was exported. Export without passwords."
        )


def write_users(
    users: Iterable[Sequence[User]],
    total: int,
    file: BinaryIO,
    progress: ProgressCallback = ignore_progress,
    options: ExportOptions = DEFAULT_EXPORT_OPTIONS,
) -> ExportResult:
    """Write the users to an open file, as `export_users`, below a header unless it is omitted.

    Raises:
        OSError: the file cannot be written.
        UserError: a value cannot be encoded.
    """
    writer = Writer(options)
    file.write(writer.start())
    own_passwords: list[str] = []
    done = without_password = 0
    for batch in users:
        file.write(writer.rows(batch, are_first=not done))
        if options.passwords:
            own_passwords += [user.user_name for user in batch if has_local_password(user)]
            without_password += sum(map(has_no_password, batch))
        done += len(batch)
        progress(Phase.EXPORTING, done, total)
    return ExportResult(
        done,
        writer.formulas,
        writer.formula_users,
        writer.altered,
        options,
        local_passwords=own_passwords,
        without_password=without_password,
    )


class ExportTarget(NamedTuple):
    """The target of an export.

    Attributes:
        path: the file, with `.csv` at the end of its name.
        exists: whether the file already exists.
        link_to: the file that is written if `path` leads to it through symbolic links.
    """

    path: Path
    exists: bool
    link_to: Path | None = None

    @property
    def exists_text(self) -> str:
        """That the file already exists, without a full stop, with control characters removed."""
        name = _shown(self.path)
        if self.link_to is None:
            return f"{name} already exists"
        return f"{name} points to {_shown(self.link_to)}, which already exists"


def resolve_target(path: Path) -> ExportTarget:
    """Return the target of an export to a path. Report early why nothing can be written there.

    Raises:
        UserError: the folder does not exist or is read-only, the path is not a file, or the file
            name is invalid.
    """
    try:
        _is_file(path)  # a device is refused by its own name, without .csv
        target = export_path(path)
        folder = target.parent
        if not folder.is_dir():
            shown = _shown(folder)
            if folder.exists():
                msg = f"{shown} is not a folder. Nothing was exported. Choose another folder."
            else:
                msg = (
                    f"Folder {shown} does not exist. Nothing was exported. Create it first, or "
                    "choose another."
                )
            raise UserError(msg)
        if not os.access(folder, os.W_OK | os.X_OK):
            msg = (
                f"No write permission in folder {_shown(folder)}. "
                "Nothing was exported. Choose another folder."
            )
            raise UserError(msg)
        real = Path(os.path.realpath(target))
        if target.is_symlink() and not real.parent.is_dir():
            msg = (
                f"{_shown(target)} is a symbolic link into a "
                f"folder that does not exist: {_shown(real)}. "
                "Nothing was exported. Choose another name."
            )
            raise UserError(msg)
        link_to = None if real == Path(os.path.abspath(target)) else real  # noqa: PTH100 - no link
        return ExportTarget(target, _is_file(target), link_to)
    except (OSError, ValueError) as error:
        cause = os_error_text(error) if isinstance(error, OSError) else "invalid file name"
        raise _cannot_write(path, cause) from error


def _cannot_write(path: Path, cause: str) -> UserError:
    return UserError(f"Cannot write {_shown(path)}: {cause}. Nothing was exported.")


def _is_file(path: Path) -> bool:
    """Return whether the path is an existing file.

    Raises:
        UserError: it exists, but is not a file.
        OSError: the system denies access.
    """
    try:
        mode = path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        return False
    if stat.S_ISREG(mode):
        return True
    kind = "a folder" if stat.S_ISDIR(mode) else "a device or a pipe"
    msg = f"{_shown(path)} is {kind}, not a file. Nothing was exported. Choose another name."
    raise UserError(msg)


def _target_exists(target: ExportTarget) -> TargetExists:
    return TargetExists(
        f"{target.exists_text}. Nothing was exported. Choose another name, or use --force to "
        "overwrite it."
    )


def _shown(path: Path) -> str:
    return sanitize(abbreviate_home(path))
