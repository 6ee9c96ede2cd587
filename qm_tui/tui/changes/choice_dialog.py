"""Dialogs that ask for a button, and for the number that confirms a mass change."""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label, Static

from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import BUTTON_HINTS, Confirms, Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.text_input import SafeInput

YES: Final = "yes"
"""The ID of the button that confirms."""

NO: Final = "no"
"""The ID of the button that cancels."""

_MAX_LENGTH: Final = 20
_ACCEPTED: Final = "0123456789,"


class NumberField(SafeInput):
    """An input for a given number. It accepts only digits and commas.

    Args:
        number: the number that confirms.
    """

    def __init__(self, number: int) -> None:
        super().__init__(_MAX_LENGTH, id="confirm")
        self._number = number

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace a part of the text, with the digits and commas of another."""
        super().replace("".join(filter(_ACCEPTED.__contains__, text)), start, end)

    @property
    def is_confirmed(self) -> bool:
        """Whether the number was typed, with or without commas."""
        return self.value.replace(",", "") == str(self._number)


class ChoiceDialog(Confirms, Dialog[str | None]):
    """Asks for one of several buttons. The result is its ID, or None if canceled.

    The button `YES` takes a number first, if there is one. It is also what Enter presses there.

    Args:
        title: the question.
        lines: the text.
        buttons: the captions of the buttons by ID, in order.
        id: the ID of the frame.
        number: the number to type; 0 for none.
        focus: the ID of the widget that has the focus.
        classes: the classes of the screen.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("dialog.close", f"answer('{NO}')", "Cancel"),
        Binding("left,up", "app.focus_previous", "Previous button", show=False),
        Binding("right,down", "app.focus_next", "Next button", show=False),
    ]

    def __init__(
        self,
        title: str,
        lines: Sequence[str],
        buttons: Mapping[str, str],
        *,
        id: str,
        number: int = 0,
        focus: str = NO,
        classes: str = "small-dialog",
    ) -> None:
        super().__init__(classes=classes)
        self._question, self._lines, self._buttons = title, lines, buttons
        self._number, self._first, self._frame = number, focus, id

    def compose(self) -> ComposeResult:
        with dialog_frame(self._frame, self._question, BUTTON_HINTS, 70):
            yield from self.compose_text()
            if self._number:
                with Horizontal(classes="number-line"):
                    yield Label(safe(f"Type {self._number} to confirm: "))
                    yield NumberField(self._number)
                yield Static(classes="refused")
            yield button_row(**{name: f"[{caption}]" for name, caption in self._buttons.items()})

    def compose_text(self) -> ComposeResult:
        """Yield what is shown above the number and the buttons."""
        yield Static(safe_lines(self._lines), classes="dialog-text")

    def on_mount(self) -> None:
        self.focus_first()

    def focus_first(self) -> None:
        """Focus the widget that has the focus at first."""
        for widget in self.query(f"#{self._first}"):  # none if it was closed before
            self.set_focus(widget)

    def action_answer(self, button: str) -> None:
        """Close the dialog with a button; stay open if its number is missing or wrong."""
        for field in self.query(NumberField):
            if button == YES and not field.is_confirmed:
                text = f"The number does not match. Type {self._number}, or press Esc to cancel."
                self.query_one(".refused", Static).update(safe(text))
                self.set_focus(field)
                return
        self.dismiss(None if button == NO else button)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_answer(YES)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.action_answer(event.button.id or NO)


class ConfirmDialog(ChoiceDialog):
    """Asks for the number of a mass change. The result is `YES`, or None if canceled.

    Args:
        number: the number that confirms.
        text: the effect, and that nothing has been saved yet.
        title: the question.
        yes: the caption of the button that confirms.
    """

    def __init__(self, number: int, text: str, *, title: str, yes: str) -> None:
        buttons = {NO: "Cancel", YES: yes}
        super().__init__(
            title, [text], buttons, number=number, focus="confirm", id="confirm-dialog"
        )
