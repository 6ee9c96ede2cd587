"""A state that grows answers correctly at any time, also while another thread adds users."""

from threading import Event, Thread

from qm_tui.store.memory.growing import GrowingState
from qm_tui.store.memory.states import States, maps_of
from qm_tui.store.memory.store import MemoryStore
from qm_tui.store.state import FIRST, LAST, Place, Side, State
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import ALL, Query, these
from qm_tui.users.query.views import SortKey
from tests.helpers import held, names_of, user, users_of

USERS = [user(f"n{number}", location=f"L{number % 7}") for number in range(40)]
QUERY = Query(parse_filter("location:l3"), (SortKey("first_name"),))


def test_each_answer_is_about_the_users_so_far_as_they_are_now():
    states: list[State] = []
    add = States(MemoryStore()).growing(states.append)
    moved = USERS[3]._replace(location="L4", user_name="moved")
    for number in range(10):
        add(USERS[4 * number : 4 * number + 4])
        if number == 5:
            add([moved, USERS[30]])
        state = states[-1]
        known = [*USERS[: 4 * number + 4]]
        if number >= 5:
            known[3] = moved
            known = known[:24] + [USERS[30]] + [one for one in known[24:] if one != USERS[30]]
        assert list(users_of(state).values()) == known
        assert state.total == state.count().number == len(known)
        assert list(state.window(ALL, LAST, 3).users) == known[-3:]
        assert list(state.window(Query(marked=these(["u-n1"])), FIRST, 3).users) == known[:3]
        found = [one.user_id for one in known if one.location == "L3"]
        assert sorted(one for batch in state.ids(QUERY) for one in batch) == sorted(found)
        assert state.count(QUERY).number == len(found)
        assert state.groups(("location",)).get(("L4",), 0) == sum(
            one.location == "L4" for one in known
        )
        assert state.numbers("location", ["L3"]).get("L3", 0) == len(found)
        assert names_of(state) == {one.user_name: one.user_id for one in known}
        assert list(state.lookup([known[-1].user_name])[0].user_ids) == [known[-1].user_id]
        assert state.selected(these(["u-n1", "u-n39"]), ["u-n1", "u-n39"]) == {
            one.user_id for one in known
        } & {"u-n1", "u-n39"}
    assert len(set(map(id, states))) == 1
    assert isinstance(states[0], GrowingState)
    assert states[0].is_at_hand
    assert held(states[0]) == (0, dict(maps_of(states[0]).users))


def test_users_may_be_added_while_another_thread_asks():
    states: list[State] = []
    add, is_over = States(MemoryStore()).growing(states.append), Event()
    add(USERS[:1])
    state = states[0]

    def grow() -> None:
        for number in range(400):
            add([user(f"m{number}x{more}") for more in range(20)])
        is_over.set()

    thread = Thread(target=grow)
    thread.start()
    seen, rounds = 0, 0
    while not is_over.is_set() or not rounds:
        total = state.total
        last = state.window(ALL, LAST, 5).users
        assert len(last) == min(5, total)
        after = state.window(ALL, Place(Side.AFTER, (last[-1].user_id,), total - 1), 5)
        assert after.user_id == last[-1].user_id
        if not rounds % 20:
            users = users_of(state)
            assert seen <= total <= len(users)
            assert sum(state.groups(("is_active",)).values()) >= len(users)
        seen, rounds = total, rounds + 1
    thread.join()
    assert state.total == len(users_of(state)) == 8001
