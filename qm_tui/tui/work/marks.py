"""The comparison of marks with the shown users."""

import time
from collections.abc import Sequence
from typing import Final

from textual.message import Message

from qm_tui.progress import CHUNK_SIZE
from qm_tui.tui.work.job import UserListView

_YIELD_SECONDS: Final = 0.0005


class MarksCompared(Message):
    """The marks were compared with the shown users.

    Args:
        number: the number of the comparison.
        deleted: the User IDs of marked users that have been deleted.
        hidden: the number of marked users that are not shown.
    """

    def __init__(self, number: int, deleted: Sequence[str], hidden: int) -> None:
        super().__init__()
        self.number, self.deleted, self.hidden = number, deleted, hidden


def compare_marks(number: int, view: UserListView, marked: Sequence[str]) -> MarksCompared:
    """Compare marks with the shown users. For worker threads.

    Args:
        number: the number of the comparison.
        view: the users table.
        marked: the User IDs of the marked users.
    """
    users, gone = view.state.users, []
    for done, user_id in enumerate(marked):
        if not done % CHUNK_SIZE:
            time.sleep(_YIELD_SECONDS)
        if user_id not in users:
            gone.append(user_id)
    existing = set(marked).difference(gone)
    shown = 0
    for start in range(0, len(view.user_ids), CHUNK_SIZE):
        shown += sum(user_id in existing for user_id in view.user_ids[start : start + CHUNK_SIZE])
        time.sleep(_YIELD_SECONDS)
    return MarksCompared(number, gone, len(existing) - shown)
