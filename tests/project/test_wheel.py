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


def test_wheel_contains_only_the_program_and_its_documents(installed):
    wheel, _ = installed
    assert wheel.name == f"qm_tui-{__version__}-py3-none-any.whl"
    release = f"qm_tui-{__version__}"
    package = {path.relative_to(ROOT) for path in (ROOT / "qm_tui").rglob("*") if path.is_file()}
    sheets = {Path("qm_tui", path.relative_to(ROOT)) for path in (ROOT / "styles").rglob("*.tcss")}
    assert {"py.typed", "qm_tui.tcss"} <= {path.name for path in package | sheets}
    pages = {path.name for path in (ROOT / "docs" / "man").iterdir()}
    assert "qm-tui.1" in pages
    share = {f"man/man1/{page}" for page in pages} | {
        "doc/qm-tui/licenses.txt",
        "bash-completion/completions/qm-tui",
        "fish/vendor_completions.d/qm-tui.fish",
        "zsh/site-functions/_qm-tui",
    }
    metadata = {"METADATA", "WHEEL", "RECORD", "entry_points.txt"}
    metadata |= {"licenses/LICENSE", "sboms/qm-tui.cdx.json"}
    assert set(zipfile.ZipFile(wheel).namelist()) == {
        *(str(path) for path in package | sheets if "__pycache__" not in path.parts),
        *(f"{release}.data/data/share/{name}" for name in share),
        *(f"{release}.dist-info/{name}" for name in metadata),
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
