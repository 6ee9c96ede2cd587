"""What the environment of the program cannot make it write: core dumps and Textual's log."""

import re
import resource
from pathlib import Path

import pytest
import textual

from benchmarks.terminal import Terminal
from qm_tui.cli.program import TEXTUAL_VARIABLES
from tests.helpers import ANNA, commit
from tests.tui.terminal.test_real_terminal import PROGRAM

_VARIABLE = re.compile(r"""["'](TEXTUAL(?:_[A-Z_]+)?)["']""")

HARMLESS = {
    *("TEXTUAL_ANIMATIONS", "TEXTUAL_COLOR_SYSTEM", "TEXTUAL_DIM_FACTOR", "TEXTUAL_FPS"),
    *("TEXTUAL_DISABLE_KITTY_KEY", "TEXTUAL_FILTERS", "TEXTUAL_SMOOTH_SCROLL", "TEXTUAL_THEME"),
    *("TEXTUAL_SLOW_THRESHOLD", "TEXTUAL_SPEEDUPS"),
}
"""Variables that only change how Textual draws, and how fast."""


@pytest.fixture
def store(home):
    commit(home / "users.json", ANNA)
    return home / "users.json"


def test_every_variable_of_textual_is_removed_or_harmless():
    sources = Path(textual.__file__).parent.rglob("*.py")
    known = {name for path in sources for name in _VARIABLE.findall(path.read_text())}
    assert known == {*TEXTUAL_VARIABLES, *HARMLESS}


def test_variables_of_textual_are_ignored(home, store, monkeypatch):
    folder = home / "textual"
    folder.mkdir()
    monkeypatch.chdir(folder)  # where Textual writes the keys if it is debugged
    variables = {
        "TEXTUAL": "devtools,debug,headless",
        "TEXTUAL_DEBUG": "1",
        "TEXTUAL_DRIVER": "no_such_module:Driver",
        "TEXTUAL_LOG": str(folder / "log"),
        "TEXTUAL_PRESS": "D",
        "TEXTUAL_SCREENSHOT": "0",
        "TEXTUAL_SCREENSHOT_LOCATION": str(folder),
        "TEXTUAL_COLOR_SYSTEM": "truecolor",
    }
    with Terminal([PROGRAM, "--store", str(store)], environment=variables) as terminal:
        terminal.wait_for("1 user")
        terminal.wait_until_idle()
        assert "Inactivate" not in terminal.text
        terminal.send("P")
        terminal.wait_for("New password")
        terminal.send("Zq7-Geheim")
        terminal.wait_for("••••••••••")
        terminal.wait_until_idle()
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/limits").exists(), reason="Linux shows limits in /proc")
def test_program_writes_no_core_dump(store):
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    if hard == 0:
        pytest.skip("no program can write a core dump")
    with Terminal([PROGRAM, "--store", str(store)]) as terminal:
        terminal.wait_for("1 user")
        limits = Path(f"/proc/{terminal.pid}/limits").read_text()
    line = re.search(r"^Max core file size +(\S+) +(\S+)", limits, re.MULTILINE)
    assert line is not None
    assert line.groups() == ("0", "0")
