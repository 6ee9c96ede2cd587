"""The filter row above the records of a preview."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from qm_tui.tui.keys.keymap import first_key
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.transfer.preview.view_model import RECORD_FILTERS, RecordFilter

_LABELS: Final = {
    RecordFilter.ALL: "All",
    RecordFilter.ADDED: "Added",
    RecordFilter.CHANGED: "Changed",
    RecordFilter.UNCHANGED: "Unchanged",
    RecordFilter.REJECTED: "Rejected",
    RecordFilter.WARNINGS: "Warnings",
    RecordFilter.NOT_IN_FILE: "Not in file",
}
_SHORT_LABELS: Final = {
    **_LABELS,
    RecordFilter.UNCHANGED: "Same",
    RecordFilter.WARNINGS: "Warn",
    RecordFilter.NOT_IN_FILE: "Absent",
}
_ONE_LINE_FROM: Final = 108
"""Cells of the row in a terminal of 110 columns."""

_FULL_LABELS_FROM: Final = 78
"""Cells of the row in a terminal of 80 columns."""

_THOUSANDS_FROM: Final = 100_000
"""The first count that is written as `100k` below short labels."""


class FilterLayout(NamedTuple):
    """The texts of the filter row.

    Attributes:
        labels: by filter, the key and the label; all cells of the filter if it is one line.
        counts: by filter, the count below the label, as wide as the label; empty if it is one line.
        gap: the cells between two filters.
    """

    labels: list[str]
    counts: list[str]
    gap: int

    @property
    def height(self) -> int:
        """The number of lines."""
        return 2 if self.counts else 1


def filter_layout(counts: Mapping[RecordFilter, int], width: int) -> FilterLayout:
    """Return the texts of the filter row.

    Args:
        counts: the number of records by filter.
        width: the cells of the row.
    """
    if width >= _ONE_LINE_FROM:
        labels = [
            f"{first_key(wanted.key_action)}:{_LABELS[wanted]} {counts[wanted]:,}"
            for wanted in RECORD_FILTERS
        ]
        gap = _gap(labels, width)
        if _width(labels, gap) <= width:
            return FilterLayout(labels, [], gap)
    is_short = width < _FULL_LABELS_FROM
    names = _SHORT_LABELS if is_short else _LABELS
    labels = [f"{first_key(wanted.key_action)}:{names[wanted]}" for wanted in RECORD_FILTERS]
    numbers = [_number(counts[wanted], is_short=is_short) for wanted in RECORD_FILTERS]
    widths = [max(map(len, pair)) for pair in zip(labels, numbers, strict=True)]
    labels = [text.rjust(cells) for text, cells in zip(labels, widths, strict=True)]
    numbers = [text.rjust(cells) for text, cells in zip(numbers, widths, strict=True)]
    return FilterLayout(labels, numbers, _gap(labels, width))


def _number(count: int, *, is_short: bool) -> str:
    return f"{count // 1000:,}k" if is_short and count >= _THOUSANDS_FROM else f"{count:,}"


def _width(labels: list[str], gap: int) -> int:
    return sum(map(len, labels)) + gap * (len(labels) - 1)


def _gap(labels: list[str], width: int) -> int:
    return 2 if _width(labels, 2) <= width else 1


class ResultTabs(Static):
    """The filters with their keys, labels and counts. A click selects a filter."""

    ALLOW_SELECT = False

    class TabSelected(Message):
        """A filter was selected."""

        def __init__(self, tab: RecordFilter) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self) -> None:
        super().__init__(id="filters")
        self._counts: Mapping[RecordFilter, int] = dict.fromkeys(RECORD_FILTERS, 0)
        self._current = RecordFilter.ALL

    def show(self, current: RecordFilter, counts: Mapping[RecordFilter, int]) -> None:
        """Show the current filter, and the number of records by filter."""
        self._current, self._counts = current, counts
        self._draw()

    @staticmethod
    def height_of(counts: Mapping[RecordFilter, int], width: int) -> int:
        """Return the number of lines for the counts in a row of `width` cells."""
        return filter_layout(counts, width).height

    def on_resize(self) -> None:
        self._draw()

    def _layout_now(self) -> FilterLayout:
        return filter_layout(self._counts, self.content_size.width)

    def _draw(self) -> None:
        layout = self._layout_now()
        lines = [layout.labels, layout.counts] if layout.counts else [layout.labels]
        self.styles.height = layout.height
        self.update(Content("\n").join([self._line(texts, layout.gap) for texts in lines]))

    def _line(self, texts: list[str], gap: int) -> Content:
        styles = ["bold reverse" if wanted is self._current else "" for wanted in RECORD_FILTERS]
        return Content(" " * gap).join(
            [safe(text).stylize(style) for text, style in zip(texts, styles, strict=True)]
        )

    def on_click(self, event: events.Click) -> None:
        """Select the filter that was clicked."""
        offset = event.get_content_offset(self)
        x = offset.x if offset is not None else -1
        layout = self._layout_now()
        for tab, label in zip(RECORD_FILTERS, layout.labels, strict=True):
            if 0 <= x < len(label):
                self.post_message(self.TabSelected(tab))
                return
            x -= len(label) + layout.gap
