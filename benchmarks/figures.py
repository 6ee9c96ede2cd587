"""Tables of measured values of qm-tui and other programs, with the promised bounds."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from enum import StrEnum
from statistics import median, quantiles
from typing import Final

OURS: Final = "qm-tui"
"""The program with bounds."""

_WHAT: Final = 44
_CELL: Final = 11
_PERCENT: Final = 95


class Unit(StrEnum):
    """The unit of a value."""

    SECONDS = "s"
    MILLISECONDS = "ms"
    BYTES = "B"
    MEGABYTES = "MB"
    PERCENT = "%"

    def said(self, value: float) -> str:
        """Return a value with this unit."""
        places = {Unit.SECONDS: 2, Unit.MILLISECONDS: 1, Unit.PERCENT: 2}.get(self, 0)
        return f"{value:,.{places}f} {self}"


class Row:
    """A row of a table: a quantity measured for several programs.

    Args:
        what: the name of the quantity.
        unit: its unit.
    """

    def __init__(self, what: str, unit: Unit) -> None:
        self.what, self.unit = what, unit
        self.bound: float | None = None
        self._values: dict[str, list[float]] = defaultdict(list)
        self._missed = Counter[str]()

    def add(self, program: str, value: float | None) -> None:
        """Add a measured value; None if the program did not respond."""
        if value is None:
            self._missed[program] += 1
        else:
            self._values[program].append(value)

    def median(self, program: str) -> float | None:
        """Return the median of the values of a program; None if there are none."""
        return median(self._values[program]) if self._values[program] else None

    def percentile(self, program: str) -> float:
        """Return the value that 95 % of the values of a program do not exceed."""
        values = self._values[program]
        if len(values) == 1:
            return values[0]
        return quantiles(values, n=100, method="inclusive")[_PERCENT - 1]

    def line(self, others: Sequence[str], *, has_percentile: bool = False) -> str:
        """Return the row as text."""
        ours, missed = self.median(OURS), self._missed[OURS]
        cells = ["no answer" if ours is None else self.unit.said(ours)]
        if has_percentile:
            cells.append("" if ours is None else self.unit.said(self.percentile(OURS)))
        cells += [
            "" if ours is None else self.unit.said(max(self._values[OURS])),
            "" if self.bound is None else self.unit.said(self.bound),
        ]
        for other in others:
            theirs = self.median(other)
            cells.append("" if theirs is None else self.unit.said(theirs))
            cells.append("" if not theirs or ours is None else f"{ours / theirs:.3g} x")
        line = f"  {self.what:<{_WHAT}}{''.join(f'{cell:>{_CELL}}' for cell in cells)}".rstrip()
        if missed and ours is not None:
            line += f"   {missed} of {missed + len(self._values[OURS])} times NO ANSWER"
        is_over = self.bound is not None and ours is not None and ours > self.bound
        return line + ("   OVER" if is_over else "")


class Table:
    """A table of measured values.

    The columns are the median and the maximum of qm-tui, the promised bound of the median, and for
    each other program its median and the ratio of qm-tui to it.

    Args:
        title: the title.
        others: the names of the other programs.
        has_percentile: whether there is a column with the value that 95 % do not exceed.
    """

    def __init__(
        self, title: str, others: Sequence[str] = (), *, has_percentile: bool = False
    ) -> None:
        self._title, self._others = title, others
        self._has_percentile = has_percentile
        self._rows: dict[str, Row] = {}

    def row(self, what: str, unit: Unit, bound: float | None = None) -> Row:
        """Return a row, which is created if necessary."""
        row = self._rows.setdefault(what, Row(what, unit))
        row.bound = bound if bound is not None else row.bound
        return row

    def clear(self) -> None:
        """Remove all rows."""
        self._rows.clear()

    def print(self) -> None:
        """Print the table."""
        heads = [OURS, *([f"{_PERCENT} %"] if self._has_percentile else []), "longest", "bound"]
        for other in self._others:
            heads += [other, "ours is"]
        print(f"{self._title}\n  {'':<{_WHAT}}{''.join(f'{head:>{_CELL}}' for head in heads)}")
        for row in self._rows.values():
            print(row.line(self._others, has_percentile=self._has_percentile))
        print(flush=True)
