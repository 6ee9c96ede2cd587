"""The licenses of a user as one value instead of three flags."""

from enum import StrEnum
from functools import lru_cache
from operator import itemgetter
from typing import Final

from qm_tui.users.fields import FIELD, FIELDS, User


class License(StrEnum):
    """A license of a user, or no license."""

    UNLIMITED = "unlimited"
    ON_DEMAND = "on-demand"
    COMPUTER = "computer"
    NONE = "none"
    """No license."""


_FLAGS: Final = (
    (License.UNLIMITED, FIELD["unlimited_license"].index),
    (License.ON_DEMAND, FIELD["on_demand_license"].index),
    (License.COMPUTER, FIELD["computer_recording_license"].index),
)

LETTERS: Final = {License.UNLIMITED: "U", License.ON_DEMAND: "O", License.COMPUTER: "C"}
"""The letters of the licenses in the cell of a table."""

NO_LICENSE: Final = "–"
"""The cell of a user without a license."""

LICENSE_KEYS: Final = tuple(FIELDS[index].key for _, index in _FLAGS)
"""The keys of the fields of the three licenses."""

license_flags = itemgetter(*(index for _, index in _FLAGS))
"""Return the three license flags of a user."""


@lru_cache(64)  # in a file of another program, the flags may have any value
def licenses_in(flags: tuple[str, ...]) -> tuple[License, ...]:
    """Return the licenses for the three flags; only `NONE` if there are none."""
    licenses = (license for (license, _), flag in zip(_FLAGS, flags, strict=True) if flag == "1")
    return tuple(licenses) or (License.NONE,)


def licenses_of(user: User) -> tuple[License, ...]:
    """Return the licenses of a user; only `NONE` if there are none."""
    return licenses_in(license_flags(user))


def license_cell(user: User) -> str:
    """Return the licenses of a user for a cell of three characters: `U C`, `O`, `–`."""
    call = "".join(LETTERS[license] for license, index in _FLAGS[:2] if user[index] == "1")
    has_computer = user[_FLAGS[2][1]] == "1"
    if not call and not has_computer:
        return NO_LICENSE
    return f"{call:<2}{LETTERS[License.COMPUTER] if has_computer else ''}".rstrip()


CALL_LICENSES: Final = (License.UNLIMITED, License.ON_DEMAND, License.NONE)
"""The options for the licenses 14 and 15. A user has exactly one, or none if that is allowed; as a
single option, the rule for the two cannot be violated."""


def call_license_of(user: User) -> License | None:
    """Return which of the licenses 14 and 15 a user has; None if both are assigned."""
    assigned = [license for license, index in _FLAGS[:2] if user[index] == "1"]
    if len(assigned) > 1:
        return None
    return assigned[0] if assigned else License.NONE


def call_license_values(license: License) -> dict[str, str]:
    """Return the values that assign one of `CALL_LICENSES`: both flags, by field key."""
    return {FIELDS[index].key: "1" if flag is license else "0" for flag, index in _FLAGS[:2]}
