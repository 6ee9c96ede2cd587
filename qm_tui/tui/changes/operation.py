"""Operations that change the store: asked for, carried out, and asked for again if they must be.

A plan says what an operation would do. The admin accepts it. If another admin changed the store in
the meantime so that it would do something else, nothing is done, and the admin is asked again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final, Generic, NamedTuple, TypeVar

from textual.screen import Screen

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.bulk import BulkPlan
from qm_tui.store.changes.plan import Plan, PlanOutdated, commit_plan
from qm_tui.store.errors import STORE_CHANGED
from qm_tui.store.interface import TransactionKind
from qm_tui.text import pluralize
from qm_tui.tui.changes.choice_dialog import ConfirmDialog
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.widgets.message_box import ConfirmQuestion, MessageDialog
from qm_tui.tui.work.background import free_in_background, run_job
from qm_tui.tui.work.job import OPERATION, Operation, UserListView
from qm_tui.tui.work.session import STATUS_LENGTH, UNDO_HINT, Session
from qm_tui.users.fields import FIELD

CANCELED: Final = "Canceled. Nothing was changed."
NOT_SAVED: Final = "Nothing has been saved yet."

_VERBS: Final = {
    TransactionKind.DELETE: "delete",
    TransactionKind.ACTIVATE: "activate",
    TransactionKind.INACTIVATE: "inactivate",
}
"""What a kind of change does to users; the others change them."""

_COMPUTER: Final = FIELD["computer_recording_license"]
_CALL: Final = frozenset({"unlimited_license", "on_demand_license"})

PlanT = TypeVar("PlanT")
AnyPlan = TypeVar("AnyPlan", bound=Plan)


class Accepted(NamedTuple, Generic[PlanT]):
    """A plan that the admin has accepted.

    Attributes:
        plan: the plan.
        confirmed: the number that was typed to confirm a mass change; 0 if none was required.
    """

    plan: PlanT
    confirmed: int


class Done(NamedTuple, Generic[PlanT]):
    """An operation that was carried out.

    Attributes:
        plan: what it did.
        view: the users table after it.
    """

    plan: PlanT
    view: UserListView


class _Outdated(NamedTuple, Generic[PlanT]):
    """A plan that has become another one, which was not carried out."""

    plan: PlanT


async def run_operation(
    page: Screen[Any],
    session: Session,
    ask: Callable[[PlanT | None], Awaitable[Accepted[PlanT] | None]],
    commit: Callable[[PlanT, int, ProgressCallback], Done[PlanT]],
    result_text: Callable[[PlanT], str],
    free: Callable[[PlanT], None],
    canceled: str = CANCELED,
    kind: Operation = OPERATION,
) -> PlanT | None:
    """Ask, carry out what the admin accepts, and show it; ask again if the store has changed.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        ask: shows a plan; that of the operation if it gets None, otherwise what it has become.
        commit: carries a plan out in a thread; raises `PlanOutdated` with another one.
        result_text: returns what was done, for the Actions bar.
        free: frees a plan that is no longer needed.
        canceled: the sentence for the Actions bar if it is canceled.
        kind: the kind of operation, for the question whether to cancel it.

    Returns:
        The plan that was carried out, which may already be freed; None if nothing was done.
    """

    def try_to_commit(
        accepted: Accepted[PlanT], progress: ProgressCallback
    ) -> Done[PlanT] | _Outdated[PlanT]:
        try:
            return commit(*accepted, progress)
        except PlanOutdated as outdated:
            return _Outdated(outdated.plan)

    def status(outcome: Done[PlanT] | _Outdated[PlanT]) -> str:
        return result_text(outcome.plan) if isinstance(outcome, Done) else ""

    outdated: PlanT | None = None
    while (accepted := await ask(outdated)) is not None:
        work = partial(try_to_commit, accepted)
        outcome = await run_job(page, session, work, canceled, kind, result_text=status)
        plan = accepted.plan
        del accepted, work  # so that the old state is freed in steps, together with its plan
        if isinstance(outcome, Done):
            session.show_view(outcome.view)
            if outcome.plan is not plan:
                free(outcome.plan)
        if not (isinstance(outcome, _Outdated) and outcome.plan is plan):
            free(plan)
        if not isinstance(outcome, _Outdated):
            return None if outcome is None else outcome.plan
        outdated = outcome.plan
    return None


def commit_and_view(
    session: Session,
    plan: AnyPlan,
    confirmed: int,
    progress: ProgressCallback,
    *,
    moves_cursor: bool,
) -> Done[AnyPlan]:
    """Carry out a plan, and build the users table. For worker threads.

    Args:
        session: the state that the pages share.
        plan: the plan.
        confirmed: the number that was typed.
        progress: the progress.
        moves_cursor: whether the cursor moves to the first user that was changed.

    Raises:
        StoreError: as `commit_plan`.
    """
    done = commit_plan(session.store, plan, confirmed=confirmed, progress=progress)
    changed = [user_id for user_id, user in done.changes.items() if user is not None]
    view = session.view_after(changed, done.added)
    return Done(done, view if moves_cursor else replace(view, cursor_id=None))


async def run_bulk(
    page: Screen[Any],
    session: Session,
    plan: BulkPlan,
    result_text: Callable[[BulkPlan], str],
    *,
    is_confirmed: bool = False,
) -> bool:
    """Carry out a change of several users that the admin has seen.

    A mass change must be confirmed with its number.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        plan: the plan.
        result_text: returns what was done, for the Actions bar: "Inactivated 9 users".
        is_confirmed: whether the number was already typed.

    Returns:
        Whether it was saved.
    """

    async def ask(outdated: BulkPlan | None) -> Accepted[BulkPlan] | None:
        now, intro = (plan, "") if outdated is None else (outdated, f"{STORE_CHANGED} ")
        number = now.required_confirmation
        dialog: Screen[Any] | None = None
        if not now.changes:
            await page.app.push_screen_wait(MessageDialog(f"{intro}{_no_effect_text(now)}"))
            return None
        if number and not (is_confirmed and outdated is None):
            title, effect, caption = mass_change_captions(now)
            text = f"{intro}{effect} {NOT_SAVED}"
            dialog = ConfirmDialog(number, text, title=title, yes=caption)
        elif outdated is not None:
            verb = _VERBS.get(now.action.kind, "change")
            users = pluralize(len(now.changes), "user")
            text = f"{intro}This now {verb}s {users}. Continue?"
            dialog = ConfirmQuestion(text, yes=f"{verb.capitalize()} {users}")
        if dialog is not None and not await page.app.push_screen_wait(dialog):
            return None
        return None if session.explain_obstacle() else Accepted(now, number)

    def status(done: BulkPlan) -> str:
        return _status(result_text(done), done)

    def free(used: BulkPlan) -> None:
        free_in_background(page.app, used.changes, used.stored)

    commit = partial(commit_and_view, session, moves_cursor=False)
    return await run_operation(page, session, ask, commit, status, free) is not None


def mass_change_captions(plan: BulkPlan) -> tuple[str, str, str]:
    """Return the question, the effect and the caption of the button for a mass change."""
    number, values = plan.required_confirmation, plan.change.values
    users, share = pluralize(number, "user"), share_of(number, plan.state.total)
    if values is None:
        return f"Delete {users}?", deletion_effect(share), f"Delete {users}"
    if values.keys() == {"is_active"}:
        return f"Inactivate {users}?", f"This inactivates {share}.", f"Inactivate {users}"
    if values.keys() <= _CALL or values.keys() == {_COMPUTER.key}:
        name = _COMPUTER.name if _COMPUTER.key in values else "call recording license"
        effect = f"{share} will have no {name}."
        return f"Remove licenses from {users}?", effect, f"Remove {number:,} licenses"
    (key,) = values
    name = FIELD[key].name
    effect = f"This removes {name} from {share}."
    return f"Clear {name} for {users}?", effect, f"Clear {number:,} values"


def share_of(number: int, total: int) -> str:
    """Return a number of users out of all: `312 of 1,204 users`."""
    return f"{number:,} of {pluralize(total, 'user')}"


def deletion_effect(share: str) -> str:
    """Return the effect of the deletion of a number of users, out of all."""
    return f"This deletes {share}. In the suite, their recordings are deleted, too."


def _status(done: str, plan: BulkPlan) -> str:
    """Return what was done, for the Actions bar, without the field if that is too long."""
    hint = with_keys(UNDO_HINT)
    if len(done) + len(". ") + len(hint) > STATUS_LENGTH:
        done = f"Changed {pluralize(len(plan.changes), 'user')}"
    skipped = ""
    if plan.skipped:
        issue, count = next(iter(plan.skipped.values()))[0], len(plan.skipped)
        skipped = f"; {count:,} skipped ({'first: ' if count > 1 else ''}{issue.message})"
    return f"{done}{skipped}. {hint}"


def _no_effect_text(plan: BulkPlan) -> str:
    """Return why a plan changes no users."""
    if plan.skipped or plan.unchanged:
        return plan.obstacle
    return "Nothing was changed: the users have been deleted."
