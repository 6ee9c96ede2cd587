"""A bulk change: planned, confirmed, saved and shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from qm_tui.progress import Tick
from qm_tui.store.changes.bulk import BulkChange, BulkChanged, BulkPlan, commit_bulk, plan_bulk
from qm_tui.store.errors import STORE_CHANGED, ConfirmationRequired
from qm_tui.store.interface import TransactionKind
from qm_tui.store.state import State
from qm_tui.text import counted, sentence
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.changes.mass_change import NOT_SAVED, mass_change_of
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.background import forget, in_background
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import STATUS_LENGTH, UNDO_HINT, Session
from qm_tui.tui.work.user_query import view_of

CANCELED: Final = "Canceled. Nothing was changed."

_EFFECTS: Final = {
    TransactionKind.DELETE: ("This now deletes {}.", "Delete {}"),
    TransactionKind.ACTIVATE: ("This now activates {}.", "Activate {}"),
    TransactionKind.INACTIVATE: ("This now inactivates {}.", "Inactivate {}"),
}
"""The effect of a kind of change with the number of users, and the caption of its button."""

_OTHER_EFFECT: Final = ("This now changes {}.", "Change {}")


@dataclass(frozen=True, slots=True)
class _Done:
    plan: BulkPlan
    view: View


async def planned(
    page: Screen[Any], session: Session, change: BulkChange, state: State
) -> BulkPlan | None:
    """Return what a change would do to a state; None if the page has shown why it is unknown.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        change: the change.
        state: the state that the admin saw. If the store has changed since then, `carry_out` asks
            again if the effect differs.
    """
    return await in_background(page, session, partial(plan_bulk, change, state), CANCELED)


async def carry_out(
    page: Screen[Any],
    session: Session,
    plan: BulkPlan,
    said: Callable[[BulkPlan], str],
    *,
    confirmed: int = 0,
) -> bool:
    """Save a plan that the admin has accepted.

    A mass change must be confirmed with its number. If another admin changed the store so that the
    effect differs, the admin is asked again.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        plan: the plan.
        said: returns what was done, for the Actions bar: "Inactivated 9 users".
        confirmed: the number that was already typed.

    Returns:
        Whether it was saved.
    """
    plans = [plan]
    done = await _accepted(page, session, plans, confirmed)
    if done is not None:
        session.show(done.view)
        session.say(_status(said(done.plan), done.plan))
    for old_plan in plans:
        forget(page.app, old_plan.changes)
    return done is not None


async def _accepted(
    page: Screen[Any], session: Session, plans: list[BulkPlan], confirmed: int
) -> _Done | None:
    """Save the plan, or its accepted replacement. All of them are added to `plans`."""
    plan, intro = plans[0], ""
    while True:
        if not plan.changes:
            page.app.push_screen(Message(f"{intro}{nothing_text(plan)}"))
            return None
        if plan.must_confirm and confirmed != plan.must_confirm:
            mass = mass_change_of(plan)
            text = f"{intro}{mass.effect} {NOT_SAVED}"
            dialog = ConfirmDialog(plan.must_confirm, text, title=mass.title, yes=mass.confirm)
            typed = await page.app.push_screen_wait(dialog)
            if typed is None:
                return None
            confirmed = typed
        if not session.may_change:
            return None
        outcome = await in_background(
            page, session, partial(_carried_out, session, plan, confirmed), CANCELED
        )
        if outcome is None:
            return None
        if isinstance(outcome, _Done):
            if outcome.plan is not plan:
                plans.append(outcome.plan)
            return outcome
        plan, confirmed = outcome, 0
        plans.append(plan)
        intro = f"{STORE_CHANGED} "
        if plan.changes and not plan.must_confirm:
            effect, caption = _EFFECTS.get(plan.change.action.kind, _OTHER_EFFECT)
            users = counted(len(plan.changes), "user")
            question = Question(
                f"{intro}{effect.format(users)} Continue?", yes=caption.format(users)
            )
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


def _status(done: str, plan: BulkPlan) -> str:
    """Return what was done, for the Actions bar, without the field if that is too long."""
    if len(done) + len(". ") + len(UNDO_HINT) > STATUS_LENGTH:
        done = f"Changed {counted(len(plan.changes), 'user')}"
    return f"{done}{left_out_text(plan)}. {UNDO_HINT}"


def left_out_text(plan: BulkPlan) -> str:
    """Return how many users were skipped, and the first error; empty if none were."""
    if not plan.left_out:
        return ""
    fault = next(iter(plan.left_out.values()))[0]
    count = len(plan.left_out)
    return f"; {count:,} skipped ({'first: ' if count > 1 else ''}{fault.message})"


def nothing_text(plan: BulkPlan) -> str:
    """Return why a plan changes no users."""
    if plan.left_out:
        fault = next(iter(plan.left_out.values()))[0]
        return f"Nothing was changed. {sentence(fault.message)} {fault.remedy}"
    if plan.same:
        have = "has" if plan.same == 1 else "have"
        return f"Nothing to change: {counted(plan.same, 'user')} already {have} this value."
    return "Nothing was changed: the users have been deleted."
