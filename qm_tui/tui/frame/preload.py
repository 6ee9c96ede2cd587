"""Import of the dialogs and pages after the first screen is shown.

It takes as long as the import of Textual itself. The admin sees the first users before that, and
it is usually finished when the first key is pressed.
"""

import time
from importlib import import_module
from typing import Final

from qm_tui.tui.frame.navigation import PAGES

PRELOADED: Final = (
    "qm_tui.tui.users.user_screen",
    "qm_tui.tui.user.flow",
    "qm_tui.tui.changes.activation",
    "qm_tui.tui.changes.set_field_dialog",
    "qm_tui.tui.transfer.import_flow",
    "qm_tui.tui.transfer.export_flow",
    "qm_tui.tui.users.dialogs.views",
    "qm_tui.tui.users.dialogs.columns",
    "qm_tui.tui.users.dialogs.counts",
    "qm_tui.tui.users.dialogs.mark_list",
    *dict.fromkeys(page.module for page in PAGES.values()),
    "qm_tui.tui.changes.undo",
    "qm_tui.tui.text.clipboard_text",
)
"""The modules, in the order in which they are likely to be needed."""

_YIELD_SECONDS: Final = 0.005


def preload_modules() -> None:
    """Import the modules of `PRELOADED`. For worker threads."""
    for name in PRELOADED:
        import_module(name)
        time.sleep(_YIELD_SECONDS)
