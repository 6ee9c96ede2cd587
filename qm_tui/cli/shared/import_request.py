"""The request of an import, from the options of the command line."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import typer

from qm_tui import paths
from qm_tui.cli.shared.common import MAX_SHOWN
from qm_tui.cli.shared.field_assignments import USE_ASSIGNMENT, parse_assignments
from qm_tui.cli.shared.selection import find_user, query_from_options
from qm_tui.errors import UserError
from qm_tui.store.state import State
from qm_tui.text import most_similar, sanitize
from qm_tui.transfer.mapping.mapping_file import InvalidMapping, check_default, read_mapping
from qm_tui.transfer.mapping.saved_mappings import MAPPING_SUFFIX, saved_mapping_names
from qm_tui.transfer.planning.missing import Limit, MissingAction, MissingPolicy
from qm_tui.transfer.reading.read_options import (
    ColumnMapping,
    ReadOptions,
    parse_delimiter,
    parse_encoding,
)
from qm_tui.users.fields import FIELD, FIELDS, Field, template_from

_NOTHING: Final = "Nothing was imported."
_PERCENT: Final = "%"
_MIN_SIMILARITY: Final = 0.6
"""The least similarity of two names, from 0 to 1, for one to be suggested for the other."""


class YesNo(StrEnum):
    """The value of a yes/no option."""

    YES = "yes"
    NO = "no"


def read_options(
    encoding: str, delimiter: str, header: YesNo | None, mapping: Path | None
) -> ReadOptions:
    """Return the options for reading the file.

    Raises:
        UserError: the encoding, the delimiter or the mapping is invalid.
    """
    column_mapping = None if mapping is None else read_mapping(_mapping_path(mapping))
    return ReadOptions(
        parse_encoding(encoding) if encoding else "",
        parse_delimiter(delimiter) if delimiter else "",
        None if header is None else header is YesNo.YES,
        column_mapping,
    )


def _mapping_path(written: Path) -> Path:
    """Return the file of a mapping, given its path or the name of a saved mapping.

    Raises:
        UserError: there is no such file, and no saved mapping has this name.
    """
    path, name = paths.expand_home(written), str(written)
    if path.exists() or written.name != name:
        return path
    saved = saved_mapping_names(paths.mappings_folder())
    if name in saved:
        return paths.mappings_folder() / f"{name}{MAPPING_SUFFIX}"
    near = most_similar(name, saved, _MIN_SIMILARITY)
    meant = f" Did you mean {sanitize(near, MAX_SHOWN)}?" if near else ""
    shown = sanitize(name, MAX_SHOWN)
    raise UserError(
        f"There is no file and no saved mapping {shown}.{meant} {_NOTHING} Enter the name of a "
        "mapping, or the path of its file."
    )


def with_defaults(
    options: ReadOptions, assigned: Sequence[str], model: str | None, state: State
) -> ReadOptions:
    """Return the options for reading the file, with defaults for new users.

    Those given by name come first, then those of the mapping, then those of the model.

    Args:
        options: the options for reading the file.
        assigned: defaults, for example `department=Sales`.
        model: the User Name or User ID of a user whose values are defaults, if there is one.
        state: the users.

    Raises:
        UserError: a default is invalid, or there is no such user.
    """
    defaults: dict[Field, str] = {}
    if model is not None:
        like = template_from(find_user(state, model))
        defaults |= {field: value for field, value in zip(FIELDS, like, strict=True) if value}
    mapping = options.mapping or ColumnMapping()
    defaults |= mapping.defaults
    invalid = next((text for text in assigned if text.find("=") < 1), None)
    if invalid is not None:
        shown = sanitize(invalid, MAX_SHOWN)
        raise UserError(f"'{shown}' does not set a default. {_NOTHING} {USE_ASSIGNMENT}")
    for key, value in parse_assignments(assigned).items():
        try:
            defaults[FIELD[key]] = check_default(FIELD[key], value)
        except InvalidMapping as error:
            raise UserError(f"Invalid default: {error}. {_NOTHING}") from error
    return replace(options, mapping=replace(mapping, defaults=defaults)) if defaults else options


def missing_policy(action: MissingAction | None, among: str | None) -> MissingPolicy | None:
    """Return what to do with users that are not in the file; None if it does not matter.

    Raises:
        UserError: the options do not fit together, or the filter is invalid.
    """
    if action is None:
        if among is not None:
            raise UserError("--missing-of requires --missing.")
        return None
    terms = None if among is None else query_from_options(among, None, "--missing-of").terms
    return MissingPolicy(action, terms)


def parse_limit(text: str) -> Limit:
    """Return a limit from the command line: a number of users, or a percentage.

    Raises:
        typer.BadParameter: it is neither.
    """
    is_percentage = text.endswith(_PERCENT)
    number = text.removesuffix(_PERCENT)
    try:
        limit = Limit(float(number) if is_percentage else int(number), is_percentage)
    except ValueError:
        limit = None
    if limit is None or not text.isascii() or not 0 <= limit.number < float("inf"):
        shown = sanitize(text, 40)
        raise typer.BadParameter(f"'{shown}' is not a number of users or a percentage such as 5%.")
    return limit
