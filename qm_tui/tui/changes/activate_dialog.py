"""Asks whether users shall be activated or inactivated."""

from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.dialog import Dialog

ACTIVATE: Final = "1"
INACTIVATE: Final = "0"


class HowMany(NamedTuple):
    """Users with whom something is to be done.

    Attributes:
        active: how many are active.
        inactive: how many are not.
    """

    active: int
    inactive: int

    @property
    def users(self) -> int:
        """How many there are."""
        return self.active + self.inactive

    @property
    def words(self) -> str:
        """How many are active and how many not."""
        parts = [f"{self.active:,} active" if self.active else ""]
        parts.append(f"{self.inactive:,} inactive" if self.inactive else "")
        return ", ".join(filter(None, parts))


class ActivateDialog(Dialog[str | None]):
    """Asks which. It gives `ACTIVATE`, `INACTIVATE` or None.

    Of one user the one thing that can be done has the focus, of several the answer that does
    nothing.

    Args:
        who: who they are, in words.
        how_many: how many of them are active.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Back"),
        Binding("left,up", "app.focus_previous", "Previous answer", show=False),
        Binding("right,down", "app.focus_next", "Next answer", show=False),
        Binding("question_mark", "app.show_keys", "Keys", show=False),
    ]

    def __init__(self, who: str, how_many: HowMany) -> None:
        super().__init__(classes="small-dialog")
        self._who, self._how_many = who, how_many

    def compose(self) -> ComposeResult:
        """Who they are, and what can be done."""
        active, inactive = self._how_many
        count = f": {self._how_many.words}" if self._how_many.users > 1 else ""
        state = "" if self._how_many.users > 1 else " is active" if active else " is inactive"
        with Vertical(classes="dialog", id="activate-dialog") as dialog:
            dialog.border_title = safe("Activate or inactivate")
            yield Static(safe(f"{self._who}{count}{state}.", 200), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                if active:
                    yield Button(safe(f"[Inactivate {active:,}]"), id="inactivate", compact=True)
                if inactive:
                    yield Button(safe(f"[Activate {inactive:,}]"), id="activate", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def on_mount(self) -> None:
        """Focus what surprises nobody."""
        buttons = list(self.query(Button))
        if buttons:
            self.set_focus(buttons[0] if self._how_many.users == 1 else buttons[-1])

    def action_cancel(self) -> None:
        """Close it, and nothing is done."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        answers = {"activate": ACTIVATE, "inactivate": INACTIVATE}
        self.dismiss(answers.get(event.button.id or ""))
