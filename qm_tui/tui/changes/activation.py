"""Activate, inactivate and delete users: the questions, and their flows."""

from functools import partial
from typing import Any, ClassVar, Final, NamedTuple

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen

from qm_tui.progress import Phase, ProgressCallback
from qm_tui.store.changes.bulk import BulkChange, BulkPlan, plan_bulk
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.state import State
from qm_tui.text import pluralize
from qm_tui.tui.changes.choice_dialog import NO, YES, ChoiceDialog
from qm_tui.tui.changes.operation import CANCELED, deletion_effect, run_bulk, share_of
from qm_tui.tui.changes.target import Target
from qm_tui.tui.keys.keymap import bind
from qm_tui.tui.work.background import run_job
from qm_tui.tui.work.session import Session

ACTIVATE: Final = "activate"
INACTIVATE: Final = "inactivate"

_KINDS: Final = {
    ACTIVATE: (TransactionKind.ACTIVATE, {"is_active": "1"}, "Activated"),
    INACTIVATE: (TransactionKind.INACTIVATE, {"is_active": "0"}, "Inactivated"),
    YES: (TransactionKind.DELETE, None, "Deleted"),
}
"""By button, the transaction, the values that it sets, and what was done."""

_DELETES_ONE: Final = "In the suite, the user's recordings are deleted, too."
_INACTIVATE_INSTEAD: Final = "Inactivating keeps the recordings."
_UNDO: Final = "Undo in qm-tui restores users, but not their recordings."

_WIDE: Final = 80
"""The width of the terminal in which the longest captions fit."""


class ActiveCounts(NamedTuple):
    """Numbers of the users that an action applies to.

    Attributes:
        active: the number of active users.
        inactive: the number of inactive users.
    """

    active: int
    inactive: int

    @property
    def users(self) -> int:
        """The number of users."""
        return self.active + self.inactive

    @property
    def text(self) -> str:
        """How many are active and how many are inactive."""
        parts = [f"{self.active:,} active" if self.active else ""]
        parts.append(f"{self.inactive:,} inactive" if self.inactive else "")
        return ", ".join(filter(None, parts))


class ActivateDialog(ChoiceDialog):
    """Asks for the action. The result is `ACTIVATE`, `INACTIVATE`, or None if canceled.

    For one user, the only possible action has the focus; for several, Cancel has it.

    Args:
        label: the user, or the number of marked users, as text.
        counts: how many of them are active.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        bind("screen.keys", "app.show_keys", hint="Keys", show=False)
    ]

    def __init__(self, label: str, counts: ActiveCounts) -> None:
        active, inactive = counts
        is_one = counts.users == 1
        users = label if is_one else pluralize(counts.users, "user")
        action = "Activate or inactivate" if active and inactive else ""
        action = action or ("Inactivate" if active else "Activate")
        text = f"{label}: {counts.text}."
        if is_one:
            text = f"The user is {'active' if active else 'inactive'}."
        buttons = {}
        if active:
            buttons[INACTIVATE] = "Inactivate" if is_one else f"Inactivate {active:,}"
        if inactive:
            buttons[ACTIVATE] = "Activate" if is_one else f"Activate {inactive:,}"
        first = next(iter(buttons)) if is_one else NO
        buttons[NO] = "Cancel"
        super().__init__(f"{action} {users}?", [text], buttons, focus=first, id="activate-dialog")


class DeleteDialog(ChoiceDialog):
    """Asks whether to delete users. The result is `YES`, `INACTIVATE`, or None if canceled.

    If there are active users, Inactivate has the focus, otherwise Cancel. To delete more than one
    user, the admin types their number.

    Args:
        label: the user, or the number of marked users, as text.
        counts: how many of them are active.
        total: the number of users in the store.
    """

    def __init__(self, label: str, counts: ActiveCounts, total: int) -> None:
        users, self._active = counts.users, counts.active
        self._is_one = users == 1
        of_users = pluralize(users, "user")
        lines = [_DELETES_ONE]
        if not self._is_one:
            lines = [f"{label}: {counts.text}.", "", deletion_effect(share_of(users, total))]
        lines += [_INACTIVATE_INSTEAD, _UNDO] if self._active else [_UNDO]
        lines += [""] if self._is_one else []
        delete = {YES: "Delete" if self._is_one else f"Delete {of_users}", NO: "Cancel"}
        super().__init__(
            f"Delete {label if self._is_one else of_users}?",
            lines,
            {INACTIVATE: "", **delete} if self._active else delete,
            number=0 if self._is_one else users,
            focus=INACTIVATE if self._active else NO,
            id="delete-dialog",
        )

    def compose(self) -> ComposeResult:
        if self._active:
            count = "" if self._is_one else f" {self._active:,}"
            instead = " instead" if self._is_one or self.app.size.width >= _WIDE else ""
            self._buttons = {**self._buttons, INACTIVATE: f"Inactivate{count}{instead}"}
        yield from super().compose()


async def activate(page: Screen[Any], session: Session, target: Target) -> None:
    """Activate or inactivate users.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        target: the users.
    """
    await _ask_and_change(page, session, target, deletes=False)


async def delete(page: Screen[Any], session: Session, target: Target) -> None:
    """Delete users, or inactivate them instead.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        target: the users.
    """
    await _ask_and_change(page, session, target, deletes=True)


async def _ask_and_change(
    page: Screen[Any], session: Session, target: Target, *, deletes: bool
) -> None:
    state, label = session.store.state, target.label
    work = partial(_count_active, state, target)
    counts = await run_job(page, session, work, CANCELED, holds_keys=True)
    if counts is None or not counts.users:
        return
    dialog = DeleteDialog(label, counts, state.total) if deletes else None
    answer = await page.app.push_screen_wait(dialog or ActivateDialog(label, counts))
    if answer is not None:
        kind, values, done = _KINDS[answer]

        def result_text(plan: BulkPlan) -> str:
            return f"{done} {pluralize(len(plan.changes), 'user')}"

        change = BulkChange(Action(kind), target.select, values)
        planning = partial(plan_bulk, change, state)
        plan = await run_job(page, session, planning, CANCELED, holds_keys=True)
        if plan is not None:
            # the dialog Delete has asked for the number
            is_confirmed = change.deletes and len(plan.changes) == counts.users
            await run_bulk(page, session, plan, result_text, is_confirmed=is_confirmed)


def _count_active(state: State, target: Target, progress: ProgressCallback) -> ActiveCounts:
    rest = partial(progress, Phase.CHECKING, 0, state.total)
    groups = (target.state or state).groups(("is_active",), target.query, rest)
    active = groups.get(("1",), 0)
    return ActiveCounts(active, sum(groups.values()) - active)
