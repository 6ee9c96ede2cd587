"""Column mappings in files, for files of other programs.

A mapping is TOML, so that it can be written by hand:

    header = ["Vorname", "Nachname", "Bemerkung"]   # the header that it was made for
    [columns]
    "Vorname" = "First Name"
    "Nachname" = "Last Name"
    "Bemerkung" = ""                                # ignored

It is reused for files with the same column names.
"""

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from qm_tui.errors import UserError, os_error_text
from qm_tui.files import atomic_write, create_private_folder
from qm_tui.text import sanitize
from qm_tui.toml_files import InvalidTomlFile, read_toml
from qm_tui.transfer.mapping.guess import nearest_field
from qm_tui.transfer.reading.columns import (
    UnusableHeader,
    column_names,
    columns_of,
    find_field,
    is_problems_column,
    same_name,
)
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import Field

_SUFFIX: Final = ".toml"
_MAX_SIZE: Final = 512 * 1024
"""The maximum size of a mapping file, in bytes."""
_MAX_NAME: Final = 200
"""Bytes of the mapping's name that are used for the file name, which is limited to 255."""
_ENTRIES: Final = ("name", "header", "columns")


class _SavedMapping(NamedTuple):
    """The content of a mapping file."""

    mapping: ColumnMapping
    header: list[str]


def read_mapping(path: Path) -> ColumnMapping:
    """Return the mapping in a file.

    Raises:
        UserError: the file cannot be read, or is not a mapping.
    """
    return _read(path).mapping


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

    content: dict[str, Any] = {
        "name": name,
        "header": [cell for cell in header if not is_problems_column(cell)],
        "columns": {
            column: field.name if field else "" for column, field in mapping.columns.items()
        },
    }
    path = _path_for(folder, name)
    try:
        text = tomli_w.dumps(content).encode()
        if len(text) > _MAX_SIZE:
            msg = f"Cannot save the mapping: it is too large (maximum {_MAX_SIZE // 1024} KB)."
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


def find_mapping(folder: Path, header: Sequence[str]) -> ColumnMapping | None:
    """Return the mapping saved last for a file with these columns, or None.

    Files that cannot be read, or are not mappings, are skipped.
    """
    wanted = _identity(header)
    try:
        paths = [path for path in folder.iterdir() if path.suffix == _SUFFIX]
        newest = sorted(paths, key=lambda path: (path.lstat().st_mtime_ns, path.name), reverse=True)
    except OSError:
        return None
    for path in newest:
        try:
            saved = _read(path)
            if saved.header and _identity(saved.header) == wanted:
                columns_of(header, saved.mapping)
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
        path = folder / (stem + (f" {number}" if number > 1 else "") + _SUFFIX)
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


def _read(path: Path) -> _SavedMapping:
    """Return the content of a mapping file.

    Raises:
        UserError: the file cannot be read, or is not a mapping.
    """
    try:
        return _parse(path, read_toml(path, _MAX_SIZE))
    except InvalidTomlFile as error:
        raise _invalid_mapping(path, str(error)) from error
    except (OSError, ValueError) as error:
        cause = os_error_text(error) if isinstance(error, OSError) else "invalid file name"
        raise _invalid_mapping(path, cause) from error


def _parse(path: Path, content: dict[str, Any]) -> _SavedMapping:
    for entry in content:
        if entry not in _ENTRIES:
            problem = f"unknown key {sanitize(entry, 60)}; valid keys: name, header, [columns]"
            raise _invalid_mapping(path, problem)
    name, header, columns = (
        content.get("name", path.stem),
        content.get("header", []),
        content.get("columns"),
    )
    if not isinstance(name, str):
        raise _invalid_mapping(path, "name must be a quoted text")
    if not isinstance(header, list) or not all(isinstance(cell, str) for cell in header):
        raise _invalid_mapping(path, "header must be a list of quoted column names")
    if not isinstance(columns, dict) or not columns:
        problem = 'a table [columns] with lines like "Vorname" = "First Name" is required'
        raise _invalid_mapping(path, problem)
    pairs: dict[str, Field | None] = {}
    holders: dict[Field, str] = {}
    for column, name_of_field in columns.items():
        field = _field(path, column, name_of_field)
        if field is not None and field in holders:
            problem = (
                f'[columns] assigns both "{sanitize(holders[field], 60)}" and '
                f'"{sanitize(column, 60)}" to {field.name}'
            )
            raise _invalid_mapping(path, problem)
        pairs[column] = field
        if field is not None:
            holders[field] = column
    return _SavedMapping(ColumnMapping(name, pairs), header)


def _field(path: Path, column: str, name: object) -> Field | None:
    """Return the field that an entry names, or None to ignore the column."""
    entry = f'[columns] "{sanitize(column, 60)}"'
    if not isinstance(name, str):
        problem = f'{entry} must be a quoted field name, or "" to ignore the column'
        raise _invalid_mapping(path, problem)
    if not name.strip():
        return None
    field = find_field(name)
    if field is None:
        similar = nearest_field(name)
        hint = f' (did you mean "{similar.name}"?)' if similar else ""
        raise _invalid_mapping(path, f'{entry}: unknown field "{sanitize(name, 60)}"{hint}')
    return field


def _invalid_mapping(path: Path, problem: str) -> UserError:
    return UserError(
        f"Cannot read the mapping {sanitize(str(path))}: {problem}. Correct the file, or use "
        "another mapping."
    )
