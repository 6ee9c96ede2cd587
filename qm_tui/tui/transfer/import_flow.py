"""Import on the Users page: a file is chosen, looked at, and imported."""

import asyncio
from pathlib import Path
from typing import Any, Final

from textual.screen import Screen

from qm_tui.gc_control import no_garbage_collection
from qm_tui.progress import Tick
from qm_tui.text import counted
from qm_tui.transfer.importing import Asked, ConfirmationRequired, OutcomeChanged, commit
from qm_tui.transfer.planning.plan import Plan
from qm_tui.tui.transfer.open_dialog import OpenDialog
from qm_tui.tui.transfer.preview.screen import Decision, NotRead, PreviewScreen
from qm_tui.tui.transfer.preview.view_model import let_go_soon
from qm_tui.tui.widgets.message_box import Message
from qm_tui.tui.work.job import Job, View, ended_by
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of

_MEANWHILE: Final = (
    "Somebody changed the store meanwhile, and nothing was imported yet. This is what the import "
    "would do now."
)
_CANCELLED: Final = "Import cancelled. Nothing was changed."


async def import_file(page: Screen[Any], session: Session, folder: Path) -> Path:
    """Ask for a file, show what it would do, and import it.

    No other import can begin before this one ends.

    Args:
        page: the page on which it was asked for.
        session: what the pages share.
        folder: where the choice begins.

    Returns:
        The folder in which the choice ended.
    """
    session.preview(True)
    decided: Decision | NotRead | None
    decided, folder = await _chosen(page, session, folder)
    while isinstance(decided, Decision):
        overtaken = await _carried_out(page, session, decided)
        if overtaken is None:
            break
        decided = await _looked_at(page, overtaken)
        if isinstance(decided, NotRead):
            page.app.push_screen(Message(decided.sentence))
    session.unsaved = ""
    session.preview(False)
    return folder


async def _chosen(
    page: Screen[Any], session: Session, folder: Path
) -> tuple[Decision | None, Path]:
    """The import that was chosen and looked at, and the folder of its file."""
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
    """What came of a preview."""
    return await page.app.push_screen_wait(preview)


async def _carried_out(
    page: Screen[Any], session: Session, decision: Decision
) -> PreviewScreen | None:
    """Import; where that would no longer do what was seen, the preview of what it would do."""
    plan, asked = decision.prepared.plan, decision.prepared.asked
    job = session.begin(Job(page.post_message))
    again: PreviewScreen | None = None
    try:
        done, view = await asyncio.to_thread(_committed, decision, session, job.tick)
    except OutcomeChanged as changed:
        again = PreviewScreen(session, asked, changed.prepared, _MEANWHILE)
    except ConfirmationRequired:
        again = PreviewScreen(session, asked, None, _MEANWHILE)
    except Exception as error:
        page.post_message(ended_by(error, _CANCELLED))
    else:
        session.end(summary(done))
        session.show(view)
    if again is not None:
        session.end("")
    # what the state before held on to is let go of in steps as well, if nothing else holds it
    del decision
    let_go_soon(page.app, plan)
    return again


def _committed(decision: Decision, session: Session, tick: Tick) -> tuple[Plan, View]:
    """Import, and make what the users table shows then.

    Raises:
        OutcomeChanged: it would do something else now.
        ConfirmationRequired: it became a mass change.
        Refused: the store could not be written.
    """
    with no_garbage_collection():
        store = session.store
        report = commit(decision.prepared, store, tick, confirmed=decision.confirmed)
        plan = report.plan
        changed = plan.changes if report.committed else ()
        listing, wanted = session.listing, session.wanted
        return plan, view_of(listing, store.state, wanted, changed, plan.added, lifts=True)


def summary(plan: Plan) -> str:
    """What an import did, in the Actions bar's words."""
    said = f"Imported {plan.imported:,} of {counted(plan.records, 'record')}"
    if not plan.writes and plan.imported:
        said += ", all unchanged"
    return f"{said}, {plan.rejected:,} rejected" if plan.rejected else said
