"""Column mappings in files, for files of other programs.

A mapping is TOML, so that it can be written by hand:

    header = ["Vorname", "Nachname", "Bemerkung"]   # the header that it was made for
    [columns]
    "Vorname" = "First Name"
    "Nachname" = "Last Name"
    "Bemerkung" = ""                                # ignored

It is reused for files with the same column names.
"""

import tomllib
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple

from qm_tui.errors import Refused, reason
from qm_tui.files import make_private_folder, read_small, replacing
from qm_tui.text import visible
from qm_tui.transfer.mapping.guess import nearest_field
from qm_tui.transfer.reading.columns import (
    MappingDoesNotFit,
    column_names,
    columns_of,
    field_named,
    is_problems_column,
    same_name,
)
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.users.fields import Field

_SUFFIX: Final = ".toml"
_LONGEST_NAME: Final = 200
"""Bytes of the mapping's name that are used for the file name, which is limited to 255."""
_ENTRIES: Final = ("name", "header", "columns")


class _Kept(NamedTuple):
    """The content of a mapping file."""

    mapping: ColumnMapping
    header: list[str]


def read_mapping(path: Path) -> ColumnMapping:
    """Return the mapping in a file.

    Raises:
        Refused: the file cannot be read, or is not a mapping.
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
        Refused: the file cannot be written.
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
        make_private_folder(folder)
        with replacing(path) as file:
            file.write(text)
    except UnicodeEncodeError as error:
        msg = "Cannot save the mapping: its name or a column name contains invalid characters."
        raise Refused(msg) from error
    except OSError as error:
        msg = f"Cannot save the mapping {visible(str(path))}: {reason(error)}."
        raise Refused(msg) from error
    return path


def saved_mapping(folder: Path, header: Sequence[str]) -> ColumnMapping | None:
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
        except (Refused, MappingDoesNotFit):
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
        except (OSError, Refused):
            continue
    return path


def _file_name(name: str) -> str:
    """Return a valid file name for the name of a mapping."""
    safe = "".join(
        character if character.isalnum() or character in " -_" else "-" for character in name
    )
    short = safe.encode(errors="replace")[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip() or "mapping"


def _read(path: Path) -> _Kept:
    """Return the content of a mapping file.

    Raises:
        Refused: the file cannot be read, or is not a mapping.
    """
    try:
        text = read_small(path).decode("utf-8-sig")
        return _kept(path, tomllib.loads(text))
    except UnicodeDecodeError as error:
        raise _refused(path, "it is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise _refused(path, f"it is not valid TOML: {visible(str(error), 200)}") from error
    except RecursionError as error:
        raise _refused(path, "its lists are nested too deeply") from error
    except (OSError, ValueError) as error:
        cause = reason(error) if isinstance(error, OSError) else "invalid file name"
        raise _refused(path, cause) from error


def _kept(path: Path, content: dict[str, Any]) -> _Kept:
    for entry in content:
        if entry not in _ENTRIES:
            problem = f"unknown key {visible(entry, 60)}; valid keys: name, header, [columns]"
            raise _refused(path, problem)
    name, header, columns = (
        content.get("name", path.stem),
        content.get("header", []),
        content.get("columns"),
    )
    if not isinstance(name, str):
        raise _refused(path, "name must be a quoted text")
    if not isinstance(header, list) or not all(isinstance(cell, str) for cell in header):
        raise _refused(path, "header must be a list of quoted column names")
    if not isinstance(columns, dict) or not columns:
        problem = 'a table [columns] with lines like "Vorname" = "First Name" is required'
        raise _refused(path, problem)
    pairs: dict[str, Field | None] = {}
    holders: dict[Field, str] = {}
    for column, name_of_field in columns.items():
        field = _field(path, column, name_of_field)
        if field is not None and field in holders:
            problem = (
                f'[columns] assigns both "{visible(holders[field], 60)}" and '
                f'"{visible(column, 60)}" to {field.name}'
            )
            raise _refused(path, problem)
        pairs[column] = field
        if field is not None:
            holders[field] = column
    return _Kept(ColumnMapping(name, pairs), header)


def _field(path: Path, column: str, name: object) -> Field | None:
    """Return the field that an entry names, or None to ignore the column."""
    entry = f'[columns] "{visible(column, 60)}"'
    if not isinstance(name, str):
        problem = f'{entry} must be a quoted field name, or "" to ignore the column'
        raise _refused(path, problem)
    if not name.strip():
        return None
    field = field_named(name)
    if field is None:
        similar = nearest_field(name)
        hint = f' (did you mean "{similar.name}"?)' if similar else ""
        raise _refused(path, f'{entry}: unknown field "{visible(name, 60)}"{hint}')
    return field


def _refused(path: Path, problem: str) -> Refused:
    return Refused(
        f"Cannot read the mapping {visible(str(path))}: {problem}. Correct the file, or use "
        "another mapping."
    )
