"""The result of an export, and the messages about it for the terminal UI and the command line."""

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
"""Users named in a sentence."""

_SHOWN: Final = 40

_WITHOUT_PASSWORDS: Final = "Without passwords, this file can only update existing users."
_MATCHED_BY_NAME: Final = " Without User IDs, users are matched by User Name."


@dataclass(slots=True)
class Formulas:
    """The cells of a file that a spreadsheet would run.

    Attributes:
        cells: the number of cells by field index.
        users: the number of users who have such a cell.
    """

    cells: Counter[int] = field(default_factory=Counter)
    users: int = 0

    def count(self, places: Iterable[int | None]) -> None:
        """Count cells, given the field index of each."""
        self.cells.update(place for place in places if place is not None)

    @property
    def sentence(self) -> str:
        """The number of cells, their fields and the fix; empty if there are none."""
        if not self.users:
            return ""
        count = self.cells.total()
        fields = ", ".join(
            f"{FIELDS[index].name} {number:,}" for index, number in sorted(self.cells.items())
        )
        return (
            f"A spreadsheet would run {counted(count, 'cell')} of {counted(self.users, 'user')} "
            f"as {'a formula' if count == 1 else 'formulas'} ({fields}). To prevent this, export "
            "with “Guard formulas” (--guard-formulas)."
        )


@dataclass(frozen=True, slots=True)
class Exported:
    """The result of an export.

    Attributes:
        users: the number of users written.
        formulas: the cells that a spreadsheet would run.
        choices: the export options.
        path: the file; None if it was an open one.
        link_to: the file that was written if `path` led to it through symbolic links.
        out_of: the number of all users if only some were exported, else None.
        own_passwords: the User Names of users whose password was set in qm-tui; none if passwords
            were omitted.
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
        """All messages, safe for a terminal: what was written, and the notes."""
        target = f" to {visible(short(self.path))}" if self.path else ""
        if self.link_to:
            target += f" (symbolic link to {visible(short(self.link_to))})"
        users = counted(self.users, "user")
        if self.out_of is not None:
            users = f"{self.users:,} of {counted(self.out_of, 'user')}"
        return [f"Export complete. {users} written{target}", *self.notes]

    @property
    def notes(self) -> list[str]:
        """What the admin should know about the file, one or two sentences each."""
        notes = (self._of_passwords, self._of_own_passwords, self.formulas.sentence)
        return [note for note in notes if note]

    @property
    def _of_own_passwords(self) -> str:
        count = len(self.own_passwords)
        if not count:
            return ""
        names = ", ".join(visible(name, _SHOWN) for name in self.own_passwords[:_NAMED])
        more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
        have = "has a password" if count == 1 else "have passwords"
        users = counted(count, "user")
        return f"{users} {have} set in qm-tui that may not work in the suite: {names}{more}."

    @property
    def _of_passwords(self) -> str:
        if self.choices.passwords:
            return ""
        without_ids = "" if self.choices.ids else _MATCHED_BY_NAME
        return f"{_WITHOUT_PASSWORDS}{without_ids}"
