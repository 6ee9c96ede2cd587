"""Notices what other programs commit: asks the server twice a second, in a thread.

It asks, instead of being notified by the server: a notification can be missed, some servers and
connection poolers have none, and a hundred programs that ask take a hundredth of a core.
"""

from threading import Event, Thread
from typing import Final

from qm_tui.store.errors import StoreError
from qm_tui.store.postgres.questions.state import EMPTY, Head
from qm_tui.store.postgres.server.connection import Server, ServerConnection, run
from qm_tui.store.postgres.visibility import visible_head

_PAUSE: Final = 0.5
"""Seconds between two questions."""

_FORGOTTEN: Final = 20
"""Questions that were made in vain: the program is stopped, or shows nothing at the moment."""


def read_head(connection: ServerConnection, known: Head, *, is_distributed: bool) -> Head:
    """Return the number of the last transaction, and of the users.

    Args:
        connection: the connection that is asked.
        known: what was read before.
        is_distributed: whether the tables are on several nodes, where a transaction does not become
            visible in one moment; then it is the last one up to which all of them are visible.
    """
    statement = "SELECT number, version, total FROM qm_tui.head"
    head = Head(*run(connection, statement, prepared=True).fetchall()[0])
    if is_distributed and head.version != known.version:
        return visible_head(connection, head, known)
    return head


class Watcher:
    """Asks a server for its last transaction, as long as its answers are asked for.

    Args:
        server: the server.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._thread: Thread | None = None
        self._end = Event()
        self._unused = 0
        self._newest: Head | None = None
        self._told_failure = ""

    def differs_from(self, version: int) -> bool:
        """Whether the last answer was another version, or the connection was lost or is back."""
        self._unused = 0
        if self._thread is None or not self._thread.is_alive():
            self._end.clear()
            self._thread = Thread(target=self._watch, name="store watcher", daemon=True)
            self._thread.start()
        failure = self._server.failure
        if bool(failure) != bool(self._told_failure):
            self._told_failure = failure
            return True
        return not failure and self._newest is not None and self._newest.version != version

    def end(self) -> None:
        """Ask no more."""
        self._end.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def seen(self, head: Head) -> None:
        """Remember what was read by another question."""
        self._newest = head

    def _watch(self) -> None:
        while not self._end.wait(max(_PAUSE, self._server.seconds_until_retry)):
            self._unused += 1
            if self._unused > _FORGOTTEN:
                return
            try:
                with self._server.connection() as connection:
                    self._newest = read_head(
                        connection,
                        self._newest or EMPTY,
                        is_distributed=self._server.rights.is_distributed,
                    )
            except StoreError:
                continue  # the server knows why, and when to try again
