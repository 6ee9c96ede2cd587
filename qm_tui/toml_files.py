"""Reading of TOML files: settings, saved options, saved views and column mappings.

They are written by hand, or come from other people. Python's parser needs memory that grows with
the square of the parts of a dotted key, and fails on deep nesting and on long numbers with an error
that names no line. So a file is checked before it is parsed.
"""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from qm_tui.files import read_limited
from qm_tui.text import sanitize

MAX_SIZE: Final = 64 * 1024
"""The maximum size in bytes of a file that is written by hand, such as the settings."""

_MAX_DOTS: Final = 8
_MAX_DEPTH: Final = 8
_MAX_DIGITS: Final = 1000
_MAX_SHOWN: Final = 200

# Where a file is valid, each match is what the parser sees. Possessive: no text takes longer than
# its length.
_TOKEN: Final = re.compile(
    rf"""
    \"\"\"(?:[^"\\]++|\\.?|"{{1,2}}+(?!"))*+(?:"{{3,5}}+|\Z)  # text of several lines
    |'''(?:[^']++|'{{1,2}}+(?!'))*+(?:'{{3,5}}+|\Z)
    |"(?:[^"\\\n]++|\\[^\n])*+"?  # text
    |'[^'\n]*+'?
    |\#[^\n]*+  # comment
    |(?<![\w-])[+-]?\d\w{{{_MAX_DIGITS},}}+  # long number
    |[.\[\]{{}}\n]
    """,
    re.DOTALL | re.VERBOSE,
)


class InvalidTomlFile(ValueError):
    """The content of a file is invalid. The text is why, without a full stop."""


def read_toml(path: Path, max_size: int = MAX_SIZE) -> dict[str, Any]:
    """Return the content of a TOML file.

    Args:
        path: the file.
        max_size: the maximum size of the file, in bytes.

    Raises:
        OSError: it cannot be read, is not a regular file, or is larger.
        InvalidTomlFile: it is not TOML, or needs too much memory.
    """
    try:
        text = read_limited(path, max_size).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        msg = f"line {line} is not UTF-8 text"
        raise InvalidTomlFile(msg) from error
    _check(text)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        msg = f"it is not valid TOML: {sanitize(str(error), _MAX_SHOWN)}"
        raise InvalidTomlFile(msg) from error


def _check(text: str) -> None:
    """Raise InvalidTomlFile if parsing could take much memory, or fail without naming a line."""
    line, dots, depth = 1, 0, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        match token[0]:
            case "\n":
                line, dots = line + 1, 0
            case ".":
                dots += 1
            case "[" | "{":
                depth += 1
            case "]" | "}":
                depth -= 1
            case '"' | "'":
                line += token.count("\n")
            case "#":
                pass
            case _:
                msg = f"a number in line {line} has more than {_MAX_DIGITS:,} digits"
                raise InvalidTomlFile(msg)
        if dots > _MAX_DOTS:
            msg = f"line {line} has more than {_MAX_DOTS} dots outside quotes"
            raise InvalidTomlFile(msg)
        if depth > _MAX_DEPTH:
            msg = f"line {line} is nested more than {_MAX_DEPTH} levels deep"
            raise InvalidTomlFile(msg)
