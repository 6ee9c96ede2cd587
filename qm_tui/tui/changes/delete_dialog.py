"""Asks before users are deleted, and offers to inactivate them instead."""

from enum import Enum, auto
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from qm_tui.text import counted
from qm_tui.tui.changes.activate_dialog import HowMany
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.number_input import NumberField

_RECORDINGS: Final = (
    "In the Quality Management Suite, deleting a user deletes the user's recordings too. "
    "Inactivating keeps them."
)
_UNDO: Final = (
    "In this store u takes either back; recordings that the suite deleted do not come back."
)


class Answer(Enum):
    """What is to be done with the users."""

    DELETE = auto()
    INACTIVATE = auto()


class DeleteDialog(Dialog[Answer | None]):
    """Asks what is to be done. It gives that, or None.

    Inactivate has the focus where anybody is active, else the answer that does nothing. To delete
    more than one user takes their number, typed.

    Args:
        who: who they are, in words.
        how_many: how many of them are active.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Back"),
        Binding("q", "cancel", "Back", show=False),
        Binding("left,up", "app.focus_previous", "Previous answer", show=False),
        Binding("right,down", "app.focus_next", "Next answer", show=False),
    ]

    def __init__(self, who: str, how_many: HowMany) -> None:
        super().__init__(classes="small-dialog")
        self._who, self._how_many = who, how_many

    def compose(self) -> ComposeResult:
        """What deleting means, the number, and the answers."""
        users, active = self._how_many.users, self._how_many.active
        count = f": {self._how_many.words}" if users > 1 else ""
        with Vertical(classes="dialog", id="delete-dialog") as dialog:
            dialog.border_title = safe("Delete")
            lines = (f"{self._who}{count}.", "", _RECORDINGS, _UNDO)
            yield Static(safe_lines(lines), classes="dialog-text")
            if users > 1:
                with Horizontal(id="delete-line"):
                    yield Label(safe(f"To delete them, type {users} "))
                    yield NumberField(users, id="confirm")
            yield Static(id="delete-refused")
            with Horizontal(classes="dialog-buttons"):
                if active:
                    yield Button(safe(f"[Inactivate {active:,}]"), id="inactivate", compact=True)
                yield Button(safe(f"[Delete {counted(users, 'user')}]"), id="yes", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def on_mount(self) -> None:
        """The answer that loses nothing has the focus."""
        for button in self.query("#inactivate" if self._how_many.active else "#no"):
            self.set_focus(button)

    def action_cancel(self) -> None:
        """Close it, and nothing is done."""
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#inactivate")
    def _inactivate(self) -> None:
        self.dismiss(Answer.INACTIVATE)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def _delete(self) -> None:
        users = self._how_many.users
        if users == 1 or self.query_one(NumberField).holds_it:
            self.dismiss(Answer.DELETE)
            return
        self.query_one("#delete-refused", Static).update(
            safe(f"Nothing is deleted yet: type {users} first, or press Esc.")
        )
        self.set_focus(self.query_one(NumberField))
