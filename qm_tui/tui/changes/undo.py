"""Undo on the pages: plan it, ask, and carry it out."""

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from rich.cells import cell_len
from textual.screen import Screen

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.action_text import short_undone_text, undone_text
from qm_tui.store.changes.plan import PlanOutdated, commit_plan
from qm_tui.store.changes.undo import UndoPlan, plan_undo
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.interface import UserStore
from qm_tui.tui.changes.undo_dialog import UndoAnswer, UndoDialog, UndoneReport
from qm_tui.tui.widgets.message_box import MessageDialog
from qm_tui.tui.work.background import free_in_background, run_job
from qm_tui.tui.work.job import UNDO, UserListView
from qm_tui.tui.work.session import STATUS_LENGTH, Session
from qm_tui.tui.work.user_query import make_view

_PLAN_CHANGED: Final = (
    f"{STORE_CHANGED} {UndoPlan.nothing_done} This is what the undo would do now."
)
_NO_TRANSACTIONS: Final = "Nothing to undo: there are no transactions yet."
_CANCELLED: Final = "Undo canceled. Nothing was changed."


@dataclass(frozen=True, slots=True)
class _UndoResult:
    """An undo that was carried out, and the view of the users table after it."""

    plan: UndoPlan
    view: UserListView


async def undo_transaction(page: Screen[Any], session: Session, number: int) -> None:
    """Undo a transaction, after a confirmation.

    Args:
        page: the page that shows the progress.
        session: the state that all pages share.
        number: the transaction; 0 for the last one.
    """
    store = session.store
    number = number or await asyncio.to_thread(_last_number, store)
    if not number:
        await page.app.push_screen_wait(MessageDialog(_NO_TRANSACTIONS))
        return
    make_plan = partial(plan_undo, store, number)
    plan: UndoPlan | None = None
    notice = ""
    while True:
        dialog = UndoDialog(number, make_plan, plan, notice)
        answer = await page.app.push_screen_wait(dialog)
        if isinstance(answer, str):
            await page.app.push_screen_wait(MessageDialog(answer))
        if not isinstance(answer, UndoAnswer) or not session.may_change:
            return
        plan = answer.plan
        work = partial(_undo, session, plan, answer.confirmed)
        outcome = await run_job(page, session, work, _CANCELLED, UNDO)
        if outcome is None:
            return
        if isinstance(outcome, _UndoResult):
            break
        plan, notice = outcome, _PLAN_CHANGED
    session.show_view(outcome.view)
    session.set_status(_message(outcome.plan))
    if outcome.plan.skipped:
        await page.app.push_screen_wait(UndoneReport(outcome.plan))
    free_in_background(page.app, plan.changes)
    if outcome.plan is not plan:
        free_in_background(page.app, outcome.plan.changes)


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


def _undo(
    session: Session, plan: UndoPlan, typed: int, progress: ProgressCallback
) -> _UndoResult | UndoPlan:
    """Undo; return a new plan if another admin changed the store."""
    store = session.store
    before = store.state.users
    try:
        done = commit_plan(store, plan, confirmed=typed, progress=progress)
    except PlanOutdated as outdated:
        now: UndoPlan = outdated.plan
        return now
    changed = [user_id for user_id, user in done.changes.items() if user is not None]
    restored = {user_id for user_id in changed if user_id not in before}
    return _UndoResult(
        done, make_view(session.query_runner, store.state, session.query, changed, restored)
    )
