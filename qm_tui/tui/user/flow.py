"""The flows that add or edit a user, or change a password."""

from collections.abc import Mapping
from typing import Any

from textual.screen import Screen

from qm_tui.tui.changes.bulk_fields import allows_unlicensed
from qm_tui.tui.text.user_details import user_title
from qm_tui.tui.user.draft import UserDraft
from qm_tui.tui.user.form_screen import UserFormScreen
from qm_tui.tui.user.password_dialog import PasswordDialog
from qm_tui.tui.work.session import Session
from qm_tui.users.fields import FIELD, NEW_USER, User, template_from


async def add(page: Screen[Any], session: Session, model: User | None = None) -> None:
    """Add a user.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        model: the user whose values the new user gets as far as users can share them.
    """
    begin = template_from(model) if model is not None else _default_user(session)
    title = f"Add a user based on {user_title(model)}" if model is not None else "Add a user"
    draft = UserDraft(begin, is_new=True, allow_unlicensed=await allows_unlicensed())
    await page.app.push_screen_wait(UserFormScreen(draft, session, page, title))


async def edit(page: Screen[Any], session: Session, user: User) -> None:
    """Edit a user.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        user: the user as shown.
    """
    draft = UserDraft(user, is_new=False, allow_unlicensed=await allows_unlicensed())
    title = f"Edit {user_title(user)}"
    await page.app.push_screen_wait(UserFormScreen(draft, session, page, title))


async def change_password(page: Screen[Any], session: Session, user: User) -> None:
    """Change a user's password.

    Args:
        page: the page that shows the progress.
        session: the state that the pages share.
        user: the user.
    """
    await page.app.push_screen_wait(PasswordDialog(user, session, page))


def _default_user(session: Session) -> User:
    """Return the initial values of a new user, with the most frequent recording service."""
    field = FIELD["recording_service"]
    most = next(iter(session.queries.values_of(field)), "")
    values: Mapping[str, str] = {field.key: most} if most else {}
    return NEW_USER._replace(**values)
