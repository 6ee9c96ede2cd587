"""The pages Profiles, Departments and Locations: the values in use, and renaming one for all."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.widget import Widget
from textual.widgets import Static

from qm_tui.store.state import State
from qm_tui.tui.counts.page import CountingPage
from qm_tui.tui.counts.rename_flow import rename
from qm_tui.tui.counts.value_table import ValueList
from qm_tui.tui.frame.actions_bar import Offer
from qm_tui.tui.frame.navigation import PAGES
from qm_tui.tui.frame.page import COMMON, UNDO
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.tab_row import FieldLine
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import Field
from qm_tui.users.query.counts import FieldValues, values_of_field
from qm_tui.users.query.filter_fields import NAMES, Name
from qm_tui.users.query.sorting import Rest


class ValuesPage(CountingPage[Sequence[FieldValues]]):
    """The values of one field, or of one field after the other.

    Args:
        session: what it shares with the other pages.
    """

    BY: ClassVar[tuple[Name, ...]]
    """The fields."""

    OFFERS: ClassVar[tuple[Offer, ...]] = (
        Offer("[Enter Show users]", "show", "show_users"),
        Offer("[e Rename]", "rename", "rename"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "rename", "Rename", tooltip="Rename the value for all its users"),
        Binding("left,h", "turn(-1)", "Field before"),
        Binding("right,l", "turn(1)", "Field after"),
        UNDO,
        *COMMON,
        Binding("escape", "back", "Back", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._place = self._total = 0
        self._made: Sequence[FieldValues] = ()
        self._wanted: dict[int, str | None] = {}
        self._is_asking = False

    @property
    def _list(self) -> ValueList:
        return self.query_one(ValueList)

    def compose_counts(self) -> Iterator[Widget]:
        """The fields, if there are several, and the values of one."""
        if len(self.BY) > 1:
            yield FieldLine([_field(by).short for by in self.BY], self._turn_to)
        yield ValueList()

    def on_mount(self) -> None:
        """The first field is shown first."""
        self._show_place()

    def focus_list(self) -> None:
        """Give the focus to the list."""
        self._list.focus()

    # Counting

    def counts_of(self, state: State, rest: Rest) -> Sequence[FieldValues]:
        """The values of all fields. Runs in a thread."""
        return [values_of_field(state.users.values(), by, rest) for by in self.BY]

    def show_counts(self, counts: Sequence[FieldValues], total: int) -> None:
        """Show the values of the field that is shown; the cursor stays on its value."""
        self._made, self._total = counts, total
        self._show_values()

    def _show_values(self) -> None:
        wanted = self._wanted.pop(self._place, None)
        self._list.show(self._made[self._place], self._total, wanted)

    # Fields

    def action_turn(self, by: int) -> None:
        """Show the values of the next field, or of the one before."""
        self._turn_to((self._place + by) % len(self.BY))

    def _turn_to(self, place: int) -> None:
        if place == self._place:
            return
        self._wanted.setdefault(self._place, self._list.places.value)
        self._place = place
        self._show_place()
        if self._made:
            self._show_values()

    def _show_place(self) -> None:
        name = f"{PAGES[self.PAGE]}   {_field(self.BY[self._place]).name}"
        self.query_one("#page-name", Static).update(safe(name), layout=False)
        for line in self.query(FieldLine):
            line.show(self._place)

    # What is done with a value

    @on(ValueList.RowSelected)
    def action_show_users(self) -> None:
        """Show the users who have the value under the cursor."""
        one = self._list.cursor_count
        if one is not None:
            self.show_users(one.term, one.number)

    @work
    async def action_rename(self) -> None:
        """Give all users who have the value under the cursor another."""
        one, place = self._list.cursor_count, self._place
        if one is None or self._is_asking or not self.session.may_change:
            return
        self._is_asking = True
        try:
            new = await rename(self, self.session, self._made[place], one.value)
        finally:
            self._is_asking = False
        if new is not None:
            self._wanted[place] = new  # where the cursor goes once they are counted again

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Grey out what cannot be done now."""
        if action == "turn":
            return len(self.BY) > 1
        if action in ("show_users", "rename"):
            with suppress(NoMatches):
                if self._list.cursor_count is None:
                    return None
            return action == "show_users" or self.session.may_change or None
        return super().check_action(action, parameters)


class ProfilesPage(ValuesPage):
    """Administration > Profiles."""

    PAGE: ClassVar[str] = "profiles"
    BY: ClassVar[tuple[Name, ...]] = (NAMES["recording-profile"], NAMES["security-profile"])


class DepartmentsPage(ValuesPage):
    """Administration > Departments."""

    PAGE: ClassVar[str] = "departments"
    BY: ClassVar[tuple[Name, ...]] = (NAMES["department"],)


class LocationsPage(ValuesPage):
    """Administration > Locations."""

    PAGE: ClassVar[str] = "locations"
    BY: ClassVar[tuple[Name, ...]] = (NAMES["location"],)


def _field(by: Name) -> Field:
    assert by.field is not None  # noqa: S101 - all of them are fields
    return by.field
