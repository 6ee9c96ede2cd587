"""No part of the program but the store collects all users.

A store may hold millions of them on another machine: it is asked, and answers in batches. Found in
the source is what could collect them: mappings of users by a text, and batches that are joined.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import qm_tui

_PACKAGE = Path(qm_tui.__file__).parent

MAPPINGS: Final = {
    "transfer/planning/plan.py: ImportPlan.changes": "the users that an import changes",
    "transfer/planning/planner.py: Planner._changes": "the users that an import changes",
    "transfer/planning/record_check.py: RecordValidator.__init__._extension_holders": (
        "the users that an import changes"
    ),
    "transfer/planning/record_check.py: RecordValidator.__init__._extension_keepers": (
        "the users with an extension that was typed"
    ),
    "tui/work/background.py: free_in_background.users": "the users of a change",
    "users/query/pasted_list.py: _Answers.__init__._users": "the users of a pasted list",
}
"""Mappings of users that never are all of them, with the reason."""

JOINED: Final = {
    "transfer/planning/missing.py: MissingUsersFinder.find": "the missing users of a list",
    "cli/shared/selection.py: selector_from_options": "the users of a change, as in its plan",
}
"""Batches that are joined but never are all users, with the reason."""

_MAPPING_TYPES: Final = {"dict", "Mapping", "MutableMapping", "OrderedDict", "OverlayMapping"}
_BATCHES: Final = {"stream", "ids"}
_COLLECTIONS: Final = {"list", "dict", "set", "tuple", "frozenset", "sorted", "deque"}

Found = tuple[str, ast.expr]


def _named(node: ast.AST, path: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield all nodes below a node, each with the classes and functions in which it is."""
    for child in ast.iter_child_nodes(node):
        inner = path
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{path}.{child.name}".lstrip(".")
        yield inner, child
        yield from _named(child, inner)


def _annotated(path: str, node: ast.AST) -> Iterator[Found]:
    """Yield the annotations of a node with the names of what they annotate."""
    if isinstance(node, ast.arg) and node.annotation:
        yield f"{path}.{node.arg}", node.annotation
    elif isinstance(node, ast.AnnAssign):
        target = node.target
        name = target.attr if isinstance(target, ast.Attribute) else ast.unparse(target)
        yield f"{path}.{name}".lstrip("."), node.annotation
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
        yield path, node.returns


def _maps_users(annotation: ast.expr) -> bool:
    """Whether it is, or contains, a mapping from a text to users."""
    return any(
        isinstance(node, ast.Subscript)
        and ast.unparse(node.value).rpartition(".")[2] in _MAPPING_TYPES
        and isinstance(node.slice, ast.Tuple)
        and ast.unparse(node.slice.elts[0]) == "str"
        and ast.unparse(node.slice.elts[1]).replace("'", "") in {"User", "User | None"}
        for node in ast.walk(annotation)
    )


def _is_batches(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _BATCHES
    )


def _joins_batches(node: ast.AST) -> bool:
    """Whether it collects all batches of users in one expression."""
    if isinstance(node, ast.Call) and ast.unparse(node.func) in _COLLECTIONS:
        parts = [part for argument in node.args for part in (argument, *_iterated(argument))]
        return any(map(_is_batches, parts))
    if isinstance(node, ast.List | ast.Set | ast.Tuple):
        return any(isinstance(one, ast.Starred) and _is_batches(one.value) for one in node.elts)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp):
        return any(map(_is_batches, _iterated(node)))
    return False


def _iterated(node: ast.AST) -> list[ast.expr]:
    """Return over what a comprehension or a generator expression iterates."""
    return [one.iter for one in getattr(node, "generators", ())]


def _found(tree: ast.Module) -> tuple[set[str], set[str]]:
    """Return where a module has mappings of users, and where it joins batches."""
    mappings, joined = set[str](), set[str]()
    for path, node in _named(tree):
        mappings.update(name for name, one in _annotated(path, node) if _maps_users(one))
        if _joins_batches(node):
            joined.add(path)
    return mappings, joined


def _found_outside_the_store() -> tuple[set[str], set[str]]:
    mappings, joined = set[str](), set[str]()
    for file in sorted(_PACKAGE.rglob("*.py")):
        name = file.relative_to(_PACKAGE).as_posix()
        if not name.startswith("store/"):
            found = _found(ast.parse(file.read_text(encoding="utf-8")))
            mappings.update(f"{name}: {one}" for one in found[0])
            joined.update(f"{name}: {one}" for one in found[1])
    return mappings, joined


def test_only_the_store_has_mappings_of_all_users():
    mappings, _ = _found_outside_the_store()
    assert mappings == MAPPINGS.keys()


def test_only_the_store_joins_batches_of_users():
    _, joined = _found_outside_the_store()
    assert joined == JOINED.keys()


_CASES = """
class Plan:
    changes: dict[str, User | None] = field()
    numbers: dict[str, int]

    def __init__(self, users: Mapping[str, User], more: Sequence[User]) -> None:
        self._users: "int" = 0
        self._known: dict[str, tuple[User, str]] = {}
        self._all: collections.abc.MutableMapping[str, User] = dict(state.stream())
        fine = [len(batch) for batch in in_chunks(users)], next(state.ids())
        for batch in state.stream():
            more += [user for user in batch]

    async def again(self, one: Callable[[Mapping[str, User]], int] | None) -> dict[str, User]:
        yield from state.stream()

def joins():
    return [user for batch in state.stream(query) for user in batch]

def counts():
    return sum(len(batch) for batch in state.ids()), len(list(other.ids))

def starred():
    return (*state.ids(),)

def sets():
    return {one: 1 for batch in state.ids() for one in batch}, set(state.ids())

def generators():
    return frozenset(one for batch in self.store.state.ids(ALL) for one in batch)
"""


def test_check_finds_mappings_of_users_and_joined_batches():
    mappings, joined = _found(ast.parse(_CASES))
    assert mappings == {
        "Plan.changes",
        "Plan.__init__.users",
        "Plan.__init__._all",
        "Plan.again.one",
        "Plan.again",
    }
    assert joined == {"Plan.__init__", "joins", "starred", "sets", "generators"}
