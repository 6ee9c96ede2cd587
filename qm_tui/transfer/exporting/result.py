"""What was written by an export, and what is said of it: by the interface and the command line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qm_tui.paths import short
from qm_tui.text import counted, visible
from qm_tui.transfer.options.export_options import ExportChoices
from qm_tui.users.fields import FIELDS

_NAMED: Final = 5
"""Users that a sentence names."""

_SHOWN: Final = 40


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
        link_to: the file that was written, where symbolic links lead to it.
        out_of: of how many users these were chosen; None where all were written.
        own_passwords: the User Names of those whose password was set here; none where passwords
            were left out.
    """

    users: int
    formulas: Formulas
    choices: ExportChoices
    path: Path | None = None
    link_to: Path | None = None
    out_of: int | None = None
    own_passwords: Sequence[str] = ()

    @property
    def sentences(self) -> list[str]:
        """All that is to be said, safe for a terminal: what was written, and what to mind."""
        where = f" to {visible(short(self.path))}" if self.path else ""
        if self.link_to:
            where += f", through a symbolic link to {visible(short(self.link_to))}"
        some = counted(self.users, "user")
        if self.out_of is not None:
            some = f"{self.users:,} of {counted(self.out_of, 'user')}"
        return [f"Export complete. {some} written{where}", *self.notes]

    @property
    def notes(self) -> list[str]:
        """What the admin should mind, a sentence or two each."""
        said = (self._of_passwords, self._of_own_passwords, self.formulas.sentence)
        return [one for one in said if one]

    @property
    def _of_own_passwords(self) -> str:
        count = len(self.own_passwords)
        if not count:
            return ""
        names = ", ".join(visible(name, _SHOWN) for name in self.own_passwords[:_NAMED])
        more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
        have = "has a password that was" if count == 1 else "have passwords that were"
        users = counted(count, "user")
        return f"{users} {have} set here and may not work in the suite: {names}{more}."

    @property
    def _of_passwords(self) -> str:
        if self.choices.passwords:
            return ""
        known = "" if self.choices.ids else ", and without User IDs only those of its User Names"
        return f"Without passwords this file can only update users that are there{known}."
