"""docs/upgrade.md names every former name that still works, and its commands lead back."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

from qm_tui import __version__
from qm_tui.cli.commands import import_users
from qm_tui.store.tinydb.log import FORMAT

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "docs" / "upgrade.md").read_text()
_INSTALLATION = (ROOT / "docs" / "installation.md").read_text()
_ROWS = [
    [re.findall("`([^`]+)`", cell) for cell in row.strip("| ").split(" | ")[-2:]]
    for row in _PAGE.split("## Former names")[1].split("## ")[0].splitlines()
    if row.startswith("| ") and "`" in row
]


def former_keys() -> set[tuple[str, str]]:
    """Return each former key of JSON with its present one, as the commands print them."""
    found: set[tuple[str, str]] = set()
    for path in (ROOT / "qm_tui" / "cli").rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if not isinstance(call, ast.Call) or getattr(call.func, "id", "") != "with_old_keys":
                continue
            for keyword in call.keywords:
                given = ast.literal_eval(keyword.value)
                found |= {(keyword.arg, given)} if keyword.arg else {*given.items()}
    return found


def test_former_keys_of_json_are_those_of_the_commands():
    keys = {pair for former, now in _ROWS[1:] for pair in zip(former, now, strict=True)}
    assert keys == former_keys()


def test_former_options_are_those_of_the_import():
    source = Path(str(import_users.__file__)).read_text()
    (hidden,) = re.findall(r"typer\.Option\(([^)]*), hidden=True\)", source)
    assert _ROWS[0] == [sorted(re.findall('"([^"]+)"', hidden)), ["--spreadsheet-values file"]]


def test_format_of_the_store_is_the_present_one():
    assert f"the same ({FORMAT} in all versions" in _PAGE


OLD = "0.1.0"
"""The version from which and to which the page goes, for example."""


def commands(text: str, name: str) -> list[str]:
    """Return the commands of a text that run a program as root, without `sudo`."""
    return re.findall(rf"^ +sudo ({name} .*)$", text, re.MULTILINE)


def test_folders_are_those_of_this_version_and_of_an_old_one():
    versions = re.compile(r"/opt/qm-tui-(\d[\d.]*\d)|qm_tui-(.*?)-py3|qm-tui/(\d[\d.]*\d)-")
    named = {"".join(found) for found in versions.findall(_INSTALLATION)}
    assert named == {__version__}
    assert {"".join(found) for found in versions.findall(_PAGE)} == {__version__, OLD}


@pytest.mark.parametrize("is_link", [True, False])
def test_single_file_is_upgraded_and_back(tmp_path, is_link):
    for name in ("dist", "usr/local/bin"):
        (tmp_path / name).mkdir(parents=True)
    program = tmp_path / "usr" / "local" / "bin" / "qm-tui"

    def run(lines: list[str]) -> None:
        script = re.sub(" /(opt|usr)", rf" {tmp_path}/\1", "\n".join(["umask 077", *lines]))
        subprocess.run(["sh", "-e", "-c", script], check=True, cwd=tmp_path, timeout=60)

    def released(version: str) -> None:
        (tmp_path / "dist" / "qm-tui").write_text(version)

    section = _INSTALLATION.split("## The single file")[1].split("## ")[0]
    install = commands(section, "install")
    released(OLD)
    if is_link:
        run([line.replace(__version__, OLD) for line in install + commands(section, "ln")])
    else:
        run(["install dist/qm-tui /usr/local/bin/"])
    released(__version__)
    upgrade, back = _PAGE.split("## Go back")
    run(install)
    assert program.read_text() == OLD
    run([*([] if is_link else commands(upgrade, "install")), *commands(upgrade, "ln")])
    assert program.read_text() == __version__
    assert program.resolve().stat().st_mode & 0o555 == 0o555
    run(commands(back, "ln"))
    assert program.read_text() == OLD
