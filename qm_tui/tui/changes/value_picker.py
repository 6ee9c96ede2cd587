"""The dialog to pick one of the values in use of a field."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen

from qm_tui.progress import YieldControl
from qm_tui.store.state import State
from qm_tui.text import pad_or_truncate, pluralize
from qm_tui.tui.keys.keymap import is_key_of
from qm_tui.tui.widgets.count_table import NumberList
from qm_tui.tui.widgets.dialog import button_row
from qm_tui.tui.widgets.list_dialog import ListDialog
from qm_tui.tui.widgets.suggester import PICK_HINT, Suggestions
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.tui.work.threads import ask_until_answered
from qm_tui.users.fields import CATEGORICAL, MAX_VALUE, Field
from qm_tui.users.query.counts import values_by_count

_NONE: Final = "No values in use yet."
_NO_MATCH: Final = "No values in use match. Press Esc to go back."


class ValueInUse(NamedTuple):
    """A value of a field, and the number of users with it."""

    value: str
    users: int


ValueSource = Callable[[YieldControl], Sequence[ValueInUse]]
"""Returns the values in use of a field, most frequent first. For worker threads."""


def has_picker(field: Field) -> bool:
    """Whether values of a field can be picked: those that many users share."""
    return field in CATEGORICAL


def picker_hint(field: Field) -> str:
    """Return the key hint of an input for a field; empty if its values cannot be picked."""
    return f"{PICK_HINT}  " if has_picker(field) else ""


def count_values(field: Field, state: State, rest: YieldControl) -> Sequence[ValueInUse]:
    """Return the values of a field, most frequent first, without the empty one."""
    groups = state.groups((field.key,), rest=rest)
    return [ValueInUse(*counted) for counted in values_by_count(groups, rest)]


def pick_value(
    screen: Screen[Any],
    field: Field,
    state: State,
    value: str,
    take: Callable[[str], None],
) -> None:
    """Open the values in use of a field.

    Args:
        screen: the screen with the input.
        field: the field.
        state: the state of the store.
        value: the text in the input.
        take: called with the value that was picked, unless the dialog is canceled.
    """
    open_picker(screen, ValuePicker(field, value, partial(count_values, field, state)), take)


def open_picker(screen: Screen[Any], picker: "ValuePicker", take: Callable[[str], None]) -> None:
    """Open a picker, if its screen is still on top, and take the value that is picked."""

    def picked(value: str | None) -> None:
        if value is not None and screen.is_attached:
            take(value)

    if screen.is_active:
        screen.app.push_screen(picker, picked)


class ValueInput(SafeInput):
    """An input that suggests values in use. Down opens them, by the action `pick` of its screen.

    Args:
        values: returns the values to suggest, most frequent first.
        id: the widget's ID.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "screen.pick", "Values in use", tooltip="Select one of the values in use"),
    ]

    class InputRejected(Message):
        """The typed or pasted text was not inserted, or not completely."""

        def __init__(self, message: str) -> None:
            super().__init__()
            self.message = message

    def __init__(self, values: Callable[[], Sequence[str]], *, id: str) -> None:
        super().__init__(MAX_VALUE, id=id)
        self.suggester = Suggestions(values)

    def too_long(self, characters: int) -> None:
        """Report that the value would be too long."""
        text = f"Too long: {characters:,} characters (maximum {MAX_VALUE:,})."
        self.post_message(self.InputRejected(text))

    def on_characters_dropped(self, characters: int) -> None:
        """Report that nonprintable characters were removed."""
        text = f"Removed {pluralize(characters, 'nonprintable character')}."
        self.post_message(self.InputRejected(text))


class _ValueList(NumberList[ValueInUse]):
    """The values that match, with the number of users of each."""

    footer_height: ClassVar[int] = 1
    bar: ClassVar[int] = 0
    empty_text = ""
    """Shown if there are no values."""

    def show(self, values: Sequence[ValueInUse], cursor_row: int, empty_text: str) -> None:
        """Show values, with the cursor in a row."""
        self.empty_text = empty_text
        self.set_items(values)
        self.rows_changed(cursor_row)

    def value_of(self, item: ValueInUse) -> str:
        """Return the value."""
        return item.value

    def numbers_of(self, item: ValueInUse) -> Sequence[int]:
        """Return the number of its users."""
        return (item.users,)

    def footer_text(self, width: int, line: int) -> str:
        """Return why there are no values."""
        return pad_or_truncate("" if self.items else f"  {self.empty_text}", width)


class ValuePicker(ListDialog[str]):
    """Asks for one of the values in use. The result is the value, or None if canceled.

    At first the text of the input narrows the list, unless that is a value in use: then the list
    is complete, with the cursor on that value.

    Args:
        field: the field.
        value: the text in the input.
        source: returns the values in use.
    """

    FRAME: ClassVar[str] = "value-picker"
    INPUT: ClassVar[str] = "value-filter"

    def __init__(self, field: Field, value: str, source: ValueSource) -> None:
        self._rows = _ValueList(id="values-in-use")
        super().__init__(self._rows, f"{field.name}: values in use", "Search", MAX_VALUE)
        self._value, self._source = value, source
        self._values: Sequence[ValueInUse] = ()
        self._folded: Sequence[str] = ()

    def compose_below(self) -> ComposeResult:
        yield button_row(select="[Select]", cancel="[Cancel]")

    def on_mount(self) -> None:
        self.input.value = self._value
        self.input.select_all()
        self._count()

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the values are counted."""
        return self._rows.is_counting and (
            key in ("enter", "up", "down") or is_key_of(key, "search.page_up", "search.page_down")
        )

    @work(description="count the values in use")
    async def _count(self) -> None:
        self._values = await ask_until_answered(self._source)
        self._folded = [one.value.casefold() for one in self._values]
        self._rows.is_counting = False
        self.narrow(self.input.value)

    def narrow(self, typed: str) -> None:
        """Show the values that contain the text; those that start with it come first."""
        if self._rows.is_counting:
            return
        if typed == self._value:
            for row, one in enumerate(self._values):
                if one.value == typed:
                    self._rows.show(self._values, row, _NONE)
                    return
        folded = typed.casefold()
        first, others = list[ValueInUse](), list[ValueInUse]()
        for one, name in zip(self._values, self._folded, strict=True):
            if folded in name:
                (first if name.startswith(folded) else others).append(one)
        self._rows.show([*first, *others], 0, _NO_MATCH if self._values else _NONE)

    def select(self) -> None:
        """Accept the current value."""
        if self._rows.cursor_item is not None:
            self.dismiss(self._rows.cursor_item.value)
