"""The rename of a value for all its users: asked for, planned, and saved in one transaction."""

from functools import partial
from typing import Any, Final

from textual.screen import Screen

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.bulk import BulkPlan, plan_bulk
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.state import State
from qm_tui.tui.changes.operation import CANCELED, run_bulk
from qm_tui.tui.counts.rename import RenamePlan
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work.background import run_job
from qm_tui.tui.work.session import Session
from qm_tui.users.query.counts import FieldValues

_NO_USERS_LEFT: Final = f"{STORE_CHANGED} No user has this value anymore. Nothing was changed."


async def rename(
    page: Screen[Any], session: Session, values: FieldValues, value: str
) -> str | None:
    """Ask for the new value, and set it for all users with the old one.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        values: the values of the field, as the page shows them.
        value: the old value; empty for the users without one.

    Returns:
        The new value; None if nothing was changed.
    """
    rename_plan = await page.app.push_screen_wait(RenameDialog(values, value))
    if rename_plan is None or session.explain_obstacle():
        return None
    work = partial(_plan_rename, rename_plan, session.store.state)
    planned = await run_job(page, session, work, CANCELED, holds_keys=True)
    if planned is None:
        return None
    plan, renaming = planned
    if not renaming.number:
        await page.app.push_screen_wait(MessageDialog(_NO_USERS_LEFT))
        return None
    if renaming != rename_plan:
        text = f"{STORE_CHANGED} Now: {renaming.effect_text} Continue?"
        question = ConfirmQuestion(text, yes=renaming.button_label)
        if not await page.app.push_screen_wait(question):
            return None
    is_done = await run_bulk(page, session, plan, partial(_result_text, rename_plan))
    return rename_plan.new if is_done else None


def _plan_rename(
    rename_plan: RenamePlan, state: State, progress: ProgressCallback
) -> tuple[BulkPlan, RenamePlan]:
    """Return the change, and its effect on a state. For worker threads."""
    plan = plan_bulk(rename_plan.change, state, progress)
    others = state.numbers(rename_plan.field.key, [rename_plan.new])
    existing = others.get(rename_plan.new, 0)
    return plan, rename_plan._replace(number=plan.users, existing=existing)


def _result_text(rename_plan: RenamePlan, plan: BulkPlan) -> str:
    return rename_plan._replace(number=len(plan.changes)).result_text
