"""A bulk change: planned, confirmed, saved and shown."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from textual.screen import Screen

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, plan_bulk
from qm_tui.store.changes.plan import PlanOutdated, commit_plan
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.interface import TransactionKind
from qm_tui.store.state import State
from qm_tui.text import pluralize, with_full_stop
from qm_tui.tui.changes.confirm_number_dialog import ConfirmDialog
from qm_tui.tui.changes.mass_change import NOT_SAVED, mass_change_of
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work.background import free_in_background, run_job
from qm_tui.tui.work.job import UserListView
from qm_tui.tui.work.session import STATUS_LENGTH, UNDO_HINT, Session
from qm_tui.tui.work.user_query import make_view

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
    view: UserListView


async def plan_in_background(
    page: Screen[Any], session: Session, change: BulkChange, state: State
) -> BulkPlan | None:
    """Return what a change would do to a state; None if the page has shown why it is unknown.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        change: the change.
        state: the state that the admin saw. If the store has changed since then, `apply_bulk` asks
            again if the effect differs.
    """
    work = partial(plan_bulk, change, state)
    return await run_job(page, session, work, CANCELED, holds_keys=True)


async def apply_bulk(
    page: Screen[Any],
    session: Session,
    plan: BulkPlan,
    result_text: Callable[[BulkPlan], str],
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
        result_text: returns what was done, for the Actions bar: "Inactivated 9 users".
        confirmed: the number that was already typed.

    Returns:
        Whether it was saved.
    """
    plans = [plan]
    done = await _accepted(page, session, plans, confirmed)
    if done is not None:
        session.show_view(done.view)
        session.set_status(_status(result_text(done.plan), done.plan))
    for old_plan in plans:
        free_in_background(page.app, old_plan.changes)
    return done is not None


async def _accepted(
    page: Screen[Any], session: Session, plans: list[BulkPlan], confirmed: int
) -> _Done | None:
    """Save the plan, or its accepted replacement. All of them are added to `plans`."""
    plan, intro = plans[0], ""
    while True:
        if not plan.changes:
            await page.app.push_screen_wait(MessageDialog(f"{intro}{no_effect_text(plan)}"))
            return None
        if plan.required_confirmation and confirmed != plan.required_confirmation:
            mass = mass_change_of(plan)
            text = f"{intro}{mass.effect} {NOT_SAVED}"
            dialog = ConfirmDialog(
                plan.required_confirmation, text, title=mass.title, yes=mass.confirm
            )
            typed = await page.app.push_screen_wait(dialog)
            if typed is None:
                return None
            confirmed = typed
        if not session.may_change:
            return None
        outcome = await run_job(page, session, partial(_commit, session, plan, confirmed), CANCELED)
        if outcome is None:
            return None
        if isinstance(outcome, _Done):
            if outcome.plan is not plan:
                plans.append(outcome.plan)
            return outcome
        plan, confirmed = outcome, 0
        plans.append(plan)
        intro = f"{STORE_CHANGED} "
        if plan.changes and not plan.required_confirmation:
            effect, caption = _EFFECTS.get(plan.change.action.kind, _OTHER_EFFECT)
            users = pluralize(len(plan.changes), "user")
            question = ConfirmQuestion(
                f"{intro}{effect.format(users)} Continue?", yes=caption.format(users)
            )
            if not await page.app.push_screen_wait(question):
                return None


def _commit(
    session: Session, plan: BulkPlan, confirmed: int, progress: ProgressCallback
) -> "_Done | BulkPlan":
    store = session.store
    try:
        done = commit_plan(store, plan, confirmed=confirmed, progress=progress)
    except PlanOutdated as outdated:
        now: BulkPlan = outdated.plan
        return now
    changed = [user_id for user_id, user in done.changes.items() if user is not None]
    view = make_view(session.query_runner, store.state, session.query, changed)
    return _Done(done, replace(view, cursor_row=None))


def _status(done: str, plan: BulkPlan) -> str:
    """Return what was done, for the Actions bar, without the field if that is too long."""
    if len(done) + len(". ") + len(UNDO_HINT) > STATUS_LENGTH:
        done = f"Changed {pluralize(len(plan.changes), 'user')}"
    return f"{done}{skipped_text(plan)}. {UNDO_HINT}"


def skipped_text(plan: BulkPlan) -> str:
    """Return how many users were skipped, and the first error; empty if none were."""
    if not plan.skipped:
        return ""
    issue = next(iter(plan.skipped.values()))[0]
    count = len(plan.skipped)
    return f"; {count:,} skipped ({'first: ' if count > 1 else ''}{issue.message})"


def no_effect_text(plan: BulkPlan) -> str:
    """Return why a plan changes no users."""
    if plan.skipped:
        issue = next(iter(plan.skipped.values()))[0]
        return f"Nothing was changed. {with_full_stop(issue.message)} {issue.fix}"
    if plan.unchanged:
        have = "has" if plan.unchanged == 1 else "have"
        return f"Nothing to change: {pluralize(plan.unchanged, 'user')} already {have} this value."
    return "Nothing was changed: the users have been deleted."
