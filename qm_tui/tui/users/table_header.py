"""The header of the users table: column names, and arrows at the sort keys."""

from collections.abc import Sequence
from typing import Final

from qm_tui.text import pad_or_truncate
from qm_tui.tui.users.table_layout import MARGIN, DrawnColumn
from qm_tui.users.query.views import SortKey

_FIRST_KEY: Final = {False: "▲", True: "▼"}
_OTHER_KEY: Final = {False: "▵", True: "▿"}
"""The arrow of a sort key, by whether it is descending."""


def header_texts(
    drawn: Sequence[DrawnColumn], width: int, current: int, sort: Sequence[SortKey]
) -> tuple[str, str, str]:
    """Return the header in three parts: before, at, and after the current column.

    Together they have `width` cells. The second is empty if the current column is not visible.

    Args:
        drawn: the visible columns.
        width: the width of the table, in cells.
        current: the index of the current column.
        sort: the sort keys, first to last.
    """
    arrows = _arrows(sort)
    before, own, after = " " * MARGIN, "", ""
    for column in drawn:
        is_last = column.x + column.width >= width
        text = _name(column, arrows.get(column.column.key, ""), is_last)
        gap = " " * (column.width + (not is_last) - len(text))
        if column.position == current:
            own, after = text, gap
        elif own:
            after += text + gap
        else:
            before += text + gap
    if own:
        return before, own, pad_or_truncate(after, width - len(before) - len(own))
    return pad_or_truncate(before, width), "", ""


def _arrows(sort: Sequence[SortKey]) -> dict[str, str]:
    """Return the arrows by column key."""
    return {
        key.column: (_OTHER_KEY if index else _FIRST_KEY)[key.descending]
        for index, key in enumerate(sort)
    }


def _name(drawn: DrawnColumn, arrow: str, is_last: bool) -> str:
    """Return the name of a column and its arrow, as wide as the column.

    If the name leaves no room, the arrow goes into the gap before the next column, one cell more.
    The last column has no gap; there the arrow replaces a letter.
    """
    name = drawn.column.short
    if not arrow:
        return pad_or_truncate(name, drawn.width)
    if len(name) + 2 <= drawn.width:
        return pad_or_truncate(f"{name} {arrow}", drawn.width)
    room = drawn.width if is_last else drawn.width + 1
    return pad_or_truncate(f"{name[: room - 1]}{arrow}", min(room, max(drawn.width, len(name) + 1)))
