"""The dialog that marks users from a typed or pasted list."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar, Final, cast

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Button, Static

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.tui.frame.key_help import KeyDescription, KeysScreen, active_keys
from qm_tui.tui.keys.keymap import bind, is_key_of, with_keys
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.users.dialogs.ambiguous_entries import MAX_NAMED, UnresolvedList
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.message_box import close_or_ask
from qm_tui.tui.widgets.text_area import MAX_CHARACTERS, MAX_LINE, MAX_LINES, SafeTextArea
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.tui.work.threads import DEBOUNCE, ask_until_answered
from qm_tui.users.query.pasted_list import ResolvedList, resolve_list

_HELP: Final = (
    "One user per line, or separated by , ; or tabs: User ID, User Name, Extension or name."
)
_PLACEHOLDER: Final = "Paste or type the list here"
_TOO_LONG: Final = (
    f"Too much text (maximum {MAX_LINES:,} lines of {MAX_LINE:,} characters, "
    f"{MAX_CHARACTERS:,} in total). Nothing was pasted. Paste it in parts."
)
_NO_MATCH: Final = "No users match the list yet. Edit the list, or press Esc to cancel."
_UNSAVED: Final = "The pasted list will be lost"
_DISCARD: Final = "Discard the pasted list?"


class MarkListDialog(Dialog[Sequence[str] | None]):
    """Finds users in a pasted list. The result is their User IDs in list order, or None.

    Args:
        state: the state of the store.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("form.save", "mark", "Mark the users", priority=True),
        bind("dialog.close", "back", "Cancel"),
        bind("screen.keys", "show_keys", hint="Keys"),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        self._prepared: object = None
        self._lines: Sequence[str] = ()
        self._resolved = ResolvedList((), (), 0, 0)
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        hints = "Tab next  <form.save> mark  <app.keys> keys  Esc cancel"
        with dialog_frame("mark-list", "Mark users from a list", hints):
            yield Static(safe(_HELP), id="mark-list-how")
            yield SafeTextArea(_PLACEHOLDER, id="mark-list-text")
            yield Static(id="mark-list-count")
            yield UnresolvedList()
            yield Static(id="mark-list-said")
            yield button_row(mark="", cancel="[Cancel]")

    def on_mount(self) -> None:
        self._text.focus()
        self._show_resolved()
        self._resolve()

    @property
    def _text(self) -> SafeTextArea:
        return self.query_one(SafeTextArea)

    @property
    def _unresolved_list(self) -> UnresolvedList:
        return self.query_one(UnresolvedList)

    # Finding the users

    @on(SafeTextArea.Changed)
    def _changed(self) -> None:
        self.show_message("")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(DEBOUNCE, self._resolve)

    def _resolve(self) -> None:
        """Find the users of the current list."""
        self._resolve_list(self._text.lines)

    @work(exclusive=True, group="finding", description="find users of a list")
    async def _resolve_list(self, lines: Sequence[str]) -> None:
        self._resolved, names = await ask_until_answered(partial(self._find_users, lines))
        self._lines = lines
        self._unresolved_list.show(self._resolved.unresolved, names)
        self._show_resolved()

    def _find_users(
        self, lines: Sequence[str], rest: YieldControl
    ) -> tuple[ResolvedList, Mapping[str, str]]:
        """Return the users of a list, and the User Names of those of ambiguous entries."""
        self._prepared = self._state.prepare_lookup(rest)
        resolved = resolve_list(lines, self._state, rest)
        user_ids = {
            user_id for entry in resolved.unresolved for user_id in entry.user_ids[:MAX_NAMED]
        }
        names: dict[str, str] = {}
        for batch in in_chunks(user_ids, rest):
            users = filter(None, self._state.users(batch))
            names.update((user.user_id, user.user_name) for user in users)
        return resolved, names

    @on(UnresolvedList.SelectionChanged)
    def _show_resolved(self) -> None:
        """Show how many entries match, and enable the button if users can be marked."""
        unsettled, marked = self._unresolved_list, len(self._user_ids)
        if unsettled.has_focus and not unsettled.row_count:
            self._text.focus()
        unsettled.display = bool(unsettled.row_count)
        self.query_one("#mark-list-count", Static).update(safe(_count_text(self._resolved)))
        button = self.query_one("#mark", Button)
        users = f" {pluralize(marked, 'user')}" if marked else ""
        button.label = safe(with_keys(f"[<form.save> Mark{users}]"))
        button.refresh(layout=True)
        button.disabled = not marked

    @property
    def _user_ids(self) -> list[str]:
        """The User IDs of the users to mark."""
        return list(dict.fromkeys((*self._resolved.user_ids, *self._unresolved_list.selected_ids)))

    @property
    def not_marked_text(self) -> str:
        """How many entries of the list match no user, as a sentence; empty if all do."""
        left = self._resolved.not_found
        return f"Not found: {left:,}." if left else ""

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        self.query_one("#mark-list-said", Static).update(safe(message))

    @on(SafeTextArea.PasteRejected)
    def _text_rejected(self) -> None:
        self.show_message(_TOO_LONG)

    @on(VirtualList.RowSelected)
    def _go_to_line(self) -> None:
        self._text.move_cursor((self._unresolved_list.cursor_entry.line - 1, 0))
        self._text.focus()

    # Closing

    def must_wait(self, key: str) -> bool:
        """Whether a key must wait until the users of the list are found."""
        return is_key_of(key, "form.save") and self._text.lines != self._lines

    def action_mark(self) -> None:
        """Mark the users of the list that were found last."""
        user_ids = self._user_ids
        if user_ids:
            self.dismiss(user_ids)
        else:
            self.show_message(_NO_MATCH)

    @property
    def unsaved(self) -> str:
        """What quitting would discard, as a clause; empty if nothing was typed."""
        return _UNSAVED if self.is_mounted and any(self._text.lines) else ""

    def action_back(self) -> None:
        """Close the dialog, after a confirmation if a list was typed."""
        close_or_ask(self, _DISCARD, is_unsaved=bool(self.unsaved))

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts of the dialog, without those of the text area."""
        bindings = (*self.BINDINGS, *UnresolvedList.BINDINGS)
        ours = {binding.description for binding in bindings if isinstance(binding, Binding)}
        keys = [key for key in active_keys(cast("Screen[None]", self)) if key.label in ours]
        self.app.push_screen(KeysScreen([*keys, KeyDescription("Tab", "Next control")]))

    @on(Button.Pressed, "#mark")
    def _mark_pressed(self) -> None:
        self.action_mark()

    @on(Button.Pressed, "#cancel")
    def _cancel_pressed(self) -> None:
        self.action_back()


def _count_text(resolved: ResolvedList) -> str:
    """Return how many entries match."""
    if not resolved.entries:
        return ""
    ambiguous, not_found = resolved.ambiguous, resolved.not_found
    entries = "entry" if resolved.entries == 1 else "entries"
    parts = [f"{resolved.resolved:,} of {resolved.entries:,} {entries} matched"]
    if not_found:
        parts.append(f"{not_found:,} not found")
    if ambiguous:
        marks = with_keys("<mark_list.mark_matches> marks all matches")
        parts.append(f"{ambiguous:,} ambiguous ({marks})")
    return ", ".join(parts)
