"""Which licenses are in use: of each type, by department, and by how many inactive users."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final, NamedTuple

from qm_tui.users.fields import FIELD, User
from qm_tui.users.query.counts import (
    ACTIVE_AT,
    INACTIVE,
    in_steps,
    most_first,
    rows_of,
    tally_of,
    term_of,
)
from qm_tui.users.query.filter_fields import NAMES
from qm_tui.users.query.licenses import LICENSES_AT, License, licenses_in
from qm_tui.users.query.sorting import Rest

LICENSES: Final = tuple(License)
"""The types in the order in which they are counted, `License.NONE` last."""

_DEPARTMENT: Final = NAMES["department"]
_key_of = itemgetter(FIELD["department"].index, ACTIVE_AT, *LICENSES_AT)


class LicenseUse(NamedTuple):
    """How many users have a license, and how many of them are inactive.

    Attributes:
        license: the license, or that there is none.
        number: how many users have it.
        inactive: how many of them are inactive: their licenses could be given to others.
    """

    license: License
    number: int
    inactive: int

    def term(self, *, inactive: bool = False) -> str:
        """In the filter's language, what finds exactly those users, or those who are inactive."""
        return f"license:{self.license}{' active:no' if inactive else ''}"


class DepartmentUse(NamedTuple):
    """How many users a department has, and which licenses they have.

    Attributes:
        department: the department; empty for users without one.
        number: how many users it has.
        by_license: how many of them have which license, as `LICENSES` has them. A user with
            several is counted with each of them.
    """

    department: str
    number: int
    by_license: tuple[int, ...]

    def term(self, license: License | None = None) -> str:
        """In the filter's language, what finds exactly those users, or those with a license."""
        own = term_of(_DEPARTMENT, self.department)
        return own if license is None else f"{own} license:{license}"


class LicensesInUse(NamedTuple):
    """The licenses of some users.

    Attributes:
        types: how many have which license, as `LICENSES` has them.
        departments: the same by department, that of most users first.
        rows: where in `departments` a department stands.
    """

    types: Sequence[LicenseUse]
    departments: Sequence[DepartmentUse]
    rows: Mapping[str, int]


def licenses_in_use(users: Iterable[User], rest: Rest) -> LicensesInUse:
    """Count licenses. A user with several is counted with each of them.

    Args:
        users: the users.
        rest: called each millisecond or so.
    """
    tally = tally_of(map(_key_of, users), rest)
    numbers, inactive = Counter[License](), Counter[License]()
    departments, by_license = Counter[str](), Counter[tuple[str, License]]()
    for some in in_steps(tally.items(), rest):
        for (department, active, *flags), number in some:
            departments[department] += number
            for one in licenses_in(tuple(flags)):
                numbers[one] += number
                by_license[department, one] += number
                if active == INACTIVE:
                    inactive[one] += number
    names = most_first(departments, rest)
    uses: list[DepartmentUse] = []
    for step in in_steps(names, rest):
        for name in step:
            numbers_of = tuple(by_license[name, one] for one in LICENSES)
            uses.append(DepartmentUse(name, departments[name], numbers_of))
    types = tuple(LicenseUse(one, numbers[one], inactive[one]) for one in LICENSES)
    return LicensesInUse(types, uses, rows_of(names, rest))
