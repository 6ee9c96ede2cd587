"""The one door through which text reaches a widget.

Textual reads a `str` as markup: `[@click=app.quit]` in a user's name would run when clicked. A
widget is therefore given `Content` made here, never a `str` that others wrote.
"""

from collections.abc import Iterable
from pathlib import Path

from textual.content import Content

from qm_tui.paths import short
from qm_tui.text import visible


def safe(text: str, limit: int = 4096) -> Content:
    """Text for a widget: no markup, and nothing in it that a terminal would obey."""
    return Content(visible(text, limit))


def safe_lines(lines: Iterable[str]) -> Content:
    """Several lines for a widget, each of them made safe."""
    return Content("\n").join([safe(line) for line in lines])


def safe_path(path: Path, width: int = 4096) -> Content:
    """A path for a widget, with `~` for the home folder; a long one loses its beginning."""
    shown = visible(short(path))
    return Content(shown if len(shown) <= width else "…" + shown[len(shown) - width + 1 :])
