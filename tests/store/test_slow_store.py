"""The slow store waits, answers in small parts, and refuses what a server could not do."""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from qm_tui.store.memory.states import maps_of
from qm_tui.store.memory.store import MemoryStore
from qm_tui.store.state import FIRST, MOST_KEYS, State, Window
from qm_tui.users.query.query import ALL
from tests.helpers import user, write_unchecked
from tests.store.slow_store import MOST_USERS, SlowStore

NUMBER = 120
KEYS = [f"key{number}" for number in range(MOST_KEYS + 1)]

BY_KEYS: dict[str, Callable[[State, list[str]], object]] = {
    "users": lambda state, keys: state.users(keys),
    "owners": lambda state, keys: state.owners(keys),
    "look_alikes": lambda state, keys: state.look_alikes(keys),
    "selected": lambda state, keys: state.selected(ALL.marked, keys),
    "numbers": lambda state, keys: state.numbers("location", keys),
    "holders": lambda state, keys: state.holders("location", keys, 1),
    "lookup": lambda state, keys: state.lookup(keys),
}
OTHERS: dict[str, Callable[[State], object]] = {
    "window": lambda state: state.window(ALL, FIRST, 9),
    "count": lambda state: state.count(),
    "groups": lambda state: state.groups(("location",)),
    "ids": lambda state: next(state.ids()),
    "stream": lambda state: next(state.stream()),
    "nearest_name": lambda state: state.nearest_name("n7"),
    "names_beginning": lambda state: next(state.names_beginning("n")),
    "users_without_own_name": lambda state: state.users_without_own_name(),
}


@pytest.fixture
def slow() -> SlowStore:
    """A slow store with some users, which does not wait."""
    store = MemoryStore()
    write_unchecked(store, {f"u-n{number}": user(f"n{number}") for number in range(NUMBER)})
    return SlowStore(store, delay=0)


@pytest.mark.parametrize("ask", BY_KEYS.values(), ids=BY_KEYS)
def test_too_many_keys_are_refused(slow, ask):
    with pytest.raises(AssertionError, match="1001 keys"):
        ask(slow.state, KEYS)
    ask(slow.state, KEYS[:MOST_KEYS])


@pytest.mark.parametrize("kind", [*BY_KEYS, *OTHERS])
async def test_event_loop_may_not_wait_for_an_answer_but_a_thread_may(slow, kind):
    state = slow.state
    ask = partial(OTHERS[kind], state) if kind in OTHERS else partial(BY_KEYS[kind], state, ["a"])
    with pytest.raises(AssertionError, match="event loop"):
        ask()
    assert not slow.asked
    await asyncio.to_thread(ask)
    assert slow.asked == {kind: 1}
    assert (slow.state.number, slow.state.total) == (1, NUMBER)
    assert not slow.state.is_at_hand


def test_answers_have_few_users_and_each_batch_is_a_question(slow):
    window: Window = slow.state.window(ALL, FIRST, 1000)
    assert len(window.users) == MOST_USERS
    batches: list[Callable[[], Iterator[object]]] = [
        slow.state.ids,
        slow.state.stream,
        partial(slow.state.names_beginning, "n"),
    ]
    for ask in batches:
        slow.asked.clear()
        assert [len(batch) for batch in ask()] == [50, 50, 20]  # type: ignore[arg-type]
        assert slow.asked.total() == 3
    assert list(slow.state.names_beginning("x")) == []


def test_each_answer_takes_a_while(slow):
    waiting = SlowStore(slow, delay=0.02)
    for ask, answers in (
        (waiting.state.count, 1),
        (lambda: waiting.state.user("u-n1"), 1),
        (lambda: list(waiting.state.stream()), 3),
    ):
        start = time.monotonic()
        ask()
        assert time.monotonic() - start >= 0.02 * answers


def test_nothing_of_a_slow_state_is_taken_for_one_in_memory(slow):
    with pytest.raises(TypeError):
        maps_of(slow.state)
    assert not hasattr(slow.state, "maps")
