"""Undo on the pages: a plan, a question with what it would do, and the undo itself."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from qm_tui.progress import Tick
from qm_tui.store.changes.undo import PlanChanged, UndoPlan, plan_undo, undo
from qm_tui.store.errors import ConfirmationRequired, StoreError
from qm_tui.store.interface import TransactionSummary, UserStore
from qm_tui.tui.changes.undo_dialog import UndoDialog, UndoneReport, kept_words
from qm_tui.tui.work.background import forget, in_background
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of

_MEANWHILE: Final = (
    "Somebody changed the store meanwhile, and nothing was undone yet. This is what Undo would do "
    "now."
)
_CANCELLED: Final = "Undo cancelled. Nothing was changed."


@dataclass(frozen=True, slots=True)
class _Undone:
    """An undo that was carried out, and what the users table shows after it."""

    plan: UndoPlan
    view: View


async def take_back(page: Screen[Any], session: Session, number: int) -> None:
    """Take back a transaction, after a question.

    Args:
        page: the page on which it was asked for.
        session: what the pages share.
        number: the transaction; 0 for the last one.
    """
    store = session.store
    found = await in_background(page, session, partial(_planned, store, number), _CANCELLED)
    if found is None:
        return
    transaction, plan = found
    said = ""
    while True:
        typed = await page.app.push_screen_wait(UndoDialog(transaction, plan, said))
        if typed is None or not session.may_change:
            return
        outcome = await in_background(
            page, session, partial(_undone, session, plan, typed), _CANCELLED
        )
        if outcome is None:
            return
        if isinstance(outcome, _Undone):
            break
        plan, said = outcome, _MEANWHILE
    session.show(outcome.view)
    kept = kept_words(outcome.plan.kept)
    session.say(f"Undone: {outcome.plan.done}{f', {kept}' if kept else ''}")
    if kept:
        page.app.push_screen(UndoneReport(transaction, outcome.plan))
    for one in (plan, outcome.plan):
        forget(page.app, one.changes)


def _planned(store: UserStore, number: int, tick: Tick) -> tuple[TransactionSummary, UndoPlan]:
    """The transaction, and what taking it back would do."""
    transactions = store.transactions()
    transaction = next((one for one in transactions if number in (0, one.number)), None)
    if transaction is None:
        msg = "There is nothing to undo: no transaction is known."
        raise StoreError(msg)
    return transaction, plan_undo(store, transaction.number, tick)


def _undone(session: Session, plan: UndoPlan, typed: int, tick: Tick) -> _Undone | UndoPlan:
    """Undo; another plan where others changed the store so that this one no longer holds."""
    store = session.store
    before = store.state.users
    try:
        done = undo(store, plan.number, confirmed=typed, expected=plan, tick=tick)
    except PlanChanged as error:
        return error.plan
    except ConfirmationRequired:
        return plan_undo(store, plan.number, tick)
    changed = [user_id for user_id, user in done.changes.items() if user is not None]
    restored = {user_id for user_id in changed if user_id not in before}
    return _Undone(done, view_of(session.listing, store.state, session.wanted, changed, restored))
