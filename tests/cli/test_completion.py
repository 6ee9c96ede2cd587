"""Shell completion of commands, options, fields, values and users, in a real bash."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from qm_tui.cli.shared.shell_completion import Typed, split_line
from tests.cli.test_program import as_it_is, home, qm_tui, store
from tests.helpers import ANNA, commit, commit_unchecked, user

__all__ = ["home", "store"]

BO = user("bo", department="Sales Nord", location="Bergen")

BASH = """\
eval "$(qm-tui completion bash)"
COMP_LINE=$1; COMP_POINT=${#1}
compopt() { :; }
_qm_tui
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def two(store):
    commit(store, ANNA, BO)
    return store


def in_bash(line: str) -> list[str]:
    """Return the candidates that bash offers for a line."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", BASH, "bash", line],
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("qm-tui ", Typed([], "", "")),
        ("qm-tui se", Typed([], "se", "")),
        ("qm-tui set a\\ b c", Typed(["set", "a b"], "c", "")),
        ("qm-tui set 'a b", Typed(["set"], "a b", "'")),
        ('qm-tui set "a \\"b', Typed(["set"], 'a "b', '"')),
        ("qm-tui set 'a' \"", Typed(["set", "a"], "", '"')),
        ("qm-tui set department='Sales N", Typed(["set"], "department=Sales N", "'")),
        ("", Typed([], "", "")),
    ],
)
def test_line_is_parsed_as_by_the_shell(line, typed):
    words, word, quote = split_line(line)
    assert Typed([*words], word, quote) == typed


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.usefixtures("two")
@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("qm-tui ina", ["inactivate"]),
        ("qm-tui compl", ["completion"]),
        ("qm-tui delete a", ["anna"]),
        ("qm-tui passwd ", ["anna", "bo"]),
        ("qm-tui set anna dep", ["department="]),
        ("qm-tui set anna department=", ["Sales", "Sales\\ Nord"]),
        ("qm-tui set anna department=Sales\\ N", ["Sales\\ Nord"]),
        ("qm-tui set anna department='Sales N", ["Sales Nord"]),
        ("qm-tui set anna active=", ["no", "yes"]),
        ("qm-tui set anna license=o", ["on-demand"]),
        ("qm-tui rename loc", ["location"]),
        ("qm-tui rename location B", ["Bergen"]),
        ("qm-tui rename location Bergen O", ["Oslo"]),
        ("qm-tui add --like b", ["bo"]),
        ("qm-tui delete --con", ["--confirm"]),
        ("qm-tui set anna passw", [""]),
        ("qm-tui set anna password=", [""]),
        ("qm-tui set anna salt=", [""]),
        ("qm-tui --store /nowhere/users.json delete a", [""]),
        ("qm-tui set anna first-name=", [""]),
    ],
)
def test_bash_completion(line, found):
    assert in_bash(line) == found


def test_completion_writes_nothing_and_offers_no_hostile_text(two):
    commit_unchecked(two, user("x\x1b[2J", department="a\x07b", user_id="u-x"))
    before = as_it_is(two)
    out = qm_tui("complete", "bash", "qm-tui delete ") + qm_tui(
        "complete", "bash", "qm-tui set anna department="
    )
    assert out == "anna\nbo\nSales\nSales\\ Nord\n"
    assert as_it_is(two) == before


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_valid_in_each_shell(home, shell):
    script = qm_tui("completion", shell)
    assert "qm-tui complete" in script
    if shutil.which(shell) is None:
        return
    file = home / "script"
    file.write_text(script)
    subprocess.run([shell, "-n", str(file)], check=True, timeout=30)
