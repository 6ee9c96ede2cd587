"""Cells that are written for a spreadsheet: `="0123"`, and the guard against CSV injection.

Source: the users file, section 2 (cells of the form `="0123"`) and section 4 (the options for a
spreadsheet).

When a value is written, it is guarded first (`'` before formulas) and then wrapped (`="0123"`);
when it is read, it is unwrapped first. Whatever the options of an export are, a value that a
reader would change is guarded or wrapped once more, so that it is read unchanged.
"""

import re
from typing import Final

from qm_tui.transfer.spreadsheet import FORMULA_PREFIXES

_TEXT_FORMULA: Final = re.compile(r'="((?:[^"]|"")*)"', re.DOTALL)

GUARD: Final = "'"
"""The prefix that keeps a spreadsheet from running a value."""

_PHONE: Final = re.compile(r"\+[ \xa0\u202f./()-]*+[0-9][0-9 \xa0\u202f./()-]*+")


def from_text_formula(cell: str) -> str:
    """Return the value inside a cell of the form `="0123"`; other cells unchanged."""
    if not cell.startswith('="'):
        return cell
    match = _TEXT_FORMULA.fullmatch(cell)
    return match.group(1).replace('""', '"') if match else cell


def as_text_formula(value: str) -> str:
    """Return the value in the form `="0123"`, the inverse of `from_text_formula`."""
    return '="' + value.replace('"', '""') + '"'


def is_text_formula(value: str) -> bool:
    """Return whether a reader would unwrap the value itself."""
    return value.startswith('="') and _TEXT_FORMULA.fullmatch(value) is not None


def is_formula(value: str) -> bool:
    """Return whether a spreadsheet would run the value as a formula.

    True for values that begin with `=`, `+`, `-`, `@` or a tab; not for phone numbers
    (`+47 22 12 34 56`).
    """
    if not value or value[0] not in FORMULA_PREFIXES:
        return False
    return _PHONE.fullmatch(value) is None


def unescape_formula(cell: str) -> str:
    """Return the value without the `'` of a guarded cell; other cells unchanged."""
    return cell[1:] if needs_escape(cell) else cell


def escape_formula(value: str) -> str:
    """Return the value with a `'`, the inverse of `unescape_formula` for values that would run."""
    return GUARD + value


def needs_escape(value: str) -> bool:
    """Return whether a reader would remove a `'` of the value itself."""
    return value.startswith(GUARD) and is_formula(value.lstrip(GUARD))
