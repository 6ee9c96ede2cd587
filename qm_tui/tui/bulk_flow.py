"""The current user or all marked ones, changed in one transaction."""

from typing import Any

from textual.screen import Screen

from qm_tui.tui.acting import Chosen
from qm_tui.tui.session import Session


async def activate(page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Activate or inactivate users."""


async def change_field(page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Give users one value of a field."""


async def delete(page: Screen[Any], session: Session, chosen: Chosen) -> None:
    """Delete users, or inactivate them instead."""
