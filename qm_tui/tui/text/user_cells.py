"""The cells of the users table, and the legend of their letters."""

from collections.abc import Iterable
from itertools import groupby
from typing import Final

from qm_tui.text import OF_ONE_WIDTH, sanitize
from qm_tui.users.fields import Kind, User
from qm_tui.users.query.columns import COLUMN, LICENSE, MAX_WIDTH, Column, Layout
from qm_tui.users.query.licenses import (
    LETTERS,
    NO_LICENSE,
    License,
    license_cell,
    licenses_of,
)

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

LICENSE_NAMES: Final = {
    License.UNLIMITED: "Unlimited",
    License.ON_DEMAND: "On-Demand",
    License.COMPUTER: "Computer",
    License.NONE: "none",
}
"""The licenses as words where there is room for more than their letters."""

LICENSES_AS_WORDS: Final = Column(LICENSE, "Licenses", "Licenses", 20, 20, None)
"""The column with all licenses in a wide terminal."""

_LIMIT: Final = 4 * MAX_WIDTH
"""Characters of a value that are processed: a letter with three marks takes one cell."""


def cell_text(column: Column, user: User) -> str:
    """Return the visible text of a cell: never a secret, and one letter for a yes/no field."""
    if column is LICENSES_AS_WORDS:
        return " + ".join(LICENSE_NAMES[license] for license in licenses_of(user))
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


def placed_columns(layout: Layout, *, has_words: bool = False) -> list[tuple[Column, int]]:
    """Return the columns of a layout with their widths.

    Args:
        layout: the layout.
        has_words: whether to show the licenses as words, unless the column has a custom width.
    """
    letters = (LICENSE, COLUMN[LICENSE].width)
    return [
        (LICENSES_AS_WORDS, LICENSES_AS_WORDS.width)
        if has_words and placed == letters
        else (placed.column, placed.width)
        for placed in layout.columns
    ]


def legend(columns: Iterable[Column]) -> str:
    """Return the legend of the letters in columns, in their order; empty if they have none."""
    parts = []
    for is_flag, group in groupby(filter(_has_letters, columns), lambda one: one.key != LICENSE):
        if is_flag:
            parts.append(" ".join(f"{column.short} {_LABELS[column.key]}" for column in group))
        else:
            licenses = [f"{letter} {license}" for license, letter in LETTERS.items()]
            short = next(group).short
            parts.append(f"{short} {' '.join(licenses)} {NO_LICENSE} {License.NONE}")
    return "   ".join(parts)


def _has_letters(column: Column) -> bool:
    if column.field is None:
        return column is not LICENSES_AS_WORDS
    return column.field.kind is Kind.FLAG
