"""Sanitized text for widgets.

Textual parses a `str` as markup: `[@click=app.quit]` in a user's name would run when clicked. So
widgets get `Content` made here, never a `str` with untrusted text.
"""

from collections.abc import Iterable
from pathlib import Path

from textual.content import Content

from qm_tui.paths import abbreviate_home
from qm_tui.text import sanitize


def safe(text: str, limit: int = 4096) -> Content:
    """Return text for a widget, without markup and control characters."""
    return Content(sanitize(text, limit))


def safe_lines(lines: Iterable[str]) -> Content:
    """Return several sanitized lines for a widget."""
    return Content("\n").join([safe(line) for line in lines])


def safe_path(path: Path, width: int = 4096) -> Content:
    """Return a path for a widget, with `~` for the home folder, shortened at its start."""
    shown = sanitize(abbreviate_home(path))
    return Content(shown if len(shown) <= width else "…" + shown[len(shown) - width + 1 :])
