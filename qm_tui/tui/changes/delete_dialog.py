"""The dialog that confirms a deletion, or inactivates the users instead."""

from enum import Enum, auto
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label, Static

from qm_tui.text import pluralize
from qm_tui.tui.changes.activate_dialog import ActiveCounts
from qm_tui.tui.changes.mass_change import deletion_effect, share_of
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.confirming import Confirms
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.number_input import NumberField

_DELETES_ONE: Final = "In the suite, the user's recordings are deleted, too."
_INACTIVATE_INSTEAD: Final = "Inactivating keeps the recordings."
_UNDO: Final = "Undo in qm-tui restores users, but not their recordings."

_WIDE: Final = 80
"""The width of the terminal in which the longest captions fit."""


class DeleteAnswer(Enum):
    """The chosen action."""

    DELETE = auto()
    INACTIVATE = auto()


class DeleteDialog(Confirms, Dialog[DeleteAnswer | None]):
    """Asks whether to delete users. The result is the action, or None if canceled.

    If there are active users, Inactivate has the focus, otherwise Cancel. To delete more than one
    user, the admin types their number.

    Args:
        label: the user, or the number of marked users, as text.
        counts: how many of them are active.
        total: the number of users in the store.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("q", "cancel", "Cancel", show=False),
        Binding("left,up", "app.focus_previous", "Previous button", show=False),
        Binding("right,down", "app.focus_next", "Next button", show=False),
    ]

    def __init__(self, label: str, counts: ActiveCounts, total: int) -> None:
        super().__init__(classes="small-dialog")
        self._label, self._how_many, self._total = label, counts, total

    def compose(self) -> ComposeResult:
        users, active = self._how_many.users, self._how_many.active
        is_one = users == 1
        of_users = pluralize(users, "user")
        with Vertical(classes="dialog", id="delete-dialog") as dialog:
            title = f"Delete {self._label}?" if is_one else f"Delete {of_users}?"
            dialog.border_title = safe(title, 70)
            yield Static(safe_lines(self._lines()), classes="dialog-text")
            if not is_one:
                with Horizontal(id="delete-line"):
                    number = NumberField(users, id="confirm")
                    yield Label(safe(number.prompt))
                    yield number
            yield Static(id="delete-refused")
            with Horizontal(classes="dialog-buttons"):
                if active:
                    inactivate = "Inactivate" if is_one else f"Inactivate {active:,}"
                    instead = " instead" if is_one or self.app.size.width >= _WIDE else ""
                    yield Button(safe(f"[{inactivate}{instead}]"), id="inactivate", compact=True)
                delete = "Delete" if is_one else f"Delete {of_users}"
                yield Button(safe(f"[{delete}]"), id="yes", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def _lines(self) -> list[str]:
        users, active = self._how_many.users, self._how_many.active
        if users == 1:
            lines = [_DELETES_ONE]
        else:
            share = share_of(users, self._total)
            lines = [f"{self._label}: {self._how_many.text}.", "", deletion_effect(share)]
        if active:
            lines.append(_INACTIVATE_INSTEAD)
        return [*lines, _UNDO]

    def on_mount(self) -> None:
        for button in self.query("#inactivate" if self._how_many.active else "#no"):
            self.set_focus(button)

    def action_cancel(self) -> None:
        """Cancel."""
        self.dismiss(None)

    @on(Button.Pressed, "#no")
    def _canceled(self) -> None:
        self.dismiss(None)

    @on(Button.Pressed, "#inactivate")
    def _inactivate(self) -> None:
        self.dismiss(DeleteAnswer.INACTIVATE)

    @on(Button.Pressed, "#yes")
    @on(Input.Submitted)
    def _delete(self) -> None:
        if self._how_many.users == 1:
            self.dismiss(DeleteAnswer.DELETE)
            return
        field = self.query_one(NumberField)
        if field.is_confirmed:
            self.dismiss(DeleteAnswer.DELETE)
            return
        self.query_one("#delete-refused", Static).update(safe(field.mismatch))
        self.set_focus(field)
