"""The step of an import that maps the columns of its file."""

import asyncio
from typing import Any, Final

from textual.app import App

from qm_tui.errors import UserError
from qm_tui.paths import mappings_folder
from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.mapping.saved_mappings import save_mapping
from qm_tui.transfer.reading.read_options import ColumnMapping
from qm_tui.tui.transfer.preview.mapping.dialog import MappingDialog
from qm_tui.tui.widgets.message_box import MessageDialog

_NO_HEADER: Final = (
    "This file has no header, so there is nothing to map. Columns are read in the standard order "
    "of the fields."
)


async def map_columns(app: App[Any], prepared: PreparedImport) -> ColumnMapping | None:
    """Ask for a column mapping, and save it for files with the same header.

    Args:
        app: shows the dialog.
        prepared: the import.

    Returns:
        The mapping; None if the admin canceled, or the file has no header.
    """
    header = prepared.file_report.columns.header
    if not header:
        await app.push_screen_wait(MessageDialog(_NO_HEADER))
        return None
    mapping = await app.push_screen_wait(MappingDialog(prepared))
    if mapping is not None:
        try:
            await asyncio.to_thread(save_mapping, mappings_folder(), mapping.name, mapping, header)
        except UserError as error:
            await app.push_screen_wait(MessageDialog(str(error)))
    return mapping
