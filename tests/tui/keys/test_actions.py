"""The list of actions, and that every binding of the program is in it."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import combinations
from pathlib import Path
from pkgutil import walk_packages

import pytest
from textual.binding import Binding
from textual.dom import DOMNode

import qm_tui.tui
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.keys.actions import ACTIONS, EVERYWHERE, FIXED, TOGETHER, WHILE_TYPING
from qm_tui.tui.keys.names import key_name, parse_key
from qm_tui.tui.widgets.markable_list import MarkableList


def own_bindings() -> Iterator[tuple[type[DOMNode], Binding]]:
    """All bindings that the program defines, each with its class."""
    for module in walk_packages(qm_tui.tui.__path__, f"{qm_tui.tui.__name__}."):
        for kind in vars(import_module(module.name)).values():
            is_node = isinstance(kind, type) and issubclass(kind, DOMNode)
            if is_node and kind.__module__ == module.name:
                for binding in vars(kind).get("BINDINGS", ()):
                    yield kind, binding


def test_every_key_that_is_not_fixed_belongs_to_an_action_with_an_id():
    bindings = list(own_bindings())
    assert any(kind is QmTuiApp for kind, _ in bindings)
    for kind, binding in bindings:
        assert isinstance(binding, Binding), kind
        if binding.id is None:
            assert {*binding.key.split(",")} <= {*FIXED}, (kind, binding)
        else:
            assert binding.key == ACTIONS[binding.id].keys, (kind, binding)


def test_every_action_has_a_binding():
    assert {binding.id for _, binding in own_bindings()} - {None} == {*ACTIONS}


def test_a_widget_or_screen_has_each_action_once():
    counts = Counter((kind, binding.id) for kind, binding in own_bindings() if binding.id)
    twice = [(kind, name) for (kind, name), count in counts.items() if count > 1]
    # of its two bindings, only one is available at a time
    assert twice == [(MarkableList, "list.mark_range")]


def test_every_action_has_a_key_that_can_be_set_and_a_description():
    for name, action in ACTIONS.items():
        keys = action.keys.split(",")
        assert {*keys} - {*FIXED}, name
        assert [parse_key(key_name(key)) for key in keys] == keys
        assert action.words, name


@pytest.mark.parametrize("together", TOGETHER, ids=lambda places: " ".join(sorted(places)))
def test_actions_of_one_place_have_different_descriptions(together):
    for place in together:
        words = Counter(ACTIONS[name].words for name in ACTIONS if name.startswith(f"{place}."))
        assert {*words.values()} <= {1}, words


def test_places_are_those_of_the_actions():
    places = {name.partition(".")[0] for name in ACTIONS}
    together = frozenset[str]().union(*TOGETHER)
    assert places == EVERYWHERE | {name for name in together if "." not in name}
    assert {name for name in together if "." in name} <= {*ACTIONS}
    assert places >= WHILE_TYPING


def _keys(name: str) -> set[str]:
    return {*ACTIONS[name].keys.split(",")} - {*FIXED}


@pytest.mark.parametrize("together", TOGETHER, ids=lambda places: " ".join(sorted(places)))
def test_actions_of_one_place_have_different_keys(together):
    for place in together:
        names = [name for name in ACTIONS if name.startswith(f"{place}.")]
        for name, other in combinations(names, 2):
            assert not _keys(name) & _keys(other), (name, other)


_KEY_AS_TEXT = re.compile(
    r"\b(?:F\d+|Space|PgUp|PgDn|Ctrl\+\S+)\b"
    r"|(?:\[|[Pp]ress )[a-zA-Z?~.<>*/+-] (?=\w)"
    r"|(?:^|  |\()[a-zA-Z?~.<>*/+-] (?=[a-z])"
)


def _texts(tree: ast.AST) -> Iterator[str]:
    """The texts in a module that are no docstrings."""
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in alone:
            yield node.value


def test_no_text_names_a_key_that_can_be_set():
    folder = Path(qm_tui.tui.__path__[0])
    names = {
        (path.name, text)
        for path in folder.rglob("*.py")
        if path.parent.name != "keys"
        for text in _texts(ast.parse(path.read_text()))
        if _KEY_AS_TEXT.search(text) and not text.startswith(("A ", "a "))
    }
    # Space is typed into a yes/no field; the asterisks are no keys
    assert names == {
        ("form_screen.py", "* required  <form.save> save  Esc cancel  <app.keys> keys"),
        ("correct_screen.py", "Space toggle  "),
        ("correct_screen.py", "Space"),
        ("columns.py", "* custom width; does not grow."),
    }
