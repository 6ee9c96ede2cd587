"""The request of an import: the file, the options, and the limits of its effect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qm_tui.errors import UserError
from qm_tui.text import pluralize
from qm_tui.transfer.options.import_options import ImportOptions
from qm_tui.transfer.planning.missing import Limit, MissingPolicy
from qm_tui.transfer.planning.plan import ImportPlan
from qm_tui.transfer.reading.read_options import ReadOptions
from qm_tui.transfer.reading.records import Values
from qm_tui.users.fields import FIELD, Field

_NOTHING: Final = "Nothing was imported. Check the file, or raise the limit."


class LimitExceeded(UserError):
    """An import would change more users than its limits allow."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import, and how.

    Attributes:
        path: the file.
        options: the import options.
        read_options: the options for reading the file.
        corrections: by record number, the values that replace those of the file.
        missing: which users can be missing, and what to do with them; None if it does not matter.
        max_changes: the most users that may be added, changed or inactivated; a percentage is one
            of all users.
        max_missing: the most users that may be missing; a percentage is one of the active users
            that should be in the file.
    """

    path: Path
    options: ImportOptions = field(default_factory=ImportOptions)
    read_options: ReadOptions = field(default_factory=ReadOptions)
    corrections: Mapping[int, Values] = field(default_factory=dict)
    missing: MissingPolicy | None = None
    max_changes: Limit | None = None
    max_missing: Limit | None = None

    @property
    def match(self) -> Field | None:
        """The field that identifies users if a record has no User ID; None for User Name."""
        mapping = self.read_options.mapping
        return None if mapping is None else mapping.match

    @property
    def shared_extension(self) -> str:
        """The extension that the mapping gives to all new users; empty if it does not."""
        mapping = self.read_options.mapping
        return mapping.defaults.get(FIELD["extension"], "") if mapping else ""

    def require_limits(self, plan: ImportPlan) -> None:
        """Check that a plan is within the limits.

        Raises:
            LimitExceeded: it is not.
        """
        limit = self.max_changes
        if limit is not None and not limit.allows(plan.write_count, plan.users_before):
            users = pluralize(plan.write_count, "user")
            raise LimitExceeded(
                f"This import would add, change or inactivate {users}. --max-changes allows "
                f"{limit}. {_NOTHING}"
            )
        limit, missing = self.max_missing, plan.missing
        if limit is not None and missing and not limit.allows(len(missing.users), missing.expected):
            users = pluralize(missing.expected, "active user")
            raise LimitExceeded(
                f"{len(missing.users):,} of {users} are not in the file. --max-missing allows "
                f"{limit}. {_NOTHING}"
            )
