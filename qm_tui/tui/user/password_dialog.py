"""The dialog in which a user gets another password: typed twice, and never shown."""

from functools import partial
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import Button, Input, Label, Static

from qm_tui.progress import Tick
from qm_tui.store.changes.bulk import BulkChange, chosen, commit_bulk
from qm_tui.store.interface import TransactionKind
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.user_details import title_of
from qm_tui.tui.user.form_rows import SecretInput
from qm_tui.tui.user.save import name_of
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Question
from qm_tui.tui.work.background import in_background
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of
from qm_tui.users.fields import User
from qm_tui.users.passwords import SET_HERE, encrypted, password_fault

_NOT_THE_SAME = "The two passwords are not the same. Type the same password twice."
_BUSY = "Something else is running. Press F2 again when it has ended."


class PasswordDialog(Dialog[bool]):
    """Gives a user another password. It gives whether that was done.

    Args:
        user: the user.
        session: what the pages share.
        page: the page that is told how far it is.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "save", "Save", priority=True),
        Binding("down,tab", "app.focus_next", "Next", show=False, priority=True),
        Binding("up,shift+tab", "app.focus_previous", "Previous", show=False, priority=True),
        Binding("escape", "back", "Back"),
    ]

    def __init__(self, user: User, session: Session, page: Screen[Any]) -> None:
        super().__init__(classes="small-dialog")
        self._user, self._session, self._page = user, session, page
        self._first, self._again = SecretInput(id="first"), SecretInput(id="again")
        self._is_saving = False

    def compose(self) -> ComposeResult:
        """Both lines, what such a password is, and the answers."""
        with Vertical(classes="dialog", id="password-dialog") as dialog:
            dialog.border_title = safe(f"Password of {title_of(self._user)}", 60)
            dialog.border_subtitle = safe("F2 save  Esc back  F1 keys")
            for name, line in (("New password", self._first), ("The same again", self._again)):
                with Horizontal(classes="password-line"):
                    yield Label(safe(name))
                    yield line
            yield Static(id="password-said")
            yield Static(safe(SET_HERE), classes="form-hint")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[F2 Save]"), id="yes", compact=True)
                yield Button(safe("[Cancel]"), id="no", compact=True)

    def on_mount(self) -> None:
        """The first line has the focus."""
        self._say("")
        self.set_focus(self._first)

    def _say(self, text: str) -> None:
        said = self.query_one("#password-said", Static)
        said.update(safe(text))
        said.display = bool(text)

    @on(SecretInput.Refused)
    def _not_taken(self, event: SecretInput.Refused) -> None:
        self._say(f"! {event.sentence}.")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        if event.value:
            self._say("")

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        if event.input is self._first:
            self.set_focus(self._again)
        else:
            self.action_save()

    @work
    async def action_save(self) -> None:
        """Save it; the dialog stays open where it cannot be."""
        password = self._first.value
        fault = password_fault(password)
        if not fault and password != self._again.value:
            fault = _NOT_THE_SAME
        if fault:
            self._say(f"! {fault}")
            self.set_focus(self._again if fault is _NOT_THE_SAME else self._first)
            return
        if self._is_saving or not self._session.may_change:
            self._say(self._session.looking_only or _BUSY)
            return
        self._is_saving = True
        work_to_do = partial(_saved, self._session, self._user.user_id, password)
        view = await in_background(
            self._page, self._session, work_to_do, "Cancelled. The password is as it was."
        )
        self._is_saving = False
        if view is not None:
            self._session.show(view)
            self._session.say(f"Password of {name_of(self._user)} changed. u takes it back")
            self.dismiss(True)

    @property
    def unsaved(self) -> str:
        """What would be lost if the program were left now, in words; else empty."""
        is_typed = bool(self._first.value or self._again.value)
        return "The password that you typed is not saved, and would be lost" if is_typed else ""

    @work
    async def action_back(self) -> None:
        """Close it; ask first where something was typed."""
        question = Question("The password is not saved. Leave it?", yes="Leave it", no="Stay")
        if not self.is_active:
            return  # it is asked already
        if not self._is_saving and (not self.unsaved or await self.app.push_screen_wait(question)):
            self.dismiss(False)

    @on(Button.Pressed, "#yes")
    def _yes(self) -> None:
        self.action_save()

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.action_back()


def _saved(session: Session, user_id: str, password: str, tick: Tick) -> View:
    """Save a password. For worker threads."""
    values = encrypted(password)._asdict()
    change = BulkChange(TransactionKind.PASSWORD, "password", chosen([user_id]), values)
    commit_bulk(session.store, change, tick=tick)
    return view_of(session.listing, session.store.state, session.wanted, [user_id])
