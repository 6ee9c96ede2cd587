"""Which licenses a user has, as one thing rather than three flags."""

from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Final

from qm_tui.users.fields import FIELD, FIELDS, User


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


LICENSES_AT: Final = tuple(index for _, index in _FLAGS)
"""Where in a `User` the three flags stand that say the licenses."""

license_flags = itemgetter(*LICENSES_AT)
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


CALL_LICENSES: Final = (License.UNLIMITED, License.ON_DEMAND, License.NONE)
"""The choices for licenses 14 and 15, of which a user has exactly one, or none where that is
allowed. As one choice, so that the rule of the two cannot be broken."""


def call_license_of(user: User) -> License | None:
    """Which of licenses 14 and 15 a user has; None where the two flags are no choice."""
    assigned = [one for one, index in _FLAGS[:2] if user[index] == "1"]
    if len(assigned) > 1:
        return None
    return assigned[0] if assigned else License.NONE


def call_license_values(license: License) -> dict[str, str]:
    """What gives a user one of `CALL_LICENSES`: both flags, by field key."""
    return {FIELDS[index].key: "1" if one is license else "0" for one, index in _FLAGS[:2]}
