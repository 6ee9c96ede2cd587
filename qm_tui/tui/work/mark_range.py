"""The users of a range of rows, most of which may never have been loaded."""

from itertools import permutations

from qm_tui.progress import CHUNK_SIZE, YieldControl
from qm_tui.store.state import Place, Side, State
from qm_tui.tui.widgets.markable_list import RangeEnd
from qm_tui.users.query.query import Query

RANGE_CHANGED = (
    "Another admin changed the list in the meantime. Nothing was marked. Mark the range again."
)


def users_of_range(
    state: State, query: Query, start: RangeEnd, end: RangeEnd, rest: YieldControl
) -> list[str] | None:
    """Return the User IDs of the users from one row of a query to another, both included.

    Args:
        state: the state of the store.
        query: the query.
        start: one end. The rows of the ends are those where they were seen last.
        end: the other end, above or below.
        rest: called about every millisecond.

    Returns:
        None if the query finds one of the ends no longer.
    """
    if start.user_id == end.user_id:
        return [start.user_id]
    distance = abs(end.row - start.row)
    upper, lower = sorted((start, end))
    for first, last in permutations((upper, lower)):  # one may have passed the other
        user_ids = _users_between(state, query, first, last.user_id, distance + CHUNK_SIZE, rest)
        if user_ids is not None:
            return user_ids
    return None


def _users_between(
    state: State, query: Query, first: RangeEnd, last: str, at_most: int, rest: YieldControl
) -> list[str] | None:
    """Return the users from one to another one below; None if it is not soon found there."""
    user_ids = [first.user_id]
    while len(user_ids) <= at_most:
        row = first.row + len(user_ids) - 1
        window = state.window(query, Place(Side.AFTER, user_ids[-1:], row), CHUNK_SIZE, rest)
        if window.user_id != user_ids[-1] or not window.users:
            return None
        for user in window.users:
            user_ids.append(user.user_id)
            if user.user_id == last:
                return user_ids
    return None
