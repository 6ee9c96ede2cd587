"""The flow of an import: ask for the file, show the preview, import."""

import asyncio
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from qm_tui.gc_control import no_garbage_collection
from qm_tui.progress import Tick
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.text import counted
from qm_tui.transfer.importing import Asked, ConfirmationRequired, OutcomeChanged, commit
from qm_tui.transfer.planning.plan import Plan, Result
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.screen import Decision, NotRead, PreviewScreen
from qm_tui.tui.transfer.preview.view_model import let_go_soon
from qm_tui.tui.widgets.message_box import Message
from qm_tui.tui.work.job import IMPORT, Job, View, ended_by
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of

_MEANWHILE: Final = f"{STORE_CHANGED} Nothing was imported. This preview is up to date."
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
    session.preview(True)
    decided: Decision | NotRead | None
    decided, folder = await _chosen(page, session, folder)
    while isinstance(decided, Decision):
        outdated = await _carried_out(page, session, decided)
        if outdated is None:
            break
        decided = await _looked_at(page, outdated)
        if isinstance(decided, NotRead):
            page.app.push_screen(Message(decided.sentence))
    session.unsaved = ""
    session.preview(False)
    return folder


async def _chosen(
    page: Screen[Any], session: Session, folder: Path
) -> tuple[Decision | None, Path]:
    """Return the import to commit, and the folder of its file."""
    while True:
        path = await page.app.push_screen_wait(OpenDialog(folder))
        if path is None:
            return None, folder
        folder = path.parent
        decided = await _looked_at(page, PreviewScreen(session, Asked(path)))
        if not isinstance(decided, NotRead):
            return decided, folder
        await page.app.push_screen_wait(Message(decided.sentence))


async def _looked_at(page: Screen[Any], preview: PreviewScreen) -> Decision | NotRead | None:
    """Return the result of a preview."""
    return await page.app.push_screen_wait(preview)


async def _carried_out(
    page: Screen[Any], session: Session, decision: Decision
) -> PreviewScreen | None:
    """Import; if the result would not be as shown, return a new preview instead."""
    plan, asked = decision.prepared.plan, decision.prepared.asked
    job = session.begin(Job(page.post_message, IMPORT))
    new_preview: PreviewScreen | None = None
    try:
        imported, view = await asyncio.to_thread(_committed, decision, session, job.tick)
    except OutcomeChanged as changed:
        new_preview = PreviewScreen(session, asked, changed.prepared, _MEANWHILE)
    except ConfirmationRequired:
        new_preview = PreviewScreen(session, asked, None, _MEANWHILE)
    except Exception as error:
        page.post_message(ended_by(error, _CANCELLED))
    else:
        session.end(summary(imported))
        session.show(view)
    if new_preview is not None:
        session.end("")
    # drop the last reference, so that the old state is freed in steps together with the plan
    del decision
    let_go_soon(page.app, plan)
    return new_preview


def _committed(decision: Decision, session: Session, tick: Tick) -> tuple[Plan, View]:
    """Import, and build the users table. Runs in a thread.

    Raises:
        OutcomeChanged: another admin changed the store, and the result would differ.
        ConfirmationRequired: the import has become a mass change.
        Refused: the store cannot be written.
    """
    with no_garbage_collection():
        store = session.store
        report = commit(decision.prepared, store, tick, confirmed=decision.confirmed)
        plan = report.plan
        changed = plan.changes if report.committed else ()
        listing, wanted = session.listing, session.wanted
        return plan, view_of(listing, store.state, wanted, changed, plan.added, lifts=True)


def summary(plan: Plan) -> str:
    """Return the result of an import in at most `_STATUS` characters, for the Actions bar."""
    rejected = f"{plan.rejected:,} rejected"
    if not plan.writes:
        if not plan.rejected:
            return _ALL_UNCHANGED
        text = f"Nothing imported: {plan.counts[Result.UNCHANGED]:,} unchanged, {rejected}"
        return text if len(text) <= _STATUS else f"Nothing imported: no changes, {rejected}"
    counts = {result: plan.counts[result] for result in Result if result is not Result.UNCHANGED}
    parts = ", ".join(f"{count:,} {result}" for result, count in counts.items() if count)
    text = f"Imported: {parts}"
    return text if len(text) <= _STATUS else f"Imported: {counted(plan.writes, 'change')}"
