"""Queries of users: a filter, a sort order, and the users among which they are searched."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from qm_tui.users.query.filter_fields import FilterKind
from qm_tui.users.query.filter_parser import Term
from qm_tui.users.query.views import SortKey

_OF_USER: Final = frozenset({FilterKind.TEXT, FilterKind.FLAG, FilterKind.LICENSE})
"""Kinds of terms of which the values of a user decide."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a selection: all users that a query finds are added, or removed.

    Attributes:
        query: the query; its order does not matter.
        adds: whether its users are added.
    """

    query: "Query"
    adds: bool


@dataclass(frozen=True, slots=True)
class Selection:
    """Users that are named one by one, or by queries with exceptions.

    All users that a filter finds are one step, however many they are.

    Attributes:
        steps: queries whose users are added and removed, one after the other.
        exceptions: the User IDs of users about which the steps are wrong: they are selected if the
            steps do not select them, and the other way round. Without steps, they are the users.
    """

    steps: tuple[Step, ...] = ()
    exceptions: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        """Whether it may have users."""
        return bool(self.steps or self.exceptions)

    @property
    def has_all(self) -> bool:
        """Whether it has all users but the exceptions."""
        return self.steps == _ALL_STEPS

    def with_query(self, query: "Query", exceptions: Iterable[str], *, adds: bool) -> "Selection":
        """Return the selection after all users of a query were added or removed.

        Args:
            query: the query.
            exceptions: the present exceptions that the query does not find.
            adds: whether its users are added.
        """
        step = Step(replace(query, sort=()).relevant, adds)
        if step.query.is_all:
            return Selection((step,)) if adds else NO_SELECTION
        steps = [*(one for one in self.steps if one.query != step.query), step]
        while steps and not steps[0].adds:
            del steps[0]  # there is nothing yet that it could remove
        return Selection(tuple(steps), frozenset(exceptions))


NO_SELECTION = Selection()
"""No users."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which users, in which order.

    Attributes:
        terms: the filter; all users if empty.
        sort: the sort order; the order of the store if empty.
        marked: the marked users, for filters that use them.
        within: the users among which they are searched; None for all.
        day: the day that is today for filters by date of change; None for the present one.
    """

    terms: tuple[Term, ...] = ()
    sort: tuple[SortKey, ...] = ()
    marked: Selection = NO_SELECTION
    within: Selection | None = None
    day: date | None = None

    @property
    def is_all(self) -> bool:
        """Whether it finds all users, in the order of the store."""
        return not (self.terms or self.sort or self.within is not None)

    @property
    def depends_on_user(self) -> bool:
        """Whether the query finds a user, or does not, until the user is changed.

        Others are decided by the activity, by marks or by other users, too.
        """
        kinds = {term.name.kind for term in self.terms if term.name is not None}
        return self.within is None and kinds <= _OF_USER

    @property
    def relevant(self) -> "Query":
        """The same query without what no filter uses: marked users, and the day.

        So it equals other queries that find the same.
        """
        kinds = {term.name.kind for term in self.terms if term.name is not None}
        marked = self.marked if FilterKind.MARKED in kinds else NO_SELECTION
        day = self.day if FilterKind.CHANGED in kinds else None
        if (marked, day) == (self.marked, self.day):
            return self
        return replace(self, marked=marked, day=day)

    def among(self, selection: Selection) -> "Query":
        """Return the same query among some users."""
        return replace(self, within=selection)


ALL = Query()
"""All users, in the order of the store."""

_ALL_STEPS = (Step(ALL, adds=True),)


def all_except(user_ids: Iterable[str]) -> Selection:
    """Return the selection of all users but some."""
    return Selection(_ALL_STEPS, frozenset(user_ids))


def these(user_ids: Iterable[str]) -> Selection:
    """Return the selection of users that are named one by one."""
    return Selection((), frozenset(user_ids))
