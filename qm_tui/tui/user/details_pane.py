"""The pane with the details of a user: all fields and the history."""

import time
from itertools import islice
from typing import ClassVar, Final

from textual import events, on, work
from textual.binding import BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.timer import Timer

from qm_tui.crash import log_and_describe
from qm_tui.progress import Cancelled
from qm_tui.store.errors import StoreDisconnected, StoreError
from qm_tui.store.interface import UserHistoryEntry, UserStore
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.terminal.reliable_timer import ReliableTimers
from qm_tui.tui.text.safe_content import safe
from qm_tui.tui.text.user_details import UserHistory, details_lines, history_lines, user_title
from qm_tui.tui.work.job import Job
from qm_tui.tui.work.threads import ASK_AGAIN
from qm_tui.users.fields import User

HISTORY_DELAY: Final = 0.3
"""Seconds for which a user is shown before the history is read."""

MAX_ENTRIES: Final = 20
"""Maximum number of changes shown."""

_INTERVAL: Final = 0.2
"""Seconds between two updates while a history is read."""


class HistoryRead(Message):
    """A history was read, or a part of it.

    Args:
        job: the job that reads it.
        history: the history so far.
        is_disconnected: whether the server of the store cannot be reached at the moment.
    """

    def __init__(self, job: Job, history: UserHistory, *, is_disconnected: bool = False) -> None:
        super().__init__()
        self.job, self.history, self.is_disconnected = job, history, is_disconnected


class DetailsPane(ReliableTimers, ScrollView, can_focus=True, inherit_bindings=False):
    """Shows all fields and the history of a user.

    The scroll position stays the same for the next user, so that users can be compared.

    Args:
        empty_text: what it shows without a user.

    Attributes:
        empty_text: the same; it is drawn with the next call of `show`.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("list.up", "scroll_lines(-1)", show=False),
        bind("list.down", "scroll_lines(1)", hint="Scroll"),
        bind("list.page_up", "scroll_pages(-1)", show=False),
        bind("list.page_down", "scroll_pages(1)", show=False),
        bind("list.half_page_up", "scroll_pages(-0.5)", show=False),
        bind("list.half_page_down", "scroll_pages(0.5)", show=False),
        bind("list.first", "scroll_to_edge(-1)", show=False),
        bind("list.last", "scroll_to_edge(1)", show=False),
    ]

    def __init__(self, empty_text: str = "No user selected.") -> None:
        super().__init__(id="details")
        self.empty_text = empty_text
        self._user: User | None = None
        self._store: UserStore | None = None
        self._version = 0
        self._history = UserHistory()
        self._fields: list[Content] = []
        self._lines: list[Content] = []
        self._debounce: Timer | None = None
        self._job: Job | None = None

    def on_unmount(self) -> None:
        self._stop()

    # Lines

    @property
    def lines(self) -> list[str]:
        """All lines, visible or not."""
        return [line.plain for line in self._lines]

    def show(self, user: User | None, store: UserStore) -> None:
        """Show a user. It is fast enough to be called at every move of a cursor.

        The history is read when the same user has been shown for `HISTORY_DELAY` seconds.

        Args:
            user: the user, or None.
            store: the store, for the history.
        """
        version = store.state.version
        if user == self._user and version == self._version and store is self._store:
            return
        self._stop()
        before = self._user
        if before is None or user is None or before.user_id != user.user_id:
            self._history = UserHistory()
        self._user, self._store, self._version = user, store, version
        title = user_title(user) if user is not None else "Details"
        self.border_title = safe(f"{title} ")  # there is no right border that adds a blank
        self._make_fields()
        if user is not None:
            self._debounce = self.set_timer(HISTORY_DELAY, self._request_history)

    @property
    def _width(self) -> int:
        """The width of a line in cells, without the scrollbar."""
        return self.scrollable_content_region.width

    def _make_fields(self) -> None:
        width = self._width
        self._fields = details_lines(self._user, width) if self._user is not None and width else []
        self._make_lines()

    def _make_lines(self) -> None:
        width, height = self._width, self.size.height
        self._lines = list(self._fields)
        if self._fields:
            self._lines += history_lines(self._history, width)
        elif width:
            self._lines = [safe(self.empty_text)]
        self.virtual_size = Size(width, len(self._lines))
        last = max(0, len(self._lines) - height)
        if self.scroll_offset.y > last:
            self.scroll_to(y=last, animate=False, force=True)
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        self._make_fields()

    def render_line(self, y: int) -> Strip:
        width, row = self._width, y + int(self.scroll_offset.y)
        if row >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        strip = Strip(self._lines[row].render_segments(self.visual_style))
        return strip.adjust_cell_length(width, self.rich_style)

    # The history

    def _stop(self) -> None:
        if self._debounce is not None:
            self._debounce.stop()
        if self._job is not None:
            self._job.cancel()
        self._debounce = self._job = None

    def _request_history(self) -> None:
        if self._user is not None and self._store is not None:
            self._job = Job(lambda _progress: None)
            self._read(self._user.user_id, self._store, self._job)

    @work(
        thread=True,
        exclusive=True,
        group="history",
        description="history of a user",
    )
    def _read(self, user_id: str, store: UserStore, job: Job) -> None:
        entries: list[UserHistoryEntry] = []
        updated, is_disconnected = time.monotonic(), False
        try:
            for entry in islice(store.user_history(user_id, job.report_progress), MAX_ENTRIES + 1):
                entries.append(entry)
                if time.monotonic() - updated >= _INTERVAL:
                    updated = time.monotonic()
                    self.post_message(HistoryRead(job, UserHistory(entries[:MAX_ENTRIES])))
            history = UserHistory(
                entries[:MAX_ENTRIES],
                is_complete=True,
                has_older=len(entries) > MAX_ENTRIES,
                history_removed_until=store.history_removed_until(),
            )
        except Cancelled:
            return
        except StoreError as error:
            history = UserHistory(entries[:MAX_ENTRIES], message=str(error))
            is_disconnected = isinstance(error, StoreDisconnected)
        except Exception as error:
            history = UserHistory(entries[:MAX_ENTRIES], message=log_and_describe(error))
        self.post_message(HistoryRead(job, history, is_disconnected=is_disconnected))

    @on(HistoryRead)
    def _history_read(self, event: HistoryRead) -> None:
        event.stop()
        if event.job is self._job:
            self._history = event.history
            self._make_lines()
            if event.is_disconnected:
                self._debounce = self.set_timer(ASK_AGAIN, self._request_history)

    # Keys

    def action_scroll_lines(self, lines: int) -> None:
        """Scroll by a number of lines."""
        self.scroll_relative(y=lines, animate=False)

    def action_scroll_pages(self, pages: float) -> None:
        """Scroll by pages that overlap by one line."""
        self.scroll_relative(y=int(pages * max(2, self.size.height - 1)), animate=False)

    def action_scroll_to_edge(self, direction: int) -> None:
        """Scroll to the first or the last line."""
        self.scroll_to(y=self.max_scroll_y if direction > 0 else 0, animate=False)
