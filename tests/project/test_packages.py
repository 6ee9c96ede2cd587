"""The Debian packages of the tests: `.ci/run` installs them, and missing ones are reported."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from tests.conftest import pytest_terminal_summary
from tests.helpers import PACKAGES_REQUIRED, needs_package

ROOT = Path(__file__).parents[2]

PACKAGES = re.findall(r"^([\w.+-]+) +# \w", (ROOT / ".ci/packages").read_text(), re.MULTILINE)

_NEEDED = re.compile(r'needs_package\("([\w.+-]+)"')


@pytest.fixture
def ci(tmp_path):
    """Return a function that runs `.ci/run` with other programs, and returns its output.

    `apt-get` and `make` only print what they do.
    """
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    programs = tmp_path / "programs"
    programs.mkdir()

    def run(**other: str) -> list[str]:
        scripts = {
            "apt-get": 'echo "apt-get $DEBIAN_FRONTEND $*"',
            "make": f'echo "make $* ${{{PACKAGES_REQUIRED}:-}}"',
            "dpkg-query": 'case $4 in zsh | fish) exit 1 ;; esac; echo "install ok installed"',
            "id": "echo 1000",
            "sudo": "exit 1",
        }
        for name, script in (scripts | other).items():
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        done = subprocess.run(
            [tmp_path / ".ci/run"],
            env={"PATH": f"{programs}:{os.environ['PATH']}"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=30,
        )
        return done.stdout.splitlines()

    return run


MAKE = "make test test-postgres test-package"
UPDATE = "apt-get noninteractive update -q"
INSTALL = "apt-get noninteractive install -q -y --no-install-recommends fish zsh"
NAMED = "Not installed: fish zsh. Their tests will be skipped."
FAILING = "echo apt-get $1; test $1 = update"


@pytest.mark.parametrize(
    ("programs", "printed"),
    [
        ({"id": "echo 0"}, [UPDATE, INSTALL, f"{MAKE} 1"]),
        ({"sudo": 'shift; exec "$@"'}, [UPDATE, INSTALL, f"{MAKE} 1"]),
        ({}, [NAMED, f"{MAKE} "]),
        (
            {"id": "echo 0", "apt-get": FAILING},
            ["apt-get update", "apt-get install", NAMED, f"{MAKE} "],
        ),
        ({"dpkg-query": 'echo "install ok installed"'}, [f"{MAKE} 1"]),
    ],
    ids=["root", "sudo without a password", "no permission", "cannot be installed", "complete"],
)
def test_missing_packages_are_installed_and_required_or_named(ci, programs, printed):
    assert ci(**programs) == printed


def test_list_has_the_packages_that_tests_need():
    others = {*(ROOT / "tests").rglob("test_*.py")} - {Path(__file__)}
    sources = (path.read_text() for path in others)
    needed = {package for source in sources for package in _NEEDED.findall(source)}
    needed |= {"bash", "fish", "zsh"}  # the shells of the completion
    needed.add("postgresql")  # or another server: tests/postgres/programs.py finds it
    assert sorted(needed) == PACKAGES


def test_missing_packages_are_listed_at_the_end_or_a_failure_if_required(monkeypatch):
    needs_package("sh")
    with pytest.raises(pytest.skip.Exception) as skipped:
        needs_package("no-such-package")
    reasons = (f"Skipped: {skipped.value}", f"Skipped: {skipped.value}", "Skipped: other")
    reports = [SimpleNamespace(longrepr=("", 1, why)) for why in reasons]
    printed: list[object] = []
    terminal = SimpleNamespace(
        stats={"skipped": reports}, section=printed.append, write_line=printed.append
    )
    pytest_terminal_summary(cast("pytest.TerminalReporter", terminal))
    assert printed == ["packages that are not installed", "no-such-package: 2 tests skipped"]
    monkeypatch.setenv(PACKAGES_REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception):
        needs_package("no-such-package")


@pytest.fixture(autouse=True)
def packages_optional(monkeypatch):
    """Let a missing package skip, also where this run itself requires all of them."""
    monkeypatch.delenv(PACKAGES_REQUIRED, raising=False)
