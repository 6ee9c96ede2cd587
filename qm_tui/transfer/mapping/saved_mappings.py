"""The saved mappings of an admin: files in a folder, reused for files with the same columns."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Final

from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write, create_private_folder
from qm_tui.text import sanitize
from qm_tui.transfer.mapping.mapping_file import (
    MAX_SIZE,
    content_of,
    read_mapping,
    read_mapping_file,
)
from qm_tui.transfer.reading.columns import (
    UnusableHeader,
    column_names,
    columns_of,
    is_problems_column,
    same_name,
)
from qm_tui.transfer.reading.mapped.values import MappedValues
from qm_tui.transfer.reading.read_options import ColumnMapping

MAPPING_SUFFIX: Final = ".toml"
_MAX_NAME: Final = 200
"""Bytes of the mapping's name that are used for the file name, which is limited to 255."""


def save_mapping(folder: Path, name: str, mapping: ColumnMapping, header: Sequence[str]) -> Path:
    """Save a mapping under a name, replacing a mapping with this name.

    Args:
        folder: the folder for mappings, created if necessary.
        name: the name that the admin gave it.
        mapping: the mapping.
        header: the header of the file that it was made for.

    Returns:
        The file, readable only by its owner.

    Raises:
        UserError: the file cannot be written, or would be too large to be read again.
    """
    import tomli_w  # noqa: PLC0415 - only saving needs it

    path = _path_for(folder, name)
    try:
        text = tomli_w.dumps(content_of(replace(mapping, name=name), header)).encode()
        if len(text) > MAX_SIZE:
            msg = f"Cannot save the mapping: it is too large (maximum {MAX_SIZE // 1024} KB)."
            raise UserError(msg)
        create_private_folder(folder)
        with atomic_write(path) as file:
            file.write(text)
    except UnicodeEncodeError as error:
        msg = "Cannot save the mapping: its name or a column name contains invalid characters."
        raise UserError(msg) from error
    except OSError as error:
        msg = f"Cannot save the mapping {sanitize(str(path))}: {os_error_text(error)}."
        raise UserError(msg) from error
    return path


def saved_mapping_names(folder: Path) -> list[str]:
    """Return the names of the files of saved mappings, sorted."""
    try:
        return sorted(path.stem for path in folder.iterdir() if path.suffix == MAPPING_SUFFIX)
    except OSError:
        return []


def is_name_taken(folder: Path, name: str, header: Sequence[str]) -> bool:
    """Return whether a mapping with this name is saved for files with other columns."""
    path = _path_for(folder, name)
    try:
        saved = read_mapping_file(path)
    except UserError:  # there is none
        return False
    return _identity(saved.header) != _identity(header)


def free_name(folder: Path, name: str, header: Sequence[str]) -> str:
    """Return this name, or with a number, so that no mapping for other columns has it."""
    names = (name if number == 1 else f"{name} {number}" for number in count(1))
    return next(one for one in names if not is_name_taken(folder, one, header))


def find_mapping(folder: Path, header: Sequence[str]) -> ColumnMapping | None:
    """Return the mapping saved last for a file with these columns, or None.

    Files that cannot be read, or are not mappings, are skipped.
    """
    wanted = _identity(header)
    try:
        paths = [path for path in folder.iterdir() if path.suffix == MAPPING_SUFFIX]
        newest = sorted(paths, key=lambda path: (path.lstat().st_mtime_ns, path.name), reverse=True)
    except OSError:
        return None
    for path in newest:
        try:
            saved = read_mapping_file(path)
            if saved.header and _identity(saved.header) == wanted:
                MappedValues(saved.mapping, columns_of(header, saved.mapping))
                return saved.mapping
        except (UserError, UnusableHeader):
            continue
    return None


def _identity(header: Sequence[str]) -> list[str]:
    """Return a value that is equal for headers with the same columns in any order."""
    return sorted(same_name(name) for name in column_names(header) if not is_problems_column(name))


def _path_for(folder: Path, name: str) -> Path:
    """Return the file for a mapping with this name: its existing file, or a free one."""
    stem = _file_name(name)
    for number in count(1):
        path = folder / (stem + (f" {number}" if number > 1 else "") + MAPPING_SUFFIX)
        try:
            if not path.exists() or read_mapping(path).name == name:
                break
        except (OSError, UserError):
            continue
    return path


def _file_name(name: str) -> str:
    """Return a valid file name for the name of a mapping."""
    safe = "".join(
        character if character.isalnum() or character in " -_" else "-" for character in name
    )
    short = safe.encode(errors="replace")[:_MAX_NAME].decode(errors="ignore")
    return short.strip() or "mapping"
