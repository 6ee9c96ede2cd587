"""The clipboard: the copied text, and the sequence for the terminal."""

import base64
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.terminal import Terminal
from qm_tui.errors import UserError
from qm_tui.tui.terminal.clipboard import MAX_BYTES, copy, sequence_for, strip_control_characters
from qm_tui.tui.text.clipboard_text import cell_to_copy, row_to_copy
from qm_tui.users.fields import FIELDS, KEYS, User
from tests.helpers import needs_package

ESC = "\x1b"
PLAIN = f"{ESC}]52;c;MDQxMw==\x07"
"""The sequence that copies `0413`."""


# The sequences


@pytest.mark.parametrize(
    ("environment", "sequence"),
    [
        ({"TERM": "xterm-256color"}, PLAIN),
        ({"TERM": "tmux-256color"}, f"{PLAIN}{ESC}Ptmux;{ESC}{PLAIN}{ESC}\\"),
        ({"TERM": "screen.xterm-256color", "STY": "1.pts"}, f"{ESC}P{PLAIN}{ESC}\\"),
        ({"TERM": "screen"}, f"{ESC}P{PLAIN}{ESC}\\"),
    ],
)
def test_sequence_suits_the_terminal(environment, sequence):
    assert sequence_for("0413", environment) == sequence


def test_terminal_that_cannot_copy_the_text_is_reported():
    for term in ("linux-16color", "dumb", "vt100", ""):
        with pytest.raises(UserError, match=rf"TERM={term}\) does not support copying"):
            sequence_for("0413", {"TERM": term})
    assert sequence_for("x" * 500, {"TERM": "screen"})
    with pytest.raises(UserError, match="too long"):
        sequence_for("x" * 600, {"TERM": "screen"})


def test_sequence_for_gnu_screen_is_split():
    text = "Berg" * 1000
    sequence = sequence_for(text, {"TERM": "screen", "STY": "1.pts"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sequence, re.DOTALL)
    assert "".join(f"{ESC}P{piece}{ESC}\\" for piece in pieces) == sequence
    assert max(map(len, pieces)) <= 764
    assert _decoded("".join(pieces).encode()) == [text]


@pytest.mark.parametrize(
    ("text", "copied"),
    [
        ("0413", "0413"),
        ("Björn 陳", "Björn 陳"),
        ("rm -rf /\n", "rm -rf / "),
        ("a\r\nb\rc\td\x0be\x85f\u2028g", "a b c d e f g"),
        ("a\x00b\x1b[201~c\x7fd\x9be", "ab[201~cde"),
        ("a\u202eb\u2066c\ufeffd\ud800e", "abcde"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_control_characters_are_removed(text, copied):
    assert strip_control_characters(text) == copied


class _Driver:
    def __init__(self) -> None:
        self.written = ""

    def write(self, data: str) -> None:
        self.written += data


class _App:
    def __init__(self) -> None:
        self._driver = _Driver()


@pytest.fixture
def xterm(monkeypatch):
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


async def copied(text: str) -> tuple[str, str]:
    """The sentence for the admin, and what was written, after copying a text."""
    app = _App()
    said = await copy(app, text)  # type: ignore[arg-type]
    return said, app._driver.written


async def test_text_is_sent_without_control_characters_up_to_a_size(xterm):
    assert await copied("0413\x1b") == ("", PLAIN)
    said, written = await copied("ü" * (MAX_BYTES // 2))
    assert (said, len(written)) == ("", 100_000)
    too_large = "Too large to copy: 74,995 bytes (maximum 74,994). Nothing was copied."
    assert await copied("x" * (MAX_BYTES + 1)) == (too_large, "")


# The text of a user

ANNA = User(*(f"{key} value" for key in KEYS))._replace(
    user_name="aberg",
    extension="0413",
    unlimited_license="1",
    on_demand_license="0",
    computer_recording_license="1",
    is_active="1",
    location="",
    department='Sales, "EMEA"',
)


@pytest.mark.parametrize(
    ("key", "text", "said"),
    [
        ("department", 'Sales, "EMEA"', 'Copied Department Name of aberg: Sales, "EMEA"'),
        ("license", "unlimited, computer", "Copied Licenses of aberg: unlimited, computer"),
    ],
)
def test_cell_is_copied_with_its_exact_value(key, text, said):
    copied = cell_to_copy(ANNA, key)
    assert (copied.text, copied.status) == (text, said)


@pytest.mark.parametrize(
    ("changes", "key", "message"),
    [
        ({}, "password", "^Passwords cannot be copied"),
        ({}, "salt", "^Passwords cannot be copied"),
        ({"location": "\x1b\n"}, "location", "^Location of aberg is empty."),
    ],
)
def test_secrets_and_empty_cells_are_not_copied(changes, key, message):
    with pytest.raises(UserError, match=message):
        cell_to_copy(ANNA._replace(**changes), key)


def test_removed_control_characters_are_reported_and_long_values_shortened():
    user = ANNA._replace(location="Oslo\x1b[2J\n", user_name="a\x1bberg")
    copied = cell_to_copy(user, "location")
    assert copied.text == "Oslo[2J "
    assert copied.status == "Copied Location of a␛berg: Oslo[2J ; 2 control characters removed"
    copied = cell_to_copy(ANNA._replace(location="x" * 4000), "location")
    assert copied.text == "x" * 4000
    assert len(copied.status) < 160


def test_row_is_a_record_without_secrets_and_control_characters():
    copied = row_to_copy(ANNA)
    cells = ["" if field.is_secret else value for field, value in zip(FIELDS, ANNA, strict=True)]
    cells[FIELDS[5].index] = '"Sales, ""EMEA"""'
    assert copied.text == ",".join(cells)
    assert copied.status == "Copied aberg as a CSV record, without password and salt"
    copied = row_to_copy(ANNA._replace(location="Oslo\r\nrm -rf /\n", agent_id="\x1b[201~"))
    assert strip_control_characters(copied.text) == copied.text
    assert copied.status.endswith("; 4 control characters removed")


# In a real terminal

COPIER = """
import sys
from textual.app import App
from textual.widgets import Static
from qm_tui.tui.terminal.clipboard import copy

class Copier(App):
    def compose(self):
        yield Static("", markup=False)

    async def on_mount(self):
        said = await copy(self, sys.argv[1])
        self.query_one(Static).update(f"Done. {said}")

Copier().run()
"""


def _decoded(received: bytes) -> list[str]:
    """The texts in the sequences that a terminal received."""
    found = re.findall(rb"\x1b\]52;c?;([A-Za-z0-9+/=]*)(?:\x07|\x1b\\)", received)
    return [base64.b64decode(one).decode() for one in found]


TEXT = 'Björn\'s 陳; $(x) "y"'


def test_real_terminal_receives_the_sequence(xterm):
    with Terminal([sys.executable, "-c", COPIER, TEXT]) as terminal:
        terminal.wait_for("Done.")
        terminal.settle()
        assert _decoded(terminal.received) == [TEXT]


@pytest.fixture
def tmux(monkeypatch):
    """Functions that start the copier in a separate tmux, and that run a command in that tmux."""
    needs_package("tmux")
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)
    folder = Path(tempfile.mkdtemp(prefix="qm"))  # the path of a socket must be short
    socket = str(folder / "s")

    def ask(*command: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", socket, *command], capture_output=True, check=False, timeout=10
        )
        return done.stdout.decode()

    def start(options: str, term: str = "xterm-256color", before: str = "") -> Terminal:
        (folder / "conf").write_text(options)
        shell = shlex.join([sys.executable, "-c", COPIER, TEXT])
        command = ["tmux", "-S", socket, "-f", str(folder / "conf"), "new-session"]
        return Terminal([*command, f"{before} {shell}"], environment={"TERM": term})

    yield start, ask
    ask("kill-server")
    shutil.rmtree(folder)


@pytest.mark.parametrize("setting", ["on", "off"])
def test_tmux_and_its_terminal_have_the_text_with_any_options(tmux, setting):
    start, ask = tmux
    with start(f"set -s set-clipboard {setting}\n") as terminal:
        terminal.wait_for("Done.")
        terminal.settle(0.3)
        assert ask("show-buffer") == TEXT
        assert _decoded(terminal.received) == [TEXT]
        assert "Copied to the tmux buffer" not in terminal.text


def test_tmux_in_a_terminal_without_a_clipboard_is_reported(tmux):
    start, ask = tmux
    with start("", "vt100") as terminal:
        terminal.wait_for("Copied to the tmux buffer only")
        terminal.settle()
        assert ask("show-buffer") == TEXT
        said = " ".join(terminal.text.split())
        assert "tmux set -as terminal-features ',vt100:clipboard'" in said


@pytest.mark.parametrize(
    ("term", "options"),
    [
        ("tmux-256color", "set -g allow-passthrough on"),
        ("screen-256color", "set -s set-clipboard on"),
    ],
)
def test_remote_tmux_forwards_the_sequence_if_its_options_allow_it(tmux, term, options):
    start, _ = tmux
    with start(f"{options}\n", before=f"env -u TMUX TERM={term}") as terminal:
        terminal.wait_for("Done.")
        terminal.settle(0.3)
        assert _decoded(terminal.received) == [TEXT]


@pytest.mark.parametrize("tmux_does", ["exit 1", "exec sleep 9", None])
async def test_text_is_sent_to_the_terminal_if_tmux_does_not_respond(
    tmp_path, monkeypatch, xterm, tmux_does
):
    monkeypatch.setattr("qm_tui.tui.terminal.clipboard._TMUX_TIME", 0.2)
    monkeypatch.setenv("TMUX", "/nowhere,1,0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=None)
    if tmux_does is not None:
        (tmp_path / "tmux").write_text(f"#!/bin/sh\n{tmux_does}\n".replace("sleep", "/bin/sleep"))
        (tmp_path / "tmux").chmod(0o755)
    said, written = await copied("0413")
    assert f"{ESC}Ptmux;{ESC}{PLAIN}{ESC}\\" in written
    assert ("did not respond" in said) is (tmux_does != "exit 1")
