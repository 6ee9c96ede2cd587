"""The flow of an export: ask for the file and the options, then write the users."""

from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from textual.screen import Screen

from qm_tui.config.preferences import load_preferences, save_preferences
from qm_tui.paths import expand_home
from qm_tui.progress import Phase, ProgressCallback
from qm_tui.transfer.exporting.export import export_users, require_secrets
from qm_tui.transfer.exporting.result import ExportResult
from qm_tui.tui.transfer.export_options_dialog import ExportGroup, ExportScope
from qm_tui.tui.transfer.save_dialog import SaveDialog, SaveRequest
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.background import run_job
from qm_tui.tui.work.job import EXPORT, UserListView
from qm_tui.tui.work.session import Session
from qm_tui.users.query.query import ALL, Query, Selection


async def export_file(page: Screen[Any], session: Session) -> None:
    """Ask for the file and the options of an export, and write the users.

    The first folder shown is that of the last export, or the home folder.

    Args:
        page: the page that started the export.
        session: the session shared by the pages.
    """
    preferences = load_preferences()
    name = f"users-{date.today().isoformat()}.csv"
    view, marks = session.view, session.marks
    shown = view.count if view is not None and view.query.filter else None
    scope = ExportScope(preferences.export_options, marks.number, shown, hidden=marks.hidden)
    folder = preferences.export_folder or expand_home(Path("~"))
    dialog = SaveDialog(folder, name, scope)
    request = await page.app.push_screen_wait(dialog)
    if request is None or session.is_busy or session.view is None:
        return
    work = partial(_export, session.view, request, marks.selection)
    exported = await run_job(
        page,
        session,
        work,
        "Export canceled. No file was written.",
        EXPORT,
        result_text=lambda _exported: "Export complete",
    )
    if exported is not None:
        await page.app.push_screen_wait(MessageDialog(*exported.messages))


def _export(
    view: UserListView, request: SaveRequest, marks: Selection, progress: ProgressCallback
) -> ExportResult:
    """Write the users. Runs in a thread.

    Raises:
        UserError: the file could not be written.
    """
    save_preferences(export_options=request.options, export_folder=request.path.parent)
    state, query = view.state, ALL
    require_secrets(state, request.options)
    if request.group is ExportGroup.SHOWN:
        query = view.searched
    elif request.group is ExportGroup.MARKED:
        query = Query(within=marks)
    rest = partial(progress, Phase.EXPORTING, 0, state.total)
    exported = export_users(
        state.stream(query, rest),
        state.count(query, rest).number,
        request.path,
        progress,
        overwrite=request.overwrite,
        options=request.options,
    )
    out_of = None if request.group is ExportGroup.ALL else state.total
    return replace(exported, out_of=out_of)
