"""The line of filters above the records of a preview."""

from collections.abc import Iterator

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.view_model import FILTERS, Filter


class FilterLine(Static):
    """The filters with their keys; the current one in capitals. A click chooses one."""

    ALLOW_SELECT = False

    class Chosen(Message):
        """A filter was chosen."""

        def __init__(self, wanted: Filter) -> None:
            super().__init__()
            self.wanted = wanted

    def __init__(self) -> None:
        super().__init__(id="filters")
        self._labels: list[str] = []
        self._current = Filter.ALL

    def show(self, current: Filter, not_in_file: int) -> None:
        """Show which filter is the current one, and how many users are not in the file."""
        self._labels, self._current = list(_labels(current, not_in_file)), current
        self._draw()

    def on_resize(self) -> None:
        """Use the room."""
        self._draw()

    @property
    def _gap(self) -> int:
        """Cells between two filters: one where there is no room for two."""
        needed = sum(map(len, self._labels)) + 2 * len(self._labels) - 2
        return 2 if needed <= self.content_size.width else 1

    def _draw(self) -> None:
        styles = ["bold reverse" if one is self._current else "" for one in FILTERS]
        self.update(
            Content(" " * self._gap).join(
                safe(label).stylize(style)
                for label, style in zip(self._labels, styles, strict=False)
            )
        )

    def on_click(self, event: events.Click) -> None:
        """Choose the filter that was clicked on."""
        offset = event.get_content_offset(self)
        x = offset.x if offset is not None else -1
        for wanted, label in zip(FILTERS, self._labels, strict=False):
            if 0 <= x < len(label):
                self.post_message(self.Chosen(wanted))
                return
            x -= len(label) + self._gap


def _labels(current: Filter, not_in_file: int) -> Iterator[str]:
    for key, one in enumerate(FILTERS, start=1):
        words = one.upper() if one is current else str(one)
        yield f"{key} {words}{f' {not_in_file:,}' if one is Filter.NOT_IN_FILE else ''}"
