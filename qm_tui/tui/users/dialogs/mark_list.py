"""The dialog that marks users from a typed or pasted list."""

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
"""Seconds without a key before the list is searched again."""

_REST: Final = 0.0005
"""Seconds for which a worker sleeps, so that other threads can run."""

_HOW: Final = (
    "One user per line, or separated by , ; or tabs: User ID, User Name, Extension or name."
)
_PLACEHOLDER: Final = "Paste or type the list here"
_TOO_MUCH: Final = (
    f"Too much text (maximum {MAX_LINES:,} lines of {LONGEST_LINE:,} characters, "
    f"{MAX_CHARACTERS:,} in total). Nothing was pasted. Paste it in parts."
)
_NO_MATCH: Final = "No users match the list yet. Edit the list, or press Esc to cancel."
_UNSAVED: Final = "The pasted list will be lost"
_DISCARD: Final = "Discard the pasted list?"


class _DirectoryMade(Message):
    """The index of the users is complete."""

    def __init__(self, directory: Directory) -> None:
        super().__init__()
        self.directory = directory


class _Found(Message):
    """The users of a list were found."""

    def __init__(self, lines: Sequence[str], named: Named) -> None:
        super().__init__()
        self.lines, self.named = lines, named


class MarkListDialog(Dialog[Sequence[str] | None]):
    """Finds users in a pasted list. The result is their User IDs in list order, or None.

    Args:
        users: the users by User ID.
        names: the User IDs by User Name, normalized by `name_key`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # with priority, so that it stays in order with the characters of the same burst
        Binding("f2", "mark", "Mark the users", priority=True),
        Binding("escape,q", "back", "Cancel"),
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
        with Vertical(classes="dialog", id="mark-list") as dialog:
            dialog.border_title = safe("Mark users from a list")
            dialog.border_subtitle = safe("Tab next  F2 mark  F1 keys  Esc cancel")
            yield Static(safe(_HOW), id="mark-list-how")
            yield PlainTextArea(_PLACEHOLDER, id="mark-list-text")
            yield Static(id="mark-list-count")
            yield UnsettledList(self._users)
            yield Static(id="mark-list-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(id="mark", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        self._text.focus()
        self._show()
        self._make_directory()

    @property
    def _text(self) -> PlainTextArea:
        return self.query_one(PlainTextArea)

    @property
    def _unsettled(self) -> UnsettledList:
        return self.query_one(UnsettledList)

    # Finding the users

    @work(thread=True, description="index users")
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
        """Find the users of the current list."""
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
        """Show how many entries match, and enable the button if users can be marked."""
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
        """The User IDs of the users to mark."""
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
        """Mark the users of the current list."""
        if not self.is_mounted:
            return  # the key came in one burst with the one that opened the dialog
        await self._typed()
        self._wants_to_mark = True
        if self._text.lines == self._lines:
            self._mark()
        else:
            self._look()

    async def _typed(self) -> None:
        """Wait until the text typed or pasted before this key is in the field."""
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
            self._say(_NO_MATCH)

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if nothing was typed."""
        return _UNSAVED if self.is_mounted and any(self._text.lines) else ""

    def action_back(self) -> None:
        """Close the dialog, after a confirmation if a list was typed."""
        if not self.unsaved:
            self.dismiss(None)
            return
        question = Question(_DISCARD, yes="Discard", no="Keep editing")
        self.app.push_screen(question, self._leave)

    def _leave(self, is_confirmed: bool | None) -> None:
        if is_confirmed:
            self.dismiss(None)

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts of the dialog, without those of the text area."""
        bindings = (*self.BINDINGS, *UnsettledList.BINDINGS)
        ours = {binding.description for binding in bindings if isinstance(binding, Binding)}
        keys = [key for key in keys_that_work(cast("Screen[None]", self)) if key.words in ours]
        self.app.push_screen(KeysScreen([*keys, Key("Tab", "Next control")]))

    @on(Button.Pressed, "#mark")
    async def _mark_pressed(self) -> None:
        await self.action_mark()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_back()


def _rest() -> Callable[[], None]:
    """Return a function that lets other threads run, and raises if the worker was canceled."""
    worker = get_current_worker()

    def rest() -> None:
        if worker.is_cancelled:
            raise Cancelled
        time.sleep(_REST)

    return rest


def _count_text(named: Named) -> str:
    """Return how many entries match."""
    if not named.entries:
        return ""
    ambiguous = sum(entry.times for entry in named.unsettled if entry.user_ids)
    not_found = named.entries - named.settled - ambiguous
    entries = "entry" if named.entries == 1 else "entries"
    parts = [f"{named.settled:,} of {named.entries:,} {entries} matched"]
    if not_found:
        parts.append(f"{not_found:,} not found")
    if ambiguous:
        parts.append(f"{ambiguous:,} ambiguous (Space marks all matches)")
    return ", ".join(parts)
