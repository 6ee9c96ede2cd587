"""Bulk changes of the current user or the marked users, each in one transaction."""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any

from textual.screen import Screen

from qm_tui.config.preferences import load_preferences
from qm_tui.progress import CHUNK_SIZE, Phase, ProgressCallback
from qm_tui.store.changes.bulk import BulkChange, BulkPlan
from qm_tui.store.changes.bulk import by_ids as fixed_users
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.tui.changes.activate_dialog import ACTIVATE, INACTIVATE, ActivateDialog, ActiveCounts
from qm_tui.tui.changes.apply import CANCELED, apply_bulk, plan_in_background
from qm_tui.tui.changes.delete_dialog import DeleteAnswer, DeleteDialog
from qm_tui.tui.changes.selection import Selection
from qm_tui.tui.changes.set_field_dialog import SetFieldDialog
from qm_tui.tui.changes.summary import result_text
from qm_tui.tui.work.background import run_job
from qm_tui.tui.work.session import Session


async def activate(page: Screen[Any], session: Session, selection: Selection) -> None:
    """Activate or inactivate users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        selection: the users.
    """
    state = session.store.state
    how_many = await _count_in_background(page, session, selection.user_ids, state)
    if how_many is not None and how_many.users:
        answer = await page.app.push_screen_wait(ActivateDialog(selection.label, how_many))
        if answer is not None:
            await _set_active(page, session, selection, answer, state)


async def set_field(page: Screen[Any], session: Session, selection: Selection) -> None:
    """Set a field for users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        selection: the users.
    """
    allows = (await asyncio.to_thread(load_preferences)).import_options.allow_unlicensed
    dialog = SetFieldDialog(session, selection.user_ids, selection.label, allow_unlicensed=allows)
    plan = await page.app.push_screen_wait(dialog)
    if plan is not None:
        await apply_bulk(page, session, plan, partial(result_text, dialog.selected))


async def delete(page: Screen[Any], session: Session, selection: Selection) -> None:
    """Delete users, or inactivate them instead.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        selection: the users.
    """
    state = session.store.state
    how_many = await _count_in_background(page, session, selection.user_ids, state)
    if how_many is None or not how_many.users:
        return
    dialog = DeleteDialog(selection.label, how_many, len(state.users))
    answer = await page.app.push_screen_wait(dialog)
    if answer is DeleteAnswer.INACTIVATE:
        await _set_active(page, session, selection, INACTIVATE, state)
    elif answer is DeleteAnswer.DELETE:
        change = BulkChange(Action(TransactionKind.DELETE), fixed_users(selection.user_ids), None)
        plan = await plan_in_background(page, session, change, state)
        if plan is not None:
            # the dialog has asked for the number
            confirmed = plan.required_confirmation
            await apply_bulk(page, session, plan, _deletion_text, confirmed=confirmed)


async def _set_active(
    page: Screen[Any], session: Session, selection: Selection, flag: str, state: State
) -> None:
    kind = TransactionKind.ACTIVATE if flag == ACTIVATE else TransactionKind.INACTIVATE
    change = BulkChange(Action(kind), fixed_users(selection.user_ids), {"is_active": flag})
    plan = await plan_in_background(page, session, change, state)
    if plan is not None:
        await apply_bulk(page, session, plan, _activation_text)


def _activation_text(plan: BulkPlan) -> str:
    users = pluralize(len(plan.changes), "user")
    is_activation = plan.change.action.kind is TransactionKind.ACTIVATE
    return f"Activated {users}" if is_activation else f"Inactivated {users}"


def _deletion_text(plan: BulkPlan) -> str:
    return f"Deleted {pluralize(len(plan.changes), 'user')}"


async def _count_in_background(
    page: Screen[Any], session: Session, user_ids: Collection[str], state: State
) -> ActiveCounts | None:
    """Return how many of the users are active; None if the page has shown why it is unknown."""
    work = partial(_count_active, state, user_ids)
    return await run_job(page, session, work, CANCELED, holds_keys=True)


def _count_active(
    state: State, user_ids: Collection[str], progress: ProgressCallback
) -> ActiveCounts:
    active = existing = 0
    for done, user_id in enumerate(user_ids):
        if not done % CHUNK_SIZE:
            progress(Phase.CHECKING, done, len(user_ids))
        user = state.users.get(user_id)
        if user is not None:
            existing += 1
            active += user.is_active == "1"
    return ActiveCounts(active, existing - active)
