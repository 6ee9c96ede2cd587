"""What a key opens is imported when the first screen is there.

To import the dialogs and what stands behind them takes as long as Textual itself. The admin sees
the first users before that, and by the time that a key is pressed it is done.
"""

import time
from importlib import import_module
from typing import Final

LATER: Final = (
    "qm_tui.tui.user_screen",
    "qm_tui.tui.user_flow",
    "qm_tui.tui.bulk_flow",
    "qm_tui.tui.import_flow",
    "qm_tui.tui.export_flow",
    "qm_tui.tui.views_dialog",
    "qm_tui.tui.columns_dialog",
    "qm_tui.tui.counts_dialog",
    "qm_tui.tui.mark_list_dialog",
    "qm_tui.tui.activity_page",
    "qm_tui.tui.licenses_page",
    "qm_tui.tui.values_page",
    "qm_tui.tui.undo",
    "qm_tui.tui.to_copy",
)
"""The modules, those first that are likeliest to be wanted first."""

_REST: Final = 0.005


def import_later() -> None:
    """Import them. For worker threads."""
    for name in LATER:
        import_module(name)
        time.sleep(_REST)
