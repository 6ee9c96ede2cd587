"""The result of an export, and the messages about it for the terminal UI and the command line."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from qm_tui.paths import abbreviate_home
from qm_tui.text import pluralize, sanitize
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.users.fields import FIELDS

_NAMED: Final = 5
"""Users named in a sentence."""

_MAX_SHOWN: Final = 40

_WITHOUT_PASSWORDS: Final = "Without passwords, this file can only update existing users."
_MATCHED_BY_NAME: Final = " Without User IDs, users are matched by User Name."


def _by_field(cells: Counter[int]) -> str:
    return ", ".join(f"{FIELDS[index].name} {number:,}" for index, number in sorted(cells.items()))


@dataclass(frozen=True, slots=True)
class ExportResult:
    """The result of an export.

    Attributes:
        users: the number of users written.
        formulas: by field index, the number of cells that a spreadsheet would run.
        formula_users: the number of users who have such a cell.
        altered: by field index, the number of other values that a spreadsheet may alter.
        options: the export options.
        path: the file; None if it was an open one.
        link_to: the file that was written if `path` led to it through symbolic links.
        out_of: the number of all users if only some were exported, else None.
        local_passwords: the User Names of users whose password was set in qm-tui; none if passwords
            were omitted.
        without_password: the number of users who have no password yet; likewise.
    """

    users: int
    formulas: Counter[int]
    formula_users: int
    altered: Counter[int]
    options: ExportOptions
    path: Path | None = None
    link_to: Path | None = None
    out_of: int | None = None
    local_passwords: Sequence[str] = ()
    without_password: int = 0

    @property
    def messages(self) -> list[str]:
        """All messages, safe for a terminal: what was written, and the notes."""
        target = f" to {sanitize(abbreviate_home(self.path))}" if self.path else ""
        if self.link_to:
            target += f" (symbolic link to {sanitize(abbreviate_home(self.link_to))})"
        users = pluralize(self.users, "user")
        if self.out_of is not None:
            users = f"{self.users:,} of {pluralize(self.out_of, 'user')}"
        return [f"Export complete. {users} written{target}", *self.notes]

    @property
    def notes(self) -> list[str]:
        """What the admin should know about the file, one or two sentences each."""
        notes = (
            self._passwords_note,
            self._local_passwords_note,
            self._without_password_note,
            self._formulas_note,
            self._altered_note,
        )
        return [note for note in notes if note]

    @property
    def _local_passwords_note(self) -> str:
        count = len(self.local_passwords)
        if not count:
            return ""
        names = ", ".join(sanitize(name, _MAX_SHOWN) for name in self.local_passwords[:_NAMED])
        more = f" and {count - _NAMED:,} more" if count > _NAMED else ""
        have = "has a password" if count == 1 else "have passwords"
        users = pluralize(count, "user")
        return f"{users} {have} set in qm-tui that may not work in the suite: {names}{more}."

    @property
    def _without_password_note(self) -> str:
        count = self.without_password
        if not count:
            return ""
        have = "has" if count == 1 else "have"
        return (
            f"{pluralize(count, 'user')} {have} no password yet. Set it in the suite. To list "
            "them, filter by password:none-yet."
        )

    @property
    def _formulas_note(self) -> str:
        count = self.formulas.total()
        if not count:
            return ""
        return (
            f"A spreadsheet would run {pluralize(count, 'cell')} of "
            f"{pluralize(self.formula_users, 'user')} "
            f"as {'a formula' if count == 1 else 'formulas'} ({_by_field(self.formulas)}). "
            "To prevent this, export with “Guard formulas” (--guard-formulas)."
        )

    @property
    def _altered_note(self) -> str:
        count = self.altered.total()
        if not count:
            return ""
        return (
            f"A spreadsheet may alter {pluralize(count, 'value')} ({_by_field(self.altered)}). To "
            "prevent this, export with “For Excel” (--for-excel)."
        )

    @property
    def _passwords_note(self) -> str:
        if self.options.passwords:
            return ""
        without_ids = "" if self.options.ids else _MATCHED_BY_NAME
        return f"{_WITHOUT_PASSWORDS}{without_ids}"
