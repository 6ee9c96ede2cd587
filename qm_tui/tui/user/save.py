"""Saving an edited or new user in the store. For worker threads."""

from typing import Final, NamedTuple

from qm_tui.progress import ProgressCallback
from qm_tui.store.changes.bulk import BulkChange, by_ids, commit_bulk
from qm_tui.store.changes.edit import MergeConflict, MergeConflictError, add_user, save_edit
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import Action, TransactionKind
from qm_tui.store.transaction import ValidationFailed
from qm_tui.text import sanitize, with_full_stop
from qm_tui.tui.keys.keymap import with_keys
from qm_tui.tui.user.draft import UserDraft
from qm_tui.tui.work.job import UserListView
from qm_tui.tui.work.session import UNDO_HINT, Session
from qm_tui.users.fields import User
from qm_tui.users.passwords import encrypt_password

BUSY: Final = "Another operation is running. Press <form.save> again when it has finished."
_SAVE_AGAIN: Final = (
    "Nothing was saved. Undo the deletion on the Activity page in another session and press "
    "<form.save> again, or press Esc to close the form."
)
_NAME: Final = 50
"""Characters of a name, so that the Actions bar has room for the message."""


class UserSaved(NamedTuple):
    """The user was saved.

    Attributes:
        view: the view after it.
        status: the message for the Actions bar.
    """

    view: UserListView
    status: str


class EditConflict(NamedTuple):
    """Nothing was saved because of a conflict with a change by another admin.

    Attributes:
        stored: the user in the store.
        conflicts: the fields that both changed.
        message: the error message.
    """

    stored: User
    conflicts: list[MergeConflict]
    message: str


def save_user(
    session: Session, draft: UserDraft, password: str, progress: ProgressCallback
) -> UserSaved | EditConflict:
    """Save a user in one transaction.

    Args:
        session: the state that the pages share.
        draft: the user.
        password: the password of a new user, as typed.
        progress: called with the progress.

    Raises:
        StoreError: the store cannot be written, or the user was deleted.
    """
    store, user, name = session.store, draft.user, user_label(draft.user)
    if draft.is_new:
        new = user._replace(**encrypt_password(password)._asdict())
        try:
            added = add_user(store, new, progress=progress, options=draft.options)
        except ValidationFailed as broken:
            return EditConflict(draft.before, [], with_full_stop(str(broken)))
        view = _view(session, added.user_id, is_new=True)
        return UserSaved(view, f"Added {name}. {with_keys(UNDO_HINT)}")
    try:
        save_edit(store, draft.before, user, progress=progress, options=draft.options)
    except MergeConflictError as error:
        now = store.state.user(user.user_id)
        if now is None:
            raise StoreError(
                f"Another admin deleted {user_label(draft.before)} in the meantime. "
                + with_keys(_SAVE_AGAIN)
            ) from None
        return EditConflict(now, error.conflicts, with_full_stop(str(error)))
    view = _view(session, user.user_id, is_new=False)
    return UserSaved(view, f"Saved {name}. {with_keys(UNDO_HINT)}")


def save_password(
    session: Session, user_id: str, password: str, progress: ProgressCallback
) -> UserListView:
    """Save the password of a user in one transaction.

    Args:
        session: the state that the pages share.
        user_id: the user's ID.
        password: the password, as typed.
        progress: called with the progress.

    Raises:
        StoreError: the store cannot be written.
    """
    values = encrypt_password(password)._asdict()
    change = BulkChange(Action(TransactionKind.PASSWORD), by_ids([user_id]), values)
    commit_bulk(session.store, change, progress=progress)
    return session.view_after([user_id])


def user_label(user: User) -> str:
    """Return the name of a user for the Actions bar."""
    return sanitize(f"{user.first_name} {user.last_name}".strip() or user.user_name, _NAME)


def _view(session: Session, user_id: str, *, is_new: bool) -> UserListView:
    added = {user_id} if is_new else set[str]()
    return session.view_after([user_id], added, lifts=True)
