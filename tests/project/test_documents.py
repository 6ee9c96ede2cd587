"""The documents are true, complete and short."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from qm_tui.cli.shared.common import Status
from qm_tui.crash import STATUS
from qm_tui.store import open_store
from qm_tui.tui.terminal.signals import HANGUP_STATUS
from scripts import make_command_line_page, make_limits_page, make_tables
from tests.helpers import user, users_of
from tests.tui.pages import store_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
MAKEFILE = (ROOT / "Makefile").read_text()

_FIGURES = (ROOT / "docs" / "figures.md").read_text()
_ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in _FIGURES.splitlines()
    if line.startswith("| ") and not line.startswith(("| What", "| ---"))
]
FOR_DEVELOPERS = ("architecture.md", "CONTRIBUTING.md")
DOCUMENT = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)


# Generated documents


@pytest.mark.parametrize(
    ("path", "page"),
    [
        (make_tables.PAGE, make_tables.page),
        (make_tables.FILTERS, make_tables.filters_page),
        (make_tables.USERS_FILES, make_tables.users_files_page),
        (make_limits_page.PAGE, make_limits_page.page),
        pytest.param(
            make_command_line_page.PAGE, make_command_line_page.page, marks=pytest.mark.snapshot
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_generated_page_is_up_to_date(path, page):
    assert path.read_text() == page()


def test_page_of_the_command_line_explains_every_exit_status():
    table = make_command_line_page.PAGE.read_text().partition("## Exit status")[2]
    explained = {int(status) for status in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)}
    assert explained == {*Status, STATUS, HANGUP_STATUS}


def test_make_docs_writes_every_generated_document():
    recipe = MAKEFILE.partition("\ndocs:")[2].partition("\n\n")[0]
    scripts = {path.stem for path in (ROOT / "scripts").glob("make_*.py")}
    others = {"make_pictures", "make_tour", "make_unicode_tables"}
    assert set(re.findall(r"scripts\.(\w+)", recipe)) == scripts - others


# Paths and commands


@DOCUMENT
def test_every_make_target_and_path_exists(document):
    text = document.read_text()
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"(?:`|    )make ([a-z-]+)", text)) <= targets
    if document.name not in FOR_DEVELOPERS:
        return
    paths = re.findall(
        r"`((?:qm_tui|tests|scripts|benchmarks|sample_data|docs)(?:/[\w./]*)?)`", text
    )
    assert len(paths) > 20
    for path in paths:
        assert (ROOT / path).exists(), path
    for path, name in re.findall(r"(tests/[\w/]+\.py)::(\w+)", text):
        assert f"def {name}(" in (ROOT / path).read_text()


# README


def test_readme_is_short_and_begins_with_the_two_commands():
    assert len(README.splitlines()) <= 110
    assert len(README.split()) <= 900
    assert README.count("![") <= 2
    first_screen = "\n".join(README.splitlines()[:15])
    assert re.findall(r"^    (make \w+)", first_screen, re.MULTILINE) == ["make run", "make test"]


def test_example_of_the_readme_moves_users_to_oslo(tmp_path):
    store_of(tmp_path / "users.json", [user("bo", location="Bergen")]).close()
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    lines = [line.strip() for line in example.splitlines() if line.strip()]
    assert len(lines) <= 3
    subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path)},
    )
    users = users_of(open_store(tmp_path / "users.json").load()).values()
    assert [one.location for one in users] == ["Oslo"]


# Figures


def test_every_figure_has_a_command_that_make_bench_runs():
    recipes = re.findall(r"^bench[\w-]*:.*\n((?:\t.*\n)+)", MAKEFILE, re.MULTILINE)
    commands = re.findall(
        r"^\t\$\(BIN\)/python -m benchmarks\.(\w+)", "".join(recipes), re.MULTILINE
    )
    for row in _ROWS:
        (command,) = re.findall(r"`benchmarks\.(\w+)`", row[-1])
        path = ROOT / "benchmarks" / command
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists()
        assert command in commands


@pytest.mark.parametrize("document", ["README.md", "docs/architecture.md", "docs/limits.md"])
def test_every_measured_time_and_size_is_in_the_figures(document):
    text = (ROOT / document).read_text()
    figures = re.findall(r"\d[\d.,]* (?:ms|µs|s|MB|kB)\b", text)
    polled = "0.3 s"  # how often, not how long
    assert [one for one in figures if one not in _FIGURES and one != polled] == []
