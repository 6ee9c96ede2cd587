"""Saving an edited or new user in the store. For worker threads."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from qm_tui.progress import Tick
from qm_tui.store.changes.edit import Conflict, Edit, MergeConflictError, add_user, save_edits
from qm_tui.store.transaction import RulesBroken
from qm_tui.text import visible
from qm_tui.tui.user.draft import Draft
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import UNDO_HINT, Session
from qm_tui.tui.work.user_query import view_of
from qm_tui.users.fields import User
from qm_tui.users.passwords import encrypted

BUSY: Final = "Another operation is running. Press F2 again when it has finished."
_NAME: Final = 30
"""Characters of a name, so that the Actions bar has room for the message."""


@dataclass(frozen=True, slots=True)
class Saved:
    """The user was saved.

    Attributes:
        view: the view after it.
        said: the message for the Actions bar.
    """

    view: View
    said: str


class Overtaken(NamedTuple):
    """Nothing was saved because of a conflict with a change by another admin.

    Attributes:
        now: the user in the store.
        conflicts: the fields that both changed.
        sentence: the error message.
    """

    now: User
    conflicts: list[Conflict]
    sentence: str


class Gone(NamedTuple):
    """Nothing was saved: the user was deleted.

    Attributes:
        sentence: the error message.
    """

    sentence: str


def save(session: Session, draft: Draft, password: str, tick: Tick) -> Saved | Overtaken | Gone:
    """Save a user in one transaction.

    Args:
        session: the state that the pages share.
        draft: the user.
        password: the password of a new user, as typed.
        tick: called with the progress.

    Raises:
        StoreError: the store cannot be written.
    """
    store, user, name = session.store, draft.user, name_of(draft.user)
    if draft.is_new:
        new = user._replace(**encrypted(password)._asdict())
        try:
            added = add_user(store, new, tick=tick, terms=draft.terms)
        except RulesBroken as broken:
            return Overtaken(draft.before, [], str(broken))
        return Saved(_view(session, added.user_id, is_new=True), f"Added {name}. {UNDO_HINT}")
    try:
        save_edits(store, [Edit(draft.before, user)], tick=tick, terms=draft.terms)
    except MergeConflictError as error:
        now = store.state.users.get(user.user_id)
        if now is None:
            return Gone(
                f"Another admin deleted {name_of(draft.before)} in the meantime. Nothing was "
                "saved. Undo the deletion on the Activity page in another session and press F2 "
                "again, or press Esc to close the form."
            )
        return Overtaken(now, error.merged.conflicts, str(error))
    return Saved(_view(session, user.user_id, is_new=False), f"Saved {name}. {UNDO_HINT}")


def name_of(user: User) -> str:
    """Return the name of a user for the Actions bar."""
    return visible(f"{user.first_name} {user.last_name}".strip() or user.user_name, _NAME)


def _view(session: Session, user_id: str, *, is_new: bool) -> View:
    added = {user_id} if is_new else set[str]()
    store = session.store
    return view_of(session.listing, store.state, session.wanted, [user_id], added, lifts=True)
