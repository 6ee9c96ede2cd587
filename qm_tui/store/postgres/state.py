"""The state of a store on a server: questions are answered by SQL, from what it holds now."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from qm_tui.progress import CHUNK_SIZE, YieldControl, no_rest
from qm_tui.store.postgres.conditions import Log, condition_of, selection_condition
from qm_tui.store.postgres.connection import Row, Server, run
from qm_tui.store.postgres.lookup import UserLookup
from qm_tui.store.postgres.ordering import Segment, segments_of, whole_order
from qm_tui.store.postgres.sql import TRUE, Sql, joined, like_pattern
from qm_tui.store.state import Place, Side, State, UserCount, Window
from qm_tui.users.fields import FIELD, KEYS, User
from qm_tui.users.query.lookup import LookupResult
from qm_tui.users.query.query import ALL, Query, Selection
from qm_tui.users.query.views import SortKey

_MIN_SIMILARITY: Final = 70
"""The minimum similarity of a User Name that may be meant, from 0 to 100."""

_SHORTEST, _LONGEST = 0.53, 1.9
"""The lengths of names of this similarity, in lengths of the text."""


class Head(NamedTuple):
    """What the store says of itself.

    Attributes:
        number: the number of the last transaction.
        version: a random number that each transaction draws.
        total: the number of users.
    """

    number: int
    version: int
    total: int


EMPTY: Final = Head(0, 0, 0)


class PostgresState(State):
    """The users of a store on a server.

    Args:
        server: the server.
        head: the number of users and of the last transaction when it was read.
        log: the transactions up to that one.
    """

    is_at_hand = False

    def __init__(self, server: Server, head: Head, log: Log) -> None:
        self._server, self._head, self._log = server, head, log

    @property
    def hides_secrets(self) -> bool:
        """Whether the role may not read passwords and salts."""
        return not self._server.rights.sees_secrets

    @property
    def head(self) -> Head:
        """What the store said of itself."""
        return self._head

    @property
    def number(self) -> int:
        """The number of the last transaction."""
        return self._head.number

    @property
    def version(self) -> int:
        """Differs between any two states of a program."""
        return self._head.version

    @property
    def total(self) -> int:
        """The number of all users."""
        return self._head.total

    def _rows(
        self, statement: str, values: Sequence[object] = (), rest: YieldControl = no_rest
    ) -> list[Row]:
        with self._server.connection(rest) as connection:
            return run(connection, statement, values).fetchall()

    # Users by their keys

    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        """Return the users with these User IDs."""
        if not user_ids:
            return []
        found = self._rows(
            f"SELECT {self._columns} FROM qm_tui.users u WHERE u.user_id = ANY(%s)",
            (list(dict.fromkeys(user_ids)),),
        )
        users = {user.user_id: user for user in map(_user, found)}
        return list(map(users.get, user_ids))

    @property
    def _columns(self) -> str:
        return user_columns(sees_secrets=self._server.rights.sees_secrets)

    def owners(self, names: Sequence[str]) -> list[str | None]:
        """Return the User ID of the user who has each comparable User Name."""
        if not names:
            return []
        owners: dict[str, str] = dict(
            self._rows(
                "SELECT name, user_id FROM qm_tui.names WHERE name = ANY(%s)", (list(names),)
            )
        )
        return list(map(owners.get, names))

    def users_without_own_name(self) -> Mapping[str, Sequence[str]]:
        """Return an empty mapping: the server lets no two users have one name."""
        return {}

    def look_alikes(self, keys: Sequence[str]) -> list[str | None]:
        """Return the first user with a User Name of another script that looks like each key."""
        if not keys:
            return []
        found = self._rows(
            "SELECT u.look_alike, u.user_id FROM qm_tui.users u WHERE u.look_alike = ANY(%s)"
            " ORDER BY u.seq DESC",
            (list(keys),),
        )
        first: dict[str, str] = dict(found)  # the last of each key is the first user
        return list(map(first.get, keys))

    # Users by query

    def window(self, query: Query, place: Place, rows: int, rest: YieldControl = no_rest) -> Window:
        """Return consecutive users of a query."""
        pages = self._pages(query, rest)
        if place.side is Side.FIRST:
            return Window(pages.first(rows))
        if place.side is Side.LAST:
            return Window(pages.last(rows), None)
        found = pages.find(place.user_ids)
        if found is None:
            return pages.at_row(place, rows)
        return pages.around(found, place, rows)

    def _pages(self, query: Query, rest: YieldControl) -> "_Pages":
        return _Pages(self._server, query.sort, condition_of(query, self._log), rest)

    def count(
        self, query: Query = ALL, rest: YieldControl = no_rest, *, enough: int | None = None
    ) -> UserCount:
        """Return how many users a query finds, or that they are enough."""
        if not query.terms and query.within is None:
            return UserCount(self.total)
        condition = condition_of(query, self._log)
        if enough is None:
            statement = f"SELECT count(*) FROM qm_tui.users u WHERE {condition.text}"
            ((number,),) = self._rows(statement, condition.values, rest)
            return UserCount(number)
        statement = (
            "SELECT count(*) FROM"
            f" (SELECT 1 FROM qm_tui.users u WHERE {condition.text} LIMIT %s) AS counted"
        )
        ((number,),) = self._rows(statement, (*condition.values, enough + 1), rest)
        return UserCount(min(number, enough), number <= enough)

    def selected(
        self, selection: Selection, user_ids: Sequence[str], rest: YieldControl = no_rest
    ) -> set[str]:
        """Return which of some users a selection has."""
        condition = selection_condition(selection, self._log)
        statement = (
            f"SELECT u.user_id FROM qm_tui.users u WHERE u.user_id = ANY(%s) AND {condition.text}"
        )
        found = self._rows(statement, (list(user_ids), *condition.values), rest)
        return {user_id for (user_id,) in found}

    def groups(
        self, keys: Sequence[str], query: Query = ALL, rest: YieldControl = no_rest
    ) -> Mapping[tuple[str, ...], int]:
        """Return how many users of a query have each combination of values."""
        condition = condition_of(query, self._log)
        columns = ", ".join(f"u.{FIELD[key].key}" for key in keys)
        statement = (
            f"SELECT count(*), {columns} FROM qm_tui.users u WHERE {condition.text}"
            f" GROUP BY {columns}"
        )
        return {tuple(values): n for n, *values in self._rows(statement, condition.values, rest)}

    def numbers(
        self, key: str, values: Sequence[str], rest: YieldControl = no_rest
    ) -> Mapping[str, int]:
        """Return how many users have each value of a field."""
        column = f"u.{FIELD[key].key}"
        statement = (
            f"SELECT {column}, count(*) FROM qm_tui.users u WHERE {column} = ANY(%s)"
            f" GROUP BY {column}"
        )
        return dict(self._rows(statement, (list(values),), rest)) if values else {}

    def holders(
        self, key: str, values: Sequence[str], at_most: int, rest: YieldControl = no_rest
    ) -> Mapping[str, Sequence[str]]:
        """Return the User IDs of the first users with each value of a field."""
        found: dict[str, list[str]] = {value: [] for value in values}
        column = f"u.{FIELD[key].key}"
        statement = (
            "SELECT value, user_id FROM (SELECT"
            f" {column} AS value, u.user_id, u.seq,"
            f" row_number() OVER (PARTITION BY {column} ORDER BY u.seq) AS place"
            f" FROM qm_tui.users u WHERE {column} = ANY(%s)) AS numbered"
            " WHERE place <= %s ORDER BY seq"
        )
        for value, user_id in self._rows(statement, ([*found], at_most), rest) if found else ():
            found[value].append(user_id)
        return found

    def ids(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[str]]:
        """Yield the User IDs of a query in its order, as they are when the first is asked for."""
        for rows in self._pages(query, rest).all_rows("u.user_id"):
            yield [user_id for (user_id,) in rows]

    def stream(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[User]]:
        """Yield the users of a query in its order, as they are when the first is asked for."""
        for rows in self._pages(query, rest).all_rows(self._columns):
            yield list(map(_user, rows))

    # Users by what an admin wrote

    def lookup(
        self, texts: Sequence[str], rest: YieldControl = no_rest, *, only_names: bool = False
    ) -> list[LookupResult]:
        """Return the users of each text."""
        with self._server.connection(rest) as connection:
            return UserLookup(connection).find(texts, only_names=only_names)

    def nearest_name(self, name: str) -> str | None:
        """Return the User ID of the user with the most similar User Name."""
        from rapidfuzz import fuzz, process  # noqa: PLC0415 - takes 15 ms, and is rarely needed

        pairs = {name[place : place + 2] for place in range(len(name) - 1)}
        if not pairs:
            return None
        rows = self._rows(
            "SELECT name, user_id FROM qm_tui.names"
            " WHERE length(name) BETWEEN %s AND %s AND name LIKE ANY(%s)",
            (
                int(len(name) * _SHORTEST),
                int(len(name) * _LONGEST) + 1,
                [f"%{like_pattern(pair)}%" for pair in pairs],
            ),
        )
        names: dict[str, str] = dict(rows)
        near = process.extractOne(
            name, names.keys(), scorer=fuzz.ratio, score_cutoff=_MIN_SIMILARITY
        )
        return None if near is None else names[near[0]]

    def names_beginning(self, beginning: str) -> Iterator[Sequence[str]]:
        """Yield the User IDs of the owners of User Names that begin with a text."""
        statement = (
            "SELECT name, user_id FROM qm_tui.names WHERE name > %s AND name < %s"
            " ORDER BY name LIMIT %s"
        )
        first = self._rows("SELECT user_id FROM qm_tui.names WHERE name = %s", (beginning,))
        if first:
            yield [user_id for (user_id,) in first]
        after, end = beginning, f"{beginning}\U0010ffff"
        while rows := self._rows(statement, (after, end, CHUNK_SIZE)):
            after = rows[-1][0]
            yield [user_id for _, user_id in rows]


def user_columns(*, sees_secrets: bool) -> str:
    """Return the columns of a user, in the order of the fields; empty texts for hidden ones."""
    return ", ".join(
        "''" if FIELD[key].is_secret and not sees_secrets else f"u.{key}" for key in KEYS
    )


def _user(row: Iterable[Any]) -> User:
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


class _Pages:
    """The pages of a query."""

    def __init__(
        self, server: Server, sort: tuple[SortKey, ...], condition: Sql, rest: YieldControl
    ) -> None:
        self._server, self._sort, self._condition, self._rest = server, sort, condition, rest
        self._sees_secrets = server.rights.sees_secrets
        self._segments = segments_of(sort, sees_secrets=self._sees_secrets)
        self._columns = user_columns(sees_secrets=self._sees_secrets)

    def _rows(self, statement: str, values: Sequence[object]) -> list[Row]:
        with self._server.connection(self._rest) as connection:
            return run(connection, statement, values).fetchall()

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
        after = [*map(_user, itself), *self._from(found, rows - 1, reverse=False)]
        number = min(len(before), max(rows // 2, rows - len(after)))
        users = [*before[len(before) - number :], *after][:rows]
        return Window(users, None if row is None else max(0, row - number), found.user_id)

    def at_row(self, place: Place, rows: int) -> Window:
        """Return the users at a row, or the last ones if there is no such row."""
        row = place.row or 0
        start, number = row, rows
        if place.side is Side.BEFORE:
            start, number = max(0, row - rows), min(rows, row)
        elif place.side is Side.AROUND:
            start = max(0, row - rows // 2)
        order = ", ".join(
            key.text(reverse=False)
            for key in whole_order(self._sort, sees_secrets=self._sees_secrets)
        )
        found = self._rows(
            f"SELECT {self._columns} FROM qm_tui.users u WHERE {self._condition.text}"
            f" ORDER BY {order} LIMIT %s OFFSET %s",
            (*self._condition.values, number, start),
        )
        if len(found) < number and start and place.side is not Side.AFTER:
            return Window(self.last(rows), None)
        return Window(list(map(_user, found)), start)

    def all_rows(self, columns: str) -> Iterator[list[Row]]:
        """Yield all users in order, as they are when the first is asked for."""
        order = ", ".join(
            key.text(reverse=False)
            for key in whole_order(self._sort, sees_secrets=self._sees_secrets)
        )
        statement = (
            f"SELECT {columns} FROM qm_tui.users u WHERE {self._condition.text} ORDER BY {order}"
        )
        with (
            self._server.connection(self._rest) as connection,
            connection.transaction(force_rollback=True),
            connection.cursor("users") as cursor,
        ):
            cursor.execute(statement.encode(), self._condition.values or None)
            while rows := cursor.fetchmany(CHUNK_SIZE):
                yield rows
                self._rest()

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
        return list(map(_user, found))
