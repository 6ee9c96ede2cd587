"""A user who was edited or added on the way into the store. For worker threads."""

from dataclasses import dataclass
from typing import NamedTuple

from qm_tui.progress import Tick
from qm_tui.store.changes.edit import Conflict, Edit, MergeConflictError, add_user, save_edits
from qm_tui.store.transaction import RulesBroken
from qm_tui.text import visible
from qm_tui.tui.user.draft import Draft
from qm_tui.tui.work.job import View
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.user_query import view_of
from qm_tui.users.fields import User
from qm_tui.users.passwords import encrypted


@dataclass(frozen=True, slots=True)
class Saved:
    """It was saved.

    Attributes:
        view: what the table shows then.
        said: what was done, for the Actions bar.
    """

    view: View
    said: str


class Overtaken(NamedTuple):
    """Nothing was saved: somebody else saved something that does not go with it.

    Attributes:
        now: the user as it is now.
        conflicts: the fields that both changed.
        sentence: what keeps it from being saved.
    """

    now: User
    conflicts: list[Conflict]
    sentence: str


class Gone(NamedTuple):
    """Nothing was saved: the user was deleted.

    Attributes:
        sentence: that, and what can be done.
    """

    sentence: str


def save(session: Session, draft: Draft, password: str, tick: Tick) -> Saved | Overtaken | Gone:
    """Save a user in one transaction.

    Args:
        session: what the pages share.
        draft: the user.
        password: the password of a new user; it is made unreadable here.
        tick: told how far it is.

    Raises:
        StoreError: the store could not be written.
    """
    store, user, name = session.store, draft.user, name_of(draft.user)
    if draft.is_new:
        new = user._replace(**encrypted(password)._asdict())
        try:
            added = add_user(store, new, tick=tick, terms=draft.terms)
        except RulesBroken as broken:
            return Overtaken(draft.before, [], str(broken))
        said = f"{name} added. u takes it back"
        return Saved(_view(session, added.user_id, is_new=True), said)
    try:
        save_edits(store, [Edit(draft.before, user)], tick=tick, terms=draft.terms)
    except MergeConflictError as refused:
        now = store.state.users.get(user.user_id)
        if now is None:
            return Gone(
                f"{name} was deleted by somebody else meanwhile, and nothing was saved. Take that "
                "back on the Activity page in another window, then press F2 again; or leave the "
                "form with Esc."
            )
        return Overtaken(now, refused.merged.conflicts, str(refused))
    return Saved(_view(session, user.user_id, is_new=False), f"{name} saved. u takes it back")


def name_of(user: User) -> str:
    """How the Actions bar calls a user."""
    return visible(f"{user.first_name} {user.last_name}".strip() or user.user_name, 60)


def _view(session: Session, user_id: str, *, is_new: bool) -> View:
    added = {user_id} if is_new else set[str]()
    store = session.store
    return view_of(session.listing, store.state, session.wanted, [user_id], added, lifts=True)
