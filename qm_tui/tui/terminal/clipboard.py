r"""Copies text to the clipboard of the terminal in which the admin sits.

Over SSH only the terminal knows that clipboard. It is written with the sequence OSC 52, which no
terminal answers: whether it obeys is for its user to say. What stands between is asked, or known:

- tmux ignores the sequence unless its option `set-clipboard` is `on` (it is `external` unless
  changed), and passes on what is wrapped in `\ePtmux;` only with `allow-passthrough` (tmux 3.3 and
  later; it is off unless changed). But `tmux load-buffer -w` writes the clipboard whatever these
  options are, and keeps the text for a paste of its own. Only a tmux older than 3.2 does not know
  `-w`; that one passes on what is wrapped.
- tmux on another machine, from where the admin came here, cannot be asked. It is known by TERM.
- GNU screen passes on what is wrapped in `\eP`, of which it takes 768 bytes at once.
"""

import asyncio
import base64
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from textual.app import App

from qm_tui.errors import Refused
from qm_tui.text import visible

MOST: Final = 74_994
"""Bytes of UTF-8 that are copied. A sequence of up to 100,000 bytes is what terminals take, as far
as they say anything about it."""

_CHUNK: Final = 700
"""Bytes that GNU screen is given at once; it takes 768, with what is around them."""

_TMUX_TIME: Final = 2.0
"""Seconds after which tmux is not waited for any longer."""

_NO_CLIPBOARD: Final = re.compile(r"linux.*|dumb|unknown|ansi.*|cons\d+.*|vt\d+.*|")

_LINE_ENDS: Final = re.compile("\r\n|[\t\n-\r\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def without_controls(text: str) -> str:
    """The text without what a shell would obey, or show otherwise, when it is pasted.

    Ends of lines and tabs become a blank. Other control characters are left out, and so are those
    that turn the direction of writing.
    """
    return _CONTROLS.sub("", _LINE_ENDS.sub(" ", text))


async def copy(app: App[Any], text: str) -> str:
    """Copy a text, without its control characters.

    Args:
        app: the app whose terminal is meant.
        text: what is copied.

    Returns:
        Nothing where it was sent; else a sentence that says why it was not, or how far it came.
    """
    text = without_controls(text)
    size = len(text.encode())
    if size > MOST:
        return f"{size:,} bytes are more than terminals take: up to {MOST:,} can be copied."
    try:
        if os.environ.get("TMUX"):
            said, sequence = await asyncio.to_thread(_by_tmux, text)
        else:
            said, sequence = "", sequence_for(text, os.environ)
    except Refused as refused:
        return str(refused)
    if sequence:
        _write(app, sequence)
    return said


def _write(app: App[Any], sequence: str) -> None:
    driver = app._driver  # Textual has no other way to its terminal than its own OSC 52
    if driver is not None:
        driver.write(sequence)


# The sequences


def sequence_for(text: str, environment: Mapping[str, str]) -> str:
    """What is written to a terminal so that it copies the text.

    Args:
        text: what is copied.
        environment: the environment variables; `TMUX` is not among them.

    Raises:
        Refused: the terminal has no clipboard, or not for so much.
    """
    term = environment.get("TERM", "")
    if _NO_CLIPBOARD.fullmatch(term):
        msg = (
            f"This terminal (TERM={visible(term, 20)}) has no clipboard that programs can write. "
            "Nothing was copied."
        )
        raise Refused(msg)
    plain = _osc52(text)
    if "STY" not in environment and term.startswith("screen") and len(plain) > _CHUNK:
        # tmux or screen on another machine: tmux takes what is wrapped for screen, in one piece
        msg = (
            f"That is too long to be copied through a terminal with TERM={visible(term, 20)}. "
            "Nothing was copied."
        )
        raise Refused(msg)
    if "STY" in environment or term.startswith("screen"):
        return _through_screen(plain)
    return plain + _through_tmux(plain) if term.startswith("tmux") else plain


def _osc52(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def _through_tmux(sequence: str) -> str:
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def _through_screen(sequence: str) -> str:
    chunks = (sequence[at : at + _CHUNK] for at in range(0, len(sequence), _CHUNK))
    return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)


# tmux


def _by_tmux(text: str) -> tuple[str, str]:
    """Have tmux copy the text: what is to be said, and what is still to be written."""
    command = ("tmux", "load-buffer", "-w", "-", ";", "show-messages", "-T")
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=_TMUX_TIME, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        plain = _osc52(text)
        said = (
            "tmux did not answer. The text was sent past it, which works only where its option "
            "set-clipboard or allow-passthrough is on."
        )
        return said, plain + _through_tmux(plain)
    if done.returncode:  # older than 3.2
        return "", _through_tmux(_osc52(text))
    if re.search(rb"\bMs: \(string\)", done.stdout):
        return "", ""
    term = re.search(rb"(?m)^Terminal \d+: ([\w.+-]+)", done.stdout)
    name = term[1].decode() if term else "xterm*"
    said = (
        "Copied within tmux alone: its paste key (prefix ]) has it. tmux knows of no clipboard of "
        f"its terminal; if there is one: tmux set -as terminal-features ',{name}:clipboard'"
    )
    return said, ""
