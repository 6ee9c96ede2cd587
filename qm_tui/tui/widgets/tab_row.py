"""A line of fields of which one is chosen: by the page or dialog, with its keys, or by a click."""

from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Horizontal

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.widgets.key_hint import KeyHint


class FieldLine(Horizontal):
    """The names of some fields; the chosen one stands in brackets.

    Args:
        names: the names.
        choose: called with the place of the one that was clicked on.
    """

    def __init__(self, names: Sequence[str], choose: Callable[[int], None]) -> None:
        super().__init__()
        self._names, self._choose = names, choose

    def compose(self) -> ComposeResult:
        """The names, one after the other."""
        for place, name in enumerate(self._names):
            yield KeyHint(f" {name} ", partial(self._choose, place))

    def show(self, chosen: int) -> None:
        """Show which one is chosen, by its place."""
        for place, (hint, name) in enumerate(zip(self.query(KeyHint), self._names, strict=True)):
            is_chosen = place == chosen
            hint.set_class(is_chosen, "-chosen")
            hint.update(safe(f"[{name}]" if is_chosen else f" {name} "))
