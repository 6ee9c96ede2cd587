"""The cells of the users table, and the legend of their letters."""

from itertools import groupby
from typing import Final

from qm_tui.text import OF_ONE_WIDTH, sanitize
from qm_tui.users.fields import Kind, User
from qm_tui.users.query.columns import LICENSE, MAX_WIDTH, Column, Layout
from qm_tui.users.query.licenses import LETTERS, NO_LICENSE, License, license_cell

_SET: Final = "set"
_FLAGS: Final = {"1": "y", "0": "n"}

_LABELS: Final = {
    "is_active": "active",
    "unlimited_license": "unlimited",
    "on_demand_license": "on-demand",
    "computer_recording_license": "computer",
    "lookback_enabled": "lookback",
    "privacy_enabled": "privacy",
    "dual_endpoints_enabled": "dual",
}
"""The meaning of the header letter of a yes/no column."""

_LIMIT: Final = 4 * MAX_WIDTH
"""Characters of a value that are processed: a letter with three marks takes one cell."""


def cell_text(column: Column, user: User) -> str:
    """Return the visible text of a cell: never a secret, and one letter for a yes/no field."""
    field = column.field
    if field is None:
        return license_cell(user)
    value = user[field.index]
    if field.is_secret:
        return _SET if value else ""
    if field.kind is Kind.FLAG:
        return _FLAGS.get(value, sanitize(value, 1))
    text = sanitize(value, _LIMIT)
    return text if text.isascii() else text.translate(OF_ONE_WIDTH)


def legend(layout: Layout) -> str:
    """Return the legend of the letters in a layout, in column order; empty if it has none."""
    columns = [placed.column for placed in layout.columns if _has_letters(placed.column)]
    parts = []
    for is_flag, group in groupby(columns, lambda column: column.key != LICENSE):
        if is_flag:
            flags = [f"{column.short} {_LABELS[column.key]}" for column in group]
            parts.append(f"{' '.join(flags)} {'/'.join(_FLAGS.values())}")
        else:
            licenses = [f"{letter} {license}" for license, letter in LETTERS.items()]
            short = next(group).short
            parts.append(f"{short} {' '.join(licenses)} {NO_LICENSE} {License.NONE}")
    return "   ".join(parts)


def _has_letters(column: Column) -> bool:
    return column.field is None or column.field.kind is Kind.FLAG
