"""The marked users: by their User IDs, or by queries with exceptions."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from qm_tui.progress import no_rest
from qm_tui.store.memory.store import MemoryStore
from qm_tui.store.state import State
from qm_tui.tui.work.job import ViewQuery
from qm_tui.tui.work.marks import MarkChanges, Marks
from qm_tui.tui.work.user_query import UserQueries, count_marks, make_view
from qm_tui.users.fields import User
from qm_tui.users.query.filter_parser import parse_filter
from qm_tui.users.query.query import ALL, NO_SELECTION, Query, Selection, Step, these
from tests.helpers import state_of, user, write_unchecked

MANY = 1001
"""Users that are marked by a query; 1,000 are marked by their User IDs."""

OSLO, ROME, BERN = (Query(parse_filter(f"location:{name}")) for name in ("oslo", "rome", "bern"))


def users_in(location: str, number: int) -> list[User]:
    return [user(f"{location}{at}", location=location) for at in range(number)]


USERS = [*users_in("oslo", MANY), *users_in("rome", MANY), *users_in("bern", 3)]
STATE = state_of(*USERS)
IDS = [one.user_id for one in USERS]
IN_OSLO, IN_ROME, IN_BERN = IDS[:MANY], IDS[MANY:-3], IDS[-3:]


def loaded(state: State = STATE, user_ids: Sequence[str] = IDS) -> Marks:
    """Marks that know users, none of whom is marked."""
    marks = Marks()
    marks.follow(MarkChanges(state))
    marks.learn(state, user_ids)
    return marks


def toggle(marks: Marks, query: Query, state: State = STATE) -> None:
    """Mark or unmark all users of a query, as the key does."""
    assert marks.take(marks.toggled(MemoryStore(), state, query, no_rest)) == []


def marked_by(marks: Marks, state: State) -> set[str]:
    """The users that the store finds."""
    ids = state.ids(Query(within=marks.selection))
    return {user_id for user_ids in ids for user_id in user_ids}


def check(marks: Marks, expected: Sequence[str], state: State = STATE) -> None:
    """The marks of the loaded users, their number and the selection agree."""
    everyone = [one.user_id for users in state.stream() for one in users]
    assert {user_id for user_id in everyone if user_id in marks} == set(expected)
    assert marks.number == len(expected)
    assert marked_by(marks, state) == set(expected)
    assert bool(marks) is bool(expected)


def test_users_are_marked_one_by_one():
    marks = loaded()
    for changed, expected in (
        (lambda: marks.toggle(IDS[:1]), IDS[:1]),
        (lambda: marks.toggle(IDS[:3]), IDS[:3]),  # not all of them were marked
        (lambda: marks.add(IDS[2:5]), IDS[:5]),
        (lambda: marks.flip(IDS[4:6]), [*IDS[:4], IDS[5]]),
        (lambda: marks.toggle(IDS[:2]), [IDS[2], IDS[3], IDS[5]]),
        (lambda: marks.toggle([IDS[2], IDS[3], IDS[5]]), []),
    ):
        changed()
        check(marks, expected)
        assert not marks.selection.steps


@pytest.mark.parametrize("query", [BERN, OSLO, ALL])
def test_all_users_of_a_query_are_marked_and_unmarked(query):
    found = [user_id for user_ids in STATE.ids(query) for user_id in user_ids]
    marks = loaded()
    marks.toggle([found[1], IDS[MANY]])
    others = [] if IDS[MANY] in found else [IDS[MANY]]
    for changed, expected in (
        (lambda: toggle(marks, query), [*found, *others]),
        (lambda: marks.toggle(found[:1]), [*found[1:], *others]),
        (lambda: marks.add(found[:2]), [*found, *others]),
        (lambda: marks.toggle(found[1:2]), [found[0], *found[2:], *others]),
        (lambda: toggle(marks, query), [*found, *others]),  # one of them was not marked
        (lambda: toggle(marks, query), others),
    ):
        changed()
        check(marks, expected)
        assert len(found) > 1000 or not marks.selection.steps
    assert marks.selection == these(others)


def test_queries_are_steps_with_exceptions():
    marks = loaded()
    toggle(marks, OSLO)
    toggle(marks, ROME)
    oslo, rome = Step(OSLO, adds=True), Step(ROME, adds=True)
    assert marks.selection == Selection((oslo, rome))
    marks.toggle([IN_OSLO[0]])
    marks.toggle([IN_BERN[0]])
    check(marks, [*IN_OSLO[1:], *IN_ROME, IN_BERN[0]])
    toggle(marks, ROME)
    check(marks, [*IN_OSLO[1:], IN_BERN[0]])
    toggle(marks, OSLO)  # again the last step, which takes its exception back
    assert marks.selection == Selection((oslo,), frozenset(IN_BERN[:1]))
    toggle(marks, ALL)
    check(marks, IDS)
    toggle(marks, ROME)
    check(marks, [*IN_OSLO, *IN_BERN])
    toggle(marks, ALL)
    toggle(marks, ALL)
    assert marks.selection == NO_SELECTION
    assert marks.text == ""


@pytest.mark.parametrize(
    "queries",
    [
        (OSLO, ROME, OSLO, ROME),
        (OSLO, ALL, ALL),
        (OSLO, Query(parse_filter("marked:yes"))),
        (OSLO, ROME, Query(parse_filter("-location:bern")), ALL, ALL),
    ],
    ids=str,
)
def test_unmarked_users_leave_no_marks(queries):
    marks = loaded()
    for query in queries:
        toggle(marks, replace(query, marked=marks.selection))
    assert (bool(marks), marks.number, marks.text) == (False, 0, "")


def test_marks_end_when_their_users_are_deleted():
    store, table, _ = changed_store(OSLO)
    after = write_unchecked(store, dict.fromkeys(IN_OSLO))
    counted = count_marks(1, make_view(table, after, ViewQuery()), table)
    table.marks.follow(counted.changes)
    table.marks.counted(counted.marked, counted.hidden)
    assert (bool(table.marks), table.marks.text) == (False, "")


def test_marks_in_a_list_that_is_older_than_the_marks():
    """A preview of an import goes on showing the state that it was planned for."""
    store, table, before = changed_store(OSLO)
    marks = table.marks
    after = write_unchecked(store, CHANGES["found no longer"])
    marks.follow(marks.changes(store, after, no_rest))
    marks.learn(before, IN_OSLO[:3])
    assert all(user_id in marks for user_id in IN_OSLO[:3])
    absent = Query(within=these([*IN_OSLO[:2], IN_ROME[0]]))
    marks.take(marks.toggled(store, before, absent, no_rest))
    check(marks, [*IN_OSLO, IN_ROME[0]], after)
    marks.take(marks.toggled(store, before, absent, no_rest))
    check(marks, IN_OSLO[2:], after)
    assert marks.state is after


def test_users_are_marked_by_user_id_if_the_filter_may_find_others_later():
    """What a filter finds by the activity, or by other users, may change without the user."""
    copies = [user(f"n{at}", extension="7") for at in range(MANY)]
    marks = loaded(state_of(*copies), [])
    toggle(marks, Query(parse_filter("duplicate:extension")), state_of(*copies))
    assert marks.selection == these(one.user_id for one in copies)


def test_marks_of_users_are_known_when_they_are_loaded():
    marks = Marks()
    marks.learn(STATE, IN_OSLO[:5])
    made = marks.toggled(MemoryStore(), STATE, OSLO, no_rest)
    marks.learn(STATE, IN_OSLO[:9])  # in the meantime
    missing = marks.take(made)
    assert set(missing) == set(IN_OSLO[5:9])
    marks.learn(STATE, missing)
    marks.learn(STATE, IDS[MANY - 3 : MANY + 3])
    known = [*IN_OSLO[:9], *IDS[MANY - 3 : MANY + 3]]
    assert [one for one in known if one in marks] == [*IN_OSLO[:9], *IN_OSLO[-3:]]


def test_marks_are_learned_again_if_they_are_changed_meanwhile():
    marks = loaded()
    toggle(marks, OSLO)
    rome = Selection((Step(ROME, adds=True),))

    class Meddling:
        asked = 0

        def selected(self, *question):
            self.asked += 1
            found = STATE.selected(*question)
            if self.asked == 1:
                marks.replace(rome)
            return found

    marks.state = Meddling()  # type: ignore[assignment]
    marks.learn(STATE, [IN_OSLO[0], IN_ROME[0]])
    assert IN_OSLO[0] not in marks
    assert IN_ROME[0] in marks


def changed_store(*queries: Query, exceptions: Sequence[str] = ()):
    """A store with marked users, and the queries and the view of its table."""
    store = MemoryStore()
    state = write_unchecked(store, {one.user_id: one for one in USERS})
    table = UserQueries(store, loaded(state))
    for query in queries:
        toggle(table.marks, query, state)
    table.marks.flip(exceptions)
    return store, table, state


CHANGES: dict[str, dict[str, User | None]] = {
    "found no longer": {IN_OSLO[1]: USERS[1]._replace(location="Turku")},
    "found now": {IN_BERN[0]: USERS[-3]._replace(location="Oslo")},
    "an exception, found no longer": {IN_OSLO[0]: USERS[0]._replace(location="Turku")},
    "changed otherwise": {IN_OSLO[1]: USERS[1]._replace(agent_id="7")},
    "new": {"u-new": user("new", location="Oslo")},
    "deleted": {IN_OSLO[1]: None},
    "several": {
        IN_OSLO[1]: USERS[1]._replace(location="Bern"),
        IN_ROME[0]: USERS[MANY]._replace(location="Oslo"),
    },
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("queries", [(OSLO,), (OSLO, ROME), (ALL,)])
def test_same_users_stay_marked_after_a_change(change, queries):
    store, table, before = changed_store(*queries, exceptions=IN_OSLO[:1])
    marks = table.marks
    marked = marked_by(marks, before)
    after = write_unchecked(store, change)
    view = make_view(table, after, ViewQuery("marked:yes"))
    marks.follow(view.mark_changes or MarkChanges(after))
    expected = [user_id for user_id in (*IDS, "u-new") if user_id in marked]
    expected = [user_id for user_id in expected if after.user(user_id) is not None]
    assert view.count.number == len(expected)
    counted = count_marks(1, view, table)
    assert (counted.marked, counted.hidden) == (len(expected), 0)
    marks.number = counted.marked
    marks.learn(after, ["u-new"])
    check(marks, expected, after)


def test_restored_user_is_not_marked():
    store, table, _ = changed_store(OSLO)
    deleted = write_unchecked(store, {IN_OSLO[0]: None})
    table.marks.follow(table.marks.changes(store, deleted, no_rest))
    restored = write_unchecked(store, {IN_OSLO[0]: USERS[0]})
    table.marks.follow(table.marks.changes(store, restored, no_rest))
    assert marked_by(table.marks, restored) == set(IN_OSLO[1:])
    assert IN_OSLO[0] not in table.marks


def test_change_is_ignored_if_other_users_were_marked_meanwhile():
    store, table, before = changed_store(OSLO)
    after = write_unchecked(store, CHANGES["found now"])
    change = table.marks.changes(store, after, no_rest)
    toggle(table.marks, ROME, before)
    table.marks.follow(change)
    assert table.marks.state is before
    table.marks.follow(table.marks.changes(store, after, no_rest))
    check(table.marks, [*IN_OSLO, *IN_ROME], after)


def test_marked_users_are_counted_with_those_not_shown():
    store, table, state = changed_store(OSLO, exceptions=[IN_OSLO[0], IN_ROME[0]])
    for text, hidden in (("", 0), ("location:oslo", 1), ("location:rome", MANY - 1)):
        counted = count_marks(4, make_view(table, state, ViewQuery(text)), table)
        assert (counted.number, counted.marked, counted.hidden) == (4, MANY, hidden)
        assert not counted.changes.deleted
    after = write_unchecked(store, {IN_OSLO[0]: None, IN_ROME[0]: None})
    view = make_view(table, after, ViewQuery())
    counted = count_marks(5, view, table)
    assert counted.changes.deleted == {IN_OSLO[0], IN_ROME[0]}
    assert counted.marked == MANY - 1
