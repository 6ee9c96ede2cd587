"""With whom something is done: the marked users, or the current one."""

from collections.abc import Collection
from dataclasses import dataclass

from qm_tui.text import counted
from qm_tui.tui.text.user_details import title_of
from qm_tui.users.fields import User


@dataclass(frozen=True, slots=True)
class Chosen:
    """With whom something is done.

    Attributes:
        current: the user under the cursor, or whose details are shown; None where there is none.
        marked: the User IDs of all who are marked; none where that does not count.
        hidden: how many of them are not shown.
        is_like: whether a user who is added begins with the values of the current one.
    """

    current: User | None
    marked: Collection[str] = ()
    hidden: int = 0
    is_like: bool = False

    @property
    def user_ids(self) -> Collection[str]:
        """The User IDs of the marked users; without any, of the current one."""
        if self.marked:
            return self.marked
        return () if self.current is None else (self.current.user_id,)

    @property
    def words(self) -> str:
        """Who they are: "12 marked users, 3 of them not shown", or a name."""
        if self.marked:
            hidden = f", {self.hidden:,} of them not shown" if self.hidden else ""
            return f"{counted(len(self.marked), 'marked user')}{hidden}"
        return "nobody" if self.current is None else title_of(self.current)
