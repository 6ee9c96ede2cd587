"""The flow of an import: ask for the file, show the preview, import."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.plan import PlanOutdated
from qm_tui.store.errors import STORE_CHANGED, StoreDisconnected
from qm_tui.text import pluralize
from qm_tui.transfer.importing import ImportRequest, PreparedImport, commit_import
from qm_tui.transfer.planning.plan import ImportPlan, Result
from qm_tui.tui.changes.operation import Accepted, Done, run_operation
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.screen import PreviewScreen
from qm_tui.tui.transfer.preview.view_model import free_plan_in_background
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.job import IMPORT
from qm_tui.tui.work.session import Session

_STORE_CHANGED: Final = f"{STORE_CHANGED} Nothing was imported. This preview is up to date."
_ALL_UNCHANGED: Final = "Nothing to import: all records are unchanged"
_STATUS: Final = 46
"""Characters that the Actions bar has room for."""

_CANCELED: Final = "Import canceled. Nothing was changed."


async def import_file(page: Screen[Any], session: Session, folder: Path) -> Path:
    """Ask for a file, show its preview, and import it.

    No other import can start before this one ends.

    Args:
        page: the page that started the import.
        session: the session shared by the pages.
        folder: the folder shown first.

    Returns:
        The folder of the file; if the dialog was canceled, the folder shown last.
    """
    disconnected = ""

    async def ask(outdated: PreparedImport | None) -> Accepted[PreparedImport] | None:
        nonlocal folder, disconnected
        preview: PreviewScreen | None = None
        if outdated is not None:
            note, disconnected = disconnected or _STORE_CHANGED, ""
            preview = PreviewScreen(session, outdated.request, outdated, note)
        while True:
            if preview is None:
                path = await page.app.push_screen_wait(OpenDialog(folder))
                if path is None:
                    return None
                folder = path.parent
                preview = PreviewScreen(session, ImportRequest(path))
            accepted, error = await page.app.push_screen_wait(preview), preview.error
            if not error:
                return accepted
            preview = None
            await page.app.push_screen_wait(MessageDialog(error))

    def result_text(prepared: PreparedImport) -> str:
        return summary(prepared.plan)

    def free(prepared: PreparedImport) -> None:
        free_plan_in_background(page.app, prepared.plan)

    def commit(
        prepared: PreparedImport, confirmed: int, progress: ProgressCallback
    ) -> Done[PreparedImport]:
        nonlocal disconnected
        try:
            return _commit(session, prepared, confirmed, progress)
        except StoreDisconnected as error:  # the preview may have corrections: show it again
            disconnected = str(error)
            raise PlanOutdated(prepared) from None

    session.set_previewing(True)
    await run_operation(page, session, ask, commit, result_text, free, _CANCELED, IMPORT)
    session.unsaved = ""
    session.set_previewing(False)
    return folder


def _commit(
    session: Session, prepared: PreparedImport, confirmed: int, progress: ProgressCallback
) -> Done[PreparedImport]:
    """Import, and build the users table. Runs in a thread.

    Raises:
        PlanOutdated: another admin changed the store, and the result would differ.
        UserError: the store cannot be written.
    """
    store = session.store
    report = commit_import(prepared, store, progress, confirmed=confirmed)
    plan = report.plan
    changed = plan.changes if report.committed else ()
    view = session.view_after(changed, plan.added, lifts=True)
    is_same = plan is prepared.plan
    return Done(prepared if is_same else replace(prepared, plan=plan), view)


def summary(plan: ImportPlan) -> str:
    """Return the result of an import in at most `_STATUS` characters, for the Actions bar."""
    rejected = f"{plan.rejected:,} rejected"
    if not plan.write_count:
        if not plan.rejected:
            return _ALL_UNCHANGED
        text = f"Nothing imported: {plan.counts[Result.UNCHANGED]:,} unchanged, {rejected}"
        return text if len(text) <= _STATUS else f"Nothing imported: no changes, {rejected}"
    counts = {result: plan.counts[result] for result in Result if result is not Result.UNCHANGED}
    parts = ", ".join(f"{count:,} {result}" for result, count in counts.items() if count)
    text = f"Imported: {parts}"
    return text if len(text) <= _STATUS else f"Imported: {pluralize(plan.write_count, 'change')}"
