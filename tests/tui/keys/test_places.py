"""Which actions are available at the same time is what conflicts are checked with."""

from qm_tui.tui.keys.actions import ACTIONS, TOGETHER
from qm_tui.tui.keys.checks import is_in
from tests.tui.pages import started, top
from tests.tui.screens import app_with_file, visit


def _actions(node):
    """The actions of a widget or screen that has the focus."""
    bindings = (binding for one in node.ancestors_with_self for _, binding in one._bindings)
    return {one.id for one in bindings if one.id}


async def test_actions_of_a_screen_are_checked_together(home, monkeypatch):
    (home / "incoming").mkdir()
    monkeypatch.chdir(home / "incoming")
    seen, others = set(), {}
    async with started(app_with_file(home)) as pilot:
        async for name in visit(pilot):
            for node in (top(pilot), *top(pilot).focus_chain):
                actions = _actions(node)
                seen |= actions
                if not any(all(is_in(one, group) for one in actions) for group in TOGETHER):
                    others[name, str(node)] = sorted({one.partition(".")[0] for one in actions})
    assert list(others.items()) == []
    # its list is shown only after an ambiguous entry
    assert {*ACTIONS} - seen == {"mark_list.mark_matches"}
