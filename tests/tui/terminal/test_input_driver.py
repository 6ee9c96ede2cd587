"""Terminal input: pasted text never acts as keys, and invalid bytes do no harm."""

import os

import pytest
from textual import events

from qm_tui.tui.terminal import input_driver
from qm_tui.tui.terminal.input_driver import PasteParser
from tests.helpers import ANNA, commit, user
from tests.tui.terminal.test_real_terminal import started

START, END = "\x1b[200~", "\x1b[201~"
HOSTILE = (
    "abc\x1b]Dxyz\x1bq\x1b[B\x1b\x1b[A\x1b]52;c;SEFDSw==\x07 \x1b[20\x1b[201\x1b[200~D\x1b[<0;5;5M"
)


def _came(*parts: str) -> list[tuple[str, str]]:
    parser = PasteParser()
    messages = [message for part in parts for message in parser.feed(part)]
    return [
        (type(one).__name__, one.text if isinstance(one, events.Paste) else getattr(one, "key", ""))
        for one in messages
    ]


WHOLE = f"a{START}{HOSTILE}{END}b"
WANTED = [("Key", "a"), ("Paste", HOSTILE.replace("\x1b", "\x1a")), ("Key", "b")]


def test_paste_is_one_text_without_keys_however_it_is_split():
    assert _came(WHOLE, WHOLE) == WANTED * 2
    assert _came(*WHOLE) == WANTED
    for at in range(1, len(WHOLE)):
        assert _came(WHOLE[:at], WHOLE[at:]) == WANTED, at


@pytest.mark.parametrize(
    ("parts", "keys"),
    [
        (["\x1bD"], ["escape", "D"]),
        (["\x1b", "D"], ["escape", "D"]),
        (["q\x1b[B\x1b[A\x1b[", "C\x1bOQ"], ["q", "down", "up", "right", "f2"]),
        (["\x1b\r"], ["escape", "enter"]),
        (["\x1b\x1b"], ["escape"]),  # the second one may start a sequence
        (["\x1b\x1b[B"], ["escape", "down"]),
        (["\x1b", "[B"], ["down"]),
        (["\x1bOP"], ["f1"]),
        (["\x1b\x7f"], ["ctrl+w"]),
        (["x\x1bjD"], ["x", "escape", "j", "D"]),
        ([f"{START}a\x1bD{END}\x1bD"], ["", "escape", "D"]),
    ],
)
def test_escape_is_not_lost_before_another_key(parts, keys):
    assert [key for _, key in _came(*parts) if key != "a\x1aD"] == [key for key in keys if key]


def test_escape_alone_is_a_key_after_a_moment(monkeypatch):
    monkeypatch.setattr(input_driver, "_ESCAPE_DELAY", 0)
    parser = PasteParser()
    assert not list(parser.feed("\x1b"))
    assert [getattr(message, "key", "") for message in parser.tick()] == ["escape"]
    assert not list(parser.tick())


def test_pasted_text_does_not_act_in_a_real_terminal(home):
    commit(home / "users.json", ANNA, user("bo"))
    with started(home) as terminal:
        terminal.wait_for("Anna")
        terminal.settle(0.5)
        before = terminal.text
        terminal.send(f"{START}{HOSTILE}\x1bD\x1bx\x1bq{END}")
        terminal.settle(0.4)
        assert terminal.text == before
        terminal.send(f"/{START}an\x1bna{END}")
        terminal.wait_for("1 of 2 shown")
        terminal.send("\x1b")
        terminal.settle(0.5)
        os.write(terminal.descriptor, b"\xff\xfe\xc3")
        terminal.settle(0.3)
        terminal.send("q")
        assert terminal.wait_for_end() == 0
