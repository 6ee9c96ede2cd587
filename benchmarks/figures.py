"""Tables of what was measured of qm-tui, with what is promised, beside other programs."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import Final

OURS: Final = "qm-tui"
"""The name of the program that the bounds are for."""

_WHAT: Final = 44
_CELL: Final = 11


class Unit(StrEnum):
    """What a figure counts."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    BYTES = "B"
    MEGABYTES = "MB"
    PERCENT = "%"

    def said(self, value: float) -> str:
        """A value in this unit."""
        places = {Unit.SECONDS: 2, Unit.MILLISECONDS: 1, Unit.PERCENT: 2}.get(self, 0)
        return f"{value:,.{places}f} {self}"


class Row:
    """A line of a table: one thing that was measured of some programs.

    Args:
        what: the thing.
        unit: in what it is counted.
    """

    def __init__(self, what: str, unit: Unit) -> None:
        self.what, self.unit = what, unit
        self.bound: float | None = None
        self._taken: dict[str, list[float]] = defaultdict(list)
        self._missed = Counter[str]()

    def add(self, program: str, value: float | None) -> None:
        """Add what was measured once; None where nothing came."""
        if value is None:
            self._missed[program] += 1
        else:
            self._taken[program].append(value)

    def median(self, program: str) -> float | None:
        """The median of a program's values; None where there is none."""
        return median(self._taken[program]) if self._taken[program] else None

    def line(self, others: Sequence[str]) -> str:
        """The row as it is printed."""
        ours, missed = self.median(OURS), self._missed[OURS]
        cells = [
            "no answer" if ours is None else self.unit.said(ours),
            "" if ours is None else self.unit.said(max(self._taken[OURS])),
            "" if self.bound is None else self.unit.said(self.bound),
        ]
        for other in others:
            theirs = self.median(other)
            cells.append("" if theirs is None else self.unit.said(theirs))
            cells.append("" if not theirs or ours is None else f"{ours / theirs:.3g} x")
        line = f"  {self.what:<{_WHAT}}{''.join(f'{cell:>{_CELL}}' for cell in cells)}".rstrip()
        if missed and ours is not None:
            line += f"   {missed} of {missed + len(self._taken[OURS])} times NO ANSWER"
        is_over = self.bound is not None and ours is not None and ours > self.bound
        return line + ("   OVER" if is_over else "")


class Table:
    """What was measured, in rows.

    A row is printed with the median and the longest of ours, the bound that is promised for the
    median, and for each other program its median and how many times that ours is.

    Args:
        title: what is said above it.
        others: the names of the other programs.
    """

    def __init__(self, title: str, others: Sequence[str] = ()) -> None:
        self._title, self._others = title, others
        self._rows: dict[str, Row] = {}

    def row(self, what: str, unit: Unit, bound: float | None = None) -> Row:
        """A row, made where there is none yet."""
        row = self._rows.setdefault(what, Row(what, unit))
        row.bound = bound if bound is not None else row.bound
        return row

    def clear(self) -> None:
        """Forget what was measured."""
        self._rows.clear()

    def print(self) -> None:
        """Print it."""
        heads = [OURS, "longest", "bound"]
        for other in self._others:
            heads += [other, "ours is"]
        print(f"{self._title}\n  {'':<{_WHAT}}{''.join(f'{head:>{_CELL}}' for head in heads)}")
        for row in self._rows.values():
            print(row.line(self._others))
        print(flush=True)
