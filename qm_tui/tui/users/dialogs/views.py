"""The dialog that opens, saves and deletes views."""

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import ClassVar, Final

from rich.segment import Segment
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Label, Static

from qm_tui.config.saved_views import built_in_name, is_same_name, save_views, views_path
from qm_tui.paths import abbreviate_home
from qm_tui.text import pad_or_truncate, pluralize, sanitize
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog, button_row, dialog_frame
from qm_tui.tui.widgets.key_hint import KeyHint
from qm_tui.tui.widgets.message_box import ConfirmQuestion
from qm_tui.tui.widgets.text_input import SafeInput
from qm_tui.tui.widgets.virtual_list import VirtualList
from qm_tui.users.query.columns import COLUMN, Layout
from qm_tui.users.query.views import BUILT_IN, MAX_NAME, SavedView, SortKey

_NAME, _NAME_WIDE = 28, 42
_WIDE_FROM: Final = 90
_MAX_SHOWN: Final = 300
"""Characters of a filter that are shown in a line."""

_CHANGED: Final = " (modified)"
_NOT_SAVED: Final = " (not saved)"
_NO_NAME: Final = "Enter a name for the view."


def sort_text(sort: Sequence[SortKey]) -> str:
    """Return the sort keys as text, such as "by Extension, then Last Name (descending)"."""
    names = [
        f"{COLUMN[key.column].name} (descending)" if key.descending else COLUMN[key.column].name
        for key in sort
    ]
    return f"by {', then '.join(names)}" if names else ""


def is_shown_as_saved(current: SavedView, saved: SavedView) -> bool:
    """Return whether the current view is the same as a saved one, which may have no layout."""
    has_its_layout = saved.layout is None or saved.layout == current.layout
    return (current.filter, current.sort) == (saved.filter, saved.sort) and has_its_layout


class ViewList(VirtualList):
    """The list of views; the built-in ones come first.

    Args:
        current: the current view, with the name of the view that was opened.
        saved: the saved views of the admin.
    """

    header_height: ClassVar[int] = 1
    footer_height: ClassVar[int] = 3

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select", "Open view")]

    def __init__(self, current: SavedView, saved: Sequence[SavedView]) -> None:
        super().__init__(id="view-lines")
        self._current = current
        self.views = (*BUILT_IN, *saved)

    @property
    def row_count(self) -> int:
        """The number of views."""
        return len(self.views)

    @property
    def cursor_view(self) -> SavedView:
        """The view at the cursor."""
        return self.views[self.cursor_row]

    def find(self, name: str) -> SavedView | None:
        """Return the view with a name, or None."""
        return next((view for view in self.views if is_same_name(view.name, name)), None)

    def highlight_current(self) -> None:
        """Move the cursor to the current view."""
        view = self.find(self._current.name)
        self.rows_changed(self.views.index(view) if view else 0)

    def without(self, name: str) -> None:
        """Remove the view with a name from the list."""
        self.views = tuple(view for view in self.views if not is_same_name(view.name, name))
        self.rows_changed(self.cursor_row)

    def header_text(self, width: int) -> list[Segment]:
        """Return the header of the list."""
        style = self.get_component_rich_style("virtual-rows--header")
        name_width, filter_width = _widths(width)
        text = f"    {'View':<{name_width}} {'Filter':<{filter_width}} Sort"
        return [Segment(pad_or_truncate(text, width), style)]

    def row_text(self, row: int, width: int) -> str:
        """Return whether a view is the current one, its name, filter and sort keys."""
        view = self.views[row]
        cursor = ">" if row == self.cursor_row else " "
        is_current = is_same_name(view.name, self._current.name)
        name_width, filter_width = _widths(width)
        is_changed = is_current and not is_shown_as_saved(self._current, view)
        addition = _CHANGED if is_changed else ""
        name = pad_or_truncate(sanitize(view.name), name_width - len(addition)).rstrip() + addition
        text = pad_or_truncate(sanitize(view.filter, _MAX_SHOWN), filter_width)
        current = "*" if is_current else " "
        line = (
            f"{cursor} {current} {pad_or_truncate(name, name_width)} {text} {sort_text(view.sort)}"
        )
        return pad_or_truncate(line, width)

    def footer_text(self, width: int, line: int) -> str:
        """Return the filter, sort keys and columns of the view at the cursor in full."""
        view = self.cursor_view
        sort = sort_text(view.sort) or "store order"
        columns = _columns_text(view.layout) or "keeps current columns"
        lines = ("", _filter_line(view.filter), f"Sort       {sort}   {columns}")
        return pad_or_truncate(f"    {lines[line]}", width)


class ViewsDialog(Dialog[SavedView | None]):
    """Opens, saves and deletes views. The result is the view to show, or None.

    If the current view was saved, the result is the saved view. Views are saved immediately.

    Args:
        current: the current view, with the name of the view that was opened.
        saved: the saved views of the admin.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("views.save", "save"),
        bind("views.delete", "delete"),
        bind("screen.keys", "app.show_keys", hint="Keys"),
        bind("dialog.close", "cancel"),
        bind("users.views", "cancel", "Close"),
    ]

    def __init__(self, current: SavedView, saved: Sequence[SavedView]) -> None:
        super().__init__()
        self._current = current
        self._lines = ViewList(current, saved)

    def compose(self) -> ComposeResult:
        hints = (
            "Enter open  <views.save> save  <views.delete> delete  <screen.keys> keys  Esc close"
        )
        with dialog_frame("views-dialog", "Views", hints):
            yield Static(id="views-now")
            yield self._lines
            with Horizontal(id="view-name-line"):
                yield Label(safe("Save current view as "))
                yield SafeInput(MAX_NAME, id="view-name")
                yield KeyHint("[<views.save> Save]", self.action_save)
                yield KeyHint("[<views.delete> Delete]", self.action_delete)
            yield Static(id="views-said")
            yield button_row(show="[Open]", cancel="[Close]")

    def on_mount(self) -> None:
        name = self._current.name
        if not built_in_name(name):
            self._field.value = sanitize(name)[:MAX_NAME]
        self.query_one("#views-now", Static).update(safe_lines(self._current_text))
        self._lines.focus()
        self._lines.highlight_current()

    @property
    def _field(self) -> SafeInput:
        return self.query_one(SafeInput)

    @property
    def _current_text(self) -> tuple[str, str]:
        """The current view as text."""
        current = self._current
        view = self._lines.find(current.name)
        addition = _NOT_SAVED
        if view is not None:
            addition = "" if is_shown_as_saved(current, view) else _CHANGED
        parts = (
            f"{sanitize(current.name)}{addition}",
            sort_text(current.sort),
            _columns_text(current.layout),
        )
        return f"Current    {'   '.join(filter(None, parts))}", _filter_line(current.filter)

    def show_message(self, message: str) -> None:
        """Show a message; an empty one hides it."""
        self.query_one("#views-said", Static).update(safe(message))

    @on(VirtualList.RowHighlighted)
    @on(Input.Changed)
    def _clear_message(self) -> None:
        self.show_message("")

    # Saving

    def action_save(self) -> None:
        """Focus the name, or save the current view if the name has the focus."""
        if self._field.has_focus:
            self._save_as(self._field.value.strip())
        else:
            self._field.focus()
            self._field.cursor_position = len(self._field.value)

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        self._save_as(event.value.strip())

    def _save_as(self, name: str) -> None:
        current, built_in, before = self._current, built_in_name(name), self._lines.find(name)
        view = SavedView(name, current.filter, current.sort, current.layout)
        if not name:
            self.show_message(_NO_NAME)
        elif built_in:
            self.show_message(
                f"{built_in} is a built-in view and cannot be replaced. Choose another name."
            )
        elif before is not None and view != before:
            text = f"Replace the view {sanitize(before.name)}?"
            self._confirm(text, "Replace", view, deletes=False)
        else:
            self._write(view, deletes=False)

    # Deleting

    def action_delete(self) -> None:
        """Delete the view at the cursor, after a confirmation."""
        view = self._lines.cursor_view
        if built_in_name(view.name):
            self.show_message(f"{view.name} is a built-in view and cannot be deleted.")
            return
        text = f"Delete the view {sanitize(view.name)}? No users are affected."
        self._confirm(text, "Delete", view, deletes=True)

    # Writing

    def _confirm(self, text: str, yes: str, view: SavedView, *, deletes: bool) -> None:
        def answered(is_confirmed: bool | None) -> None:
            if is_confirmed:
                self._write(view, deletes=deletes)

        self.app.push_screen(ConfirmQuestion(text, yes=yes), answered)

    @work(group="views", description="write the views")
    async def _write(self, view: SavedView, *, deletes: bool) -> None:
        change = (
            partial(save_views, deleted=view.name) if deletes else partial(save_views, saved=view)
        )
        if not await asyncio.to_thread(change):
            outcome = "The view was not deleted." if deletes else "The view was not saved."
            self.show_message(f"Cannot write {abbreviate_home(views_path())}. {outcome}")
        elif deletes:
            self._lines.without(view.name)
            self.query_one("#views-now", Static).update(safe_lines(self._current_text))
        elif self.is_current:
            self.dismiss(view)

    # Closing

    @on(Button.Pressed, "#show")
    @on(VirtualList.RowSelected)
    def _selected(self) -> None:
        self.dismiss(self._lines.cursor_view)

    @on(Button.Pressed, "#cancel")
    def action_cancel(self) -> None:
        """Move the focus from the name to the list; from there, close the dialog."""
        if self.is_mounted and self._field.has_focus:
            self._lines.focus()
        else:
            self.dismiss(None)


def _filter_line(text: str) -> str:
    return f"Filter     {sanitize(text, _MAX_SHOWN) or 'none (all users)'}"


def _columns_text(layout: Layout | None) -> str:
    return pluralize(len(layout.columns), "column") if layout else ""


def _widths(width: int) -> tuple[int, int]:
    """Return the widths of the name and of the filter."""
    name = _NAME_WIDE if width >= _WIDE_FROM else _NAME
    return name, max(1, (width - name - 6) * 3 // 5)
