"""The wheel runs with the installed packages, and contains style sheets, man pages, completions."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui import __version__

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """Return a folder with the installed wheel, without its dependencies."""
    folder = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-build-isolation", "--no-deps", "--no-index", "-w", str(folder)]
    subprocess.run([*build, str(ROOT)], check=True)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    install = [*pip, "install", "--no-deps", "--no-index", "--target", str(target), str(wheel)]
    subprocess.run(install, check=True)
    return wheel, target


def test_wheel_contains_only_the_package_and_the_style_sheets(installed):
    names = zipfile.ZipFile(installed[0]).namelist()
    assert "qm_tui/styles/qm_tui.tcss" in names
    assert "qm_tui/styles/screens/transfer.tcss" in names
    assert "qm_tui/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"qm_tui"}


def test_wheel_has_the_version_and_installs_man_pages_completions_and_licenses(installed):
    wheel, _ = installed
    assert wheel.name == f"qm_tui-{__version__}-py3-none-any.whl"
    share = f"qm_tui-{__version__}.data/data/share"
    every = zipfile.ZipFile(wheel).namelist()
    assert f"qm_tui-{__version__}.dist-info/sboms/qm-tui.cdx.json" in every
    names = {name for name in every if name.startswith(share)}
    pages = {f"{share}/man/man1/{path.name}" for path in (ROOT / "docs" / "man").iterdir()}
    assert pages < names
    assert names - pages == {
        f"{share}/doc/qm-tui/licenses.txt",
        f"{share}/bash-completion/completions/qm-tui",
        f"{share}/fish/vendor_completions.d/qm-tui.fish",
        f"{share}/zsh/site-functions/_qm-tui",
    }


def test_installed_terminal_ui_finds_its_style_sheets(installed, home, monkeypatch):
    _, target = installed
    where = "import qm_tui.tui.frame.stylesheets as s; print(s.__file__); print(*s.style_sheets())"
    environment = {**os.environ, "PYTHONPATH": str(target)}
    said = subprocess.run(
        [sys.executable, "-c", where],
        check=True,
        capture_output=True,
        text=True,
        cwd=home,
        env=environment,
    ).stdout
    sheets = list((ROOT / "styles").rglob("*.tcss"))
    assert said.count(str(target)) == 1 + len(sheets)
    assert all(f"/{sheet.relative_to(ROOT)}" in said for sheet in sheets)
    command = [sys.executable, "-m", "qm_tui", "--store", str(home / "users.json")]
    monkeypatch.chdir(home)
    with Terminal(command, environment={"PYTHONPATH": str(target)}) as terminal:
        terminal.wait_for("No users yet.")
        terminal.wait_for("i Import")
        terminal.send("q")
        assert terminal.wait_for_end() == 0
