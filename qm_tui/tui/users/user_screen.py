"""The details of a user from the Users page, with what can be done with the user."""

from collections.abc import Coroutine, Iterator
from typing import Any, ClassVar, Final

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Button

from qm_tui.tui.changes.selection import Chosen
from qm_tui.tui.changes.undo import take_back
from qm_tui.tui.frame.page import UNDO, Page
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.user.details_screen import DetailsScreen
from qm_tui.tui.users.actions import FIRST_ACTS, MORE_ACTS, OF_NOBODY, Act, act, can_act
from qm_tui.tui.work.job import Progressed, View
from qm_tui.tui.work.session import Session

_ADD_LIKE: Final = Binding(
    "a", f"act('{Act.ADD}')", "Add like it", tooltip="Add a user like this one"
)

_BUTTONS: Final = {
    Act.EDIT: "[e Edit]",
    Act.CHANGE: "[m Change]",
    Act.ACTIVATE: "[A Activate]",
    Act.DELETE: "[D Delete]",
}


class UserScreen(DetailsScreen):
    """Shows a user, and changes it. It follows the store: what becomes of the user is seen at once.

    Args:
        session: what the pages share; its view has the users between whom one can move.
        row: the place of the first to be shown.
        page: the page that is told how far a job is that is begun here.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        *FIRST_ACTS,
        UNDO,
        _ADD_LIKE,
        *MORE_ACTS[1:],
    ]

    def __init__(self, session: Session, row: int, page: Page) -> None:
        view = session.view
        user_ids, users = ((), {}) if view is None else (view.user_ids, view.state.users)
        super().__init__(user_ids, row, users, session.store)
        self._session, self._page = session, page
        self._is_acting = self._has_acted = False

    def more_buttons(self) -> Iterator[Button]:
        """What is done with users most."""
        for what, words in _BUTTONS.items():
            yield Button(safe(words), id=what, compact=True)

    def on_mount(self) -> None:
        """Follow the store."""
        self._session.join(self)

    def on_unmount(self) -> None:
        """Follow it no longer."""
        self._session.leave(self)

    # What the session tells

    def show_user(self) -> None:
        """Show the user, and offer what can be done with it."""
        super().show_user()
        self.show_work()

    def show_work(self) -> None:
        """A job began or ended: offer what can be done now."""
        for button in self.query(Button):
            if button.id in _BUTTONS:
                button.disabled = not self.check_action("act", (button.id,))
        self.refresh_bindings()

    def show_said(self) -> None:
        """Say what was done here last."""
        if self._has_acted:
            self.say(self._session.said)

    def show_progress(self, event: Progressed) -> None:
        """Say how far a job is."""
        self.say(event.said)

    def show_view(self, view: View) -> None:
        """The store holds something else, maybe of this user too."""
        if self in self.app.screen_stack:  # else it is about to leave
            self.show_users(view.state.users)

    def show_marks(self) -> None:
        """Marks do not count here."""

    # What is done

    def check_action(self, action: str, parameters: tuple[Any, ...]) -> bool | None:
        """Take away the keys that do nothing for this user."""
        if action == "act":
            # whoever is marked does not count here: without a user one can only be added
            is_there = self.user is not None
            what = str(parameters[0])
            is_about_it = is_there or what in OF_NOBODY
            return is_about_it and can_act(what, self._session, is_one_shown=is_there)
        if action == "undo":
            return self._session.may_change
        return super().check_action(action, parameters)

    def action_act(self, what: str) -> None:
        """Do something with the user who is shown."""
        if self.check_action("act", (what,)):
            chosen = Chosen(self.user, is_like=True)
            self._begin(act(what, self._page, self._session, chosen))

    def action_undo(self) -> None:
        """Take the last change back."""
        self._begin(take_back(self._page, self._session, 0))

    def _begin(self, flow: Coroutine[Any, Any, None]) -> None:
        """Begin something, as a worker of the page: this screen may be closed meanwhile."""
        if self._is_acting:
            flow.close()
            return
        self._is_acting = self._has_acted = True
        self._page.run_worker(self._come_to_an_end(flow), description="act")

    async def _come_to_an_end(self, flow: Coroutine[Any, Any, None]) -> None:
        try:
            await flow
        finally:
            self._is_acting = False

    @on(Button.Pressed)
    def _act_pressed(self, event: Button.Pressed) -> None:
        if event.button.id in _BUTTONS:
            self.action_act(event.button.id)
