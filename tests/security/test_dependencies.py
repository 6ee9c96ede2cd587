"""What the program uses of others: libraries with known versions, no network, no other program."""

import ast
import re
import sys
import tomllib
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

from tests.security.sources import nodes

ROOT = Path(__file__).parents[2]
_NAME = re.compile(r"[\w.-]+")
_PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
_DECLARED = [*_PROJECT["dependencies"], *_PROJECT["optional-dependencies"]["postgres"]]
_OF_TEXTUAL = "rich"

CONNECTING = {"ftplib", "http", "smtplib", "ssl", "socketserver", "urllib.request", "xmlrpc"}
RUNNING = {"code", "ctypes", "marshal", "multiprocessing", "pickle", "pty", "runpy", "shelve"}
RESOLVING = {"AF_INET", "AF_INET6", "gethostname", "inet_aton", "inet_pton"}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imports() -> dict[str, set[str]]:
    """Return the modules that the program imports, with the files that do so."""
    found: dict[str, set[str]] = {}
    for path, node in nodes():
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names] + [str(node.module)]
        else:
            continue
        for name in names:
            found.setdefault(name, set()).add(path)
    return found


def test_program_imports_only_declared_libraries():
    roots = {name.partition(".")[0] for name in imports()} - sys.stdlib_module_names
    of_others = roots - {"qm_tui", "_typeshed", _OF_TEXTUAL}
    packages = packages_distributions()
    used = {normalized(packages[root][0]) for root in of_others}
    assert used == {normalized(_NAME.findall(one)[0]) for one in _DECLARED}


def test_every_library_has_a_version_in_the_constraints():
    pinned = {
        normalized(name)
        for name in re.findall(
            r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE
        )
    }
    waiting = [normalized(_NAME.findall(one)[0]) for one in _PROJECT["dependencies"]]
    needed: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            for one in distribution(name).requires or ():
                if ";" not in one:  # not for this Python or system, or only for an extra
                    waiting.append(normalized(_NAME.findall(one)[0]))
    assert needed <= pinned


def test_program_opens_no_connection_and_loads_no_code_from_data():
    found = imports()
    roots = {name.partition(".")[0] for name in found}
    assert not (CONNECTING & {*found, *roots})
    assert not (RUNNING & roots)
    used = {
        node.attr
        for _, node in nodes()
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "socket"
    }
    assert used <= RESOLVING
    called = {
        node.func.id
        for _, node in nodes()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not {"eval", "exec", "compile", "__import__"} & called


def test_only_the_clipboard_runs_another_program_and_only_tmux():
    assert imports()["subprocess"] == {"tui/terminal/clipboard.py"}
    source = (ROOT / "qm_tui" / "tui" / "terminal" / "clipboard.py").read_text()
    assert re.findall(r"subprocess\.run\(\s*(\w+),", source) == ["command"]
    assert re.findall(r"^    command = \(\"(\w+)\"", source, re.MULTILINE) == ["tmux"]
    assert not [path for path, node in nodes() if _starts_program(node)]


def _starts_program(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "os"
        and bool(re.match(r"system$|popen|exec|spawn|posix_spawn|fork", node.attr))
    )
