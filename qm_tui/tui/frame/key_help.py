"""The keys that work here, made from the bindings themselves."""

from collections.abc import Iterator, Sequence
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

from qm_tui.tui.text.safe_content import safe, safe_lines
from qm_tui.tui.widgets.dialog import Dialog
from qm_tui.tui.widgets.virtual_list import VirtualRows

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
    "Press button": "Press the button",
    "Submit": "Take what was typed",
    "Keys": "All keys that work here",
    "All actions": "Find an action by its name",
}
"""What a description does not say well enough, or says in many places."""
_COPY: Final = "Copy selected text"
"""What Textual says of Ctrl+C, which quits here."""

_NOT_OURS: Final = ("super+", "ctrl+page", "ctrl+shift+")


def key_name(key: str) -> str:
    """A key as it is printed on a keyboard."""
    *held, last = key.split("+")
    name = _NAMES.get(last, last.upper() if held else last)
    return "+".join([*map(str.capitalize, held), name])


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


_EVERYWHERE: Final = "Everywhere"
_PLACES: Final[tuple[tuple[type[DOMNode], str], ...]] = (
    (App, _EVERYWHERE),
    (Dialog, "In this dialog"),
    (Screen, "On this page"),
    (VirtualRows, "In the list"),
    (Input, "In the field"),
    (Button, "On the button"),
    (Tree, "In the navigation pane"),
)
_WIDE: Final = 100
"""Columns of a terminal in which the keys stand in two columns."""

_AROUND: Final = 9
"""Columns that the lines of the dialog leave free: its edges, the scrollbar, what is behind."""


def actions_that_work(screen: Screen[Any]) -> list[Action]:
    """What can be done on a screen as it is now: what is nearest to the focus comes first.

    A key that the focused field takes for a letter is none, and keys that edit a text everybody
    knows; what cannot be done now is left out. Keys that do the same stand together.
    """
    found: dict[tuple[str, str], list[tuple[str, ActiveBinding]]] = {}
    focused = screen.focused
    types_letters = focused is not None and focused.check_consume_key("a", "a")
    for key, active in (screen.active_bindings | _from_everywhere(screen)).items():
        binding = active.binding
        is_textuals = key.startswith(_NOT_OURS) or binding.system
        is_typed = types_letters and (
            _is_editing(active) if active.node is focused else len(key_name(key)) == 1
        )
        is_said = binding.description not in ("", _COPY) and not is_textuals
        if active.enabled and is_said and not is_typed:
            words = _WORDS.get(binding.description, binding.tooltip or binding.description)
            found.setdefault((_where(active.node), words), []).append((key, active))
    for words in [words for where, words in found if where == _EVERYWHERE]:
        nearer = next((one for one in found if one[1] == words and one[0] != _EVERYWHERE), None)
        some = found.pop((_EVERYWHERE, words))
        found.setdefault(nearer or (_EVERYWHERE, words), []).extend(some)
    return [
        Action(Key(" ".join(key_name(key) for key, _ in some), words, where), some[0][1])
        for (where, words), some in found.items()
    ]


def _is_editing(active: ActiveBinding) -> bool:
    """Whether a key of a field is one by which Textual lets a text be edited."""
    if active.binding.key == "enter":
        return False
    kinds = (one for one in type(active.node).__mro__ if one.__module__.startswith("textual."))
    given = (Binding.make_bindings(vars(one).get("BINDINGS", ())) for one in kinds)
    return active.binding.description in {one.description for some in given for one in some}


def _from_everywhere(screen: Screen[Any]) -> dict[str, ActiveBinding]:
    """The app's keys that work in dialogs too, where Textual does not count them."""
    app = screen.app
    bindings = Binding.make_bindings(app.BINDINGS)
    return {one.key: ActiveBinding(app, one, True, one.tooltip) for one in bindings if one.priority}


def keys_that_work(screen: Screen[Any]) -> list[Key]:
    """The keys that work on a screen as it is now, with what they do."""
    return [action.key for action in actions_that_work(screen)]


def _where(node: DOMNode) -> str:
    return next((words for kind, words in _PLACES if isinstance(node, kind)), "Here")


@runtime_checkable
class ListsKeys(Protocol):
    """A screen or dialog that says itself which of its keys it lists."""

    def action_show_keys(self) -> None:
        """List them."""


class _Lines(VerticalScroll):
    """Lines that scroll with the keys that move in a list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
        Binding("g", "scroll_home", "First", show=False),
        Binding("G", "scroll_end", "Last", show=False),
    ]


class KeysScreen(Dialog[None]):
    """Lists the keys that work on the screen below it.

    Args:
        keys: the keys, with what they do.

    Attributes:
        keys: the same.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1,enter", "close", "Back"),
    ]

    def __init__(self, keys: Sequence[Key]) -> None:
        super().__init__(classes="small-dialog")
        self.keys = tuple(keys)
        places = dict.fromkeys(one.where for one in keys)
        self._groups = [[one for one in keys if one.where == place] for place in places]
        self._list = _Lines(classes="dialog", id="keys")

    def compose(self) -> ComposeResult:
        """A line for each, in two columns where there is room."""
        with self._list:
            yield Static(self._said())

    def on_mount(self) -> None:
        """Name the dialog."""
        self._list.border_title = safe("Keys that work here")
        self.watch(self._list, "scroll_y", self._say_more)

    def on_resize(self) -> None:
        """Use the room."""
        text, said = self.query_one(Static), self._said()
        if text.content != said:
            text.update(said)
        self.call_after_refresh(self._say_more)

    def _said(self) -> Content:
        width, columns = self.app.size.width - _AROUND, [self._groups]
        if self.app.size.width >= _WIDE and len(self._groups) > 1:
            columns = _halves(self._groups)
        return safe_lines(_beside([list(_lines(some, width)) for some in columns]))

    def _say_more(self) -> None:
        more = "↓ more  " if self._list.scroll_y < self._list.max_scroll_y else ""
        self._list.border_subtitle = safe(f"{more}Esc back")

    def action_close(self) -> None:
        """Close it."""
        self.dismiss(None)


def _lines(groups: Sequence[Sequence[Key]], width: int) -> Iterator[str]:
    column = max((len(one.keys) for some in groups for one in some), default=0)
    for number, some in enumerate(groups):
        if number:
            yield ""
        if some[0].where:
            yield some[0].where
        for one in some:
            first, *more = wrap(one.words, width - column - 4)
            yield f"  {one.keys:<{column}}  {first}"
            yield from (" " * (column + 4) + line for line in more)


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
