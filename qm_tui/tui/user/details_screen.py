"""The details of a user in a dialog that fills the terminal, with keys for the next user."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from qm_tui.store.interface import UserStore
from qm_tui.tui.text.safe_content import key_hints, safe
from qm_tui.tui.text.user_details import user_title
from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.users.fields import User

DELETED: Final = "This user was deleted."


class DetailsScreen(Dialog[int]):
    """Shows a user, and others of a list. The result is the row of the user shown last.

    Args:
        user_ids: the User IDs of the list.
        row: the row of the user shown first.
        users: the users by User ID.
        store: the store, for the history.
    """

    MORE_BUTTONS: ClassVar[Mapping[str, str]] = {}
    """The labels of further buttons, by ID."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "move(-1)", "Previous user"),
        Binding("right,l", "move(1)", "Next user"),
        Binding("question_mark", "app.show_keys", "Keys"),
        Binding("escape,q,enter", "close", "Close"),
    ]

    def __init__(
        self, user_ids: Sequence[str], row: int, users: Mapping[str, User], store: UserStore
    ) -> None:
        super().__init__(classes="full-dialog")
        self._user_ids, self._row, self._users, self._store = user_ids, row, users, store
        self._titles: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        with dialog_frame("details-dialog"):
            yield DetailsPane(DELETED)
            yield Static(id="details-said")
            yield button_row(previous="[←]", next="[→]", **self.MORE_BUTTONS, back="[Close]")

    def on_mount(self) -> None:
        self.query_one(DetailsPane).focus()
        self.show_message("")
        self.show_user()

    @property
    def user(self) -> User | None:
        """The user, or None if it was deleted."""
        return self._users.get(self._user_ids[self._row])

    def show_message(self, message: str) -> None:
        """Show a message below the details, or hide it if it is empty."""
        for line in self.query("#details-said").results(Static):  # none after closing
            line.update(safe(message))
            line.display = bool(message)

    def show_users(self, users: Mapping[str, User]) -> None:
        """Show the same user in another state of the store."""
        self._users = users
        self.show_user()

    def show_user(self) -> None:
        """Show the user and the available buttons."""
        user, user_id, count = self.user, self._user_ids[self._row], len(self._user_ids)
        dialog = self.query_one("#details-dialog")
        if user is not None:
            self._titles[user_id] = user_title(user)
        title = self._titles.get(user_id, user_id)
        shown = title if user is not None else f"{title}: deleted"
        dialog.border_title = safe(shown, max(60, self.app.size.width - 8))
        place = f"{self._row + 1:,} of {count:,}  ← → previous/next user  " if count > 1 else ""
        dialog.border_subtitle = key_hints(f"{place}Esc close  ? keys")
        self.query_one(DetailsPane).show(user, self._store)
        for name, by in (("previous", -1), ("next", 1)):
            button = self.query_one(f"#{name}")
            if button.has_focus and not self._can_move(by):
                self.query_one(DetailsPane).focus()
            # never hidden: the other buttons would move under the mouse
            button.disabled = not self._can_move(by)
        self.refresh_bindings()

    def _can_move(self, users: int) -> bool:
        return 0 <= self._row + users < len(self._user_ids)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        return self._can_move(*parameters) if action == "move" else True

    def action_move(self, users: int) -> None:
        """Show the previous or next user, if there is one."""
        if self._can_move(users):
            self._row += users
            self.show_user()

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(self._row)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "back":
            self.action_close()
        elif event.button.id in ("previous", "next"):
            self.action_move(1 if event.button.id == "next" else -1)
