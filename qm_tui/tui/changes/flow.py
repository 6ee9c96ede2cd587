"""Bulk changes of the current user or the marked users, each in one transaction."""

import asyncio
from collections.abc import Collection
from functools import partial
from typing import Any

from textual.screen import Screen

from qm_tui.preferences import remembered
from qm_tui.progress import STEP, Phase, Tick
from qm_tui.store.changes.bulk import BulkChange, BulkPlan
from qm_tui.store.changes.bulk import chosen as fixed_users
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.text import counted
from qm_tui.tui.changes.activate_dialog import ACTIVATE, INACTIVATE, ActivateDialog, HowMany
from qm_tui.tui.changes.apply import CANCELED, carry_out, planned
from qm_tui.tui.changes.delete_dialog import Answer, DeleteDialog
from qm_tui.tui.changes.selection import Chosen
from qm_tui.tui.changes.set_field_dialog import ChangeDialog
from qm_tui.tui.changes.summary import said_of_change
from qm_tui.tui.work.background import in_background
from qm_tui.tui.work.session import Session


async def activate(page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Activate or inactivate users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        chosen: the users.
    """
    state = session.store.state
    how_many = await _counted(page, session, chosen.user_ids, state)
    if how_many is not None and how_many.users:
        answer = await page.app.push_screen_wait(ActivateDialog(chosen.words, how_many))
        if answer is not None:
            await _set_active(page, session, chosen, answer, state)


async def change_field(page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Set a field for users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        chosen: the users.
    """
    allows = (await asyncio.to_thread(remembered)).import_choices.allow_unlicensed
    dialog = ChangeDialog(session, chosen.user_ids, chosen.words, allow_unlicensed=allows)
    plan = await page.app.push_screen_wait(dialog)
    if plan is not None:
        await carry_out(page, session, plan, partial(said_of_change, dialog.what))


async def delete(page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Delete users, or inactivate them instead.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        chosen: the users.
    """
    state = session.store.state
    how_many = await _counted(page, session, chosen.user_ids, state)
    if how_many is None or not how_many.users:
        return
    dialog = DeleteDialog(chosen.words, how_many, len(state.users))
    answer = await page.app.push_screen_wait(dialog)
    if answer is Answer.INACTIVATE:
        await _set_active(page, session, chosen, INACTIVATE, state)
    elif answer is Answer.DELETE:
        change = BulkChange(Action(TransactionKind.DELETE), fixed_users(chosen.user_ids), None)
        plan = await planned(page, session, change, state)
        if plan is not None:
            # the dialog has asked for the number
            confirmed = plan.must_confirm
            await carry_out(page, session, plan, _said_of_deletion, confirmed=confirmed)


async def _set_active(
    page: Screen[Any], session: Session, chosen: Chosen, flag: str, state: State
) -> None:
    kind = TransactionKind.ACTIVATE if flag == ACTIVATE else TransactionKind.INACTIVATE
    change = BulkChange(Action(kind), fixed_users(chosen.user_ids), {"is_active": flag})
    plan = await planned(page, session, change, state)
    if plan is not None:
        await carry_out(page, session, plan, _said_of_activation)


def _said_of_activation(plan: BulkPlan) -> str:
    users = counted(len(plan.changes), "user")
    is_activation = plan.change.action.kind is TransactionKind.ACTIVATE
    return f"Activated {users}" if is_activation else f"Inactivated {users}"


def _said_of_deletion(plan: BulkPlan) -> str:
    return f"Deleted {counted(len(plan.changes), 'user')}"


async def _counted(
    page: Screen[Any], session: Session, user_ids: Collection[str], state: State
) -> HowMany | None:
    """Return how many of the users are active; None if the page has shown why it is unknown."""
    work = partial(_how_many, state, user_ids)
    return await in_background(page, session, work, CANCELED)


def _how_many(state: State, user_ids: Collection[str], tick: Tick) -> HowMany:
    active = existing = 0
    for done, user_id in enumerate(user_ids):
        if not done % STEP:
            tick(Phase.CHECKING, done, len(user_ids))
        user = state.users.get(user_id)
        if user is not None:
            existing += 1
            active += user.is_active == "1"
    return HowMany(active, existing - active)
