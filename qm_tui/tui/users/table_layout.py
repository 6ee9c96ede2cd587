"""Where the columns of the users table stand: how wide each is, and which are in sight."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.text import counted
from qm_tui.users.query.columns import Column, Layout, Placed

MARGIN: Final = 3
"""Cells before the first column: the cursor's sign, the user's sign, and a blank."""

_ROOMY_FROM: Final = 96
"""Cells for columns from which most values are to be read in full rather than more columns."""

_ROOMY: Final = {
    "first_name": 16,
    "last_name": 16,
    "extension": 8,
    "agent_id": 12,
    "department": 20,
    "user_name": 16,
    "security_profile": 20,
    "recording_profile": 20,
    "phone_ip": 17,
    "recording_service": 20,
    "windows_login": 24,
    "sip_uri": 32,
    "location": 16,
    "additional_extensions": 20,
    "private_extensions": 20,
    "secondary_phone_ip": 17,
}
"""The cells in which most values of a column can be read in full."""

_LEFT_TO_MOVE: Final = 10
"""Cells that columns which stay in place leave to the others."""


class Drawn(NamedTuple):
    """A column in sight.

    Attributes:
        place: its place in the layout, from 0.
        column: what it shows.
        x: the cell in which it begins, from the left edge of the table.
        width: the cells that it takes.
    """

    place: int
    column: Column
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Arrangement:
    """How a layout is drawn in a table of a certain width.

    Attributes:
        columns: all columns of the layout.
        widths: the cells that each takes.
        frozen: how many stay in place: as many as the layout says, or as there is room for.
        end: the width of the table.
    """

    columns: tuple[Column, ...]
    widths: tuple[int, ...]
    frozen: int
    end: int

    def in_sight(self, first: int) -> list[Drawn]:
        """The columns in sight, where `first` is the first of those that move.

        They are shown whole, but for the first that moves where it is wider than what is left.
        """
        x, drawn = MARGIN, list[Drawn]()
        first = max(first, self.frozen)
        for place in (*range(self.frozen), *range(first, len(self.columns))):
            width, left = self.widths[place], self.end - x
            if left < width and place == first:
                width = left
            if left < width or width < 1:
                break
            drawn.append(Drawn(place, self.columns[place], x, width))
            x += width + 1
        return drawn

    def first_for(self, current: int, first: int) -> int:
        """The first column that moves, as near to `first` as shows the current column."""
        first = max(self.frozen, min(first, len(self.columns) - 1))
        while first > self.frozen and self._ends_in_sight(first - 1):
            first -= 1  # the table became wider: no room is left empty behind the last column
        if current < self.frozen:
            return first
        first = min(first, current)
        while first < current and all(one.place != current for one in self.in_sight(first)):
            first += 1
        return first

    def _ends_in_sight(self, first: int) -> bool:
        drawn, last = self.in_sight(first), len(self.columns) - 1
        return bool(drawn) and drawn[-1].place == last and drawn[-1].width == self.widths[last]


def arranged(layout: Layout, width: int) -> Arrangement:
    """How a layout is drawn in a table of so many cells."""
    room = width - MARGIN
    widths = _widths(layout.columns, room)
    frozen = layout.frozen
    if _total(widths) > room:
        while frozen and room - _total(widths[:frozen]) - 1 < _LEFT_TO_MOVE:
            frozen -= 1
    columns = tuple(one.column for one in layout.columns)
    return Arrangement(columns, tuple(widths), frozen, width)


def position(arrangement: Arrangement, drawn: Sequence[Drawn]) -> str:
    """Which of the columns that move are in sight, in words: `← columns 5-9 of 24 → more`."""
    count = len(arrangement.columns)
    moving = [one.place + 1 for one in drawn if one.place >= arrangement.frozen]
    if len(drawn) == count or not moving:
        return counted(count, "column")
    first, last = moving[0], moving[-1]
    places = f"columns {first}-{last}" if first < last else f"column {first}"
    back = "← " if first > arrangement.frozen + 1 else ""
    return f"{back}{places} of {count}{' → more' if last < count else ''}"


def _total(widths: Sequence[int]) -> int:
    """The cells that columns take, with a blank between two."""
    return sum(widths) + len(widths) - 1


def _widths(columns: Sequence[Placed], room: int) -> list[int]:
    """The cells that each column takes.

    Where all have room, what is left over goes to them from left to right, to each as much as most
    of its values need. Where they have not, and the table is wide, each takes that much: whoever
    has a wide terminal reads names in full. A width that somebody chose stays as it is.
    """
    widths = [one.width for one in columns]
    spare = room - _total(widths)
    if spare < 0 and room >= _ROOMY_FROM:
        spare = sum(_ROOMY.values())
    for at, one in enumerate(columns):
        if one.width == one.column.width:
            more = max(0, min(_ROOMY.get(one.key, 0) - one.width, spare))
            widths[at] += more
            spare -= more
    return widths
