"""What a key opens is imported when the first screen is there.

To import the dialogs and what stands behind them takes as long as Textual itself. The admin sees
the first users before that, and by the time that a key is pressed it is done.
"""

import time
from importlib import import_module
from typing import Final

LATER: Final = (
    "qm_tui.tui.users.user_screen",
    "qm_tui.tui.user.flow",
    "qm_tui.tui.changes.flow",
    "qm_tui.tui.transfer.import_flow",
    "qm_tui.tui.transfer.export_flow",
    "qm_tui.tui.users.dialogs.views",
    "qm_tui.tui.users.dialogs.columns",
    "qm_tui.tui.users.dialogs.counts",
    "qm_tui.tui.users.dialogs.mark_list",
    "qm_tui.tui.activity.page",
    "qm_tui.tui.counts.licenses_page",
    "qm_tui.tui.counts.values_page",
    "qm_tui.tui.changes.undo",
    "qm_tui.tui.text.clipboard_text",
)
"""The modules, those first that are likeliest to be wanted first."""

_REST: Final = 0.005


def import_later() -> None:
    """Import them. For worker threads."""
    for name in LATER:
        import_module(name)
        time.sleep(_REST)
