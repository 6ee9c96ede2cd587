r"""Copying text to the clipboard of the admin's terminal.

Over SSH only the terminal can reach that clipboard. It is written with the sequence OSC 52, to
which terminals send no reply. Terminal multiplexers need special care:

- tmux ignores the sequence unless its option `set-clipboard` is `on` (default: `external`), and
  forwards a sequence wrapped in `\ePtmux;` only with `allow-passthrough` (tmux 3.3 and later,
  default: off). But `tmux load-buffer -w` writes the clipboard regardless of these options, and
  keeps the text in a buffer. tmux before 3.2 does not know `-w`, but forwards wrapped sequences.
- tmux on another machine, from which the admin connected, cannot be called. TERM identifies it.
- GNU screen forwards sequences wrapped in `\eP`, at most 768 bytes at a time.
"""

import asyncio
import base64
import os
import re
import subprocess
from collections.abc import Mapping
from typing import Any, Final

from textual.app import App

from qm_tui.errors import UserError
from qm_tui.text import sanitize

MAX_BYTES: Final = 74_994
"""The maximum size of a copied text in bytes of UTF-8. Terminals that document a limit accept
sequences of up to 100,000 bytes."""

_CHUNK: Final = 700
"""Bytes that are sent to GNU screen at a time; it accepts 768, including the wrapping."""

_TMUX_TIME: Final = 2.0
"""The timeout for tmux in seconds."""

_NOT_COPIED: Final = "Nothing was copied."
_NO_RESPONSE: Final = (
    "tmux did not respond. The text was sent directly to the terminal, which works only if the "
    "tmux option set-clipboard or allow-passthrough is on."
)

_NO_CLIPBOARD: Final = re.compile(r"linux.*|dumb|unknown|ansi.*|cons\d+.*|vt\d+.*|")

_LINE_ENDS: Final = re.compile("\r\n|[\t\n-\r\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)


def strip_control_characters(text: str) -> str:
    """Return the text without characters that a shell would interpret when it is pasted.

    Line ends and tabs become blanks. Other control characters and those that change the direction
    of writing are removed.
    """
    return _CONTROLS.sub("", _LINE_ENDS.sub(" ", text))


async def copy(app: App[Any], text: str) -> str:
    """Copy a text, without its control characters.

    Args:
        app: the app that runs in the terminal.
        text: the text.

    Returns:
        An empty string if it was sent; otherwise a sentence for the admin.
    """
    text = strip_control_characters(text)
    size = len(text.encode())
    if size > MAX_BYTES:
        return f"Too large to copy: {size:,} bytes (maximum {MAX_BYTES:,}). {_NOT_COPIED}"
    try:
        if os.environ.get("TMUX"):
            message, sequence = await asyncio.to_thread(_copy_by_tmux, text)
        else:
            message, sequence = "", sequence_for(text, os.environ)
    except UserError as error:
        return str(error)
    if sequence:
        write_sequence(app, sequence)
    return message


def write_sequence(app: App[Any], sequence: str) -> None:
    """Write a control sequence to the terminal."""
    # Textual's own method writes only a plain OSC 52 sequence. Delete this when it writes others:
    # https://github.com/Textualize/textual/blob/v8.2.8/src/textual/app.py#L1770
    driver = app._driver
    if driver is not None:
        driver.write(sequence)


# The sequences


def sequence_for(text: str, environment: Mapping[str, str]) -> str:
    """Return the sequence that makes a terminal copy the text.

    Args:
        text: the text.
        environment: the environment variables, without `TMUX`.

    Raises:
        UserError: the terminal does not support it, or not for a text of this length.
    """
    term = environment.get("TERM", "")
    if _NO_CLIPBOARD.fullmatch(term):
        msg = (
            f"This terminal (TERM={sanitize(term, 20)}) does not support copying to the clipboard. "
            f"{_NOT_COPIED}"
        )
        raise UserError(msg)
    plain = _osc52(text)
    if "STY" not in environment and term.startswith("screen") and len(plain) > _CHUNK:
        # tmux or screen on another machine: tmux accepts a sequence wrapped for screen, unsplit
        msg = f"The text is too long to copy with TERM={sanitize(term, 20)}. {_NOT_COPIED}"
        raise UserError(msg)
    if "STY" in environment or term.startswith("screen"):
        return _through_screen(plain)
    return plain + _through_tmux(plain) if term.startswith("tmux") else plain


def _osc52(text: str) -> str:
    return f"\x1b]52;c;{base64.b64encode(text.encode()).decode()}\x07"


def _through_tmux(sequence: str) -> str:
    doubled = sequence.replace("\x1b", "\x1b\x1b")
    return f"\x1bPtmux;{doubled}\x1b\\"


def _through_screen(sequence: str) -> str:
    chunks = (sequence[start : start + _CHUNK] for start in range(0, len(sequence), _CHUNK))
    return "".join(f"\x1bP{chunk}\x1b\\" for chunk in chunks)


# tmux


def _copy_by_tmux(text: str) -> tuple[str, str]:
    """Copy the text with tmux; return a message, and the sequence that is still to be written."""
    command = ("tmux", "load-buffer", "-w", "-", ";", "show-messages", "-T")
    try:
        done = subprocess.run(
            command, input=text.encode(), capture_output=True, timeout=_TMUX_TIME, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        plain = _osc52(text)
        return _NO_RESPONSE, plain + _through_tmux(plain)
    if done.returncode:  # older than 3.2
        return "", _through_tmux(_osc52(text))
    if re.search(rb"\bMs: \(string\)", done.stdout):
        return "", ""
    term = re.search(rb"(?m)^Terminal \d+: ([\w.+-]+)", done.stdout)
    name = term[1].decode() if term else "xterm*"
    message = (
        "Copied to the tmux buffer only (paste with prefix ]). If your terminal has a clipboard, "
        f"enable it in tmux: tmux set -as terminal-features ',{name}:clipboard'"
    )
    return message, ""
