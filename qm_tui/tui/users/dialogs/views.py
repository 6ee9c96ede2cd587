"""The dialog Views: those that are always there and the admin's own; choose, save, delete."""

from collections.abc import Sequence
from typing import ClassVar, Final, cast

from rich.segment import Segment
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input, Label, Static

from qm_tui.paths import short
from qm_tui.saved_views import built_in_name, is_same_name, remember_views, views_path
from qm_tui.text import counted, fitted, visible
from qm_tui.tui.frame.key_help import KeysScreen, keys_that_work
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.widgets.message_box import Question
from qm_tui.tui.widgets.text_input import PlainInput
from qm_tui.tui.widgets.virtual_list import VirtualRows
from qm_tui.users.query.columns import COLUMN, Layout
from qm_tui.users.query.views import BUILT_IN, MAX_NAME, SavedView, SortKey

_NAME, _NAME_WIDE = 28, 42
_WIDE_FROM: Final = 90
_SHOWN: Final = 300
"""Characters of a filter that are looked at for a line."""

_CHANGED: Final = ", changed"
_NOT_SAVED: Final = ", not saved"
_NO_NAME: Final = "The name is empty: type one, under which the view is kept."


def sort_words(sort: Sequence[SortKey]) -> str:
    """What a list is sorted by: "by Extension, then Last Name down"; empty where by nothing."""
    names = [f"{COLUMN[one.column].name}{' down' if one.descending else ''}" for one in sort]
    return f"by {', then '.join(names)}" if names else ""


def is_shown_as_saved(current: SavedView, saved: SavedView) -> bool:
    """Whether what is shown is what a view says; of columns it may say nothing."""
    has_its_layout = saved.layout is None or saved.layout == current.layout
    return (current.filter, current.sort) == (saved.filter, saved.sort) and has_its_layout


class ViewLines(VirtualRows):
    """Views, a line each: first those that are always there.

    Args:
        current: what is shown, and the name of the view that it was made from.
        saved: the admin's own views.
    """

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 3

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Show the view")]

    def __init__(self, current: SavedView, saved: Sequence[SavedView]) -> None:
        super().__init__(id="view-lines")
        self._current = current
        self.views = (*BUILT_IN, *saved)

    @property
    def row_count(self) -> int:
        """How many views there are."""
        return len(self.views)

    @property
    def cursor_view(self) -> SavedView:
        """The view under the cursor."""
        return self.views[self.cursor_row]

    def named(self, name: str) -> SavedView | None:
        """The view of a name, if there is one."""
        return next((one for one in self.views if is_same_name(one.name, name)), None)

    def point(self) -> None:
        """Let the cursor stand on the view that is shown."""
        view = self.named(self._current.name)
        self.rows_changed(self.views.index(view) if view else 0)

    def without(self, name: str) -> None:
        """Show the views without the one of a name."""
        self.views = tuple(one for one in self.views if not is_same_name(one.name, name))
        self.rows_changed(self.cursor_row)

    def header_text(self, width: int) -> list[Segment]:
        """The names of what is shown of a view."""
        style = self.get_component_rich_style("virtual-rows--header")
        name, filter_text = _widths(width)
        text = f"    {'View':<{name}} {'Filter':<{filter_text}} Order"
        return [Segment(fitted(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Whether it is the one that is shown, its name, its filter and its order."""
        view = self.views[row]
        cursor = ">" if row == self.cursor_row else " "
        is_current = is_same_name(view.name, self._current.name)
        name_width, filter_width = _widths(width)
        is_changed = is_current and not is_shown_as_saved(self._current, view)
        addition = _CHANGED if is_changed else ""
        name = fitted(visible(view.name), name_width - len(addition)).rstrip() + addition
        text = fitted(visible(view.filter, _SHOWN), filter_width)
        current = "*" if is_current else " "
        line = f"{cursor} {current} {fitted(name, name_width)} {text} {sort_words(view.sort)}"
        return fitted(line, width)

    def footer_text(self, width: int, line: int) -> str:
        """The one under the cursor, without the columns' limits."""
        view = self.cursor_view
        order = sort_words(view.sort) or "as in the store"
        columns = _columns_words(view.layout) or "columns stay as they are"
        said = ("", _filter_line(view.filter), f"Order      {order}   {columns}")
        return fitted(f"    {said[line]}", width)


class _Kept(Message):
    """A view was saved or deleted, or could not be.

    Args:
        view: the view.
        is_saved: whether it was to be saved, rather than deleted.
        could: whether that is kept.
    """

    def __init__(self, view: SavedView, *, is_saved: bool, could: bool) -> None:
        super().__init__()
        self.view, self.is_saved, self.could = view, is_saved, could


class ViewsDialog(Dialog[SavedView | None]):
    """Gives the view that is to be shown; None where all stays as it is.

    What is shown can be saved as a view; then that view is given. Saved views are kept at once.

    Args:
        current: what is shown, and the name of the view that it was made from.
        saved: the admin's own views.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "save", "Save what is shown as a view"),
        Binding("D,delete", "delete", "Delete the view"),
        Binding("question_mark,f1", "show_keys", "Keys"),
        Binding("escape,q,v", "cancel", "Back"),
    ]

    def __init__(self, current: SavedView, saved: Sequence[SavedView]) -> None:
        super().__init__()
        self._current = current
        self._lines = ViewLines(current, saved)

    def compose(self) -> ComposeResult:
        """What is shown, the views, the name to save it under, what is said, the buttons."""
        with Vertical(classes="dialog", id="views-dialog") as dialog:
            dialog.border_title = safe("Views")
            dialog.border_subtitle = safe("Enter show  a save  D delete  ? keys  Esc back")
            yield Static(id="views-now")
            yield self._lines
            with Horizontal(id="view-name-line"):
                yield Label(safe("Save what is shown as "))
                yield PlainInput(MAX_NAME, id="view-name")
                yield KeyHint("[a Save]", self.action_save)
                yield KeyHint("[D Delete]", self.action_delete)
            yield Static(id="views-said")
            with Horizontal(classes="dialog-buttons"):
                yield Button(safe("[Show]"), id="show", compact=True)
                yield Button(safe("[Cancel]"), id="cancel", compact=True)

    def on_mount(self) -> None:
        """The list has the focus, its cursor on the view that is shown."""
        name = self._current.name
        if not built_in_name(name):
            self._field.value = visible(name)[:MAX_NAME]
        self.query_one("#views-now", Static).update(safe_lines(self._now))
        self._lines.focus()
        self._lines.point()

    @property
    def _field(self) -> PlainInput:
        return self.query_one(PlainInput)

    @property
    def _now(self) -> tuple[str, str]:
        """What is shown, in words."""
        current = self._current
        view = self._lines.named(current.name)
        addition = _NOT_SAVED
        if view is not None:
            addition = "" if is_shown_as_saved(current, view) else _CHANGED
        parts = (
            f"{visible(current.name)}{addition}",
            sort_words(current.sort),
            _columns_words(current.layout),
        )
        return f"Shown now  {'   '.join(filter(None, parts))}", _filter_line(current.filter)

    def _say(self, sentence: str) -> None:
        self.query_one("#views-said", Static).update(safe(sentence))

    @on(VirtualRows.RowHighlighted)
    @on(Input.Changed)
    def _hush(self) -> None:
        self._say("")

    # Saving

    def action_save(self) -> None:
        """Go to the name; from there, save what is shown under it."""
        if self._field.has_focus:
            self._save_as(self._field.value.strip())
        else:
            self._field.focus()
            self._field.cursor_position = len(self._field.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._save_as(event.value.strip())

    def _save_as(self, name: str) -> None:
        current, built_in, before = self._current, built_in_name(name), self._lines.named(name)
        view = SavedView(name, current.filter, current.sort, current.layout)
        if not name:
            self._say(_NO_NAME)
        elif built_in:
            self._say(f"{built_in} is always there as it is: choose another name.")
        elif before is not None and view != before:
            self._ask(
                Question(f"Replace the view {visible(before.name)}?", yes="Replace"),
                view,
                is_saved=True,
            )
        else:
            self._keep(view, is_saved=True)

    # Deleting

    def action_delete(self) -> None:
        """Delete the view under the cursor, after a question."""
        view = self._lines.cursor_view
        if built_in_name(view.name):
            self._say(f"{view.name} is always there: only your own views can be deleted.")
            return
        question = Question(f"Delete the view {visible(view.name)}? No user changes.", yes="Delete")
        self._ask(question, view, is_saved=False)

    # Keeping

    def _ask(self, question: Question, view: SavedView, *, is_saved: bool) -> None:
        def answered(is_meant: bool | None) -> None:
            if is_meant:
                self._keep(view, is_saved=is_saved)

        self.app.push_screen(question, answered)

    @work(thread=True, group="views", description="keep a view")
    def _keep(self, view: SavedView, *, is_saved: bool) -> None:
        could = remember_views(saved=view) if is_saved else remember_views(deleted=view.name)
        self.post_message(_Kept(view, is_saved=is_saved, could=could))

    @on(_Kept)
    def _kept(self, event: _Kept) -> None:
        if not event.could:
            self._say(f"It could not be kept: {short(views_path())} cannot be written.")
        elif not event.is_saved:
            self._lines.without(event.view.name)
            self.query_one("#views-now", Static).update(safe_lines(self._now))
        elif self.is_current:
            self.dismiss(event.view)

    # Closing

    @on(Button.Pressed, "#show")
    @on(VirtualRows.RowSelected)
    def _chosen(self) -> None:
        self.dismiss(self._lines.cursor_view)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Leave the name; from the list, close it, and all stays as it is."""
        if self.is_mounted and self._field.has_focus:
            self._lines.focus()
        else:
            self.dismiss(None)

    def action_show_keys(self) -> None:
        """List the keys that work here."""
        self.app.push_screen(KeysScreen(keys_that_work(cast("Screen[None]", self))))


def _filter_line(text: str) -> str:
    return f"Filter     {visible(text, _SHOWN) or 'none: all users'}"


def _columns_words(layout: Layout | None) -> str:
    return counted(len(layout.columns), "column") if layout else ""


def _widths(width: int) -> tuple[int, int]:
    """The cells of the name and of the filter."""
    name = _NAME_WIDE if width >= _WIDE_FROM else _NAME
    return name, max(1, (width - name - 6) * 3 // 5)
