"""The comparison of marks with the shown users."""

import time
from collections.abc import Sequence
from typing import Final

from textual.message import Message

from qm_tui.progress import STEP
from qm_tui.tui.work.job import View

_REST: Final = 0.0005


class MarksLookedAt(Message):
    """The marks were compared with the shown users.

    Args:
        number: the number of the comparison.
        gone: the User IDs of marked users that have been deleted.
        hidden: the number of marked users that are not shown.
    """

    def __init__(self, number: int, gone: Sequence[str], hidden: int) -> None:
        super().__init__()
        self.number, self.gone, self.hidden = number, gone, hidden


def looked_at(number: int, view: View, marked: Sequence[str]) -> MarksLookedAt:
    """Compare marks with the shown users. For worker threads.

    Args:
        number: the number of the comparison.
        view: the users table.
        marked: the User IDs of the marked users.
    """
    users, gone = view.state.users, []
    for done, user_id in enumerate(marked):
        if not done % STEP:
            time.sleep(_REST)
        if user_id not in users:
            gone.append(user_id)
    existing = set(marked).difference(gone)
    shown = 0
    for start in range(0, len(view.user_ids), STEP):
        shown += sum(user_id in existing for user_id in view.user_ids[start : start + STEP])
        time.sleep(_REST)
    return MarksLookedAt(number, gone, len(existing) - shown)
