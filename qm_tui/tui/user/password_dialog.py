"""The dialog that changes a user's password. It is typed twice, and never shown."""

from functools import partial
from typing import Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widgets import Button, Input, Label, Static

from qm_tui.tui.keys.keymap import bind, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.user_details import user_title
from qm_tui.tui.user.form_rows import InputRejected, SecretInput
from qm_tui.tui.user.save import BUSY, save_password, user_label
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.work.background import run_job
from qm_tui.tui.work.flow import flow
from qm_tui.tui.work.key_queue import KeyRefused
from qm_tui.tui.work.session import UNDO_HINT, Session
from qm_tui.users.fields import User
from qm_tui.users.passwords import LOCAL_HASH_NOTE, password_error

_PASSWORDS_DIFFER: Final = "The passwords do not match. Type the same password twice."
_CANCELLED: Final = "Canceled. The password was not changed."
_UNSAVED: Final = "The new password will be lost"
_DISCARD: Final = "Discard the new password?"


class PasswordDialog(Dialog[bool]):
    """Changes the password of a user. The result is whether it was changed.

    Args:
        user: the user.
        session: the state that the pages share.
        page: the page that shows the progress.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "save", "Save", priority=True),
        Binding("down,tab", "app.focus_next", "Next", show=False, priority=True),
        Binding("up,shift+tab", "app.focus_previous", "Previous", show=False, priority=True),
        Binding("escape", "back", "Cancel"),
    ]

    def __init__(self, user: User, session: Session, page: Screen[Any]) -> None:
        super().__init__(classes="small-dialog")
        self._user, self._session, self._page = user, session, page
        self._first, self._again = SecretInput(id="first"), SecretInput(id="again")
        self._is_saving = False

    def compose(self) -> ComposeResult:
        title = f"Change password: {user_title(self._user)}"
        hints = "<form.save> save  Esc cancel  <app.keys> keys"
        with dialog_frame("password-dialog", title, hints, 60):
            for name, editor in (("New password", self._first), ("Repeat password", self._again)):
                with Horizontal(classes="password-line"):
                    yield Label(safe(name))
                    yield editor
            yield Static(id="password-said")
            yield Static(safe(LOCAL_HASH_NOTE), classes="form-hint")
            yield button_row(yes=with_keys("[<form.save> Save]"), no="[Cancel]")

    def on_mount(self) -> None:
        self.show_message("")
        self.set_focus(self._first)

    def show_message(self, text: str) -> None:
        """Show a message; an empty one hides it."""
        message = self.query_one("#password-said", Static)
        message.update(safe(text))
        message.display = bool(text)

    @on(InputRejected)
    def _input_rejected(self, event: InputRejected) -> None:
        self.show_message(f"! {event.message}")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if event.value:
            self.show_message("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.input is self._first:
            self.set_focus(self._again)
        else:
            self.action_save()

    @flow
    async def action_save(self) -> None:
        """Save the password. The dialog stays open if that fails."""
        password = self._first.value
        error = password_error(password)
        is_repeated = password == self._again.value
        if error or not is_repeated:
            self.post_message(KeyRefused())
            self.show_message(f"! {error or _PASSWORDS_DIFFER}")
            self.set_focus(self._first if error else self._again)
            return
        if self._is_saving or not self._session.may_change:
            self.show_message(self._session.read_only_reason or with_keys(BUSY))
            return
        self._is_saving = True
        save = partial(save_password, self._session, self._user.user_id, password)
        view = await run_job(self._page, self._session, save, _CANCELLED, holds_keys=True)
        self._is_saving = False
        if view is not None:
            self._session.show_view(view)
            name = user_label(self._user)
            self._session.set_status(f"Changed the password of {name}. {with_keys(UNDO_HINT)}")
            self.dismiss(True)

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if nothing was typed."""
        return _UNSAVED if self._first.value or self._again.value else ""

    def action_back(self) -> None:
        """Close the dialog, after a confirmation if a password was typed."""
        if self.is_active and not self._is_saving:  # nor is the question already open
            close_or_ask(self, _DISCARD, is_unsaved=bool(self.unsaved), result=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        (self.action_save if event.button.id == "yes" else self.action_back)()
