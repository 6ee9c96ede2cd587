"""The dialog that marks the users whom a typed or pasted list names."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static
from textual.worker import get_current_worker

from qm_tui.progress import Cancelled
from qm_tui.text import counted
from qm_tui.tui.frame.key_help import Key, KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.users.dialogs.ambiguous_entries import UnsettledList
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.message_box import Question
from qm_tui.tui.widgets.text_area import LONGEST_LINE, MAX_CHARACTERS, MAX_LINES, PlainTextArea
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.fields import User
from qm_tui.users.query.pasted_list import Named, named_in
from qm_tui.users.query.user_lookup import Directory

_PAUSE: Final = 0.15
"""Seconds without a key after which the list is looked through again."""

_REST: Final = 0.0005

_HOW: Final = (
    "One user a line, or several with , ; or tabs between: User ID, User Name, extension or name."
)
_PLACEHOLDER: Final = "Paste or type the list here"
_TOO_MUCH: Final = (
    f"That is more than can be taken at once: up to {MAX_LINES:,} lines of up to "
    f"{LONGEST_LINE:,} characters, {MAX_CHARACTERS:,} in all. Nothing was pasted: take it in parts."
)


class _DirectoryMade(Message):
    """The users can be looked for."""

    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self.directory = directory


class _Found(Message):
    """A list was looked through."""

    def __init__(self, lines: Sequence[str], named: Named) -> None:
        super().__init__()
        self.lines, self.named = lines, named


class MarkListDialog(Dialog[Sequence[str] | None]):
    """Gives the User IDs of the users whom a list names, in its order; None where it was left.

    Args:
        users: the users by User ID.
        names: the User ID of each user by User Name, as `name_key` makes it comparable.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority, it is in order with the letters around it, however fast they come
        Binding("f2", "mark", "Mark the users", priority=True),
        Binding("escape,q", "back", "Back"),
        Binding("f1,question_mark", "show_keys", "Keys"),
    ]

    def __init__(self, users: Mapping[str, User], names: Mapping[str, str]) -> None:
        super().__init__()
        self._users, self._names = users, names
        self._directory: Directory | None = None
        self._lines: Sequence[str] = ()
        self._named = Named((), (), 0, 0)
        self._wants_to_mark = False
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """What to do, the list, what was found of it, and the buttons."""
        with Vertical(classes="dialog", id="mark-list") as dialog:
            dialog.border_title = safe("Mark users from a list")
            dialog.border_subtitle = safe("Tab goes on  F2 mark  F1 keys  Esc back")
            yield Static(safe(_HOW), id="mark-list-how")
            yield PlainTextArea(_PLACEHOLDER, id="mark-list-text")
            yield Static(id="mark-list-count")
            yield UnsettledList(self._users)
            yield Static(id="mark-list-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(id="mark", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The list has the focus; meanwhile the users are made ready to be found."""
        self._text.focus()
        self._show()
        self._make_directory()

    @property
    def _text(self) -> PlainTextArea:
        return self.query_one(PlainTextArea)

    @property
    def _unsettled(self) -> UnsettledList:
        return self.query_one(UnsettledList)

    # Looking through the list

    @work(thread=True, description="make users findable")
    def _make_directory(self) -> None:
        with suppress(Cancelled):
            self.post_message(_DirectoryMade(Directory(self._users, self._names, _rest())))

    @on(_DirectoryMade)
    def _directory_made(self, event: _DirectoryMade) -> None:
        self._directory = event.directory
        self._look()

    @on(PlainTextArea.Changed)
    def _changed(self) -> None:
        self._say("")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE, self._look)

    def _look(self) -> None:
        """Look through the list as it is now."""
        if self._directory is not None:
            self._find(self._text.lines, self._directory)

    @work(
        thread=True,
        exclusive=True,
        group="finding",
        description="find users of a list",
    )
    def _find(self, lines: Sequence[str], directory: Directory) -> None:
        with suppress(Cancelled):
            self.post_message(_Found(lines, named_in(lines, directory, _rest())))

    @on(_Found)
    def _found(self, event: _Found) -> None:
        self._lines, self._named = event.lines, event.named
        self._unsettled.show(event.named.unsettled)
        self._show()
        if self._wants_to_mark:
            self._mark()

    @on(UnsettledList.Chosen)
    def _show(self) -> None:
        """Say what was found, and offer to mark it."""
        unsettled, marked = self._unsettled, len(self._user_ids)
        if unsettled.has_focus and not unsettled.row_count:
            self._text.focus()
        unsettled.display = bool(unsettled.row_count)
        self.query_one("#mark-list-count", Static).update(safe(_count_text(self._named)))
        button = self.query_one("#mark", Button)
        button.label = safe(f"[F2 Mark {counted(marked, 'user')}]" if marked else "[F2 Mark]")
        button.refresh(layout=True)
        button.disabled = not marked

    @property
    def _user_ids(self) -> list[str]:
        """The users to be marked."""
        return list(dict.fromkeys((*self._named.user_ids, *self._unsettled.chosen_ids)))

    def _say(self, sentence: str) -> None:
        self.query_one("#mark-list-said", Static).update(safe(sentence))

    @on(PlainTextArea.Refused)
    def _refused(self) -> None:
        self._say(_TOO_MUCH)

    @on(VirtualRows.RowSelected)
    def _go_to_line(self) -> None:
        self._text.move_cursor((self._unsettled.cursor_entry.line - 1, 0))
        self._text.focus()

    # Closing

    async def action_mark(self) -> None:
        """Mark the users whom the list names as it is now."""
        if not self.is_mounted:
            return  # the key came with the one that opened it
        await self._typed()
        self._wants_to_mark = True
        if self._text.lines == self._lines:
            self._mark()
        else:
            self._look()

    async def _typed(self) -> None:
        """Wait until what was typed and pasted before this key stands in its place."""
        if self.focused is not None:
            arrived = asyncio.Event()
            self.focused.call_later(arrived.set)
            await arrived.wait()

    def _mark(self) -> None:
        self._wants_to_mark = False
        user_ids = self._user_ids
        if user_ids:
            self.dismiss(user_ids)
        else:
            self._say("The list names no user yet. Esc leaves it.")

    @property
    def unsaved(self) -> str:
        """What would be lost if the program were left now, in words; else empty."""
        is_typed = self.is_mounted and any(self._text.lines)
        return "The list of users to be marked would be lost" if is_typed else ""

    def action_back(self) -> None:
        """Close it; ask first where something typed would be lost."""
        if not self.unsaved:
            self.dismiss(None)
            return
        question = Question(f"{self.unsaved}. Leave it?", yes="Leave it", no="Stay")
        self.app.push_screen(question, self._leave)

    def _leave(self, is_sure: bool | None) -> None:
        if is_sure:
            self.dismiss(None)

    def action_show_keys(self) -> None:
        """List the keys of the dialog; those that edit a text everybody knows."""
        bindings = (*self.BINDINGS, *UnsettledList.BINDINGS)
        ours = {one.description for one in bindings if isinstance(one, Binding)}
        keys = [one for one in keys_that_work(cast("Screen[None]", self)) if one[1] in ours]
        self.app.push_screen(KeysScreen([*keys, Key("Tab", "Next part of the dialog")]))

    @on(Button.Pressed, "#mark")
    async def _mark_pressed(self) -> None:
        await self.action_mark()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_back()


def _rest() -> Callable[[], None]:
    """What lets others have their turn, and ends the work of a worker that was cancelled."""
    worker = get_current_worker()

    def rest() -> None:
        if worker.is_cancelled:
            raise Cancelled
        time.sleep(_REST)

    return rest


def _count_text(named: Named) -> str:
    """How much of a list was found."""
    if not named.entries:
        return ""
    several = sum(one.times for one in named.unsettled if one.user_ids)
    nobody = named.entries - named.settled - several
    entries = "entry" if named.entries == 1 else "entries"
    said = [f"{named.settled:,} of {named.entries:,} {entries} matched"]
    if nobody:
        said.append(f"{nobody:,} {'names' if nobody == 1 else 'name'} nobody")
    if several:
        they = "names" if several == 1 else "name"
        said.append(f"{several:,} {they} several users, not marked: Space marks all")
    return f"{'; '.join(said)}."
