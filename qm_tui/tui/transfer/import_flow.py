"""The flow of an import: ask for the file, show the preview, import."""

import asyncio
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from qm_tui.gc_control import gc_paused
from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.plan import PlanOutdated
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.text import pluralize
from qm_tui.transfer.importing import ImportRequest, commit_import
from qm_tui.transfer.planning.plan import ImportPlan, Result
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.screen import Decision, PreviewScreen, ReadFailed
from qm_tui.tui.transfer.preview.view_model import free_plan_in_background
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.flow import keys_released
from qm_tui.tui.work.job import IMPORT, Job, UserListView, job_end_message
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import make_view

_STORE_CHANGED: Final = f"{STORE_CHANGED} Nothing was imported. This preview is up to date."
_ALL_UNCHANGED: Final = "Nothing to import: all records are unchanged"
_STATUS: Final = 46
"""Characters that the Actions bar has room for."""

_CANCELLED: Final = "Import canceled. Nothing was changed."


async def import_file(page: Screen[Any], session: Session, folder: Path) -> Path:
    """Ask for a file, show the preview, and import it.

    No other import can start before this one ends.

    Args:
        page: the page that started the import.
        session: the session shared by the pages.
        folder: the folder shown first.

    Returns:
        The folder of the file; if the dialog was canceled, the folder shown last.
    """
    session.set_previewing(True)
    decided: Decision | ReadFailed | None
    decided, folder = await _choose_file(page, session, folder)
    while isinstance(decided, Decision):
        outdated = await _apply(page, session, decided)
        if outdated is None:
            break
        decided = await _review(page, outdated)
        if isinstance(decided, ReadFailed):
            await page.app.push_screen_wait(MessageDialog(decided.message))
    session.unsaved = ""
    session.set_previewing(False)
    return folder


async def _choose_file(
    page: Screen[Any], session: Session, folder: Path
) -> tuple[Decision | None, Path]:
    """Return the import to commit, and the folder of its file."""
    while True:
        path = await page.app.push_screen_wait(OpenDialog(folder))
        if path is None:
            return None, folder
        folder = path.parent
        decided = await _review(page, PreviewScreen(session, ImportRequest(path)))
        if not isinstance(decided, ReadFailed):
            return decided, folder
        await page.app.push_screen_wait(MessageDialog(decided.message))


async def _review(page: Screen[Any], preview: PreviewScreen) -> Decision | ReadFailed | None:
    """Return the result of a preview."""
    return await page.app.push_screen_wait(preview)


async def _apply(page: Screen[Any], session: Session, decision: Decision) -> PreviewScreen | None:
    """Import; if the result would not be as shown, return a new preview instead."""
    plan, request = decision.prepared.plan, decision.prepared.request
    job = session.begin_job(Job(page.post_message, IMPORT))
    new_preview: PreviewScreen | None = None
    try:
        with keys_released():
            imported, view = await asyncio.to_thread(
                _commit, decision, session, job.report_progress
            )
    except PlanOutdated as changed:
        new_preview = PreviewScreen(session, request, changed.plan, _STORE_CHANGED)
    except Exception as error:
        page.post_message(job_end_message(error, _CANCELLED))
    else:
        session.end_job(summary(imported))
        session.show_view(view)
    if new_preview is not None:
        session.end_job("")
    # drop the last reference, so that the old state is freed in steps together with the plan
    del decision
    free_plan_in_background(page.app, plan)
    return new_preview


def _commit(
    decision: Decision, session: Session, progress: ProgressCallback
) -> tuple[ImportPlan, UserListView]:
    """Import, and build the users table. Runs in a thread.

    Raises:
        PlanOutdated: another admin changed the store, and the result would differ.
        UserError: the store cannot be written.
    """
    with gc_paused():
        store = session.store
        report = commit_import(decision.prepared, store, progress, confirmed=decision.confirmed)
        plan = report.plan
        changed = plan.changes if report.committed else ()
        listing, query = session.query_runner, session.query
        return plan, make_view(listing, store.state, query, changed, plan.added, lifts=True)


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
