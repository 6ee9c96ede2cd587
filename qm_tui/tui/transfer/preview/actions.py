"""What the preview opens: records, problems, forms, files, and the questions at the end."""

from collections.abc import Sequence
from typing import Any

from textual.app import App

from qm_tui.transfer.importing import PreparedImport
from qm_tui.transfer.planning.plan import IssueGroup, RecordOutcome
from qm_tui.transfer.planning.plan_text import removals_text
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.changes.operation import NOT_SAVED, Accepted
from qm_tui.tui.transfer.preview.correct_screen import Corrections, CorrectScreen
from qm_tui.tui.transfer.preview.mapping.flow import map_columns
from qm_tui.tui.transfer.preview.record_list import Numbers
from qm_tui.tui.transfer.preview.record_screen import RecordScreen, RecordScreenResult
from qm_tui.tui.transfer.preview.save import save_records, save_text
from qm_tui.tui.transfer.preview.summary import ProblemsDialog
from qm_tui.tui.transfer.preview.view_model import Preview, RecordFilter
from qm_tui.tui.widgets.message_box import ConfirmQuestion

__all__ = ["map_columns", "save_records", "save_text"]

Decision = Accepted[PreparedImport]
"""The import to commit."""


async def show_problems(app: App[Any], preview: Preview) -> IssueGroup | None:
    """Show all problems; return the group to show the records of, if one was selected."""
    return await app.push_screen_wait(ProblemsDialog(preview.prepared))


async def show_record(
    app: App[Any], preview: Preview, outcomes: Sequence[RecordOutcome], row: int
) -> RecordScreenResult:
    """Show a record, and on request the others; return which was shown last.

    Args:
        app: shows the screen.
        preview: the preview.
        outcomes: the results of the records that are listed.
        row: the row of the record.
    """
    screen = RecordScreen(outcomes[row], outcomes, row, preview.plan.options)
    return await app.push_screen_wait(screen)


async def correct_records(
    app: App[Any], preview: Preview, begin_with: int | None
) -> Corrections | None:
    """Correct the rejected records.

    Args:
        app: shows the form.
        preview: the preview.
        begin_with: the number of the first record to correct, if it is rejected.

    Returns:
        The corrections; None if there are none.
    """
    numbers = Numbers(preview.rows[RecordFilter.REJECTED])
    screen = CorrectScreen(preview.prepared, numbers, begin_with=begin_with)
    return await app.push_screen_wait(screen)


async def confirm_import(app: App[Any], preview: Preview) -> int | None:
    """Ask for the number of a mass change.

    Returns:
        The number; 0 if the import is no mass change, None if it was canceled.
    """
    number = preview.plan.required_confirmation
    if not number:
        return 0
    text = f"{removals_text(preview.plan)} {NOT_SAVED}"
    dialog = ConfirmDialog(number, text, title="Import with mass changes?", yes="Import")
    return number if await app.push_screen_wait(dialog) else None


async def confirm_cancel(app: App[Any], unsaved: str) -> bool:
    """Ask whether to cancel an import with corrections, given what would be lost."""
    text = f"Cancel the import? {unsaved}."
    question = ConfirmQuestion(text, yes="Cancel import", no="Continue import")
    return await app.push_screen_wait(question)
