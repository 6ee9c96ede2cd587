"""The users that an action applies to: the marked users, or the current one."""

from collections.abc import Collection
from dataclasses import dataclass

from qm_tui.text import pluralize
from qm_tui.tui.text.user_details import user_title
from qm_tui.users.fields import User


@dataclass(frozen=True, slots=True)
class Selection:
    """The users that an action applies to.

    Attributes:
        current: the current user, or the one whose details are shown; None if there is none.
        marked: the User IDs of the marked users; empty if marks are ignored.
        hidden: how many of them are not shown.
        as_template: whether a new user starts with values of the current one.
    """

    current: User | None
    marked: Collection[str] = ()
    hidden: int = 0
    as_template: bool = False

    @property
    def user_ids(self) -> Collection[str]:
        """The User IDs of the marked users; without marks, that of the current user."""
        if self.marked:
            return self.marked
        return () if self.current is None else (self.current.user_id,)

    @property
    def label(self) -> str:
        """The users as text: "12 marked users (3 not shown)", or a name."""
        if self.marked:
            hidden = f" ({self.hidden:,} not shown)" if self.hidden else ""
            return f"{pluralize(len(self.marked), 'marked user')}{hidden}"
        return "no user" if self.current is None else user_title(self.current)
