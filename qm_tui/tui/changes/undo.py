"""Undo on the pages: plan it, ask, and carry it out."""

import asyncio
from functools import partial
from typing import Any, Final

from rich.cells import cell_len
from textual.screen import Screen

from qm_tui.store.changes.action_text import short_undone_text, undone_text
from qm_tui.store.changes.undo import UndoPlan, plan_undo
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.interface import UserStore
from qm_tui.tui.changes.operation import Accepted, commit_and_view, run_operation
from qm_tui.tui.changes.undo_dialog import UndoDialog, UndoneReport
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.background import free_in_background
from qm_tui.tui.work.job import UNDO
from qm_tui.tui.work.session import STATUS_LENGTH, Session

_PLAN_CHANGED: Final = (
    f"{STORE_CHANGED} {UndoPlan.nothing_done} This is what the undo would do now."
)
_NO_TRANSACTIONS: Final = "Nothing to undo: there are no transactions yet."
_CANCELED: Final = "Undo canceled. Nothing was changed."


async def undo_transaction(page: Screen[Any], session: Session, number: int) -> None:
    """Undo a transaction, after a confirmation.

    Args:
        page: the page that shows the progress.
        session: the state that all pages share.
        number: the transaction; 0 for the last one.
    """
    store, app = session.store, page.app
    number = number or await asyncio.to_thread(_last_number, store)
    if not number:
        await app.push_screen_wait(MessageDialog(_NO_TRANSACTIONS))
        return

    async def ask(outdated: UndoPlan | None) -> Accepted[UndoPlan] | None:
        notice = "" if outdated is None else _PLAN_CHANGED
        dialog = UndoDialog(number, partial(plan_undo, store, number), outdated, notice)
        answer, plan = await app.push_screen_wait(dialog), dialog.plan
        if dialog.error:
            await app.push_screen_wait(MessageDialog(dialog.error))
        if answer is None or plan is None or session.explain_obstacle():
            return None
        return Accepted(plan, plan.required_confirmation)

    def free(plan: UndoPlan) -> None:
        free_in_background(app, plan.changes)

    commit = partial(commit_and_view, session, moves_cursor=True)
    done = await run_operation(page, session, ask, commit, _message, free, _CANCELED, UNDO)
    if done is not None and done.skipped:
        await app.push_screen_wait(UndoneReport(done))


def _message(plan: UndoPlan) -> str:
    """Return what was undone; only its number, if the subject is too long for the Actions bar."""
    message = f"{undone_text(plan.transaction)}."
    if cell_len(message) > STATUS_LENGTH:
        message = f"{short_undone_text(plan.transaction)}."
    skipped = f"{message} {plan.skipped_text} not reverted."
    return skipped if plan.skipped and cell_len(skipped) <= STATUS_LENGTH else message


def _last_number(store: UserStore) -> int:
    """Return the number of the last transaction; 0 if there is none."""
    return next((transaction.number for transaction in store.transactions()), 0)
