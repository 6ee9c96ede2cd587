"""What was written by an export, and what is said of it: by the interface and the command line."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from qm_tui.places import short
from qm_tui.text import counted, visible
from qm_tui.transfer.export_choices import ExportChoices
from qm_tui.users.fields import FIELDS


@dataclass(slots=True)
class Formulas:
    """The cells of a file that a spreadsheet would run.

    Attributes:
        cells: how many there are, by the place of their field.
        users: how many users have one.
    """

    cells: Counter[int] = field(default_factory=Counter)
    users: int = 0

    def count(self, places: Iterable[int | None]) -> None:
        """Count cells; the place of each one's field is given."""
        self.cells.update(place for place in places if place is not None)

    @property
    def sentence(self) -> str:
        """How many there are and where, and what helps; empty where there are none."""
        if not self.users:
            return ""
        count = self.cells.total()
        fields = ", ".join(f"{FIELDS[at].name} {n:,}" for at, n in sorted(self.cells.items()))
        return (
            f"{counted(count, 'cell')} of {counted(self.users, 'user')} would run as "
            f"{'a formula' if count == 1 else 'formulas'} in a spreadsheet ({fields}). "
            "Before you open the file in one, guard formulas when you export (Options, "
            "--guard-formulas)."
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Attributes:
        users: how many users.
        formulas: the cells that a spreadsheet would run.
        choices: what was chosen.
        path: the file; None where it was an open one.
        out_of: of how many users these were chosen; None where all were written.
    """

    users: int
    formulas: Formulas
    choices: ExportChoices
    path: Path | None = None
    out_of: int | None = None

    @property
    def sentences(self) -> list[str]:
        """All that is to be said, safe for a terminal: what was written, and what to mind."""
        where = f" to {visible(short(self.path))}" if self.path else ""
        some = counted(self.users, "user")
        if self.out_of is not None:
            some = f"{self.users:,} of {counted(self.out_of, 'user')}"
        return [f"Export complete. {some} written{where}", *self.notes]

    @property
    def notes(self) -> list[str]:
        """What the admin should mind, a sentence or two each."""
        return [one for one in (self._of_passwords, self.formulas.sentence) if one]

    @property
    def _of_passwords(self) -> str:
        if self.choices.passwords:
            return ""
        known = "" if self.choices.ids else ", and without User IDs only those of its User Names"
        return f"Without passwords this file can only update users that are there{known}."
