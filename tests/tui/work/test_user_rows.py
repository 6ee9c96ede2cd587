"""The rows of a list on a store that answers slowly, and at most 50 users at once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from qm_tui.progress import YieldControl, no_rest
from qm_tui.store.state import FIRST, Place, State, UserCount, Window
from qm_tui.tui.work.marks import Marks
from qm_tui.tui.work.user_rows import UserRows
from qm_tui.users.query.query import ALL, Query, Selection, Step
from tests.helpers import state_of, user
from tests.store.slow_store import Line, SlowState
from tests.tui.pages import rows_of

COUNT = 2000
USERS = [user(f"n{row}") for row in range(COUNT)]
FAST = state_of(*USERS)
PAGE = 22


class Server(SlowState):
    """A state that answers like a server, and notes which windows it was asked for.

    Args:
        state: gives the answers.
        knows_rows: whether it knows the row of a user.
    """

    def __init__(self, state: State = FAST, *, knows_rows: bool = True) -> None:
        super().__init__(state, Line(0, Counter()))
        self._knows_rows = knows_rows
        self.places: list[str] = []
        self.meanwhile: Callable[[], object] = int
        """Called once, while it answers."""

    def window(self, query: Query, place: Place, rows: int, rest: YieldControl = no_rest) -> Window:
        at = "" if place.row is None else f" {place.row}"
        self.places.append(f"{place.side.name.lower()}{at}")
        window = super().window(query, place, rows, rest)
        meanwhile, self.meanwhile = self.meanwhile, int
        meanwhile()
        return window if self._knows_rows else window._replace(row=None)


class Owner:
    """Runs the workers of a widget."""

    def __init__(self) -> None:
        self.fills = 0
        self.filled: Callable[[], object] = self._count
        self._tasks: list[asyncio.Task[None]] = []

    def run_worker(self, work: Any, **_named: Any) -> None:
        self._tasks.append(asyncio.create_task(work()))

    def _count(self) -> None:
        self.fills += 1

    async def want(self, rows: UserRows, first: int, end: int) -> None:
        """Want rows, and wait until they are loaded."""
        self.begin(rows, first, end)
        await self.end()

    def begin(self, rows: UserRows, first: int, end: int) -> None:
        rows.want(range(first, end), self, self.filled)  # type: ignore[arg-type]

    async def end(self) -> None:
        while self._tasks:
            await self._tasks.pop()


async def begun(state: State, count: int = COUNT, marks: Marks | None = None) -> UserRows:
    """The rows of all users, of which the first are loaded."""
    marks = Marks() if marks is None else marks
    window = await asyncio.to_thread(state.window, ALL, FIRST, 50)
    return UserRows(state, ALL, UserCount(count), window, marks)


def check(rows: UserRows, first: int, end: int) -> None:
    """These rows are loaded, and all that are loaded are right."""
    for row in range(first, end):
        assert rows.user(row) == USERS[row]
    if rows.state.is_at_hand:
        return  # all are
    loaded = [row for row in range(COUNT) if rows.user(row) is not None]
    assert loaded == list(range(loaded[0], loaded[-1] + 1))
    assert len(loaded) <= 1000
    for row in loaded:
        assert rows.user(row) == USERS[row]
        assert rows.row_of(USERS[row].user_id) == row


def after(*rows: int) -> list[str]:
    return [f"after {row}" for row in rows]


MOVES: dict[str, list[tuple[int, list[str]]]] = {
    "PgDn": [(0, after(49)), (21, after(99)), (42, []), (63, []), (84, after(149))],
    "a half page at once": [(11, after(49)), (0, [])],
    "End, PgUp, PgUp": [
        (COUNT - PAGE, ["last", "before 1950"]),
        (COUNT - 2 * PAGE, ["before 1900"]),
        (COUNT - 3 * PAGE, []),
    ],
    "End, Home": [(COUNT - PAGE, ["last", "before 1950"]), (0, ["first", *after(49)])],
    "far, and back": [
        (500, after(*range(49, 582, 50))),
        (1700, ["last", *(f"before {row}" for row in range(1950, 1640, -50))]),
        (1400, [f"before {row}" for row in range(1600, 1340, -50)]),
        (20, ["first", *after(49, 99)]),
    ],
    "more than are kept": [
        (900, after(*range(49, 982, 50))),
        (1000, after(999, 1049)),
        (100, ["before 100", "before 50"]),
    ],
}
"""The first visible rows, and what is asked for each."""


@pytest.mark.parametrize("knows_rows", [True, False])
@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
async def test_rows_are_loaded_before_they_are_needed(moves, knows_rows):
    state, owner = Server(knows_rows=knows_rows), Owner()
    rows = await begun(state)
    for first, asked in moves:
        state.places.clear()
        owner.fills = 0
        await owner.want(rows, first, first + PAGE)
        check(rows, max(0, first - 60), min(COUNT, first + PAGE + 60))
        assert state.places == asked
        assert owner.fills == len(asked)
    assert len(rows) == COUNT


async def test_newer_rows_are_loaded_instead_of_those_wanted_before():
    state, owner = Server(), Owner()
    rows = await begun(state)
    state.places.clear()
    owner.begin(rows, 700, 720)
    state.meanwhile = lambda: owner.begin(rows, COUNT - PAGE, COUNT)
    await owner.end()
    check(rows, COUNT - PAGE, COUNT)
    assert state.places == [*after(49), "last", "before 1950"]


async def test_answer_is_dropped_if_others_were_loaded_meanwhile():
    state, owner = Server(), Owner()
    rows = await begun(state)
    near = await asyncio.to_thread(rows.around, USERS[500], 500)
    assert near.users[25] == USERS[500]
    assert (near.row, near.user_id) == (475, "u-n500")
    state.meanwhile = lambda: rows.begin_with(near)
    await owner.want(rows, 490, 490 + PAGE)
    check(rows, 430, 490 + PAGE + 60)


async def test_list_that_has_become_shorter_is_loaded_to_its_end_and_counted_again():
    state, owner = Server(state_of(*USERS[:120])), Owner()
    rows = await begun(state, 1000)
    state.places.clear()
    for _ in range(2):
        await owner.want(rows, 80, 80 + PAGE)
        assert rows.user(119) == USERS[119]
        assert rows.user(120) is None
    assert state.places == after(49, 99, 119)
    assert rows.counted == UserCount(120)
    empty = await begun(Server(state_of()), 5)
    await owner.want(empty, 0, 5)
    assert empty.user(0) is None
    assert empty.counted == UserCount(0)


async def test_fewer_users_before_the_loaded_ones_are_counted_again():
    state, owner = Server(state_of(*USERS[500:550])), Owner()
    rows = await begun(state)
    rows.begin_with(Window(USERS[500:550], 600))
    await owner.want(rows, 500, 600)
    assert rows.user(0) == USERS[500]
    assert rows.counted == UserCount(50)


async def test_end_of_a_list_is_loaded_when_it_is_known():
    state, owner = Server(), Owner()
    rows = await begun(state)
    rows.take_count(UserCount(1001, is_exact=False))
    state.places.clear()
    await owner.want(rows, 900, 900 + PAGE)
    assert state.places == []
    rows.take_count(UserCount(COUNT))
    await owner.want(rows, COUNT - PAGE, COUNT)
    assert state.places == ["last", "before 1950"]
    assert rows.user(COUNT - 1) == USERS[-1]


async def test_rows_are_loaded_when_the_server_can_be_reached_again():
    state, owner = Server(), Owner()
    rows = await begun(state)
    state.line.is_down = True
    owner.begin(rows, 60, 60 + PAGE)
    await asyncio.sleep(0.02)
    assert rows.user(60) is None
    state.line.is_down = False
    await owner.end()
    assert rows.user(60) == USERS[60]


@pytest.mark.parametrize("knows_rows", [True, False])
async def test_users_around_one_are_found_or_those_around_its_row(knows_rows):
    state = Server(state_of(*USERS[:100], *USERS[101:]), knows_rows=knows_rows)
    rows = await begun(state)
    for one, row, user_id in ((USERS[300], 299, "u-n300"), (USERS[100], 100, ""), (None, 70, "")):
        window = await asyncio.to_thread(rows.around, one, row)
        assert window.user_id == user_id
        assert len(window.users) == 50
        assert window.row == row - 25
        if knows_rows or user_id:
            assert window.users[25] == (USERS[300] if user_id else USERS[row + (row >= 100)])


async def test_copy_wants_other_rows():
    state, owner = Server(), Owner()
    rows = await begun(state)
    other = rows.copy()
    await owner.want(other, COUNT - PAGE, COUNT)
    check(rows, 0, 50)
    check(other, COUNT - PAGE, COUNT)
    assert len(other) == COUNT


async def test_loaded_users_are_marked_before_they_are_drawn():
    state, owner, marks = Server(), Owner(), Marks()
    rows = await begun(state, marks=marks)
    even = Query(within=Selection((), frozenset(one.user_id for one in USERS[::2])))
    marks.replace(Selection((Step(even, adds=True),)))
    seen = []
    owner.filled = lambda: seen.append([one.user_id in marks for one in USERS[50:100]])
    await owner.want(rows, 0, PAGE)
    assert seen == [[True, False] * 25]


async def test_sample_is_from_all_over_the_list_unless_that_takes_a_while():
    rows = rows_of(FAST)
    assert rows.sample(30) == USERS[:: COUNT // 30]
    assert rows_of(state_of(*USERS[:4])).sample(30) == USERS[:4]
    assert rows_of(state_of()).sample(30) == []
    state = Server()
    slow = await begun(state)
    state.places.clear()
    assert slow.sample(30) == USERS[:50]
    assert state.places == []


def test_store_in_memory_answers_at_once():
    rows, owner = rows_of(FAST), Owner()
    for first in (500, COUNT - PAGE, 0, 1000):
        owner.begin(rows, first, first + PAGE)
        check(rows, first, first + PAGE)
        assert rows.row_of(USERS[first].user_id) == first
    assert rows.user(500) == USERS[500]
    assert (rows.user(-1), rows.user(COUNT)) == (None, None)
    assert owner.fills == 0
