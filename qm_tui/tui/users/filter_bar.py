"""The filter bar: the field for the filter, the number of matches, completions and errors."""

from collections.abc import Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Label, Static

from qm_tui.store.state import UserCount
from qm_tui.text import sanitize
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.text_input import FilterInput
from qm_tui.users.query.completion import Completions, ValuesOf, complete_filter
from qm_tui.users.query.filter_parser import MAX_FILTER_LENGTH

_MAX_HISTORY: Final = 50
"""Filters in the history of the field."""

_LIST_UNCHANGED: Final = "list unchanged"
"""Shown instead of the count while the filter is invalid."""

_HINT: Final = "department:sales  license:none  changed:today  -word"
"""Examples, as many as fit into 80 columns."""


class _FilterInput(FilterInput):
    """The field for the filter. Tab completes names and values."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Apply", tooltip="Apply the filter and go to the list"),
        Binding("escape", "screen.clear_filter", "Clear", tooltip="Clear the filter"),
        Binding("tab", "complete", "Complete", tooltip="Complete a name or a value"),
        Binding("up", "recall(-1)", "Previous filter", show=False),
        Binding("down", "recall(1)", "Next filter, or go to the list", show=False),
    ]

    def __init__(self, bar: "FilterBar") -> None:
        super().__init__(MAX_FILTER_LENGTH, id=FilterBar.FIELD)
        self._bar = bar

    def action_complete(self) -> None:
        """Complete the text, or move the focus if there is nothing to complete."""
        if not self._bar.complete():
            self.screen.focus_next()

    async def action_recall(self, step: int) -> None:
        """Go back or forth in the history, or go to the list after its end."""
        if not self._bar.recall(step):
            await self.run_action("screen.leave_filter")


class FilterBar(Vertical):
    """The field, the number of matches, and a line below for help and errors.

    It is visible while it has the focus, contains a filter or shows an error. Its screen handles
    the messages of the field, and has the actions `clear_filter` and `leave_filter`.

    Args:
        values_of: returns the values of a field for completion.
    """

    FIELD: ClassVar[str] = "users-filter"
    """The ID of the field."""

    def __init__(self, values_of: ValuesOf) -> None:
        super().__init__(id="filter-bar")
        self._values_of = values_of
        self._error = self._counted = ""
        self._history: list[str] = []
        self._history_index = 0
        self._cycle: tuple[str, Completions, int] | None = None

    def compose(self) -> ComposeResult:
        with Horizontal(id="users-filter-line"):
            yield Label(safe(with_keys("<users.filter> ")))
            yield _FilterInput(self)
            yield Static(id="shown-count")
        yield Static(id="filter-said")

    def on_mount(self) -> None:
        self._show_or_hide()

    @property
    def field(self) -> FilterInput:
        """The field."""
        return self.query_one(_FilterInput)

    @property
    def has_error(self) -> bool:
        """Whether the filter is invalid."""
        return bool(self._error)

    def show_filter(self, text: str) -> None:
        """Show a filter that was set elsewhere, for example by a view."""
        with self.field.prevent(Input.Changed):
            self.field.value = text
        self.field.cursor_position = len(text)
        self.show_error("")
        self._help()

    def show_count(self, shown: UserCount, total: int) -> None:
        """Show how many users match the filter."""
        self._counted = f"{shown.text} of {total:,} shown"
        # as wide as it can get, so that typing moves nothing else
        widest = max(f"{total:,} of {total:,} shown", _LIST_UNCHANGED, self._counted, key=len)
        self.query_one("#shown-count").styles.width = len(widest) + 1
        self._show_counted()

    def _show_counted(self) -> None:
        text = _LIST_UNCHANGED if self._error else self._counted
        self.query_one("#shown-count", Static).update(safe(text), layout=False)

    def show_error(self, message: str) -> None:
        """Show the error in the filter; pass an empty string if it is valid."""
        if message != self._error:
            self._error = message
            self._show_counted()
            self._help()
        self._show_or_hide()

    def begin(self) -> None:
        """Focus the field with its text selected, so that typing replaces it."""
        self.display = True
        self.query_one("#filter-said").display = True
        self.screen.set_focus(self.field)
        self.field.select_all()
        self._history_index = len(self._history)

    def add_to_history(self, text: str) -> None:
        """Add a filter to the history."""
        if text.strip():
            earlier = (recalled for recalled in self._history if recalled != text)
            self._history = [*earlier, text][-_MAX_HISTORY:]
        self._history_index = len(self._history)

    def on_descendant_focus(self) -> None:
        self._show_or_hide()
        self._help()

    def on_descendant_blur(self) -> None:
        self._show_or_hide()

    def _show_or_hide(self) -> None:
        has_focus = self.field.has_focus
        self.display = has_focus or bool(self.field.value or self._error)
        self.query_one("#filter-said").display = has_focus or bool(self._error)

    @on(Input.Changed)
    def _typed(self) -> None:
        self.show_error("")
        self._help()

    def recall(self, step: int) -> bool:
        """Go back or forth in the history.

        Returns:
            False if there is nothing after its end, where the text already is.
        """
        place, end = self._history_index + step, len(self._history)
        if place > end:
            return False
        if self._history:
            self._history_index = max(0, place)
            self.field.value = [*self._history, ""][self._history_index]
            self.field.cursor_position = len(self.field.value)
        return True

    # Completion

    def _help(self) -> None:
        """Show the error, or else the completions."""
        line = self.query_one("#filter-said", Static)
        is_other = line.has_class("fault") != bool(self._error)
        line.set_class(bool(self._error), "fault")
        text = f"! {self._error}" if self._error else self._offered
        line.update(safe(text), layout=is_other or bool(self._error))

    @property
    def _offered(self) -> str:
        if not self.field.value.strip():
            return _HINT
        text, cursor = self.field.value, self.field.cursor_position
        if self._cycle is not None and self._cycle[0] == text:
            return _listed(self._cycle[1].texts)
        return _listed(complete_filter(text, cursor, self._values_of).texts)

    def complete(self) -> bool:
        """Insert the first completion, or the next one if the last one was just inserted.

        Returns:
            Whether there was a completion.
        """
        field = self.field
        text, cursor = field.value, field.cursor_position
        if self._cycle is not None and self._cycle[0] == text:
            _, offered, place = self._cycle
            place = (place + 1) % len(offered.texts)
            before = text[cursor - len(offered.texts[place - 1]) : cursor]
            rest = text[cursor:] if before == offered.texts[place - 1] else ""
        else:
            offered, place = complete_filter(text, cursor, self._values_of), 0
            rest = text[cursor:]
        if not offered.texts or text[offered.start : cursor] == offered.texts[place]:
            return False
        longer = text[: offered.start] + offered.texts[place]
        self._cycle = (longer + rest, offered, place) if len(offered.texts) > 1 else None
        field.value = longer + rest
        field.cursor_position = len(longer)
        return True


def _listed(texts: Sequence[str]) -> str:
    return "  ".join(sanitize(text, 40) for text in texts)
