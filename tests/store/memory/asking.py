"""Search helpers: given activity, and the users that a filter finds."""

from collections.abc import Collection, Container, Mapping, Sequence
from datetime import date

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.memory.maps import UserMaps
from qm_tui.store.memory.search import Finder
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import FilterSyntaxError, parse_filter
from qm_tui.users.query.query import Query
from qm_tui.users.query.views import SortKey

TODAY = date(2026, 11, 23)


class GivenActivity:
    """Given activity.

    Args:
        changed: the User IDs of changed users, by day.
        imports: the User IDs of imported users, by transaction number.
        marks: the User IDs of marked users.
    """

    def __init__(
        self,
        changed: Mapping[date, Collection[str]] | None = None,
        imports: Mapping[int, Collection[str]] | None = None,
        marks: Collection[str] = (),
    ) -> None:
        self._changed, self._imports, self._marks = changed or {}, imports or {}, marks
        self.queries: list[tuple[date, date]] = []

    def today(self) -> date:
        return TODAY

    def changed(self, first: date, last: date) -> Container[str]:
        self.queries.append((first, last))
        days = [ids for day, ids in self._changed.items() if first <= day <= last]
        return {user_id for ids in days for user_id in ids}

    def imported(self, number: int) -> Container[str]:
        number = number or max(self._imports, default=0)
        if number not in self._imports:
            msg = "There was no such import."
            raise FilterSyntaxError(msg)
        return self._imports[number]

    def marked(self) -> Container[str]:
        return self._marks


def maps_of(users: Mapping[str, User]) -> UserMaps:
    """Return users as a store holds them, but without the names, which are not searched."""
    return UserMaps(0, users, {})


def find_user_ids(
    users: Mapping[str, User] | UserMaps,
    text: str,
    *sort: SortKey,
    activity: GivenActivity | None = None,
    finder: Finder | None = None,
    rest: YieldControl = no_rest,
) -> Sequence[str]:
    """Return the User IDs of the users that a filter finds."""
    maps = users if isinstance(users, UserMaps) else maps_of(users)
    query = Query(parse_filter(text), sort)
    return (finder or Finder()).find(maps, query, activity or GivenActivity(), rest)
