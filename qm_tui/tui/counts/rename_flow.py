"""The rename of a value for all its users: asked for, planned, and saved in one transaction."""

from functools import partial
from typing import Any, Final, NamedTuple

from textual.screen import Screen

from qm_tui.progress import STEP, Phase, Tick
from qm_tui.store.changes.bulk import BulkPlan, plan_bulk
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.state import State
from qm_tui.tui.changes.apply import CANCELED, carry_out
from qm_tui.tui.counts.rename import Renaming
from qm_tui.tui.counts.rename_dialog import RenameDialog
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.background import in_background
from qm_tui.tui.work.session import Session
from qm_tui.users.query.counts import FieldValues

_NO_USERS_LEFT: Final = f"{STORE_CHANGED} No user has this value any more. Nothing was changed."


class _Looked(NamedTuple):
    """The effect of a rename on the current state."""

    plan: BulkPlan
    renaming: Renaming


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
    wanted = await page.app.push_screen_wait(RenameDialog(values, value))
    if wanted is None or not session.may_change:
        return None
    looked = await in_background(
        page, session, partial(_looked_at, wanted, session.store.state), CANCELED
    )
    if looked is None:
        return None
    if not looked.renaming.number:
        page.app.push_screen(Message(_NO_USERS_LEFT))
        return None
    if looked.renaming != wanted:
        text = f"{STORE_CHANGED} Now: {looked.renaming.outcome} Continue?"
        if not await page.app.push_screen_wait(Question(text, yes=looked.renaming.act)):
            return None
    is_done = await carry_out(page, session, looked.plan, partial(_said, wanted))
    return wanted.new if is_done else None


def _looked_at(wanted: Renaming, state: State, tick: Tick) -> _Looked:
    plan = plan_bulk(wanted.change, state, tick)
    index, others = wanted.field.index, 0
    for done, user in enumerate(state.users.values()):
        if not done % STEP:
            tick(Phase.CHECKING, done, len(state.users))
        others += user[index] == wanted.new
    return _Looked(plan, wanted._replace(number=plan.users, others=others))


def _said(wanted: Renaming, plan: BulkPlan) -> str:
    return wanted._replace(number=len(plan.changes)).done
