"""Durations of questions to a store on a server: windows, filters and groups."""

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from benchmarks.figures import OURS, Row, Table, Unit
from benchmarks.postgres.made import Made, user_id
from qm_tui.store import open_store
from qm_tui.store.interface import UserStore
from qm_tui.store.postgres.questions.state import PostgresState
from qm_tui.store.state import FIRST, Place, Side, State
from qm_tui.users.query.columns import LICENSE
from qm_tui.users.query.counts import COUNTABLE_FIELDS, keys_to_count
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.license_usage import KEYS_TO_COUNT
from qm_tui.users.query.query import Query
from qm_tui.users.query.views import SortKey

ROWS: Final = 200
"""The users of a window."""

ENOUGH: Final = 10_000
"""The number up to which users are counted while a filter is typed."""

MOST_INDEXED, MOST_SORTED, MOST_GROUPS = 30, 3000, 1500
MOST_KEY, MOST_SHORT_KEY = 150, 1000
"""In milliseconds."""

LONG: Final = 3
"""The letters from which on a filter key has the lower bound."""

DEFAULT_ORDERS: Final = (
    *("first_name", "last_name", "extension", "user_name", "department", "is_active"),
    LICENSE,
)
"""The columns that are shown first."""

TYPED: Final = {
    "common name": ("", "schmid"),
    "common first name": ("", "thomas"),
    "rare name": ("", "sørens"),
    "no Latin letters": ("", "шевчен"),
    "in no user": ("", "qxzjvk"),
    "number": ("", "104271"),
    "exact": ("=", "Berlin"),
    "department": ("department:", "claims"),
    "rare department": ("department:", "legals"),
    "user name": ("user-name:", "kamau."),
    "wildcard": ("", "sch*dt"),
    "wildcard first": ("", "*mann*"),
    "second word": ("berlin ", "müller"),
    "not": ("-", "sales*"),
}
"""The text before the measured letters, and the letters."""

_TIMES: Final = 40
_PATIENCE: Final = 8.0
"""The seconds after which a question is not repeated."""
_FEW: Final = 3
"""The times that a question is asked even then, and that a filter is typed."""

_random = random.Random(22)


@contextmanager
def loaded(url: str) -> Iterator[UserStore]:
    """Open a store, and close it in the end."""
    store = open_store(url)
    store.load()
    try:
        yield store
    finally:
        store.close()


def _milliseconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - begin)


def _repeated(row: Row, work: Callable[[], object], times: int = _TIMES) -> None:
    """Measure a question several times after a first one, or less often if it is slow."""
    work()
    end = time.monotonic() + _PATIENCE
    for number in range(times):
        if number >= _FEW and time.monotonic() > end:
            break
        row.add(OURS, _milliseconds(work))


# Windows


def _measure_pages(
    table: Table, state: State, what: str, query: Query, user_ids: Sequence[str], bound: float
) -> None:
    for side, key in ((Side.AFTER, "PgDn"), (Side.BEFORE, "PgUp")):
        _repeated(
            table.row(f"{what}, {key}", Unit.MILLISECONDS, bound),
            lambda side=side: state.window(  # type: ignore[misc]
                query, Place(side, (_random.choice(user_ids),)), ROWS
            ),
        )


def _sorted(*columns: str, down: Sequence[bool] = (False,)) -> tuple[SortKey, ...]:
    both = down if len(down) > 1 else [*down] * len(columns)
    return tuple(map(SortKey, columns, both))


def measure_windows(made: Made) -> None:
    """Measure windows after and before random users, in several orders."""
    title = f"{ROWS} users after or before a random one of {made.users:,}"
    table = Table(title, has_percentile=True)
    some = [user_id(_random.randrange(made.users) + 1) for _ in range(1000)]
    with loaded(made.url) as store:
        state = store.state
        _measure_pages(table, state, "no order", Query(), some, MOST_INDEXED)
        for column in (*DEFAULT_ORDERS, "location"):
            bound = MOST_INDEXED if column in DEFAULT_ORDERS else MOST_SORTED
            for down, way in ((False, "up"), (True, "down")):
                query = Query(sort=_sorted(column, down=(down,)))
                _measure_pages(table, state, f"{column} {way}", query, some, bound)
        two = ("department", "last_name")
        for downs, way in (
            ((False, False), "both up"),
            ((True, True), "both down"),
            ((True, False), "down and up"),
        ):
            query = Query(sort=_sorted(*two, down=downs))
            _measure_pages(table, state, f"department, last_name {way}", query, some, MOST_SORTED)
        for text in ("berg", "department:sales", "moreau active:no"):
            query = Query(parse_filter(text))
            found = [one for batch in state.ids(query) for one in batch]
            for column in ("last_name", "department"):
                for down, way in ((False, "up"), (True, "down")):
                    query = Query(parse_filter(text), _sorted(column, down=(down,)))
                    what = f"{text}: {column} {way}"
                    _measure_pages(table, state, what, query, found, MOST_SORTED)
    table.print()


# Filters


def measure_filters(made: Made) -> None:
    """Measure the keys of a filter, and the exact count."""
    keys = Table(f"A filter key: first {ROWS} of {made.users:,} users, and count to {ENOUGH:,}")
    counts = Table("The exact count after it")
    with loaded(made.url) as store:
        for kind, (before, letters) in TYPED.items():
            for number in range(1, len(letters) + 1):
                text = before + letters[:number]
                query = Query(parse_filter(text, is_typing=True))
                bound = MOST_KEY if number >= LONG else MOST_SHORT_KEY
                what = f"{kind}: {text}"
                _repeated(
                    keys.row(what, Unit.MILLISECONDS, bound),
                    lambda query=query: _first_and_count(_unasked(store.state), query),  # type: ignore[misc]
                    _FEW,
                )
                _repeated(
                    counts.row(what, Unit.MILLISECONDS),
                    lambda query=query: _unasked(store.state).count(query),  # type: ignore[misc]
                    _FEW,
                )
    keys.print()
    counts.print()


def _unasked(state: State) -> State:
    """Return a state that remembers no answers."""
    assert isinstance(state, PostgresState)
    return state.remembering()


def _first_and_count(state: State, query: Query) -> None:
    state.window(query, FIRST, ROWS)
    state.count(query, enough=ENOUGH)


# Groups


def measure_groups(made: Made) -> None:
    """Measure the counts by each field, and those of the Licenses page."""
    table = Table(f"Groups of {made.users:,} users")
    named = {field.name: keys_to_count(field) for field in COUNTABLE_FIELDS}
    with loaded(made.url) as store:
        for what, keys in {**named, "the Licenses page": KEYS_TO_COUNT}.items():
            _repeated(
                table.row(what, Unit.MILLISECONDS, MOST_GROUPS),
                lambda keys=keys: store.state.groups(keys),  # type: ignore[misc]
                10,
            )
    table.print()
