"""One user, added or edited in a form, or given another password."""

from typing import Any

from textual.screen import Screen

from qm_tui.tui.session import Session
from qm_tui.users.fields import User


async def add(page: Screen[Any], session: Session, like: User | None = None) -> None:
    """Add a user."""


async def edit(page: Screen[Any], session: Session, user: User) -> None:
    """Edit a user."""


async def change_password(page: Screen[Any], session: Session, user: User) -> None:
    """Change a user's password."""
