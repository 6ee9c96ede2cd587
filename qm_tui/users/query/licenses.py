"""Which licenses a user has, as one thing rather than three flags."""

from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Final

from qm_tui.users.fields import FIELD, User


class License(StrEnum):
    """A license of a user, or that there is none."""

    UNLIMITED = "unlimited"
    ON_DEMAND = "on-demand"
    COMPUTER = "computer"
    NONE = "none"
    """None of the three."""


_FLAGS: Final = (
    (License.UNLIMITED, FIELD["unlimited_license"].index),
    (License.ON_DEMAND, FIELD["on_demand_license"].index),
    (License.COMPUTER, FIELD["computer_recording_license"].index),
)

LETTERS: Final = {License.UNLIMITED: "U", License.ON_DEMAND: "O", License.COMPUTER: "C"}
"""How a table's cell says a license."""

NO_LICENSE: Final = "–"
"""How a table's cell says that there is none."""


license_flags = itemgetter(*(index for _, index in _FLAGS))
"""The three flags of a user that say the licenses."""


@lru_cache(64)  # a file of another program may hold anything in them
def licenses_in(flags: tuple[str, ...]) -> tuple[License, ...]:
    """The licenses that three flags say, `NONE` alone where there are none."""
    found = (one for (one, _), flag in zip(_FLAGS, flags, strict=True) if flag == "1")
    return tuple(found) or (License.NONE,)


def licenses_of(user: User) -> tuple[License, ...]:
    """The licenses of a user, `NONE` alone where there are none."""
    return licenses_in(license_flags(user))


def license_cell(user: User) -> str:
    """The licenses of a user as a table's cell shows them, in three characters: `U C`, `O`, `–`."""
    call = "".join(LETTERS[one] for one, index in _FLAGS[:2] if user[index] == "1")
    has_computer = user[_FLAGS[2][1]] == "1"
    if not call and not has_computer:
        return NO_LICENSE
    return f"{call:<2}{LETTERS[License.COMPUTER] if has_computer else ''}".rstrip()
