"""A change of many users on its way into the store: planned, confirmed, done, shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from qm_tui.progress import Tick
from qm_tui.store.changes.bulk import BulkChange, BulkChanged, BulkPlan, commit_bulk, plan_bulk
from qm_tui.store.errors import ConfirmationRequired
from qm_tui.store.state import State
from qm_tui.text import counted, sentence
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.background import forget, in_background
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of

_CANCELLED: Final = "Cancelled. Nothing was changed."


@dataclass(frozen=True, slots=True)
class _Done:
    plan: BulkPlan
    view: View


async def planned(
    page: Screen[Any], session: Session, change: BulkChange, state: State
) -> BulkPlan | None:
    """What a change would do to a state; None where the page was told why that is not known.

    Args:
        page: the page that is told how far it is.
        session: what the pages share.
        change: the change.
        state: the state that the admin saw when it was agreed to. Where the store holds another by
            now, `carry_out` asks again if that makes a difference.
    """
    return await in_background(page, session, partial(plan_bulk, change, state), _CANCELLED)


async def carry_out(
    page: Screen[Any],
    session: Session,
    plan: BulkPlan,
    said: Callable[[BulkPlan], str],
    *,
    confirmed: int = 0,
) -> bool:
    """Carry out a plan that the admin has seen and agreed to.

    A mass change is done once its number was typed. Where others changed the store so that it
    would do something else, that is asked first.

    Args:
        page: the page that is told how far it is.
        session: what the pages share.
        plan: the plan.
        said: what it did, for the Actions bar: "9 users inactivated".
        confirmed: the number that was typed already.

    Returns:
        Whether it was done.
    """
    plans = [plan]
    done = await _agreed(page, session, plans, confirmed)
    if done is not None:
        session.show(done.view)
        session.say(f"{said(done.plan)}{left_out_text(done.plan)}. u takes it back")
    for one in plans:
        forget(page.app, one.changes)
    return done is not None


async def _agreed(
    page: Screen[Any], session: Session, plans: list[BulkPlan], confirmed: int
) -> _Done | None:
    """Carry out the plan, or one that took its place and was agreed to. `plans` gets them all."""
    plan, meanwhile = plans[0], ""
    while True:
        if not plan.changes:
            page.app.push_screen(Message(f"{meanwhile}{nothing_text(plan)}"))
            return None
        if plan.must_confirm and confirmed != plan.must_confirm:
            text = f"{meanwhile}{mass_text(plan)}"
            yes = "Delete" if plan.change.deletes else "Change"
            dialog = ConfirmDialog(plan.must_confirm, text, yes=yes)
            typed = await page.app.push_screen_wait(dialog)
            if typed is None:
                return None
            confirmed = typed
        if not session.may_change:
            return None
        outcome = await in_background(
            page, session, partial(_carried_out, session, plan, confirmed), _CANCELLED
        )
        if outcome is None:
            return None
        if isinstance(outcome, _Done):
            if outcome.plan is not plan:
                plans.append(outcome.plan)
            return outcome
        plan, confirmed = outcome, 0
        plans.append(plan)
        meanwhile = "Somebody changed the store meanwhile. "
        if plan.changes and not plan.must_confirm:
            question = Question(f"{meanwhile}This would now {_would(plan)}. Do it?", yes="Do it")
            if not await page.app.push_screen_wait(question):
                return None


def _carried_out(
    session: Session, plan: BulkPlan, confirmed: int, tick: Tick
) -> "_Done | BulkPlan":
    store = session.store
    try:
        done = commit_bulk(store, plan.change, confirmed=confirmed, expected=plan, tick=tick)
    except BulkChanged as error:
        return error.plan
    except ConfirmationRequired:
        return plan_bulk(plan.change, store.state, tick)
    changed = [user_id for user_id, user in done.changes.items() if user is not None]
    view = view_of(session.listing, store.state, session.wanted, changed)
    return _Done(done, replace(view, cursor_row=None))


def _would(plan: BulkPlan) -> str:
    return f"{'delete' if plan.change.deletes else 'change'} {counted(len(plan.changes), 'user')}"


def mass_text(plan: BulkPlan) -> str:
    """Why a number must be typed."""
    users = counted(plan.must_confirm, "user")
    if plan.change.deletes:
        return f"This deletes {users}. Nothing is written yet."
    return (
        f"This inactivates or unlicenses {users} of {len(plan.state.users):,}, or clears values "
        "of theirs. Nothing is written yet."
    )


def left_out_text(plan: BulkPlan) -> str:
    """How many cannot be changed, and why the first cannot; empty where all can."""
    if not plan.left_out:
        return ""
    fault = next(iter(plan.left_out.values()))[0]
    count = len(plan.left_out)
    return f", {count:,} left out{', the first' if count > 1 else ''}: {fault.message}"


def nothing_text(plan: BulkPlan) -> str:
    """Why a plan changes nobody."""
    if plan.left_out:
        fault = next(iter(plan.left_out.values()))[0]
        return f"Nothing was changed. {sentence(fault.message)} {fault.remedy}"
    if plan.same:
        return f"Nothing was changed: {counted(plan.same, 'user')} had the value already."
    return "Nothing was changed: none of the users is there any more."
