"""Mappings of columns, kept in files: which column of another program's file holds which field.

A mapping is TOML, so that it can be written by hand:

    header = ["Vorname", "Nachname", "Bemerkung"]   # the header that it was made for
    [columns]
    "Vorname" = "First Name"
    "Nachname" = "Last Name"
    "Bemerkung" = ""                                # left out

It is found again by its header, for files whose columns have the same names.
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
"""Bytes that a name contributes to the name of a file; names end at 255."""
_ENTRIES: Final = ("name", "header", "columns")


class _Kept(NamedTuple):
    """What a file of a mapping says."""

    mapping: ColumnMapping
    header: list[str]


def read_mapping(path: Path) -> ColumnMapping:
    """The mapping that a file holds.

    Raises:
        Refused: it cannot be read, or holds something else.
    """
    return _read(path).mapping


def save_mapping(folder: Path, name: str, mapping: ColumnMapping, header: Sequence[str]) -> Path:
    """Keep a mapping under a name, in place of one that has this name.

    Args:
        folder: where mappings are kept. It is made where it is missing.
        name: what the admin calls it.
        mapping: the mapping.
        header: the header of the file that it was made for.

    Returns:
        The file that holds it now, for its owner alone.

    Raises:
        Refused: it could not be written.
    """
    import tomli_w  # noqa: PLC0415 - only who saves needs it

    said: dict[str, Any] = {
        "name": name,
        "header": [cell for cell in header if not is_problems_column(cell)],
        "columns": {
            column: field.name if field else "" for column, field in mapping.columns.items()
        },
    }
    path = _path_for(folder, name)
    try:
        text = tomli_w.dumps(said).encode()
        make_private_folder(folder)
        with replacing(path) as file:
            file.write(text)
    except UnicodeEncodeError as error:
        msg = "The mapping could not be saved: its name, or that of a column, is no text."
        raise Refused(msg) from error
    except OSError as error:
        msg = f"The mapping could not be saved as {visible(str(path))}: {reason(error)}."
        raise Refused(msg) from error
    return path


def saved_mapping(folder: Path, header: Sequence[str]) -> ColumnMapping | None:
    """The mapping that was kept last for a file with these columns; None where there is none.

    Files that cannot be read, or hold no mapping, are passed over.
    """
    wanted = _identity(header)
    try:
        paths = [one for one in folder.iterdir() if one.suffix == _SUFFIX]
        newest = sorted(paths, key=lambda path: (path.lstat().st_mtime_ns, path.name), reverse=True)
    except OSError:
        return None
    for path in newest:
        try:
            kept = _read(path)
            if kept.header and _identity(kept.header) == wanted:
                columns_of(header, kept.mapping)
                return kept.mapping
        except (Refused, MappingDoesNotFit):
            continue
    return None


def _identity(header: Sequence[str]) -> list[str]:
    """What two headers have in common that name the same columns, in whatever order."""
    return sorted(same_name(one) for one in column_names(header) if not is_problems_column(one))


def _path_for(folder: Path, name: str) -> Path:
    """The file for a mapping of this name: the one that it has, or one that no other has."""
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
    """A name for a file, from one that may hold anything."""
    safe = "".join(one if one.isalnum() or one in " -_" else "-" for one in name)
    short = safe.encode(errors="replace")[:_LONGEST_NAME].decode(errors="ignore")
    return short.strip() or "mapping"


def _read(path: Path) -> _Kept:
    """What a file of a mapping says.

    Raises:
        Refused: it cannot be read, or holds something else.
    """
    try:
        text = read_small(path).decode("utf-8-sig")
        return _kept(path, tomllib.loads(text))
    except UnicodeDecodeError as error:
        raise _refused(path, "it is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise _refused(path, f"it is not TOML: {visible(str(error), 200)}") from error
    except RecursionError as error:
        raise _refused(path, "its lists are nested too deep") from error
    except (OSError, ValueError) as error:
        why = reason(error) if isinstance(error, OSError) else "no file has such a name"
        raise _refused(path, why) from error


def _kept(path: Path, said: dict[str, Any]) -> _Kept:
    for entry in said:
        if entry not in _ENTRIES:
            why = f"{visible(entry, 60)} is unknown; there are name, header and [columns]"
            raise _refused(path, why)
    name, header, columns = said.get("name", path.stem), said.get("header", []), said.get("columns")
    if not isinstance(name, str):
        raise _refused(path, "name must be a text")
    if not isinstance(header, list) or not all(isinstance(cell, str) for cell in header):
        raise _refused(path, "header must be a list of the names of columns, in quotes")
    if not isinstance(columns, dict) or not columns:
        raise _refused(path, 'it needs a table [columns] with lines like "Vorname" = "First Name"')
    pairs: dict[str, Field | None] = {}
    holders: dict[Field, str] = {}
    for column, word in columns.items():
        field = _field(path, column, word)
        if field is not None and field in holders:
            why = (
                f'[columns] gives {field.name} to both "{visible(holders[field], 60)}" and '
                f'"{visible(column, 60)}"'
            )
            raise _refused(path, why)
        pairs[column] = field
        if field is not None:
            holders[field] = column
    return _Kept(ColumnMapping(name, pairs), header)


def _field(path: Path, column: str, word: object) -> Field | None:
    """The field that an entry names; None where the column is left out."""
    where = f'[columns] "{visible(column, 60)}"'
    if not isinstance(word, str):
        raise _refused(
            path, f'{where} must be the name of a field in quotes, or "" to leave it out'
        )
    if not word.strip():
        return None
    field = field_named(word)
    if field is None:
        near = nearest_field(word)
        hint = f'; did you mean "{near.name}"?' if near else ""
        raise _refused(path, f'{where}: "{visible(word, 60)}" is no field{hint}')
    return field


def _refused(path: Path, why: str) -> Refused:
    end = "" if why.endswith("?") else "."
    return Refused(
        f"The mapping {visible(str(path))} cannot be used: {why}{end} Correct the file, or choose "
        "another mapping."
    )
