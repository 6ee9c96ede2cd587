"""The header of the users table: names, and arrows that say what the users are sorted by."""

from collections.abc import Sequence
from typing import Final

from qm_tui.text import fitted
from qm_tui.tui.users.table_layout import MARGIN, Drawn
from qm_tui.users.query.views import SortKey

_FIRST_KEY: Final = {False: "▲", True: "▼"}
_OTHER_KEY: Final = {False: "▵", True: "▿"}
"""The arrow of a column, by whether its last value comes first."""


def header_texts(
    drawn: Sequence[Drawn], width: int, current: int, sort: Sequence[SortKey]
) -> tuple[str, str, str]:
    """The header in three pieces, `width` cells together: before, of, and after the current column.

    Args:
        drawn: the columns in sight.
        width: the cells of the table.
        current: the place of the current column; the second piece is empty where it is not in
            sight.
        sort: what the users are sorted by, the first key before the second.
    """
    arrows = _arrows(sort)
    before, own, after = " " * MARGIN, "", ""
    for one in drawn:
        is_last = one.x + one.width >= width
        text = _name(one, arrows.get(one.column.key, ""), is_last)
        gap = " " * (one.width + (not is_last) - len(text))
        if one.place == current:
            own, after = text, gap
        elif own:
            after += text + gap
        else:
            before += text + gap
    if own:
        return before, own, fitted(after, width - len(before) - len(own))
    return fitted(before, width), "", ""


def _arrows(sort: Sequence[SortKey]) -> dict[str, str]:
    """The arrows of the columns by their keys."""
    return {
        key.column: (_OTHER_KEY if at else _FIRST_KEY)[key.descending]
        for at, key in enumerate(sort)
    }


def _name(one: Drawn, arrow: str, is_last: bool) -> str:
    """The name above a column with its arrow, in as many cells as the column takes.

    Where the name leaves no room, the arrow stands in the blank before the next column, and takes a
    cell more; before the table's edge, where there is none, it takes the place of a letter.
    """
    name = one.column.short
    if not arrow:
        return fitted(name, one.width)
    if len(name) + 2 <= one.width:
        return fitted(f"{name} {arrow}", one.width)
    room = one.width if is_last else one.width + 1
    return fitted(f"{name[: room - 1]}{arrow}", min(room, max(one.width, len(name) + 1)))
