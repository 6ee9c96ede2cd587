"""All actions that have keys, and their default keys.

The ID of an action is `PLACE.NAME`. `[keys]` in the settings gives it other keys. An action that
works in several places, for example in all lists, has one ID.

Keys in `FIXED` do the same everywhere, whatever is set. An action that has no other keys has no ID.
"""

from collections.abc import Collection, Mapping
from typing import Final, NamedTuple

from qm_tui.transfer.options.import_options import IMPORT_OPTIONS

FIXED: Final = ("escape", "enter", "tab", "shift+tab", "up", "down", "left", "right", "ctrl+c")
"""Keys that cannot be set: without them, a dialog could not be left, nor the program."""


class KeyAction(NamedTuple):
    """An action.

    Attributes:
        keys: its default keys, as Textual names them, separated by commas.
        words: what it does, for the list of keys and for messages.
    """

    keys: str
    words: str


ACTIONS: Final[Mapping[str, KeyAction]] = {
    "app.quit": KeyAction("ctrl+q,ctrl+c", "Quit"),
    "app.palette": KeyAction("ctrl+p", "Open the command palette"),
    "app.keys": KeyAction("f1", "Show keyboard shortcuts"),
    "app.redraw": KeyAction("ctrl+l", "Draw the screen again"),
    "app.suspend": KeyAction("ctrl+z", "Suspend (fg resumes)"),
    "screen.palette": KeyAction("colon", "Open the command palette"),
    "screen.keys": KeyAction("question_mark", "Show keyboard shortcuts"),
    "page.users": KeyAction("1", "Go to Users"),
    "page.activity": KeyAction("2", "Go to Activity"),
    "page.licenses": KeyAction("3", "Go to Licenses"),
    "page.profiles": KeyAction("4", "Go to Profiles"),
    "page.departments": KeyAction("5", "Go to Departments"),
    "page.locations": KeyAction("6", "Go to Locations"),
    "page.navigation": KeyAction("n", "Show or hide the navigation pane"),
    "page.quit": KeyAction("q", "Quit"),
    "navigation.collapse": KeyAction("left,h", "Hide the list of pages"),
    "navigation.expand": KeyAction("right,l", "Show the list of pages"),
    "list.up": KeyAction("up,k", "Up"),
    "list.down": KeyAction("down,j", "Down"),
    "list.page_up": KeyAction("pageup,ctrl+b", "Page up"),
    "list.page_down": KeyAction("pagedown,ctrl+f", "Page down"),
    "list.half_page_up": KeyAction("ctrl+u", "Half a page up"),
    "list.half_page_down": KeyAction("ctrl+d", "Half a page down"),
    "list.first": KeyAction("home,g", "First"),
    "list.last": KeyAction("end,G", "Last"),
    "list.mark": KeyAction("space", "Mark or unmark the user"),
    "list.mark_all": KeyAction("asterisk", "Mark or unmark all shown users"),
    "list.mark_range": KeyAction("V", "Begin a range of users to mark"),
    "search.page_up": KeyAction("pageup", "Page up"),
    "search.page_down": KeyAction("pagedown", "Page down"),
    "table.column_left": KeyAction("left,h", "Column left"),
    "table.column_right": KeyAction("right,l", "Column right"),
    "table.sort": KeyAction("s", "Sort by the current column; again to reverse"),
    "table.sort_second": KeyAction("S", "Add the current column as second sort key"),
    "table.copy": KeyAction("y", "Copy the cell to the clipboard"),
    "table.copy_row": KeyAction("Y", "Copy the row, without password and salt"),
    "users.filter": KeyAction("slash", "Filter users"),
    "users.views": KeyAction("v", "Open or save a view"),
    "users.columns": KeyAction("c", "Set the columns, their order and width"),
    "users.counts": KeyAction("F", "Count the shown users by field"),
    "users.mark_list": KeyAction("L", "Mark users from a pasted list"),
    "users.import": KeyAction("i", "Import users from a .csv file"),
    "users.export": KeyAction("x", "Export users to a .csv file"),
    "user.set_field": KeyAction("m", "Set a field for the current or marked users"),
    "user.edit": KeyAction("e", "Edit the user"),
    "user.add": KeyAction("a", "Add a user"),
    "user.activate": KeyAction("A", "Activate or inactivate the current or marked users"),
    "user.password": KeyAction("P", "Change the password"),
    "user.delete": KeyAction("D,delete", "Delete or inactivate the current or marked users"),
    "changes.undo": KeyAction("u", "Undo the last change"),
    "details.previous": KeyAction("left,h", "Previous user"),
    "details.next": KeyAction("right,l", "Next user"),
    "activity.filter": KeyAction("slash", "Filter"),
    "counts.previous": KeyAction("left,h", "Previous field"),
    "counts.next": KeyAction("right,l", "Next field"),
    "counts.rename": KeyAction("e", "Rename this value for all users who have it"),
    "dialog.close": KeyAction("escape,q", "Close"),
    "dialog.ok": KeyAction("o", "OK"),
    "form.save": KeyAction("f2", "Save or apply"),
    "form.use_theirs": KeyAction("f3", "Use the other admin's value"),
    "form.page_up": KeyAction("pageup", "Page up"),
    "form.page_down": KeyAction("pagedown", "Page down"),
    "options.next": KeyAction("space,right", "Next value"),
    "views.save": KeyAction("a", "Save the current view"),
    "views.delete": KeyAction("D,delete", "Delete the view"),
    "columns.toggle": KeyAction("space", "Show or hide"),
    "columns.move_left": KeyAction("less_than_sign", "Move left"),
    "columns.move_right": KeyAction("greater_than_sign", "Move right"),
    "columns.narrower": KeyAction("minus,left", "Narrower"),
    "columns.wider": KeyAction("plus,right", "Wider"),
    "columns.freeze": KeyAction("f", "Freeze or unfreeze columns up to here"),
    "columns.reset": KeyAction("r", "Reset to default columns"),
    "mark_list.mark_matches": KeyAction("space", "Mark or unmark all matches"),
    "files.sort": KeyAction("s", "Sort by date or name"),
    "files.hidden": KeyAction("full_stop", "Show or hide hidden files"),
    "files.home": KeyAction("tilde", "Go to the home folder"),
    "files.parent": KeyAction("backspace", "Go to the parent folder"),
    "files.options": KeyAction("o", "Options"),
    "preview.import": KeyAction("i", "Import"),
    "preview.options": KeyAction("o", "Options"),
    **{
        f"preview.{option.key}": KeyAction(option.letter, option.title)
        for option in IMPORT_OPTIONS
        if option.letter
    },
    "preview.all": KeyAction("1", "Show all records"),
    "preview.added": KeyAction("2", "Show added records"),
    "preview.changed": KeyAction("3", "Show changed records"),
    "preview.unchanged": KeyAction("4", "Show unchanged records"),
    "preview.rejected": KeyAction("5", "Show rejected records"),
    "preview.warnings": KeyAction("6", "Show records with warnings"),
    "preview.not_in_file": KeyAction("7", "Show users not in the file"),
    "preview.problems": KeyAction("v", "Show all problems"),
    "preview.correct": KeyAction("c", "Correct rejected records"),
    "preview.save_rejected": KeyAction("r", "Save rejected records"),
    "preview.save_report": KeyAction("w", "Save the report"),
    "preview.map_columns": KeyAction("m", "Map columns to fields"),
    "record.page_down": KeyAction("space", "Page down"),
    "record.correct": KeyAction("c", "Correct"),
    "record.next": KeyAction("n,right", "Next record"),
    "record.previous": KeyAction("p,left", "Previous record"),
    "mapping.ignore": KeyAction("delete,backspace", "Ignore the column, or remove the value"),
    "mapping.values": KeyAction("v", "Set values for those of the column"),
    "mapping.match": KeyAction("equals_sign", "Match users by this field"),
    "mapping.add": KeyAction("a", "Add a value for new users"),
}
"""The actions by ID."""

EVERYWHERE: Final = frozenset({"app", "screen"})
"""Places that are everywhere."""

WHILE_TYPING: Final = frozenset({"app", "form", "search"})
"""Places whose keys work while text is typed: they cannot be characters or keys that edit text."""

TOGETHER: Final[Collection[frozenset[str]]] = [
    frozenset(names.split())
    for names in (
        "users user changes page list table",
        "users user changes page list navigation",
        "activity changes page list",
        "activity changes page list navigation",
        "counts changes page list",
        "counts changes page list navigation",
        "details user changes dialog list",
        "form options dialog list",
        "form search dialog list",
        "form columns dialog list",
        "form mapping dialog list",
        "form mark_list dialog list",
        # the key that opens a dialog closes it
        "users.counts counts dialog list",
        "users.views views dialog list",
        "files options dialog list",
        "preview options dialog list",
        "record dialog list",
    )
]
"""Places, and some actions, that are available at the same time: they need different keys."""
