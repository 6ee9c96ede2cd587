"""Counts of licenses in use: by type, by department, and by inactive users."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from qm_tui.progress import YieldControl, in_chunks
from qm_tui.users.query.counts import (
    INACTIVE,
    Groups,
    positions_of,
    sort_by_count,
    term_for,
)
from qm_tui.users.query.filter_fields import FILTER_FIELDS
from qm_tui.users.query.licenses import LICENSE_KEYS, License, licenses_in

LICENSES: Final = tuple(License)
"""The types in display order, `License.NONE` last."""

_DEPARTMENT: Final = FILTER_FIELDS["department"]

KEYS_TO_COUNT: Final = ("department", "is_active", *LICENSE_KEYS)
"""The keys of the fields by which users must be grouped for `count_licenses`."""


class LicenseUse(NamedTuple):
    """The number of users with a license.

    Attributes:
        license: the license, or `License.NONE`.
        number: the number of users.
        inactive: how many of them are inactive: other users could have their licenses.
    """

    license: License
    number: int
    inactive: int

    def term(self, *, inactive: bool = False) -> str:
        """Return the filter for exactly these users, or for the inactive ones."""
        return f"license:{self.license}{' active:no' if inactive else ''}"


class DepartmentUse(NamedTuple):
    """The number of users and licenses of a department.

    Attributes:
        department: the department; empty for users without one.
        number: the number of users.
        by_license: the number of users with each license, in the order of `LICENSES`. Users with
            several licenses are counted once per license.
    """

    department: str
    number: int
    by_license: tuple[int, ...]

    def term(self, license: License | None = None) -> str:
        """Return the filter for exactly these users, or for those with a license."""
        term = term_for(_DEPARTMENT, self.department)
        return term if license is None else f"{term} license:{license}"


class LicensesInUse(NamedTuple):
    """The licenses of several users.

    Attributes:
        types: the number of users with each license, in the order of `LICENSES`.
        departments: the same by department, the largest first.
        rows: the index of each department in `departments`.
    """

    types: Sequence[LicenseUse]
    departments: Sequence[DepartmentUse]
    rows: Mapping[str, int]


def count_licenses(groups: Groups, yield_control: YieldControl) -> LicensesInUse:
    """Count licenses. Users with several licenses are counted once per license.

    Args:
        groups: the number of users by their values of the fields of `KEYS_TO_COUNT`.
        yield_control: called about every millisecond.
    """
    numbers, inactive = Counter[License](), Counter[License]()
    departments, by_license = Counter[str](), Counter[tuple[str, License]]()
    for items in in_chunks(groups.items(), yield_control):
        for (department, active, *flags), number in items:
            departments[department] += number
            for license in licenses_in(tuple(flags)):
                numbers[license] += number
                by_license[department, license] += number
                if active == INACTIVE:
                    inactive[license] += number
    names = sort_by_count(departments, yield_control)
    uses: list[DepartmentUse] = []
    for batch in in_chunks(names, yield_control):
        for name in batch:
            numbers_of = tuple(by_license[name, license] for license in LICENSES)
            uses.append(DepartmentUse(name, departments[name], numbers_of))
    types = tuple(LicenseUse(license, numbers[license], inactive[license]) for license in LICENSES)
    return LicensesInUse(types, uses, positions_of(names, yield_control))
