"""The flow of an export: ask for the file and the options, then write the users."""

import asyncio
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from textual.screen import Screen

from qm_tui.preferences import remember, remembered
from qm_tui.progress import Tick
from qm_tui.transfer.exporting.export import export_users
from qm_tui.transfer.exporting.result import Exported
from qm_tui.tui.transfer.export_options_dialog import Scope, Who
from qm_tui.tui.transfer.save_dialog import SaveChoice, SaveDialog
from qm_tui.tui.widgets.message_box import Message
from qm_tui.tui.work.job import EXPORT, Job, View, ended_by
from qm_tui.tui.work.session import Session


async def export_file(page: Screen[Any], session: Session, folder: Path) -> Path:
    """Ask for the file and the options of an export, and write the users.

    Args:
        page: the page that started the export.
        session: the session shared by the pages.
        folder: the folder shown first.

    Returns:
        The folder of the file; if the dialog was canceled, the folder given.
    """
    name = f"users-{date.today().isoformat()}.csv"
    view = session.view
    shown = len(view.user_ids) if view is not None and view.wanted.filter else None
    scope = Scope(
        remembered().export_choices, len(session.marks), shown, hidden=session.hidden_marks
    )
    dialog = SaveDialog(folder, name, scope)
    choice = await page.app.push_screen_wait(dialog)
    if choice is None or session.is_busy or session.view is None:
        return folder
    marks = frozenset(session.marks)
    job = session.begin(Job(page.post_message, EXPORT))
    try:
        exported = await asyncio.to_thread(_exported, session.view, choice, marks, job.tick)
    except Exception as error:
        page.post_message(ended_by(error, "Export canceled. No file was written."))
    else:
        session.end("Export complete")
        page.app.push_screen(Message(*exported.sentences))
    return choice.path.parent


def _exported(view: View, choice: SaveChoice, marks: frozenset[str], tick: Tick) -> Exported:
    """Write the users. Runs in a thread.

    Raises:
        Refused: the file could not be written.
    """
    remember(export_choices=choice.choices)
    users = view.state.users
    out_of = None if choice.who is Who.ALL else len(users)
    if choice.who is Who.SHOWN:
        selected = [users[user_id] for user_id in view.user_ids]
    elif choice.who is Who.MARKED:
        selected = [user for user in users.values() if user.user_id in marks]
    else:
        selected = list(users.values())
    exported = export_users(
        selected, choice.path, tick, overwrite=choice.overwrite, choices=choice.choices
    )
    return replace(exported, out_of=out_of)
