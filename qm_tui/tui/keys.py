"""The keys that work here, made from the bindings themselves."""

from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest
from typing import Any, ClassVar, Final, NamedTuple

from textual.app import App, ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Button, Input, Static, Tree

from qm_tui.tui.content import safe, safe_lines
from qm_tui.tui.virtual_rows import VirtualRows

_NAMES: Final = {
    "escape": "Esc",
    "enter": "Enter",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "question_mark": "?",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "backspace": "Backspace",
    "f1": "F1",
    "f2": "F2",
    "space": "Space",
    "asterisk": "*",
    "delete": "Del",
    "slash": "/",
    "colon": ":",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "minus": "-",
    "full_stop": ".",
    "tilde": "~",
}


_WORDS: Final = {
    "Focus Next": "Next part of the screen",
    "Focus Previous": "Previous part of the screen",
}
_COPY: Final = "Copy selected text"
"""What Textual says of Ctrl+C, which quits here."""

_NOT_OURS: Final = ("super+", "ctrl+page", "ctrl+shift+")


def key_name(key: str) -> str:
    """A key as it is printed on a keyboard."""
    if key in _NAMES:
        return _NAMES[key]
    if key.startswith("ctrl+"):
        return f"Ctrl+{key.removeprefix('ctrl+').upper()}"
    return key


class Key(NamedTuple):
    """What some keys do.

    Attributes:
        keys: the keys, as they are printed.
        words: what they do.
        where: where they work: in the list, on the page, everywhere.
    """

    keys: str
    words: str
    where: str = ""


class Action(NamedTuple):
    """What can be done on a screen now.

    Attributes:
        key: the keys that do it, and what that is in words.
        active: the binding.
    """

    key: Key
    active: ActiveBinding


_PLACES: Final[tuple[tuple[type[DOMNode], str], ...]] = (
    (App, "Everywhere"),
    (ModalScreen, "In this dialog"),
    (Screen, "On this page"),
    (VirtualRows, "In the list"),
    (Input, "In the field"),
    (Button, "On the button"),
    (Tree, "In the navigation pane"),
)
_WIDE: Final = 100
"""Columns of a terminal in which the keys stand in two columns."""


def actions_that_work(screen: Screen[Any]) -> list[Action]:
    """What can be done on a screen as it is now: what is nearest to the focus comes first.

    A key that the focused field takes for a letter is none; what cannot be done now is left out.
    """
    found: dict[tuple[str, str], list[tuple[str, ActiveBinding]]] = {}
    focused = screen.focused
    types_letters = focused is not None and focused.check_consume_key("a", "a")
    for key, active in screen.active_bindings.items():
        binding = active.binding
        is_textuals = key.startswith(_NOT_OURS) or binding.system
        is_letter = types_letters and len(key_name(key)) == 1 and active.node is not focused
        is_said = binding.description not in ("", _COPY) and not is_textuals
        if active.enabled and is_said and not is_letter:
            words = _WORDS.get(binding.description, binding.tooltip or binding.description)
            found.setdefault((_where(active.node), words), []).append((key, active))
    return [
        Action(Key(" ".join(key_name(key) for key, _ in some), words, where), some[0][1])
        for (where, words), some in found.items()
    ]


def keys_that_work(screen: Screen[Any]) -> list[Key]:
    """The keys that work on a screen as it is now, with what they do."""
    return [action.key for action in actions_that_work(screen)]


def _where(node: DOMNode) -> str:
    return next((words for kind, words in _PLACES if isinstance(node, kind)), "Here")


class KeysScreen(ModalScreen[None]):
    """Lists the keys that work on the screen below it.

    Args:
        keys: the keys, with what they do.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "Back")
    ]

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__(classes="small-dialog")
        self._groups = [list(some) for _, some in groupby(keys, key=lambda one: one.where)]

    def compose(self) -> ComposeResult:
        """A line for each, in two columns where there is room."""
        columns = [self._groups]
        if self.app.size.width >= _WIDE and len(self._groups) > 1:
            columns = _halves(self._groups)
        with Vertical(classes="dialog", id="keys"), VerticalScroll():
            yield Static(safe_lines(_beside([list(_lines(some)) for some in columns])))

    def on_mount(self) -> None:
        """Name the dialog."""
        dialog = self.query_one("#keys")
        dialog.border_title = safe("Keys that work here")
        dialog.border_subtitle = safe("Esc back")

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)


def _lines(groups: Sequence[Sequence[Key]]) -> Iterator[str]:
    width = max((len(one.keys) for some in groups for one in some), default=0)
    for number, some in enumerate(groups):
        if number:
            yield ""
        if some[0].where:
            yield some[0].where
        for one in some:
            yield f"  {one.keys:<{width}}  {one.words}"


def _beside(columns: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns of lines, one beside the other."""
    widths = [max(map(len, column), default=0) for column in columns]
    for lines in zip_longest(*columns, fillvalue=""):
        cells = (f"{line:<{width}}" for line, width in zip(lines, widths, strict=True))
        yield "    ".join(cells).rstrip()


def _halves(groups: list[list[Key]]) -> list[list[list[Key]]]:
    """Two columns of groups, as equal as whole groups allow."""
    parts = ((groups[:at], groups[at:]) for at in range(1, len(groups)))
    return list(min(parts, key=lambda two: max(sum(map(len, part)) for part in two)))
