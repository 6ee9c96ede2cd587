"""The state of a store on a server: questions are answered by SQL, from what it holds now."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from qm_tui.progress import CHUNK_SIZE, YieldControl, no_rest
from qm_tui.store.postgres.questions.conditions import Log, condition_of, selection_condition
from qm_tui.store.postgres.questions.lookup import UserLookup
from qm_tui.store.postgres.questions.ordering import order_text
from qm_tui.store.postgres.questions.pages import NotFoundSoon, Pages, user_columns, user_of
from qm_tui.store.postgres.questions.sql import TRUE, Sql, like_pattern
from qm_tui.store.postgres.server.connection import Row, Server, run
from qm_tui.store.state import NO_USERS, Place, Side, State, UserCount, Window
from qm_tui.users.fields import FIELD, User
from qm_tui.users.query.lookup import LookupResult
from qm_tui.users.query.query import ALL, Query, Selection

_FEW: Final = 5_000
"""Users of an index that are sorted each time: some hundredths of a second."""

_REMEMBERED: Final = 100
"""Users that a transaction remembers."""

_PATIENCE: Final = 0.15
"""Seconds to search for users of a filter in the index of an order."""

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
        self._users: dict[str, User | None] | None = None
        """The users that were asked for last, in a transaction."""
        self._counted: dict[str, int] = {}
        """By condition, how many users it finds, if they were counted."""
        self._expected: dict[str, int] = {}
        self._sorted: set[str] = set()
        """Conditions and orders of which no users are found soon in the index of the order."""

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
        self,
        statement: str,
        values: Sequence[object] = (),
        rest: YieldControl = no_rest,
        *,
        prepared: bool = False,
    ) -> list[Row]:
        with self._server.connection(rest) as connection:
            return run(connection, statement, values, prepared=prepared).fetchall()

    # Users by their keys

    def users(self, user_ids: Sequence[str]) -> list[User | None]:
        """Return the users with these User IDs."""
        if not user_ids:
            return []
        if self._users is not None and all(user_id in self._users for user_id in user_ids):
            return list(map(self._users.get, user_ids))
        found = self._rows(
            f"SELECT {self._columns} FROM qm_tui.users u WHERE u.user_id = ANY(%s)",
            (list(dict.fromkeys(user_ids)),),
            prepared=True,
        )
        users = dict.fromkeys(user_ids) | {user.user_id: user for user in map(user_of, found)}
        if self._users is not None and len(users) <= _REMEMBERED:
            self._users = users
        return list(map(users.get, user_ids))

    def remembering(self) -> "PostgresState":
        """Return the same state for a transaction, which asks for the same users several times.

        It remembers a few users: what others change in the meantime is a conflict for it.
        """
        state = PostgresState(self._server, self._head, self._log)
        state._users = {}
        return state

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
        """Return consecutive users of a query.

        If the users are not found soon in the index of the order, all that match are sorted: they
        may be far away there, as those of a department if users are sorted by departments.
        """
        condition = condition_of(query, self._log)
        number = self._counted.get(str(condition))
        if number == 0:
            return NO_USERS
        found = self._window(query, condition, number, place, rows, rest)
        if place.side in (Side.FIRST, Side.LAST) and len(found.users) < rows:
            self._counted[str(condition)] = len(found.users)
        return found

    def _window(
        self,
        query: Query,
        condition: Sql,
        number: int | None,
        place: Place,
        rows: int,
        rest: YieldControl,
    ) -> Window:
        asked = str((condition, query.sort))
        are_few = self._are_few(condition, rest) if number is None else number <= _FEW
        if not are_few and asked not in self._sorted:
            patience = None if condition == TRUE else _PATIENCE
            pages = Pages(self._server, query.sort, condition, rest, patience=patience)
            try:
                return pages.window(place, rows)
            except NotFoundSoon:
                self._sorted.add(asked)
        pages = Pages(self._server, query.sort, condition, rest, are_few=True)
        return pages.window(place, rows)

    def _are_few(self, condition: Sql, rest: YieldControl) -> bool:
        """Whether the server expects that an index finds few users; remembered."""
        if not condition.is_indexed:
            return False
        asked = str(condition)
        number = self._expected.get(asked)
        if number is None:
            statement = f"EXPLAIN (FORMAT JSON) SELECT FROM qm_tui.users u WHERE {condition.text}"
            (((plan,),),) = self._rows(statement, condition.values, rest)
            number = self._expected[asked] = int(plan["Plan"]["Plan Rows"])
        return number <= _FEW

    def count(
        self, query: Query = ALL, rest: YieldControl = no_rest, *, enough: int | None = None
    ) -> UserCount:
        """Return how many users a query finds, or that they are enough."""
        if not query.terms and query.within is None:
            return UserCount(self.total)
        condition = condition_of(query, self._log)
        known = self._counted.get(str(condition))
        if known is not None:
            return UserCount(known)
        if enough is None:
            statement = f"SELECT count(*) FROM qm_tui.users u WHERE {condition.text}"
            ((number,),) = self._rows(statement, condition.values, rest)
        else:
            statement = (
                "SELECT count(*) FROM"
                f" (SELECT 1 FROM qm_tui.users u WHERE {condition.text} LIMIT %s) AS counted"
            )
            ((number,),) = self._rows(statement, (*condition.values, enough + 1), rest)
            if number > enough:
                return UserCount(enough, is_exact=False)
        self._counted[str(condition)] = number
        return UserCount(number)

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
        for rows in self._all_rows(query, "u.user_id", rest):
            yield [user_id for (user_id,) in rows]

    def stream(self, query: Query = ALL, rest: YieldControl = no_rest) -> Iterator[Sequence[User]]:
        """Yield the users of a query in its order, as they are when the first is asked for."""
        for rows in self._all_rows(query, self._columns, rest):
            yield list(map(user_of, rows))

    def _all_rows(self, query: Query, columns: str, rest: YieldControl) -> Iterator[list[Row]]:
        """Yield all users of a query in order, as they are when the first is asked for."""
        condition = condition_of(query, self._log)
        order = order_text(query.sort, sees_secrets=self._server.rights.sees_secrets)
        statement = f"SELECT {columns} FROM qm_tui.users u WHERE {condition.text} {order}"
        with (
            self._server.connection(rest) as connection,
            connection.transaction(force_rollback=True),
            connection.cursor("users") as cursor,
        ):
            cursor.execute(statement.encode(), condition.values or None)
            while rows := cursor.fetchmany(CHUNK_SIZE):
                yield rows
                rest()

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
