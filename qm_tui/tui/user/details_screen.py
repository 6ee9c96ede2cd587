"""The details of a user in a dialog that fills the terminal, with keys for the next user."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Button, Static

from qm_tui.store.interface import UserStore
from qm_tui.store.state import State
from qm_tui.tui.keys.keymap import bind, is_key_of, with_keys
from qm_tui.tui.text.safe_content import key_hints, safe
from qm_tui.tui.text.user_details import user_title
from qm_tui.tui.user.details_pane import DetailsPane
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.work.threads import when_answered
from qm_tui.tui.work.user_rows import UserRows
from qm_tui.users.fields import User

_LOADING: Final = "Loading…"
DELETED: Final = "This user was deleted."


class DetailsScreen(Dialog[int]):
    """Shows a user, and others of a list. The result is the row of the user shown last.

    Args:
        rows: the users of the list.
        row: the row of the user shown first.
        store: the store, for the history.
    """

    MORE_BUTTONS: ClassVar[Mapping[str, str]] = {}
    """The labels of further buttons, by ID, as `with_keys` takes them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("details.previous", "move(-1)"),
        bind("details.next", "move(1)"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "close"),
        Binding("enter", "close", "Close"),
    ]

    def __init__(self, rows: UserRows, row: int, store: UserStore) -> None:
        super().__init__(classes="full-dialog")
        self._rows, self._row, self._store = rows, row, store
        self._user: User | None = None
        self._titles: dict[str, str] = {}
        """The titles of the users that were shown, by User ID."""
        self._is_loading = False

    def compose(self) -> ComposeResult:
        with dialog_frame("details-dialog"):
            yield DetailsPane(_LOADING)
            yield Static(id="details-said")
            more = {name: with_keys(label) for name, label in self.MORE_BUTTONS.items()}
            yield button_row(previous="[←]", next="[→]", **more, back="[Close]")

    def on_mount(self) -> None:
        self.query_one(DetailsPane).focus()
        self.show_message("")
        self.load_user()

    @property
    def user(self) -> User | None:
        """The user; None if it was deleted, or is not loaded yet."""
        return self._user

    def show_message(self, message: str) -> None:
        """Show a message below the details, or hide it if it is empty."""
        for line in self.query("#details-said").results(Static):  # none after closing
            line.update(safe(message))
            line.display = bool(message)

    @property
    def state(self) -> State:
        """The state whose users are shown."""
        return self._rows.state

    def load_user(self) -> None:
        """Load the user of the row, and show it."""
        self._row = min(self._row, max(0, len(self._rows) - 1))  # the count may be corrected
        self._rows.want(range(self._row, self._row + 1), self, self.load_user)
        listed = self._rows.user(self._row)
        self._is_loading = True
        if listed is None:
            return

        def take(user: User | None) -> None:
            if self._rows.user(self._row) is listed:  # else another one is loaded by now
                self._user, self._is_loading = user, False
                self.show_user()

        state = self.state
        when_answered(self, state, lambda _rest: state.user(listed.user_id), take, "user")

    def show_user(self) -> None:
        """Show the user and the available buttons."""
        user, count, listed = self._user, len(self._rows), self._rows.user(self._row)
        dialog = self.query_one("#details-dialog")
        shown = ""
        if user is not None:
            shown = self._titles[user.user_id] = user_title(user)
        elif listed is not None:
            shown = f"{self._titles.get(listed.user_id) or user_title(listed)}: deleted"
        dialog.border_title = safe(shown, max(60, self.app.size.width - 8))
        place = f"{self._row + 1:,} of {count:,}  ← → previous/next user  " if count > 1 else ""
        dialog.border_subtitle = key_hints(with_keys(f"{place}Esc close  <screen.keys> keys"))
        pane = self.query_one(DetailsPane)
        pane.empty_text = DELETED
        pane.show(user, self._store)
        for name, by in (("previous", -1), ("next", 1)):
            button = self.query_one(f"#{name}")
            if button.has_focus and not self._can_move(by):
                self.query_one(DetailsPane).focus()
            # never hidden: the other buttons would move under the mouse
            button.disabled = not self._can_move(by)
        self.refresh_bindings()

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the user is loaded."""
        leaves = key == "enter" or is_key_of(
            key, "details.previous", "details.next", "dialog.close"
        )
        return self._is_loading and not leaves

    def _can_move(self, users: int) -> bool:
        return 0 <= self._row + users < len(self._rows)

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        return self._can_move(*parameters) if action == "move" else True

    def action_move(self, users: int) -> None:
        """Show the previous or next user, if there is one."""
        if self._can_move(users):
            self._row += users
            self.load_user()

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(self._row)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "back":
            self.action_close()
        elif event.button.id in ("previous", "next"):
            self.action_move(1 if event.button.id == "next" else -1)
