"""What a store holds at one moment, and what is to become of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from qm_tui.store.overlay import OverlayMapping
from qm_tui.users.fields import User


@dataclass(frozen=True, slots=True)
class State:
    """What a store holds at one moment. It never changes; a commit makes a new one.

    Attributes:
        generation: the number of the last transaction; it grows with every commit.
        users: the users by User ID, in store order.
        names: the User ID of each user by User Name, as `name_key` makes it comparable.
    """

    generation: int
    users: Mapping[str, User]
    names: Mapping[str, str]


EMPTY = State(0, OverlayMapping(), OverlayMapping())
"""The state of a store that holds nothing yet."""

Changes = Mapping[str, User | None]
"""By User ID: the user as it will be, or None to delete it."""


class NameTaken(ValueError):
    """Two users would bear one User Name."""
