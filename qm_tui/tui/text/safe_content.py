"""Sanitized text for widgets.

Textual parses a `str` as markup: `[@click=app.quit]` in a user's name would run when clicked. So
widgets get `Content` made here, never a `str` with untrusted text.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from textual.content import Content

from qm_tui.paths import abbreviate_home
from qm_tui.text import sanitize

_KEY: Final = re.compile(
    r"(?:^ ?|(?<=  ))\[?((?:[A-Z]\w+(?:\+\S+|/\S)?|[^\W\d_]|[^\w\s])(?: [^\w\s])*) "
)
"""The keys of a hint: after the blanks between two hints, and before its verb."""


def safe(text: str, limit: int = 4096) -> Content:
    """Return text for a widget, without markup and control characters."""
    return Content(sanitize(text, limit))


def key_hints(text: str) -> Content:
    """Return key hints for a widget: their keys stand out from their labels.

    Args:
        text: the hints as `Key verb`, with two blanks between them.
    """
    hints = safe(text)
    for key in _KEY.finditer(hints.plain):
        hints = hints.stylize("bold $foreground", *key.span(1))
    return hints


def safe_lines(lines: Iterable[str]) -> Content:
    """Return several sanitized lines for a widget."""
    return Content("\n").join([safe(line) for line in lines])


def safe_path(path: Path, width: int = 4096) -> Content:
    """Return a path for a widget, with `~` for the home folder, shortened at its start."""
    shown = sanitize(abbreviate_home(path))
    return Content(shown if len(shown) <= width else "…" + shown[len(shown) - width + 1 :])
