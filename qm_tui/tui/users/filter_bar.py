"""The line in which a filter is typed, with how many users it shows, and what is wrong with it."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Label, Static

from qm_tui.text import visible
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.users.query.completion import Completions, ValuesOf, completions
from qm_tui.users.query.filter_parser import LONGEST

_RECALLED: Final = 50
"""Filters that Up brings back."""

_AS_BEFORE: Final = "the list is as before"
"""What is said instead of the count while the filter is wrong."""

_HINT: Final = "department:sales  active:no  license:none  -word  changed:today   Tab completes"


class _FilterInput(PlainInput):
    """The field. Tab completes where there is something to complete."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "apply", "Apply", tooltip="Leave the filter as it is, and go to the list"),
        Binding("escape", "clear", "Clear", tooltip="Show all users again"),
        Binding("tab", "complete", "Complete", tooltip="Complete a name or a value"),
        Binding("up", "recall(-1)", "Bring back a filter from before", show=False),
        Binding("down", "recall(1)", "Filter after, or the list", show=False),
    ]

    def __init__(self, complete: Callable[[], bool]) -> None:
        super().__init__(LONGEST, id="users-filter")
        self._complete = complete

    async def _on_key(self, event: events.Key) -> None:
        if event.key == "enter":
            await self._edit(event)
        else:
            await super()._on_key(event)

    def action_apply(self) -> None:
        """Leave the filter as it is typed."""
        self.post_message(FilterBar.Applied(self.value))

    def action_complete(self) -> None:
        """Complete what is typed; where there is nothing to complete, go on."""
        if not self._complete():
            self.screen.focus_next()

    def action_clear(self) -> None:
        """Take the filter away."""
        self.post_message(FilterBar.Cleared())

    def action_recall(self, step: int) -> None:
        """Bring back a filter."""
        self.post_message(FilterBar.RecallWanted(step))


class FilterBar(Vertical):
    """The field, how many users are shown, and below them what helps or is wrong.

    It is there while it has the focus, or while it holds a filter.

    Args:
        values_of: gives the values of a field that can be completed.
    """

    class Typed(Message):
        """The filter is another."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Applied(Message):
        """The filter is typed to its end."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Cleared(Message):
        """No filter is wanted."""

    class Left(Message):
        """The list is wanted, the filter stays."""

    class RecallWanted(Message):
        """A filter from before is wanted."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    def __init__(self, values_of: ValuesOf) -> None:
        super().__init__(id="filter-bar")
        self._values_of = values_of
        self._fault = self._counted = ""
        self._recalled: list[str] = []
        self._place = 0
        self._cycle: tuple[str, Completions, int] | None = None

    def compose(self) -> ComposeResult:
        """The field and the count, and the line below them."""
        with Horizontal(id="users-filter-line"):
            yield Label(safe("/ "))
            yield _FilterInput(self._completed)
            yield Static(id="shown-count")
        yield Static(id="filter-said")

    def on_mount(self) -> None:
        """There is no filter yet."""
        self._show_or_hide()

    @property
    def field(self) -> PlainInput:
        """The field."""
        return self.query_one(_FilterInput)

    @property
    def has_fault(self) -> bool:
        """Whether something is wrong with what is typed."""
        return bool(self._fault)

    def show_filter(self, text: str) -> None:
        """Show a filter that was not typed here."""
        with self.field.prevent(Input.Changed):
            self.field.value = text
        self.field.cursor_position = len(text)
        self.show_fault("")
        self._help()

    def show_count(self, shown: int, total: int) -> None:
        """Say how many users the filter shows."""
        self._counted = f"{shown:,} of {total:,} shown"
        self._show_counted()

    def _show_counted(self) -> None:
        said = _AS_BEFORE if self._fault else self._counted
        self.query_one("#shown-count", Static).update(safe(said), layout=False)

    def show_fault(self, sentence: str) -> None:
        """Say what is wrong with the filter; nothing where it is right."""
        if sentence != self._fault:
            self._fault = sentence
            self._show_counted()
            self._help()
        self._show_or_hide()

    def begin(self) -> None:
        """Let a filter be typed, in place of the one that stands there; End goes on with it."""
        self.display = True
        self.query_one("#filter-said").display = True
        self.screen.set_focus(self.field)
        self.field.select_all()
        self._place = len(self._recalled)

    def remember(self, text: str) -> None:
        """Keep a filter for Up."""
        if text.strip():
            self._recalled = [*(one for one in self._recalled if one != text), text][-_RECALLED:]
        self._place = len(self._recalled)

    def on_descendant_focus(self) -> None:
        """Help while it is typed."""
        self._show_or_hide()
        self._help()

    def on_descendant_blur(self) -> None:
        """Leave the room to the list."""
        self._show_or_hide()

    def _show_or_hide(self) -> None:
        has_focus = self.field.has_focus
        self.display = has_focus or bool(self.field.value)
        self.query_one("#filter-said").display = has_focus or bool(self._fault)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.show_fault("")
        self._help()
        self.post_message(self.Typed(event.value))

    @on(RecallWanted)
    def _recall(self, event: RecallWanted) -> None:
        event.stop()
        place = self._place + event.step
        if place >= len(self._recalled):
            if event.step > 0 and self._place >= len(self._recalled):
                self.post_message(self.Left())
            elif event.step > 0:
                self._place = len(self._recalled)
                self.field.value = ""
            return
        if not self._recalled:
            return
        self._place = max(0, place)
        self.field.value = self._recalled[self._place]
        self.field.cursor_position = len(self.field.value)

    # Completing

    def _help(self) -> None:
        """Say what is wrong, else what can be typed on."""
        said = self.query_one("#filter-said", Static)
        is_other = said.has_class("fault") != bool(self._fault)
        said.set_class(bool(self._fault), "fault")
        text = f"! {self._fault}" if self._fault else self._offered
        said.update(safe(text), layout=is_other or bool(self._fault))

    @property
    def _offered(self) -> str:
        if not self.field.value.strip():
            return _HINT
        text, cursor = self.field.value, self.field.cursor_position
        if self._cycle is not None and self._cycle[0] == text:
            return _listed(self._cycle[1].texts)
        return _listed(completions(text, cursor, self._values_of).texts)

    def _completed(self) -> bool:
        """Complete what is typed; again, take the next. Whether there was anything to complete."""
        field = self.field
        text, cursor = field.value, field.cursor_position
        if self._cycle is not None and self._cycle[0] == text:
            _, offered, place = self._cycle
            place = (place + 1) % len(offered.texts)
            before = text[cursor - len(offered.texts[place - 1]) : cursor]
            rest = text[cursor:] if before == offered.texts[place - 1] else ""
        else:
            offered, place = completions(text, cursor, self._values_of), 0
            rest = text[cursor:]
        if not offered.texts or text[offered.start : cursor] == offered.texts[place]:
            return False
        longer = text[: offered.start] + offered.texts[place]
        self._cycle = (longer + rest, offered, place) if len(offered.texts) > 1 else None
        field.value = longer + rest
        field.cursor_position = len(longer)
        return True


def _listed(texts: Sequence[str]) -> str:
    return "  ".join(visible(text, 40) for text in texts)
