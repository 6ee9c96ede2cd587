"""The pages of a query: they begin at a user that the server finds in the index of the order."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from qm_tui.progress import YieldControl
from qm_tui.store.postgres.questions.ordering import Segment, order_text, segments_of
from qm_tui.store.postgres.questions.sql import TRUE, Sql, joined
from qm_tui.store.postgres.server.connection import Row, Server, run
from qm_tui.store.state import Place, Side, Window
from qm_tui.users.fields import FIELD, KEYS, User
from qm_tui.users.query.views import SortKey


def user_columns(*, sees_secrets: bool) -> str:
    """Return the columns of a user, in the order of the fields; empty texts for hidden ones."""
    return ", ".join(
        "''" if FIELD[key].is_secret and not sees_secrets else f"u.{key}" for key in KEYS
    )


def user_of(row: Iterable[Any]) -> User:
    """Return the user of a row of `user_columns`."""
    return tuple.__new__(User, row)


class _Found(NamedTuple):
    """Where a user is in an order.

    Attributes:
        user_id: the user.
        segment: the index of its segment.
        values: the values of the order of that segment.
    """

    user_id: str
    segment: int
    values: Sequence[object]


class NotFoundSoon(Exception):
    """The users are not found in the index of the order as soon as they should be."""


class Pages:
    """The pages of a query.

    Args:
        server: the server.
        sort: the order.
        condition: which users.
        rest: called while the server works.
        are_few: whether all that match are sorted, not searched for in an index.
        patience: the seconds after which `NotFoundSoon` is raised; None if it never is.
    """

    def __init__(
        self,
        server: Server,
        sort: tuple[SortKey, ...],
        condition: Sql,
        rest: YieldControl,
        *,
        are_few: bool = False,
        patience: float | None = None,
    ) -> None:
        self._server, self._sort, self._condition, self._rest = server, sort, condition, rest
        self._end = None if patience is None else time.monotonic() + patience
        self._sees_secrets = server.rights.sees_secrets
        self._segments = segments_of(sort, sees_secrets=self._sees_secrets, are_few=are_few)
        self._columns = user_columns(sees_secrets=self._sees_secrets)

    def _rows(self, statement: str, values: Sequence[object]) -> list[Row]:
        with self._server.connection(self._rest_or_end) as connection:
            return run(connection, statement, values).fetchall()

    def _rest_or_end(self) -> None:
        self._rest()
        if self._end is not None and time.monotonic() > self._end:
            raise NotFoundSoon

    def window(self, place: Place, rows: int) -> Window:
        """Return the users at a place."""
        if place.side is Side.FIRST:
            return Window(self.first(rows))
        if place.side is Side.LAST:
            return Window(self.last(rows), None)
        found = self.find(place.user_ids)
        return self.at_row(place, rows) if found is None else self.around(found, place, rows)

    def first(self, rows: int) -> list[User]:
        """Return the first users."""
        return self._from(None, rows, reverse=False)

    def last(self, rows: int) -> list[User]:
        """Return the last users."""
        return self._from(None, rows, reverse=True)[::-1]

    def find(self, user_ids: Sequence[str]) -> _Found | None:
        """Return the place of the first of some users that the query finds."""
        if not user_ids:
            return None
        keys = [key.expression for segment in self._segments for key in segment.order]
        inside = [segment.condition for segment in self._segments]
        found = self._rows(
            f"SELECT u.user_id, {', '.join(one.text for one in inside)}, {', '.join(keys)}"
            f" FROM qm_tui.users u WHERE u.user_id = ANY(%s) AND {self._condition.text}",
            (list(user_ids), *self._condition.values),
        )
        by_id = {row[0]: row[1:] for row in found}
        user_id = next((one for one in user_ids if one in by_id), None)
        if user_id is None:
            return None
        row = by_id[user_id]
        at = row[: len(inside)].index(True)
        start = len(inside) + sum(len(segment.order) for segment in self._segments[:at])
        return _Found(user_id, at, row[start : start + len(self._segments[at].order)])

    def around(self, found: _Found, place: Place, rows: int) -> Window:
        """Return the users after, before or around a user."""
        row = place.row if place.user_ids[0] == found.user_id else None
        if place.side is Side.AFTER:
            after = self._from(found, rows, reverse=False)
            return Window(after, None if row is None else row + 1, found.user_id)
        before = self._from(found, rows, reverse=True)[::-1]
        if place.side is Side.BEFORE:
            first = None if row is None else max(0, row - len(before))
            return Window(before, first, found.user_id)
        itself = self._rows(
            f"SELECT {self._columns} FROM qm_tui.users u WHERE u.user_id = %s", (found.user_id,)
        )
        after = [*map(user_of, itself), *self._from(found, rows - 1, reverse=False)]
        number = min(len(before), max(rows // 2, rows - len(after)))
        users = [*before[len(before) - number :], *after][:rows]
        if row is None:  # a list that begins here must know how many users are before
            row = self._count_before(found)
        return Window(users, max(0, row - number), found.user_id)

    def at_row(self, place: Place, rows: int) -> Window:
        """Return the users at a row, or the last ones if there is no such row."""
        row = place.row or 0
        start, number = row, rows
        if place.side is Side.BEFORE:
            start, number = max(0, row - rows), min(rows, row)
        elif place.side is Side.AROUND:
            start = max(0, row - rows // 2)
        order = order_text(self._sort, sees_secrets=self._sees_secrets)
        found = self._rows(
            f"SELECT {self._columns} FROM qm_tui.users u WHERE {self._condition.text}"
            f" {order} LIMIT %s OFFSET %s",
            (*self._condition.values, number, start),
        )
        if len(found) < number and start and place.side is not Side.AFTER:
            users = self.last(rows)
            return Window(users, self._count(self._condition) - len(users))
        return Window(list(map(user_of, found)), start)

    def _count_before(self, found: _Found) -> int:
        """Return how many users are before a user."""
        segment = self._segments[found.segment]
        earlier = [one.condition for one in self._segments[: found.segment]]
        before = joined("AND", (segment.condition, segment.after(found.values, reverse=True)), TRUE)
        return self._count(
            joined("AND", (joined("OR", (*earlier, before), TRUE), self._condition), TRUE)
        )

    def _count(self, condition: Sql) -> int:
        statement = f"SELECT count(*) FROM qm_tui.users u WHERE {condition.text}"
        ((number,),) = self._rows(statement, condition.values)
        return int(number)

    def _from(self, found: _Found | None, rows: int, *, reverse: bool) -> list[User]:
        """Return the users after a place, or before it and in the opposite order."""
        last = len(self._segments) - 1
        at = (last if reverse else 0) if found is None else found.segment
        users: list[User] = []
        begin = () if found is None else found.values
        while len(users) < rows and 0 <= at <= last:
            users += self._of_segment(self._segments[at], begin, rows - len(users), reverse=reverse)
            begin, at = (), at + (-1 if reverse else 1)
        return users

    def _of_segment(
        self, segment: Segment, begin: Sequence[object], rows: int, *, reverse: bool
    ) -> list[User]:
        parts = [segment.condition, self._condition]
        if begin:
            parts.append(segment.after(begin, reverse=reverse))
        condition = joined("AND", (one for one in parts if one != TRUE), TRUE)
        found = self._rows(
            f"SELECT {self._columns} FROM qm_tui.users u WHERE {condition.text}"
            f" {segment.order_by(reverse=reverse)} LIMIT %s",
            (*condition.values, rows),
        )
        return list(map(user_of, found))
