"""Text with control sequences, and the check that none of them reaches a terminal."""

import re
import unicodedata

CONTROLS = (
    "\x1b]52;c;aGFja2Vk\x07"  # writes the clipboard
    "\x1b]8;;http://hacked.example\x1b\\link\x1b]8;;\x1b\\"  # a link
    "\x1b]0;hacked\x07\x1b[31337m\x1b[2J\x1b[13;37r\x1bP1$r\x1b\\\x1bc"
    "\x9b31337m\x9d52;c;aGFja2Vk\x9c\x90\x9e\x9f\x85\x84"
    "\x00\x07\x08\x0b\x0c\x0e\x0f\x7f\r\n\t"
)
INVISIBLE = "\u202eDIR\u202c\u2066\u2069\u200e\u200f\u061c\u200b\u200c\u200d\u2060\ufeff\u00ad"
SELECTORS = "\ufe0f\ufe00\U000e0100\u034f\u17b4\u180b\u180f"
ODD = (
    "\u2028\u2029\u180e\u115f\u3164\uffa0\u2800\u0378\U000e0001\U000e0041\ue000\ufffe\ud800 \udfff"
)
TOWER = "a" + "\u0301" * 200 + "\u20dd" * 50 + "\u0488" * 50
WIDE = "漢字😀👩\u200d👩\u200d👧🇳🇴ｱﾞ한글\u1100\u1161\u0e01\u0e33\u3000\xa0\u2003"
MARKUP = "[bold red][/nothing][@click=app.quit]quit[/][link=http://x]y[/link]$x {y} \\[z"

HOSTILE = f"{CONTROLS}{INVISIBLE}{SELECTORS}{ODD}{TOWER}{WIDE}{MARKUP}"


def _name(text: str) -> bytes:
    """Return as much of a text as fits into a file name."""
    valid = "".join(character for character in text if character not in "\0/\ud800\udfff").encode()
    return valid[:200].decode(errors="ignore").encode()


NAMES = [
    *map(_name, (CONTROLS, INVISIBLE, SELECTORS, ODD, TOWER, WIDE, MARKUP)),
    b"\xff\xfe\x9b31337m\x1b[2J",
]
"""The same texts as file names."""

_OURS = re.compile(
    r"\x1b\[[0-9;]*[mHABCDKJ]"  # style, cursor position, clearing
    r"|\x1b\[[?>=<][0-9;]*[hlucmpqt]|\x1b\[[0-9;?$]*p"  # modes, queried or set
    r"|\x1b\[[0-9]*(?:t|n| q)"
    r"|\x1b\[\?[0-9;]*\$p|\x1b[=>78]|\x1b\([B0]"
    r"|\x1b\]22;[a-z]+\x07"  # the shape of the pointer
    r"|\r|\n|\x0f"
)
_TEXT_OF_OURS = re.compile(r"\x1b\[(?:31337|13;37|2)[mrJ]")


def control_sequences(received: bytes) -> list[str]:
    """Return what is neither text nor one of the sequences that the terminal UI uses.

    Args:
        received: all bytes that the terminal received.
    """
    text = received.decode("utf-8", "surrogateescape")
    found = [match.group() for match in _TEXT_OF_OURS.finditer(text)]
    rest = _OURS.sub("", text)
    categories = [(character, unicodedata.category(character)) for character in rest]
    found += [character for character, category in categories if category[0] == "C"]
    found += [character for character, category in categories if category in ("Zl", "Zp")]
    found += [character for character in rest if character in SELECTORS]
    marks = 0
    for _, category in categories:
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if marks > 3:
            found.append("too many combining marks")
    return found
