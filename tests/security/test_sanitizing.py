"""All untrusted text in widgets is sanitized.

Checked in the source. Textual interprets a `str` as markup and draws its control characters. So
every text that is passed to a widget, or made into what a widget draws, must be sanitized or be
part of the program. What the analysis cannot decide is in a table, with the reason.
"""

import ast
from collections.abc import Iterator

import pytest

from tests.security.sources import nodes, trees

DOOR = {
    "safe",
    "safe_lines",
    "safe_path",
    "sanitize",
    "pad_or_truncate",
    "size_text",
    "pluralize",
    "json_text",
}
"""Functions that sanitize any text, or return a text of numbers only."""

KEEPS = {"truncate", "with_full_stop", "join", "ljust", "rjust", "rstrip", "strip"}
"""Functions that return a safe text if their arguments are safe."""

MAKES = {"Content", "Text", "Segment", "styled", "assemble"}
WIDGETS = {"Static", "Label", "Button", "ListOption"}
GIVES = {"update", "set_label", "add_leaf", "set_options", "add_option"}
SHOWN = {"label", "border_title", "border_subtitle", "title", "sub_title", "placeholder"}

FORBIDDEN = {"from_markup", "from_ansi", "notify", "Markdown", "RichLog", "Log", "Pretty", "Digits"}
"""Names that interpret markup or escapes, or show text without sanitizing it."""

LOOKED_AT = {
    ("changes/operation.py", "title"): "the dialog passes it to `safe`",
    (
        "terminal/output_filter.py",
        "replace_control_characters(segment.text)",
    ): "it is the last door",
    ("widgets/text_input.py", "''.join(drawn)"): "each character was looked at",
    ("terminal/output_filter.py", "text"): "what was drawn, with other styles",
    (
        "counts/license_tables.py",
        "text[:start]",
    ): "a part of the header, which is `pad_or_truncate`",
    (
        "counts/license_tables.py",
        "text[start:end]",
    ): "a part of the header, which is `pad_or_truncate`",
    ("counts/license_tables.py", "text[end:]"): "a part of the header, which is `pad_or_truncate`",
    ("widgets/text_area.py", "placeholder"): "the program's own, as all who make one give it",
    ("user/form_screen.py", "self._form.rows"): "no text: rows",
    ("widgets/virtual_list.py", "*styled"): "parts of a text that was sanitized before",
    ("work/marks.py", "user_ids"): "no text: a set",
}
"""By file and expression, why the text is safe."""


class _Function:
    """A function, and the values that are assigned to its names."""

    def __init__(self, node: ast.AST) -> None:
        self.given: dict[str, list[ast.expr]] = {}
        for one in ast.walk(node):
            if isinstance(one, ast.Assign):
                for target in one.targets:
                    self._take(target, one.value)
            elif isinstance(one, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
                self._take(one.target, one.value)
            elif isinstance(one, ast.Call) and _name(one) in ("append", "insert", "extend"):
                self._take(getattr(one.func, "value", one.func), one.args[-1])

    def _take(self, target: ast.expr, value: ast.expr | None) -> None:
        if value is not None and isinstance(target, ast.Name):
            self.given.setdefault(target.id, []).append(value)
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            for one, part in zip(target.elts, value.elts, strict=True):
                self._take(one, part)


def _name(call: ast.Call) -> str:
    function = call.func
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _returns_content(node: ast.FunctionDef) -> bool:
    said = ast.unparse(node.returns) if node.returns is not None else ""
    return "Content" in said or said in ("Text", "Table", "Strip")


CONTENTS = {
    node.name
    for _, node in nodes("tui")
    if isinstance(node, ast.FunctionDef) and _returns_content(node)
}
"""Functions and methods that return an object made by `MAKES`. Each call of those is checked."""


def _is_safe(  # noqa: PLR0912 - one branch for each kind of expression
    node: ast.expr | None, function: _Function, seen: frozenset[str] = frozenset()
) -> bool:
    """Whether an expression is part of the program, or sanitized."""

    def all_safe(*nodes: ast.expr | None) -> bool:
        return all(_is_safe(one, function, seen) for one in nodes)

    match node:
        case None | ast.Constant() | ast.Compare():
            return True
        case ast.Call():
            name = _name(node)
            if name in DOOR or name in CONTENTS or name in ("Content", "Text"):
                return True  # their own calls are checked, too
            own = node.func.value if isinstance(node.func, ast.Attribute) else None
            texts = () if name == "stylize" else node.args
            return name in KEEPS | {"stylize"} and all_safe(own, *texts)
        case ast.Name() if node.id in function.given and node.id not in seen:
            seen |= {node.id}
            return all_safe(*function.given[node.id])
        case ast.Name():
            return node.id in seen or node.id.lstrip("_").isupper()  # a constant
        case ast.Attribute():
            return node.attr.isupper()
        case ast.IfExp():
            return all_safe(node.body, node.orelse)
        case ast.BoolOp():
            return all_safe(*node.values)
        case ast.BinOp(op=ast.Mult()):  # a text and a number
            return any(_is_safe(one, function, seen) for one in (node.left, node.right))
        case ast.BinOp():
            return all_safe(node.left, node.right)
        case ast.Subscript():
            return all_safe(node.value)
        case ast.JoinedStr():
            return all_safe(*node.values)
        case ast.FormattedValue():
            return node.format_spec is not None or all_safe(node.value)
        case ast.List() | ast.Tuple():
            return all_safe(*node.elts)
        case ast.ListComp() | ast.GeneratorExp():
            return all_safe(node.elt)
        case ast.Starred():
            return all_safe(node.value)
    return False


def _given() -> Iterator[tuple[str, ast.expr, _Function]]:
    """Yield each text passed to a widget, or made into what it draws, with file and function."""
    for path, tree in trees("tui").items():
        if path == "text/safe_content.py":
            continue
        inside = {
            id(one) for node in ast.walk(tree) if _is_function(node) for one in ast.walk(node)
        }
        for node in ast.walk(tree):
            if _is_function(node) or isinstance(node, ast.Module):
                parts = ast.walk(node)
                if isinstance(node, ast.Module):
                    parts = (one for one in parts if id(one) not in inside)
                function = _Function(node)
                for part in parts:
                    for what in _texts_in(part):
                        yield path, what, function


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)


def _texts_in(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = _name(node)
        if name == "assemble":
            for one in node.args:
                yield one.elts[0] if isinstance(one, ast.Tuple) else one
        elif node.args and _shows(name, node):
            yield node.args[0]
        yield from (one.value for one in node.keywords if one.arg in SHOWN)
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Attribute) and target.attr in SHOWN:
                yield node.value


def _shows(name: str, node: ast.Call) -> bool:
    """Whether a call shows its first argument, or makes it into what is shown."""
    if name not in GIVES:
        return name in MAKES | WIDGETS
    is_set = isinstance(node.args[0], ast.GeneratorExp)  # a set or a dict is updated
    return isinstance(node.func, ast.Attribute) and not is_set


def _not_told() -> set[tuple[str, str]]:
    return {
        (file, ast.unparse(what))
        for file, what, function in _given()
        if not _is_safe(what, function)
    }


def test_widgets_get_no_untrusted_text():
    assert _not_told() - LOOKED_AT.keys() == set()


def test_reviewed_exceptions_still_exist():
    assert LOOKED_AT.keys() - _not_told() == set()


def test_only_sanitizing_input_widgets_are_used():
    fields = {"Input", "MaskedInput", "TextArea"}
    made = [
        path
        for path, node in nodes("tui")
        if (isinstance(node, ast.Call) and _name(node) in fields)
        or (isinstance(node, ast.ClassDef) and fields & {ast.unparse(base) for base in node.bases})
    ]
    assert sorted(made) == ["widgets/text_area.py", "widgets/text_input.py"]


def test_no_widget_interprets_markup():
    used = {
        (path, name)
        for path, node in nodes("tui")
        if isinstance(node, ast.Call) and (name := _name(node)) in FORBIDDEN
    }
    assert used == {("work/type_ahead_app.py", "notify")}  # our own sentences, without markup


@pytest.mark.parametrize(
    ("source", "is_safe"),
    [
        ("Static(user.first_name)", False),
        ("Static(f'{user.first_name}')", False),
        ("Static(safe(user.first_name))", True),
        ("Static(f'{number:,} users')", True),
        ("x = user.first_name\nself.update(x)", False),
        ("x = safe(user.first_name)\nself.update(x)", True),
        ("x = safe('a')\nif y:\n    x = y\nself.update(x)", False),
        ("self.border_title = path.name", False),
        ("Button(label=user.first_name)", False),
        ("Content.assemble(safe(x), (x, 'bold'))", False),
        ("Segment(x[:9], style)", False),
        ("Segment(pad_or_truncate(x, 9), style)", True),
        ("x = [safe(y)]\nx.append(z)\nself.update(Content().join(x))", False),
        ("Text(name)", False),
    ],
)
def test_analysis_finds_untrusted_text(source, is_safe):
    body = "\n".join(f"    {line}" for line in source.splitlines())
    (function,) = ast.parse(f"def one():\n{body}").body
    texts = [what for node in ast.walk(function) for what in _texts_in(node)]
    assert texts
    assert all(_is_safe(one, _Function(function)) for one in texts) is is_safe


# Command line


def test_command_line_prints_only_through_output():
    printing = {
        path
        for path, node in nodes()
        if isinstance(node, ast.Call)
        and (
            _name(node) in ("print", "echo", "secho")
            or (_name(node) == "write" and "sys.std" in ast.unparse(node.func))
        )
    }
    assert printing == {
        "output.py",
        "progress_line.py",  # numbers, and the names of phases
        "cli/commands/export_users.py",  # a file, and never to a terminal
    }
