"""The entries of a pasted list that match no users or several users."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.message import Message

from qm_tui.text import pad_or_truncate, sanitize
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.query.pasted_list import UnresolvedEntry

_LINE: Final = 6
_ENTRY: Final = 30
MAX_NAMED: Final = 3
"""Users that are listed per entry."""

_MARK: Final = "✓"


class UnresolvedList(VirtualList):
    """Entries that match no users, or several users. All matches of an entry can be marked.

    Attributes:
        selected: the texts of the entries whose matches should be marked.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("mark_list.mark_matches", "choose"),
        Binding("enter", "select", "Go to the line of the entry"),
    ]

    header_height: ClassVar[int] = 1

    class SelectionChanged(Message):
        """The entries whose matches should be marked have changed."""

    def __init__(self) -> None:
        super().__init__(id="unsettled")
        self._names: Mapping[str, str] = {}
        self._entries: Sequence[UnresolvedEntry] = ()
        self.selected: set[str] = set()

    @property
    def row_count(self) -> int:
        """The number of entries."""
        return len(self._entries)

    @property
    def cursor_entry(self) -> UnresolvedEntry:
        """The current entry."""
        return self._entries[self.cursor_row]

    @property
    def selected_ids(self) -> list[str]:
        """The User IDs of the matches that should be marked."""
        return [
            user_id
            for entry in self._entries
            if entry.text in self.selected
            for user_id in entry.user_ids
        ]

    def show(self, entries: Sequence[UnresolvedEntry], names: Mapping[str, str]) -> None:
        """Show other entries.

        Args:
            entries: the entries.
            names: the User Names of their first users, by User ID.
        """
        self._entries, self._names = entries, names
        self.rows_changed(self.cursor_row)

    def action_choose(self) -> None:
        """Mark or unmark all matches of the current entry."""
        if self.row_count and self.cursor_entry.user_ids:
            self.selected ^= {self.cursor_entry.text}
            self.refresh()
            self.post_message(self.SelectionChanged())

    def header_text(self, width: int) -> list[Segment]:
        """Return the names of the columns."""
        style = self.get_component_rich_style("virtual-rows--header")
        text = f"   {'Line':>{_LINE}}  {'Entry':<{_ENTRY}}  Matches"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return the line number of an entry, its text, and its matches."""
        entry = self._entries[row]
        cursor = ">" if row == self.cursor_row else " "
        mark = _MARK if entry.text in self.selected and entry.user_ids else " "
        text = pad_or_truncate(sanitize(entry.text, 200), _ENTRY)
        return pad_or_truncate(
            f"{cursor}{mark} {entry.line:>{_LINE},}  {text}  {self._candidates_text(entry)}", width
        )

    def _candidates_text(self, entry: UnresolvedEntry) -> str:
        times = f", {entry.times:,} times" if entry.times > 1 else ""
        if not entry.user_ids:
            return f"not found{times}"
        named = entry.user_ids[:MAX_NAMED]
        names = [sanitize(self._names.get(user_id, user_id), 40) for user_id in named]
        more = ", …" if len(entry.user_ids) > MAX_NAMED else ""
        return f"{len(entry.user_ids):,} users{times}: {', '.join(names)}{more}"
