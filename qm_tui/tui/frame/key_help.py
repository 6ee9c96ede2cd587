"""The keyboard shortcuts of the current screen, built from its bindings."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import Any, ClassVar, Final, NamedTuple, Protocol, runtime_checkable

from textual.app import App, ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen
from textual.widgets import Button, Input, Static, Tree

from qm_tui.tui.keys.keymap import bind, keys_of
from qm_tui.tui.keys.names import key_name
from qm_tui.tui.text.safe_content import key_hints, safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.virtual_list import VirtualList

COMMAND_PALETTE: Final = "Command palette"

_LABELS: Final = {
    "Focus Next": "Focus next",
    "Focus Previous": "Focus previous",
    "Press button": "Press the button",
    "Submit": "Confirm input",
    "Scroll Up": "Scroll up",
    "Scroll Down": "Scroll down",
    "Scroll Left": "Scroll left",
    "Scroll Right": "Scroll right",
    "Scroll Home": "Scroll to the start",
    "Scroll End": "Scroll to the end",
    "Page Up": "Page up",
    "Page Down": "Page down",
    "Page Left": "Page left",
    "Page Right": "Page right",
}
"""Texts for descriptions of Textual's own bindings."""

_COPY: Final = "Copy selected text"
"""Textual's description of Ctrl+C, which quits here."""

_NOT_OURS: Final = ("super+", "ctrl+page", "ctrl+shift+")


class KeyDescription(NamedTuple):
    """A keyboard shortcut.

    Attributes:
        keys: the names of the keys.
        label: the action as text.
        group: where it works: in the list, on the page, everywhere.
    """

    keys: str
    label: str
    group: str = ""


class ActiveAction(NamedTuple):
    """An action that is available on a screen.

    Attributes:
        key: the shortcut.
        active: the binding.
    """

    key: KeyDescription
    active: ActiveBinding


_EVERYWHERE: Final = "Everywhere"
_GROUPS: Final[tuple[tuple[type[DOMNode], str], ...]] = (
    (App, _EVERYWHERE),
    (Dialog, "In this dialog"),
    (Screen, "On this page"),
    (VirtualList, "In the list"),
    (Input, "In the field"),
    (Button, "On the button"),
    (Tree, "In the navigation pane"),
)
_WIDE: Final = 100
"""The width of the terminal from which the shortcuts are in two columns."""

_PERCENT: Final = 98
"""The maximum width of the dialog in percent, as in its style sheet."""

_AROUND: Final = 7
"""The width of the border, the padding and the scrollbar of the dialog."""

_KEYS_WIDTH: Final = 20
"""The maximum width of the column of keys. More keys are in further lines."""

_GAP: Final = 4
"""Blanks between two columns."""


def active_actions(screen: Screen[Any]) -> list[ActiveAction]:
    """Return the available actions of a screen, those nearest to the focus first.

    Keys that the focused input takes as letters, common editing keys, and actions that are
    unavailable now are excluded. Keys with the same action are grouped.
    """
    groups: dict[tuple[str, str], list[tuple[str, ActiveBinding]]] = {}
    focused = screen.focused
    types_letters = focused is not None and focused.check_consume_key("a", "a")
    for key, active in _in_order(screen.active_bindings | _from_everywhere(screen)):
        binding = active.binding
        is_textuals = key.startswith(_NOT_OURS) or binding.system
        is_typed = types_letters and (
            _is_editing(active) if active.node is focused else len(key_name(key)) == 1
        )
        is_shown = binding.description not in ("", _COPY) and not is_textuals
        if active.enabled and is_shown and not is_typed:
            words = _LABELS.get(binding.description, binding.tooltip or binding.description)
            groups.setdefault((_group_of(active.node), words), []).append((key, active))
    for words in [words for where, words in groups if where == _EVERYWHERE]:
        nearer = next(
            (group for group in groups if group[1] == words and group[0] != _EVERYWHERE), None
        )
        bindings = groups.pop((_EVERYWHERE, words))
        groups.setdefault(nearer or (_EVERYWHERE, words), []).extend(bindings)
    return [
        ActiveAction(
            KeyDescription(" ".join(key_name(key) for key, _ in bindings), words, where),
            bindings[0][1],
        )
        for (where, words), bindings in groups.items()
    ]


def _in_order(active: Mapping[str, ActiveBinding]) -> list[tuple[str, ActiveBinding]]:
    """Return bindings in the order of their definition: Textual puts those that are set last."""
    nodes = list(dict.fromkeys(binding.node for binding in active.values()))
    places = {
        (node, binding.id or key): place
        for node in nodes
        # no public attribute has all bindings of a node; not needed if a keymap keeps the order
        for place, (key, binding) in reversed(list(enumerate(node._bindings)))
    }
    first = {node: number for number, node in enumerate(nodes)}

    def place_of(item: tuple[str, ActiveBinding]) -> tuple[int, int]:
        key, (node, binding, *_) = item
        return first[node], places[node, binding.id or key]

    return sorted(active.items(), key=place_of)


def _is_editing(active: ActiveBinding) -> bool:
    """Whether a binding of an input is one of Textual's own for editing."""
    if active.binding.key == "enter":
        return False
    textuals = [
        kind for kind in type(active.node).__mro__ if kind.__module__.startswith("textual.")
    ]
    return active.binding.description in {
        binding.description
        for kind in textuals
        for binding in Binding.make_bindings(vars(kind).get("BINDINGS", ()))
    }


def _from_everywhere(screen: Screen[Any]) -> dict[str, ActiveBinding]:
    """Return the app's priority bindings, which work in dialogs although Textual omits them."""
    app = screen.app
    bindings = (one for one in app.BINDINGS if isinstance(one, Binding) and one.id is not None)
    return {
        key: ActiveBinding(app, binding.with_key(key), True, binding.tooltip)
        for binding in bindings
        for key in keys_of(binding.id or "")
    }


def active_keys(screen: Screen[Any]) -> list[KeyDescription]:
    """Return the keyboard shortcuts that are available on a screen."""
    return [action.key for action in active_actions(screen)]


def is_unavailable(screen: Screen[Any], key: str) -> bool:
    """Whether the action of a key is unavailable now. In an input the key is a character."""
    active = None if isinstance(screen.focused, Input) else screen.active_bindings.get(key)
    return active is not None and not active.enabled


def _group_of(node: DOMNode) -> str:
    return next((words for kind, words in _GROUPS if isinstance(node, kind)), "In this area")


@runtime_checkable
class ListsKeys(Protocol):
    """A screen or dialog that selects the keyboard shortcuts to show."""

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts."""


class _Lines(VerticalScroll):
    """Lines that scroll with the keys of a list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.down", "scroll_down", show=False),
        bind("list.up", "scroll_up", show=False),
        bind("list.page_down", "page_down", show=False),
        bind("list.page_up", "page_up", show=False),
        bind("list.first", "scroll_home", show=False),
        bind("list.last", "scroll_end", show=False),
    ]


class KeysScreen(Dialog[None]):
    """Shows keyboard shortcuts.

    Args:
        keys: the shortcuts.

    Attributes:
        keys: the same.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "close", "Close"),
        bind("dialog.close", "close"),
        bind("screen.keys", "close", "Close"),
    ]

    def __init__(self, keys: Sequence[KeyDescription]) -> None:
        super().__init__(classes="small-dialog")
        self.keys = tuple(keys)
        places = dict.fromkeys(key.group for key in keys)
        self._groups = [[key for key in keys if key.group == place] for place in places]
        self._list = _Lines(classes="dialog", id="keys")

    def compose(self) -> ComposeResult:
        with self._list:
            yield Static(self._text())

    def on_mount(self) -> None:
        self._list.border_title = safe("Keyboard shortcuts")
        self.watch(self._list, "scroll_y", self._show_hints)

    def on_resize(self) -> None:
        """Wrap the lines to the new width."""
        text = self._text()
        for widget in self.query(Static):  # none while it is opening or closing
            if widget.content != text:
                widget.update(text)
        self.call_after_refresh(self._show_hints)

    def _text(self) -> Content:
        width = self.app.size.width * _PERCENT // 100 - _AROUND
        if self.app.size.width < _WIDE or len(self._groups) == 1:
            return safe_lines(_lines(self._groups, width))
        left, right = _halves(self._groups)
        left_lines = list(_lines(left, width // 2))
        right_width = width - max(map(len, left_lines)) - _GAP
        return safe_lines(_beside([left_lines, list(_lines(right, right_width))]))

    def _show_hints(self) -> None:
        more = "↓ show more  " if self._list.scroll_y < self._list.max_scroll_y else ""
        self._list.border_subtitle = key_hints(f"{more}Esc close")

    def action_close(self) -> None:
        """Close the dialog."""
        self.dismiss(None)


def _lines(groups: Sequence[Sequence[KeyDescription]], width: int) -> Iterator[str]:
    keys = {key: wrap(key.keys, _KEYS_WIDTH) for group in groups for key in group}
    column = max((len(line) for lines in keys.values() for line in lines), default=0)
    for number, group in enumerate(groups):
        if number:
            yield ""
        if group[0].group:
            yield group[0].group
        for key in group:
            labels = wrap(key.label, width - column - 4)
            for left, right in zip_longest(keys[key], labels, fillvalue=""):
                yield f"  {left:<{column}}  {right}".rstrip()


def _beside(columns: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the lines of columns side by side."""
    widths = [max(map(len, column), default=0) for column in columns]
    for lines in zip_longest(*columns, fillvalue=""):
        cells = (f"{line:<{width}}" for line, width in zip(lines, widths, strict=True))
        yield (" " * _GAP).join(cells).rstrip()


def _halves(groups: list[list[KeyDescription]]) -> list[list[list[KeyDescription]]]:
    """Return the groups in two columns of similar length."""
    splits = ((groups[:index], groups[index:]) for index in range(1, len(groups)))
    return list(min(splits, key=lambda split: max(sum(map(len, part)) for part in split)))
