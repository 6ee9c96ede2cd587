"""Each package is installed without a network, does the main job, and is uninstalled."""

import sys
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui import __version__
from scripts.packages.wheels import PYTHONS
from tests.helpers import needs_package
from tests.packages.installations import install_single_file, install_wheel
from tests.packages.pythons import installed_python

pytestmark = pytest.mark.long

SAMPLE = Path(__file__).parents[2] / "sample_data" / "users.csv"
DATA = {
    ".local/share/qm-tui/users.json",
    ".local/share/qm-tui/users.lock",
    ".local/share/qm-tui/users.log",
    "exported.csv",
}


COMPLETE = {
    "bash": (["bash", "--norc", "-i"], ". {share}/bash-completion/completions/qm-tui"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "fpath=({share}/zsh/site-functions $fpath); autoload -Uz compinit; compinit -D -u",
    ),
    "fish": (["fish", "--private", "-i"], "true"),
}


@pytest.mark.parametrize("version", [f"{major}.{minor}" for major, minor in PYTHONS])
@pytest.mark.parametrize("install", [install_wheel, install_single_file])
def test_package_does_the_main_job_and_leaves_only_the_data(dist, tmp_path, home, install, version):
    installed = install(dist, tmp_path, home, installed_python(version))
    assert installed.run("--version") == f"qm-tui {__version__}\n"
    assert "Created an empty store" in installed.run("init")
    assert "Imported 250 of 250 records." in installed.run("import", SAMPLE)
    assert len(installed.run("list", "--json").splitlines()) == 250
    installed.run("export", "exported.csv")
    assert len((home / "exported.csv").read_text().splitlines()) == 251
    with Terminal(installed.command(), environment=installed.environment) as terminal:
        terminal.wait_for("250", 60)
        terminal.wait_for("/ filter")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
    assert "Undid import of users.csv" in installed.run("undo", 1, "--confirm", 250)
    assert installed.run("list", "--json") == ""
    assert (installed.share / "man" / "man1" / "qm-tui-import.1").exists()
    installed.uninstall()
    assert [*tmp_path.rglob("*qm*")] == []
    left = {str(path.relative_to(home)) for path in home.rglob("*") if path.is_file()}
    assert left >= DATA
    assert all(path.startswith(".config/qm-tui/") for path in left - DATA)


def test_shells_complete_from_the_files_of_the_wheel(dist, tmp_path, home):
    installed = install_wheel(dist, tmp_path, home, sys.executable)
    for shell, (command, enable) in COMPLETE.items():
        needs_package(shell)
        environment = {**installed.environment, "PS1": "> "}
        if shell == "fish":  # it reads the variable when it starts
            environment["XDG_DATA_DIRS"] = str(installed.share)
        with Terminal(command, environment=environment) as terminal:
            terminal.send(f"{enable.format(share=installed.share)}; echo is''-ready\r")
            terminal.wait_for("is-ready")
            terminal.send("qm-tui --ver\t\r")
            terminal.wait_for(f"qm-tui {__version__}")
