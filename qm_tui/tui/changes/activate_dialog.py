"""The dialog that activates or inactivates users."""

from typing import ClassVar, Final, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from qm_tui.text import pluralize
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.confirming import Confirms
from qm_tui.tui.widgets.dialog import Dialog

ACTIVATE: Final = "1"
INACTIVATE: Final = "0"


class ActiveCounts(NamedTuple):
    """Numbers of the users that an action applies to.

    Attributes:
        active: the number of active users.
        inactive: the number of inactive users.
    """

    active: int
    inactive: int

    @property
    def users(self) -> int:
        """The number of users."""
        return self.active + self.inactive

    @property
    def text(self) -> str:
        """How many are active and how many are inactive."""
        parts = [f"{self.active:,} active" if self.active else ""]
        parts.append(f"{self.inactive:,} inactive" if self.inactive else "")
        return ", ".join(filter(None, parts))


class ActivateDialog(Confirms, Dialog[str | None]):
    """Asks for the action. The result is `ACTIVATE`, `INACTIVATE`, or None if canceled.

    For one user, the only possible action has the focus; for several, Cancel has it.

    Args:
        label: the user, or the number of marked users, as text.
        counts: how many of them are active.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "cancel", "Cancel"),
        Binding("left,up", "app.focus_previous", "Previous button", show=False),
        Binding("right,down", "app.focus_next", "Next button", show=False),
        Binding("question_mark", "app.show_keys", "Keys", show=False),
    ]

    def __init__(self, label: str, counts: ActiveCounts) -> None:
        super().__init__(classes="small-dialog")
        self._label, self._how_many = label, counts

    def compose(self) -> ComposeResult:
        active, inactive = self._how_many
        is_one = self._how_many.users == 1
        users = self._label if is_one else pluralize(self._how_many.users, "user")
        title = f"Activate or inactivate {users}?"
        if not inactive:
            title = f"Inactivate {users}?"
        elif not active:
            title = f"Activate {users}?"
        text = f"{self._label}: {self._how_many.text}."
        if is_one:
            text = "The user is active." if active else "The user is inactive."
        with Vertical(classes="dialog", id="activate-dialog") as dialog:
            dialog.border_title = safe(title, 70)
            yield Static(safe(text, 200), classes="dialog-text")
            with Horizontal(classes="dialog-buttons"):
                if active:
                    caption = "[Inactivate]" if is_one else f"[Inactivate {active:,}]"
                    yield Button(safe(caption), id="inactivate", compact=True)
                if inactive:
                    caption = "[Activate]" if is_one else f"[Activate {inactive:,}]"
                    yield Button(safe(caption), id="activate", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def on_mount(self) -> None:
        buttons = list(self.query(Button))
        if buttons:
            self.set_focus(buttons[0] if self._how_many.users == 1 else buttons[-1])

    def action_cancel(self) -> None:
        """Cancel."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        answers = {"activate": ACTIVATE, "inactivate": INACTIVATE}
        self.dismiss(answers.get(event.button.id or ""))
