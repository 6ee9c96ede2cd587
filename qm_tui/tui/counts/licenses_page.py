"""The Licenses page: licenses in use, by type and by department."""

from collections.abc import Iterator
from typing import Any, ClassVar, Final

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.tui.counts.license_tables import CellCursorList, DepartmentList, TypeList
from qm_tui.tui.counts.page import CountingPage
from qm_tui.tui.frame.actions_bar import ActionButton
from qm_tui.tui.frame.page import COMMON, UNDO
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.work.session import Session
from qm_tui.users.query.license_usage import KEYS_TO_COUNT, LicensesInUse, count_licenses

_NOTE: Final = "Licenses of inactive users can be reassigned."


class LicensesPage(CountingPage[LicensesInUse]):
    """Administration > Licenses.

    Args:
        session: the state that the pages share.
    """

    PAGE: ClassVar[str] = "licenses"
    ACTION_BUTTONS: ClassVar[tuple[ActionButton, ...]] = (
        ActionButton("[Enter Show users]", "show", "show_users"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        UNDO,
        *COMMON,
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._types, self._departments = TypeList(), DepartmentList()
        self._types.below, self._departments.above = self._departments, self._types
        self._used: CellCursorList[Any] = self._types

    def compose_counts(self) -> Iterator[Widget]:
        """Yield the licenses by type, and by department."""
        yield Static(safe(_NOTE), id="license-note")
        yield self._types
        yield self._departments

    def focus_list(self) -> None:
        """Focus the list that had the focus last."""
        self._used.focus()

    @on(events.DescendantFocus)
    def _list_focused(self, event: events.DescendantFocus) -> None:
        if isinstance(event.widget, CellCursorList):
            self._used = event.widget

    def count_users(self, state: State, yield_control: YieldControl) -> LicensesInUse:
        """Count the licenses in use. Runs in a thread."""
        return count_licenses(state.groups(KEYS_TO_COUNT, rest=yield_control), yield_control)

    def show_counts(self, counts: LicensesInUse, total: int) -> None:
        """Show the counts."""
        self._types.show(counts, total)
        self._departments.show(counts)

    @on(CellCursorList.RowSelected)
    def action_show_users(self) -> None:
        """Show the users of the current number."""
        if self._used.row_count:
            self.show_users(self._used.term, self._used.number)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Disable actions that are unavailable now."""
        if action == "show_users" and not self._used.row_count:
            return None
        return super().check_action(action, parameters)
