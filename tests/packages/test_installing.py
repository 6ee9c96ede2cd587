"""Each package is installed without a network, does the main job, and is uninstalled."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui import __version__
from scripts.packages.wheels import PYTHONS
from tests.helpers import needs_package
from tests.packages.installations import (
    install_single_file,
    install_wheel,
    install_wheel_from_registry,
)
from tests.packages.pythons import installed_python

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("dist")]

SAMPLE = Path(__file__).parents[2] / "sample_data" / "users.csv"
DATA = {
    ".local/share/qm-tui/users.json",
    ".local/share/qm-tui/users.lock",
    ".local/share/qm-tui/users.log",
    "exported.csv",
}
SHELLS = {
    "bash": (["bash", "--norc", "-i"], ". {share}/bash-completion/completions/qm-tui"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -D -u",
    ),
    "fish": (
        ["fish", "--private", "-i"],
        "set -p fish_complete_path {share}/../../../etc/fish/completions",
    ),
}
"""Shells, and what makes them load the completion from a folder that they do not search."""


@pytest.mark.parametrize("version", [f"{major}.{minor}" for major, minor in PYTHONS])
@pytest.mark.parametrize("install", [install_wheel, install_single_file])
def test_package_does_the_main_job_and_leaves_only_the_data(tmp_path, home, install, version):
    installed = install(tmp_path, home, installed_python(version))
    assert installed.run("--version") == f"qm-tui {__version__}\n"
    assert "Created an empty store" in installed.run("init")
    assert "Imported 250 of 250 records." in installed.run("import", SAMPLE)
    assert len(installed.run("list", "--json").splitlines()) == 250
    installed.run("export", "exported.csv")
    assert len((home / "exported.csv").read_text().splitlines()) == 251
    with Terminal(installed.command(), environment=installed.environment) as terminal:
        terminal.wait_for("1 of 250")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert "Undid import of users.csv" in installed.run("undo", 1, "--confirm", 250)
    assert installed.run("list", "--json") == ""
    unreachable = ("--store", "postgresql://127.0.0.1:1/users", "list")
    assert "not installed" not in installed.run(*unreachable, status=2)
    assert (installed.share / "man" / "man1" / "qm-tui-import.1").is_file()
    for path in (*(tmp_path / "opt").rglob("*"), *installed.share.rglob("*")):
        assert path.stat().st_mode & 0o044 == 0o044, path
        assert not path.is_dir() or path.stat().st_mode & 0o011 == 0o011, path
    installed.carry_out(("Uninstall", 0))
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert left >= DATA
    assert all(path.startswith(".config/qm-tui/") for path in left - DATA)
    assert [path for path in tmp_path.rglob("*") if not path.is_dir()] == [installed.python]
    assert not [*(tmp_path / "opt").iterdir()]


def test_wheel_that_is_installed_with_internet_has_the_driver(tmp_path, home, dist):
    installed = install_wheel_from_registry(tmp_path, home, sys.executable, dist / "wheels")
    unreachable = ("--store", "postgresql://127.0.0.1:1/users", "list")
    assert "not installed" not in installed.run(*unreachable, status=2)


def test_shells_complete_from_the_installed_files(tmp_path, home):
    installed = install_single_file(tmp_path, home, sys.executable)
    installed.carry_out(("Man pages and completion", 2))
    for shell, (command, enable) in SHELLS.items():
        needs_package(shell)
        with Terminal(command, environment=installed.environment | {"PS1": "> "}) as terminal:
            terminal.send(f"{enable.format(share=installed.share)}; echo is''-ready\r")
            terminal.wait_for("is-ready")
            terminal.send("qm-tui --ver\t\r")
            terminal.wait_for(f"qm-tui {__version__}")


def test_fish_searches_the_folder_of_the_link():
    needs_package("fish")
    environment = {name: value for name, value in os.environ.items() if name != "XDG_DATA_DIRS"}
    command = ["fish", "--private", "-c", "contains /etc/fish/completions $fish_complete_path"]
    assert subprocess.run(command, check=False, env=environment, timeout=60).returncode == 0
